"""Are loop nests told to ZigZag as they are, and differences named?"""

import json
import math
import sys

import pytest

from shiftsim_tools import zigzag_check


def loop(level, dimension, extent, last=None):
    return {"level": level, "dimension": dimension, "extent": extent, "last": last or extent}


def part(**changes):
    # 5 rows in tiles of 2, 4 columns, 2 input groups; 8 outputs and 8 inputs in the lanes.
    loops = [loop("tiles", "P", 3), loop("compute", "P", 2, 1), loop("compute", "Q", 4), loop("compute", "C", 2)]
    loops += [loop("compute", "R", 3), loop("lanes", "Q", 1), loop("lanes", "K", 8), loop("lanes", "C", 8)]
    axes = [("D1", "OX", 1), ("D2", "K", 8), ("D3", "C", 8)]
    zigzag = {"spatial_mapping": [{"array_dimension": axis, "loop": name, "size": size} for axis, name, size in axes]}
    one = {"work": "nest", "loops": loops, "steps": 120, "nest_steps": 120, "stride_rows": 2, "stride_columns": 1}
    return one | {"mapping": {"zigzag": zigzag}} | changes


def layer(*parts):
    buffers = [{"name": name, "words": 256, "word_bits": 128} for name in ["ifmap", "weights", "ofmap"]]
    return {"name": "conv", "cycles": {"compute": 165}, "parts": list(parts), "buffers": buffers}


def product(_, piece):
    return math.prod(size for _, size in piece)


def test_pieces_are_even():
    # Two tiles of two rows, and the last row.
    inner = [("FY", 3), ("C", 2), ("OX", 4)]
    assert list(zigzag_check.pieces(part())) == [[*inner, ("OY", 2), ("OY", 2)], inner]
    assert zigzag_check.sizes(part(), inner) == {"K": 8, "C": 16, "OY": 1, "OX": 4, "FY": 3, "FX": 1}


def test_one_tile_that_is_all():
    loops = [loop("tiles", "P", 1), loop("compute", "P", 2, 2)]
    assert list(zigzag_check.pieces(part(loops=loops))) == [[("OY", 2)]]


def test_differences_are_named():
    row = zigzag_check.row(layer(part()), product)
    assert (row.zigzag, row.slots, row.pipeline, row.unexplained) == (120, 0, 45, 0)
    assert zigzag_check.table([row])[-1] == "| conv | 165 | 120 | +45 pipeline |"


def test_what_is_not_explained_is_said():
    row = zigzag_check.row(layer(part()), lambda part, piece: product(part, piece) + 3)
    assert row.unexplained == -6 and row.difference == "+45 pipeline, -6 unexplained"


def test_slots_of_streams():
    row = zigzag_check.row(layer(part(work="stream", steps=150)), product)
    assert row.difference == "+15 pipeline, +30 slots"


def test_like_parts_are_evaluated_once_and_passes_counted():
    double = part()
    double["loops"].insert(3, loop("compute", "T", 2))
    asked = []
    row = zigzag_check.row(layer(part(), part(), double), lambda *piece: asked.append(piece) or product(*piece))
    assert len(asked) == 4 and row.zigzag == 4 * 120


def test_poolings_and_tiles_at_borders_are_left_out():
    uneven = part()
    del uneven["nest_steps"]
    for one in [part(work="pool"), uneven]:
        assert zigzag_check.row(layer(one), product) is None


def test_workload_mapping_and_array():
    piece = next(zigzag_check.pieces(part()))
    work = zigzag_check.workload(part(), piece)[0]
    assert work["loop_dims"] == ["K", "C", "OY", "OX", "FY", "FX"] and work["loop_sizes"] == [8, 16, 4, 4, 3, 1]
    assert work["dimension_relations"] == ["ix=1*ox+1*fx", "iy=2*oy+1*fy"]
    mapping = zigzag_check.mapping(part(), piece)[0]
    # An axis of one lane is none.
    assert mapping["spatial_mapping"] == {"D1": ["K, 8"], "D2": ["C, 8"]}
    assert mapping["temporal_ordering"] == [["FY", 3], ["C", 2], ["OX", 4], ["OY", 2], ["OY", 2]]
    array = zigzag_check.accelerator(layer(part()), part())
    assert array["operational_array"]["sizes"] == [8, 8]
    assert array["memories"]["ifmap"]["size"] == 256 * 128 and list(array["memories"])[-1] == "dram"
    # Sums are shared by the lanes that add to one result.
    assert array["memories"]["accumulator"]["served_dimensions"] == ["D2"]


def test_unknown_layers_are_refused(tmp_path):
    with pytest.raises(SystemExit, match="no layer conv2 in the schedule"):
        zigzag_check.chosen([layer(part())], ["conv2"])


def test_missing_zigzag_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zigzag", None)
    path = tmp_path / "schedule.json"
    path.write_text(json.dumps({"layers": [layer(part())]}))
    with pytest.raises(SystemExit, match=r"pip install -r scripts/requirements-zigzag\.txt"):
        zigzag_check.main([str(path)])


def test_zigzag_agrees(tmp_path, capsys):
    pytest.importorskip("zigzag")
    path = tmp_path / "schedule.json"
    path.write_text(json.dumps({"layers": [layer(part())]}))
    assert zigzag_check.main([str(path), "--layer", "conv"]) == 0
    assert "ZigZag          120  +45 pipeline" in capsys.readouterr().out
    # The program has taken another step than its nest.
    path.write_text(json.dumps({"layers": [layer(part(nest_steps=119))]}))
    assert zigzag_check.main([str(path)]) == 1
