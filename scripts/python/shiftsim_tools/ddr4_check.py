"""Check a log of DDR4 commands against a table of rules; written from the table, not from the model.

    python -m shiftsim_tools.ddr4_check --set NAME [--plant] FILE

A rule says: after a command of one kind, in the same bank, bank group, another bank group or anywhere in the rank, a
command of another kind comes at least so many clocks later. Besides: one command per clock; a bank is open when it is
read or written, with that row, and closed when it is activated; all banks are closed at a refresh; refreshes keep up
with tREFI; no two accesses use the data bus at once. Prints a line per rule: how often it was looked at, the smallest
slack, the violations. Exit code 1: there are some.

--plant: for each rule, moves the command with the smallest slack to one clock before the rule allows it, and expects
that the rule is reported. Exit code 2: one was not found, or a rule is never looked at.

FILE: records of 20 bytes, little-endian: i64 cycle, u8 kind (0 ACT, 1 PRE, 2 PREA, 3 RD, 4 WR, 5 REF), u8 group, u8
bank in the group, u8 0, u32 row, u32 column.
"""

import argparse
import sys
from dataclasses import dataclass

import numpy as np

RECORD = np.dtype([
    ("cycle", "<i8"), ("kind", "u1"), ("group", "u1"), ("bank", "u1"), ("pad", "u1"), ("row", "<u4"), ("column", "<u4"),
])  # fmt: skip
ACT, PRE, PREA, RD, WR, REF = range(6)

# Clocks. zcu102: registers of the board's start-up code (U-Boot, zynqmp-zcu102-rev1.1/psu_init_gpl.c), times two.
# Others: JESD79-4 speed bins 2133P and 2400T; tRRD and tFAW by page size (x16: 2 KiB), tRFC 350 ns for 8 Gb.
NAMES = "CL CWL BL RCD RP RAS RC RRD_S RRD_L FAW CCD_S CCD_L WTR_S WTR_L RTP WR RTW RFC REFI"
VALUES = {
    "zcu102":      "15 14 4 16 18 34 50 4 6 32 4 6 4 8 8 16 12 276 8192",
    "ddr4_2133":   "15 11 4 15 15 36 51 6 7 32 4 6 3 8 8 16 10 374 8319",
    "ddr4_2133x8": "15 11 4 15 15 36 51 4 6 23 4 6 3 8 8 16 10 374 8319",
    "ddr4_2400":   "17 12 4 17 17 39 56 7 8 36 4 6 3 9 9 18 11 420 9360",
    "ddr4_2400x8": "17 12 4 17 17 39 56 4 6 26 4 6 3 9 9 18 11 420 9360",
}  # fmt: skip
SETS = {name: dict(zip(NAMES.split(), map(int, values.split()), strict=True)) for name, values in VALUES.items()}
# JESD79-4 lets at most eight refreshes be postponed.
POSTPONED = 8


@dataclass(frozen=True)
class Rule:
    """`after` to `before` at least `distance` clocks in `scope`; of the last `count`-th `after`."""

    name: str
    after: tuple
    before: tuple
    scope: str
    distance: int
    count: int = 1


def rules(t):
    """All distances, for a set."""
    write_end = t["CWL"] + t["BL"]
    return [
        Rule("tRC", (ACT,), (ACT,), "bank", t["RC"]),
        Rule("tRCD", (ACT,), (RD, WR), "bank", t["RCD"]),
        Rule("tRAS", (ACT,), (PRE, PREA), "bank", t["RAS"]),
        Rule("tRP", (PRE, PREA), (ACT,), "bank", t["RP"]),
        Rule("tRP REF", (PRE, PREA), (REF,), "rank", t["RP"]),
        Rule("tRTP", (RD,), (PRE, PREA), "bank", t["RTP"]),
        Rule("tWR", (WR,), (PRE, PREA), "bank", write_end + t["WR"]),
        Rule("tRRD_S", (ACT,), (ACT,), "other group", t["RRD_S"]),
        Rule("tRRD_L", (ACT,), (ACT,), "group", t["RRD_L"]),
        Rule("tFAW", (ACT,), (ACT,), "rank", t["FAW"], 4),
        Rule("tCCD_S RD", (RD,), (RD,), "other group", t["CCD_S"]),
        Rule("tCCD_L RD", (RD,), (RD,), "group", t["CCD_L"]),
        Rule("tCCD_S WR", (WR,), (WR,), "other group", t["CCD_S"]),
        Rule("tCCD_L WR", (WR,), (WR,), "group", t["CCD_L"]),
        Rule("tWTR_S", (WR,), (RD,), "other group", write_end + t["WTR_S"]),
        Rule("tWTR_L", (WR,), (RD,), "group", write_end + t["WTR_L"]),
        Rule("tRTW", (RD,), (WR,), "rank", t["RTW"]),
        Rule("tRFC", (REF,), (ACT, REF), "rank", t["RFC"]),
    ]


def is_kind(log, kinds):
    return np.isin(log["kind"], kinds)


def scopes(log, scope):
    """Pairs of masks: which commands are looked back to, and which are looked at."""
    everywhere = is_kind(log, (PREA, REF))
    place = log["group"].astype(int) * 16 + log["bank"]
    if scope == "rank":
        return [(np.ones(len(log), bool), np.ones(len(log), bool))]
    if scope == "bank":
        return [(m, m) for m in (everywhere | (place == value) for value in np.unique(place[~everywhere]))]
    groups = np.unique(log["group"][~everywhere])
    if scope == "group":
        return [(m, m) for m in (everywhere | (log["group"] == value) for value in groups)]
    return [(everywhere | (log["group"] != value), everywhere | (log["group"] == value)) for value in groups]


def pairs(log, rule):
    """Indices of commands that the rule looks at, with the command that it looks back to."""
    found = []
    first, second = is_kind(log, rule.after), is_kind(log, rule.before)
    for before, now in scopes(log, rule.scope):
        after = np.flatnonzero(first & before)
        looked = np.flatnonzero(second & now)
        rank = np.searchsorted(after, looked, "left") - rule.count
        looked, rank = looked[rank >= 0], rank[rank >= 0]
        found.append(np.stack([after[rank], looked]))
    return np.concatenate(found, axis=1) if found else np.zeros((2, 0), int)


def check_rule(log, rule):
    """How often the rule was looked at, its smallest slack and the indices of violations."""
    earlier, later = pairs(log, rule)
    slack = log["cycle"][later] - log["cycle"][earlier] - rule.distance
    return len(later), slack, later


def check_states(log):
    """Violations of what may be commanded in which state of a bank."""
    found = []
    place = log["group"].astype(int) * 16 + log["bank"]
    everywhere = is_kind(log, (PREA, REF))
    for value in np.unique(place[~everywhere]):
        own = np.flatnonzero((place == value) | everywhere)
        part = log[own]
        index = np.where(is_kind(part, (ACT, PRE, PREA)), np.arange(len(part)), -1)
        last = np.concatenate([[-1], np.maximum.accumulate(index)[:-1]])
        is_open = (last >= 0) & (part["kind"][last] == ACT)
        row = part["row"][last]
        uses = is_kind(part, (RD, WR))
        wrong = uses & (~is_open | (row != part["row"]))
        wrong |= (part["kind"] == ACT) & is_open
        wrong |= (part["kind"] == REF) & is_open
        wrong |= (part["kind"] == PRE) & ~is_open
        found += [f"state of bank {value // 16}.{value % 16} at {part['cycle'][i]}" for i in np.flatnonzero(wrong)]
    return found


def check_rest(log, t):
    """Violations of the command bus, the data bus and the rate of refreshes."""
    found = []
    steps = np.diff(log["cycle"])
    found += [f"command bus at {log['cycle'][i + 1]}" for i in np.flatnonzero(steps <= 0)]
    uses = log[is_kind(log, (RD, WR))]
    start = uses["cycle"] + np.where(uses["kind"] == RD, t["CL"], t["CWL"])
    order = np.argsort(start, kind="stable")
    found += [f"data bus at {start[order][i + 1]}" for i in np.flatnonzero(np.diff(start[order]) < t["BL"])]
    refreshes = log["cycle"][log["kind"] == REF]
    due = t["REFI"] * np.arange(1, len(refreshes) + 1)
    found += [f"refresh late at {r}" for r in refreshes[refreshes > due + POSTPONED * t["REFI"]]]
    if len(log) and log["cycle"][-1] > t["REFI"] * (len(refreshes) + 1 + POSTPONED):
        found.append("refreshes are missing at the end")
    return found


def check(log, t):
    """All violations, as texts."""
    found = []
    for rule in rules(t):
        _, slack, later = check_rule(log, rule)
        found += [f"{rule.name} at {log['cycle'][i]}" for i in later[slack < 0]]
    return found + check_states(log) + check_rest(log, t)


def plant(log, rule):
    """The log around the command with the rule's smallest slack, moved to one clock before the rule allows it."""
    earlier, later = pairs(log, rule)
    if len(later) == 0:
        return None
    slack = log["cycle"][later] - log["cycle"][earlier] - rule.distance
    at = int(np.argmin(slack))
    moved = log[max(0, earlier[at] - 64) : later[at] + 1].copy()
    moved["cycle"][-1] -= slack[at] + 1
    return moved, int(slack[at])


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--set", required=True, choices=SETS)
    parser.add_argument("--plant", action="store_true")
    parser.add_argument("file")
    options = parser.parse_args(arguments)
    t = SETS[options.set]
    log = np.fromfile(options.file, RECORD)
    print(f"{len(log)} commands, set {options.set}")
    missed = []
    for rule in rules(t):
        count, slack, _ = check_rule(log, rule)
        least = int(slack.min()) if count else None
        text = f"{rule.name:10} {rule.distance:4} clocks, looked at {count}, least slack {least}"
        if options.plant:
            planted = plant(log, rule)
            is_found = planted is not None and any(v.startswith(rule.name + " at") for v in check(planted[0], t))
            text += ", planted fault " + ("found" if is_found else "NOT FOUND")
            if not is_found:
                missed.append(rule.name)
        print(text)
    violations = check(log, t)
    print(f"{len(violations)} violations")
    for violation in violations[:20]:
        print("  " + violation)
    if violations:
        return 1
    return 2 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
