"""Runs an ONNX model in onnxruntime on a seeded random image and writes what a reader of the model should compute.

    python -m shiftsim_tools.float_reference MODEL FOLDER [--draw]

FOLDER gets model.onnx, input.npy, output.npy (before a last Softmax) and features.npy (what the first Gemm reads), as
float32. With --draw the weights that ConstantOfShape nodes fill are drawn at random first, so that a channel in a wrong
place changes the result; those of more than 2^22 elements stay as they are.
"""

import argparse
import pathlib

import numpy as np
import onnx
from onnx import helper, numpy_helper

from shiftsim_tools import runtime

LARGEST = 1 << 22


def roles(graph):
    """What each tensor of weights is for: (operator, input index)."""
    result = {}
    for node in graph.node:
        for index, name in enumerate(node.input):
            result[name] = (node.op_type, index)
        if node.op_type == "Unsqueeze":
            result[node.input[0]] = ("Unsqueeze", 0)
    return result


def draw(generator, shape, role):
    if role == ("BatchNormalization", 4):
        return generator.uniform(0.5, 1.5, shape)
    if role in (("BatchNormalization", 1), ("Unsqueeze", 0)):
        return generator.uniform(0.8, 1.2, shape)
    if len(shape) < 2:
        return generator.uniform(-0.1, 0.1, shape)
    return generator.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)


def fill(model, generator):
    graph = model.graph
    sizes = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    role = roles(graph)
    kept = []
    for node in graph.node:
        shape = sizes.get(node.input[0]) if node.op_type == "ConstantOfShape" else None
        if shape is None or np.prod(shape) > LARGEST:
            kept.append(node)
            continue
        name = node.output[0]
        values = draw(generator, tuple(int(size) for size in shape), role.get(name))
        graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), name))
    del graph.node[:]
    graph.node.extend(kept)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--draw", action="store_true")
    arguments = parser.parse_args()
    generator = np.random.default_rng(1)
    model = onnx.load(arguments.model)
    graph = model.graph
    if arguments.draw:
        fill(model, generator)
    path = arguments.folder / "model.onnx"
    onnx.save(model, path)

    wanted = [graph.output[0].name]
    for node in graph.node:
        if node.op_type == "Softmax" and node.output[0] == wanted[0]:
            wanted[0] = node.input[0]
    dense = next((node for node in graph.node if node.op_type == "Gemm"), None)
    if dense is not None:
        wanted.append(dense.input[0])
    del graph.output[:]
    graph.output.extend(helper.make_empty_tensor_value_info(name) for name in wanted)
    # No shape inference by the model's own notes: some of the old models note wrong shapes.
    network = runtime.session(model.SerializeToString())
    entry = network.get_inputs()[0]
    shape = [size if isinstance(size, int) else 1 for size in entry.shape]
    image = generator.normal(0, 1, shape).astype(np.float32)
    results = network.run(None, {entry.name: image})
    np.save(arguments.folder / "input.npy", image)
    np.save(arguments.folder / "output.npy", np.ascontiguousarray(results[0]))
    if dense is not None:
        np.save(arguments.folder / "features.npy", np.ascontiguousarray(results[1]))


if __name__ == "__main__":
    main()
