"""Does the page of claims compute what it says, from every file of configs/papers?"""

import re

import pytest

from shiftsim_tools import reproduce


class Canned:
    """A machine whose runs are given."""

    def __init__(self, reports):
        self.reports, self.asked = reports, []

    def log(self, text):
        pass

    def simulate(self, name, **changes):
        self.asked.append((name, changes))
        return self.reports[name]

    estimate = simulate


def report(cycles, watts, mismatches=0):
    components = {"registers": watts, "logic": watts, "dsp": 0, "block_ram": 0, "clock_tree": 0, "pl_static": 9}
    return {
        "layers": [{"name": "conv1", "kind": "convolution", "macs": 3_538_944, "cycles": cycles, "utilization": 0.5}],
        "design": {"clock_hz": 2e8},
        "total_s": 1.0,
        "latency_s": 1.0,
        "gops": 2.0,
        "energy": {
            "by_component": components,
            "by_component_low": {key: value / 2 for key, value in components.items()},
            "by_component_high": {key: value * 2 for key, value in components.items()},
            "per_image_j": 2 * watts + 9,
            "low_j": watts + 4.5,
            "high_j": 4 * watts + 18,
        },
        "functional": {"checked": 10, "mismatches": mismatches},
    }


def test_the_closed_form_is_the_papers():
    text = reproduce.a12(Canned({"n-bq-nn-svpe": report(100, 1), "n-bq-nn-vpe": report(300, 1)}))
    # Printed: "about 4.1"; 4.098 to 4.072 for n = 1 to 5 (facts of the paper, derived from its own equation).
    ratios = [float(value) for value in re.findall(r"eq\. 43, n = \d \| [\d.]+ \| [\d.]+ \| ([\d.]+)", text)]
    assert ratios == [4.098, 4.092, 4.085, 4.078, 4.072]
    # The rates themselves, from the paper's equation by hand: 915.1 and 224.0.
    assert "| eq. 43, n = 3 | 915.1 | 224.0 | 4.085 |" in text
    # 2 * 3,538,944 MACs in 100 and 300 cycles at 200 MHz.
    assert text.count("| 14155.8 | 4718.6 | 3.000 |") == 3


def test_power_leaves_leakage_out_and_widens_ratios():
    text = reproduce.a14(Canned({"n-bq-nn-svpe": report(1, 3), "n-bq-nn-vpe": report(1, 1)}))
    # 6 of 2 W; low of one over high of the other: 3 / 4 to 12 / 1.
    assert "| svpe n = 3 | 4.25 | 6.00 (3.00 to 12.00) | 0.77 | 3.00 (0.75 to 12.00) |" in text
    assert "simulated 3.00" in text


def test_printed_ratios_are_the_quotients_of_printed_watts():
    total = reproduce.PRINTED["total"]
    assert [round(value / total[-1], 2) for value in total[:5]] == [0.55, 0.67, 0.77, 0.77, 0.69]
    mean = sum(total[:5]) / 5
    assert round(mean / total[-1], 3) == 0.69
    parts = zip(*(reproduce.PRINTED[name] for name in ("signal", "logic", "dsp")), strict=True)
    for whole, given in zip(total, parts, strict=True):
        assert whole == pytest.approx(sum(given), abs=0.02)


def test_the_files_that_are_run_are_there():
    text = (reproduce.ROOT / "scripts/python/shiftsim_tools/reproduce.py").read_text(encoding="utf-8")
    files = {path.stem for path in reproduce.PAPERS.glob("*.yaml")}
    named = set(re.findall(r'"((?:n-bq-nn|a-|b-)[a-z0-9-]*)"', text))
    assert {"n-bq-nn-svpe", "a-alexnet-vpe", "b-vgg-small"} <= named <= files
    # Eight networks by six models.
    assert len([name for name in files if name.startswith("b-")]) == 8 and len(reproduce.MODELS) == 6


def test_an_unknown_section_is_refused():
    with pytest.raises(SystemExit, match="accepted: A10"):
        reproduce.main(["--only", "A99"])
