"""Figures of docs/guide/DPUSizedDesign.md.

    python -m shiftsim_tools.dpu_tables [--write] [--shiftsim PATH]

`simulate configs/dpu-b4096-*.yaml --mode timing --json --quiet`: four networks at three clocks, core and memory
ports at the same, and of ResNet-50 with other memories: about a minute. PATH is `.build/release/shiftsim` unless given.
`--write` puts the figures into the page.
"""

import argparse
import json
import pathlib
import subprocess

from shiftsim_tools import bench
from shiftsim_tools.paths import ROOT, SHIFTSIM

PAGE = ROOT / "docs/guide/DPUSizedDesign.md"
NETWORKS = ["vgg16", "resnet50", "densenet121", "mobilenetv2"]
CLOCKS = [281, 300, 333]
# The clock of the tables of one clock, which is that of the measured layers.
CLOCK = 300
# The network that the page follows, and memories that it is asked with.
EXAMPLE = "resnet50"
MEMORIES = ["memory.ports=1", "memory.ports=2", "memory.ports=4", "memory.model=ideal"]
SLOWEST = 5
# Times of VGG-16's convolutions on one DPU B4096 core of a ZCU102 at 300 MHz, in ms: Xilinx, Vitis In-Depth Tutorials,
# profile of FCN8-VGG16 at 224 x 224 (docs/sources.md). Of its layers these are VGG-16's.
DPU_MS = {
    "conv1_1": 0.753,
    "conv1_2": 3.251,
    "conv2_1": 1.646,
    "conv2_2": 3.248,
    "conv3_1": 1.647,
    "conv3_2": 3.250,
    "conv3_3": 3.249,
    "conv4_1": 1.871,
    "conv4_2": 3.719,
    "conv4_3": 3.720,
    "conv5_1": 0.956,
    "conv5_2": 0.956,
    "conv5_3": 0.957,
}


def command(network, *settings):
    """The arguments that time a network."""
    changes = [word for setting in settings for word in ("--set", setting)]
    return ["simulate", f"configs/dpu-b4096-{network}.yaml", "--mode", "timing", "--quiet", *changes]


def simulated(shiftsim, network, clock):
    """The report of a network at a clock in MHz."""
    return parsed(shiftsim, command(network, f"clock_mhz={clock}", f"memory.port_mhz={clock}"))


def windows(shiftsim, report):
    """What each convolution of a report's network is: depthwise, or its kernel."""
    summary = parsed(shiftsim, ["networks", report["network"]["name"]])
    result = {}
    for layer in summary["layers"]:
        if layer["kind"] == "convolution":
            kernel = " x ".join(str(size) for size in layer["window"]["kernel"])
            result[layer["name"]] = "depthwise" if layer["window"]["groups"] > 1 else f"{kernel} convolution"
    return result


def parsed(shiftsim, arguments):
    """The JSON that a command prints."""
    return json.loads(printed(shiftsim, [*arguments, "--json"]))


def printed(shiftsim, arguments):
    """What a command prints."""
    done = subprocess.run([str(shiftsim), *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"shiftsim {' '.join(arguments)}\nended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def percent(part, whole):
    return f"{100 * part / whole:.1f} %"


def waiting(cycles):
    """Cycles that wait for data, a layer's or a network's; those for instructions are not among them."""
    return cycles["stall_load"] - cycles["stall_instructions"] + cycles["stall_store"]


def shown(text):
    """A report's text without the tables of its layers."""
    lines = text.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("network "))
    first = next(index for index, line in enumerate(lines) if line.startswith("layer "))
    counts = next(index for index, line in enumerate(lines) if line.startswith("cycles, "))
    fits = next(index for index, line in enumerate(lines) if line.startswith("the design "))
    return ["```text", *lines[start:first], "...", *lines[counts : fits + 1], "```"]


def slowest_table(report):
    """The layers that take longest."""
    lines = [
        "| layer | cycles | computing | lanes busy | bound | operations per byte | of the bandwidth |",
        "|---|---|---|---|---|---|---|",
    ]
    for layer in sorted(report["layers"], key=lambda layer: -layer["cycles"])[:SLOWEST]:
        lines.append(
            f"| {layer['name']} | {layer['cycles']:,} | {layer['compute_cycles']:,} "
            f"| {percent(layer['utilization'], 1)} | {layer['bound']} | {layer['arithmetic_intensity']:.1f} "
            f"| {percent(layer['bandwidth_fraction'], 1)} |"
        )
    return lines


def memory_table(reports):
    """Of reports by what was set."""
    lines = ["| set | cycles | ms | computing | waiting for memory |", "|---|---|---|---|---|"]
    for setting, report in reports.items():
        cycles = report["cycles"]
        lines.append(
            f"| `{setting}` | {cycles['total']:,} | {1e3 * report['latency_s']:.2f} "
            f"| {percent(cycles['compute'], cycles['total'])} | {percent(waiting(cycles), cycles['total'])} |"
        )
    return lines


def clock_table(reports):
    """Of reports by network and clock."""
    lines = [
        "| network | MHz | cycles | ms | images/s | GOP/s | computing | waiting for memory | in memory-bound layers |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (_, clock), report in reports.items():
        cycles = report["cycles"]
        total = cycles["total"]
        bound = sum(layer["cycles"] for layer in report["layers"] if layer["bound"] in ("loads", "stores"))
        lines.append(
            f"| {report['network']['name']} | {clock} | {total:,} | {1e3 * report['latency_s']:.2f} "
            f"| {report['throughput_images_per_s']:.1f} | {report['gops']:.0f} | {percent(cycles['compute'], total)} "
            f"| {percent(waiting(cycles), total)} | {percent(bound, total)} |"
        )
    return lines


def kind_table(runs):
    """Where the time of each network goes, by kind of layer; a run is a report and the windows of its convolutions."""
    lines = [
        "| network | layers | share of the time | operations per byte | lanes busy | of the bandwidth | computing "
        "| loads | stores |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for report, names in runs:
        groups = {}
        for layer in report["layers"]:
            groups.setdefault(names.get(layer["name"], layer["kind"]), []).append(layer)
        for kind, layers in groups.items():
            cycles, macs = (sum(layer[key] for layer in layers) for key in ("cycles", "macs"))
            moved = sum(layer["dram_read_bytes"] + layer["dram_write_bytes"] for layer in layers)
            loads = sum(layer["stall_load"] - layer["stall_instructions"] for layer in layers)
            lines.append(
                f"| {report['network']['name']} | {len(layers)} {kind} | {percent(cycles, report['cycles']['total'])} "
                f"| {2 * macs / moved:.1f} | {percent(macs, cycles * report['design']['lanes'])} "
                f"| {percent(moved, cycles * report['memory_model']['bytes_per_cycle'])} "
                f"| {percent(sum(layer['compute_cycles'] for layer in layers), cycles)} | {percent(loads, cycles)} "
                f"| {percent(sum(layer['stall_store'] for layer in layers), cycles)} |"
            )
    return lines


def dpu_table(report):
    """The convolutions of a report of VGG-16 beside those of the DPU, with the mean and the worst difference."""
    lines = ["| layer | DPU, ms | this array, ms | difference | computing alone, ms |", "|---|---|---|---|---|"]
    layers = {layer["name"]: layer for layer in report["layers"]}
    clock = report["design"]["clock_hz"]
    errors = {}
    for name, measured in DPU_MS.items():
        took, computing = (1e3 * layers[name][key] / clock for key in ("cycles", "compute_cycles"))
        errors[name] = took / measured - 1
        lines.append(f"| {name} | {measured:.3f} | {took:.3f} | {100 * errors[name]:+.1f} % | {computing:.3f} |")
    total, sums = sum(DPU_MS.values()), 1e3 * sum(layers[name]["cycles"] for name in DPU_MS) / clock
    lines.append(f"| all {len(errors)} | {total:.3f} | {sums:.3f} | {100 * (sums / total - 1):+.1f} % | |")
    mean = sum(abs(error) for error in errors.values()) / len(errors)
    worst = max(errors, key=lambda name: abs(errors[name]))
    fc6 = layers["fc6"]
    took, moved = fc6["cycles"] / clock, fc6["dram_read_bytes"]
    return [
        *lines,
        "",
        f"Mean of the differences without sign {100 * mean:.1f} %, the worst {worst}. The weights of fc6: "
        f"{moved / 1e6:.1f} MB in {1e3 * took:.1f} ms, {moved / took / 1e9:.2f} GB/s.",
    ]


def tables(shiftsim):
    """Lines of every figure, by its mark in the page."""
    reports = {(network, clock): simulated(shiftsim, network, clock) for network in NETWORKS for clock in CLOCKS}
    runs = [(reports[network, CLOCK], windows(shiftsim, reports[network, CLOCK])) for network in NETWORKS]
    memories = {setting: parsed(shiftsim, command(EXAMPLE, setting)) for setting in MEMORIES}
    return {
        "report": shown(printed(shiftsim, command(EXAMPLE))),
        "slowest": slowest_table(reports[EXAMPLE, CLOCK]),
        "memories": memory_table(memories),
        "clocks": clock_table(reports),
        "kinds": kind_table(runs),
        "dpu": dpu_table(reports["vgg16", CLOCK]),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="the figures into the page")
    parser.add_argument("--shiftsim", type=pathlib.Path, default=SHIFTSIM)
    options = parser.parse_args()
    for name, lines in tables(options.shiftsim).items():
        print("\n".join([*lines, ""]))
        if options.write:
            bench.write(PAGE, f"shiftsim_tools.dpu_tables {name}", lines)


if __name__ == "__main__":
    main()
