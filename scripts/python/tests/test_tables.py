"""Do the tables take the right numbers out of what ShiftSim writes?"""

import json

import numpy as np
import pytest

from shiftsim_tools import accuracy_table, network_matrix, paper_comparison
from shiftsim_tools.paths import ROOT


def test_storage_adds_layers_and_filters(tmp_path):
    layers = [
        {"stored_bits": 30, "weights": 10, "filters": [1, 2]},
        {"stored_bits": 0, "weights": 0},
        {"stored_bits": 50, "weights": 5, "filters": [0, 1, 3]},
    ]
    (tmp_path / "quantization.json").write_text(json.dumps({"layers": layers}))
    assert accuracy_table.storage(tmp_path) == (80, 15, [1, 3, 3])


def test_differences_counts_integers(tmp_path, monkeypatch):
    np.save(tmp_path / "inputs.npy", np.zeros((3, 1, 1, 2)))
    np.save(tmp_path / "outputs.npy", np.array([[1, 2], [3, 4], [9, 9]]))
    last = np.array([[1, 2], [3, 5]])
    monkeypatch.setattr(accuracy_table.integer_reference, "run", lambda archive, x: [("a", x), ("b", last)])
    assert accuracy_table.differences(tmp_path, 2) == 1


def test_rows_have_names_of_their_own():
    names = [name for name, _ in accuracy_table.formats()]
    assert len(names) == len(set(names)) == 13


@pytest.mark.parametrize("network", network_matrix.NETWORKS)
@pytest.mark.parametrize(("family", "element"), network_matrix.ARRAYS)
def test_runs_start_from_shipped_configurations(network, family, element):
    arguments = network_matrix.arguments(network, family, element)
    assert (ROOT / arguments[0]).is_file()
    assert f"network.model={network}" in arguments


def test_resnet18_has_all_its_products(capsys):
    paper_comparison.resnet18()
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines()]
    millions = sum(float(row[2].replace(",", "")) for row in rows)
    # 1,814,073,344 multiply-accumulates, each row rounded to 0.1 million.
    assert millions == pytest.approx(1814.073344, abs=0.3)


def layer_row(**changes):
    # conv3 of the n-BQ-NN in one tile on 8 clusters of 32 convolvers: a row of padding above the map is streamed too.
    row = {"name": "conv3", "fill_drain": 31, "compute_cycles": 33 * 32 * 4 * 16, "cycles": 67_615, "stall_cycles": 0}
    return {key: str(value) for key, value in (row | changes).items()}


def test_terms_add_up_to_the_report():
    shape = paper_comparison.NBQNN["conv3"]
    values, tiles = paper_comparison.terms(layer_row(), *shape, 8, 32, [3], 1)
    assert tiles == 1
    assert values == [65_536, 0, 2_048, 0, 67_584, 31, 0, 67_615]
    with pytest.raises(AssertionError):
        paper_comparison.terms(layer_row(fill_drain=32, cycles=67_616), *shape, 8, 32, [3], 1)
