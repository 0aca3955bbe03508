"""Print every value change of a trace as text, from a reader that is not ours.

    python -m shiftsim_tools.read_trace --reader pywellen|pylibfst FILE

One line per change, `time path bits`: bits in full width, most significant first. Lines are sorted by time and
path. Of several changes of a signal at one time only the last is printed, and a change to the value it already
had is left out, so that both readers give the same text.

pywellen (Rust, fst-reader) reads FST and VCD; pylibfst (C, GTKWave's libfst) reads FST.
Exit code 3: the reader is not installed.
"""

import argparse
import importlib
import sys


def without_range(name):
    """`top.psum [31:0]` is `top.psum`."""
    return name.split(" [")[0]


def read_pywellen(path):
    """pywellen makes a scope of an array element `mem[3]`; here its dot is taken out again."""
    module = importlib.import_module("pywellen")
    for var in module.Waveform(path).all_vars():
        name = var.full_name.replace(".[", "[")
        width = var.bitwidth
        for time, value in var.tv:
            bits = format(value, f"0{width}b") if isinstance(value, int) else str(value)
            yield int(time), name, bits


def read_pylibfst(path):
    module = importlib.import_module("pylibfst")
    fst = module.lib.fstReaderOpen(path.encode())
    if fst == module.ffi.NULL:
        sys.exit(f"pylibfst cannot open {path}")
    _, signals = module.get_scopes_signals2(fst)
    names = {}
    for name, signal in signals.by_name.items():
        names.setdefault(signal.handle, []).append(without_range(name))
    changes = []

    def change(_, time, handle, value):
        text = module.string(value)
        changes.extend((time, name, text) for name in names[handle])

    module.lib.fstReaderSetFacProcessMaskAll(fst)
    module.fstReaderIterBlocks(fst, change)
    module.lib.fstReaderClose(fst)
    return changes


def canonical(changes):
    """The last change of each signal at each time, without those that change nothing."""
    final = {(time, name): bits for time, name, bits in changes}
    last = {}
    for (time, name), bits in sorted(final.items()):
        if last.get(name) != bits:
            last[name] = bits
            yield time, name, bits


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reader", choices=["pywellen", "pylibfst"], required=True)
    parser.add_argument("file")
    arguments = parser.parse_args()
    try:
        importlib.import_module(arguments.reader)
    except ImportError:
        print(f"{arguments.reader} is not installed", file=sys.stderr)
        sys.exit(3)
    read = read_pywellen if arguments.reader == "pywellen" else read_pylibfst
    for change in canonical(read(arguments.file)):
        print(*change)


if __name__ == "__main__":
    main()
