"""Reads Prometheus' text format 0.0.4 as its specification describes it, and nothing else."""

import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
VALUE = re.compile(r"NaN|[+-]Inf|[+-]?\d+(\.\d+)?(e[+-]?\d+)?")
TYPES = ("counter", "gauge", "histogram")
ESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


class Family:
    def __init__(self, name, help_text):
        self.name, self.help, self.type, self.samples = name, help_text, None, {}


class Page:
    """Families by name; each has its samples by name and labels."""

    def __init__(self, text):
        self.families = {}
        self._current = None
        assert text.endswith("\n"), "the last line has an end"
        for line in text[:-1].split("\n"):
            if line.startswith("# "):
                self._comment(line)
            else:
                self._sample(line)
        for family in self.families.values():
            assert family.type, f"{family.name} has a type"
            if family.type == "histogram":
                check_histogram(family)

    def _comment(self, line):
        keyword, name, rest = line[2:].split(" ", 2)
        assert NAME.fullmatch(name), line
        if keyword == "HELP":
            assert name not in self.families, f"all of {name} stands together"
            assert rest, line
            self._current = self.families[name] = Family(name, rest)
        else:
            assert keyword == "TYPE" and rest in TYPES, line
            assert name == self._current.name and not self._current.type, line
            self._current.type = rest

    def _sample(self, line):
        name = NAME.match(line).group()
        rest, labels = line[len(name) :], {}
        if rest.startswith("{"):
            rest = rest[1:]
            while not rest.startswith("}"):
                label = LABEL.match(rest)
                assert label and label.group(1) not in labels, line
                labels[label.group(1)] = re.sub(
                    r"\\.", lambda escaped: ESCAPED[escaped.group()], label.group(2)
                )
                rest = rest[label.end() :]
                if rest.startswith(","):
                    rest = rest[1:]
            rest = rest[1:]
        assert rest[0] == " " and VALUE.fullmatch(rest[1:]), line
        family = self._current
        endings = ("_bucket", "_sum", "_count") if family.type == "histogram" else ("",)
        assert name in [family.name + ending for ending in endings], line
        key = name, tuple(sorted(labels.items()))
        assert key not in family.samples, f"twice: {line}"
        family.samples[key] = float(rest[1:])

    def series(self, name):
        """[(labels, value)] of a sample name."""
        for family in self.families.values():
            found = [
                (dict(labels), value)
                for (sample, labels), value in family.samples.items()
                if sample == name
            ]
            if found:
                return found
        return []

    def sums(self, name, *by):
        """{values of the labels `by`: the sum of the series}."""
        result = {}
        for labels, value in self.series(name):
            key = tuple(labels[label] for label in by)
            result[key] = result.get(key, 0) + value
        return result


def check_histogram(family):
    buckets = {}
    for (name, labels), value in family.samples.items():
        if name.endswith("_bucket"):
            bound = float(dict(labels)["le"])
            rest = tuple(label for label in labels if label[0] != "le")
            buckets.setdefault(rest, {})[bound] = value
    for labels, by_bound in buckets.items():
        counts = [by_bound[bound] for bound in sorted(by_bound)]
        assert counts == sorted(counts), f"{family.name}{labels} is cumulative"
        count = family.samples[family.name + "_count", labels]
        assert by_bound[float("inf")] == count, f"{family.name}{labels}: +Inf is the count"
        assert (family.name + "_sum", labels) in family.samples, labels
