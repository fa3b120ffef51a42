"""What a benchmark found: pure functions, no processes."""

import statistics
from dataclasses import dataclass, field


class BenchError(Exception):
    """A benchmark that cannot be believed: the text says which and why."""


@dataclass
class Entry:
    """One row of the table. `runs` are the pairs, in the order in which they ran."""

    name: str
    unit: str
    ours: float
    limit: float
    ratio: float
    runs: list = field(default_factory=list)
    better: str = "higher"
    bar: float = None

    @property
    def met(self):
        if self.bar is None:
            return None
        return self.ratio >= self.bar if self.better == "higher" else self.ratio <= self.bar

    def as_json(self):
        fields = {**self.__dict__, "met": self.met}
        return {key: fields[key] for key in
                ("name", "unit", "ours", "limit", "ratio", "better", "bar", "met", "runs")}


def median(values):
    if not values:
        raise BenchError("no runs, so there is no median")
    return statistics.median(values)


def entry_of_pairs(name, unit, pairs, better="higher", bar=None):
    """`pairs` holds (ours, limit) of runs that followed each other. The ratio is the median of the
    ratios of the pairs, not the ratio of the medians: what disturbs the machine for longer than a
    run disturbs both of a pair."""
    for ours, limit in pairs:
        if ours <= 0 or limit <= 0:
            raise BenchError(f"{name}: measured {ours:g} against {limit:g} {unit}; "
                             "both must be above 0")
    runs = [{"ours": ours, "limit": limit, "ratio": ours / limit} for ours, limit in pairs]
    return Entry(name, unit,
                 ours=median([run["ours"] for run in runs]),
                 limit=median([run["limit"] for run in runs]),
                 ratio=median([run["ratio"] for run in runs]),
                 runs=runs, better=better, bar=bar)


def require_same_work(name, ours, limit):
    """Both programs of a pair must have done the same to the same input."""
    for what in ("records", "checksum"):
        if ours[what] != limit[what]:
            raise BenchError(
                f"{name}: the programs disagree: {what} of ours is {ours[what]}, of the limit "
                f"{limit[what]}. One of them is wrong, so neither time means anything.")


def number(value):
    """Three significant digits, without an exponent."""
    if value == 0:
        return "0"
    digits = max(0, 2 - int(f"{abs(value):e}".split("e")[1]))
    return f"{value:.{digits}f}"


HEADER = ["benchmark", "ours", "limit", "unit", "ratio", "spread", "bar", "met"]


def row_of(entry):
    sign = ">=" if entry.better == "higher" else "<="
    ratios = [run["ratio"] for run in entry.runs]
    spread = f"{number(min(ratios))}..{number(max(ratios))}" if len(ratios) > 1 else ""
    return [entry.name, number(entry.ours), number(entry.limit), entry.unit, number(entry.ratio),
            spread,
            "" if entry.bar is None else f"{sign} {entry.bar:g}",
            "" if entry.met is None else "yes" if entry.met else "NO"]


def text_table(entries):
    rows = [HEADER] + [row_of(entry) for entry in entries]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    left = {0, 3}
    lines = ["  ".join(cell.ljust(width) if column in left else cell.rjust(width)
                       for column, (cell, width) in enumerate(zip(row, widths))).rstrip()
             for row in rows]
    return "\n".join([lines[0], "-" * max(map(len, lines))] + lines[1:])


def markdown_table(entries):
    lines = ["| " + " | ".join(HEADER) + " |", "|" + " --- |" * len(HEADER)]
    lines += ["| " + " | ".join(row_of(entry)) + " |" for entry in entries]
    return "\n".join(lines)
