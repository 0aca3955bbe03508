"""Top-1 and storage of trained CIFAR-10 models in every number format, as Markdown tables.

    python -m shiftsim_tools.accuracy_table [MODEL...] --models DIR --images FILE.bin|.xz [--count N]
                      [--activation-bits 16|8] [--only REGEX] [--check N] [--work DIR] [--shiftsim PATH]

MODEL: resnet20, resnet56, densenet40, caffe_cifar10full (default: all four); DIR holds their files (MODELS), FILE
test images of CIFAR-10. For each model: the float network by
onnxruntime; then, by `shiftsim simulate`, fixed point, n-BQ, LightNN and FLightNN. The array computes four of the
images, compared bit for bit with the reference model, which computes the others. `--check` images of every run are
computed again by integer_reference.py and compared bit for bit.
Exit code 1: an integer differs, or float and 16-bit fixed point differ by more than 0.3 points.
"""

import argparse
import itertools
import json
import pathlib
import re
import subprocess
import sys
import time

import numpy as np

from shiftsim_tools import cifar10, integer_reference, runtime
from shiftsim_tools.paths import ROOT, SHIFTSIM

# Largest difference of float and 16-bit fixed point, in points.
LIMIT = 0.3

# Normalization of pixels / 255: that of the models' training.
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
RAW = ([0.0], [1 / 255])
# The model was trained on pixels minus the mean image; its channel means stand for it here.
CHANNEL_MEANS = ([0.4914, 0.4822, 0.4465], [1 / 255])
MODELS = {
    "resnet20": ("resnet20_cifar10_float.onnx", IMAGENET),
    "resnet56": ("resnet56_cifar10_float.onnx", IMAGENET),
    "densenet40": ("densenet40_k12_cifar10_float.onnx", RAW),
    "caffe_cifar10full": ("caffe_cifar10full_m7_float.onnx", CHANNEL_MEANS),
}


def formats():
    """(name, settings) of every row."""
    for bits in (16, 8, 4):
        settings = {"quantization.scheme": "fixed", "quantization.weight_bits": bits, "array.pe": "vpe"}
        yield f"fixed, {bits} bits", settings
    for bits in (5, 4, 3, 2, 1):
        yield f"n-BQ, {bits} bits", {"quantization.scheme": "n-bq", "quantization.weight_bits": bits}
    yield "LightNN-2", {"quantization.scheme": "lightnn-2"}
    for threshold in (0.15, 0.2, 0.25):
        settings = {"quantization.scheme": "flightnn", "quantization.residual_threshold": threshold}
        yield f"FLightNN, t1 = {threshold}", settings
    yield "LightNN-1", {"quantization.scheme": "lightnn-1"}


def configuration(folder, model, images, normalization, arguments):
    """The file that every run of a model starts from."""
    path = folder / "accuracy.yaml"
    mean, std = normalization
    text = {
        "version": 1,
        "network": {
            "model": str(model),
            "input": {"images": str(images), "count": arguments.count, "mean": mean, "std": std},
        },
        "quantization": {"activation_bits": arguments.activation_bits},
        "array": {"outputs": 16, "inputs": 16},
        "run": {"mode": "functional"},
    }
    path.write_text(json.dumps(text))
    return path


def simulate(shiftsim, config, settings, output):
    command = [shiftsim, "simulate", config, "-o", output, "--quiet", "--json"]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    started = time.monotonic()
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode != 0:
        return None, (result.stderr.strip().splitlines() or [f"exit code {result.returncode}"])[-1]
    return json.loads(result.stdout), time.monotonic() - started


def storage(output):
    """Bits of all weights, weights, and the filters of 0, 1, 2, ... terms."""
    layers = json.loads((output / "quantization.json").read_text())["layers"]
    counts = [layer.get("filters") or [] for layer in layers]
    filters = [sum(column) for column in itertools.zip_longest(*counts, fillvalue=0)]
    return sum(layer["stored_bits"] for layer in layers), sum(layer["weights"] for layer in layers), filters


def differences(output, count):
    """Output integers of the first images that an evaluation of its own gives otherwise."""
    inputs, outputs = np.load(output / "inputs.npy")[:count], np.load(output / "outputs.npy")[:count]
    for _, tensor in integer_reference.run(output / "quantized", inputs):
        last = tensor
    return int((last != outputs).sum())


def table(name, arguments, data, failures):
    file, normalization = MODELS[name]
    model = (arguments.models / file).resolve()
    labels, pixels, images = data
    folder = arguments.work / name
    folder.mkdir(parents=True, exist_ok=True)
    config = configuration(folder, model, images, normalization, arguments)
    found = runtime.classes(str(model), cifar10.normalized(pixels, *normalization))
    top1 = int((found == labels).sum()) / len(labels)
    print(f"\n### {name}, {arguments.activation_bits}-bit activations, {arguments.count} images\n")
    columns = ["weights", "top-1 %", "against float", "bits a weight", "storage KiB", "float32 / this"]
    columns += ["filters of 1 / 2 terms", "cycles an image"]
    print("| " + " | ".join(columns) + " |")
    print("|---" * len(columns) + "|")
    float_row = None
    for label, settings in formats():
        if not re.search(arguments.only, label):
            continue
        output = folder / label.replace(" ", "-").replace(",", "").replace("=", "")
        report, seconds = simulate(arguments.shiftsim, config, settings, output)
        if report is None:
            print(f"| {label} | not run: {seconds} |", flush=True)
            failures.append(f"{name}, {label}: {seconds}")
            continue
        bits, weights, filters = storage(output)
        if float_row is None:
            float_row = f"| float32, onnxruntime | {100 * top1:.2f} | | 32.00 | {4 * weights / 1024:,.0f} | 1.0 | | |"
            print(float_row)
        accuracy = report["functional"]["accuracy"]
        terms = " / ".join(f"{count:,}" for count in filters[1:]) if any(filters) else ""
        cycles = report["cycles"]["total"] // report["network"]["images"]
        print(
            f"| {label} | {100 * accuracy:.2f} | {100 * (accuracy - top1):+.2f} | {bits / weights:.2f} "
            f"| {bits / 8192:,.0f} | {32 * weights / bits:.1f} | {terms} | {cycles:,} |",
            flush=True,
        )
        wrong = report["functional"]["mismatches"] + differences(output, arguments.check)
        if wrong:
            failures.append(f"{name}, {label}: {wrong} integers differ")
        if label == "fixed, 16 bits" and abs(accuracy - top1) * 100 > LIMIT:
            failures.append(f"{name}: float and {label} differ by more than {LIMIT} points")
        text = f"{name}, {label}: {seconds:.1f} s, {arguments.check} images computed again, {wrong} integers differ"
        print(text, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="MODEL", help=", ".join(MODELS))
    parser.add_argument("--models", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument("--images", type=pathlib.Path, required=True, metavar="FILE")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--activation-bits", type=int, choices=[8, 16], default=16)
    parser.add_argument("--only", default="", metavar="REGEX", help="rows whose name matches (default: all)")
    parser.add_argument("--check", type=int, default=50, help="images computed again (default: 50)")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "out/accuracy")
    parser.add_argument("--shiftsim", type=pathlib.Path, default=SHIFTSIM)
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in MODELS]
    if unknown:
        parser.error(f"unknown model {unknown[0]}; accepted: {', '.join(MODELS)}")
    arguments.work.mkdir(parents=True, exist_ok=True)
    records = cifar10.read_records(arguments.images, 0, arguments.count)
    labels, pixels = cifar10.labels_and_pixels(records)
    images = (arguments.work / "images.bin").resolve()
    images.write_bytes(records)
    failures = []
    for name in arguments.names or MODELS:
        table(name, arguments, (labels, pixels, images), failures)
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
