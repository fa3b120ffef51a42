"""Runs one example on its data and shows what goes in and what comes out.

Run by ./run; the build must be there.
"""

import argparse
from pathlib import Path

from .examples import Example
from .processes import DemoError, run_program, wait_for_stop

MOST_LINES = 20


def main():
    parser = argparse.ArgumentParser(prog="./run")
    parser.add_argument("name", nargs="?")
    parser.add_argument("--build", type=Path)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--stay", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        for name in Example.names():
            print(f"{name:16} {Example(name).title()}")
        print(f"{'python':16} Counts words of real text with an application in Python.")
        return
    show(Example(options.name), options)


def show(example, options):
    print(f"{example.name}: {example.title()}")
    print(f"The program: examples/{example.name}/{example.name}.cpp; "
          f"its data: examples/{example.name}/data.py\n")
    for phase in example.phases:
        print(f"to source {phase.source!r}: {len(phase.data):,} bytes")
    lines = example.run(options.build, options.threads, wait_for_stop if options.stay else None)
    print(f"from {' and '.join(map(repr, example.data.SINKS))}: {len(lines)} records")
    for line in lines[-MOST_LINES:]:
        print(f"  {line}")
    if len(lines) > MOST_LINES:
        print(f"  (the last {MOST_LINES} of them)")
    if example.by_key(lines) != example.by_key(example.expected()):
        raise DemoError(f"this differs from examples/{example.name}/expected.txt")
    print(f"\nAs in examples/{example.name}/expected.txt.")


if __name__ == "__main__":
    run_program(main)
