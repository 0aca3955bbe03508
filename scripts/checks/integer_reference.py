#!/usr/bin/env python3
"""Runs a quantized network archive with numpy, bit for bit as docs/Numerics.md says.

An implementation of its own: it shares no code with the Swift reference model, and works by im2col and one
matrix product per group where the Swift one gathers patch by patch.

    integer_reference.py ARCHIVE INPUT.npy -o DIRECTORY [--last]

ARCHIVE holds network.quantized.json and weights.bin; INPUT.npy is int32 [N, C, H, W]. DIRECTORY receives
000.npy, 001.npy, ... (int32 [N, C, H, W], one a layer, in the order of the archive), with --last only the last.
Standard output: one line a layer, the name and the SHA-256 of its little-endian int32 values.
"""

import argparse
import hashlib
import json
import pathlib

import numpy as np

EXACT_IN_FLOAT64 = 2**53


def windows(x, window, padding_value):
    """[N, C, OH, OW, KH, KW] view of the sliding windows of x, padded."""
    pads = ((0, 0), (0, 0), (window["pad_top"], window["pad_bottom"]), (window["pad_left"], window["pad_right"]))
    padded = np.pad(x, pads, constant_values=padding_value)
    steps = (window.get("dilation_height", 1), window.get("dilation_width", 1))
    extent = tuple((window[key] - 1) * step + 1 for key, step in zip(("kernel_height", "kernel_width"), steps))
    view = np.lib.stride_tricks.sliding_window_view(padded, extent, axis=(2, 3))
    return view[:, :, :: window["stride_height"], :: window["stride_width"], :: steps[0], :: steps[1]]


def matrix_product(columns, rows):
    """Exact integer product: in float64 where every partial sum is below 2^53, otherwise in int64."""
    bound = int(np.abs(columns).max(initial=0)) * int(np.abs(rows).sum(axis=1).max(initial=0))
    if bound < EXACT_IN_FLOAT64:
        return np.rint(columns.astype(np.float64) @ rows.astype(np.float64).T).astype(np.int64)
    return np.einsum("pk,ok->po", columns, rows)


def convolution(x, layer, weights):
    groups = layer["groups"]
    view = windows(x, layer["window"], 0)
    images, channels, height, width = view.shape[:4]
    rows = weights.reshape(groups, layer["output_shape"]["channels"] // groups, -1)
    outputs = []
    for group in range(groups):
        part = view[:, group * channels // groups : (group + 1) * channels // groups]
        columns = part.transpose(0, 2, 3, 1, 4, 5).reshape(images * height * width, -1)
        product = matrix_product(columns, rows[group]).reshape(images, height, width, -1)
        outputs.append(product.transpose(0, 3, 1, 2))
    return np.concatenate(outputs, axis=1)


def accumulate(x, layer, weights):
    if layer["operation"] == "convolution":
        offset, count = layer["weight_offset"], layer["weight_count"]
        return convolution(x, layer, weights[offset : offset + count])
    if layer["operation"] == "sum-pool":
        return windows(x, layer["window"], 0).sum(axis=(4, 5))
    if layer["operation"] == "max-pool":
        return windows(x, layer["window"], np.iinfo(np.int64).min).max(axis=(4, 5))
    raise SystemExit(f"layer {layer['name']}: unknown operation {layer['operation']}")


def check(values, bits, name, layer):
    if values.min(initial=0) < -(2 ** (bits - 1)) or values.max(initial=0) >= 2 ** (bits - 1):
        raise SystemExit(f"layer {layer['name']}: {name} does not fit {bits} bits")


def round_half_even(values, shift):
    if shift == 0:
        return values
    floor = np.right_shift(values, shift)
    remainder = values - np.left_shift(floor, shift)
    half = 1 << (shift - 1)
    return floor + ((remainder > half) | ((remainder == half) & (floor % 2 != 0)))


def saturate(values, bits):
    return np.clip(values, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def activate(x, constants, layer, bits):
    """The pre-activation: affine and ReLU before padding."""
    multiplier = np.array(constants["multiplier"], np.int64).reshape(1, -1, 1, 1)
    total = x * multiplier + np.array(constants["bias"], np.int64).reshape(1, -1, 1, 1)
    check(total, 48, "pre-activation", layer)
    result = round_half_even(total, constants["shift"])
    return saturate(np.maximum(result, 0) if constants["relu"] else result, bits)


def normalize(x, layer, bits):
    """ONNX LRN in double precision."""
    constants = layer["local_response_normalization"]
    real = np.ldexp(x.astype(np.float64), constants["input_exponent"])
    size, channels = constants["size"], x.shape[1]
    sums = np.zeros_like(real)
    for channel in range(channels):
        first, last = max(0, channel - (size - 1) // 2), min(channels, channel + size // 2 + 1)
        for neighbour in range(first, last):
            sums[:, channel] += real[:, neighbour] * real[:, neighbour]
    scale = (constants["bias"] + constants["alpha"] / size * sums) ** constants["beta"]
    return saturate(np.rint(np.ldexp(real / scale, -layer["output_exponent"])), bits).astype(np.int64)


def multipliers(layer):
    """[C, H, W]: the layer's, but for its regions."""
    shape = layer["output_shape"]
    result = np.empty((shape["channels"], shape["height"], shape["width"]), np.int64)
    result[:] = np.array(layer["multiplier"], np.int64).reshape(-1, 1, 1)
    for region in layer.get("regions") or []:
        rows, columns = slice(*region["rows"]), slice(*region["columns"])
        result[:, rows, columns] = np.array(region["multiplier"], np.int64).reshape(-1, 1, 1)
    return result


def requantize(sums, layer, residual, bits):
    per_channel = (1, -1, 1, 1)
    scaled = np.right_shift(sums, layer["pre_shift"])
    check(scaled, 27, "t", layer)
    total = scaled * multipliers(layer)
    total += np.array(layer["bias"], np.int64).reshape(per_channel)
    if residual is not None:
        total += np.left_shift(residual, layer["residual_shift"])
    check(total, 48, "u", layer)
    result = round_half_even(total, layer["shift"])
    if layer["relu"]:
        result = np.maximum(result, 0)
    return saturate(result, bits)


def run(archive, x):
    """Yields (name, int64 tensor) for every layer."""
    network = json.loads((archive / "network.quantized.json").read_text())
    weights = np.fromfile(archive / "weights.bin", "<i4").astype(np.int64)
    tensors = {"input": x.astype(np.int64)}
    bits = network["activation_bits"]
    parts = {entry["name"]: entry["parts"] for entry in network.get("concatenations") or []}

    def tensor(name):
        return np.concatenate([tensors[part] for part in parts[name]], axis=1) if name in parts else tensors[name]

    for layer in network["layers"]:
        operand = tensor(layer["input"])
        if layer["operation"] == "local-response-normalization":
            tensors[layer["name"]] = normalize(operand, layer, bits)
        else:
            if layer.get("pre_activation"):
                operand = activate(operand, layer["pre_activation"], layer, bits)
            residual = tensor(layer["residual"]) if layer.get("residual") is not None else None
            tensors[layer["name"]] = requantize(accumulate(operand, layer, weights), layer, residual, bits)
        yield layer["name"], tensors[layer["name"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=pathlib.Path)
    parser.add_argument("input", type=pathlib.Path)
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True)
    parser.add_argument("--last", action="store_true", help="write the last layer only")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    results = list(run(arguments.archive, np.load(arguments.input)))
    for index, (name, tensor) in enumerate(results):
        values = np.ascontiguousarray(tensor.astype("<i4"))
        print(name, hashlib.sha256(values.tobytes()).hexdigest())
        if index == len(results) - 1 or not arguments.last:
            np.save(arguments.output / f"{index:03}.npy", values)


if __name__ == "__main__":
    main()
