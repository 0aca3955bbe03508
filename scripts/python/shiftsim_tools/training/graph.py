"""The graph of a network: its nodes by torch.fx, the ranges that they take, and the passes of the array they become."""

import operator

import torch
import torch.nn.functional as F
from torch import fx, nn

from shiftsim_tools.training import layers, networks


class _Tracer(fx.Tracer):
    def is_leaf_module(self, module, name):
        own = (layers.QuantizedLayer, networks.Subsample)
        return isinstance(module, own) or super().is_leaf_module(module, name)


FUNCTIONS = {
    F.relu: "relu",
    F.adaptive_avg_pool2d: "global-average",
    F.avg_pool2d: "average",
    torch.flatten: "flatten",
    torch.cat: "concat",
    operator.add: "add",
}
MODULES = {
    nn.Conv2d: "convolution",
    nn.Linear: "linear",
    nn.BatchNorm2d: "normalization",
    nn.ReLU: "relu",
    nn.MaxPool2d: "maximum",
    networks.Subsample: "subsample",
}
# What starts a pass of the array.
PASSES = ("convolution", "linear", "maximum", "average", "global-average", "subsample")


def trace(model):
    """A GraphModule of a network of this package, with networks.py's operations only."""
    return fx.GraphModule(model, _Tracer().trace(model))


def kind(graph, node):
    """What a node does, in words of FUNCTIONS and MODULES."""
    if node.op in ("placeholder", "output"):
        return node.op
    if node.op == "call_function":
        found = FUNCTIONS.get(node.target)
    else:
        module = graph.get_submodule(node.target)
        found = next((name for base, name in MODULES.items() if isinstance(module, base)), None)
    if found is None:
        raise ValueError(f"{node.name}: no export of {node.target}; accepted: {', '.join(sorted(MODULES.values()))}")
    return found


def operands(node):
    """Nodes that a node reads, in order."""
    first = node.args[0]
    return list(first) if isinstance(first, list | tuple) else [a for a in node.args if isinstance(a, fx.Node)]


class _Ranges(fx.Interpreter):
    def __init__(self, graph):
        super().__init__(graph)
        self.largest = {}

    def run_node(self, n):
        value = super().run_node(n)
        if torch.is_tensor(value):
            self.largest[n.name] = max(self.largest.get(n.name, 0.0), float(value.abs().max()))
        return value


@torch.no_grad()
def ranges(graph, images, batch=64):
    """Largest magnitude of every node's value over normalized images, with the weights of inference."""
    found = _Ranges(graph.eval())
    for part in images.split(batch):
        found.run(part)
    return found.largest


def passes(graph):
    """[(node that starts a pass, node whose value it writes)] as the simulator's Lowering makes them, or None where a
    network has concatenations, whose copies and pre-activations are the simulator's own affair.

    A pass takes in normalizations, then one addition, then a ReLU, as long as nothing else reads what is between. Of an
    addition's operands the last one that can take it does.
    """
    kinds = {node: kind(graph, node) for node in graph.graph.nodes}
    if "concat" in kinds.values():
        return None
    ends, start, closed = {}, {}, {}
    for node, what in kinds.items():
        if what in PASSES:
            _begin(node, node, ends, start, closed)
        elif what == "flatten":
            source = operands(node)[0]
            if source in start:
                _extend(node, source, ends, start, closed, closed[source])
        elif what in ("normalization", "relu", "add"):
            chain = next((o for o in reversed(operands(node)) if _takes(what, o, start, closed)), None)
            if chain is None:
                return None
            _extend(node, chain, ends, start, closed, {"normalization": 0, "add": 1, "relu": 2}[what])
    return list(ends.items())


def _begin(node, value, ends, start, closed):
    ends[node], start[value], closed[value] = value, node, 0


def _extend(node, source, ends, start, closed, level):
    ends[start[source]], start[node], closed[node] = node, start[source], level


def _takes(what, operand, start, closed):
    """Whether the pass that ends with this operand can take in a normalization, an addition or a ReLU."""
    limit = {"normalization": 0, "add": 0, "relu": 1}[what]
    return operand in start and len(operand.users) == 1 and closed[operand] <= limit
