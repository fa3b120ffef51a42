"""The crash harness: kills an application again and again, at every failpoint and at random moments,
and compares its final output and state with those of an undisturbed run.

    cd tests && WALLAROO_BUILD=../build python3 -m crash.crash --kills 1000 [--seed N]

The seed decides inputs and plans; how far a process came when it died depends on the machine.
"""

import argparse
import collections
import concurrent.futures
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

from crash.launch import PHASES, phase_of
from crash.pipelines import PIPELINES
from crash.rounds import Plan, Reference, Round
from support.running import BUILD

#: Failpoints that are hit when an application starts again.
AT_START = ("source.restore", "sink.file.recover", "sink.file.truncate", "sink.connector.recover")
#: Failpoints that are hit only after this has gone wrong.
AFTER_RULES = {"store.abandon.remove": ("store.data.write.before=error:EIO@2",)}
#: Failpoints that are hit only when a start goes back behind committed output.
AFTER_OLDER = ("sink.file.truncate",)
#: Failpoints that are hit only when the process before this one died with a transaction in doubt.
IN_DOUBT = ("sink.connector.recover",)

#: Errors with which the application goes on, or goes back and goes on.
GOES_ON = ("store.data.create.before=error:ENOSPC", "store.data.write.before=error:ENOSPC",
           "store.data.fsync.before=error:EIO", "store.data.directory.fsync.after=error:EIO",
           "store.manifest.create.before=error:ENOSPC", "store.manifest.write.before=error:ENOSPC",
           "store.manifest.fsync.before=error:EIO", "store.manifest.rename.before=error:EIO",
           "store.manifest.rename.after=error:EIO", "store.manifest.directory.fsync.after=error:EIO",
           "store.prune.manifest.remove.before=error:EIO", "checkpoint.saved.after=error:EIO",
           "checkpoint.prepare.after=error:EIO", "checkpoint.commit.before=error:EIO",
           "sink.file.prepare.before=error:EIO", "sink.file.fsync.before=error:EIO",
           "sink.file.copy.before=error:ENOSPC", "sink.file.copy.after=error:EIO",
           "sink.file.commit.after=error:EIO", "source.ack.before=error:EIO")
#: Errors that end the application.
ENDS = ("sink.file.write.before=error:ENOSPC", "sink.file.create.after=error:ENOSPC",
        "source.position.before=error:EIO")
CONNECTION_BREAKS = ("sink.connector.send.before=error:ECONNRESET",
                     "sink.connector.prepare.after=error:ECONNRESET",
                     "sink.connector.vote.before=error:ECONNRESET",
                     "sink.connector.commit.before=error:ECONNRESET",
                     "sink.connector.commit.after=error:ECONNRESET")


def listed(kind):
    """The names of `kind`, failpoint or mutation, that the engine has."""
    out = subprocess.run([os.path.join(BUILD, "tests", "crash", "list_failpoints")],
                         capture_output=True, text=True, check=True, timeout=60).stdout
    return [line.split(" ")[1] for line in out.splitlines() if line.startswith(kind)]


def failpoints_enabled():
    return bool(listed("failpoint"))


def step_of(failpoint):
    return failpoint.rpartition(".")[0]


class Planner:
    """Plans the launches of one round; `goals` are the failpoints that are left."""

    def __init__(self, rng, pipeline, goals, kills):
        self._rng = rng
        self._pipeline = pipeline
        self._goals = goals
        self._kills = kills  # this many launches are killed, the next one is not
        self._next = []

    def missed(self, plan):
        """Call when a launch ended before its failpoint was hit: another round tries again."""
        if plan.goal is not None:
            self._goals.append(plan.goal)

    def close(self):
        """Call at the end of the round: another one tries what this one had only prepared."""
        for plan in self._next:
            self.missed(plan)

    def next(self, complete_checkpoints):
        plan = self._next.pop(0) if self._next else self._choose(complete_checkpoints)
        plan.threads = self._rng.randint(1, 3)
        plan.interval_ms = self._rng.choice((15, 30, 60))
        if self._pipeline.receiver and plan.goal is None and self._rng.random() < 0.3:
            plan.receiver_absence_s = (self._rng.uniform(0.05, 0.5), self._rng.uniform(0, 0.1))
        return plan

    def _choose(self, complete_checkpoints):
        rng = self._rng
        if self._kills == 0:
            return Plan()
        kind = rng.random()
        if kind < 0.08:
            return Plan(stop_after_s=rng.uniform(0.05, 0.4))
        self._kills -= 1
        if kind < 0.16 and len(complete_checkpoints) > 1 and not self._pipeline.receiver:
            return Plan(kill_after_s=rng.uniform(0.05, 0.4), restore_older=True)
        if kind < 0.3:
            return self._with_error()
        goal = self._take_goal(complete_checkpoints) if kind < 0.75 else None
        if goal is None:
            return Plan(kill_after_s=rng.uniform(0, 0.03 if rng.random() < 0.2 else 0.5))
        return self._aim(goal)

    def _with_error(self):
        rng = self._rng
        ends = rng.random() < 0.2
        choice = CONNECTION_BREAKS if self._pipeline.receiver and rng.random() < 0.5 else GOES_ON
        rule = rng.choice(ENDS if ends else choice)
        return Plan(rules=(f"{rule}@{rng.randint(4, 12)}",), may_fail=ends,
                    kill_after_s=rng.uniform(0.2, 0.6))

    def _take_goal(self, complete_checkpoints):
        for i, goal in enumerate(self._goals):
            step = step_of(goal)
            if ((step in AT_START and not complete_checkpoints)
                    or (step in AFTER_OLDER and len(complete_checkpoints) < 2)
                    or (step in AFTER_OLDER and self._pipeline.receiver)
                    or (step.startswith("sink.connector") and not self._pipeline.receiver)):
                continue
            return self._goals.pop(i)
        return None

    def _aim(self, goal):
        step = step_of(goal)
        hit = 1 if step in AT_START or step in AFTER_RULES else self._rng.randint(1, 4)
        plan = Plan(rules=(*AFTER_RULES.get(step, ()), f"{goal}=kill@{hit}"), goal=goal,
                    restore_older=step in AFTER_OLDER)
        if step not in IN_DOUBT:
            return plan
        self._next.append(plan)
        return Plan(rules=("checkpoint.commit.before=kill@2",))


class Campaign:
    """Runs rounds until there were enough kills. Print `report()`; `problems` lists failures."""

    def __init__(self, kills, seed, kills_per_round=8):
        self.seed = seed
        self.problems = []
        self.kills = collections.Counter()  # (phase, pipeline)
        self.killed_at = collections.Counter()  # failpoint
        self.hits = collections.Counter()
        self.others = collections.Counter()
        self.wanted = kills
        self._kills_per_round = kills_per_round
        self._rng = random.Random(seed)
        self.failpoints = listed("failpoint")
        goals = [name for name in self.failpoints for _ in range(max(1, kills // 250))]
        self._rng.shuffle(goals)
        # Failpoints that only one pipeline hits get a turn of their own.
        self._goals = {name: [] for name in PIPELINES}
        for number, goal in enumerate(goals):
            step = step_of(goal)
            fit = (["two_sinks"] if step.startswith("sink.connector") else
                   [name for name in PIPELINES if name != "two_sinks" or step not in AFTER_OLDER])
            self._goals[fit[number % len(fit)]].append(goal)
        self._lock = threading.Lock()
        self._running = collections.Counter()
        self._rounds = 0

    def run(self):
        self.began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="crash_inputs_") as folder:
            self._references = {}
            for name, pipeline in PIPELINES.items():
                inputs = os.path.join(folder, name)
                os.mkdir(inputs)
                self._references[name] = Reference(pipeline, self.seed, inputs)
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                for future in [pool.submit(self._rounds_until_done) for _ in range(2)]:
                    future.result()
        self.took_s = time.monotonic() - self.began
        self._judge()
        return self

    def _rounds_until_done(self):
        while True:
            with self._lock:
                name = self._next_pipeline()
                if name is None or self.problems or self._rounds > self.wanted:
                    return
                self._rounds += 1
                number = self._rounds
                self._running[name] += 1
            problems = self._round(name, number)
            with self._lock:
                self._running[name] -= 1
                self.problems += problems

    def _next_pipeline(self):
        """The pipeline with the fewest kills, of those that still have failpoints to hit."""
        so_far = {name: sum(count for (_, pipeline), count in self.kills.items()
                            if pipeline == name) + self._kills_per_round * self._running[name]
                  for name in PIPELINES}
        todo = [name for name in PIPELINES
                if self._goals[name] or so_far[name] * len(PIPELINES) < self.wanted]
        return min(todo, key=so_far.get) if todo else None

    def _round(self, name, number):
        rng = random.Random(f"{self.seed} {number} {name}")
        planner = Planner(rng, PIPELINES[name], self._goals[name], self._kills_per_round)
        round_ = Round(self._references[name], on_launch=lambda *each: self._note(name, *each))
        while not round_.problems and not round_.done:
            plan = planner.next(round_.complete_checkpoints())
            launch = round_.launch(plan)
            if plan.goal is not None and not (launch.killed and plan.goal in launch.hits):
                planner.missed(plan)
        planner.close()
        problems = round_.close()
        return [f"seed {self.seed}, round {number} of {name} in {round_.folder}, "
                f"after {len(round_.plans)} launches, the last {round_.plans[-2:]}: {text}"
                for text in problems]

    def _note(self, name, plan, launch):
        with self._lock:
            self.hits.update(launch.hits)
            self.others["launches"] += 1
            self.others["errors pretended"] += sum("error" in rule for rule in plan.rules)
            self.others["stopped with SIGTERM"] += plan.stop_after_s is not None
            self.others["went back to an older checkpoint"] += plan.restore_older
            self.others["receiver killed"] += plan.receiver_absence_s is not None
            if launch.killed:
                self.kills[phase_of(launch.hits), name] += 1
                if plan.goal is not None and plan.goal in launch.hits:
                    self.killed_at[plan.goal] += 1

    @property
    def killed(self):
        return sum(self.kills.values())

    def _judge(self):
        if self.problems:
            return
        for name in self.failpoints:
            if not self.hits[name]:
                self.problems.append(f"the failpoint {name} was never hit")
            elif not self.killed_at[name]:
                self.problems.append(f"nothing was killed at the failpoint {name}")
        for phase in PHASES:
            if not any(self.kills[phase, name] for name in PIPELINES):
                self.problems.append(f"nothing was killed while it was {phase}")

    def report(self):
        lines = [f"seed {self.seed}: {self.killed} kills in {self._rounds} rounds, "
                 f"{self.took_s:.0f} s; "
                 + ", ".join(f"{text}: {count}" for text, count in self.others.items()), ""]
        lines.append(f"{'killed while':34}" + "".join(f"{name:>12}" for name in PIPELINES))
        for phase in PHASES:
            lines.append(f"{phase:34}"
                         + "".join(f"{self.kills[phase, name]:>12}" for name in PIPELINES))
        lines += ["", f"{'step':34}{'hits':>12}{'killed before':>16}{'and behind':>12}"]
        for step in sorted({step_of(name) for name in self.failpoints}):
            before, after = f"{step}.before", f"{step}.after"
            lines.append(f"{step:34}{self.hits[before]:>12}{self.killed_at[before]:>16}"
                         f"{self.killed_at[after]:>12}")
        return "\n".join([*lines, "", *self.problems])


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=150, help="at least so many (%(default)s)")
    parser.add_argument("--seed", type=int, help="repeat the run that had this seed")
    options = parser.parse_args()
    if not failpoints_enabled():
        sys.exit("the build has no failpoints: configure it with -DWALLAROO_FAILPOINTS=ON")
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    campaign = Campaign(options.kills, seed).run()
    print(campaign.report())
    sys.exit(1 if campaign.problems else 0)


if __name__ == "__main__":
    main()
