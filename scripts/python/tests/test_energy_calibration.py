"""Does the calibration find factors that are known, and tell errors that are real?"""

import csv

import numpy as np
import pytest

from shiftsim_tools import energy_calibration as calibration
from shiftsim_tools.paths import shared

COLUMNS = ("fmul_tog_in", "fadd_tog_in", "edge_tog", "mux_tog_in", "sel_tog", "ff_busy", "mem_rate", "io_rate")


def write(path, kernels, factors, noise=0.0, seed=1):
    """Designs whose power is exactly the factors times the table's energies, but for noise."""
    generator = np.random.default_rng(seed)
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, ["kernel", "io", *COLUMNS, "dyn_mW"])
        writer.writeheader()
        for kernel in kernels:
            row = {"kernel": kernel, "io": "2"}
            row |= {column: str(value) for column, value in zip(COLUMNS, generator.uniform(1, 50, 8), strict=True)}
            power = np.dot(calibration.energies(row), factors) / 10 * (1 + noise * generator.standard_normal())
            writer.writerow(row | {"dyn_mW": str(power)})
    return path


KERNELS = [kernel for kernels in calibration.FAMILIES.values() for kernel in kernels for _ in range(8)]


def test_known_factors_are_found(tmp_path):
    factors = [0.9, 5.0, 1.8, 0.7, 1.4, 2.1]
    _, features, measured = calibration.read(write(tmp_path / "a.csv", KERNELS, factors))
    assert calibration.fit(features, measured, rounds=200) == pytest.approx(factors, rel=0.02)


def test_no_factor_is_negative(tmp_path):
    _, features, measured = calibration.read(write(tmp_path / "a.csv", KERNELS, [0, 0, 3, 0, 0, 0], noise=0.3))
    assert min(calibration.fit(features, measured)) >= 0


def test_a_family_that_behaves_otherwise_shows_only_when_left_out(tmp_path, capsys):
    path = write(tmp_path / "a.csv", KERNELS, [1, 1, 1, 1, 1, 1])
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["kernel"] == "xy":
            row["dyn_mW"] = str(2 * float(row["dyn_mW"]))
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    kernels, features, measured = calibration.read(path)
    apart = calibration.left_out(kernels, features, measured)
    # Twice the power with the others' factors: half is predicted.
    assert apart["xy"] == pytest.approx(-0.5, abs=0.02)
    assert calibration.main([str(path), "--draws", "2"]) == 0
    assert "left out, family by family" in capsys.readouterr().out


def test_a_family_that_is_left_out_has_no_row_in_its_fit(tmp_path, monkeypatch):
    kernels, features, measured = calibration.read(write(tmp_path / "a.csv", KERNELS, [1, 1, 1, 1, 1, 1]))
    fitted = []
    monkeypatch.setattr(calibration, "fit", lambda rows, truth: fitted.append(rows) or np.ones(6))
    calibration.left_out(kernels, features, measured)
    for family, rows in zip(calibration.FAMILIES, fitted, strict=True):
        inside = features[[calibration.family_of(kernel) == family for kernel in kernels]]
        assert len(rows) == len(features) - len(inside)
        assert not set(map(tuple, rows)) & set(map(tuple, inside))


@pytest.mark.skipif(not shared("data/energy/powergear-train.csv").exists(), reason="the measured boards are not here")
def test_boards_are_met_within_a_fifth():
    kernels, features, measured = calibration.read(shared("data/energy/powergear-train.csv"))
    used = np.array([calibration.family_of(kernel) is not None for kernel in kernels])
    train = [kernel for kernel, known in zip(kernels, used, strict=True) if known]
    apart = calibration.left_out(train, features[used], measured[used])
    errors = np.abs(np.concatenate(list(apart.values())))
    assert len(errors) == 524 and errors.mean() <= 0.20
