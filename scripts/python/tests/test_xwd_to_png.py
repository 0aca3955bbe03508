"""Do the pixels of a window dump arrive in the picture?"""

import struct
import sys
import zlib

import pytest

from shiftsim_tools import xwd_to_png


def dump(rows, version=7):
    """A little-endian dump with one colour-map entry and a word of padding a row."""
    width = len(rows[0])
    header = [100, version, 2, 24, width, len(rows), 0, 0, 32, 0, 32, 32, 4 * width + 4, 4, 0, 0, 0, 8, 0, 1]
    pixels = b"".join(b"".join(bytes([b, g, r, 0]) for r, g, b in row) + b"\xff" * 4 for row in rows)
    return struct.pack(">25I", *header, 0, 0, 0, 0, 0) + bytes(12) + pixels


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["xwd_to_png", *map(str, arguments)])
    xwd_to_png.main()


def test_rows_from_the_first_wanted(tmp_path, monkeypatch):
    source, target = tmp_path / "in.xwd", tmp_path / "out.png"
    source.write_bytes(dump([[(1, 2, 3), (4, 5, 6)], [(7, 8, 9), (10, 11, 12)]]))
    run(monkeypatch, source, target, 1)
    data = target.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) == (2, 1)
    start = data.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", data[start - 8 : start - 4])
    assert zlib.decompress(data[start : start + length]) == bytes([0, 7, 8, 9, 10, 11, 12])


def test_other_dumps_are_refused(tmp_path, monkeypatch):
    source = tmp_path / "in.xwd"
    source.write_bytes(dump([[(1, 2, 3)]], version=6))
    with pytest.raises(SystemExit, match="version 6"):
        run(monkeypatch, source, tmp_path / "out.png")
