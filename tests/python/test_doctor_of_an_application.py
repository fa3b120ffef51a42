"""`wallaroo doctor URL` on a running application in Python."""

import json
import subprocess
import sys

import pytest

import wallaroo as wl
from original_rig import ENVIRONMENT


def doctor(*arguments):
    return subprocess.run([sys.executable, "-m", "wallaroo.commands", "doctor", *arguments],
                          capture_output=True, text=True, timeout=60, env=ENVIRONMENT)


@pytest.fixture
def running():
    app = wl.Application("words")
    (app.source("lines", wl.tcp_source("127.0.0.1:0", decode=wl.text, framing=wl.newline))
        .to("length", len)
        .sink("lengths", wl.file_sink("-", encode=lambda n: b"")))
    with wl.start(app, threads=1, http="127.0.0.1:0") as running:
        yield running
        running.stop()


def test_it_checks_an_application(running):
    document = json.loads(doctor(f"http://{running.http_address}/", "--json").stdout)
    assert document["application"] == "words"
    assert document["checks"][0]["check"] == "bottleneck"


def test_it_prints_lines_for_people(running):
    done = doctor(running.http_address)
    assert done.returncode == 0, done
    assert done.stdout.startswith("ok     bottleneck   ")


def test_it_says_when_nobody_answers():
    done = doctor("http://127.0.0.1:1")
    assert done.returncode == 1
    assert "start the application with --http" in done.stderr


@pytest.mark.parametrize("arguments", [["--json"], ["a", "b"], ["--other"]])
def test_it_refuses_other_arguments(arguments):
    assert doctor(*arguments).returncode == 2
