"""Quantizers of weights and activations, as torch modules: tensor in, tensor of levels out, with the papers' gradients.

  NBQ         Chen, Liu, Liu, Zeng (IEEE TNNLS 2020): staircase and reconstructed gradient
  Terms       Ding et al.: LightNN-1, LightNN-2 (GLSVLSI 2017) and FLightNN (DAC 2019). FLightNN's text was not
              available: its quantizer here is our reading (docs/guide/Train.md), with the properties of its abstract
  FixedPoint  symmetric fixed point, the baseline
  Activation  signed fixed point of 8 or 16 bits with a power-of-two scale, the accelerator's
  Binary      one-bit activations of the n-BQ paper's W1A1 row

In training mode a weight quantizer gives what the forward pass of training uses, in eval mode the levels alone.
`codes(weight)` gives the integers and the real value of code 1.
"""

import math

import numpy as np
import torch
from torch import nn

from shiftsim_tools.training import thresholds


def mix_at(progress):
    """a = 1 - 0.5 * 2^p, p the part of training that is done: from 0.5 to 0 (the authors' code: p = epoch / E)."""
    return 1 - 0.5 * 2.0 ** min(max(progress, 0.0), 1.0)


def straight_through(value, weight):
    """`value`, with the gradient handed to `weight` unchanged."""
    return weight + (value - weight).detach()


class Quantizer(nn.Module):
    """What every quantizer of weights has."""

    # Of shiftsim_quantization's weight_format.
    format = "fixed"

    def start(self, weight):
        """Fits scale and thresholds to a trained or initial weight."""

    def advance(self, weight, progress):
        """Called between periods of training; `progress` in 0...1 is the part that is done."""

    def stored_bits(self, weight):
        """Bits of the weights as the papers count them (docs/internals/Numerics.md, 2.5)."""
        return weight.numel() * self.bits


class NBQ(Quantizer):
    """The staircase of n bits; W~ = (1 - a) * Q(W) + a * W, so dC/dW = a * dC/dW~.

    `gradient`: "paper" as above; "ste" hands dC/dW~ to W unscaled. `rule`: thresholds.RULES; None takes the authors'
    fractions for 3 bits and moment matching for the others. `settle` makes each period end with W <- W~ (theorem 2:
    W then goes to the levels as a^n); without it W goes where the optimiser takes it, and in the end Q(W) is used.
    """

    format = "power-of-two"

    def __init__(self, bits=3, rule=None, gradient="paper", settle=False):
        super().__init__()
        if bits not in range(1, 6):
            raise ValueError(f"weight_bits: is {bits}; n-bq accepts 1...5")
        if gradient not in ("paper", "ste"):
            raise ValueError(f"gradient: is '{gradient}'; accepted: paper, ste")
        self.bits, self.gradient, self.settle = bits, gradient, settle
        self.rule = rule or ("authors" if bits == 3 else "moment-matching")
        values = thresholds.levels(bits)
        self.register_buffer("levels", torch.tensor(values, dtype=torch.float32))
        self.register_buffer("limits", torch.zeros(0 if bits == 1 else len(values)))
        self.register_buffer("scale", torch.tensor(1.0))
        self.register_buffer("mix", torch.tensor(0.5))

    def start(self, weight):
        scale, limits = thresholds.solve(weight.detach().cpu().numpy(), self.bits, self.rule)
        self.scale.fill_(scale)
        self.limits.copy_(torch.as_tensor(limits))

    @torch.no_grad()
    def advance(self, weight, progress):
        """The next a. Moment matching moves the limits to the present weights, levels kept (sec. III-C)."""
        if self.settle:
            weight.copy_(self.settled(weight))
        self.mix.fill_(mix_at(progress))
        if self.rule == "moment-matching" and self.bits > 1:
            magnitudes = weight.abs().double().cpu().numpy().ravel()
            if magnitudes.any():
                self.limits.copy_(torch.as_tensor(thresholds.matched(magnitudes, float(self.scale), self.bits)))

    def settled(self, weight):
        """One step of theorem 2: (1 - a) * Q(W) + a * W."""
        return (1 - self.mix) * self.scale * self.staircase(weight) + self.mix * weight

    def staircase(self, weight):
        """Levels of unit scale; sign(0) = +1, which matters with one bit."""
        sign = torch.where(weight < 0, -1.0, 1.0).to(weight.dtype)
        if self.bits == 1:
            return sign
        magnitude = weight.detach().abs().contiguous()
        limits = self.limits
        if self.rule == "authors":
            limits = torch.tensor(thresholds.AUTHORS, device=weight.device) * magnitude.max()
        steps = torch.cat([torch.zeros_like(self.levels[:1]), self.levels]).to(weight.dtype)
        return sign * steps[torch.bucketize(magnitude, limits.to(weight.dtype), right=True)]

    def forward(self, weight):
        levels = (self.scale * self.staircase(weight)).detach()
        if not self.training:
            return levels
        mixed = (1 - self.mix) * levels + self.mix * weight
        return mixed if self.gradient == "paper" else straight_through(mixed, weight)

    @torch.no_grad()
    def codes(self, weight):
        return (self.staircase(weight) / self.levels[0]).round().to(torch.int32), float(self.scale * self.levels[0])


def _hard(difference):
    """1[x > 0], with the derivative of the sigmoid."""
    soft = torch.sigmoid(difference)
    return (difference > 0).to(soft.dtype) + (soft - soft.detach())


class Terms(Quantizer):
    """A weight as a sum of at most `terms` signed powers of two, their number chosen filter by filter:

        r_0 = w      q_j = 1[ |r_j| > t_j ] * R(r_j)      r_(j+1) = r_j - q_j      weight = q_0 + q_1

    R(x) = sign(x) * 2^round(log2|x|) in 2^(bits-1) - 1 octaves below a top level that follows from max|w|
    (docs/internals/Numerics.md, 2.3); 0 below half of the lowest octave. |r_j| is the norm of the filter in units of
    the layer's root mean square filter norm. R has the gradient of the identity, the indicator that of
    sigmoid((|r_j| - t_j) / slope).

    `trained` (FLightNN) makes the thresholds parameters; without it (LightNN) they are 0: always `terms` terms.
    """

    format = "power-of-two-sum"

    def __init__(self, terms=2, bits=4, trained=False, initial=(0.0, 0.15), slope=0.02):
        super().__init__()
        if terms not in (1, 2):
            raise ValueError(f"terms: is {terms}; accepted: 1, 2")
        if bits not in range(3, 6):
            raise ValueError(f"weight_bits: is {bits}; lightnn and flightnn accept 3...5")
        self.terms, self.bits, self.slope = terms, bits, slope
        if trained:
            self.limits = nn.Parameter(torch.tensor(initial[:terms], dtype=torch.float32))
        else:
            self.register_buffer("limits", torch.zeros(terms))

    @property
    def octaves(self):
        return 2 ** (self.bits - 1) - 1

    @property
    def trained(self):
        return isinstance(self.limits, nn.Parameter)

    def unit(self, weight):
        """The lowest level: as fine as can be with both terms of every weight at most 5/4 of the top level."""
        largest = float(weight.detach().abs().max())
        if largest == 0:
            return 1.0
        octave = _octave(largest)
        rest = largest - 2.0**octave
        beyond = rest > 0 and _octave(rest) > octave - 2
        return 2.0 ** (octave + int(beyond) - (self.octaves - 1))

    def power(self, values, unit):
        """R without a gradient."""
        scaled = values.detach().double() / unit
        magnitude = scaled.abs()
        # log2 rounds at sqrt(2): compared as squares, exact for float32 weights.
        mantissa, exponent = torch.frexp(magnitude)
        octave = torch.where(mantissa * mantissa * 4 > 2, exponent, exponent - 1)
        level = torch.sign(scaled) * torch.exp2(octave.clamp(0, self.octaves - 1).double())
        return (torch.where(magnitude >= 0.5, level, torch.zeros_like(level)) * unit).to(values.dtype)

    @staticmethod
    def spread(weight):
        """Root mean square of the filter norms; 1 where all weights are 0."""
        value = weight.detach().flatten(1).norm(dim=1).square().mean().sqrt()
        return torch.where(value > 0, value, torch.ones_like(value))

    def residuals(self, weight, rounding=None, indicator=_hard):
        """Pairs (q_j, |r_j| before it); tests put smooth functions for R and the indicator."""
        unit, spread = self.unit(weight), self.spread(weight)
        rounding = rounding or (lambda r: straight_through(self.power(r, unit), r))
        rest, found = weight.flatten(1), []
        for limit in self.limits[: self.terms]:
            norm = torch.linalg.vector_norm(rest, dim=1) / spread
            fired = indicator((norm - limit) / self.slope)
            term = fired[:, None] * rounding(rest)
            found.append((term, norm))
            rest = rest - term
        return found

    def forward(self, weight):
        total = sum(term for term, _ in self.residuals(weight))
        return total.reshape(weight.shape)

    def residual_norms(self, weight):
        """|r_j| of every filter, [terms, filters], with each q a constant: the group lasso on them pulls a filter to
        fewer terms. (With R's straight-through gradient the norm of what R leaves would have none.)"""
        unit, spread = self.unit(weight), self.spread(weight)
        rest, norms = weight.flatten(1), []
        for limit in self.limits.detach()[: self.terms]:
            # The root of a tiny sum has no gradient at 0.
            norm = (rest.square().sum(1) + 1e-20).sqrt() / spread
            norms.append(norm)
            rest = rest - (norm.detach() > limit)[:, None] * self.power(rest, unit)
        return torch.stack(norms)

    def expected_terms(self, weight):
        """Sum of the relaxed indicators of each filter: what a pass costs, with a gradient to t_j and to W."""
        norms, fired = self.residual_norms(weight), 0
        for limit, norm in zip(self.limits, norms, strict=True):
            fired = fired + torch.sigmoid((norm - limit) / self.slope)
        return fired

    @torch.no_grad()
    def codes(self, weight):
        unit = self.unit(weight)
        return torch.round(self.forward(weight) / unit).to(torch.int32), unit

    @torch.no_grad()
    def filter_terms(self, weight):
        """Terms of each filter: the most that one of its weights needs."""
        magnitude = self.codes(weight)[0].abs().long().flatten(1)
        digits = magnitude ^ (3 * magnitude)
        count = sum((digits >> place) & 1 for place in range(self.octaves + 4))
        return count.amax(1)

    def stored_bits(self, weight):
        if not self.trained:
            return weight.numel() * self.bits * self.terms
        terms = self.filter_terms(weight)
        return int(terms.sum()) * self.bits * weight[0].numel() + 2 * len(terms)


def _octave(magnitude):
    """round(log2 x) of a positive number, the border at sqrt(2)."""
    mantissa, exponent = math.frexp(magnitude)
    return exponent if mantissa * mantissa * 4 > 2 else exponent - 1


class FixedPoint(Quantizer):
    """Symmetric fixed point, |code| <= 2^(bits-1) - 1, one scale a layer; the straight-through gradient.

    The scale is that of least squared error at the start, among shares of max|W|, and stays.
    """

    def __init__(self, bits=4):
        super().__init__()
        if bits not in (4, 8, 16):
            raise ValueError(f"weight_bits: is {bits}; fixed accepts 4, 8, 16")
        self.bits = bits
        self.register_buffer("scale", torch.tensor(1.0))

    @property
    def limit(self):
        return 2 ** (self.bits - 1) - 1

    def start(self, weight):
        values = weight.detach().double().cpu().numpy().ravel()
        top = np.abs(values).max()
        if top == 0:
            return
        scales = [top / self.limit * share / 64 for share in range(64, 19, -1)]
        errors = [np.square(values - np.clip(np.rint(values / s), -self.limit, self.limit) * s).sum() for s in scales]
        self.scale.fill_(scales[int(np.argmin(errors))])

    def integers(self, weight):
        return torch.clamp(torch.round(weight / self.scale), -self.limit, self.limit)

    def forward(self, weight):
        return straight_through(self.integers(weight) * self.scale, weight)

    @torch.no_grad()
    def codes(self, weight):
        return self.integers(weight).to(torch.int32), float(self.scale)


class Activation(nn.Module):
    """Signed fixed point of 8 or 16 bits with a power-of-two step: half to even, saturated, straight-through inside.

    In training mode the range grows with what it sees; `reset` forgets it, so that ranges are those of the quantized
    network and not of the float one that it was made from.
    """

    def __init__(self, bits=8):
        super().__init__()
        if bits not in (8, 16):
            raise ValueError(f"activation_bits: is {bits}; accepted: 8, 16")
        self.bits = bits
        self.register_buffer("largest", torch.tensor(0.0))

    def reset(self):
        self.largest.zero_()

    @property
    def exponent(self):
        """The smallest e with max|x| <= (2^(bits-1) - 1) * 2^e."""
        return range_exponent(float(self.largest), self.bits)

    def forward(self, x):
        if self.training:
            self.largest.copy_(torch.maximum(self.largest, x.detach().abs().max()))
        step, limit = 2.0**self.exponent, 2 ** (self.bits - 1)
        inside = torch.clamp(x, -limit * step, (limit - 1) * step)
        return straight_through(torch.round(inside / step) * step, inside)


def range_exponent(largest, bits):
    """The smallest e with largest <= (2^(bits-1) - 1) * 2^e; a tensor of zeros counts as of range 1."""
    limit = 2 ** (bits - 1) - 1
    exponent = math.ceil(math.log2((largest or 1.0) / limit))
    while largest > limit * 2.0**exponent:
        exponent += 1
    while largest and largest <= limit * 2.0 ** (exponent - 1):
        exponent -= 1
    return exponent


class _Sign(torch.autograd.Function):
    @staticmethod
    def forward(context, z, gain):
        context.save_for_backward(z)
        context.gain = gain
        return torch.where(z < 0, -1.0, 1.0).to(z.dtype)

    @staticmethod
    def backward(context, gradient):
        (z,) = context.saved_tensors
        return context.gain * gradient * (z.abs() <= 1).to(gradient.dtype), None


class Binary(nn.Module):
    """sign(z), its gradient gain * dC/da * 1[|z| <= 1] (theorem 3 of the n-BQ paper; the gain is lambda there)."""

    bits = 1

    def __init__(self, gain=2.0):
        super().__init__()
        self.gain = gain

    def forward(self, x):
        return _Sign.apply(x, self.gain)
