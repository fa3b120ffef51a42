"""A round: one input from its beginning to its end, with as many kills as are planned."""

import dataclasses
import os
import shutil
import signal
import subprocess
import tempfile

from crash.launch import Launch, Ordered, Receiver, Watched
from crash.pipelines import WALLAROO


@dataclasses.dataclass
class Plan:
    """The faults of one launch. Without any it runs to its end."""

    rules: tuple = ()
    kill_after_s: float | None = None
    stop_after_s: float | None = None
    restore_older: bool = False
    #: (after, for how long) the receiver is killed.
    receiver_absence_s: tuple | None = None
    #: Whether the injected error ends the application, which must report it.
    may_fail: bool = False
    threads: int = 2
    interval_ms: int = 30
    #: The failpoint at which the process must die.
    goal: str | None = None

    @property
    def runs_to_its_end(self):
        return self.stop_after_s is None


class Reference:
    """An input, and its results in an undisturbed run."""

    def __init__(self, pipeline, seed, folder):
        self.pipeline = pipeline
        self.folder = folder
        pipeline.make_inputs(folder, seed)
        self.results = self._undisturbed(())
        if pipeline.receiver:
            # Both sinks get the same records, and nobody waits until a receiver without transactions
# has taken them.
            self.results["receiver"] = self.results["file"]
        self.state_folder = os.path.join(folder, "checkpoints")
        with_checkpoints = self._undisturbed(
            ("--checkpoint-dir", self.state_folder, "--checkpoint-interval", "20ms"))
        problems = pipeline.difference(self.results, with_checkpoints)
        if problems:
            raise AssertionError(f"{pipeline.name}: with checkpoints, undisturbed: {problems}")
        self.state = pipeline.state(self.state_folder)

    def _undisturbed(self, flags):
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            kept = os.path.join(folder, "receiver")
            os.mkdir(kept)
            output = os.path.join(folder, "out")
            receiver = Receiver(kept, bool(flags)) if self.pipeline.receiver else None
            try:
                command = self.pipeline.command(self.folder, output,
                                                receiver.address if receiver else None)
                self._run([*command, "--threads", "1", *flags], folder)
                return self.pipeline.results(output, kept)
            finally:
                if receiver:
                    receiver.close()

    def _run(self, command, folder):
        launch = Launch(command, folder).run()
        if launch.code != 0:
            raise AssertionError(f"{command} ends with {launch.code} undisturbed:\n{launch.log}")


class Round:
    """Calls `on_launch` for every launch; `problems` lists the failures."""

    def __init__(self, reference, mutation="", on_launch=lambda plan, launch: None):
        self.reference = reference
        self.pipeline = reference.pipeline
        self.folder = tempfile.mkdtemp(prefix=f"crash_{self.pipeline.name}_")
        self.output = self._path("out")
        self.checkpoints = self._path("checkpoints")
        self.problems = []
        self.done = False
        self.plans = []
        #: Whether the outputs reach behind the checkpoint, because a start that should go back
        #died.
        self._to_be_cut_back = False
        self._mutation = mutation
        self._on_launch = on_launch
        self._watched = [Watched(self.output + suffix) for suffix in self.pipeline.outputs]
        os.mkdir(self._path("receiver"))
        self._receiver = Receiver(self._path("receiver")) if self.pipeline.receiver else None

    def _path(self, name):
        return os.path.join(self.folder, name)

    def complete_checkpoints(self):
        """Numbers of the checkpoints, newest first."""
        try:
            names = os.listdir(os.path.join(self.checkpoints, "manifests"))
        except FileNotFoundError:
            return []
        return sorted((int(name.removesuffix(".manifest")) for name in names
                       if name.endswith(".manifest")), reverse=True)

    def launch(self, plan):
        """Waits for the launch; `done` then says whether the application came to its end."""
        self.plans.append(plan)
        command = self.pipeline.command(self.reference.folder, self.output,
                                        self._receiver.address if self._receiver else None)
        command += ["--checkpoint-dir", self.checkpoints, "--log-level", "debug",
                    "--checkpoint-interval", f"{plan.interval_ms}ms",
                    "--threads", str(plan.threads)]
        if plan.restore_older:
            command += ["--restore", str(self.complete_checkpoints()[1])]
            self._to_be_cut_back = True
        for each in self._watched if self._to_be_cut_back else ():
            each.begin_anew()
        watched = () if self._to_be_cut_back else self._watched
        launch = Launch(command, self.folder, plan.rules, self.pipeline.pause_us, self._mutation)
        killer = None
        if self._receiver and plan.receiver_absence_s:
            killer = self._receiver.kill_later(*plan.receiver_absence_s)
        if plan.stop_after_s is not None:
            launch.run(watched, launch.after(plan.stop_after_s), signal.SIGTERM)
        elif plan.kill_after_s is not None:
            launch.run(watched, launch.after(plan.kill_after_s))
        else:
            launch.run(watched)
        if killer:
            killer.join()
        if launch.hits.count("sink.file.recover.after") >= len(self._watched):
            self._to_be_cut_back = False
        self._judge(plan, launch)
        self._on_launch(plan, launch)
        self.done = self.done or (launch.code == 0 and plan.runs_to_its_end)
        return launch

    def _judge(self, plan, launch):
        allowed = plan.may_fail or (plan.receiver_absence_s and plan.stop_after_s is not None)
        if launch.hung:
            self._blame(f"hung with {plan}:\n{launch.log[-3000:]}")
        elif not launch.killed and launch.code != 0 and not (launch.code == 1 and allowed):
            self._blame(f"ended with {launch.code} with {plan}:\n{launch.log[-3000:]}")
        for text in Ordered.violations(launch.hits):
            self._blame(text)
        for each in self._watched:
            if each.problem:
                self._blame(each.problem)

    def _blame(self, text):
        self.problems.append(text)

    def close(self, keep_folder=True):
        """Compares the results of an application that came to its end. Returns the differences; if
        there are any, the folder may be kept to look into."""
        if self._receiver:
            self._receiver.close()
        if self.done and not self.problems:
            self._compare()
        if not self.problems or not keep_folder:
            shutil.rmtree(self.folder)
        return self.problems

    def _compare(self):
        results = self.pipeline.results(self.output, self._path("receiver"))
        self.problems += self.pipeline.difference(self.reference.results, results)
        self.problems += [each.problem for each in self._watched if each.verify()]
        verified = subprocess.run([WALLAROO, "checkpoints", self.checkpoints, "verify"],
                                  capture_output=True, text=True, timeout=60)
        if verified.returncode != 0:
            self._blame(f"checkpoints verify: {verified.stdout}{verified.stderr}")
            return
        left = [name for name in os.listdir(self.folder) if ".uncommitted." in name]
        if left:
            self._blame(f"part files are left: {left}")
        state = self.pipeline.state(self.checkpoints)
        for stage, lines in state.items():
            if lines != self.reference.state[stage]:
                self._blame(f"the state of '{stage}' is another: {len(lines)} keys instead of "
                            f"{len(self.reference.state[stage])}, or other values")
