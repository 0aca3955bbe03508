"""Are the tensors written those of the model, before its Softmax?"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from shiftsim_tools import float_reference


def model(path, constant):
    """Gemm and Softmax; the weights are a constant of the file or come from ConstantOfShape."""
    shape = numpy_helper.from_array(np.array([4, 3], np.int64), "shape")
    weight = numpy_helper.from_array(np.ones((4, 3), np.float32), "weight")
    nodes = [] if constant else [helper.make_node("ConstantOfShape", ["shape"], ["weight"])]
    nodes += [helper.make_node("Gemm", ["x", "weight"], ["sums"]), helper.make_node("Softmax", ["sums"], ["y"])]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])
    graph = helper.make_graph(nodes, "g", [x], [y], [weight if constant else shape])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["float_reference", *map(str, arguments)])
    float_reference.main()


def test_output_is_taken_before_the_softmax(tmp_path, monkeypatch):
    model(tmp_path / "source.onnx", constant=True)
    run(monkeypatch, tmp_path / "source.onnx", tmp_path)
    image, output = np.load(tmp_path / "input.npy"), np.load(tmp_path / "output.npy")
    assert np.allclose(output, image.sum())
    assert (np.load(tmp_path / "features.npy") == image).all()


def test_drawn_weights_are_in_the_model(tmp_path, monkeypatch):
    model(tmp_path / "source.onnx", constant=False)
    run(monkeypatch, tmp_path / "source.onnx", tmp_path, "--draw")
    graph = onnx.load(tmp_path / "model.onnx").graph
    weight = next(numpy_helper.to_array(tensor) for tensor in graph.initializer if tensor.name == "weight")
    assert [node.op_type for node in graph.node] == ["Gemm", "Softmax"]
    assert len(np.unique(weight)) == 12
    assert np.allclose(np.load(tmp_path / "output.npy"), np.load(tmp_path / "input.npy") @ weight, atol=1e-5)
