"""Turns an X window dump (XWD version 7, 32 bits a pixel) into a PNG.

usage: xwd_to_png.py IN.xwd OUT.png [FIRST_ROW]
"""

import struct
import sys
import zlib


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def main() -> None:
    data = open(sys.argv[1], "rb").read()
    first_row = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    header = struct.unpack(">25I", data[:100])
    size, width, height, little_endian = header[0], header[4], header[5], header[7] == 0
    bytes_per_row, colours = header[12], header[19]
    start = size + 12 * colours
    red, green, blue = (2, 1, 0) if little_endian else (1, 2, 3)
    rows = []
    for y in range(first_row, height):
        row = data[start + y * bytes_per_row :][: 4 * width]
        pixels = bytearray(3 * width)
        pixels[0::3], pixels[1::3], pixels[2::3] = row[red::4], row[green::4], row[blue::4]
        rows.append(b"\0" + bytes(pixels))
    with open(sys.argv[2], "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n")
        out.write(chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, 2, 0, 0, 0)))
        out.write(chunk(b"IDAT", zlib.compress(b"".join(rows), 9)))
        out.write(chunk(b"IEND", b""))


main()
