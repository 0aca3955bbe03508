"""Runs a quantized network archive with numpy, bit for bit as docs/internals/Numerics.md says.

An implementation of its own: it shares no code with the Swift reference model, and works by im2col and one
matrix product per group where the Swift one gathers patch by patch.

    python -m shiftsim_tools.integer_reference ARCHIVE INPUT.npy -o DIRECTORY [--last]

ARCHIVE holds network.quantized.json and weights.bin; INPUT.npy is int32 [N, C, H, W]. DIRECTORY receives
000.npy, 001.npy, ... (int32 [N, C, H, W], one a layer, in the order of the archive), with --last only the last.
Standard output: one line a layer, the name and the SHA-256 of its little-endian int32 values.
"""

import argparse
import hashlib
import json
import math
import pathlib

import numpy as np

EXACT_IN_FLOAT64 = 2**53


def windows(x, window, padding_value):
    """[N, C, OH, OW, KH, KW] view of the sliding windows of x, padded."""
    pads = ((0, 0), (0, 0), (window["pad_top"], window["pad_bottom"]), (window["pad_left"], window["pad_right"]))
    padded = np.pad(x, pads, constant_values=padding_value)
    down, across = window.get("dilation_height", 1), window.get("dilation_width", 1)
    extent = ((window["kernel_height"] - 1) * down + 1, (window["kernel_width"] - 1) * across + 1)
    view = np.lib.stride_tricks.sliding_window_view(padded, extent, axis=(2, 3))
    return view[:, :, :: window["stride_height"], :: window["stride_width"], ::down, ::across]


def matrix_product(columns, rows):
    """Exact integer product: in float64 where every partial sum is below 2^53, otherwise in int64."""
    bound = int(np.abs(columns).max(initial=0)) * int(np.abs(rows).sum(axis=1).max(initial=0))
    if bound < EXACT_IN_FLOAT64:
        return np.rint(columns.astype(np.float64) @ rows.astype(np.float64).T).astype(np.int64)
    return np.einsum("pk,ok->po", columns, rows)


def convolution(x, layer, weights):
    """Image by image, so that the columns of one are all that is held."""
    groups = layer["groups"]
    rows = weights.reshape(groups, layer["output_shape"]["channels"] // groups, -1)
    images = []
    for image in x:
        view = windows(image[None], layer["window"], 0)
        channels, height, width = view.shape[1:4]
        outputs = []
        for group in range(groups):
            part = view[0, group * channels // groups : (group + 1) * channels // groups]
            columns = part.transpose(1, 2, 0, 3, 4).reshape(height * width, -1)
            outputs.append(matrix_product(columns, rows[group]).reshape(height, width, -1).transpose(2, 0, 1))
        images.append(np.concatenate(outputs))
    return np.stack(images)


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


def multipliers(layer):
    """[1, C, H, W]: those of the layer, and of its regions where it has any."""
    shape = layer["output_shape"]
    result = np.empty((1, shape["channels"], shape["height"], shape["width"]), np.int64)
    result[:] = np.array(layer["multiplier"], np.int64).reshape(1, -1, 1, 1)
    for region in layer.get("regions") or []:
        (top, bottom), (left, right) = region["rows"], region["columns"]
        result[:, :, top:bottom, left:right] = np.array(region["multiplier"], np.int64).reshape(1, -1, 1, 1)
    return result


def requantize(sums, layer, residual, bits):
    scaled = np.right_shift(sums, layer["pre_shift"])
    check(scaled, 27, "t", layer)
    total = scaled * multipliers(layer) + np.array(layer["bias"], np.int64).reshape(1, -1, 1, 1)
    if residual is not None:
        total += np.left_shift(residual, layer["residual_shift"])
    check(total, 48, "u", layer)
    result = round_half_even(total, layer["shift"])
    if layer["relu"]:
        result = np.maximum(result, 0)
    return saturate(result, bits)


def activate(x, layer, bits):
    """The affine layer and the ReLU on the way to the array."""
    constants = layer["pre_activation"]
    total = x * np.array(constants["multiplier"], np.int64).reshape(1, -1, 1, 1)
    total += np.array(constants["bias"], np.int64).reshape(1, -1, 1, 1)
    check(total, 48, "pre-activation", layer)
    result = round_half_even(total, constants["shift"])
    if constants["relu"]:
        result = np.maximum(result, 0)
    return saturate(result, bits)


def normalize(x, layer, bits):
    """ONNX LRN in double precision."""
    constants = layer["local_response_normalization"]
    real = np.ldexp(x.astype(np.float64), constants["input_exponent"])
    squares = real * real
    sums = np.zeros_like(real)
    channels = x.shape[1]
    for distance in range(-((constants["size"] - 1) // 2), constants["size"] // 2 + 1):
        first, last = max(0, -distance), min(channels, channels - distance)
        if first < last:
            sums[:, first:last] += squares[:, first + distance : last + distance]
    base = constants["bias"] + constants["alpha"] / constants["size"] * sums
    scale = np.array([math.pow(value, constants["beta"]) for value in base.ravel()]).reshape(base.shape)
    result = np.rint(np.ldexp(real / scale, -layer["output_exponent"]))
    return saturate(result, bits).astype(np.int64)


def join(waiting, tensors):
    """Makes the concatenations whose parts exist; those that are left."""
    left = []
    for whole in waiting:
        if all(part in tensors for part in whole["parts"]):
            tensors[whole["name"]] = np.concatenate([tensors[part] for part in whole["parts"]], axis=1)
        else:
            left.append(whole)
    return left


def evaluate(layer, tensors, weights, bits):
    x = tensors[layer["input"]]
    if layer["operation"] == "local-response-normalization":
        return normalize(x, layer, bits)
    if layer.get("pre_activation") is not None:
        x = activate(x, layer, bits)
    residual = tensors[layer["residual"]] if layer.get("residual") is not None else None
    return requantize(accumulate(x, layer, weights), layer, residual, bits)


def run(archive, x):
    """Yields (name, int64 tensor) for every layer."""
    network = json.loads((archive / "network.quantized.json").read_text())
    weights = np.fromfile(archive / "weights.bin", "<i4").astype(np.int64)
    tensors = {"input": x.astype(np.int64)}
    waiting = network.get("concatenations") or []
    for layer in network["layers"]:
        waiting = join(waiting, tensors)
        tensors[layer["name"]] = evaluate(layer, tensors, weights, network["activation_bits"])
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
