"""Writes a trained network as the ONNX model that `shiftsim` runs with `scheme: as-is`.

    python -m shiftsim_tools.training.export RUN/model.pt -o MODEL.onnx [--calibrate N]

Weights are integer codes behind DequantizeLinear with a power-of-two scale: sign * 2^k for n-BQ and one-term filters,
sums of two for LightNN-2 and FLightNN, plain integers for fixed point. A unit that is no power of two leaves a Mul
behind the layer. The property shiftsim_quantization (docs/guide/Quantize.md) says the format of each layer and the
exponents of all activations, measured on the quantized network over N training images (default 256). Networks with
concatenations have no such property: the simulator reads the formats off the codes and calibrates by itself.
The result is compared with the network in onnxruntime before it appears under its name.
"""

import argparse
import json
import math
import pathlib
import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from shiftsim_tools import runtime
from shiftsim_tools.training import data, graph, layers, quantizers, run

# Largest difference of onnxruntime and PyTorch, as a share of the largest output.
TOLERANCE = 1e-4
FASHION_CLASSES = (
    "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot",
    "airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck",
)


class Writer:
    """Nodes and initializers of an ONNX graph."""

    def __init__(self):
        self.nodes, self.constants, self.wide = [], [], False

    def constant(self, name, array, dtype=np.float32):
        self.constants.append(numpy_helper.from_array(np.asarray(array, dtype, order="C"), name))
        return name

    def node(self, operation, name, inputs, **attributes):
        self.nodes.append(helper.make_node(operation, inputs, [name], name=name, **attributes))
        return name

    def codes(self, name, codes, unit):
        """A weight as codes times a power of two; also the rest of the unit, a factor in 1 ..< 2."""
        exponent = math.floor(math.log2(unit))
        wide = int(np.abs(codes).max()) > 127
        self.wide |= wide
        kind = np.int16 if wide else np.int8
        inputs = [
            self.constant(f"{name}.codes", codes, kind),
            self.constant(f"{name}.step", 2.0**exponent),
            self.constant(f"{name}.zero", 0, kind),
        ]
        return self.node("DequantizeLinear", name, inputs), unit / 2.0**exponent

    def rounded(self, name, x, exponent):
        """An 8-bit activation."""
        constants = [self.constant(f"{name}.step", 2.0**exponent), self.constant(f"{name}.zero", 0, np.int8)]
        q = self.node("QuantizeLinear", f"{name}.q", [x, *constants])
        return self.node("DequantizeLinear", f"{name}.dq", [q, *constants])


class Export:
    """The network's nodes, one by one."""

    def __init__(self, model):
        self.graph = graph.trace(model.eval())
        self.writer, self.values = Writer(), {}
        # Exporter's name of each node: that of its module, or fx's with dots.
        self.names = {}

    def build(self):
        for node in self.graph.graph.nodes:
            what = graph.kind(self.graph, node)
            self.names[node] = str(node.target) if node.op == "call_module" else node.name
            if what == "placeholder":
                self.values[node] = "input"
            elif what == "output":
                self.output = self.values[node.args[0]]
            else:
                inputs = [self.values[operand] for operand in graph.operands(node)]
                module = self.graph.get_submodule(node.target) if node.op == "call_module" else None
                self.values[node] = getattr(self, f"_{what.replace('-', '_')}")(self.names[node], inputs, module, node)

    def _convolution(self, name, inputs, module, node):
        x, weight, factor = self._operands(name, inputs[0], module)
        attributes = {
            "kernel_shape": list(module.kernel_size),
            "strides": list(module.stride),
            "pads": list(module.padding) * 2,
            "group": module.groups,
        }
        bias = [] if module.bias is None or factor != 1 else [self._bias(name, module)]
        x = self.writer.node("Conv", name, [x, weight, *bias], **attributes)
        return self._scaled(name, x, module, factor, (1, -1, 1, 1))

    def _linear(self, name, inputs, module, node):
        x, weight, factor = self._operands(name, inputs[0], module)
        bias = [] if module.bias is None or factor != 1 else [self._bias(name, module)]
        x = self.writer.node("Gemm", name, [x, weight, *bias], transB=1)
        return self._scaled(name, x, module, factor, (1, -1))

    def _bias(self, name, module):
        return self.writer.constant(f"{name}.bias", module.bias.detach().numpy())

    def _operands(self, name, x, module):
        if not isinstance(module, layers.QuantizedLayer):
            return x, self.writer.constant(f"{name}.weight", module.weight.detach().numpy()), 1.0
        if isinstance(module.activation, quantizers.Binary):
            raise ValueError(f"{name}: no export of one-bit activations; accepted: 8 and 16 bits")
        if module.activation is not None:
            x = self.writer.rounded(f"{name}.input", x, module.activation.exponent)
        weight, factor = self.writer.codes(f"{name}.weight", *module.codes())
        return x, weight, factor

    def _scaled(self, name, x, module, factor, shape):
        """The rest of a unit that is no power of two, and the bias behind it."""
        if factor == 1:
            return x
        x = self.writer.node("Mul", f"{name}.scale", [x, self.writer.constant(f"{name}.factor", [factor])])
        if module.bias is None:
            return x
        bias = self.writer.constant(f"{name}.bias", module.bias.detach().numpy().reshape(shape))
        return self.writer.node("Add", f"{name}.shift", [x, bias])

    def _normalization(self, name, inputs, module, node):
        state = module.state_dict()
        keys = ("weight", "bias", "running_mean", "running_var")
        parts = [self.writer.constant(f"{name}.{key}", state[key].numpy()) for key in keys]
        return self.writer.node("BatchNormalization", name, [inputs[0], *parts], epsilon=module.eps)

    def _relu(self, name, inputs, module, node):
        return self.writer.node("Relu", name, inputs)

    def _add(self, name, inputs, module, node):
        return self.writer.node("Add", name, inputs)

    def _concat(self, name, inputs, module, node):
        return self.writer.node("Concat", name, inputs, axis=1)

    def _flatten(self, name, inputs, module, node):
        return self.writer.node("Flatten", name, inputs, axis=1)

    def _global_average(self, name, inputs, module, node):
        return self.writer.node("GlobalAveragePool", name, inputs)

    def _average(self, name, inputs, module, node):
        size = [node.args[1]] * 2
        return self.writer.node("AveragePool", name, inputs, kernel_shape=size, strides=size)

    def _maximum(self, name, inputs, module, node):
        size, stride = [module.kernel_size] * 2, [module.stride] * 2
        return self.writer.node("MaxPool", name, inputs, kernel_shape=size, strides=stride)

    def _subsample(self, name, inputs, module, node):
        limits = {"starts": [0, 0], "ends": [2**31 - 1] * 2, "axes": [2, 3], "steps": [2, 2]}
        constants = [self.writer.constant(f"{name}.{key}", value, np.int64) for key, value in limits.items()]
        x = self.writer.node("Slice", name, [inputs[0], *constants])
        pads = self.writer.constant(f"{name}.pads", [0, module.before, 0, 0, 0, module.after, 0, 0], np.int64)
        return self.writer.node("Pad", f"{name}.padded", [x, pads], mode="constant")


def weight_format(layer):
    """Fields of shiftsim_quantization for a layer's weights."""
    quantizer, codes = layer.quantizer, layer.codes()[0]
    if isinstance(quantizer, quantizers.Terms):
        magnitude = np.abs(codes)
        if (magnitude & (magnitude - 1)).any():
            return {"weight_format": "power-of-two-sum", "weight_bits": quantizer.bits, "weight_terms": quantizer.terms}
        return {"weight_format": "power-of-two", "weight_bits": quantizer.bits}
    return {"weight_format": quantizer.format, "weight_bits": quantizer.bits}


def notes(made, largest, parameters):
    """The property shiftsim_quantization, or None for a network with concatenations or with float layers."""
    found = graph.passes(made.graph)
    modules = {node: made.graph.get_submodule(node.target) for node, _ in found or [] if node.op == "call_module"}
    weighted = [m for m in modules.values() if type(m) in layers.KINDS]
    if found is None or weighted:
        return None
    eight = [m.activation for m in modules.values() if getattr(m, "activation", None) is not None]
    bits = 8 if eight else 16
    entries = []
    for node, end in found:
        entry = {"name": made.names[node], "output_exponent": stored_exponent(made.graph, end, largest, bits)}
        module = modules.get(node)
        if isinstance(module, layers.QuantizedLayer):
            entry.update(weight_format(module))
        entries.append(entry)
    first = next(node for node in made.graph.graph.nodes if node.op == "placeholder")
    return {
        "schema": "shiftsim.quantization/1",
        "activation_bits": bits,
        "input_exponent": stored_exponent(made.graph, first, largest, bits),
        "parameters": parameters,
        "layers": entries,
    }


def stored_exponent(traced, node, largest, bits):
    """Exponent of a tensor: that of the 8-bit activations that read it, else of its range."""
    readers = [traced.get_submodule(user.target) for user in node.users if user.op == "call_module"]
    found = [r.activation.exponent for r in readers if getattr(r, "activation", None) is not None]
    return max(found) if found else quantizers.range_exponent(largest[node.name], bits)


def properties(config, images):
    """Metadata that says how to feed the model and what it is."""
    given = config["quantization"]
    names = {"fashion-mnist": 0, "cifar-10": 1, "cifar-10-records": 1}
    found = {
        "input_mean": ",".join(f"{value:g}" for value in images.mean),
        "input_std": ",".join(f"{value:g}" for value in images.std),
        "dataset": config["data"]["name"],
        "training": json.dumps({"network": config["network"], **given}, sort_keys=True),
    }
    if config["data"]["name"] in names:
        found["classes"] = FASHION_CLASSES[names[config["data"]["name"]]]
    if given["scheme"] != "float":
        formats = {"n-bq": "power_of_two", "fixed": "fixed", "lightnn-1": "power_of_two"}
        found["weight_format"] = formats.get(given["scheme"], "power_of_two_sum")
    return found


def model_proto(model, config, images, calibrate):
    """The ONNX model of a trained network; `images` are training images."""
    made = Export(model)
    made.build()
    x = images.batch(torch.arange(min(calibrate, len(images))))[0].contiguous()
    largest = graph.ranges(made.graph, x)
    parameters = sum(p.numel() for name, p in model.named_parameters() if not name.endswith("quantizer.limits"))
    noted = notes(made, largest, parameters)
    metadata = properties(config, images)
    if noted:
        metadata["shiftsim_quantization"] = json.dumps(noted, sort_keys=True)
    outputs = model(x[:1]).shape[1]
    proto = helper.make_model(
        helper.make_graph(
            made.writer.nodes,
            config["network"],
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", *x.shape[1:]])],
            [helper.make_tensor_value_info(made.output, TensorProto.FLOAT, ["N", outputs])],
            made.writer.constants,
        ),
        producer_name="shiftsim_tools.training",
        # int16 codes need opset 21.
        opset_imports=[helper.make_opsetid("", 21 if made.writer.wide else 13)],
        ir_version=10 if made.writer.wide else 8,
    )
    helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto, full_check=True)
    return proto


@torch.no_grad()
def difference(model, proto, images, count=100):
    """Largest difference of onnxruntime's outputs from PyTorch's in eval mode, as a share of the largest output."""
    x = images.batch(torch.arange(min(count, len(images))))[0].contiguous()
    wanted = model.eval()(x).numpy()
    session = runtime.session(proto.SerializeToString())
    found = session.run(None, {"input": x.numpy()})[0]
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def export(path, output, calibrate=256):
    """Writes the ONNX file of a model.pt; returns the difference of onnxruntime from PyTorch."""
    torch.set_num_threads(1)
    model, config = run.trained_model(path)
    given = config["data"]
    train, test = data.load(given["name"], given["path"], (calibrate, 100), **given["options"])
    with torch.no_grad():
        proto = model_proto(model, config, train, calibrate)
    share = difference(model, proto, test)
    if share > TOLERANCE:
        raise ValueError(f"{output}: onnxruntime differs from PyTorch by {share:.2g} of the largest output")
    run.write_whole(output, proto.SerializeToString())
    return share


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path, metavar="RUN/model.pt")
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True, metavar="MODEL.onnx")
    parser.add_argument("--calibrate", type=int, default=256, metavar="N", help="training images (default: 256)")
    arguments = parser.parse_args(argv)
    try:
        share = export(arguments.model, arguments.output, arguments.calibrate)
    except (ValueError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except data.MissingDataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 4
    print(f"{arguments.output}: {arguments.output.stat().st_size:,} bytes; onnxruntime within {share:.1e} of PyTorch")
    return 0


if __name__ == "__main__":
    sys.exit(main())
