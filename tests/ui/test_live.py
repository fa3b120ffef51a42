"""The metrics UI of real applications, in a real browser."""

import time
import unittest

from support.running import Running, temporary_folder
from support.wire import Receiver
from ui import webdriver
from ui.pages import WRONG_TEXT

SLOW_APP = "tests/metrics/slow_app"
NAMED_IN_S = 5


@unittest.skipUnless(webdriver.available(), webdriver.MISSING)
class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = webdriver.Browser()
        cls.addClassCleanup(cls.browser.close)

    def start(self, program, *flags):
        app = Running(program, "--http", "127.0.0.1:0", *flags)
        self.addCleanup(app.close)
        self.address = f"http://{app.wait_for_log(r'metrics on http://([^/]+)/').group(1)}/"
        self.browser.open("about:blank")
        self.browser.console()
        self.browser.requests()
        return app

    def start_slow_app(self, slow, *flags):
        """The receiver of its sink takes nothing unless `drain` is called."""
        self.receiver = Receiver().listen()
        self.addCleanup(self.receiver.close)
        app = self.start(SLOW_APP, "--out", self.receiver.address, *flags, "--", slow)
        self.receiver.accept()
        return app

    def open(self, route="#/"):
        self.browser.open("about:blank")
        self.browser.open(self.address + route)

    def assert_nothing_wrong(self):
        self.assertEqual(self.browser.console(), [])
        known = (self.address, "data:", "about:", "chrome:", "blob:")
        self.assertEqual([url for url in self.browser.requests() if not url.startswith(known)], [])
        wrong = f"return document.body.innerText.match({WRONG_TEXT})?.[0] ?? ''"
        self.assertEqual(self.browser.run(wrong), "")

    def test_a_slow_sink_is_named_at_once(self):
        self.start_slow_app("none")
        began = time.monotonic()
        self.open()
        self.browser.wait_for_text("sink 'out'", ".verdict", seconds=NAMED_IN_S)
        self.assertLess(time.monotonic() - began, NAMED_IN_S)
        self.browser.wait(
            "return document.querySelector('.node.named .name').textContent === 'out'"
        )
        self.browser.click(".verdict .to")
        self.browser.wait_for_text("sink of pipeline", seconds=NAMED_IN_S)
        self.assert_nothing_wrong()

    def test_a_hot_key_is_shown(self):
        app = self.start_slow_app("hot_key", "--threads", "2", "--http-show-records")
        self.drain()
        self.open("#/keys")
        self.browser.wait_for_text("One key")
        hottest = self.browser.wait(
            "return [...document.querySelectorAll('table[aria-label=\"Hottest keys\"] tbody tr')]"
            ".map((row) => row.innerText)[0]"
        )
        self.assertRegex(hottest, r"\b7\b")
        self.assertRegex(hottest, r"\b(8[5-9]|9[0-5])\s%")
        self.assert_nothing_wrong()
        app.signal()

    def drain(self):
        """Takes what the sink sends, until the application ends."""
        import threading

        def take():
            try:
                self.receiver.rest()
            except OSError:
                pass  # the test is over

        threading.Thread(target=take, daemon=True).start()

    def test_every_page_has_the_numbers_of_the_application(self):
        self.start_slow_app("work", "--threads", "2")
        self.drain()
        for route, text in (
            ("#/", "records per second"),
            ("#/stage/windows", "window of pipeline in"),
            ("#/workers", "worker1"),
            ("#/keys", "sampled records"),
            ("#/checkpoints", "takes no checkpoints"),
            ("#/errors", "No record was refused"),
            ("#/config", "--threads"),
            ("#/log", "connected"),
        ):
            with self.subTest(route):
                self.open(route)
                self.browser.wait_for_text(text)
                self.assert_nothing_wrong()
        self.open()
        busy = "return document.querySelector('.graph .node[data-id] .name') && "
        self.browser.wait(busy + "!document.querySelector('.tile dd').innerText.startsWith('0')")

    def test_numbers_change_and_the_end_is_told(self):
        app = self.start_slow_app("work")
        self.drain()
        self.open()
        value = "return document.querySelector('.plot').getAttribute('aria-label')"
        first = self.browser.wait(value)
        self.browser.wait(f"{value} !== arguments[0]", first, seconds=NAMED_IN_S)
        app.signal()
        self.browser.wait_for_text("slow_app has ended, or cannot be reached")
        self.browser.wait_for_text("ended", "header")

    def test_an_application_with_checkpoints_shows_them(self):
        receiver = Receiver().listen()
        self.addCleanup(receiver.close)
        folder = temporary_folder(self)
        flags = ("--in", "127.0.0.1:0", "--out", receiver.address, "--checkpoint-dir", folder)
        self.start("examples/word_count", *flags)
        self.open("#/checkpoints")
        self.browser.wait("return document.querySelectorAll('.history tbody tr').length > 1")
        self.assertIn("count", self.browser.text("main"))
        self.open()
        self.browser.wait_for_text("the application waits for input", ".verdict")
        age = "return document.querySelectorAll('.tile dd')[10].innerText"
        self.browser.wait(f"{age} !== '\u2013'")
        self.assert_nothing_wrong()

    def test_many_stages_on_many_threads_stay_usable(self):
        self.start("tests/metrics/wide_app", "--threads", "64")
        self.open()
        self.browser.wait("return document.querySelectorAll('.graph .node').length >= 50")
        self.browser.wait("return document.querySelectorAll('.stripe-row').length === 64")
        first = self.browser.run(
            "return document.querySelector('.plot').getAttribute('aria-label')"
        )
        changed = (
            "return document.querySelector('.plot').getAttribute('aria-label') !== arguments[0]"
        )
        self.browser.wait(changed, first)
        self.browser.press("g", "w")
        self.browser.wait_for_text("64 executors", seconds=NAMED_IN_S)
        self.assert_nothing_wrong()


if __name__ == "__main__":
    unittest.main()
