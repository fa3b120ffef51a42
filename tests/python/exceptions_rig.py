"""What the tests of exceptions share."""

from __future__ import annotations

import sys
import time

import pytest
import wallaroo as wl


class Broken(Exception):
    pass


class Unprintable:
    def __repr__(self):
        raise Broken("no repr")


class Incomparable:
    def __eq__(self, other):
        raise Broken("not comparable")

    __lt__ = __gt__ = __eq__
    __hash__ = None  # type: ignore[assignment]


def raising(error):
    def function(*arguments):
        raise error
    return function


def broken(*arguments):
    raise Broken("by hand")


def leave(*arguments):
    sys.exit(5)


def nested(record):
    for _ in range(100_000):
        record = [record]
    return record


def keyed(stream):
    return stream.key_by("key", lambda r: 1)


def ends(app, runner):
    if runner == "harness":
        with wl.testing.Harness(app) as harness:
            harness.run()
            harness.end()
    else:
        wl.run(app, ["--threads", runner, "--log-level", "off"])


RUNNERS = pytest.mark.parametrize("runner", ["harness", "1", "2"])


def slowly(count):
    def numbers():
        for n in range(count):
            time.sleep(0.005)
            yield n
    return numbers
