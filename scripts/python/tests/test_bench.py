"""Are measurements taken in turn, and do tables, roofline and slopes say what was measured?"""

import argparse
import pathlib
import sys

import pytest

from shiftsim_tools import bench, roofline, scaling
from shiftsim_tools.paths import ROOT


def side(name, *seconds, cycles=1000):
    return bench.Side(name, ["true"], seconds=list(seconds), cycles=cycles)


def test_sides_run_in_turn(monkeypatch):
    order = []

    def run(side):
        order.append(side.name)
        return 1.5, 10

    monkeypatch.setattr(bench, "run", run)
    sides = [side("a"), side("b"), side("c")]
    bench.measure(sides, 2)
    assert order == ["a", "b", "c"] * 2
    assert [one.seconds for one in sides] == [[1.5, 1.5]] * 3 and sides[0].cycles == 10


def test_ratios_are_of_medians_and_cycles():
    sides = [side("plain", 4, 9, 1), side("fast, ten images", 2, 2, 2, cycles=10_000), side("Verilator", 8, 8, 8)]
    lines = bench.lines_of("row", sides)
    assert lines[4] == "| plain | 4.000 | 9.00 | 4,000,000.0 | 1.00 | 2.00 |"
    assert lines[5] == "| fast, ten images | 2.000 | 1.00 | 200,000.0 | 20.00 | 40.00 |"
    assert lines[6].endswith("| 0.50 | 1.00 |")


def test_the_better_allocator_is_compared_with():
    sides = [side("plain", 4), side("Verilator", 8), side("Verilator, jemalloc", 6)]
    assert bench.lines_of("row", sides)[4].endswith("| 1.00 | 1.50 |")


@pytest.mark.parametrize(
    ("kind", "program", "expected"),
    [
        ("json", 'print(\'{"seconds": 0.25, "cycles": 30, "images": 2}\')', (0.25, 60)),
        ("text", "print('hash 1')\nprint('seconds 0.75')", (0.75, 7)),
    ],
)
def test_seconds_are_what_the_command_says(kind, program, expected):
    assert bench.run(bench.Side("one", [sys.executable, "-c", program], kind, cycles=7)) == expected


def test_a_whole_command_counts_its_cpu_time():
    program = "import time\nwhile time.process_time() < 0.3: pass"
    taken, _ = bench.run(bench.Side("one", [sys.executable, "-c", program], "process"))
    assert 0.25 < taken < 3


def test_a_command_that_fails_ends_the_bench():
    with pytest.raises(SystemExit, match="ended with 3"):
        bench.run(bench.Side("one", [sys.executable, "-c", "import sys; sys.exit(3)"]))


@pytest.mark.parametrize("long", [False, True])
def test_rows_are_those_of_the_table(long):
    options = argparse.Namespace(only="", long=long, shiftsim=pathlib.Path("shiftsim"))
    names = [name for name, _ in bench.rows(options)]
    assert len(names) == (9 if long else 8) == len(set(names))
    for work in [*bench.NETWORKS.values()]:
        assert (ROOT / work[0]).is_file()
    sides = bench.engine_sides(pathlib.Path("shiftsim"), ["vector"], long)
    assert len({one.text for one in sides}) == len(sides)
    assert any("--toggles" in one.command for one in sides)


def test_tables_go_between_their_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- made: x -->\nold\n<!-- end -->\nb\n<!-- made: y -->\nkept\n<!-- end -->\n")
    bench.write(page, "x", ["new \\1", ""])
    assert page.read_text() == "a\n<!-- made: x -->\nnew \\1\n<!-- end -->\nb\n<!-- made: y -->\nkept\n<!-- end -->\n"
    with pytest.raises(SystemExit, match="no mark 'z'"):
        bench.write(page, "z", [])


def test_the_page_has_every_mark():
    for mark in ("bench", "roofline", "scaling"):
        assert f"<!-- made: shiftsim_tools.{mark} -->" in bench.PAGE.read_text()


def test_counts_are_cachegrinds():
    text = "I refs:        1,000\nI1  misses:  5\nD1  misses:   20  ( 10 rd + 10 wr)\nLLd misses:  3  (1 rd + 2 wr)\n"
    assert roofline.counts(text) == [1000, 20, 3]
    with pytest.raises(SystemExit, match="D1  misses"):
        roofline.counts("I refs: 5\n")


def test_start_up_does_not_count():
    assert roofline.per_update((100, [5000, 40, 4]), (300, [5600, 90, 6])) == (3, 16, 0.64)
    with pytest.raises(ValueError, match="more lane updates"):
        roofline.per_update((300, [1, 1, 1]), (300, [1, 1, 1]))


def test_shares_are_of_the_limits():
    lines = roofline.table([("a", (2.0, 4.0, 0.5), 1e9)], {"instructions": 8e9, "cache": 40e9, "memory": 5e9})
    assert lines[-1] == "| a | 2.00 | 4.00 | 0.500 | 1.00 | 25 % | 10 % | 10 % |"


def test_slopes_are_those_of_powers():
    steep, off = scaling.slope([(value, 3 * value**1.5) for value in (1, 2, 8, 32)])
    assert steep == pytest.approx(1.5) and off == pytest.approx(1)
    steep, off = scaling.slope([(1, 1), (10, 20), (100, 100)])
    assert steep == pytest.approx(1) and off > 1.5


def test_the_picture_is_small(tmp_path):
    measured = [(f"s{k}", "x", [(1, 0.1, None), (2, 0.2, None), (4, 0.4, None)]) for k in range(5)]
    scaling.draw(measured, tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    assert data.startswith(b"\x89PNG") and len(data) < 100_000


def test_points_of_a_series_are_different_work():
    for name, _, points in scaling.series(pathlib.Path("shiftsim"), pathlib.Path("folder")):
        values = [value for value, _ in points]
        assert values == sorted(set(values)), name
        assert len({side.text for _, side in points}) == len(points), name
