"""The pure functions of the benchmark driver, and its refusal of programs that disagree."""

import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from driver import catalogue, counts, in_memory, nexmark, over_tcp, processes, resident  # noqa: E402
from driver.results import (  # noqa: E402
    BenchError, Entry, Measurement, entry_of_pairs, markdown_table, median, number,
    require_same_work, text_table)
from run import Settings  # noqa: E402


class Numbers(unittest.TestCase):
    def test_the_median_of_no_runs_is_an_error(self):
        with self.assertRaises(BenchError):
            median([])

    def test_the_ratio_is_the_median_of_the_ratios_of_pairs(self):
        entry = entry_of_pairs("x", "M/s", [(1, 2), (30, 40), (9, 10)])
        self.assertEqual(entry.ratio, 0.75)
        self.assertEqual((entry.ours, entry.limit), (9, 10))

    def test_a_measurement_of_nothing_is_an_error(self):
        for pair in [(0, 1), (1, 0), (-1, 1)]:
            with self.assertRaisesRegex(BenchError, "above 0"):
                entry_of_pairs("x", "M/s", [pair])

    def test_numbers_are_shown_with_three_digits_and_no_exponent(self):
        shown = [number(value) for value in (0, 0.01234, 0.5, 1.0, 99.96, 123.4, 2_000_000)]
        self.assertEqual(shown, ["0", "0.0123", "0.500", "1.00", "100.0", "123", "2000000"])


class Bars(unittest.TestCase):
    def met(self, ratio, better):
        return Entry("x", "u", ratio, 1, ratio, better=better, bar=0.9).met

    def test_higher_is_better_unless_said_otherwise(self):
        self.assertEqual([self.met(r, "higher") for r in (0.89, 0.9, 0.91)], [False, True, True])
        self.assertEqual([self.met(r, "lower") for r in (0.89, 0.9, 0.91)], [True, True, False])

    def test_without_a_bar_nothing_is_met_or_missed(self):
        entry = Entry("x", "u", 1, 1, 1)
        self.assertIsNone(entry.met)
        self.assertIsNone(entry.as_json()["met"])

    def test_the_json_has_the_fields_that_readers_of_the_file_rely_on(self):
        fields = entry_of_pairs("x", "u", [(1, 2)]).as_json()
        self.assertLessEqual({"name", "unit", "ours", "limit", "ratio", "runs"}, set(fields))
        self.assertEqual(fields["runs"], [{"ours": 1, "limit": 2, "ratio": 0.5}])


class Tables(unittest.TestCase):
    entries = [entry_of_pairs("fast", "M/s", [(9, 10), (8, 10)], bar=0.9),
               entry_of_pairs("slow", "us", [(30, 10)], better="lower", bar=2)]

    def test_a_missed_bar_stands_out(self):
        lines = text_table(self.entries).splitlines()
        self.assertRegex(lines[2], r"^fast .*0\.800\.\.0\.900 +>= 0\.9 +NO$")
        self.assertRegex(lines[3], r"^slow .*3\.00 +<= 2 +NO$")

    def test_markdown_has_a_column_for_each_heading(self):
        lines = markdown_table(self.entries).splitlines()
        self.assertEqual({line.count("|") for line in lines}, {9})
        self.assertEqual(len(lines), 4)

    def test_what_is_held_against_nothing_has_a_table_of_its_own(self):
        alone = Measurement("alone", "M/s", [1, 3, 2])
        both, single = text_table(self.entries + [alone]), text_table([alone])
        self.assertEqual(both, text_table(self.entries) + "\n\n" + single)
        self.assertRegex(single.splitlines()[2], r"^alone +2.00 +M/s +1.00\.\.3.00$")
        self.assertEqual({line.count("|") for line in markdown_table([alone]).splitlines()}, {5})


class SameWork(unittest.TestCase):
    done = {"records": 5, "seconds": 1.0, "checksum": "ab"}

    def test_equal_results_pass_whatever_the_time(self):
        require_same_work("x", self.done, {**self.done, "seconds": 9.0})

    def test_other_checksums_or_records_are_refused_by_name(self):
        for other in ({"checksum": "ac"}, {"records": 6}):
            with self.assertRaisesRegex(BenchError, f"x: .*{next(iter(other))}"):
                require_same_work("x", self.done, {**self.done, **other})

    def test_output_that_is_no_result_is_refused(self):
        for text in ("", "hello", "[]", "{}", '{"records":1,"seconds":0,"checksum":"a"}',
                     '{"records":1,"seconds":"x","checksum":"a"}', '{"records":1,"seconds":1}'):
            with self.assertRaises(BenchError, msg=text):
                processes.parse_result(["program"], text)


class Programs(unittest.TestCase):
    """Runs the driver on scripts that stand for the programs of a pair."""

    benchmark = in_memory.InMemory("pair", "M records/s", bar=0.5, records=8)

    def measure(self, ours, limit):
        with tempfile.TemporaryDirectory() as folder:
            programs = Path(folder) / "benchmarks"
            programs.mkdir()
            for name, script in (("pair_ours", ours), ("pair_limit", limit)):
                if script is not None:
                    (programs / name).write_text(f"#!/bin/sh\n{script}\n")
                    (programs / name).chmod(0o755)
            return self.benchmark.measure(Settings(Path(folder), pairs=2, quick=True))

    @staticmethod
    def printing(seconds, checksum):
        return f"""echo '{{"records":8,"seconds":{seconds},"checksum":"{checksum}"}}'"""

    def test_a_pair_that_agrees_gives_one_entry(self):
        [entry] = self.measure(self.printing(2, "a"), self.printing(1, "a"))
        self.assertEqual((entry.ratio, entry.met, len(entry.runs)), (0.5, True, 2))

    def test_a_pair_that_disagrees_is_refused(self):
        with self.assertRaisesRegex(BenchError, "pair: the programs disagree: checksum"):
            self.measure(self.printing(1, "a"), self.printing(1, "b"))

    def test_a_program_that_fails_is_shown_with_what_it_said(self):
        with self.assertRaisesRegex(BenchError, "exit code 3\nno luck"):
            self.measure("echo no luck >&2; exit 3", self.printing(1, "a"))

    def test_a_program_that_is_missing_is_named(self):
        with self.assertRaisesRegex(BenchError, "pair_ours is missing"):
            self.measure(None, self.printing(1, "a"))


class Counted(unittest.TestCase):
    def test_a_run_of_other_records_than_those_asked_for_is_refused(self):
        done = {"records": 8}
        self.assertIs(counts.require_records(["program"], done, 8), done)
        with self.assertRaisesRegex(BenchError, "program: asked for 4 records, processed 8"):
            counts.require_records(["program"], done, 4)

    def test_wakeups_are_shown_in_proportion_to_batches(self):
        measured = counts.Counts()
        measured.runs = (("pair", {"sleeps": 30, "batches": 2000}, {"sleeps": 1}),)
        self.assertEqual(measured.notes(None), [
            "how often threads slept, ours and limit: pair 30 and 1",
            "wake-ups per 1,000 batches, ours: pair 15"])

    def test_nothing_is_noted_of_runs_that_did_not_happen(self):
        self.assertEqual(counts.Counts().notes(None), [])


class NexmarkQueries(unittest.TestCase):
    """Runs the driver on a script that stands for the program."""

    def measure(self, timed, checked="echo"):
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "benchmarks" / "nexmark" / "nexmark"
            program.parent.mkdir(parents=True)
            program.write_text(f"""#!/bin/sh
                case "$*" in
                  *--list*) echo 0; echo 13 ;;
                  *--check*) {checked} ;;
                  *) {timed} ;;
                esac
                """)
            program.chmod(0o755)
            return nexmark.Nexmark().measure(Settings(Path(folder), pairs=2, quick=True))

    def test_each_query_is_an_entry_without_a_ratio(self):
        entries = [entry.as_json() for entry in self.measure(Programs.printing(2e-6, "a"))]
        self.assertEqual([entry["name"] for entry in entries], ["nexmark_q0", "nexmark_q13"])
        self.assertEqual([(entry["ours"], entry["ratio"]) for entry in entries], [(4, None)] * 2)

    def test_a_query_with_a_wrong_result_is_refused(self):
        with self.assertRaisesRegex(BenchError, "--check: exit code 1\nwrong result"):
            self.measure(Programs.printing(1, "a"), "echo wrong result >&2; exit 1")

    def test_runs_that_disagree_are_refused(self):
        with self.assertRaisesRegex(BenchError, "nexmark_q0: checksum differ"):
            self.measure(Programs.printing(1, "'$$'"))


class Totals(unittest.TestCase):
    expected = Counter({"a": 2, "b": 1})

    def test_totals_that_count_up_to_the_text_are_right_in_any_order_of_words(self):
        for output in ("a => 1\na => 2\nb => 1\n", "b => 1\na => 1\na => 2\n"):
            over_tcp.require_totals("x", output, self.expected)

    def test_lost_repeated_overtaken_and_foreign_totals_are_refused(self):
        for output in ("", "a => 1\nb => 1\n", "a => 2\na => 1\nb => 1\n",
                       "a => 1\na => 2\na => 2\nb => 1\n", "a => 1\na => 2\nb => 1\nc => 1\n",
                       "a => 1\na => 2\nb\n", "a => 1\na => 2\nb => 01\n"):
            with self.assertRaises(BenchError, msg=output):
                over_tcp.require_totals("x", output, self.expected)


class FlatMemory(unittest.TestCase):
    def test_growth_after_the_warm_up_misses_the_bar_and_growth_in_it_does_not(self):
        grows_first = [1, 50, 100, 101, 104, 100, 109, 100, 100, 100, 99, 99]
        self.assertTrue(resident.flatness(grows_first).met)
        self.assertFalse(resident.flatness([100] * 11 + [111]).met)

    def test_too_few_samples_are_refused(self):
        with self.assertRaises(BenchError):
            resident.flatness([1, 1])


class Catalogue(unittest.TestCase):
    def test_an_unknown_name_is_refused_with_the_known_ones(self):
        with self.assertRaisesRegex(ValueError, "speed; there are: stateless, "):
            catalogue.selected(["word_count", "speed"])

    def test_no_name_means_all(self):
        self.assertEqual(catalogue.selected([]), catalogue.ALL)
        self.assertEqual([b.name for b in catalogue.selected(["idle", "stateless"])],
                         ["stateless", "idle"])


if __name__ == "__main__":
    unittest.main()
