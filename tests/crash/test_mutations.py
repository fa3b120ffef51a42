"""Deliberately broken variants of the engine, one at a time: the harness has to notice each."""

import os
import tempfile
import unittest

from crash.crash import failpoints_enabled, listed
from crash.launch import Launch
from crash.pipelines import PIPELINES
from crash.relay import ConnectorFeed, relay_command
from crash.rounds import Plan, Reference, Round

SEED = 5


def die_at(failpoint, hit, *, before=(), threads=2, interval_ms=30):
    return Plan(rules=(*before, f"{failpoint}=kill@{hit}"), threads=threads,
                interval_ms=interval_ms)


#: mutation -> pipeline, launches after which it must have been noticed.
CASES = {
    "skip_data_fsync_barrier": ("word_count", [die_at("checkpoint.ack.before", 1)]),
    # Readers have seen output that the restart cuts off.
    "commit_before_complete": ("word_count", [
        die_at("checkpoint.manifest.before", 3,
               before=("checkpoint.manifest.before=delay:100ms@3",)),
        Plan()]),
    "forget_key_group": ("word_count", [die_at("checkpoint.ack.before", 4), Plan()]),
    "replay_too_late": ("word_count", [die_at("checkpoint.ack.before", 4), Plan()]),
    "restore_wrong_block": ("word_count", [die_at("checkpoint.ack.before", 4), Plan()]),
    # Several times, since whether a record overtakes a barrier is a matter of luck.
    "skip_alignment": ("join", [*(die_at("checkpoint.ack.before", 2) for _ in range(4)), Plan()]),
    "lose_dirty_after_abandon": ("word_count", [
        die_at("checkpoint.ack.before", 4, before=("store.data.write.before=error:EIO@5",)),
        Plan()]),
    "prune_referenced_data": ("word_count", [die_at("checkpoint.ack.after", 8), Plan()]),
}


@unittest.skipUnless(failpoints_enabled(), "configure with -DWALLAROO_FAILPOINTS=ON")
class Mutations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.references = {}
        for name in sorted({pipeline for pipeline, _ in CASES.values()}):
            inputs = os.path.join(folder.name, name)
            os.mkdir(inputs)
            cls.references[name] = Reference(PIPELINES[name], SEED, inputs)

    def problems(self, mutation, pipeline, plans):
        round_ = Round(self.references[pipeline], mutation)
        for plan in plans:
            if not round_.problems and not round_.done:
                round_.launch(plan)
        return round_.close(keep_folder=False)

    def test_each_is_noticed(self):
        for mutation, (pipeline, plans) in CASES.items():
            with self.subTest(mutation):
                self.assertNotEqual(self.problems(mutation, pipeline, plans), [])

    def test_without_them_the_same_launches_find_nothing(self):
        for mutation, (pipeline, plans) in CASES.items():
            with self.subTest(mutation):
                self.assertEqual(self.problems("", pipeline, plans), [])

    def test_there_is_a_case_for_each(self):
        self.assertEqual(sorted([*CASES, "ack_before_complete"]), sorted(listed("mutation")))


@unittest.skipUnless(failpoints_enabled(), "configure with -DWALLAROO_FAILPOINTS=ON")
class AcknowledgedTooEarly(unittest.TestCase):
    """A feeder may forget acknowledged messages."""

    def asked_again(self, mutation):
        """Whether the restarted application asks for messages that it had acknowledged."""
        with tempfile.TemporaryDirectory() as folder:
            feed = ConnectorFeed(100_000)
            command = relay_command(f"connector:{feed.address}", f"file:{folder}/out", folder)
            # The source tells its peer between two polls, so give it time.
            rules = ("checkpoint.manifest.before=delay:500ms@3", "checkpoint.manifest.before=kill@3")
            Launch(command, folder, rules, 2000, mutation).run()
            resumes = feed.resumes
            Launch(command, folder, (), 2000).run(when=lambda: feed.resumes > resumes)
            return feed.close().asked_again

    def test_is_noticed(self):
        self.assertTrue(self.asked_again("ack_before_complete"))
        self.assertFalse(self.asked_again(""))


if __name__ == "__main__":
    unittest.main()
