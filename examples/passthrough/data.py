"""Records of many lengths and any bytes."""

import random
import struct
import zlib

from demo.examples import Phase

SINKS = ["out"]
LENGTHS = [0, 1, 2, 3, 4, 5, 0, 255, 256, 65_535, 65_536, 1_000_000, 0, 17]


def phases():
    numbers = random.Random(1)
    return [Phase("in", b"".join(struct.pack(">I", length) + numbers.randbytes(length)
                                 for length in LENGTHS))]


def readable(output):
    """The length and the checksum of each record."""
    lines = []
    while output:
        (length,) = struct.unpack_from(">I", output)
        record, output = output[4:4 + length], output[4 + length:]
        assert len(record) == length, "a record is cut off"
        lines.append(f"{length} bytes, CRC {zlib.crc32(record):08x}")
    return lines


def key(line):
    """All records come on one connection."""
    return ""
