"""Compares the top-1 accuracy of a simulation with onnxruntime on the same quantized weights.

    python -m shiftsim_tools.top1 MODEL.onnx DIRECTORY IMAGES.bin [--first N] [--count N]

DIRECTORY is what `shiftsim simulate -o` wrote: quantized/, quantization.json, inputs.npy and outputs.npy. MODEL is
the ONNX model of that run, IMAGES its CIFAR-10 records (also .xz), --first and --count its images. The weights of
every Conv and Gemm become the integers of the archive times the scale of quantization.json; everything else of the
model stays float. Standard output: top-1 of the three, their difference in points and how often the classes agree.
Exit code 1: simulator and quantized weights differ by more than --limit points.
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import numpy_helper

from shiftsim_tools import cifar10, runtime


def check_inputs(network, found, images):
    """The simulator ran these images: its integers are within half a step, or saturated."""
    limit = 2 ** (network["activation_bits"] - 1)
    steps = images.astype(np.float64) * 2.0 ** -network["input_exponent"] / network.get("input_mantissa", 1)
    wanted = np.clip(steps, -limit, limit - 1)
    if found.shape != wanted.shape or np.abs(found - wanted).max() > 0.5:
        sys.exit("inputs.npy are other images: check IMAGES, --first and --count")


def quantized_weights(directory, network):
    """Integer weights times scale of every layer that has weights, flat, by name."""
    stored = np.fromfile(directory / "quantized" / "weights.bin", "<i4")
    report = json.loads((directory / "quantization.json").read_text())
    scales = {layer["name"]: layer.get("weight_scale") for layer in report["layers"]}
    weights = {}
    for layer in network["layers"]:
        if layer["operation"] == "convolution":
            offset = layer["weight_offset"]
            weights[layer["name"]] = stored[offset : offset + layer["weight_count"]] * scales[layer["name"]]
    return weights


def weight_shapes(model):
    """Shapes of initializers and of what DequantizeLinear makes of them."""
    shapes = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in shapes:
            shapes[node.output[0]] = shapes[node.input[0]]
    return shapes


def with_weights(model, weights):
    """A copy of the model with other weights in every Conv and Gemm."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    shapes = weight_shapes(model)
    for node in result.graph.node:
        if node.op_type not in ("Conv", "Gemm"):
            continue
        if node.name not in weights:
            sys.exit(f"the archive has no layer {node.name}")
        shape = shapes[node.input[1]]
        values = weights[node.name]
        attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        if node.op_type == "Gemm" and not attributes.get("transB"):
            values = values.reshape(shape[::-1]).T
        name = f"{node.name}/quantized"
        array = np.ascontiguousarray(values.reshape(shape), np.float32)
        result.graph.initializer.append(numpy_helper.from_array(array, name))
        node.input[1] = name
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("images", type=pathlib.Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, help="default: as many as outputs.npy has")
    parser.add_argument("--limit", type=float, default=0.5, help="largest difference in points (default: 0.5)")
    parser.add_argument("--mean", type=float, nargs=3, default=[0.485, 0.456, 0.406], help="default: ImageNet's")
    parser.add_argument("--std", type=float, nargs=3, default=[0.229, 0.224, 0.225], help="default: ImageNet's")
    arguments = parser.parse_args()

    network = json.loads((arguments.directory / "quantized" / "network.quantized.json").read_text())
    outputs = np.load(arguments.directory / "outputs.npy")
    count = len(outputs) if arguments.count is None else arguments.count
    if count != len(outputs):
        sys.exit(f"outputs.npy has {len(outputs)} images, not {count}")
    labels, pixels = cifar10.labels_and_pixels(cifar10.read_records(arguments.images, arguments.first, count))
    images = cifar10.normalized(pixels, arguments.mean, arguments.std)
    check_inputs(network, np.load(arguments.directory / "inputs.npy"), images)

    model = onnx.load(arguments.model)
    changed = with_weights(model, quantized_weights(arguments.directory, network))
    results = [
        ("simulator", outputs.reshape(count, -1).argmax(1)),
        ("onnxruntime, quantized weights", runtime.classes(changed.SerializeToString(), images)),
        ("onnxruntime, original model", runtime.classes(model.SerializeToString(), images)),
    ]
    print(f"top-1 of {count} images")
    for name, found in results:
        agreement = 100 * (found == results[0][1]).mean()
        print(f"{name:32}{100 * (found == labels).mean():7.2f} %, class of the simulator in {agreement:.2f} %")
    right = [int((found == labels).sum()) for _, found in results]
    difference = 100 * abs(right[0] - right[1]) / count
    print(f"difference {difference:.2f} points, limit {arguments.limit:.2f}")
    sys.exit(1 if difference > arguments.limit else 0)


if __name__ == "__main__":
    main()
