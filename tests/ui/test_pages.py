"""Each page with fixed numbers in a real browser: places, contrast, focus, nothing wrong."""

import os
import unittest
from pathlib import Path

from ui import webdriver
from ui.pages import PAGES, SIZES, Opened

BOXES = Path(__file__).parent / "boxes"
WRITE = "WALLAROO_WRITE_BOXES"  # set it to write what the pages are like now
NEAR = 12  # pixels that a place may differ, since fonts do
LEAST_TEXTS = 15  # a page with fewer has not been drawn


def parse(lines):
    """Places by names; of several with a name, a list."""
    found = {}
    for line in lines:
        *numbers, name = line.split(maxsplit=4)
        found.setdefault(name, []).append([int(number) for number in numbers])
    return found


@unittest.skipUnless(webdriver.available(), webdriver.MISSING)
class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = webdriver.Browser()
        cls.addClassCleanup(cls.browser.close)
        cls.opened = Opened(cls.browser)
        cls.addClassCleanup(cls.opened.close)

    def each(self, check, sizes=tuple(SIZES), themes=("light", "dark")):
        """Calls check(page, size, theme) with each page opened in each way."""
        for name, (route, text) in PAGES.items():
            for size in sizes:
                for theme in themes:
                    with self.subTest(page=name, size=size, theme=theme):
                        self.opened.open(route, text, size, theme)
                        check(name, size, theme)
                        self.assertEqual(self.opened.problems(), [])

    def test_everything_is_where_it_should_be_and_can_be_read(self):
        self.each(self.check_look)

    def check_look(self, name, size, theme):
        shown = self.browser.run("return document.documentElement.dataset.theme")
        self.assertEqual(shown, theme)
        self.check_places(name, size, self.browser.run_file("boxes.js"))
        contrast = self.browser.run_file("contrast.js")
        self.assertGreater(contrast["texts"], LEAST_TEXTS)
        self.assertEqual(contrast["found"], [])
        width = self.browser.run("return document.documentElement.scrollWidth - innerWidth")
        self.assertLessEqual(width, 0, "the page scrolls sideways")

    def check_places(self, name, size, lines):
        file = BOXES / f"{name}-{size}.txt"
        if os.environ.get(WRITE):
            file.write_text("\n".join(lines) + "\n")
        expected, found = parse(file.read_text().splitlines()), parse(lines)
        self.assertEqual(list(found), list(expected))
        for element, places in expected.items():
            self.assertEqual(len(found[element]), len(places), element)
            for place, there in zip(places, found[element]):
                far = max(abs(a - b) for a, b in zip(place, there))
                self.assertLessEqual(far, NEAR, f"{element} is at {there}, not at {place}")

    def test_tab_reaches_everything(self):
        self.each(self.check_tab, themes=("light",))

    def check_tab(self, *_):
        count = self.browser.run_file("watch_focus.js")
        self.assertGreater(count, 4)
        self.browser.press(*["Tab"] * (count + 3))
        self.assertEqual(self.browser.run_file("not_focused.js"), [])

    def test_every_chart_has_words_and_a_table(self):
        self.each(self.check_charts, sizes=("wide",), themes=("light",))

    def check_charts(self, *_):
        unnamed = self.browser.run(
            "return [...document.querySelectorAll('[role=img], canvas, svg.graph')]"
            ".filter((each) => each.checkVisibility() && !each.closest('[aria-label]'))"
            ".map((each) => each.outerHTML.slice(0, 100))"
        )
        self.assertEqual(unnamed, [])
        rows = self.browser.run(
            "return [...document.querySelectorAll('.panel > header button[aria-label$=table]')]"
            ".map((button) => { button.click();"
            " return button.closest('.panel').querySelectorAll('.as-table tbody tr').length; })"
        )
        self.assertNotIn(0, rows)

    def test_texts_from_outside_stay_texts(self):
        self.opened.open(*PAGES["keys"])
        self.assertIn("<b>hooli</b>", self.browser.text("main"))
        self.opened.open(*PAGES["errors"])
        self.assertIn("<script>alert(1)</script>", self.browser.text("main"))
        self.assertEqual(
            self.browser.run("return document.querySelectorAll('main b b, main script').length"), 0
        )

    def test_a_stage_and_a_page_that_do_not_exist_are_said_to(self):
        self.opened.open("#/stage/nothing", "There is no stage 'nothing'")
        self.opened.open("#/nothing", "There is no such page")
        self.assertEqual(self.opened.problems(), [])


if __name__ == "__main__":
    unittest.main()
