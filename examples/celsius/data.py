"""Temperatures as 32-bit floating-point numbers."""

import struct

from demo.examples import Phase

SINKS = ["fahrenheit"]
CELSIUS = [-273.15, -89.2, -40, -17.5, -0.0, 0.1, 20, 36.6, 37, 56.7, 100, 1538, 5505]


def phases():
    return [Phase("celsius", struct.pack(f">{len(CELSIUS)}f", *CELSIUS))]


def readable(output):
    return output.decode().splitlines()


def key(line):
    return line
