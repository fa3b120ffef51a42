"""The command wallaroo as a process: exit codes, messages, signals, the debugger, the log."""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest
import wallaroo as wl
from golden_rig import NEW, free_ports
from original_rig import ENVIRONMENT, ROOT


PYTHON = sys.executable


ENDLESS = """
import time
import wallaroo as wl
def slowly(n):
    time.sleep(0.002)
    return n
app = wl.Application("endless")
(app.source("n", wl.generator(lambda n: n)).map("slowly", slowly).key_by("key", lambda n: n % 3)
    .scan("count", lambda total, n: (total + 1, f"{n}"), int).sink("out", wl.file_sink("out")))
if __name__ == "__main__":
    wl.run(app)
"""


LASTING = ENDLESS.replace('wl.generator(lambda n: n)', 'wl.tcp_source("127.0.0.1:0", decode=int)')


RUNS = "application 'endless' runs on"


@pytest.mark.parametrize("command", [[PYTHON, "app.py"], [*NEW, "app.py"], [*NEW, "app.py:app"],
                                     [*NEW, "app"]])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_in_an_orderly_way(start, write, tmp_path, command, number):
    write("app.py", ENDLESS)
    process = start([*command, "--threads", "2"])
    process.wait_for(lambda: (tmp_path / "out").exists() and (tmp_path / "out").stat().st_size,
                     "output")
    process.send(number)
    assert process.wait() == 0, process.log
    assert "Traceback" not in process.log
    numbers = sorted(int(line) for line in (tmp_path / "out").read_text().split())
    assert numbers == list(range(len(numbers))), "what was read was processed"


def test_a_signal_takes_the_last_checkpoint(start, write, tmp_path):
    write("app.py", ENDLESS)
    command = [*NEW, "app.py", "--threads", "1", "--checkpoint-dir", "checkpoints",
               "--checkpoint-interval", "1h"]
    for goes_on in (False, True):
        process = start(command)
        process.wait_for(lambda: RUNS in process.log, "it runs")
        time.sleep(0.3)
        process.send(signal.SIGINT)
        assert process.wait() == 0, process.log
        assert ("goes on from checkpoint" in process.log) == goes_on
    numbers = [int(line) for line in (tmp_path / "out").read_text().split()]
    assert sorted(numbers) == list(range(len(numbers))) and len(numbers) > 20


def test_a_second_signal_stops_at_once(start, write):
    write("app.py", ENDLESS.replace('wl.file_sink("out")', 'wl.tcp_sink("127.0.0.1:1", '
                                    'drain_timeout="1h")'))
    process = start([*NEW, "app.py", "--threads", "1"])
    process.wait_for(lambda: RUNS in process.log, "it runs")
    time.sleep(0.3)
    process.send(signal.SIGINT)
    time.sleep(0.3)
    assert process.running(), "it waits for its sink"
    begun = time.monotonic()
    process.send(signal.SIGINT)
    assert process.wait() == 1
    assert time.monotonic() - begun < 5
    assert "before everything was drained" in process.log


@pytest.mark.parametrize("text, arguments, code, message", [
    (None, ["nope.py"], 2, "wallaroo: there is no file nope.py"),
    (None, ["nope"], 2, "there is no module 'nope' here or on PYTHONPATH"),
    ("x = 1", ["app.py"], 2, "app.py has no application"),
    ("import nowhere", ["app.py"], 2, "ModuleNotFoundError: No module named 'nowhere'"),
    ("raise ValueError('at import')", ["app.py"], 2, "ValueError: at import"),
    ("def broken(:", ["app.py"], 2, "SyntaxError"),
    ("import sys; sys.exit(9)", ["app.py"], 9, ""),
    ("import wallaroo as wl\na = wl.Application('a')\nb = wl.Application('b')", ["app.py"], 2,
     "app.py has several applications: name one of a, b, as app.py:a"),
    ("import wallaroo as wl\na = wl.Application('a')", ["app.py:b"], 2,
     "app.py has no application named 'b'; it has a"),
    ("import wallaroo as wl\na = wl.Application('a')", ["app.py"], 2, "a:"),
    ("import wallaroo as wl\na = wl.Application('a')\na.source('alone', wl.iterable([1]))",
     ["app.py"], 2, "'alone'"),
    ("import wallaroo as wl\na = wl.Application('a')\na.source('s', wl.iterable([1])).map('m', 5)",
     ["app.py"], 2, "TypeError: stage 'm' needs a function, not int"),
    (ENDLESS, ["app.py", "--no-such-flag"], 2, "--no-such-flag"),
    (ENDLESS.replace("lambda n: n)", "lambda n: n if n < 9 else exit(7))"), ["app.py"], 7, ""),
    (ENDLESS.replace("return n", "return 1 // (n - 5)"), ["app.py"], 1,
     "ZeroDivisionError: integer division or modulo by zero"),
    (ENDLESS.replace("return n", "return slowly(n)"), ["app.py"], 1, "RecursionError"),
    (ENDLESS.replace("lambda n: n % 3", "lambda n: [n]"), ["app.py"], 1,
     "an object of class list cannot be a key"),
    (ENDLESS.replace("def slowly(n)", "def slowly()"), ["app.py"], 1,
     "takes 0 positional arguments but 1 was given"),
    (ENDLESS.replace('file_sink("out")', 'file_sink("out", encode=lambda r: 5)'), ["app.py"], 1,
     "an encoder must return bytes, str or None, but this one returned int"),
    (ENDLESS.replace('file_sink("out")', 'file_sink("/no/such/folder/out")'), ["app.py"], 1,
     "/no/such/folder"),
])
def test_what_goes_wrong_is_said_with_an_exit_code(start, write, text, arguments, code, message):
    if text is not None:
        write("app.py", text)
    process = start([*NEW, *arguments])
    assert process.wait() == code, process.log
    assert message in process.log
    if code == 1 and "Error:" in message:
        assert 'app.py", line ' in process.log, "the traceback shows the application"


def test_a_port_in_use(start, write):
    write("app.py", LASTING)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start([*NEW, "app.py", "--in", f"127.0.0.1:{taken.getsockname()[1]}"])
        assert process.wait() == 1
    assert "address already in use" in process.log
    assert "Traceback" not in process.log


def test_explain_and_help(start, write):
    write("app.py", ENDLESS)
    process = start([PYTHON, "-m", "wallaroo.commands", "explain", "app.py", "--threads", "2"])
    assert process.wait() == 0
    assert re.search("segment.*n .source. -> slowly", process.out)
    process = start([*NEW, "app.py", "--help"])
    assert process.wait() == 0
    assert "--checkpoint-dir" in process.out


def test_a_new_project_passes_its_test_and_runs(start, tmp_path):
    process = start([PYTHON, "-m", "wallaroo.commands", "new", "words"])
    assert process.wait() == 0, process.log
    project = tmp_path / "words"
    tested = subprocess.run([PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=project,
                            env=ENVIRONMENT, text=True, capture_output=True)
    assert tested.returncode == 0, tested.stdout
    (port,) = free_ports(1)
    process = start([*NEW, "words/words.py", "--in", f"127.0.0.1:{port}"])
    process.wait_for(lambda: "runs on" in process.log, "it runs")
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.sendall(b"to be or not to be\n")
        process.wait_for(lambda: "be 2\n" in process.out, "its output")
    process.send(signal.SIGINT)
    assert process.wait() == 0, process.log
    process = start([PYTHON, "-m", "wallaroo.commands", "new", "words"])
    assert process.wait() == 2
    assert "cannot make the folder words" in process.log


DEBUGGED = """
import wallaroo as wl
app = wl.Application("debugged")
def double(n):
    breakpoint()
    return n * 2
app.source("n", wl.iterable([21])).map("double", double).sink("out", wl.file_sink("-"))
if __name__ == "__main__":
    wl.run(app, ["--threads", "1"])
"""


@pytest.mark.parametrize("commands, code, shown", [
    ("p 'n is', n\nc\n", 0, "('n is', 21)"), ("!n = 50\nc\n", 0, "100\n"), ("q\n", 1, "BdbQuit"),
    ("", 1, "BdbQuit")])
def test_breakpoint_in_a_function(write, tmp_path, commands, code, shown):
    write("app.py", DEBUGGED)
    result = subprocess.run([PYTHON, "app.py"], cwd=tmp_path, env=ENVIRONMENT, text=True,
                            input=commands, capture_output=True, timeout=60)
    assert result.returncode == code, result.stderr
    assert shown in result.stdout + result.stderr


LOGGED = """
import logging, sys
import wallaroo as wl
logging.basicConfig(format="%(levelname)s|%(name)s|%(message)s", level=logging.INFO,
                    stream=sys.stdout)
app = wl.Application("logged")
app.source("n", wl.iterable([1, 0])).map("f", lambda n: 1 // n, on_error="skip").sink(
    "out", wl.to_list())
wl.run(app, ["--threads", "1"])
"""


def test_logging_gets_the_log_of_a_run(start, write):
    process = start([PYTHON, write("app.py", LOGGED)])
    assert process.wait() == 0
    assert "INFO|wallaroo|application 'logged' runs on 1 executor" in process.out
    assert "WARNING|wallaroo|stage 'f' failed on record 0: ZeroDivisionError" in process.out
    assert process.log == ""


def test_logging_gets_the_log_of_an_application_that_nobody_waits_for(caplog):
    caplog.set_level(logging.INFO, "wallaroo")
    app = wl.Application("unwatched")
    app.source("n", wl.generator(lambda n: n, rate=100)).sink("out", wl.to_list())
    running = wl.start(app, threads=1)
    end = time.monotonic() + 10
    while "application 'unwatched' runs on 1 executor" not in caplog.text:
        assert time.monotonic() < end
        time.sleep(0.01)
    running.stop()
    running.wait()


def test_print_in_a_function_is_flushed(start, write):
    write("app.py", ENDLESS.replace("time.sleep(0.002)", "time.sleep(0.01); print('at', n)"))
    process = start([*NEW, "app.py"])
    process.wait_for(lambda: "at 3\n" in process.out, "what was printed")
    process.send(signal.SIGTERM)
    assert process.wait() == 0


def test_the_doctor_finds_the_package_of_another_product(start, tmp_path):
    command = [PYTHON, "-m", "wallaroo.commands", "doctor"]
    process = start(command)
    assert (process.wait(), "all is well" in process.out) == (0, True)
    other = tmp_path / "site" / "wallaroo-2023.1.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: wallaroo\nVersion: 2023.1.0\n")
    process = start([PYTHON, "-c", f"import sys; sys.path.append({str(other.parent)!r}); "
                     "from wallaroo.commands import main; main(['doctor'])"])
    assert process.wait() == 1
    assert "the package 'wallaroo' of another product is installed, too" in process.out


def test_an_interpreter_for_which_there_is_no_engine(start, tmp_path):
    package = tmp_path / "path" / "wallaroo"
    shutil.copytree(ROOT / "python" / "wallaroo", package,
                    ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    (package / "_engine.cpython-27-vax.so").touch()
    process = start([PYTHON, "-c", "import wallaroo; wallaroo.Application('a')"],
                    PYTHONPATH=str(package.parent))
    assert process.wait() == 1
    version = ".".join(map(str, sys.version_info[:3]))
    assert f"the engine of wallaroo cannot be loaded by Python {version}" in process.log
    assert "there is one for another: _engine.cpython-27-vax.so" in process.log


CLASSES = """
import os, time
import wallaroo as wl
class First:
    def __init__(self): self.n = 0
def count(n, state):
    state.n += 1
    time.sleep(0.002)
    return f"{n % 2} {state.n}"
app = wl.Application("classes")
(app.source("n", wl.generator(lambda n: n)).key_by("key", lambda n: n % 2)
    .state("count", count, First).sink("out", wl.file_sink("out")))
"""


def test_a_class_that_has_gone_at_restore(start, write, tmp_path):
    command = [*NEW, "app.py", "--threads", "1", "--checkpoint-dir", "checkpoints",
               "--checkpoint-interval", "20ms"]
    write("app.py", CLASSES)
    process = start(command)
    process.wait_for(lambda: (tmp_path / "out").exists() and (tmp_path / "out").stat().st_size,
                     "a checkpoint")
    process.kill()
    renamed = CLASSES.replace("First", "Second")
    write("app.py", renamed)
    process = start(command)
    assert process.wait() == 1, process.log
    assert "First" in process.log and "stage 'count'" in process.log
    write("app.py", renamed + "import wallaroo\nwallaroo.register(Second, name='app.First')\n")
    process = start(command)
    size = (tmp_path / "out").stat().st_size
    process.wait_for(lambda: (tmp_path / "out").stat().st_size > size, "it goes on")
    process.send(signal.SIGINT)
    assert process.wait() == 0, process.log
    lines = [line.split() for line in (tmp_path / "out").read_text().splitlines()]
    for key in "01":
        counts = [int(n) for found, n in lines if found == key]
        assert counts == list(range(1, len(counts) + 1))


def test_a_library_that_releases_the_lock():
    import hashlib
    import zlib
    app, out = wl.Application("libraries"), wl.to_list()
    data = os.urandom(1 << 16)
    (app.source("n", wl.iterable(range(200))).key_by("key", lambda n: n % 5)
        .map("hash", lambda n: (n, hashlib.sha256(data).hexdigest()))
        .map("zip", lambda pair: (*pair, len(zlib.compress(data, 1)))).sink("out", out))
    wl.run(app, ["--threads", "2", "--log-level", "off"])
    assert sorted(n for n, *_ in out.records) == list(range(200))
    assert len({rest for _, *rest in map(tuple, out.records) for rest in [tuple(rest)]}) == 1
