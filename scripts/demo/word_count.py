"""Word count on real text over real TCP, with progress, speed, latency and a check of the result.

Run by ./run; the build must be there.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from .processes import (
    ANY_PORT, Application, DemoError, Program, end, free_address, giles, run_program, start,
    wait_for_all, wait_for_stop)
from .text import Text

MEGABYTES = 256
PYTHON_MEGABYTES = 32
PYTHON_EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "python" / "word_count.py"
LATENCY_RATE = 10_000
LATENCY_WARMUP_S = 1
LATENCY_S = 3
STAY_S = 24 * 3600  # of input


def main():
    parser = argparse.ArgumentParser(prog="./run")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--megabytes", type=int)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--stay", action="store_true")
    parser.add_argument("--python", help="an interpreter: runs the example in Python with it")
    options = parser.parse_args()
    text = Text()
    choose_program(options)
    rounds = max(1, round(options.megabytes * 1_000_000 / text.bytes))
    print(f"the application: {' '.join(map(str, options.program))}")
    print(f"{len(text.files)} texts of /usr/share/common-licenses, {rounds} times: "
          f"{text.lines * rounds / 1e6:.1f} M lines, {text.bytes * rounds / 1e6:.0f} MB")
    totals, seconds = count(options, text, rounds)
    show_words(totals)
    show_speed(text, rounds, seconds)
    check(text, rounds, totals)
    show_latencies(options, text)
    if options.stay:
        stay(options, text)


def choose_program(options):
    """The command of the application, and what else is as usual for it."""
    if options.python:
        options.program = [options.python, PYTHON_EXAMPLE]
        # Executors of one interpreter take turns.
        options.threads = options.threads or 1
        megabytes = PYTHON_MEGABYTES
    else:
        options.program = [options.build / "examples" / "word_count"]
        megabytes = MEGABYTES
    if options.megabytes is None:
        options.megabytes = megabytes


def count(options, text, rounds):
    """The last total of each word, and the time from the first total received to the last."""
    expected = text.words() * rounds
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        # Hundreds of megabytes of totals arrive. The last total of each word is near their end.
        last_totals = stack.enter_context(LastBytes(64 << 20))
        receiver = stack.enter_context(Program(
            giles(options.build, "receive", "--listen", ANY_PORT, "--newline", "--quiet",
                  "--expect", expected, "--settle", "200ms", "--output", "-", "--json",
                  folder / "received.json"), stdout=last_totals.pipe))
        last_totals.close_pipe()
        application = stack.enter_context(word_count(options, receiver))
        print(f"its metrics UI while it runs: http://{application.http}/")
        sender = stack.enter_context(Program(
            giles(options.build, "send", "--host", application.inputs["lines"], "--quiet",
                  *text.giles_flags(), "--repeat", "--messages", text.lines * rounds)))
        show_progress(application, (sender, receiver), text.lines * rounds)
        wait_for_all((sender, receiver), beside=(application,))
        report = json.loads((folder / "received.json").read_text())["received"]
        application.stop()
        return last_totals.by_word(), report["duration_ns"] / 1e9


def word_count(options, receiver):
    output = receiver.wait_for_output(r"listening on (\S+)\n")
    return Application(options.program, {"lines": ANY_PORT}, {"totals": output}, options.threads)


class LastBytes:
    """Keeps the end of a stream of lines."""

    def __init__(self, most_bytes):
        self.process = start(["tail", "-c", str(most_bytes)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
        self.pipe = self.process.stdin
        self.lines = b""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        end(self.process)

    def close_pipe(self):
        """Closes this end of the pipe: only the program that got the pipe writes to it."""
        self.pipe.close()

    def read(self):
        self.lines = self.process.stdout.read()

    def by_word(self):
        """The last total of each word. The first line may lack its beginning."""
        self.reader.join()
        if len(self.lines) > 1 << 20:
            self.lines = self.lines[self.lines.index(b"\n") + 1:]
        totals = {}
        for line in self.lines.splitlines():
            word, _, total = line.partition(b" => ")
            totals[word] = int(total)
        return totals


def show_progress(application, programs, lines):
    on_terminal = sys.stdout.isatty()
    start = time.monotonic()
    done = 0
    shown_at = start
    while done < lines and all(program.running() for program in programs):
        time.sleep(0.2)
        application.require_running()
        done = application.total("lines", "records_total")
        now = time.monotonic()
        if on_terminal or now - shown_at >= 1 or done == lines:
            shown_at = now
            bar = "#" * (40 * done // lines)
            print(f"  [{bar:40}] {100 * done // lines:3} %  "
                  f"{done / (now - start) / 1e6:5.2f} M lines/s",
                  end="\r" if on_terminal else "\n", flush=True)
    print()


def show_words(totals):
    print("the ten commonest words")
    for word, total in sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:10]:
        print(f"  {word.decode():12} {total:12,}")


def show_speed(text, rounds, seconds):
    print(f"\nspeed    {text.lines * rounds / seconds / 1e6:.2f} M lines/s, "
          f"{text.bytes * rounds / seconds / 1e6:.0f} MB/s in, "
          f"{text.words() * rounds / seconds / 1e6:.1f} M totals/s out "
          f"(sender and receiver share the cores)")


def check(text, rounds, totals):
    wanted = {word: rounds * total for word, total in text.totals.items()}
    if totals != wanted:
        wrong = sorted(word for word in wanted.keys() | totals.keys()
                       if wanted.get(word) != totals.get(word))
        word = wrong[0]
        raise DemoError(f"the totals are wrong for {len(wrong)} words; for example {word!r} is "
                        f"{wanted.get(word)} times in the text, but the application says "
                        f"{totals.get(word)}")
    print(f"result   the totals of all {len(wanted):,} words ({rounds * text.words():,} in all) "
          f"equal those of an independent count")


def show_latencies(options, text):
    print(f"\nlatency at {LATENCY_RATE:,} lines/s")
    inside = word_count_latencies(options, text)
    show_percentiles("word count, from the socket it reads to the socket it writes", inside)
    if options.python:
        return
    show_percentiles("passthrough, from the sender to the receiver", passthrough_latencies(options))


def show_percentiles(title, percentiles):
    print(f"  {title}\n    " + "  ".join(f"{name} {value}" for name, value in percentiles))


def word_count_latencies(options, text):
    """Latencies from the application's own histogram, whose bins double."""
    with Program(giles(options.build, "receive", "--listen", ANY_PORT, "--newline",
                       "--keep-open", "--quiet")) as receiver, \
         word_count(options, receiver) as application, \
         Program(giles(options.build, "send", "--host", application.inputs["lines"], "--quiet",
                       *text.giles_flags(), "--repeat", "--rate", f"{LATENCY_RATE}/s",
                       "--messages", LATENCY_RATE * (LATENCY_WARMUP_S + LATENCY_S))) as sender:
        application.await_total("lines", "records_total", LATENCY_RATE * LATENCY_WARMUP_S)
        before, _ = histogram(application)
        wait_for_all((sender,), beside=(application, receiver))
        after, bounds = histogram(application)
        application.stop()
    bins = [late - early for late, early in zip(after, before)]
    return percentiles_of(bins, bounds)


def stay(options, text):
    """Counts words of a slow stream until Ctrl-C."""
    with Program(giles(options.build, "receive", "--listen", ANY_PORT, "--newline", "--keep-open",
                       "--quiet")) as receiver, \
         word_count(options, receiver) as application, \
         Program(giles(options.build, "send", "--host", application.inputs["lines"], "--quiet",
                       *text.giles_flags(), "--repeat", "--rate", f"{LATENCY_RATE}/s",
                       "--messages", LATENCY_RATE * STAY_S)):
        wait_for_stop(application)


def histogram(application):
    """How many latencies are in each bin, the last of which has no bound; and the bounds."""
    metrics = application.metrics()
    bounds = metrics["latency_bounds_seconds"]
    for pipeline in metrics["pipelines"]:
        for sink in pipeline["sinks"]:
            for executor in sink["executors"]:
                if latency := executor.get("pipeline_latency_seconds"):
                    bins = latency["bins"]
                    return [*bins, latency["count"] - sum(bins)], bounds
    raise DemoError("the application has no latency of its pipeline")


def percentiles_of(bins, bounds):
    total = sum(bins)
    if total == 0:
        raise DemoError("no record was measured")
    result = []
    for name, part in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999),
                       ("p99.99", 0.9999), ("max", 1.0)):
        reached = 0
        for i, records in enumerate(bins):
            reached += records
            if reached >= part * total:
                break
        result.append((name, f"< {duration(bounds[i])}" if i < len(bounds)
                       else f">= {duration(bounds[-1])}"))
    return result


def passthrough_latencies(options):
    """Latencies measured by giles, from when a record was due to be sent until it was received."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "latency.json"
        source = free_address()
        with Program(giles(options.build, "latency", "--send-to", source, "--listen",
                           ANY_PORT, "--quiet", "--rate", f"{LATENCY_RATE}/s",
                           "--warmup-seconds", LATENCY_WARMUP_S, "--seconds", LATENCY_S,
                           "--json", report)) as load:
            output = load.wait_for_output(r"listening on (\S+)\n")
            with Application(options.build / "examples" / "passthrough", {"in": source},
                             {"out": output}, options.threads) as application:
                wait_for_all((load,), beside=(application,))
                application.stop()
        latency = json.loads(report.read_text())["received"]["latency"]
    return [(name, duration(latency[key] / 1e9)) for name, key in
            (("p50", "p50_ns"), ("p90", "p90_ns"), ("p99", "p99_ns"), ("p99.9", "p99_9_ns"),
             ("p99.99", "p99_99_ns"), ("max", "max_ns"))]


def duration(seconds):
    return f"{seconds * 1e6:.0f} us" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"


if __name__ == "__main__":
    run_program(main)
