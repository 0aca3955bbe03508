"""Do the figures of the DPU-sized design come out of the reports as they should?"""

import json
import sys

import pytest

from shiftsim_tools import dpu_tables
from shiftsim_tools.paths import ROOT


def layer(name, **changes):
    # 2,048 lanes, 16 bytes a cycle: a layer of 1,000 cycles that waits for a quarter of them.
    row = {"name": name, "kind": "convolution", "macs": 1_024_000, "cycles": 1000, "compute_cycles": 750}
    row |= {"stall_load": 200, "stall_instructions": 10, "stall_store": 50, "dram_read_bytes": 3000}
    row |= {"dram_write_bytes": 1000, "bound": "compute", "utilization": 0.5, "arithmetic_intensity": 512.0}
    return row | {"bandwidth_fraction": 0.25} | changes


def report(layers):
    cycles = {"total": 2000, "compute": 1500, "stall_load": 400, "stall_instructions": 20, "stall_store": 100}
    return {
        "network": {"name": "vgg16"},
        "cycles": cycles,
        "latency_s": 0.002,
        "throughput_images_per_s": 500.0,
        "gops": 1234.5,
        "layers": layers,
        "design": {"lanes": 2048, "clock_hz": 300_000_000},
        "memory_model": {"bytes_per_cycle": 16.0},
    }


def test_shares_are_of_the_cycles():
    one = report([layer("a"), layer("b", bound="loads", cycles=500), layer("c", bound="stores", cycles=500)])
    row = dpu_tables.clock_table({("vgg16", 300): one})[-1]
    # Of 2,000 cycles 400 - 20 + 100 wait for memory; those for instructions do not.
    assert row == "| vgg16 | 300 | 2,000 | 2.00 | 500.0 | 1234 | 75.0 % | 24.0 % | 50.0 % |"


def test_kinds_are_those_of_the_windows():
    names = {"a": "3 x 3 convolution", "b": "depthwise", "c": "3 x 3 convolution"}
    pool = layer("p", kind="max-pool", macs=0, cycles=100, compute_cycles=10)
    one = report([layer("a"), layer("b"), layer("c"), pool])
    rows = dpu_tables.kind_table([(one, names)])[2:]
    assert rows[0] == "| vgg16 | 2 3 x 3 convolution | 100.0 % | 512.0 | 50.0 % | 25.0 % | 75.0 % | 19.0 % | 5.0 % |"
    assert [row.split(" | ")[1] for row in rows] == ["2 3 x 3 convolution", "1 depthwise", "1 max-pool"]


def test_windows_are_those_of_the_network(tmp_path):
    def convolution(name, kernel, groups):
        return {"kind": "convolution", "name": name, "window": {"kernel": kernel, "groups": groups}}

    layers = [convolution("a", [7, 7], 1), convolution("b", [3, 3], 96), {"kind": "relu", "name": "c"}]
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\n[ \"$*\" = 'networks vgg16 --json' ] && echo '{json.dumps({'layers': layers})}'\n")
    program.chmod(0o755)
    assert dpu_tables.windows(program, report([])) == {"a": "7 x 7 convolution", "b": "depthwise"}


def test_memories_have_their_shares():
    row = dpu_tables.memory_table({"memory.ports=1": report([])})[-1]
    assert row == "| `memory.ports=1` | 2,000 | 2.00 | 75.0 % | 24.0 % |"


def test_differences_are_from_the_board():
    layers = [layer(name, cycles=int(ms * 300_000)) for name, ms in dpu_tables.DPU_MS.items()]
    layers[4]["cycles"] = int(1.1 * layers[4]["cycles"])
    layers.append(layer("fc6", cycles=3_000_000, dram_read_bytes=70_000_000))
    lines = dpu_tables.dpu_table(report(layers))
    assert "| conv3_1 | 1.647 | 1.812 | +10.0 % | 0.003 |" in lines
    # One layer of 13 is 10 % off.
    assert lines[-1].startswith(
        "Mean of the differences without sign 0.8 %, the worst conv3_1. The weights of fc6: 70.0 MB"
    )
    assert lines[-1].endswith("in 10.0 ms, 7.00 GB/s.")


def test_slowest_come_first():
    layers = [layer(str(count), cycles=count) for count in range(10)]
    rows = dpu_tables.slowest_table(report(layers))[2:]
    assert [row.split(" | ")[0] for row in rows] == ["| 9", "| 8", "| 7", "| 6", "| 5"]


def test_the_report_is_shown_without_its_layers():
    text = "ShiftSim\nnetwork n\nmemory m\n\nlayer  kind\na  b\n\ncycles, 1 image\ntotal 5\nthe design fits\n\nmore\n"
    lines = dpu_tables.shown(text)
    assert lines == [
        *("```text", "network n", "memory m", "", "...", "cycles, 1 image", "total 5", "the design fits", "```")
    ]


def test_a_command_that_fails_ends_the_script():
    with pytest.raises(SystemExit, match="ended with 3"):
        dpu_tables.printed(sys.executable, ["-c", "import sys; sys.exit(3)"])
    assert dpu_tables.parsed(sys.executable, ["-c", "import json; print(json.dumps([1]))"]) == json.loads("[1]")


def test_configurations_and_marks_are_there():
    page = dpu_tables.PAGE.read_text()
    for mark in ("report", "slowest", "memories", "clocks", "kinds", "dpu"):
        assert f"<!-- made: shiftsim_tools.dpu_tables {mark} -->" in page
    for network in dpu_tables.NETWORKS:
        assert (ROOT / f"configs/dpu-b4096-{network}.yaml").is_file()
