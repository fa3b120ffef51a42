"""The right results of the examples with windows, straight from the definition of a window: without
state, order or watermark."""

from collections import defaultdict
from itertools import groupby

RANGE_S, SLIDE_S, MOST_EUROS = 9, 3, 2_000
BREAK_S = 45 * 60
HOUR_S = 3600
TIP_S = 180


def alerts_windowed(data):
    of_window = defaultdict(list)
    for line in data.decode().splitlines():
        time_ms, user, euros = line.split()
        first = (int(time_ms) - 1000 * RANGE_S) // (1000 * SLIDE_S) + 1
        last = int(time_ms) // (1000 * SLIDE_S)
        for number in range(first, last + 1):
            of_window[user, SLIDE_S * number].append(int(euros))
    for (user, start_s), euros in sorted(of_window.items()):
        total = sum(euros)
        if abs(total) > MOST_EUROS:
            verb = "deposited" if total > 0 else "withdrew"
            yield f"{user} {verb} {abs(total)} from {start_s} to {start_s + RANGE_S}"


def clock(time_s):
    return f"{time_s // HOUR_S % 24:02}:{time_s // 60 % 60:02}"


def taxi(data):
    reports = sorted((int(time_s), cab, zone, int(cents)) for time_s, cab, zone, cents
                     in map(str.split, data.decode().splitlines()))
    trips = [report for report in reports if report[2] != "tip"]
    yield from shifts(trips)
    yield from hours(trips)
    for paid_s, cab, kind, tip in reports:
        if kind == "tip":
            for end_s, driver, zone, cents in trips:
                if driver == cab and end_s <= paid_s <= end_s + TIP_S:
                    yield f"{zone} tip {tip} for {cents} to {cab} at {clock(end_s)}"


def shifts(trips):
    of_taxi = defaultdict(list)
    for end_s, cab, _, cents in trips:
        of_taxi[cab].append((end_s, cents))
    for cab, ends in of_taxi.items():
        cuts = [i for i in range(1, len(ends)) if ends[i][0] - ends[i - 1][0] >= BREAK_S]
        for start, stop in zip([0, *cuts], [*cuts, len(ends)]):
            shift = ends[start:stop]
            yield (f"{cab} shift {clock(shift[0][0])} to {clock(shift[-1][0])}: "
                   f"{len(shift)} trips, {sum(cents for _, cents in shift)} cents")


def hours(trips):
    by_hour = sorted(trips, key=lambda trip: (trip[2], trip[0]))
    for (zone, hour), group in groupby(by_hour, lambda trip: (trip[2], trip[0] // HOUR_S)):
        fares = [cents for *_, cents in group]
        mean = int(sum(fares) / len(fares) + 0.5)
        yield (f"{zone} {clock(HOUR_S * hour)} to {clock(HOUR_S * (hour + 1))}: "
               f"{len(fares)} trips, {mean} cents each")
