"""Do the archive's weights arrive in the model that onnxruntime runs?"""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from shiftsim_tools import runtime, top1


def gemm(transposed):
    weight = numpy_helper.from_array(np.zeros((3, 2) if transposed else (2, 3), np.float32), "w")
    node = helper.make_node("Gemm", ["x", "w"], ["y"], name="fc", transB=int(transposed))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])
    graph = helper.make_graph([node], "g", [x], [y], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


@pytest.mark.parametrize("transposed", [False, True])
def test_weights_are_put_in_by_output(transposed):
    weights = np.array([1.0, 0.0, 0.0, 2.0, 1.0, 1.5])
    model = top1.with_weights(gemm(transposed), {"fc": weights})
    images = np.array([[5, 0], [0, 5], [5, 5]], np.float32)
    network = runtime.session(model.SerializeToString())
    wanted = images @ weights.reshape(3, 2).T
    assert np.allclose(network.run(None, {"x": images})[0], wanted)
    assert runtime.classes(model.SerializeToString(), images).tolist() == wanted.argmax(1).tolist()


def test_a_layer_without_weights_stops():
    with pytest.raises(SystemExit, match="no layer fc"):
        top1.with_weights(gemm(False), {})


def test_other_images_are_refused():
    network = {"activation_bits": 8, "input_exponent": -4}
    images = np.array([[[[0.5]], [[100.0]]]])
    top1.check_inputs(network, np.array([[[[8]], [[127]]]]), images)
    with pytest.raises(SystemExit, match="other images"):
        top1.check_inputs(network, np.array([[[[9]], [[127]]]]), images)


def test_original_model_is_left_alone():
    model = gemm(False)
    top1.with_weights(model, {"fc": np.ones(6)})
    assert not onnx.numpy_helper.to_array(model.graph.initializer[0]).any()
