"""Where the n-BQ staircase changes level, and how large its levels are.

Chen, Liu, Liu, Zeng (IEEE TNNLS 2020). The n-bit staircase has r = 2^(n-1) - 1 magnitudes s, s/2, ..., s*2^(1-r) and,
from two bits on, a zero. The paper prints no thresholds. Four rules (the simulator's are in
docs/internals/Numerics.md, 2.2):

  authors          0.02, 0.07 and 0.14 of max|W|: the authors' published code, 3 bits only;
  moment-matching  mean and mean square of |W| are kept (equation 18), at the scale of `nearest`;
  nearest          half way between neighbouring levels, at the scale of least squared error;
  floor            our generalisation of the code's spirit: |W| is rounded down to a level, half of the lowest one
                   still counts as it; scale of least squared error.
"""

import numpy as np

RULES = ("authors", "moment-matching", "nearest", "floor")
AUTHORS = (0.02, 0.07, 0.14)


def levels(bits):
    """Magnitudes of unit scale in rising order: 2^(1-r), ..., 1/2, 1 (one bit: 1)."""
    count = max(1, 2 ** (bits - 1) - 1)
    return 2.0 ** np.arange(1 - count, 1)


def rounded(magnitudes, limits, values):
    """The level of each magnitude; `limits[i]` is where `values[i]` begins. One bit has no limits and no zero."""
    if len(limits) == 0:
        return np.full_like(magnitudes, values[0])
    steps = np.concatenate([[0.0], values])
    return steps[np.searchsorted(limits, magnitudes, side="right")]


def midpoints(values):
    """Limits half way between neighbours, zero included."""
    return (np.concatenate([[0.0], values[:-1]]) + values) / 2


def floors(values):
    """Limits at the levels themselves, the lowest at half of its level."""
    return np.concatenate([[values[0] / 2], values[1:]])


def least_squares(magnitudes, unit_values, limits_of):
    """The scale with the least squared error among 1/8 octaves below 4/3 of the maximum, then refined."""
    top = magnitudes.max()
    best, least = top, np.inf
    for step in range(64):
        scale = top * 4 / 3 * 2 ** (-step / 8)
        values = unit_values * scale
        error = np.square(magnitudes - rounded(magnitudes, limits_of(values), values)).sum()
        if error < least:
            best, least = scale, error
    for _ in range(20):
        values = unit_values * best
        q = rounded(magnitudes, limits_of(values), values) / best
        if not q.any():
            break
        best = float(magnitudes @ q / (q @ q))
    return best


def matched(magnitudes, scale, bits):
    """Limits that keep the mean and the mean square of the magnitudes as nearly as levels of this scale can.

    One gain moves the limits between non-zero levels and sets the mean square; the zero limit moves by itself and
    sets the mean. The two are solved in turn.
    """
    values = levels(bits) * scale
    if bits == 2:
        kept = min(1.0, magnitudes.mean() / scale)
        return np.array([np.quantile(magnitudes, 1 - kept)])
    mean, square = magnitudes.mean(), np.square(magnitudes).mean()
    upper, zero = midpoints(values)[1:], values[0] / 2

    def limits(gain, zero):
        first = gain * upper[0]
        return np.concatenate([[min(zero, first)], gain * upper])

    gain = 1.0
    for _ in range(6):
        low, high = 2 / 3, 4 / 3
        for _ in range(20):
            gain = (low + high) / 2
            found = np.square(rounded(magnitudes, limits(gain, zero), values)).mean()
            low, high = (gain, high) if found > square else (low, gain)
        low, high = 0.0, gain * upper[0]
        for _ in range(20):
            zero = (low + high) / 2
            found = rounded(magnitudes, limits(gain, zero), values).mean()
            low, high = (zero, high) if found > mean else (low, zero)
    return limits(gain, zero)


def solve(weights, bits, rule):
    """(scale, limits) of a tensor of weights. `authors` gives limits at the present max|W|.

    The scale of one bit is mean|W|, whatever the rule.
    """
    magnitudes = np.abs(np.asarray(weights, np.float64)).ravel()
    if rule not in RULES:
        raise ValueError(f"thresholds: is '{rule}'; accepted: {', '.join(RULES)}")
    if rule == "authors" and bits != 3:
        raise ValueError("thresholds: 'authors' is published for 3 bits only; accepted: " + ", ".join(RULES[1:]))
    if not magnitudes.any():
        return 1.0, midpoints(levels(bits))[: 0 if bits == 1 else None]
    if bits == 1:
        return float(magnitudes.mean()), np.array([])
    unit_values = levels(bits)
    if rule == "authors":
        limits = np.array(AUTHORS) * magnitudes.max()
        q = rounded(magnitudes, limits, unit_values)
        return float(magnitudes @ q / (q @ q)), limits
    if rule == "floor":
        scale = least_squares(magnitudes, unit_values, floors)
        return scale, floors(unit_values * scale)
    if bits == 2 and rule == "moment-matching":
        scale = float(np.square(magnitudes).mean() / magnitudes.mean())
    else:
        scale = least_squares(magnitudes, unit_values, midpoints)
    if rule == "moment-matching":
        return scale, matched(magnitudes, scale, bits)
    return scale, midpoints(unit_values * scale)
