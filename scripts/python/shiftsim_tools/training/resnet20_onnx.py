"""ONNX export of the 3-bit ResNet-20 of train_resnet20_fmnist.py, node by node.

Every weight is an int8 tensor of codes sign*2^k (k in 0..2) and a DequantizeLinear node with a
power-of-two scale and zero point 0; batch normalisation stays a node of its own. IR version 8,
opset 13.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def build_onnx(net, path, metadata):
    """Writes a trained ResNet20; `metadata` joins the properties that describe the codes."""
    nodes, constants = [], []

    def const(name, array, dtype=np.float32):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(array, dtype), name))
        return name

    def node(op, name, inputs, output=None, **attributes):
        nodes.append(helper.make_node(op, inputs, [output or name], name=name, **attributes))
        return output or name

    def weight(name, layer):
        codes, scale = layer.codes()
        return node(
            "DequantizeLinear",
            f"{name}.weight_dq",
            [
                const(f"{name}.weight_q", codes, np.int8),
                const(f"{name}.weight_scale", [scale]),
                const(f"{name}.weight_zp", [0], np.int8),
            ],
            f"{name}.weight",
        )

    def conv_bn(prefix, i, conv, bn, x):
        c, b = f"{prefix}conv{i}", f"{prefix}bn{i}"
        x = node(
            "Conv", c, [x, weight(c, conv)], c + "_o", kernel_shape=[3, 3], pads=[1] * 4, strides=list(conv.stride)
        )
        state = bn.state_dict()
        parts = [const(f"{b}.{k}", state[k].numpy()) for k in ("weight", "bias", "running_mean", "running_var")]
        return node("BatchNormalization", b, [x, *parts], b + "_o", epsilon=bn.eps)

    x = node("Relu", "relu0", [conv_bn("", 1, net.conv1, net.bn1, "input")])
    for stage in (1, 2, 3):
        for index, block in enumerate(getattr(net, f"layer{stage}")):
            p = f"layer{stage}.{index}."
            y = node("Relu", p + "relu1", [conv_bn(p, 1, block.conv1, block.bn1, x)])
            y = conv_bn(p, 2, block.conv2, block.bn2, y)
            if block.pad:
                slices = {"s": [0, 0], "e": [2**31 - 1] * 2, "ax": [2, 3], "st": [2, 2]}
                x = node("Slice", p + "sub", [x] + [const(p + k, v, np.int64) for k, v in slices.items()])
                pads = const(p + "pads", [0, block.pad, 0, 0, 0, block.pad, 0, 0], np.int64)
                x = node("Pad", p + "padded", [x, pads], mode="constant")
            x = node("Relu", p + "relu2", [node("Add", p + "add", [y, x])])
    x = node("Flatten", "flat", [node("GlobalAveragePool", "gap", [x])], axis=1)
    node(
        "Gemm",
        "logits",
        [x, weight("linear", net.linear), const("linear.bias", net.linear.bias.detach().numpy())],
        transB=1,
    )

    graph = helper.make_graph(
        nodes,
        "resnet20-fmnist",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 1, 28, 28])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10])],
        constants,
    )
    model = helper.make_model(
        graph, producer_name="train_resnet20_fmnist.py", opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    )
    helper.set_model_props(
        model,
        {
            "weight_format": "power_of_two",
            "pot_bits": "3",
            "pot_code": "int8 value = sign*2^k, weight = value * x_scale, x_scale is itself a power of two",
            **metadata,
        },
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
