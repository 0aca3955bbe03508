"""Exports trained networks, runs them on the simulated machine and writes a table.

    python -m shiftsim_tools.training.measure RUN... [--count N] [--images IMAGES] [--set KEY=VALUE]... [-o TABLE.md]

RUN is the folder of a training run. Each network is exported (RUN/model.onnx) and simulated with `scheme: as-is` on an
array of 16 x 16 lanes, `svpe`, or `vpe` for fixed point (RUN/simulation). Columns: rounding alone and with batch
normalization measured anew, both before training, and trained, by PyTorch on the run's test images; top-1 of the
simulator's integers and of onnxruntime on the exported model, on the same first N test images; storage; filters of one
and two terms; cycles and images/s. Exit code 1: a bit differs from the reference model, or an integer of the first
`--check` images from integer_reference.py.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import numpy as np
import torch

from shiftsim_tools import integer_reference, runtime
from shiftsim_tools.paths import SHIFTSIM
from shiftsim_tools.training import data, export, run

HEAD = (
    "weights",
    "rounded %",
    "recalibrated %",
    "trained %",
    "simulated %",
    "onnxruntime %",
    "KiB",
    "1 / 2 terms",
    "cycles an image",
    "images/s",
)


def configuration(folder, scheme, activation_bits, images, count):
    """The simulator's configuration of a run."""
    return {
        "version": 1,
        "network": {"model": str((folder / "model.onnx").resolve()), "input": {**images, "count": count}},
        "quantization": {"scheme": "as-is", "activation_bits": 16 if activation_bits == 16 else 8},
        "array": {"outputs": 16, "inputs": 16, "pe": "vpe" if scheme == "fixed" else "svpe"},
        "run": {"mode": "functional"},
    }


def simulate(folder, config, settings, mode=None, shiftsim=SHIFTSIM):
    """report.json of a simulation into FOLDER/simulation."""
    path = folder / "simulation.yaml"
    path.write_text(json.dumps(config, indent=1) + "\n")
    command = [shiftsim, "simulate", path, "-o", folder / "simulation", "--quiet", "--json"]
    command += ["--mode", mode] if mode else []
    for setting in settings:
        command += ["--set", setting]
    found = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if found.returncode not in (0, 1):
        raise ValueError(f"{folder}: {(found.stderr.strip().splitlines() or ['shiftsim failed'])[-1]}")
    return json.loads(found.stdout)


def differing(folder, count):
    """Integers of the first images that integer_reference.py gives otherwise."""
    output = folder / "simulation"
    inputs, outputs = np.load(output / "inputs.npy")[:count], np.load(output / "outputs.npy")[:count]
    for _, tensor in integer_reference.run(output / "quantized", inputs):
        last = tensor
    return int((last.reshape(outputs.shape) != outputs).sum())


def by_onnxruntime(folder, config, count):
    """Top-1 of the exported model on the first test images."""
    given = config["data"]
    _, test = data.load(given["name"], given["path"], (1, count), **given["options"])
    x, labels = test.batch(torch.arange(len(test)))
    return float((runtime.classes(str(folder / "model.onnx"), x.contiguous().numpy()) == labels.numpy()).mean())


def row(folder, arguments):
    """(cells of the table, integers that differ) of a run."""
    result = json.loads((folder / "result.json").read_text())
    _, config = run.trained_model(folder / "model.pt")
    given = config["quantization"]
    export.export(folder / "model.pt", folder / "model.onnx")
    cells = [folder.name, *(result.get(f"accuracy_{key}") for key in ("rounded", "recalibrated")), result["accuracy"]]
    cells = [cells[0]] + ["" if value is None else f"{100 * value:.2f}" for value in cells[1:]]
    exact = f"{100 * by_onnxruntime(folder, config, arguments.count):.2f}"
    size = f"{result['storage_bits'] / 8192:,.1f}"
    if given["scheme"] == "float":
        return [*cells, "", exact, size, "", "", ""], 0
    images = {"images": arguments.images} if arguments.images else given_images(config)
    settings = configuration(folder, given["scheme"], given["activation_bits"], images, arguments.count)
    report = simulate(folder, settings, arguments.set, shiftsim=arguments.shiftsim)
    wrong = report["functional"]["mismatches"] + differing(folder, arguments.check)
    terms = result["filters_by_terms"]
    cells += [
        f"{100 * report['functional']['accuracy']:.2f}",
        exact,
        size,
        f"{terms[1]} / {terms[2]}" if any(terms) else "",
        f"{report['cycles']['total'] // report['network']['images']:,}",
        f"{report['throughput_images_per_s']:,.0f}",
    ]
    return cells, wrong


def given_images(config):
    """The simulator's keys of the test images."""
    name, path = config["data"]["name"], config["data"]["path"]
    if name != "fashion-mnist":
        raise ValueError(f"--images: is missing; the simulator's images of {name} need a path")
    if path is None:
        return {"images": name}
    files = (str((pathlib.Path(path) / f"t10k-{kind}-ubyte.gz").resolve()) for kind in data.KINDS)
    return dict(zip(("images", "labels"), files, strict=True))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=pathlib.Path, metavar="RUN")
    parser.add_argument("--count", type=int, default=1000, help="test images of the simulation (default: 1,000)")
    parser.add_argument("--check", type=int, default=2, help="images computed again by numpy (default: 2)")
    parser.add_argument("--images", help="network.input.images of the simulator")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the simulator")
    parser.add_argument("--shiftsim", type=pathlib.Path, default=SHIFTSIM)
    parser.add_argument("-o", "--output", type=pathlib.Path, metavar="TABLE.md")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    lines, total = [f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"], 0
    for line in lines:
        print(line)
    try:
        for folder in arguments.runs:
            cells, wrong = row(folder, arguments)
            total += wrong
            lines.append(f"| {' | '.join(cells)} |")
            print(lines[-1], flush=True)
    except (ValueError, FileNotFoundError, data.MissingDataError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if arguments.output:
        run.write_whole(arguments.output, ("\n".join(lines) + "\n").encode())
    print(f"{total} integers differ", file=sys.stderr)
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
