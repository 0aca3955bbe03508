"""Turns an X window dump (XWD version 7, 24 bits of colour in 32 bits a pixel) into a PNG.

python -m shiftsim_tools.xwd_to_png IN.xwd OUT.png [FIRST_ROW]
"""

import struct
import sys
import zlib


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def main() -> None:
    with open(sys.argv[1], "rb") as dump:
        data = dump.read()
    first_row = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    header = struct.unpack(">25I", data[:100])
    size, version, depth, width, height = header[0], header[1], header[3], header[4], header[5]
    little_endian, bits_per_pixel = header[7] == 0, header[11]
    if (version, depth, bits_per_pixel) != (7, 24, 32):
        sys.exit(f"{sys.argv[1]}: version {version}, depth {depth}, {bits_per_pixel} bits a pixel; not 7, 24, 32")
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


if __name__ == "__main__":
    main()
