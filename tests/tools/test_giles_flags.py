"""The command line of giles."""

import os
import re
import unittest

from support.giles import GilesCase, run


class Flags(GilesCase):
    HOST = ["send", "--host", "127.0.0.1:1"]
    LISTEN = ["receive", "--listen", "127.0.0.1:0"]

    def test_mistakes_are_told_with_exit_code_2(self):
        to = ["--send-to", "127.0.0.1:1", "--listen", "127.0.0.1:0"]
        for flags, message in [
            ([], "a command is needed: send, receive or latency"),
            (["dance"], "dance"),
            (["send"], "--host is required"),
            (["receive"], "--listen is required"),
            (["send", "--host", "nowhere"], "--host: 'nowhere' is not host:port"),
            (["send", "--host", "h:0"], "port 0"),
            (self.HOST + ["--whatever"], "--whatever"),
            (self.HOST + ["--rate", "fast"], "--rate: 'fast' is not a rate"),
            (self.HOST + ["--rate", "0"], "below 1/s"),
            (self.HOST + ["--rate", "1", "--interval", "1s"], "--interval excludes --rate"),
            (self.HOST + ["--interval", "0"], "--interval: an interval"),
            (self.HOST + ["--interval", "5x"], "--interval: '5x' is not a duration"),
            (self.HOST + ["--connect-timeout", "5"], "'5' has no unit; write for example 5s"),
            (self.HOST + ["--messages", "-1"], "--messages: '-1' is not a count"),
            (self.HOST + ["--connections", "0"], "--connections: it is at least 1"),
            (self.HOST + ["--repeat"], "--repeat requires --file"),
            (self.HOST + ["--binary"], "--binary requires --file"),
            (self.HOST + ["--file", "f", "--binary"], "needs --msg-size or --variable-size"),
            (self.HOST + ["--msg-size", "5"], "--msg-size needs --binary or --latency"),
            (self.HOST + ["--variable-size"], "--variable-size requires --binary"),
            (self.HOST + ["--u64", "--newline"], "excludes"),
            (self.HOST + ["--u64", "--file", "f"], "excludes"),
            (self.HOST + ["--start-from", "5", "--file", "f"], "excludes"),
            (self.HOST + ["--latency"], "--latency needs --rate"),
            (self.HOST + ["--keys", "5"], "--keys requires --latency"),
            (self.HOST + ["--latency", "--rate", "1", "--msg-size", "9"], "at least 24 bytes"),
            (self.LISTEN + ["--raw", "--newline"], "excludes"),
            (self.LISTEN + ["--msg-size", "0"], "--msg-size: it is at least 1"),
            (self.LISTEN + ["--raw", "--latency"], "--latency needs records"),
            (self.LISTEN + ["--never-read", "--expect", "1"], "excludes"),
            (self.LISTEN + ["--settle", "1s"], "--settle requires --expect"),
            (self.LISTEN + ["--warmup-seconds", "1"], "--warmup-seconds requires --latency"),
            (["latency"] + to, "--rate is required"),
            (["latency"] + to + ["--rate", "1", "--seconds", "0"], "more than 0"),
        ]:
            with self.subTest(flags=flags):
                result = run(*flags)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn(message, result.stderr)
                self.assertEqual(result.stdout, "")

    def test_help_and_version(self):
        for flags in (["--help"], ["send", "--help"], ["receive", "--help"], ["latency", "-h"]):
            result = run(*flags)
            self.assertEqual(result.returncode, 0)
            self.assertIn("Usage:", result.stdout)
        self.assertRegex(run("--version").stdout, r"^giles \d+\.\d+\.\d+\n$")

    def test_every_flag_is_in_the_guide(self):
        guide_path = os.path.join(os.path.dirname(__file__), "../../docs/guide/giles.md")
        with open(guide_path) as read:
            guide = read.read()
        for command in ("send", "receive", "latency"):
            section = guide.split(f"## giles {command}\n")[1].split("\n## ")[0]
            flags = set(re.findall(r"--[a-z][a-z0-9-]+", run(command, "--help").stdout))
            for flag in flags - {"--help"}:
                self.assertRegex(section, rf"[` ]{flag}\b", f"giles {command}")


if __name__ == "__main__":
    unittest.main()
