"""Fits the group factors of the energy table on measured boards, and prints how well they predict.

    python -m shiftsim_tools.energy_calibration TRAIN.csv [--held-out FILE.csv]

TRAIN.csv has a row for each measured design, columns as in `energies` below: rates of events a clock of an HLS
kernel at
100 MHz and its dynamic power on VCCINT in mW (PowerGear, DATE 2022, on ZCU102 boards; docs/sources.md E1).
Energies of
a table from vendor tools are scaled by one factor for each group, none negative, so that the mean of the
relative errors
is small. The error is told three ways: on the rows of the fit; on families of kernels that were left out of
the fit, one
after the other; on the rows of a file that had no part in it.
"""

import argparse
import csv
import sys

import numpy as np

# Energies that the factors scale, from vendor tools: docs/sources.md E2. pJ.
DSP_PER_ALPHA = 17.0
LUT_AND_NET = 0.26
SELECTED_BIT = 0.29
FLIP_FLOP = 0.16
BANK_ACCESS = 9.4
INPUT_WORD = 140.0
# An FP32 multiply and add as Vivado HLS builds them (docs/sources.md E1), and the bits of their two operands.
MULTIPLY = {"dsp": 3, "lut": 135}
ADD = {"dsp": 2, "lut": 214}
OPERAND_BITS = 64
# Of the flip-flops of a busy pipeline, those that change in a clock.
PIPELINE_ALPHA = 0.4
# A milliwatt at 100 MHz.
PJ_PER_MW = 10.0

GROUPS = ("multiply", "add", "results", "flip-flops", "banks", "input words")
FAMILIES = {
    "mac": ("mac_1", "mac_2", "mac_3", "mac_4", "mac_5"),
    "aA": ("aA",),
    "add": ("AplusB", "aAplusbB"),
    "matrix-vector": ("Ax", "aAx"),
    "matrix-matrix": ("AB_1", "AB_2", "aAB"),
    "xy": ("xy",),
}


def number(row, column):
    """A cell as a number; an empty one is 0."""
    return float(row[column]) if row.get(column) else 0.0


def energies(row):
    """pJ a clock of one design, by group, before factors."""

    def per_bit(unit):
        return (unit["dsp"] * DSP_PER_ALPHA + unit["lut"] * LUT_AND_NET) / OPERAND_BITS

    selected = number(row, "mux_tog_in") + number(row, "sel_tog")
    return [
        number(row, "fmul_tog_in") * per_bit(MULTIPLY),
        number(row, "fadd_tog_in") * per_bit(ADD),
        number(row, "edge_tog") * LUT_AND_NET + selected * SELECTED_BIT,
        number(row, "ff_busy") * PIPELINE_ALPHA * FLIP_FLOP,
        number(row, "mem_rate") * BANK_ACCESS,
        number(row, "io_rate") * INPUT_WORD / max(1.0, number(row, "io")),
    ]


def read(path):
    """Rows with a measured dynamic power, as (kernel names, energies, measured pJ a clock)."""
    with open(path, newline="") as file:
        rows = [row for row in csv.DictReader(file) if number(row, "dyn_mW") > 0]
    if not rows:
        raise SystemExit(f"{path}: no row has dyn_mW")
    measured = np.array([number(row, "dyn_mW") * PJ_PER_MW for row in rows])
    return [row["kernel"] for row in rows], np.array([energies(row) for row in rows]), measured


def fit(features, measured, rounds=60):
    """Factors >= 0 with the least mean of |predicted / measured - 1|, by reweighted least squares."""
    scaled = features / measured[:, None]
    weights = np.ones(len(measured))
    factors = np.ones(features.shape[1])
    for _ in range(rounds):
        left = (scaled * weights[:, None]).T @ scaled
        right = (scaled * weights[:, None]).T @ np.ones(len(measured))
        factors = nonnegative(left, right, factors)
        weights = 1 / np.maximum(np.abs(scaled @ factors - 1), 0.02)
    return factors


def nonnegative(left, right, start, sweeps=400):
    """The minimum of x left x / 2 - right x over x >= 0, coordinate by coordinate."""
    x = start.copy()
    for _ in range(sweeps):
        for i in range(len(x)):
            if left[i, i] > 0:
                x[i] = max(0.0, x[i] + (right[i] - left[i] @ x) / left[i, i])
    return x


def errors(features, measured, factors):
    """Relative errors of the predictions."""
    return features @ factors / measured - 1


def percent(values):
    return f"mean {100 * np.abs(values).mean():.1f} %, bias {100 * values.mean():+.1f} %"


def family_of(kernel):
    for family, kernels in FAMILIES.items():
        if kernel in kernels:
            return family
    return None


def left_out(kernels, features, measured):
    """Errors on each family with factors of the others."""
    families = np.array([family_of(kernel) for kernel in kernels])
    result = {}
    for family in FAMILIES:
        inside = families == family
        if inside.any() and not inside.all():
            factors = fit(features[~inside], measured[~inside])
            result[family] = errors(features[inside], measured[inside], factors)
    return result


def bootstrap(kernels, features, measured, rounds, seed):
    """5 and 95 % quantiles of the factors over draws of families."""
    families = np.array([family_of(kernel) for kernel in kernels])
    generator = np.random.default_rng(seed)
    draws = []
    for _ in range(rounds):
        chosen = generator.choice(list(FAMILIES), len(FAMILIES))
        rows = np.concatenate([np.flatnonzero(families == family) for family in chosen])
        draws.append(fit(features[rows], measured[rows], rounds=15))
    return np.quantile(np.array(draws), [0.05, 0.95], axis=0)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", help="rows of the fit")
    parser.add_argument("--held-out", action="append", default=[], help="rows that are only predicted")
    parser.add_argument("--draws", type=int, default=60, help="draws of the bootstrap")
    options = parser.parse_args(arguments)
    kernels, features, measured = read(options.train)
    used = np.array([family_of(kernel) is not None for kernel in kernels])
    rest = {kernel for kernel, known in zip(kernels, used, strict=True) if not known}
    train = [kernel for kernel, known in zip(kernels, used, strict=True) if known]
    factors = fit(features[used], measured[used])
    low, high = bootstrap(train, features[used], measured[used], options.draws, seed=1)
    print(f"{used.sum()} designs of {len(set(train))} kernels")
    print("group         factor  5 to 95 %")
    for name, value, a, b in zip(GROUPS, factors, low, high, strict=True):
        print(f"{name:12s}  {value:6.2f}  {a:.2f} to {b:.2f}")
    print(f"in the fit: {percent(errors(features[used], measured[used], factors))}")
    apart = left_out(train, features[used], measured[used])
    for family, values in apart.items():
        print(f"  without {family}, on it: {percent(values)}")
    print(f"left out, family by family: {percent(np.concatenate(list(apart.values())))}")
    for kernel in sorted(rest):
        chosen = np.array([name == kernel for name in kernels])
        print(f"not fitted, {kernel}: {percent(errors(features[chosen], measured[chosen], factors))}")
    for path in options.held_out:
        _, other, truth = read(path)
        print(f"held out, {path}: {percent(errors(other, truth, factors))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
