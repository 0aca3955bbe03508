"""Does the simulator's time grow as the work does? Five series, one picture.

    python -m shiftsim_tools.scaling [--write]

MACs of a layer, lanes of an array, images, cycles in a trace, threads: each point is the median of CPU seconds
(threads: of elapsed seconds) of three runs, the points of a series in turn. `--write` makes the picture
docs/images/speed-scaling.png and puts the table of slopes into docs/results/Performance.md. A slope of 1 (on
logarithmic axes) is a straight line.
"""

import argparse
import math
import pathlib
import statistics
import subprocess
import tempfile
import time

from shiftsim_tools import bench
from shiftsim_tools.paths import ROOT, SHIFTSIM

PICTURE = ROOT / "docs/images/speed-scaling.png"
REPETITIONS = 3


def series(shiftsim, folder):
    """Name, unit of the points, and (value, side) of each point."""
    work = [str(shiftsim), "bench", "vector", "--engine", bench.ENGINES[-1]]
    run = [str(shiftsim), "simulate", "configs/resnet20-cifar10-svpe.yaml", "--mode", "functional", "--no-check"]
    run += ["--quiet", "--json"]

    def array(size):
        return bench.Side(str(size), [*work, "--outputs", str(size), "--inputs", str(size), "--rows", "64"])

    def images(count):
        return bench.Side(str(count), [*work, "--rows", "64", "--images", str(count)])

    def traced(cycles):
        window = ["--trace", str(folder / "run.fst"), "--window", f"0:{cycles}", "--set", "run.threads=1"]
        return bench.Side(str(cycles), [*run, *window], "process")

    def threads(count):
        sets = ["--set", "network.input.count=8", "--set", f"run.threads={count}"]
        return bench.Side(str(count), [*run, *sets], "elapsed")

    rows = [32, 64, 128, 256, 512]
    macs = [(64 * 32 * 9 * 32 * count, bench.Side(str(count), [*work, "--rows", str(count)])) for count in rows]
    return [
        ("MACs of a layer", "MACs", macs),
        ("array, same feature map", "lanes", [(size * size, array(size)) for size in (4, 8, 16, 32, 64)]),
        ("images", "images", [(count, images(count)) for count in (1, 2, 4, 8, 16)]),
        ("trace, every signal", "cycles", [(count, traced(count)) for count in (2000, 4000, 8000, 16000, 32000)]),
        ("threads, eight images", "threads", [(count, threads(count)) for count in (1, 2)]),
    ]


def seconds(side):
    """Of one run, and the cycles that it had: CPU time, or elapsed time where threads are compared."""
    if side.kind != "elapsed":
        return bench.run(side)
    start = time.monotonic()
    subprocess.run(side.command, cwd=ROOT, check=True, capture_output=True)
    return time.monotonic() - start, 0


def measure(points):
    """(value, seconds, nanoseconds a cycle where there are cycles) of each point."""
    for _ in range(REPETITIONS):
        for _, side in points:
            taken, side.cycles = seconds(side)
            side.seconds.append(taken)
    return [(value, side.median, 1e9 * side.median / side.cycles if side.cycles else None) for value, side in points]


def slope(values):
    """Of log(seconds) over log(value), by least squares, and the largest distance from that line, as a factor."""
    x = [math.log(value) for value, *_ in values]
    y = [math.log(taken) for _, taken, *_ in values]
    mean_x, mean_y = statistics.fmean(x), statistics.fmean(y)
    steep = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum((a - mean_x) ** 2 for a in x)
    off = max(abs(b - mean_y - steep * (a - mean_x)) for a, b in zip(x, y, strict=True))
    return steep, math.exp(off)


def table(measured):
    """The Markdown table of all series."""
    lines = ["| series | from | to | slope | furthest from the line |", "|---|---|---|---|---|"]
    for name, unit, values in measured:
        steep, off = slope(values)
        ends = [f"{value:,} {unit}: {taken:.3f} s" for value, taken, *_ in (values[0], values[-1])]
        lines.append(f"| {name} | {ends[0]} | {ends[1]} | {steep:.2f} | {100 * (off - 1):.0f} % |")
    return lines


def draw(measured, path):
    """One picture of all series, on logarithmic axes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(measured), figsize=(3 * len(measured), 2.8), dpi=80)
    for axis, (name, unit, values) in zip(axes, measured, strict=True):
        x, y = [value for value, *_ in values], [taken for _, taken, *_ in values]
        axis.loglog(x, y, "o-", color="tab:blue")
        axis.loglog(x, [y[0] * value / x[0] for value in x], ":", color="grey")
        axis.set(title=name, xlabel=unit, ylabel="s")
        axis.grid(True, which="major", linewidth=0.4)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
    pyplot.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="the picture, and the table into the page")
    parser.add_argument("--shiftsim", type=pathlib.Path, default=SHIFTSIM)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = series(options.shiftsim, pathlib.Path(folder))
        measured = [(name, unit, measure(points)) for name, unit, points in found]
    lines = table(measured)
    print("\n".join(lines))
    if options.write:
        draw(measured, PICTURE)
        bench.write(bench.PAGE, "shiftsim_tools.scaling", lines)


if __name__ == "__main__":
    main()
