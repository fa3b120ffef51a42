"""The pipelines of crash_app: their inputs, which follow from a seed, and their right results."""

import collections
import os
import random
import subprocess

from crash.receiver import committed_bytes
from support.running import BUILD

CRASH_APP = os.path.join(BUILD, "tests", "crash", "crash_app")
WALLAROO = os.path.join(BUILD, "tools", "wallaroo")
# A poll of a file source takes a few files, and between two polls a checkpoint can begin.
LINES_PER_FILE = 60


class Pipeline:
    """`stages` have state, `outputs` are suffixes of the output file."""

    name = ""
    pause_us = 0
    inputs = ("in",)
    outputs = ("",)
    stages = ()
    receiver = False
    keys_in_order = False  # lines are "KEY NUMBER .." with numbers 1, 2, 3 .. for each key

    def make_inputs(self, folder, seed):
        for name in self.inputs:
            self._write(os.path.join(folder, name), self.lines(random.Random(f"{seed} {name}")))

    @staticmethod
    def _write(folder, lines):
        os.mkdir(folder)
        lines = list(lines)
        for first in range(0, len(lines), LINES_PER_FILE):
            with open(os.path.join(folder, f"{first:08}.txt"), "w") as file:
                file.writelines(f"{line}\n" for line in lines[first:first + LINES_PER_FILE])

    def lines(self, rng):
        raise NotImplementedError

    def command(self, inputs, output, receiver=None):
        ends = [os.path.join(inputs, name) for name in self.inputs] + [output]
        return [CRASH_APP, self.name, *ends, *([receiver] if self.receiver else [])]

    def key_and_number(self, line):
        raise NotImplementedError

    def results(self, output, receiver_folder=None):
        """Name of each output -> its bytes."""
        found = {suffix or "file": read(output + suffix) for suffix in self.outputs}
        if self.receiver:
            found["receiver"] = committed_bytes(receiver_folder)
        return found

    def difference(self, wanted, found):
        """The mistakes in the results `found`, as above; empty when there are none."""
        problems = []
        for place, content in found.items():
            problems += [f"{place}: {text}" for text in self._differences(wanted[place], content)]
        return problems

    def _differences(self, wanted, found):
        if not found.endswith(b"\n") and found:
            yield f"ends inside a line: {found[-60:]!r}"
        missing = collections.Counter(wanted.split(b"\n"))
        missing.subtract(found.split(b"\n"))
        for text, sign in (("lost", 1), ("too many", -1)):
            lines = [line for line, count in missing.items() if count * sign > 0]
            if lines:
                yield f"{len(lines)} different lines {text}, such as {lines[:3]}"
        if self.keys_in_order:
            yield from self._disorder(found)

    def _disorder(self, found):
        last = {}
        for line in found.decode().splitlines():
            key, number = self.key_and_number(line)
            if number != last.get(key, 0) + 1:
                yield f"{key}: {number} follows {last.get(key, 0)}"
                return
            last[key] = number

    def state(self, checkpoints):
        """The state in the newest checkpoint: stage -> its lines, sorted."""
        return {stage: self._show(checkpoints, stage) for stage in self.stages}

    @staticmethod
    def _show(checkpoints, stage):
        shown = subprocess.run([WALLAROO, "checkpoints", checkpoints, "show", "latest", stage],
                               capture_output=True, text=True, timeout=60)
        if shown.returncode != 0:
            raise AssertionError(f"the state of '{stage}' cannot be shown: {shown.stderr}")
        # A line without a key belongs to an executor, and the number of executors may differ.
        return sorted(line for line in shown.stdout.splitlines() if not line.startswith('{"executor"'))


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def sectioned(rng, count):
    """Keys that are used for some milliseconds, then not for a while, then again: so checkpoints refer
    to state in older files, and a change that was not saved shows."""
    sections, rounds, keys = 40, 3, 8
    for i in range(count):
        yield f"s{i * rounds * sections // count % sections}k{rng.randrange(keys)}"


class WordCount(Pipeline):
    name = "word_count"
    pause_us = 3000
    stages = ("count",)
    keys_in_order = True

    def lines(self, rng):
        words = sectioned(rng, 60_000)
        return (" ".join(each) for each in zip(words, words, words))

    def key_and_number(self, line):
        word, number = line.split(" ")
        return word, int(number)


class Windows(Pipeline):
    """Time leaps from epoch to epoch. Which records are late and which state has expired depends on
    the epochs only, however records were put into batches."""

    name = "windows"
    pause_us = 2000
    outputs = ("", ".sessions", ".visits", ".totals")
    stages = ("sums", "sessions", "visits", "totals")

    def lines(self, rng):
        records_per_epoch = 6_000
        for i in range(6 * records_per_epoch):
            epoch, at = divmod(i, records_per_epoch)
            key, time_ms = f"{epoch % 2}k{rng.randrange(300)}", epoch * 1_000_000 + at * 3
            if epoch >= 3 and i % 50 == 0:
                key, time_ms = f"late{rng.randrange(20)}", time_ms - 2_000_000
            yield f"{key} {time_ms + rng.randrange(3000)} {rng.randrange(100)}"


class Join(Pipeline):
    name = "join"
    pause_us = 4000
    inputs = ("left", "right")
    stages = ("join",)

    def lines(self, rng):
        for i in range(15_000):
            yield f"k{rng.randrange(400)} {i * 5 + rng.randrange(3000)} {i}"


class TwoSinks(Pipeline):
    name = "two_sinks"
    pause_us = 3000
    stages = ("add up",)
    receiver = True
    keys_in_order = True

    def lines(self, rng):
        return (f"{key} 0 {rng.randrange(100)}" for key in sectioned(rng, 20_000))

    def key_and_number(self, line):
        key, number = line.split(" ")[0].split("/")
        return key, int(number)


PIPELINES = {each.name: each for each in (WordCount(), Windows(), Join(), TwoSinks())}
