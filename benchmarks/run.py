#!/usr/bin/env python3
"""Runs pairs of programs in turn, prints a table and writes bench.json. Use ./bench, which also
builds the programs."""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from driver import machine
from driver.catalogue import ALL, selected
from driver.results import BenchError, markdown_table, number, text_table


@dataclass(frozen=True)
class Settings:
    build: Path
    pairs: int
    quick: bool


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        prog="./bench",
        description="Installs the Debian packages that are missing, builds in build/, and measures "
        "wallaroo against hand-written programs.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these benchmarks")
    parser.add_argument("--list", action="store_true", help="print the benchmarks' names and end")
    parser.add_argument("--quick", action="store_true",
                        help="about three minutes in all: shorter runs, three pairs")
    parser.add_argument("--pairs", type=int, metavar="N", help="pairs of runs (5; quick 3)")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--limits-only", action="store_true",
                        help="run the hand-written programs alone; writes no file")
    parser.add_argument("--check", action="store_true", help="exit code 1 when a bar is missed")
    parser.add_argument("--build", type=Path, default=Path(__file__).parent.parent / "build",
                        metavar="FOLDER", help="where the programs were built (build)")
    options = parser.parse_args(arguments)
    if options.pairs is not None and options.pairs < 1:
        parser.error("--pairs: it is at least 1")
    try:
        options.benchmarks = selected(options.names)
    except ValueError as error:
        parser.error(str(error))
    return options


def progress(text):
    print(text, file=sys.stderr, flush=True)


def measure_all(benchmarks, settings):
    entries, notes = [], []
    for benchmark in benchmarks:
        progress(f"running {benchmark.name} ...")
        entries += benchmark.measure(settings)
        notes += benchmark.notes(settings)
    return entries, notes


def print_limits(benchmarks, settings):
    for benchmark in benchmarks:
        for name, value in benchmark.measure_limit(settings).items():
            print(f"{name}: {number(value)} {benchmark.unit}", flush=True)
        for note in benchmark.notes(settings):
            print(note, flush=True)


def report(entries, notes, options):
    print(machine.description())
    print()
    print(markdown_table(entries) if options.markdown else text_table(entries))
    for note in notes:
        print()
        print(note)
    path = options.build / "bench.json"
    path.write_text(json.dumps([entry.as_json() for entry in entries], indent=2) + "\n")
    progress(f"written: {path}")


def main(arguments):
    options = parse_arguments(arguments)
    if options.list:
        print("\n".join(benchmark.name for benchmark in ALL))
        return 0
    settings = Settings(options.build, options.pairs or (3 if options.quick else 5), options.quick)
    warning = machine.busy_warning()
    if warning:
        progress(warning)
    try:
        if options.limits_only:
            print_limits(options.benchmarks, settings)
            return 0
        entries, notes = measure_all(options.benchmarks, settings)
    except BenchError as error:
        progress(f"bench: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    report(entries, notes, options)
    return 1 if options.check and any(entry.met is False for entry in entries) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
