"""Drives Debian's chromium through chromedriver, with the standard library alone."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

SCRIPTS = Path(__file__).parent / "scripts"
DEADLINE_S = 20
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the standard gives to elements
MISSING = "chromium and chromedriver are missing: scripts/install-dependencies ui"
KEYS = {
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Left": "\ue012",
    "Up": "\ue013",
    "Right": "\ue014",
    "Down": "\ue015",
}


def available():
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


class BrowserError(Exception):
    """The browser refused a command."""


class Browser:
    """One window of a headless chromium, with an empty profile."""

    def __init__(self, width=1280, height=900):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.log = open(os.path.join(self.folder.name, "log"), "w+")
        # The pages show local times.
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"],
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TZ": "UTC", "LANGUAGE": "en"},
            process_group=0,
        )
        self.address = None
        self.session = None
        try:
            self.address = f"http://127.0.0.1:{self._port()}"
            answer = self._ask(
                "POST",
                "/session",
                {"capabilities": {"alwaysMatch": self._capabilities(width, height)}},
            )
            self.session = answer["sessionId"]
            self.call(
                "POST", "/timeouts", {"script": DEADLINE_S * 1000, "pageLoad": DEADLINE_S * 1000}
            )
        except Exception:
            self.close()
            raise

    def _capabilities(self, width, height):
        flags = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--force-device-scale-factor=1",
            f"--window-size={width},{height}",
            "--disable-background-networking",
            f"--user-data-dir={self.folder.name}/profile",
            "--font-render-hinting=none",
        ]
        return {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": shutil.which("chromium"), "args": flags},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }

    def _port(self):
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end and self.driver.poll() is None:
            self.log.flush()
            with open(self.log.name) as copy:
                for line in copy:
                    if "started successfully on port" in line:
                        return int(line.rstrip(".\n").rsplit(" ", 1)[1])
            time.sleep(0.02)
        raise BrowserError("chromedriver did not start")

    def close(self):
        if self.session:
            try:
                self.call("DELETE", "", None)
            except (BrowserError, OSError):
                pass
        self.driver.terminate()
        self.driver.wait(DEADLINE_S)
        self.log.close()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _ask(self, method, path, body):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.address + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S + 10) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            problem = json.load(error)["value"]
            raise BrowserError(f"{problem['error']}: {problem['message']}") from None

    def call(self, method, path, body):
        return self._ask(method, f"/session/{self.session}{path}", body)

    def command(self, name, **parameters):
        """A command of the DevTools protocol."""
        return self.call("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def size(self, width, height):
        """The size of the page, as a phone or a window has it."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def media(self, **features):
        """What the system prefers: prefers_color_scheme="dark"."""
        self.command(
            "Emulation.setEmulatedMedia",
            features=[
                {"name": name.replace("_", "-"), "value": value} for name, value in features.items()
            ],
        )

    def open(self, address):
        self.call("POST", "/url", {"url": address})

    def run(self, script, *arguments):
        """The value of the body of a function in JavaScript."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def run_file(self, name, *arguments):
        return self.run((SCRIPTS / name).read_text(), *arguments)

    def wait(self, script, *arguments, seconds=DEADLINE_S):
        """Waits until the script returns something true, and returns it."""
        end = time.monotonic() + seconds
        while not (value := self.run(script, *arguments)):
            if time.monotonic() > end:
                raise AssertionError(
                    f"not so after {seconds} s: {script}\nThe page says:\n{self.text()[:2000]}"
                )
            time.sleep(0.05)
        return value

    def text(self, selector="body"):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def wait_for_text(self, text, selector="main", seconds=DEADLINE_S):
        self.wait(
            "return document.querySelector(arguments[0])?.innerText.includes(arguments[1])",
            selector,
            text,
            seconds=seconds,
        )

    def press(self, *keys):
        """Presses and releases keys, one after the other."""
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self.call(
            "POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]}
        )

    def click(self, selector):
        element = self.call("POST", "/element", {"using": "css selector", "value": selector})
        self.call("POST", f"/element/{element[ELEMENT]}/click", {})

    def picture(self, path, whole=False):
        answer = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        Path(path).write_bytes(base64.b64decode(answer["data"]))

    def console(self):
        """What the console said since the last call, as "level: message"."""
        return [
            f"{entry['level']}: {entry['message']}"
            for entry in self.call("POST", "/se/log", {"type": "browser"})
        ]

    def requests(self):
        """The addresses that were asked for since the last call."""
        found = []
        for entry in self.call("POST", "/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return found
