"""One day of twelve taxis. The same numbers every time."""

import random

from demo.examples import Phase

SINKS = ["earnings", "fares", "tips"]

MIDNIGHT_S = 1_709_251_200  # 1 March 2024
DAY_S = 24 * 3600
TAXIS = 12
ZONES = ["airport", "centre", "harbour", "heights", "station"]


def trips():
    """(the time at which it is reported, its line)"""
    numbers = random.Random(2024)
    for taxi in range(1, TAXIS + 1):
        end_s = MIDNIGHT_S + int(6 * 3600 * numbers.random())
        while end_s < MIDNIGHT_S + DAY_S:
            zone = ZONES[int(len(ZONES) * numbers.random())]
            cents = 400 + int(4_000 * numbers.random() ** 2)
            reported_s = end_s + 300 * numbers.random()
            yield reported_s, f"{end_s} cab{taxi} {zone} {cents}\n"
            on_break = numbers.random() < 0.06
            end_s += int(3600 * (1 + 4 * numbers.random()) if on_break
                         else 60 * (4 + 30 * numbers.random()))


def tips():
    """Some guests pay a tip by card, within three minutes after the trip."""
    numbers = random.Random(7)
    for _, line in trips():
        end_s, taxi, _, cents = line.split()
        if numbers.random() < 0.3:
            paid_s = int(end_s) + int(180 * numbers.random())
            tip = int(int(cents) * 0.2 * numbers.random()) + 10
            yield paid_s + 300 * numbers.random(), f"{paid_s} {taxi} tip {tip}\n"


def phases():
    reports = sorted([*trips(), *tips()])
    return [Phase("reports", "".join(line for _, line in reports).encode())]


def readable(output):
    return output.decode().splitlines()


def key(line):
    """The taxi or the zone; tips come in no order."""
    return line if " tip " in line else line.split()[0]
