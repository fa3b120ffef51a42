"""The launcher as a process: exit codes, what it prints, and the order in which it starts."""

import json
import subprocess
import sys

import pytest
from original_rig import ENVIRONMENT, HERE

ONE_WORKER = ["--metrics", "127.0.0.1:5001", "--control", "127.0.0.1:12500", "--data",
              "127.0.0.1:12501", "--cluster-initializer", "--ponythreads=1", "--ponynoblock"]
APPLICATION = """
import sys, wallaroo
at_import = (wallaroo._ARGS, list(sys.argv))
@wallaroo.decoder(header_length=4, length_fmt=">I")
def decode(bs): return bs
@wallaroo.encoder
def encode(data): return data
def application_setup(args):
    print("at import", at_import)
    print("in setup", args, '--cluster-initializer' in wallaroo._ARGS)
    return wallaroo.build_application("app", wallaroo.source(
        "s", wallaroo.TCPSourceConfig("s", "127.0.0.1", "7010", decode)).to_sink(
        wallaroo.TCPSinkConfig("127.0.0.1", "7002", encode)))
"""


@pytest.fixture(name="machida")
def launcher_in_a_folder(tmp_path):
    def run(source, *arguments, module="app", options=ONE_WORKER, **environment):
        if source is not None:
            (tmp_path / "app.py").write_text(source)
        return subprocess.run(
            [sys.executable, str(HERE / "recording_machida.py"),
             *(["--application-module", module] if module else []), *options, *arguments],
            cwd=tmp_path, env={**ENVIRONMENT, **environment}, text=True, capture_output=True,
            timeout=60)

    return run


def test_the_start_sequence(machida):
    result = machida(APPLICATION, "--in", "x", "-z")
    script = str(HERE / "recording_machida.py")
    args = [script, "--in", "x", "-z"]
    lines = result.stdout.splitlines()
    assert lines[0] == f"at import ((), {args})"
    assert lines[1] == f"in setup {args} True"
    told = json.loads(lines[2])
    assert told["args"] == told["sys.argv"] == args
    assert told["_ARGS"] == [script, "--application-module", "app", *ONE_WORKER[:-2], "--in", "x",
                             "-z"]
    assert (told["name"], told["worker"], told["hooks"]) == ("app", "initializer", False)
    assert lines[3:] == ["Application has successfully initialized."]
    assert (result.returncode, result.stderr) == (0, "")


def test_a_worker_that_is_not_the_initializer_does_not_say_that_all_is_ready(machida):
    result = machida(APPLICATION, options=[
        "--metrics", "127.0.0.1:5001", "--control", "127.0.0.1:12500", "--name", "w1"])
    assert result.returncode == 0
    assert "successfully" not in result.stdout
    assert '"worker": "w1"' in result.stdout


def test_the_hooks_of_the_module_are_used(machida):
    result = machida(APPLICATION + "def serialize(o): return b'own ' + o.encode()\n"
                     "def deserialize(b): return b\n")
    assert '"hooks": "own x"' in result.stdout


def test_hooks_that_were_imported_are_none(machida):
    result = machida("from wallaroo import *\n" + APPLICATION)
    assert '"hooks": false' in result.stdout


def test_the_module_may_be_in_a_package(machida, tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "inner.py").write_text(APPLICATION)
    assert machida(None, module="package.inner").returncode == 0


@pytest.mark.parametrize("argument", ["--help", "-h"])
def test_help_is_printed_and_nothing_is_run(machida, argument):
    result = machida("raise SystemExit(9)", argument, options=[])
    assert (result.returncode, result.stderr) == (0, "")
    for option in ("--application-module", "--cluster-initializer", "--control", "--data",
                   "--my-control", "--my-data", "--external", "--metrics", "--worker-count",
                   "--name", "--join", "--resilience-dir", "--run-with-resilience",
                   "--time-between-checkpoints", "--stop-pause", "--log-rotation"):
        assert option in result.stdout


def fails(result, code, *parts):
    assert result.returncode == code, result
    for part in parts:
        assert part in result.stderr, result.stderr


def test_mistakes_in_options_end_with_1_and_a_line(machida):
    result = machida(APPLICATION, options=ONE_WORKER[2:])
    fails(result, 1)
    assert result.stderr.startswith("error: --metrics is missing: ")
    assert result.stderr.count("\n") == 1
    fails(machida(APPLICATION, "--worker-count", "x"), 1, "error: --worker-count cannot be 'x'")
    fails(machida(APPLICATION, module=None), 1, "error: --application-module is missing")


def test_a_module_that_is_not_there(machida):
    result = machida(None, module="no_such_module")
    fails(result, 1, "error: there is no module 'no_such_module'", "PYTHONPATH")
    assert "Traceback" not in result.stderr
    fails(machida(None, module="no_such.module"), 1, "there is no module 'no_such.module'")


def test_a_module_that_imports_one_that_is_not_there(machida):
    fails(machida("import another_that_is_missing"), 1, "Traceback", "app.py", "line 1",
          "No module named 'another_that_is_missing'")


@pytest.mark.parametrize("source, error", [
    ("1/0", "ZeroDivisionError"),
    ("def", "SyntaxError"),
    ("def application_setup(args): raise ValueError('no good')", "ValueError: no good"),
    ("import wallaroo\n@wallaroo.computation(name='n')\ndef f(a, b): pass",
     "WallarooParameterError: the function of n is called with 1 argument, but it takes 2"),
])
def test_an_application_that_raises_ends_with_1_and_a_traceback(machida, source, error):
    fails(machida(source), 1, "Traceback", "app.py", error)


def test_a_module_without_setup(machida):
    fails(machida("x = 1"), 1, "error: the module 'app' has no function application_setup(args)")


@pytest.mark.parametrize("code", [0, 2, 7])
@pytest.mark.parametrize("where", ["{}", "def application_setup(args): {}"])
def test_an_exit_of_the_application_is_the_exit_of_the_process(machida, where, code):
    fails(machida("import sys\n" + where.format(f"sys.exit({code})")), code)


def test_argparse_in_an_application_exits_with_2(machida):
    fails(machida("import wallaroo\ndef application_setup(args):"
                  " wallaroo.tcp_parse_input_addrs(args)"), 2, "usage: wallaroo", "--in")


@pytest.mark.parametrize("environment, code, error", [
    ({"RUN_RAISES": "ValueError", "RUN_RAISES_WITH": '["bad record"]'}, 1,
     "ValueError: bad record"),
    ({"RUN_RAISES": "ApplicationError"}, 1, "error: the port is taken"),
    ({"RUN_RAISES": "SystemExit", "RUN_RAISES_WITH": "[3]"}, 3, ""),
    ({"RUN_RAISES": "SystemExit", "RUN_RAISES_WITH": "[0]"}, 0, ""),
    ({"RUN_RAISES": "SystemExit", "RUN_RAISES_WITH": '["a text"]'}, 1, "a text"),
    ({"RUN_RAISES": "RecursionError"}, 1, "RecursionError"),
])
def test_what_a_run_raises_decides_the_exit(machida, environment, code, error):
    result = machida(APPLICATION, **environment)
    fails(result, code, error)
    assert "Application has successfully initialized." in result.stdout


@pytest.mark.parametrize("options, code, error", [
    ([*ONE_WORKER], 0, ""),
    ([*ONE_WORKER, "--worker-count", "1"], 0, ""),
    ([*ONE_WORKER, "--worker-count", "2"], 1, "error: an application runs on one worker"),
    (["--metrics", "h:1", "--control", "h:2", "--name", "w"], 1,
     "error: an application runs on one worker"),
    (["--join", "h:1", "--name", "w"], 1, "error: --join: an application runs on one worker"),
])
def test_the_engine_is_given_applications_of_one_worker(tmp_path, options, code, error):
    (tmp_path / "app.py").write_text(APPLICATION)
    script = ("import sys, types\n"
              "engine = types.ModuleType('wallaroo._original_engine')\n"
              "engine.run_application = lambda app, settings: print('runs', app[0])\n"
              "sys.modules[engine.__name__] = engine\n"
              "from wallaroo.original.launcher import main; main()")
    result = subprocess.run(
        [sys.executable, "-c", script, "--application-module", "app", *options],
        cwd=tmp_path, env=ENVIRONMENT, text=True, capture_output=True, timeout=60)
    fails(result, code, error)
    assert ("runs app" in result.stdout) == (code == 0)


def test_the_package_can_be_run():
    result = subprocess.run([sys.executable, "-m", "wallaroo.original", "--help"], env=ENVIRONMENT,
                            text=True, capture_output=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("usage: machida3 --application-module NAME")


def test_without_an_engine_the_command_says_so(tmp_path):
    (tmp_path / "app.py").write_text(APPLICATION)
    blocked = ("import sys; sys.modules['wallaroo._original_engine'] = None\n"
               "from wallaroo.original.launcher import main; main()")
    result = subprocess.run(
        [sys.executable, "-c", blocked, "--application-module", "app", *ONE_WORKER],
        cwd=tmp_path, env=ENVIRONMENT, text=True, capture_output=True, timeout=60)
    fails(result, 1, "error: this installation of wallaroo has no engine")
