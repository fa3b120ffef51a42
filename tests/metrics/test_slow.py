"""The cause of a slow application is found from its metrics alone."""

import threading
import time
import unittest
import urllib.request

from metrics.diagnosis import diagnosis
from metrics.exposition import Page
from support.running import Running, eventually
from support.wire import Receiver


class SlowTest(unittest.TestCase):
    def start(self, slow, threads=1, reads=True):
        receiver = Receiver().listen()
        self.addCleanup(receiver.close)
        flags = ("--out", receiver.address, "--http", "127.0.0.1:0", "--threads", str(threads))
        app = Running("tests/metrics/slow_app", *flags, "--", slow)
        self.addCleanup(app.close)
        receiver.accept()
        if reads:
            threading.Thread(target=self.read_all, args=(receiver,), daemon=True).start()
        return app, receiver

    @staticmethod
    def read_all(receiver):
        try:
            receiver.rest()
        except OSError:
            pass  # the test is over

    @staticmethod
    def page(app):
        address = app.wait_for_log(r"metrics on http://([^/]+)/").group(1)
        with urllib.request.urlopen(f"http://{address}/metrics") as answer:
            return Page(answer.read().decode())

    def assert_found(self, app, *expected):
        found = []

        def look():
            before, began = self.page(app), time.monotonic()
            time.sleep(0.5)
            after = self.page(app)
            found.append(diagnosis(before, after, time.monotonic() - began))
            return found[-1] == expected

        try:
            eventually(look, expected)
        except AssertionError:
            self.fail(f"{expected} was not found, but {found[-3:]}")

    def test_a_slow_function_is_found(self):
        self.assert_found(self.start("work")[0], "slow", "work", "record")

    def test_a_slow_key_function_is_found(self):
        self.assert_found(self.start("key")[0], "slow", "key", "record")

    def test_a_slow_update_of_windows_is_found(self):
        self.assert_found(self.start("update")[0], "slow", "windows", "record")

    def test_a_slow_output_of_windows_is_found(self):
        self.assert_found(self.start("output")[0], "slow", "windows", "result")

    def test_a_slow_handler_of_timers_is_found(self):
        self.assert_found(self.start("timer")[0], "slow", "waiting", "timer")

    def test_a_slow_encoder_is_found(self):
        self.assert_found(self.start("encoder")[0], "slow", "out", "record")

    def test_a_hot_key_is_found(self):
        self.assert_found(self.start("hot_key", threads=2)[0], "hot key", "key")

    def test_a_sink_whose_peer_takes_too_little_is_found(self):
        app, _ = self.start("none", reads=False)
        self.assert_found(app, "slow sink", "out")
        full = lambda: dict(self.page(app).sums("wallaroo_edge_fullest_queue_ratio", "to"))["out",]
        eventually(lambda: full() == 1, "the queue before the sink is full")

    def test_a_peer_that_is_away_is_found_and_for_how_long(self):
        app, receiver = self.start("none", reads=False)
        away = lambda: self.page(app).sums("wallaroo_sink_away_seconds")[()]
        eventually(lambda: away() == 0, "it has connected")
        receiver.go_away(reset=True)
        self.assert_found(app, "away", "out")
        eventually(lambda: away() > 1, "it has been away for a second")
        receiver.listen().accept()
        eventually(lambda: away() == 0, "it is back")


if __name__ == "__main__":
    unittest.main()
