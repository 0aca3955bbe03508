"""Tables of docs/results/PaperComparison.md.

    python -m shiftsim_tools.paper_comparison TABLE

  resources SHIFTSIM        DSP, LUT, FF of a convolver: estimate, Yosys (minutes)
  cycles RUNS               RUNS/CONFIG/layers.csv of four configurations beside equation 36
  resnet18                  lanes' cycles of both families, by formula

A convolver's cost is a mixed difference over four small designs, inputs 1 and 2 by outputs 1 and 3 (granule 1 in all):
(f(2,3) - f(2,1) - f(1,3) + f(1,1)) / 2. What is shared by the clusters (line buffers, pixel registers, masks, control)
or by the convolvers of a cluster (accumulator, psum buffer) cancels; one adder of the adder tree stays.
"""

import argparse
import csv
import json
import math
import pathlib
import re
import subprocess
import tempfile

from shiftsim_tools.paths import ROOT

SIZES = [(2, 3, 1), (2, 1, -1), (1, 3, -1), (1, 1, 1)]
CLOCK = 200e6


def settings(scheme, bits, pe, inputs, outputs):
    array = f"{{family: convolver, pe: {pe}, outputs: {outputs}, inputs: {inputs}, pixels: 1, kernel: 3, terms: 1}}"
    return [
        "--set",
        f"array={array}",
        "--set",
        f"quantization={{scheme: {scheme}, weight_bits: {bits}, activation_bits: 16}}",
        # 32,768 words of one lane's one bit; block RAM is not counted here.
        "--set",
        "buffers.weight_kib=4",
    ]


def estimated(shiftsim, options):
    text = subprocess.run(
        [shiftsim, "estimate", ROOT / "configs/tiny-svpe.yaml", "--json", *options],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    row = next(row for row in json.loads(text)["by_instance"] if row["scope"] == "top.array")
    return {"dsp": row["dsp"], "lut": row["lut"], "ff": row["ff"]}


def synthesised(shiftsim, options, folder):
    subprocess.run(
        [shiftsim, "emit-rtl", ROOT / "configs/tiny-svpe.yaml", *options, "-o", folder], check=True, capture_output=True
    )
    # synth.ys of the folder with the array as the top module.
    script = "read_verilog -sv rtl/*.sv; synth_xilinx -family xcup -noiopad -top shiftsim_array; stat"
    text = subprocess.run(["yosys", "-p", script], cwd=folder, check=True, capture_output=True, text=True).stdout
    statistics = text[text.rindex("Number of cells:") :]
    cells = {name: int(count) for name, count in re.findall(r"^\s+([A-Z][A-Z0-9]+)\s+(\d+)$", statistics, re.M)}
    return {
        "dsp": cells.get("DSP48E2", 0),
        "lut": sum(cells.get(f"LUT{n}", 0) for n in range(1, 7)),
        "ff": cells.get("FDRE", 0) + cells.get("FDSE", 0),
    }


def resources(shiftsim):
    print("| | estimate DSP, LUT, FF | Yosys DSP, LUT, FF | tree adder, taken out of LUT and FF |\n|---|---|---|---|")
    for scheme, bits, pe in [("n-bq", n, "svpe") for n in range(1, 6)] + [("fixed", 16, "vpe")]:
        counts = []
        with tempfile.TemporaryDirectory() as temporary:
            for inputs, outputs, sign in SIZES:
                options = settings(scheme, bits, pe, inputs, outputs)
                counts.append(
                    (
                        sign,
                        estimated(shiftsim, options),
                        synthesised(shiftsim, options, f"{temporary}/{inputs}{outputs}"),
                    )
                )
        mixed = [
            {key: sum(sign * pair[which][key] for sign, *pair in counts) / 2 for key in ("dsp", "lut", "ff")}
            for which in (0, 1)
        ]
        # Product bits, those of the window's sum (9 products) and one more.
        product = 16 + (16 if pe == "vpe" else {1: 1, 2: 1, 3: 3, 4: 7, 5: 15}[bits])
        tree = product + 5
        cells = [f"{m['dsp']:g}, {m['lut'] - tree:g}, {m['ff'] - tree:g}" for m in mixed]
        print(f"| {pe} {bits} | {' | '.join(cells)} | {tree} |", flush=True)


# name: input size, input channels, output channels, kernel, stride, padding
ALEXNET = {
    "conv1": (224, 3, 64, 11, 4, 2),
    "conv2": (27, 64, 192, 5, 1, 2),
    "conv3": (13, 192, 384, 3, 1, 1),
    "conv4": (13, 384, 256, 3, 1, 1),
    "conv5": (13, 256, 256, 3, 1, 1),
}
NBQNN = {
    "conv1": (32, 3, 128, 3, 1, 1),
    "conv2": (32, 128, 128, 3, 1, 1),
    "conv3": (32, 128, 128, 3, 1, 1),
    "conv4": (16, 128, 256, 3, 1, 1),
    "conv5": (16, 256, 256, 3, 1, 1),
    "conv6": (16, 256, 256, 3, 1, 1),
    "conv7": (8, 256, 512, 3, 1, 1),
    "conv8": (8, 512, 1024, 1, 1, 0),
    "conv9": (8, 1024, 10, 1, 1, 0),
}


HEADINGS = ["eq. 36", "ceil", "rows", "halo", "compute", "drain (tiles)", "wait", "cycles", "GOP/s compute, all"]


def cycles(runs):
    print("| | " + " | ".join(HEADINGS) + " |\n" + "|---" * 10 + "|")
    for model, shapes, taps in [("n-bq-nn", NBQNN, [3]), ("alexnet", ALEXNET, [3, 5, 11])]:
        for pe, pn, pm, lane_stages in [("svpe", 8, 32, 1), ("vpe", 4, 16, 3)]:
            rows = {}
            totals, macs = [0] * 8, 0
            table = (runs / f"{model}-{pe}" / "layers.csv").read_text()
            for row in csv.DictReader(table.splitlines()):
                if row["name"] not in shapes:
                    continue
                values, tiles = terms(row, *shapes[row["name"]], pn, pm, taps, lane_stages)
                totals = [total + value for total, value in zip(totals, values, strict=False)]
                macs += int(row["macs"])
                text = line(values, f" ({tiles})", int(row["macs"]))
                rows.setdefault(text, []).append(row["name"])
            for text, names in rows.items():
                print(f"| {pe} {', '.join(names)} {text}")
            print(f"| **{model}, {pe}** {line(totals, '', macs)}")


def line(values, tiles, macs):
    cells = [f"{value:,.0f}" for value in values]
    cells[5] += tiles
    rates = [f"{2 * macs * CLOCK / values[index] / 1e9:.1f}" for index in (4, 7)]
    return "| " + " | ".join(cells) + f" | {', '.join(rates)} |"


def terms(row, size, m, n, k, stride, pad, pn, pm, taps, lane_stages):
    """The terms of HEADINGS of a layer, and its tiles. Stops where they do not add up to the report."""
    result = (size + 2 * pad - k) // stride + 1
    equation = size * size * m / pm * n / pn
    streams = math.ceil(m / pm) * math.ceil(n / pn)
    ceil = size * size * streams - equation
    # Slots of a row, rows of slots of the whole map.
    slots = max(min(size, (result - 1) * stride + k - pad), (result - 1) * stride + 1)
    assert slots == size, "columns of padding"
    rows = ((result - 1) * stride + k - pad - size) * slots * streams
    assert slots * size > k * k + 3, "a stream waits for its weights"
    # convolverCycles of a tile besides its slots, less the cycle to begin, in which it is not busy.
    tap = next(tap for tap in taps if tap >= k)
    late = (result - 1) * stride + 1 - slots
    latency = 3 + lane_stages + 2 + math.ceil(math.log2(pm))
    drain = k * k + 2 + late + 2 * (tap - 1) - pad + latency + 1 + 5
    busy, compute, total = int(row["fill_drain"]), int(row["compute_cycles"]), int(row["cycles"])
    tiles, left = divmod(busy, drain)
    assert left == 0, (row["name"], busy, drain)
    # Tiles of the rows follow from what is left: whole borders of K - stride rows, of a number that divides the tiles.
    halo = compute - equation - ceil - rows
    borders, left = divmod(halo, (k - stride) * slots * streams) if k > stride else (0, halo)
    assert left == 0 and tiles % (borders + 1) == 0, (row["name"], halo, tiles)
    wait = total - compute - busy
    assert wait == int(row["stall_cycles"])
    return [equation, ceil, rows, halo, compute, busy, wait, total], tiles


# class: [(count, input size, input channels, output channels, kernel, stride, padding)]
RESNET18 = {
    "conv1, 7x7 stride 2": [(1, 224, 3, 64, 7, 2, 3)],
    "3x3": [
        (4, 56, 64, 64, 3, 1, 1),
        (3, 28, 128, 128, 3, 1, 1),
        (3, 14, 256, 256, 3, 1, 1),
        (3, 7, 512, 512, 3, 1, 1),
    ],
    "3x3 stride 2": [(1, 56, 64, 128, 3, 2, 1), (1, 28, 128, 256, 3, 2, 1), (1, 14, 256, 512, 3, 2, 1)],
    "1x1 stride 2": [(1, 56, 64, 128, 1, 2, 0), (1, 28, 128, 256, 1, 2, 0), (1, 14, 256, 512, 1, 2, 0)],
    "fc": [(1, 1, 512, 1000, 1, 1, 0)],
}


def resnet18():
    """Issued steps, each layer one tile: vector 32 x 32 lanes, convolver (8, 32)."""
    for name, layers in RESNET18.items():
        macs = vector = convolver = 0
        for count, size, m, n, k, stride, pad in layers:
            result = (size + 2 * pad - k) // stride + 1
            macs += count * result**2 * k * k * m * n
            vector += count * result**2 * k * k * math.ceil(m / 32) * math.ceil(n / 32)
            rows = (result - 1) * stride + k - pad
            slots = rows * max(min(size, rows), (result - 1) * stride + 1)
            convolver += count * max(slots, k * k + 3) * math.ceil(m / 32) * math.ceil(n / 8)
        print(
            f"| {name} | {macs / 1e6:,.1f} | {vector:,} | {macs / vector / 1024:.1%} | {convolver:,} "
            f"| {macs / convolver / 2304:.1%} | {macs / convolver / 12544:.1%} |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tables = parser.add_subparsers(dest="table", required=True)
    tables.add_parser("resources").add_argument("shiftsim")
    tables.add_parser("cycles").add_argument("runs", type=pathlib.Path)
    tables.add_parser("resnet18")
    arguments = parser.parse_args()
    if arguments.table == "resources":
        resources(arguments.shiftsim)
    elif arguments.table == "cycles":
        cycles(arguments.runs)
    else:
        resnet18()


if __name__ == "__main__":
    main()
