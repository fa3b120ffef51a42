"""The API of the metrics UI, and the commands that use it, on a running application."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

from support.running import BUILD, DEADLINE_S, Running, eventually
from support.wire import Receiver

WALLAROO = os.path.join(BUILD, "tools", "wallaroo")


class Application:
    """slow_app with one slow part; its receiver reads everything or nothing."""

    def __init__(self, test, slow, threads=1, reads=True, flags=()):
        receiver = Receiver().listen()
        test.addCleanup(receiver.close)
        self.sink = receiver.address
        self.program = Running(
            *("tests/metrics/slow_app", "--out", receiver.address, "--http", "127.0.0.1:0"),
            *("--threads", str(threads), *flags, "--", slow),
        )
        test.addCleanup(self.program.close)
        receiver.accept()
        if reads:
            threading.Thread(target=self.read_all, args=(receiver,), daemon=True).start()
        self.address = self.program.wait_for_log(r"metrics on http://([^/]+)/").group(1)

    @staticmethod
    def read_all(receiver):
        try:
            receiver.rest()
        except OSError:
            pass  # the test is over

    def get(self, path, **headers):
        request = urllib.request.Request(f"http://{self.address}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
            return json.load(answer)

    def verdict(self):
        return self.get("/api/v1/series?window=10")["verdict"]


class VerdictTest(unittest.TestCase):
    def assert_verdict(self, application, rule, name):
        plan = application.get("/api/v1/plan")
        found = []

        def look():
            found.append(application.verdict())
            node = found[-1].get("node")
            named = None if node is None else plan["nodes"][node]["name"]
            return (found[-1]["rule"], named) == (rule, name)

        try:
            eventually(look, rule)
        except AssertionError:
            self.fail(f"{rule} of {name} was not the verdict, but {found[-3:]}")

    def test_a_receiver_that_does_not_read(self):
        application = Application(self, "none", reads=False)
        self.assert_verdict(application, "slow_sink", "out")
        self.assertIn(application.sink, application.verdict()["text"])

    def test_a_slow_function(self):
        self.assert_verdict(Application(self, "work"), "hot_stage", "work")

    def test_a_slow_window(self):
        self.assert_verdict(Application(self, "update"), "hot_stage", "windows")

    def test_a_hot_key_where_processors_are_few(self):
        for _ in range(3):
            rival = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            self.addCleanup(rival.wait)
            self.addCleanup(rival.kill)
        self.assert_verdict(Application(self, "hot_key", threads=2), "hot_key", "key")

    def test_a_slow_encoder(self):
        self.assert_verdict(Application(self, "encoder"), "hot_encoder", "out")


class DocumentsTest(unittest.TestCase):
    def test_points_follow_one_another(self):
        application = Application(self, "work", threads=2)
        first = eventually(lambda: self.with_points(application, 0), "points")
        self.assertEqual(first["first_seq"], 1)
        later = eventually(lambda: self.with_points(application, first["seq"]), "points")
        self.assertEqual(later["first_seq"], first["seq"] + 1)
        self.assertEqual(later["plan_id"], application.get("/api/v1/plan")["plan_id"])
        for node in later["nodes"].values():
            self.assertEqual({len(points) for points in node.values()}, {later["points"]})
        self.assertEqual(len(later["executors"]), 2)
        self.assertGreater(later["workers"][0]["rss"][-1], 1e6)
        self.assertGreater(later["summary"]["in"]["now"], 0)

    @staticmethod
    def with_points(application, since):
        series = application.get(f"/api/v1/series?since={since}")
        return series if series["points"] > 1 else None

    def test_a_stage_has_rows_and_bins(self):
        application = Application(self, "work", threads=2)
        eventually(lambda: self.with_points(application, 0), "points")
        stage = application.get("/api/v1/stage?name=work")
        self.assertEqual(len(stage["executors"]), 2)
        self.assertGreater(sum(row["in_total"] for row in stage["executors"]), 0)
        self.assertGreater(stage["latency"]["p50"], 50e-6)
        self.assertGreater(sum(sum(bins) for bins in stage["bins"] if bins), 0)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            application.get("/api/v1/stage?name=nothing")
        self.assertEqual(refused.exception.code, 404)
        self.assertIn("no stage 'nothing'", json.load(refused.exception)["error"])
        with self.assertRaises(urllib.error.HTTPError) as refused:
            application.get("/api/v1/stage?id=99")
        self.assertEqual(refused.exception.code, 404)
        self.assertIn("there is no node 99", json.load(refused.exception)["error"])

    def test_the_hot_key_is_shown_to_those_who_may_see_it(self):
        application = Application(self, "hot_key", threads=2, flags=("--http-show-records",))

        def hottest():
            [keyed] = application.get("/api/v1/keys?stage=windows")["stages"]
            return keyed["hottest"] and keyed["samples"] > 500 and keyed

        keyed = eventually(hottest, "samples")
        self.assertEqual(keyed["hottest"][0]["key"], "7")
        self.assertAlmostEqual(keyed["hottest"][0]["share"], 0.9, delta=0.05)
        self.assertAlmostEqual(max(keyed["groups"]), 0.9, delta=0.05)
        hidden = Application(self, "hot_key")
        eventually(lambda: hidden.get("/api/v1/keys")["stages"][0]["hottest"], "samples")
        self.assertNotIn("key", hidden.get("/api/v1/keys")["stages"][0]["hottest"][0])

    def test_the_log_and_the_settings(self):
        application = Application(self, "none")
        lines = eventually(lambda: application.get("/api/v1/log")["lines"], "lines")
        self.assertTrue(any("runs on 1 executor" in line["text"] for line in lines), lines)
        last = lines[-1]["seq"]
        self.assertEqual(
            [line for line in application.get(f"/api/v1/log?since={last}")["lines"]
             if line["seq"] <= last], [])
        flags = {flag["name"]: flag for flag in application.get("/api/v1/config")["flags"]}
        self.assertEqual((flags["threads"]["value"], flags["threads"]["origin"]), ("1", "command line"))
        self.assertEqual(flags["log-level"]["origin"], "default")
        self.assertFalse(application.get("/api/v1/checkpoints")["enabled"])
        self.assertEqual(application.get("/api/v1/errors")["groups"], [])

    def test_checkpoints_have_phases_and_state(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        flags = ("--checkpoint-dir", folder.name, "--checkpoint-interval", "100ms")
        application = Application(self, "none", flags=flags)

        def complete():
            found = application.get("/api/v1/checkpoints")
            done = [one for one in found["checkpoints"] if one["outcome"] == "complete"]
            return len(done) > 1 and (found, done[0])

        found, newest = eventually(complete, "complete checkpoints")
        self.assertTrue(found["enabled"])
        self.assertEqual((found["directory"], found["interval_seconds"]), (folder.name, 0.1))
        self.assertGreater(newest["bytes"], 0)
        self.assertIn("windows", [stage["name"] for stage in newest["stages"]])
        phases = newest["phases"]
        self.assertLessEqual({"align", "save", "durable"}, phases.keys())
        self.assertLessEqual(phases["align"], phases["save"])
        parts = sum(seconds for name, seconds in phases.items() if name != "align")
        self.assertAlmostEqual(parts, newest["seconds"], places=3)

    def test_64_threads_and_50_stages_stay_quick(self):
        application = Running(
            *("tests/metrics/wide_app", "--threads", "64", "--http", "127.0.0.1:0"),
        )
        self.addCleanup(application.close)
        address = application.wait_for_log(r"metrics on http://([^/]+)/").group(1)

        def get(path):
            with urllib.request.urlopen(f"http://{address}{path}", timeout=DEADLINE_S) as answer:
                return json.load(answer)

        self.assertEqual(len(get("/api/v1/plan")["nodes"]), 50)
        series = eventually(lambda: (s := get("/api/v1/series"))["points"] > 3 and s, "points")
        self.assertEqual(len(series["executors"]), 64)
        began = time.monotonic()
        get(f"/api/v1/series?since={series['seq']}")
        self.assertLess(time.monotonic() - began, 2)

    def test_names_that_others_could_have_are_refused(self):
        application = Application(self, "none", flags=("--http-host", "ui.example"))
        self.assertEqual(application.get("/api/v1/plan", Host="ui.example:1")["format"], 1)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            application.get("/api/v1/plan", Host="evil.example")
        self.assertEqual(refused.exception.code, 421)
        self.assertIn("--http-host evil.example", json.load(refused.exception)["error"])


class CommandsTest(unittest.TestCase):
    @staticmethod
    def run_command(*arguments):
        return subprocess.run(
            [WALLAROO, *arguments], capture_output=True, text=True, timeout=DEADLINE_S
        )

    def test_top_shows_the_verdict_and_all_stages(self):
        application = Application(self, "work")
        url = f"http://{application.address}/"

        def shown():
            done = self.run_command("top", url, "--once")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            return "stage 'work' is the bottleneck" in done.stdout and done.stdout

        text = eventually(shown, "the verdict")
        for name in ("in ", "work ", "key ", "waiting ", "windows ", "out "):
            self.assertIn(f"\n{name}", text)
        line = self.run_command("top", application.address, "--once", "--json").stdout
        self.assertEqual(json.loads(line)["application"], "slow_app")

    def test_top_ends_with_the_application(self):
        application = Application(self, "none")
        with subprocess.Popen(
            [WALLAROO, "top", application.address], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True
        ) as top:
            top.stdout.readline()
            application.program.close()
            _, error = top.communicate(timeout=DEADLINE_S)
        self.assertEqual(top.returncode, 0)
        self.assertIn("the application has ended", error)

    def test_doctor_finds_a_receiver_that_does_not_read(self):
        application = Application(self, "none", reads=False)

        def found():
            done = self.run_command("doctor", application.address)
            return "WARN   bottleneck   sink 'out' is the bottleneck" in done.stdout and done

        self.assertEqual(eventually(found, "the bottleneck").returncode, 1)
        document = json.loads(self.run_command("doctor", application.address, "--json").stdout)
        checks = {check["check"]: check["level"] for check in document["checks"]}
        self.assertEqual(checks["sinks"], "ok")
        self.assertEqual(checks["clock"], "ok")

    def test_errors_say_what_to_do(self):
        nobody = self.run_command("doctor", "http://127.0.0.1:1")
        self.assertEqual(nobody.returncode, 1)
        self.assertIn("start the application with --http", nobody.stderr)
        for url in ("ftp://x", "http://", "127.0.0.1:port"):
            wrong = self.run_command("top", url)
            self.assertEqual(wrong.returncode, 1, url)
            self.assertIn("use http://HOST:PORT", wrong.stderr)


if __name__ == "__main__":
    unittest.main()
