"""The Grafana dashboard and the alert rules are valid, and use metrics that applications have."""

import json
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.request
from pathlib import Path

from support.running import Running, temporary_folder, text_file
from support.wire import Receiver

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs/operations"
NAME = re.compile(r"\b(?:wallaroo|process)_[a-z_]+\b")
# Every kind of stage that the rules and the dashboard are about, with checkpoints.
APPLICATION = "examples/alerts_windowed"
MISSING = "promtool is missing: scripts/install-dependencies ui"


def dashboard():
    return json.loads((FOLDER / "grafana-dashboard.json").read_text())


def expressions():
    """Those of the dashboard, with values in the place of its variables."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"].replace("$__rate_interval", "1m").replace(
                "$application", ".*"
            ).replace("$worker", ".*")


def promtool(*arguments, **options):
    run = subprocess.run(
        ["promtool", *map(str, arguments)], capture_output=True, text=True, **options
    )
    return run.returncode, run.stdout + run.stderr


class Names(unittest.TestCase):
    def test_all_metrics_are_those_of_a_running_application(self):
        known = self.metrics_of_an_application()
        for place, text in (
            ("the alerts", (FOLDER / "alerts.yml").read_text()),
            ("the dashboard", "\n".join(expressions())),
        ):
            used = set(NAME.findall(text))
            self.assertGreater(len(used), 10)
            self.assertEqual(used - known, set(), f"{place} use what no application has")

    def metrics_of_an_application(self):
        folder = temporary_folder(self)
        receiver = Receiver().listen()
        self.addCleanup(receiver.close)
        app = Running(
            APPLICATION,
            "--http",
            "127.0.0.1:0",
            "--in",
            "127.0.0.1:0",
            "--out",
            receiver.address,
            "--checkpoint-dir",
            f"{folder}/checkpoints",
        )
        self.addCleanup(app.close)
        address = app.wait_for_log(r"metrics on http://([^/]+)/").group(1)
        with urllib.request.urlopen(f"http://{address}/metrics") as answer:
            page = answer.read().decode()
        return {
            name
            for line in page.splitlines()
            if not line.startswith("#")
            for name in NAME.findall(line.split("{")[0])
        }

    def test_names_that_no_application_has_are_found(self):
        self.assertEqual(
            NAME.findall("rate(wallaroo_made_up_total[1m])"), ["wallaroo_made_up_total"]
        )


class Dashboard(unittest.TestCase):
    def test_panels_have_titles_and_do_not_overlap(self):
        taken = set()
        for panel in dashboard()["panels"]:
            place = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            self.assertFalse(taken & cells, panel["title"])
            self.assertLessEqual(place["x"] + place["w"], 24)
            taken |= cells
            self.assertTrue(panel["type"] == "row" or panel["description"], panel["title"])


@unittest.skipUnless(shutil.which("promtool"), MISSING)
class Promtool(unittest.TestCase):
    def assert_accepted(self, *arguments, **options):
        code, output = promtool(*arguments, **options)
        self.assertEqual(code, 0, output)

    def test_the_alert_rules_are_valid(self):
        self.assert_accepted("check", "rules", FOLDER / "alerts.yml")

    def test_the_alert_rules_fire_when_they_should(self):
        folder = temporary_folder(self)
        shutil.copy(FOLDER / "alerts.yml", folder)
        shutil.copy(Path(__file__).parent / "alerts_test.yml", folder)
        self.assert_accepted("test", "rules", "alerts_test.yml", cwd=folder)

    def test_the_expressions_of_the_dashboard_are_valid(self):
        # As rules that record them, which promtool can check.
        rules = [{"record": f"panel:{i}", "expr": text} for i, text in enumerate(expressions())]
        self.assertGreater(len(rules), 20)
        text = json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}).encode()
        with tempfile.TemporaryDirectory() as folder:
            self.assert_accepted("check", "rules", text_file(folder, "rules.yml", text))
            wrong = text.replace(b"sum(rate(", b"sum(rate((", 1)
            self.assertNotEqual(
                promtool("check", "rules", text_file(folder, "wrong.yml", wrong))[0], 0
            )


if __name__ == "__main__":
    unittest.main()
