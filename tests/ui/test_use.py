"""The pages in use: keys, changes, an application that is quiet, large, or ends."""

import json
import time
import unittest

from ui import fixtures, webdriver
from ui.fixture_server import FixtureServer
from ui.pages import Opened

# Makes the page believe that it is in a tab that nobody sees.
HIDE = """
const hidden = arguments[0];
Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
document.dispatchEvent(new Event("visibilitychange"));
"""


PERCENTILES = ("count", "p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99", "max")


def last_points(document, points):
    """The same with its last points only."""

    def cut(value):
        if isinstance(value, list) and len(value) == document["points"]:
            return value[-points:]
        if isinstance(value, list):
            return [cut(each) for each in value]
        return {key: cut(each) for key, each in value.items()} if isinstance(value, dict) else value

    first = document["seq"] - points + 1
    time_ = document["first_time"] + document["points"] - points
    return cut(document) | {"points": points, "first_seq": first, "first_time": time_}


def moving(since=0, **_):
    """A series that gains a point each second."""
    shift = int(time.monotonic()) % 100_000
    document = fixtures.series()
    document.update(seq=shift + 1000, first_seq=shift + 1000 - fixtures.POINTS + 1)
    document["first_time"] += shift
    document["summary"]["in"]["now"] = 100 * 10 ** (shift % 5)
    document["verdict"]["text"] = f"the verdict of second {shift}"
    return document


@unittest.skipUnless(webdriver.available(), webdriver.MISSING)
class Use(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = webdriver.Browser()
        cls.addClassCleanup(cls.browser.close)

    def open(self, route="#/", text=None, scenario="busy", **documents):
        self.opened = Opened(self.browser, scenario)
        self.addCleanup(lambda: self.opened.close())
        self.opened.server.documents.update(documents)
        self.opened.open(route, text)

    def route(self):
        return self.browser.run("return location.hash")

    def wait_for_route(self, route):
        self.browser.wait("return location.hash === arguments[0]", route)

    def test_keys_lead_everywhere(self):
        self.open("#/", "executor 3")
        pages = ("w", "#/workers"), ("k", "#/keys"), ("c", "#/checkpoints"), ("e", "#/errors")
        for key, route in (*pages, ("l", "#/log"), ("f", "#/config"), ("o", "#/")):
            self.browser.press("g", key)
            self.wait_for_route(route)
        self.browser.press("?")
        self.browser.wait("return document.querySelector('dialog').open")
        self.browser.press("Escape")
        self.browser.wait("return !document.querySelector('dialog').open")
        before = self.browser.run("return document.documentElement.dataset.theme")
        self.browser.press("t")
        after = self.browser.run("return document.documentElement.dataset.theme")
        self.assertEqual({before, after}, {"light", "dark"})
        self.assertEqual(self.opened.problems(), [])

    def test_arrows_walk_the_graph_and_enter_opens_a_stage(self):
        self.open("#/", "executor 3")
        name = "return document.activeElement.querySelector('.name')?.textContent"
        self.browser.press("Right")
        self.assertEqual(self.browser.run(name), "totals")  # the verdict names it
        self.browser.press("Left")
        self.assertEqual(self.browser.run(name), "revenue")
        self.browser.press("Down")
        self.assertEqual(self.browser.run(name), "visits")
        self.browser.press("Enter")
        self.wait_for_route("#/stage/visits")
        self.browser.wait_for_text("state of pipeline clicks")
        self.browser.press("Left")
        self.wait_for_route("#/stage/session")

    def test_a_filter_is_kept_in_the_link(self):
        self.open("#/errors", "a price below 0")
        self.browser.press("/", *"late")
        self.browser.wait("return document.querySelectorAll('main tbody tr').length === 1")
        self.assertEqual(self.route(), "#/errors?q=late")
        self.browser.press("Escape")
        self.browser.wait("return document.querySelectorAll('main tbody tr').length === 3")
        self.opened.open("#/log?level=warning&q=parse", "skipped a record")
        self.assertEqual(self.browser.run("return document.querySelectorAll('.log li').length"), 2)

    def test_numbers_change_without_moving_anything(self):
        self.open("#/", "the verdict of second", series=moving)
        self.browser.run(
            "window.shift = 0; new PerformanceObserver((list) => {"
            " for (const each of list.getEntries()) window.shift += each.value;"
            " }).observe({ type: 'layout-shift' })"
        )
        first = self.browser.text(".verdict")
        self.browser.wait(
            "return document.querySelector('.verdict').innerText !== arguments[0]", first
        )
        time.sleep(3)
        self.assertLess(self.browser.run("return window.shift"), 0.002)
        self.assertEqual(self.opened.problems(), [])

    def asked_in(self, seconds):
        self.browser.requests()
        time.sleep(seconds)
        return [url for url in self.browser.requests() if "/series" in url]

    def test_nobody_is_asked_while_paused_or_hidden(self):
        self.open("#/", "executor 3")
        self.assertTrue(self.asked_in(2.2))
        self.browser.press("p")
        self.browser.wait_for_text("paused", "header")
        self.assertEqual(self.asked_in(2.2), [])
        self.browser.press("p")
        self.browser.wait_for_text("running", "header")
        self.browser.run(HIDE, True)
        self.assertEqual(self.asked_in(2.2), [])
        self.browser.run(HIDE, False)
        self.assertTrue(self.asked_in(2.2))

    def test_an_application_that_ends_is_said_to_and_may_come_back(self):
        self.open("#/", "executor 3")
        port = int(self.opened.server.address.rstrip("/").rsplit(":", 1)[1])
        self.opened.server.close()
        self.browser.wait_for_text("orders has ended, or cannot be reached", seconds=8)
        self.browser.wait_for_text("ended", "header")
        self.assertIn("sink 'totals' is the bottleneck", self.browser.text("main"))
        self.opened.server = FixtureServer("busy", port)
        self.browser.wait_for_text("running", "header", seconds=8)
        self.assertNotIn("has ended", self.browser.text("main"))

    def test_a_new_process_is_noticed(self):
        self.open("#/", "executor 3")
        plan = fixtures.plan() | {"plan_id": "another", "application": "successor"}
        self.opened.server.documents.update(
            plan=lambda **_: plan, series=lambda **_: fixtures.series() | {"plan_id": "another"}
        )
        self.browser.wait_for_text("successor", "header")
        self.assertEqual(self.opened.problems(), [])

    def test_a_new_process_that_is_older_than_the_page_shows_all_its_points(self):
        self.open("#/", "executor 3")
        plan = fixtures.plan() | {"plan_id": "another", "application": "successor"}

        def series(since=0, **_):
            document = fixtures.series() | {"plan_id": "another"}
            return last_points(document, 3) if int(since) > 0 else document

        self.opened.server.documents.update(plan=lambda **_: plan, series=series)
        self.browser.wait_for_text("successor", "header")
        self.browser.run("document.querySelector('[aria-label^=\"Throughput: show\"]').click()")
        rows = "return document.querySelectorAll('.as-table:not([hidden]) tbody tr').length"
        self.assertGreater(self.browser.run(rows), 50)

    def test_points_that_change_once_more_are_shown_as_they_are_now(self):
        document = fixtures.series()
        self.open("#/", "executor 3", series=lambda **_: document)
        corrected = last_points(document, 5)
        for node in fixtures.plan()["nodes"]:
            if node["kind"] == "source":
                corrected["nodes"][str(node["id"])]["out"] = [400_000] * 5
        self.opened.server.documents["series"] = lambda **_: corrected
        self.browser.run("document.querySelector('[aria-label^=\"Throughput: show\"]').click()")
        self.browser.wait_for_text("800\u202fk/s", ".as-table:not([hidden])")
        self.assertEqual(self.opened.problems(), [])

    def test_times_in_the_first_bin_are_said_to_be_below_it(self):
        document = fixtures.series()
        document["summary"] = dict(document["summary"], latency=dict.fromkeys(PERCENTILES, 5e-7))
        self.open("#/", "executor 3", series=lambda **_: document)
        self.assertIn("<\u202f1.02\u202f\u00b5s", self.browser.text(".tiles"))
        self.assertNotIn("500\u202fns", self.browser.text("main"))

    def test_pages_say_why_they_have_nothing(self):
        self.open("#/", "no record has come yet", scenario="quiet")
        self.assertIn("starting", self.browser.text("header"))
        for route, text in (
            ("#/keys", "No record was sampled yet"),
            ("#/checkpoints", "takes no checkpoints"),
            ("#/errors", "No record was refused"),
            ("#/log", "No line matches"),
            ("#/stage/parse", "parse"),
            ("#/workers", "worker1"),
        ):
            self.opened.open(route, text)
        self.assertEqual(self.opened.problems(), [])

    def test_fifty_stages_and_sixty_four_executors_stay_usable(self):
        self.open("#/", "executor 63", scenario="large")
        named = "return document.querySelector('.node.named').getBoundingClientRect().x"
        self.assertTrue(0 < self.browser.run(named) < 1280)
        longest = self.browser.run(
            "return new Promise((done) => { let longest = 0; new PerformanceObserver((list) => {"
            " for (const each of list.getEntries()) longest = Math.max(longest, each.duration); })"
            ".observe({ type: 'longtask' }); setTimeout(() => done(longest), 3500); })"
        )
        self.assertLess(longest, 600)
        self.assertEqual(self.opened.problems(), [])

    def test_numbers_are_those_of_people(self):
        self.open("#/", "executor 3")
        script = (
            "const format = await import('/ui/lib/format.js');"
            "return arguments[0].map(([name, value]) => format[name](value))"
            ".map((text) => text.replaceAll('\\u202f', ' '))"
        )
        cases = {
            "rate": {
                0: "0 /s",
                1333: "1.33 k/s",
                999.9: "1 k/s",
                12_500_000: "12.5 M/s",
                0.25: "0.25 /s",
            },
            "duration": {
                0: "0 s",
                66e-6: "66 \u00b5s",
                1.2e-3: "1.2 ms",
                4.3: "4.3 s",
                200: "3 min 20 s",
                59.97: "1 min",
                7500: "2 h 5 min",
                273_600: "3 d 4 h",
                3e-9: "3 ns",
            },
            "bytes": {0: "0 B", 1023.9: "1 KiB", 1_048_576: "1 MiB", 31e6: "29.6 MiB"},
            "percent": {0: "0 %", 0.97: "97 %", 0.004: "0.4 %", 0.0004: "< 0.1 %", 1: "100 %"},
            "count": {0: "0", 999: "999", 1300: "1.3 k", 1e12: "1 T", 0.00001: "0.00001"},
            "exact": {1_234_567: "1 234 567"},
            "ago": {0.4: "just now", 61: "1 min 1 s ago"},
        }
        asked = [(name, value) for name, values in cases.items() for value in values]
        expected = [text for values in cases.values() for text in values.values()]
        self.assertEqual(self.browser.run(script, json.loads(json.dumps(asked))), expected)


if __name__ == "__main__":
    unittest.main()
