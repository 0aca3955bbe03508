"""Feeds broken configurations, sweeps, traces and images to the program; each must end with a result or a message.

    python -m shiftsim_tools.mutated_inputs [--count 10000] [--seed 1] [--only KIND] [--shiftsim PATH] [--keep DIR]

Every input is drawn from the seed and its number, so that a number found once is found again. An input fails when the
program ends by a signal, takes more than 5 s, needs more than 500 MB of memory, ends with a status that
docs/guide/Config.md does not list for input (0 to 4), or says nothing where it refuses. Failing inputs are kept in DIR;
the exit status is 1 then.
"""

import argparse
import collections
import concurrent.futures
import gzip
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import zlib

import numpy as np

from shiftsim_tools.paths import ROOT, SHIFTSIM

SECONDS = 5
BYTES = 500_000_000
STATUSES = {0, 1, 2, 3, 4}

# What people and accidents put into YAML.
# fmt: off
VALUES = [
    "0", "-1", "1", "2", "3", "7", "16", "17", "64", "65", "1000000", "99999999999999999999", "1.5", "-0.0",
    "1e9", "1e400", ".inf", ".nan", "0x10", "0o17", "017", "08", "1_000", "true", "no", "~", "''", "'8'",
    '"a\\tb"', "[]", "{}", "[1]", "[1,2]", "[[[[1]]]]", "{a:", "1}", "{array:", "{pe:", "vpe}}", "!!str",
    "!!int", "*x", "&x", "&", "*", "?", "-", "---", "...", "|", ">", "@", "`", "%", ",", ":", "svpe", "vpe",
    "vector", "convolver", "trained", "synthetic", "fixed", "ideal", "lightnn-2", "flightnn", "as-is", "n-bq",
    "8bit", "ünïcode", "\x00", "\ufeff",
]
KEYS = [
    "version", "network", "model", "weights", "input", "images", "count", "first", "seed", "mean", "std",
    "quantization", "scheme", "weight_bits", "activation_bits", "thresholds", "calibration",
    "calibration_images", "device", "part", "allow_overflow", "clock_mhz", "array", "family", "pe", "outputs",
    "inputs", "pixels", "kernel", "taps", "terms", "buffers", "ifmap_kib", "weight_kib", "ofmap_kib",
    "psum_kib", "memory", "ports", "port_mhz", "latency_ns", "bandwidth_gb_s", "host", "fully_connected", "run",
    "mode", "check", "threads", "array_images", "trace", "file", "window", "layers", "base", "set", "vary",
    "cases", "constraints", "mode", "objectives", "from", "to", "factor", "step", "arary", "outpts",
]
# fmt: on

CONFIG = """\
version: 1
network:
  model: tiny
  weights: synthetic
  input: {images: synthetic, count: 1, first: 0, seed: 1}
quantization: {scheme: n-bq, weight_bits: 3, activation_bits: 16, calibration_images: 1}
device: {part: xczu9eg, allow_overflow: false}
clock_mhz: 200
array: {family: vector, pe: svpe, outputs: 8, inputs: 8, pixels: 1}
buffers: {ifmap_kib: 4, weight_kib: 8, ofmap_kib: 2}
memory: {model: fixed, ports: 2, port_mhz: 200}
run: {mode: functional, check: true, threads: 1}
"""
SWEEP = """\
version: 1
base: base.yaml
set: {network.input.count: 1}
vary:
  array.pe: [svpe, vpe]
  array.outputs: {from: 4, to: 8, factor: 2}
constraints: [fits, "latency_s < 0.02"]
mode: functional
objectives: {latency_s: min, resources.lut.used: min}
"""


def bomb(draw):
    """Lists of lists: few lines that stand for many values, or one value that is nested deeply."""
    if draw.randrange(2):
        depth = draw.choice([10, 1000, 100_000])
        return "deep: " + "[" * depth + "]" * depth
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for level in range(1, draw.choice([2, 9, 30])):
        lines.append(f"a{level}: &a{level} [" + ", ".join([f"*a{level - 1}"] * 10) + "]")
    return "\n".join(lines)


def mutated_text(text, draw):
    """Some lines, words or characters of a text changed, doubled, moved or removed."""
    for _ in range(draw.choice([1, 1, 1, 2, 3, 6])):
        lines = text.split("\n")
        at = draw.randrange(len(lines))
        words = lines[at].split(" ")
        word = draw.randrange(len(words))
        match draw.randrange(16):
            case 12:
                lines.insert(at, bomb(draw))
            case 13 | 14 | 15:
                # Another number where there was one: mostly readable, and often out of range or impossible together.
                number = draw.choice(["1", "2", "3", "5", "8", "16", "64", "65", "0", "-3", "4096", "2147483647"])
                lines[at] = re.sub(r"\b\d+\b", number, lines[at], count=draw.choice([0, 1]))
            case 0:
                del lines[at]
            case 1:
                lines.insert(draw.randrange(len(lines)), lines[at])
            case 2:
                lines[at] = " " * draw.randrange(1, 5) + lines[at]
            case 3 | 4 | 5:
                # The value behind a colon, which keeps the file readable more often.
                words[word] = (
                    words[word].split(":")[0] + ": " + draw.choice(VALUES)
                    if ":" in words[word]
                    else (draw.choice(VALUES) + draw.choice(["", ",", "}", "]"]))
                )
                lines[at] = " ".join(words)
            case 6 | 7:
                words[word] = draw.choice(KEYS) + ":"
                lines[at] = " ".join(words)
            case 8:
                lines[at] += draw.choice([" #", " &a [*a]", ": {", "]", "}", "\t", " " * 5000, "x" * 70000, "[" * 3000])
            case 9:
                position = draw.randrange(len(text) + 1)
                lines = (text[:position] + draw.choice(VALUES) + text[position:]).split("\n")
            case 10:
                lines = text[: draw.randrange(len(text) + 1)].split("\n")
            case _:
                lines[at] = draw.choice(KEYS) + ": " + draw.choice(VALUES)
        text = "\n".join(lines)
        if not text:
            break
    return text


def mutated_bytes(data, draw):
    """Some bytes of a file changed, inserted, doubled or cut away."""
    data = bytearray(data)
    for _ in range(draw.choice([1, 1, 2, 4, 16])):
        at = draw.randrange(len(data)) if data else 0
        match draw.randrange(8):
            case 0 | 1:
                data[at : at + 1] = bytes([draw.randrange(256)])
            case 2:
                data[at : at + 1] = bytes([data[at] ^ 1 << draw.randrange(8)]) if data else b""
            case 3:
                del data[at : at + draw.choice([1, 2, 8, 1000])]
            case 4:
                data[at:at] = data[at : at + draw.choice([1, 8, 100])] * draw.choice([1, 1, 50])
            case 5:
                size = draw.choice([1, 2, 4, 8])
                data[at : at + size] = draw.choice([0, 1, 2**31 - 1, 2**32 - 1, 2**63 - 1]).to_bytes(8, "big")[-size:]
            case 6:
                del data[at:]
            case _:
                data[at:at] = draw.choice(VALUES).encode()
    return bytes(data)


def deep_trace(draw):
    """A VCD of many scopes inside each other, or of a long name, value or comment."""
    size = draw.choice([10, 1000, 30_000])
    name = "x" * draw.choice([1, 100_000])
    value = draw.choice(["0!", "b" + "01" * size + " !", "r" + "1" * size + " !", "s" + "x" * size + " !"])
    width = draw.choice([1, 8, size, 2**31, 2**63])
    text = "$timescale 1 ps $end\n" + "$scope module z $end\n" * size + f"$var wire {width} ! {name} $end\n"
    text += "$upscope $end\n" * draw.choice([size, 0, 2 * size]) + "$enddefinitions $end\n#0\n" + value + "\n#10\n"
    return text.encode()


def png(pixels):
    """A PNG of uint8 [rows, columns]."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    rows, columns = pixels.shape
    body = b"".join(b"\x00" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(body)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def image_files():
    """Small files of every kind of image, by the ending that says what it is."""
    draw = np.random.default_rng(7)
    pixels = draw.integers(0, 256, (2, 3, 8, 8), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "images.npy"
        np.save(path, pixels)
        npy_bytes = path.read_bytes()
        np.save(path, pixels.astype(np.float32))
        npy_floats = path.read_bytes()
    idx = struct.pack(">IIII", 0x803, 2, 28, 28) + draw.integers(0, 256, 2 * 784, dtype=np.uint8).tobytes()
    cifar = b"".join(bytes([k]) + draw.integers(0, 256, 3072, dtype=np.uint8).tobytes() for k in range(2))
    gray = png(draw.integers(0, 256, (8, 8), dtype=np.uint8))
    return [
        ("u8.npy", npy_bytes),
        ("f32.npy", npy_floats),
        ("images.idx", idx),
        ("images.idx.gz", gzip.compress(idx, mtime=0)),
        ("records.bin", cifar),
        ("image.png", gray),
    ]


class Seeds:
    """The inputs that are broken, made once in a folder."""

    def __init__(self, shiftsim, folder):
        self.shiftsim = shiftsim
        self.base = folder / "base.yaml"
        self.base.write_text(CONFIG)
        self.images = image_files()
        self.traces = []
        for ending in ["fst", "vcd", "vcd.gz"]:
            path = folder / f"seed.{ending}"
            options = ["--trace", path, "--window", "80:120", "--taps", "sequencer.*", "--quiet"]
            subprocess.run([shiftsim, "simulate", self.base, *options], check=True, stdout=subprocess.DEVNULL)
            self.traces.append((path, path.read_bytes()))

    def configuration(self, draw, folder):
        path = folder / "config.yaml"
        path.write_bytes(mutated_text(CONFIG, draw).encode("utf-8", "surrogatepass"))
        return ["estimate", path, "--json"]

    def sweep(self, draw, folder):
        (folder / "base.yaml").write_text(CONFIG)
        path = folder / "sweep.yaml"
        path.write_bytes(mutated_text(SWEEP, draw).encode("utf-8", "surrogatepass"))
        return ["sweep", path, "--jobs", "1", "--json"]

    def trace(self, draw, folder):
        whole, data = draw.choice(self.traces)
        path = folder / ("broken" + whole.name.removeprefix("seed"))
        path.write_bytes(mutated_bytes(data, draw) if draw.randrange(20) else deep_trace(draw))
        match draw.randrange(4):
            case 0:
                return ["trace", "info", path]
            case 1:
                return ["trace", "dump", path]
            case 2:
                return ["trace", "diff", whole, path]
            case _:
                return ["trace", "convert", path, folder / draw.choice(["new.fst", "new.vcd", "new.vcd.gz"])]

    def image(self, draw, folder):
        name, data = draw.choice(self.images)
        path = folder / name
        path.write_bytes(mutated_bytes(data, draw))
        model = "resnet20-fmnist" if "idx" in name else "resnet20-cifar10" if "bin" in name else "tiny"
        sets = [f"network={{model: {model}, weights: synthetic, input: {{images: {path}, count: 1}}}}"]
        return ["estimate", self.base, *[word for value in sets for word in ("--set", value)]]


KINDS = ["configuration", "sweep", "trace", "image"]


def judge(command, errors):
    """Runs a command; its exit status, and what is wrong with how it ended, or nothing."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
    late = threading.Event()

    def stop():
        late.set()
        process.send_signal(signal.SIGKILL)

    timer = threading.Timer(SECONDS, stop)
    timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    code = process.returncode
    fault = None
    if late.is_set():
        fault = f"more than {SECONDS} s"
    elif usage.ru_maxrss * 1024 > BYTES:
        fault = f"{usage.ru_maxrss // 1000} MB"
    elif code < 0:
        fault = f"signal {-code}"
    elif code not in STATUSES:
        fault = f"status {code}"
    elif code >= 2 and os.fstat(errors.fileno()).st_size == 0:
        fault = f"status {code} without a message"
    return code, fault


def attempt(seeds, number, seed, keep):
    """Breaks and tries one input; its kind, its exit status, and its line in the list of failures or nothing."""
    kind = KINDS[number % len(KINDS)]
    draw = random.Random(f"{seed}/{number}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        command = [str(word) for word in getattr(seeds, kind)(draw, folder)]
        with open(folder / "errors.txt", "wb") as errors:
            code, fault = judge([str(seeds.shiftsim), *command], errors)
        if fault is None:
            return kind, code, None
        place = keep / f"{seed}-{number}"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(folder, place)
        return kind, code, f"{number} {kind}: {fault}: {' '.join(command).replace(name, str(place))}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=KINDS)
    parser.add_argument("--shiftsim", type=pathlib.Path, default=SHIFTSIM)
    parser.add_argument("--keep", type=pathlib.Path, default=ROOT / "out/mutated")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        seeds = Seeds(options.shiftsim.resolve(), pathlib.Path(name))
        numbers = [n for n in range(options.count) if options.only in (None, KINDS[n % len(KINDS)])]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(lambda number: attempt(seeds, number, options.seed, options.keep), numbers))
    faults = [fault for _, _, fault in results if fault]
    for fault in faults:
        print(fault)
    for kind in KINDS:
        codes = collections.Counter(code for found, code, _ in results if found == kind)
        print(f"{kind}: " + ", ".join(f"{codes[code]} with status {code}" for code in sorted(codes)))
    print(f"{len(numbers)} broken inputs, {len(faults)} failures")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
