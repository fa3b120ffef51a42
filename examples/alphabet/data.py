"""A few hundred votes for letters."""

import struct

from demo.examples import Phase

SINKS = ["totals"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def votes():
    """(letter, votes): common letters get more of them, and z the most that a vote can carry."""
    for i in range(300):
        yield LETTERS[i * i % 26], 7 * i % 101
    yield "z", 0
    yield "z", 2**32 - 1
    yield "z", 2**32 - 1


def phases():
    return [Phase("votes", b"".join(struct.pack(">IcI", 5, letter.encode(), count)
                                    for letter, count in votes()))]


def readable(output):
    lines = []
    for length, letter, total in struct.iter_unpack(">IcQ", output):
        assert length == 9, length
        lines.append(f"{letter.decode()} => {total}")
    return lines


def key(line):
    return line[0]
