"""Decoders and functions of the user that fail, under each policy."""

import json
import os
import re
import unittest
import urllib.request

from errors.app import ErrorAppCase
from support.running import DEADLINE_S, eventually, temporary_folder
from support.wire import framed

# A record for each place that can fail, the stage that the error names, and its text.
FAULTS = {
    "decoder": ("throw in decoder: X", "in", "as asked by X"),
    "work": ("throw in work: X", "work", "as asked by X"),
    "key": ("throw in key: X", "key", "as asked by X"),
    "count": ("throw in count: X", "count", "as asked by X"),
    "encoder": ("throw in encoder: X", "out", "as asked by X"),
}


class Stop(ErrorAppCase):
    def assert_stops(self, record, stage, said):
        app, _ = self.start_with_receiver()
        self.send(app, "good", record)
        self.assertEqual(app.wait(), 1, app.log)
        last = app.log.splitlines()[-1]
        self.assertTrue(last.startswith(f"error_app: stage '{stage}' failed on record "), last)
        self.assertIn(record, last)
        self.assertIn(said, last)

    def test_is_the_default_and_names_stage_and_record(self):
        for place, (record, stage, said) in FAULTS.items():
            with self.subTest(place):
                self.assert_stops(record, stage, said)

    def test_a_decoder_may_say_that_a_record_is_bad(self):
        self.assert_stops("bad: too short", "in", "too short")

    def test_what_is_thrown_need_not_be_an_exception(self):
        self.assert_stops("throw an int", "work", "not a std::exception")

    def test_the_peer_of_a_bad_record_is_named(self):
        app, _ = self.start_with_receiver()
        peer = self.send(app, "good", "bad: no")
        self.assertEqual(app.wait(), 1)
        self.assertIn("127.0.0.1:%d" % peer.getsockname()[1], app.log)

    def test_bytes_that_are_not_text_are_escaped(self):
        app, _ = self.start_with_receiver()
        self.send(app, b"bad: \x00\n\xff")
        self.assertEqual(app.wait(), 1)
        self.assertNotIn("\x00", app.log)
        self.assertIn("error_app: stage 'in' failed on record", app.log.splitlines()[-1])


class Skip(ErrorAppCase):
    def test_drops_the_record_counts_it_and_goes_on(self):
        for place, (record, stage, said) in FAULTS.items():
            with self.subTest(place):
                app, receiver = self.start_with_receiver(f"{place}=skip")
                self.send(app, "a", record, "a", record, "a")
                self.assertEqual(receiver.lines(3), ["a 1 a", "a 2 a", "a 3 a"])
                app.wait_for_metric("wallaroo_stage_errors_total", 2)
                app.wait_for_log(f"stage '{stage}' failed on record .*{said}.*skipped")
                self.assertEqual(self.assert_drains(app, receiver), [])

    def test_the_page_of_the_log_shows_records_only_to_those_who_may_see_them(self):
        record, stage, _ = FAULTS["work"]
        for flags, seen in (((), False), (("--http-show-records",), True)):
            with self.subTest(flags=flags):
                app, receiver = self.start_with_receiver("work=skip", flags=flags)
                self.send(app, record, "a")
                self.assertEqual(receiver.lines(1), ["a 1 a"])
                app.wait_for_log(f"stage '{stage}' failed on record .*{re.escape(record)}")
                address = app.wait_for_log(r"metrics on (http://[^/]+)/").group(1)
                with urllib.request.urlopen(f"{address}/api/v1/log", timeout=DEADLINE_S) as answer:
                    texts = [line["text"] for line in json.load(answer)["lines"]]
                [line] = [text for text in texts if f"stage '{stage}' failed on" in text]
                self.assertEqual(f'record "{record}"' in line, seen, line)
                self.assertEqual("failed on a record" in line, not seen, line)
                self.assert_drains(app, receiver)

    def test_bad_records_do_not_flood_the_log(self):
        app, receiver = self.start_with_receiver("decoder=skip")
        self.send(app, *["bad: again"] * 5000, "end")
        self.assertEqual(receiver.lines(1), ["end 1 end"])
        self.assertEqual(app.metrics()["wallaroo_source_bad_records_total"], 5000)
        self.assertEqual(self.assert_drains(app, receiver), [])
        self.assertIn("bad: again", app.log)
        self.assertLess(len(app.log.splitlines()), 100)


class DeadLetter(ErrorAppCase):
    def test_keeps_the_record_and_goes_on(self):
        for place, (record, stage, said) in FAULTS.items():
            with self.subTest(place):
                dead = os.path.join(temporary_folder(self), "dead")
                app, receiver = self.start_with_receiver(f"{place}=dead_letter", f"dead={dead}")
                peer = self.send(app, "a", record, "a")
                self.assertEqual(receiver.lines(2), ["a 1 a", "a 2 a"])
                self.assertEqual(self.assert_drains(app, receiver), [])
                with open(dead) as graves:
                    letters = graves.read().splitlines()
                self.assertEqual(len(letters), 1, letters)
                found_stage, found_said, found_record, origin = letters[0].split("|")
                self.assertEqual((found_stage, found_said), (stage, said))
                self.assertIn(record, found_record)
                if place == "decoder":
                    self.assertIn("127.0.0.1:%d" % peer.getsockname()[1], origin)

    def test_letters_are_written_while_the_application_runs(self):
        dead = os.path.join(temporary_folder(self), "dead")
        app, _ = self.start_with_receiver("decoder=dead_letter", f"dead={dead}")
        self.send(app, "bad: one")
        eventually(lambda: os.path.getsize(dead) > 0, "the letter is in the file")

    def test_of_a_thousand_records_none_is_lost(self):
        dead = os.path.join(temporary_folder(self), "dead")
        app, receiver = self.start_with_receiver("work=dead_letter", f"dead={dead}")
        peer = self.connect(app)
        peer.sendall(framed(*(f"throw in work: {i}" for i in range(1000)), "end"))
        self.assertEqual(receiver.lines(1), ["end 1 end"])
        self.assertEqual(self.assert_drains(app, receiver), [])
        with open(dead) as graves:
            said = [line.split("|")[1] for line in graves]
        self.assertEqual(said, [f"as asked by {i}" for i in range(1000)])

    def test_without_a_sink_for_them_is_exit_code_2(self):
        app = self.start("work=dead_letter")
        self.assertEqual(app.wait(), 2)
        self.assertIn("stage 'work'", app.log)


if __name__ == "__main__":
    unittest.main()
