"""Runs tests once per planted fault: does one of them notice it?

    python -m shiftsim_tools.mutation_run TESTS [NAME...]

TESTS is the test program of a build with SHIFTSIM_MUTANTS=1 (scripts/test builds it). Tests/Mutants/mutants.tsv lists
the faults: name, place, the filter of the tests that should notice, and what is wrong. First all these tests run
without a fault and must pass. With names only those faults are tried. Status 1: fewer than 39 of 41 were noticed, or a
test fails without a fault.
"""

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from shiftsim_tools.paths import ROOT

TABLE = ROOT / "Tests/Mutants/mutants.tsv"
# Of the share of faults that must be noticed.
NEEDED = 39 / 41
# A fault that makes a test wait for ever is noticed, too.
SECONDS = 300


@dataclass
class Mutant:
    name: str
    place: str
    filter: str
    fault: str


@dataclass
class Verdict:
    killed: bool
    text: str
    seconds: float


def read_table(path: Path = TABLE) -> list[Mutant]:
    """The rows of the table, without its header."""
    lines = path.read_text().splitlines()[1:]
    return [Mutant(*line.split("\t")) for line in lines if line]


def judge(status: int | None, output: str) -> tuple[bool, str]:
    """Whether a run noticed a fault, and by what; a status of None is a run that did not end."""
    if status is None:
        return True, "no end"
    failed = re.search(r"^\S+ Test (\"[^\"]*\"|\S+?\(.*?\)).* (?:recorded an issue|failed)", output, re.MULTILINE)
    if status != 0:
        return True, failed.group(1) if failed else f"status {status}"
    ran = re.search(r"Test run with (\d+) test", output)
    if not ran or ran.group(1) == "0":
        return False, "SURVIVED: no test ran"
    return False, f"SURVIVED {ran.group(1)} tests"


def run(tests: str, pattern: str, mutant: str | None) -> tuple[int | None, str]:
    """The tests of a pattern with a fault: their status, None where they did not end, and what they printed."""
    environment = {key: value for key, value in os.environ.items() if key != "SHIFTSIM_MUTANT"}
    if mutant:
        environment["SHIFTSIM_MUTANT"] = mutant
    command = [tests, "--testing-library", "swift-testing", "--filter", pattern]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stdout


def attempt(tests: str, mutant: Mutant) -> Verdict:
    """One fault."""
    start = time.monotonic()
    killed, text = judge(*run(tests, mutant.filter, mutant.name))
    return Verdict(killed, text, time.monotonic() - start)


def table(mutants: list[Mutant], verdicts: list[Verdict]) -> str:
    """A row per fault, and the score."""
    rows = [("mutant", "place", "noticed by", "s")]
    for mutant, verdict in zip(mutants, verdicts, strict=True):
        rows.append((mutant.name, mutant.place, verdict.text, f"{verdict.seconds:.1f}"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) + "  " + row[3] for row in rows
    ]
    score = sum(verdict.killed for verdict in verdicts)
    return "\n".join([*lines, f"score {score} of {len(mutants)}"])


def main(arguments: list[str]) -> int:
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    tests, *names = arguments
    mutants = [mutant for mutant in read_table() if not names or mutant.name in names]
    unknown = set(names) - {mutant.name for mutant in mutants}
    if unknown:
        print(f"no such fault: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    status, output = run(tests, "|".join(sorted({mutant.filter for mutant in mutants})), None)
    killed, text = judge(status, output)
    if killed or "no test ran" in text:
        print(output)
        print(f"without a fault: {text}")
        return 1
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        verdicts = list(pool.map(lambda mutant: attempt(tests, mutant), mutants))
    print(table(mutants, verdicts))
    return 0 if sum(verdict.killed for verdict in verdicts) >= NEEDED * len(mutants) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
