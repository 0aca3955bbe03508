"""Does the checker of DDR4 commands see a broken rule, and only that?"""

import numpy as np
import pytest

from shiftsim_tools import ddr4_check as check

T = check.SETS["zcu102"]
READ = [(0, check.ACT, 0, 0, 5), (16, check.RD, 0, 0, 5), (34, check.PRE, 0, 0, 0), (52, check.ACT, 0, 0, 6)]


def log(rows):
    return np.array([(c, k, g, b, 0, r, 0) for c, k, g, b, r in rows], check.RECORD)


def test_a_legal_log_has_no_violations():
    assert check.check(log(READ), T) == []


@pytest.mark.parametrize(
    ("at", "cycle", "rule"), [(1, 15, "tRCD"), (2, 33, "tRAS"), (2, 23, "tRTP"), (3, 51, "tRP"), (3, 49, "tRC")]
)
def test_a_command_too_early_is_reported(at, cycle, rule):
    rows = list(READ)
    rows[at] = (cycle, *rows[at][1:])
    assert f"{rule} at {cycle}" in check.check(log(rows), T)


def test_reads_follow_at_the_distance_of_their_groups():
    opened = [(0, check.ACT, 0, 0, 1), (6, check.ACT, 1, 0, 1), (40, check.RD, 0, 0, 1)]
    assert check.check(log([*opened, (44, check.RD, 1, 0, 1)]), T) == []
    assert check.check(log([*opened, (46, check.RD, 0, 0, 1)]), T) == []
    assert "tCCD_S RD at 43" in check.check(log([*opened, (43, check.RD, 1, 0, 1)]), T)
    assert check.check(log([*opened, (45, check.RD, 0, 0, 1)]), T) == ["tCCD_L RD at 45"]


@pytest.mark.parametrize(
    "rows",
    [
        [(0, check.RD, 0, 0, 5)],
        [(0, check.ACT, 0, 0, 5), (16, check.RD, 0, 0, 6)],
        [(0, check.ACT, 0, 0, 5), (100, check.ACT, 0, 0, 6)],
        [(0, check.ACT, 0, 0, 5), (100, check.REF, 0, 0, 0)],
        [(0, check.PRE, 0, 0, 0)],
    ],
)
def test_what_a_bank_cannot_do_is_reported(rows):
    assert any(v.startswith("state of bank 0.0") for v in check.check(log(rows), T))


def test_refreshes_must_keep_up():
    late = T["REFI"] * (1 + check.POSTPONED)
    assert check.check(log([(late, check.REF, 0, 0, 0)]), T) == []
    assert check.check(log([(late + 1, check.REF, 0, 0, 0)]), T) == [f"refresh late at {late + 1}"]
    assert "refreshes are missing at the end" in check.check(log([(late + T["REFI"] + 1, check.ACT, 0, 0, 0)]), T)


def test_planted_faults_are_found():
    for rule in check.rules(T):
        planted = check.plant(log(READ), rule)
        if planted:
            assert any(v.startswith(rule.name + " at") for v in check.check(planted[0], T))
