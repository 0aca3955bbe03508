"""docs/results/Reproduction.md: the claims of the two papers beside what the machine gives.

    scripts/reproduce                      runs everything and writes the page (some minutes)
    scripts/reproduce --only A14 B3        prints parts of it

Every number comes of a run or an estimate of a file of configs/papers; printed numbers are the papers'
(docs/sources.md).
No constant of the machine or of the energy table knows them. Where a printed figure contradicts the printed
hardware, the
arithmetic is on the page.
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys

from shiftsim_tools.paths import ROOT, SHIFTSIM

PAPERS = ROOT / "configs/papers"
PAGE = ROOT / "docs/results/Reproduction.md"
BITS = (1, 2, 3, 4, 5)

PRINTED = {
    "signal": (1.94, 2.31, 2.61, 2.53, 2.13, 4.88),
    "logic": (1.03, 1.33, 1.55, 1.63, 1.62, 0.25),
    "dsp": (0.08, 0.09, 0.09, 0.08, 0.06, 0.40),
    "total": (3.05, 3.73, 4.25, 4.24, 3.81, 5.53),
    "lut": (353, 280, 307, 334, 346, 41),
    "ff": (220, 226, 232, 238, 244, 213),
    "svpe_gops": (410.5, 1744.3, 1680.7, 1739.4, 1456.1),
    "vpe_gops": (227.5, 535.8, 655.9, 634.4, 559.5),
}


class Machine:
    """Runs of the product, each made once."""

    def __init__(self, program, log):
        self.program, self.log, self.known = program, log, {}

    def call(self, command, name, **changes):
        """The JSON of `shiftsim COMMAND configs/papers/NAME.yaml` with keys changed (`__` stands for a point)."""
        words = [command, str(PAPERS / f"{name}.yaml"), "--json"]
        for key, value in changes.items():
            words += ["--set", f"{key.replace('__', '.')}={value}"]
        if command == "simulate":
            words.append("--quiet")
        key = tuple(words)
        if key not in self.known:
            self.log(" ".join(["shiftsim", *words[:1], f"configs/papers/{name}.yaml", *words[3:]]))
            run = subprocess.run([self.program, *words], capture_output=True, text=True, check=False)
            if run.returncode == 2 and command == "estimate" and "buffer" in run.stderr:
                # A layer that the buffers of this array cannot hold: no design.
                self.log(run.stderr.strip()[:200])
                self.known[key] = None
                return None
            if run.returncode not in (0, 3):
                raise SystemExit(f"{' '.join(words)}: exit {run.returncode}: {run.stderr.strip()}")
            self.known[key] = json.loads(run.stdout)
        return self.known[key]

    def simulate(self, name, **changes):
        return self.call("simulate", name, **changes)

    def estimate(self, name, **changes):
        return self.call("estimate", name, **changes)


def table(head, rows):
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def part(report, names):
    """Watts of components of a run: value, low, high."""
    energy, seconds = report["energy"], report["total_s"]
    return [
        sum(energy[column].get(name, 0) for name in names) / seconds
        for column in ("by_component", "by_component_low", "by_component_high")
    ]


def fabric(report):
    """Watts of the fabric without leakage: value, low, high."""
    return part(report, ("registers", "logic", "dsp", "block_ram", "clock_tree"))


def span(values, digits=2):
    value, low, high = values
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


# --- paper A: n-BQ-NN


def a10(machine):
    rows = []
    for name, pe, arrays, each in (("n-bq-nn-svpe", "svpe", 256, 3), ("n-bq-nn-vpe", "vpe", 64, 12)):
        scopes = {row["scope"]: row for row in machine.estimate(name)["by_instance"]}
        found = scopes["top.array"]["dsp"]
        rows.append((pe, each, f"{found / arrays:g}", 768, f"{found:g}", "same" if found == 768 else "differs"))
    text = table(("array of 3x3", "DSP a convolver, printed", "simulated", "all, printed", "simulated", ""), rows)
    return text + (
        "\n\nRequantization takes a DSP48E2 for each output channel more (8 and 4), which the paper does not "
        "count. At equal "
        "DSP the shift array has four times the convolvers: the claim's parallelism follows from eq. 35 and 44 alone."
    )


def a12(machine):
    width, m, n, k, clock = 32, 3, 128, 3, 0.2

    def closed(pm, pn, bits):
        above = 32 * clock * pm * pn * width * width * n * k * k
        return above / (16 * width * width * n + bits * m * n * k * k + 16 * width * m * k)

    rows = []
    for bits in BITS:
        svpe, vpe = closed(32, 8, bits), closed(16, 4, 16)
        rows.append((f"eq. 43, n = {bits}", f"{svpe:.1f}", f"{vpe:.1f}", f"{svpe / vpe:.3f}"))
    for memory in ("ideal", "fixed", "ddr4-2133"):
        runs = [
            machine.simulate(name, run__mode="timing", memory__model=memory) for name in ("n-bq-nn-svpe", "n-bq-nn-vpe")
        ]
        rates = []
        for run in runs:
            layer = run["layers"][0]
            rates.append(2 * layer["macs"] * run["design"]["clock_hz"] / layer["cycles"] / 1e9)
        rows.append((f"simulated, memory {memory}", *(f"{rate:.1f}" for rate in rates), f"{rates[0] / rates[1]:.3f}"))
    return table(("32x32x3 to 128, 3x3, 200 MHz", "svpe GOP/s", "vpe GOP/s", "ratio"), rows) + (
        "\n\nEq. 43 does not round groups of channels up: with 3 of 32 and 3 of 16 input channels the arrays "
        "stand mostly idle, "
        "and both simulated rates are below it. It gives each array the bandwidth that it asks for, the svpe "
        "array four "
        "times the vpe's; one memory for both is the simulated rows'."
    )


def a13(machine):
    runs = [machine.simulate(name, run__mode="timing") for name in ("a-alexnet-svpe", "a-alexnet-vpe")]
    rates = []
    for run in runs:
        layers = [layer for layer in run["layers"] if layer["kind"].startswith("conv")]
        rates.append([2 * layer["macs"] * 200e6 / layer["cycles"] / 1e9 for layer in layers])
    rows = []
    printed = zip(PRINTED["svpe_gops"], PRINTED["vpe_gops"], strict=True)
    for index, (svpe, vpe) in enumerate(printed):
        a, b = rates[0][index], rates[1][index]
        rows.append((f"conv{index + 1}", svpe, f"{a:.1f}", vpe, f"{b:.1f}", f"{svpe / vpe:.2f}", f"{a / b:.2f}"))
    totals = [run["cycles"]["total"] for run in runs]
    convolutions = [sum(layer["cycles"] for layer in run["layers"] if layer["kind"].startswith("conv")) for run in runs]
    rows.append(("convolutions", 957.4, "", 332.2, "", "2.88", f"{convolutions[1] / convolutions[0]:.2f}"))
    rows.append(("network", "", "", "", "", "", f"{totals[1] / totals[0]:.2f}"))
    head = ("AlexNet", "svpe GOP/s, printed", "simulated", "vpe, printed", "simulated", "ratio, printed", "simulated")
    return table(head, rows) + (
        "\n\n*Contradiction.* 256 and 64 convolvers of 3x3 at 200 MHz do at most 921.6 and 230.4 GOP/s; the "
        "printed rates of the "
        "3x3 layers are up to 1.89 and 2.85 times that. 768 DSP at one multiply-add a clock do 307 GOP/s; the "
        "printed mean of "
        "the vpe is 332. The parallelism of the AlexNet array is not printed; simulated is (8, 32) and (4, 16) "
        "in the 11x11 "
        "grid, which needs 2,816 and 8,448 DSP48E2 and does not fit the part (`device.allow_overflow`). The "
        "printed layers' mean "
        "by operations is 1128.5 and 469.0, ratio 2.41, not the printed 957.4 and 332.2."
    )


def a14_runs(machine):
    runs = [machine.simulate("n-bq-nn-svpe", run__mode="full", quantization__weight_bits=n) for n in BITS]
    return [*runs, machine.simulate("n-bq-nn-vpe", run__mode="full")]


def a14(machine):
    runs = a14_runs(machine)
    rows = []
    base = fabric(runs[-1])
    for index, run in enumerate(runs):
        name = f"svpe n = {BITS[index]}" if index < 5 else "vpe 16 bits"
        printed = PRINTED["total"][index]
        power = fabric(run)
        energy = run["energy"]
        rows.append(
            (
                name,
                printed,
                span(power),
                f"{printed / PRINTED['total'][-1]:.2f}",
                f"{power[0] / base[0]:.2f} ({power[1] / base[2]:.2f} to {power[2] / base[1]:.2f})",
                f"{1e3 * energy['per_image_j']:.2f} ({1e3 * energy['low_j']:.2f} to {1e3 * energy['high_j']:.2f})",
                f"{1e3 * power[0] * run['latency_s']:.3f}",
                f"{1e3 * run['latency_s']:.2f}",
            )
        )
    head = (
        "n-BQ-NN network, (8, 32) and (4, 16)",
        "W, printed",
        "W of the fabric, simulated",
        "of vpe, printed",
        "simulated",
        "mJ an image, all",
        "mJ an image, fabric above leakage",
        "ms",
    )
    mean = sum(fabric(run)[0] for run in runs[:5]) / 5
    return table(head, rows) + (
        f"\n\nMean of the five over the vpe: printed 3.81 / 5.53 = 0.69 (the abstract says 68.7 %), simulated "
        f"{mean / base[0]:.2f}. "
        "Printed watts are Vivado's signal, logic and DSP power of the arrays at their activity; simulated are "
        "all modules, "
        "registers, logic, DSP, block RAM and clock tree, activity counted on one synthetic image. Bounds of a "
        "ratio are those "
        "of independent errors, the widest. The paper gives no energy of an image."
    )


def a15(machine):
    rows = []
    for name, label, printed in (("n-bq-nn-svpe", "svpe n = 3", 48.85), ("n-bq-nn-vpe", "vpe", 11.57)):
        run = machine.simulate(name, run__mode="full", **({"quantization__weight_bits": 3} if "svpe" in name else {}))
        power = run["energy"]["power_w"]
        low, high = run["energy"]["power_w_low"], run["energy"]["power_w_high"]
        gops = run["gops"]
        dsp, lut = run["resources"]["dsp"]["used"], run["resources"]["lut"]["used"]
        rows.append(
            (
                label,
                printed,
                f"{gops / power:.1f} ({gops / high:.1f} to {gops / low:.1f})",
                "0.381" if "svpe" in name else "0.131",
                f"{gops / dsp:.3f}",
                f"{1000 * gops / lut:.2f}",
            )
        )
    head = ("", "GOP/s/W, printed (AlexNet)", "simulated (n-BQ-NN)", "GOP/s/DSP, printed", "simulated", "GOP/s/kLUT")
    return table(head, rows) + (
        "\n\nPrinted watts (19.6, 28.7) are a board's with a PC's interface; simulated are device, processing "
        "system and DRAM. The "
        "printed network could not run at the printed rate (A13), so that only the quotients compare."
    )


def a16(machine):
    rows = []
    for name, label, printed in (
        ("n-bq-nn-svpe", "svpe", (30, 73, 68, 83)),
        ("n-bq-nn-vpe", "vpe", (30, 48, 42, 50)),
    ):
        used = machine.estimate(name)["resources"]
        for key, value in zip(("dsp", "lut", "ff", "bram36"), printed, strict=True):
            rows.append((label, key, f"{value} %", f"{100 * used[key]['fraction']:.1f} %"))
    return table(("", "resource", "printed", "simulated, n-BQ-NN's design"), rows) + (
        "\n\nPrinted is the AlexNet system with its interfaces. 256 and 64 of table VII's arrays take 78,592 "
        "and 2,624 LUT: what "
        "is left of the printed 73 and 48 % is about 125,000 LUT in both, infrastructure that is not published "
        "and not "
        "modelled here."
    )


def a18(machine):
    rows = []
    for run, n in zip(a14_runs(machine), (*BITS, 16), strict=True):
        functional = run["functional"]
        scopes = machine.estimate("n-bq-nn-vpe" if n == 16 else "n-bq-nn-svpe")["by_instance"]
        dsp = {row["scope"]: row["dsp"] for row in scopes}["top.array"]
        rows.append((f"{'vpe' if n == 16 else 'svpe'} n = {n}", functional["checked"], functional["mismatches"], dsp))
    return table(("", "outputs checked", "mismatches", "DSP in the array (column sums and, vpe, products)"), rows)


def a19(machine):
    rows = []
    for name in ("n-bq-nn-svpe", "n-bq-nn-vpe", "a-alexnet-svpe", "a-alexnet-vpe"):
        run = machine.simulate(name, run__mode="timing")
        worst = min((layer for layer in run["layers"] if layer["macs"]), key=lambda layer: layer["utilization"])
        rows.append((name, f"{100 * run['utilization']:.1f} %", f"{worst['name']}: {100 * worst['utilization']:.1f} %"))
    return table(("configuration", "of the lanes, network", "least used"), rows)


# --- paper B: FLightNN

MODELS = ("full", "fixed-4", "lightnn-2", "lightnn-1", "flightnn-a", "flightnn-b")


def settings(model):
    """Keys of one of the paper's models, as the paper's abstract and its predecessor have them (facts marked
    there)."""
    common = {"quantization__activation_bits": 8}
    return {
        "full": {"quantization__scheme": "fixed", "quantization__weight_bits": 16, "array__pe": "vpe",
                 "quantization__activation_bits": 16},
        "fixed-4": common | {"quantization__scheme": "fixed", "quantization__weight_bits": 4, "array__pe": "vpe"},
        "lightnn-2": common | {"quantization__scheme": "lightnn-2", "array__pe": "svpe"},
        "lightnn-1": common | {"quantization__scheme": "lightnn-1", "array__pe": "svpe"},
        "flightnn-a": common | {"quantization__scheme": "flightnn", "quantization__mean_terms": 1.5,
                                "array__pe": "svpe"},
        "flightnn-b": common | {"quantization__scheme": "flightnn", "quantization__mean_terms": 1.1,
                                "array__pe": "svpe"},
    }[model]  # fmt: skip


SIDES = (8, 16, 32, 64)
# Outputs, inputs, pixels.
SIZES = [(o, i, 1) for o in SIDES for i in SIDES] + [(32, 64, 2), (64, 32, 2), (64, 64, 2), (64, 64, 4)]
# The network that arrays are tried with first, and the largest of those that fit that every network is scheduled on.
FIRST, LARGEST = "b-resnet20-cifar10", 3


def fitting(machine, name, model, part_name, sizes):
    """Estimates of the arrays of these sizes that fit a part, by size."""
    found = {}
    for size in sizes:
        array = dict(zip(("array__outputs", "array__inputs", "array__pixels"), size, strict=True))
        estimate = machine.estimate(name, **(settings(model) | array | {"device__part": part_name}))
        if estimate and estimate["resources"]["fits"] and "latency_s" in estimate:
            found[size] = estimate
    return found


def best(machine, name, model, part_name):
    """The fastest of the largest arrays of the model that fit a part: (latency, size, estimate)."""
    first = fitting(machine, FIRST, model, part_name, SIZES)
    sizes = sorted(first, key=math.prod)[-LARGEST:]
    found = [
        (estimate["latency_s"], size, estimate)
        for size, estimate in fitting(machine, name, model, part_name, sizes).items()
    ]
    return min(found, key=lambda item: item[:2]) if found else None


def b3(machine, parts=("xc7z045", "xczu9eg")):
    networks = sorted(path.stem for path in PAPERS.glob("b-*.yaml"))
    text, ratios = [], []
    for part_name in parts:
        rows = []
        for name in networks:
            cells = {}
            for model in MODELS:
                cells[model] = best(machine, name, model, part_name)
            rate = {model: 1 / cell[0] if cell else None for model, cell in cells.items()}
            for model in MODELS:
                cell = cells[model]
                if cell is None:
                    rows.append((name[2:], model, "none fits", "", "", "", ""))
                    continue
                _, size, estimate = cell
                limiting = estimate["resources"]["limiting"]
                fraction = estimate["resources"][limiting]["fraction"]
                ratio = f"{rate[model] / rate['lightnn-2']:.2f}" if rate["lightnn-2"] else ""
                over = f"{rate[model] / rate['fixed-4']:.2f}" if rate["fixed-4"] else ""
                rows.append(
                    (name[2:], model, " x ".join(map(str, size)), f"{rate[model]:.1f}", ratio, over,
                     f"{limiting} {100 * fraction:.0f} %")
                )  # fmt: skip
            if rate["flightnn-b"] and rate["lightnn-2"]:
                ratios.append((part_name, name[2:], rate["flightnn-b"] / rate["lightnn-2"]))
        head = (
            "network",
            "model",
            "outputs x inputs x pixels",
            "images/s",
            "of LightNN-2",
            "of 4-bit fixed",
            "limiting resource",
        )
        text.append(f"#### {part_name}\n\n" + table(head, rows))
    over = [ratio for _, _, ratio in ratios]
    text.append(
        f"FLightNN at 1.1 terms a filter over LightNN-2, each on the fastest of the three largest arrays that "
        f"fit (others were not tried: a smaller one can be faster where weights exceed a buffer): {min(over):.2f} to "
        f"{max(over):.2f}. "
        "Arrays are vector arrays at 100 MHz with 8-bit activations (full: 16), 8 to 64 outputs, 8 to 64 inputs "
        "and 1 to 4 pixels, and the default buffers; latency is predicted (exact on this memory). Full models of "
        "large layers on the ZCU102 are slow because one output group's weights exceed the default weight buffer "
        "and are read again for every pixel. A group of outputs is as long as its longest filter: layers of as "
        "few filters as those of the ResNets for CIFAR-10 are one or two groups on such arrays, and gain nothing "
        "from filters of one term; smaller arrays beside each other would. Why DenseNet at 1.1 terms is slower "
        "than at 1.5 was not looked into. 4-bit fixed point has a DSP slice for "
        "each lane, and no two products in one. The paper has 46 designs of 8 networks by 6 models, two missing; "
        "which is not public, nor are its networks, clock and unrolling, so that only the claims in kind "
        "compare: FLightNN up to twice LightNN-2, and up to twice 4-bit fixed point where that runs out of DSP "
        "slices first."
    )
    return "\n\n".join(text)


def b3_identity(machine):
    """2F / (F1 + 2 F2) against cycles, on one array where the shift lanes bind."""
    rows = []

    def run_of(model, **more):
        changes = settings(model) | more
        return machine.simulate(
            "b-vgg-small", run__mode="functional", run__check="false", memory__model="ideal", **changes
        )

    two, one = run_of("lightnn-2"), run_of("lightnn-1")
    means = (1.75, 1.5, 1.25, 1.0)
    flights = [
        (f"flightnn, {mean} terms a filter", run_of("flightnn-a", quantization__mean_terms=mean)) for mean in means
    ]
    for label, run in [("lightnn-2", two), ("lightnn-1", one), *flights]:
        layers = [layer for layer in run["layers"] if layer.get("filters_by_terms")]
        # Weighted by the passes' share of compute: filters of a layer cost the same.
        f1 = sum(layer["filters_by_terms"][1] * layer["macs"] / sum(layer["filters_by_terms"]) for layer in layers)
        f2 = sum(layer["filters_by_terms"][2] * layer["macs"] / sum(layer["filters_by_terms"]) for layer in layers)
        expected = 2 * (f1 + f2) / (f1 + 2 * f2)
        measured = two["cycles"]["compute"] / run["cycles"]["compute"]
        rows.append(
            (label, f"{expected:.3f}", f"{measured:.3f}", f"{two['cycles']['total'] / run['cycles']['total']:.3f}")
        )
    head = ("model", "2F / (F1 + 2 F2)", "compute cycles, of LightNN-2", "all cycles, of LightNN-2")
    return table(head, rows)


SECTIONS = (
    ("A10", "DSP48E2 of the arrays", a10),
    ("A12", "The analytic speed-up 4.085", a12),
    ("A13", "AlexNet: 2.9 times faster", a13),
    ("A14", "Power: 68.7 %", a14),
    ("A15", "Efficiency", a15),
    ("A16", "Utilisation", a16),
    ("A18", "Bit-exact", a18),
    ("A19", "Uniform 3x3 networks use the array better", a19),
    ("B3a", "FLightNN beside LightNN-2 on one array", b3_identity),
    ("B3b", "8 networks by 6 models, each as large as fits", b3),
)

HEAD = """# Claims of the two papers, reproduced from first principles

Made by `scripts/reproduce`; do not edit. Printed numbers are the papers' (n-BQ-NN: Chen et al., TNNLS 2020;
FLightNN: Ding
et al., DAC 2019, of which only abstract and predecessors are public). Simulated numbers are runs and estimates of
configs/papers with the shipped constants, none of which was chosen with a printed number in view. Energies
have low and
high bounds (docs/guide/Energy.md): a ranking holds where they do not overlap. docs/results/PaperComparison.md takes
the n-BQ-NN paper's arrays apart, cell by cell (A11: LUT and FF of a convolver by n).

Not reproduced: accuracies (docs/results/Accuracy.md and training), A17 (other people's machines), the AlexNet
system's
absolute rates (A13 says why no design of the printed size has them).
"""


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(SHIFTSIM), help="the shiftsim to run")
    parser.add_argument("--only", nargs="*", help="sections to print; the page is not written")
    options = parser.parse_args(arguments)
    machine = Machine(options.program, lambda text: print(text, file=sys.stderr, flush=True))
    known = {name for name, _, _ in SECTIONS}
    if options.only is not None and not set(options.only) <= known:
        raise SystemExit(f"no section {sorted(set(options.only) - known)}; accepted: {', '.join(sorted(known))}")
    texts = [
        f"## {name} {title}\n\n{make(machine)}\n"
        for name, title, make in SECTIONS
        if options.only is None or name in options.only
    ]
    if options.only is not None:
        print("\n".join(texts))
    else:
        pathlib.Path(PAGE).write_text(HEAD + "\n" + "\n".join(texts), encoding="utf-8")
        print(f"wrote {PAGE.relative_to(ROOT)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
