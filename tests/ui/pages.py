"""The pages, and how the tests open them."""

from ui.fixture_server import FixtureServer

# By name: the route, and a text that is shown once the page is complete.
PAGES = {
    "overview": ("#/", "executor 3"),
    "stage": ("#/stage/revenue", "windows open"),
    "workers": ("#/workers", "executor 3"),
    "keys": ("#/keys", "acme corp"),
    "checkpoints": ("#/checkpoints", "visits"),
    "errors": ("#/errors", "a price below 0"),
    "config": ("#/config", "--checkpoint-dir"),
    "log": ("#/log", "checkpoint 770 failed"),
}
SIZES = {"wide": (1280, 900), "phone": (390, 844)}
WRONG_TEXT = r"/\d(\.\d+)?e[+-]\d|\bNaN\b|\bundefined\b|\bnull\b|\bInfinity\b|\[object/"


class Opened:
    """A browser and a server with a scenario; open pages and look for what must never be."""

    def __init__(self, browser, scenario="busy"):
        self.server = FixtureServer(scenario)
        self.browser = browser
        # What an earlier test left is not ours.
        browser.open("about:blank")
        browser.console()
        browser.requests()

    def close(self):
        self.server.close()

    def open(self, route="#/", text=None, size="wide", theme="light"):
        self.browser.size(*SIZES[size])
        self.browser.media(prefers_color_scheme=theme)
        self.browser.open("about:blank")
        self.browser.open(self.server.address + route)
        if text:
            self.browser.wait_for_text(text)
        self.settle()

    def settle(self):
        """Waits until everything that was asked for is drawn."""
        self.browser.run("return new Promise((done) => setTimeout(done, 150))")

    def problems(self):
        """What the console says, requests to other hosts, and numbers that no person writes."""
        found = self.browser.console()
        known = (self.server.address, "data:", "about:", "chrome:", "blob:")
        found += [f"asks {url}" for url in self.browser.requests() if not url.startswith(known)]
        text = self.browser.run(f"return document.body.innerText.match({WRONG_TEXT})?.[0] ?? ''")
        return found + ([f"the page says {text!r}"] if text else [])
