"""Instructions and bytes of a lane update, against what the processor can do at most.

    python -m shiftsim_tools.roofline [--write]

Valgrind's cachegrind counts instructions and cache misses of two runs that differ in their work; the difference,
divided by that of the lane updates, is free of start-up. Misses of the first-level cache are lines of 64 bytes that
come from the caches behind it, those of the last level come from memory. A C program measures the limits. Needs
valgrind and cc.
"""

import argparse
import json
import pathlib
import re
import subprocess
import tempfile

from shiftsim_tools import bench
from shiftsim_tools.paths import ROOT, SHIFTSIM

LINE = 64
SOURCE = pathlib.Path(__file__).with_name("machine_limits.c")


def checked(command, **options):
    """Runs a command; standard output and standard error."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout, done.stderr


def counts(text):
    """Instructions, first-level and last-level data misses of cachegrind's summary."""
    found = []
    for name in ("I refs", "D1  misses", "LLd misses"):
        match = re.search(rf"{name}:\s+([\d,]+)", text)
        if match is None:
            raise SystemExit(f"cachegrind said no '{name}':\n{text[-2000:]}")
        found.append(int(match[1].replace(",", "")))
    return found


def per_update(small, large):
    """Instructions, bytes past the first level and bytes from memory of a lane update; (lane updates, counts) each."""
    updates = large[0] - small[0]
    if updates <= 0:
        raise ValueError("the second run must have more lane updates")
    instructions, first, last = (after - before for before, after in zip(small[1], large[1], strict=True))
    return instructions / updates, LINE * first / updates, LINE * last / updates


def limits(folder):
    """Instructions a second, bytes a second from cache and from memory."""
    program = folder / "limits"
    checked(["cc", "-O2", "-march=native", str(SOURCE), "-o", str(program)])
    text, _ = checked([str(program)])
    return {name: float(value) for name, value in (line.split() for line in text.splitlines())}


def counted(program, options, rows):
    """Lane updates and counts of a run under cachegrind."""
    work = [word if options[index - 1] != "--rows" else str(rows) for index, word in enumerate(options)]
    tool = ["valgrind", "--tool=cachegrind", "--cache-sim=yes", "--cachegrind-out-file=/dev/null"]
    said, summary = checked([*tool, str(program), "bench", *work])
    return json.loads(said)["lane_updates"], counts(summary)


def table(measured, machine):
    """The Markdown table of (name, per lane update, lane updates a second)."""
    lines = [
        f"The processor issues {machine['instructions'] / 1e9:.1f} G instructions/s at most, reads "
        f"{machine['cache'] / 1e9:.0f} GB/s from its second-level cache and {machine['memory'] / 1e9:.1f} GB/s from "
        "memory.",
        "",
        "| array and engine | instructions | bytes past L1 | bytes from memory | G lane updates/s "
        "| of all instructions | of cache | of memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, (instructions, cache, memory), rate in measured:
        shares = [
            instructions * rate / machine["instructions"],
            cache * rate / machine["cache"],
            memory * rate / machine["memory"],
        ]
        cells = [name, f"{instructions:.2f}", f"{cache:.2f}", f"{memory:.3f}", f"{rate / 1e9:.2f}"]
        lines.append(f"| {' | '.join([*cells, *(f'{100 * share:.0f} %' for share in shares)])} |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"into {bench.PAGE.relative_to(ROOT)}")
    parser.add_argument("--shiftsim", type=pathlib.Path, default=SHIFTSIM)
    options = parser.parse_args()
    measured = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        machine = limits(folder)
        # Valgrind stumbles over the debug information of Swift's compiler.
        stripped = folder / "shiftsim"
        checked(["strip", "-g", "-o", str(stripped), str(options.shiftsim)])
        for array, work in bench.ARRAYS.items():
            for engine in bench.ENGINES:
                words = [*work, "--engine", engine]
                small, large = (counted(stripped, words, rows) for rows in (8, 24))
                said, _ = checked([str(options.shiftsim), "bench", *words])
                run = json.loads(said)
                measured.append((f"{array}, {engine}", per_update(small, large), run["lane_updates"] / run["seconds"]))
    lines = table(measured, machine)
    print("\n".join(lines))
    if options.write:
        bench.write(bench.PAGE, "shiftsim_tools.roofline", lines)


if __name__ == "__main__":
    main()
