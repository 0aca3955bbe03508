"""Does the mutation run tell a noticed fault from one that survived?"""

import stat

import pytest

from shiftsim_tools import mutation_run


@pytest.mark.parametrize(
    ("status", "output", "killed", "text"),
    [
        (1, "\u2718 Test wraps(sum:) recorded an issue at a place\n", True, "wraps(sum:)"),
        (-4, "Fatal error: index\n", True, "status -4"),
        (None, "", True, "no end"),
        (0, "\u2714 Test run with 12 tests in 1 suite passed after 1 second.\n", False, "SURVIVED 12 tests"),
        (0, "\u2714 Test run with 0 tests in 0 suites passed after 0 seconds.\n", False, "SURVIVED: no test ran"),
        (0, "", False, "SURVIVED: no test ran"),
    ],
)
def test_runs_are_judged(status, output, killed, text):
    assert mutation_run.judge(status, output) == (killed, text)


def program(tmp_path, body):
    path = tmp_path / "tests"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


PASSES = "echo 'Test run with 3 tests in 1 suite passed'"


@pytest.mark.parametrize(
    ("body", "status", "score"),
    [
        # Notices every fault.
        (f'[ -z "$SHIFTSIM_MUTANT" ] && {PASSES}', 0, "score 43 of 43"),
        # Two survive, then three.
        (f"case \"$SHIFTSIM_MUTANT\" in ''|lut-row|padding) {PASSES} ;; *) exit 1 ;; esac", 0, "score 41 of 43"),
        (
            f"case \"$SHIFTSIM_MUTANT\" in ''|lut-row|padding|trace-time) {PASSES} ;; *) exit 1 ;; esac",
            1,
            "score 40 of 43",
        ),
        # Fails without a fault; runs nothing.
        ("exit 1", 1, "without a fault"),
        ("true", 1, "without a fault"),
    ],
)
def test_score_decides(tmp_path, capsys, body, status, score):
    assert mutation_run.main([program(tmp_path, body)]) == status
    assert score in capsys.readouterr().out


def test_unknown_names_are_refused(tmp_path):
    assert mutation_run.main([program(tmp_path, PASSES), "no-such-fault"]) == 2
