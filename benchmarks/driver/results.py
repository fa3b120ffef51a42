"""The results of benchmarks: pure functions, no processes."""

import statistics
from dataclasses import dataclass, field


class BenchError(Exception):
    """The result of a benchmark cannot be trusted: the text says which one and why."""


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


@dataclass
class Measurement:
    """One row of the table of results without a limit; `values` are in the order of the runs."""

    name: str
    unit: str
    values: list

    met = None

    def as_json(self):
        return {"name": self.name, "unit": self.unit, "ours": median(self.values), "limit": None,
                "ratio": None, "better": "higher", "bar": None, "met": None,
                "runs": [{"ours": value} for value in self.values]}


def median(values):
    if not values:
        raise BenchError("no runs, so there is no median")
    return statistics.median(values)


def entry_of_pairs(name, unit, pairs, better="higher", bar=None):
    """`pairs` holds (ours, limit) of runs that followed each other. The ratio is the median of the
    ratios of the pairs, not the ratio of the medians: a disturbance that lasts longer than a run
    disturbs both runs of a pair."""
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
    """Raises BenchError unless both programs of a pair have the same records and checksum."""
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
ALONE_HEADER = ["benchmark", "ours", "unit", "spread"]


def spread_of(values):
    return f"{number(min(values))}..{number(max(values))}" if len(values) > 1 else ""


def row_of(entry):
    sign = ">=" if entry.better == "higher" else "<="
    return [entry.name, number(entry.ours), number(entry.limit), entry.unit, number(entry.ratio),
            spread_of([run["ratio"] for run in entry.runs]),
            "" if entry.bar is None else f"{sign} {entry.bar:g}",
            "" if entry.met is None else "yes" if entry.met else "NO"]


def alone_row_of(measured):
    return [measured.name, number(median(measured.values)), measured.unit,
            spread_of(measured.values)]


def tables(entries, layout):
    """The table of results with a limit, and the table of those without, each formatted by `layout`
    (one of the two functions below); an empty table is left out."""
    pairs = [row_of(entry) for entry in entries if not isinstance(entry, Measurement)]
    alone = [alone_row_of(entry) for entry in entries if isinstance(entry, Measurement)]
    return "\n\n".join(layout(header, rows)
                       for header, rows in ((HEADER, pairs), (ALONE_HEADER, alone)) if rows)


def as_text(header, rows):
    rows = [header] + rows
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    left = {"benchmark", "unit"}
    lines = ["  ".join(cell.ljust(width) if name in left else cell.rjust(width)
                       for name, cell, width in zip(header, row, widths)).rstrip()
             for row in rows]
    return "\n".join([lines[0], "-" * max(map(len, lines))] + lines[1:])


def as_markdown(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def text_table(entries):
    return tables(entries, as_text)


def markdown_table(entries):
    return tables(entries, as_markdown)
