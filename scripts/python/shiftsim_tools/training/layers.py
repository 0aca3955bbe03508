"""Drop-in Conv2d and Linear with quantized weights, and what works on a whole network of them."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

from shiftsim_tools.training import quantizers

SCHEMES = ("float", "n-bq", "lightnn-1", "lightnn-2", "flightnn", "fixed")


def quantizer(scheme, weight_bits=None, **options):
    """A quantizer of weights; `options` are those of its class."""
    if scheme not in SCHEMES:
        raise ValueError(f"scheme: is '{scheme}'; accepted: {', '.join(SCHEMES)}")
    width = {} if weight_bits is None else {"bits": weight_bits}
    if scheme == "n-bq":
        return quantizers.NBQ(**width, **options)
    if scheme in ("lightnn-1", "lightnn-2"):
        return quantizers.Terms(terms=int(scheme[-1]), **width, **options)
    if scheme == "flightnn":
        return quantizers.Terms(terms=2, trained=True, **width, **options)
    return quantizers.FixedPoint(**width, **options)


class QuantizedLayer:
    """Mixed into Conv2d and Linear."""

    def attach(self, quantizer, activation=None):
        self.quantizer, self.activation = quantizer, activation
        quantizer.start(self.weight)

    def effective(self):
        return self.quantizer(self.weight)

    def operand(self, x):
        return x if self.activation is None else self.activation(x)

    def codes(self):
        """Integer weights and the real value of 1."""
        codes, unit = self.quantizer.codes(self.weight.detach())
        return codes.cpu().numpy(), unit


class QuantConv2d(QuantizedLayer, nn.Conv2d):
    def forward(self, x):
        weight = self.effective()
        return F.conv2d(self.operand(x), weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class QuantLinear(QuantizedLayer, nn.Linear):
    def forward(self, x):
        return F.linear(self.operand(x), self.effective(), self.bias)


KINDS = {nn.Conv2d: QuantConv2d, nn.Linear: QuantLinear}


def convert(model, scheme, weight_bits=None, activation_bits=16, keep=(), **options):
    """A copy of a float network with every Conv2d and Linear quantized, but for those named in `keep`.

    `activation_bits` 8 also quantizes what each layer reads, as the accelerator stores it; 1 makes it binary but
    for the first layer; 16 is left to the accelerator, whose 16 bits change nothing that training could see.
    """
    if activation_bits not in (1, 8, 16):
        raise ValueError(f"activation_bits: is {activation_bits}; accepted: 1, 8, 16")
    model = copy.deepcopy(model)
    if scheme == "float":
        return model
    names = [name for name, module in model.named_modules() if type(module) in KINDS]
    unknown = set(keep) - set(names)
    if unknown:
        raise ValueError(f"keep: no layer {sorted(unknown)[0]}; accepted: {', '.join(names)}")
    first = True
    for name in names:
        if name in keep:
            continue
        module = model.get_submodule(name)
        module.__class__ = KINDS[type(module)]
        activation = None
        if activation_bits == 8:
            activation = quantizers.Activation(8)
        elif activation_bits == 1 and not first:
            activation = quantizers.Binary()
        module.attach(quantizer(scheme, weight_bits, **options), activation)
        first = False
    return model


def quantized_layers(model):
    """(name, layer) of every quantized layer."""
    return [(name, module) for name, module in model.named_modules() if isinstance(module, QuantizedLayer)]


def advance(model, progress):
    """Between two periods of training; `progress` in 0...1 is the part that is done."""
    for _, layer in quantized_layers(model):
        layer.quantizer.advance(layer.weight, progress)


def parameter_groups(model, rate, decay=0.0, threshold_rate=0.001):
    """Groups for an optimiser: thresholds learn at `threshold_rate` times the rate and do not decay.

    A threshold's gradient is summed over all weights of a layer and divided by the slope of its sigmoid: at the rate of
    the weights a step would carry it past every filter's norm, where it has no gradient left.
    """
    limits = [
        layer.quantizer.limits
        for _, layer in quantized_layers(model)
        if isinstance(layer.quantizer, quantizers.Terms) and layer.quantizer.trained
    ]
    known = {id(limit) for limit in limits}
    others = [parameter for parameter in model.parameters() if id(parameter) not in known]
    groups = [{"params": others, "lr": rate, "weight_decay": decay}]
    if limits:
        groups.append({"params": limits, "lr": rate * threshold_rate, "weight_decay": 0.0})
    return groups


def penalty(model, residual=(0.0, 0.0), passes=0.0, costs=None):
    """FLightNN's regulariser: sum over layers and filters of lambda_j * |r_j| (group lasso on residuals), plus
    `passes` times the relaxed number of filter passes.

    `costs` weighs each layer by name, such as by simulated cycles; without it all weigh the same. Weights have a mean
    of one over the filters, so that lambda means the same with and without them.
    """
    found = [(name, layer) for name, layer in quantized_layers(model) if isinstance(layer.quantizer, quantizers.Terms)]
    if not found:
        return torch.zeros(())
    filters = sum(len(layer.weight) for _, layer in found)
    mean = 1.0 if costs is None else sum(costs[name] * len(layer.weight) for name, layer in found) / filters
    total = 0
    for name, layer in found:
        weight = 1.0 if costs is None else costs[name] / mean
        norms = layer.quantizer.residual_norms(layer.weight)
        for value, norm in zip(residual, norms, strict=False):
            if value:
                total = total + weight * value * norm.sum()
        if passes:
            total = total + weight * passes * layer.quantizer.expected_terms(layer.weight).sum()
    return total if torch.is_tensor(total) else torch.zeros(())


def storage_bits(model):
    """Bits of all weights as the papers count them; float layers at 32."""
    total = 0
    for module in model.modules():
        if isinstance(module, QuantizedLayer):
            total += module.quantizer.stored_bits(module.weight)
        elif type(module) in KINDS:
            total += 32 * module.weight.numel()
    return total


def filters_by_terms(model):
    """Numbers of filters of 0, 1, 2 terms over the layers of power-of-two sums."""
    counts = [0, 0, 0]
    for _, layer in quantized_layers(model):
        if isinstance(layer.quantizer, quantizers.Terms):
            for terms in layer.quantizer.filter_terms(layer.weight.detach()).tolist():
                counts[terms] += 1
    return counts
