"""Every option of the launcher, in every spelling, and what is left for the application."""

import dataclasses

import pytest
from wallaroo.original.command_line import check, read_command_line
from wallaroo.original.errors import ApplicationError
from wallaroo.original.options import Address, Options


def read(*arguments):
    return read_command_line(["machida3", *arguments])


def changed(options):
    """The fields that are not as they are without options."""
    defaults = Options()
    return {field.name: getattr(options, field.name) for field in dataclasses.fields(options)
            if getattr(options, field.name) != getattr(defaults, field.name)}


ADDRESS = Address("127.0.0.1", 5001)
WITH_VALUES = [  # long, short, text, field, value
    ("control", "c", "127.0.0.1:5001", "control", ADDRESS),
    ("data", "d", "127.0.0.1:5001", "data", ADDRESS),
    ("my-control", "x", "127.0.0.1:5001", "my_control", ADDRESS),
    ("my-data", "y", "127.0.0.1:5001", "my_data", ADDRESS),
    ("external", "e", "127.0.0.1:5001", "external", ADDRESS),
    ("metrics", "m", "127.0.0.1:5001", "metrics", ADDRESS),
    ("worker-count", "w", "3", "worker_count", 3),
    ("name", "n", "worker1", "name", "worker1"),
    ("join", "j", "127.0.0.1:5001", "join", ADDRESS),
    ("resilience-dir", "r", "/var/tmp", "resilience_dir", "/var/tmp"),
    ("time-between-checkpoints", None, "100_000_000", "time_between_checkpoints", 100000000),
    ("stop-pause", "u", "5_0", "stop_pause", 50),
    ("resilience-dos-server", None, "h:1,i:2", "resilience_dos_server", "h:1,i:2"),
    ("event-log-file-size", "l", "1_000", "event_log_file_size", 1000),
    ("file", "f", "x.txt", "file", "x.txt"),
    ("spike-seed", None, "7", "spike_seed", 7),
    ("spike-prob", None, "0.25", "spike_prob", 0.25),
    ("spike-margin", None, "9", "spike_margin", 9),
]
FLAGS = [
    ("cluster-initializer", "t", "cluster_initializer"),
    ("run-with-resilience", None, "run_with_resilience"),
    ("resilience-no-local-file-io", None, "resilience_no_local_file_io"),
    ("resilience-enable-io-journal", None, "resilience_enable_io_journal"),
    ("log-rotation", None, "log_rotation"),
    ("spike-drop", None, "spike_drop"),
]


@pytest.mark.parametrize("long, short, text, field, value", WITH_VALUES)
def test_an_option_with_a_value(long, short, text, field, value):
    spellings = [[f"--{long}", text], [f"--{long}={text}"]]
    if short:
        spellings += [[f"-{short}", text], [f"-{short}{text}"], [f"-t{short}", text],
                      [f"-t{short}{text}"]]
    for spelling in spellings:
        line = read("before", *spelling, "after", "--in", "x")
        flags = {"cluster_initializer": True} if spelling[0].startswith("-t") else {}
        assert changed(line.options) == {field: value, **flags}, spelling
        assert line.application_args == ["machida3", "before", "after", "--in", "x"]
        assert line.all_args == ("machida3", "before", *spelling, "after", "--in", "x")


@pytest.mark.parametrize("long, short, field", FLAGS)
def test_a_flag(long, short, field):
    for spelling in [f"--{long}"] + ([f"-{short}"] if short else []):
        line = read(spelling, "value")
        assert changed(line.options) == {field: True}
        assert line.application_args == ["machida3", "value"]


def test_the_defaults():
    options = Options()
    assert options.resilience_dir == "/tmp"
    assert options.time_between_checkpoints == 1_000_000_000
    assert options.stop_pause == 2_000_000_000
    assert options.worker_count is None and options.metrics is None and options.external is None
    assert not options.run_with_resilience and not options.cluster_initializer


@pytest.mark.parametrize("arguments", [
    ["--in", "a@h:1"], ["--in=a@h:1"], ["-i", "h:1"], ["-ih:1"], ["--unknown"], ["-z"], ["--"],
    ["-"],
    ["plain", "words"], ["--kafka_source_topic", "t"], ["-i", "-o"], ["--controls", "x"],
    ["--nam", "x"],
])
def test_what_the_engine_does_not_know_is_left_for_the_application(arguments):
    line = read(*arguments, "--name", "w")
    assert line.application_args == ["machida3", *arguments]
    assert line.options.name == "w"


def test_the_rest_of_a_bundle_is_left():
    line = read("-tz", "-ziw")
    assert line.options.cluster_initializer
    assert line.application_args == ["machida3", "-z", "-ziw"]


def test_the_last_of_several_counts():
    assert read("--name", "a", "-n", "b").options.name == "b"


@pytest.mark.parametrize("arguments, rest", [
    (["--ponythreads=1", "x"], ["x"]),
    (["--ponythreads", "1", "x"], ["x"]),
    (["--ponyminthreads", "1", "--ponymaxthreads", "2", "--ponycdinterval", "3",
      "--ponygcinitial", "4", "--ponygcfactor", "1.5", "--ponysuspendthreshold", "6"], []),
    (["--ponynoblock", "x"], ["x"]),
    (["--ponynoyield", "--ponypin", "--ponyversion", "--ponywhatever=x"], []),
    (["--ponythreads", "--name"], ["--name"]),
    (["--ponythreads"], []),
    (["-pony"], ["-pony"]),
])
def test_options_of_the_runtime_are_visible_nowhere(arguments, rest):
    line = read_command_line(["machida3", *arguments, *(["w"] if rest == ["--name"] else [])])
    if rest == ["--name"]:
        assert line.options.name == "w"
    else:
        assert line.application_args == ["machida3", *rest]
        assert line.all_args == ("machida3", *rest)


@pytest.mark.parametrize("arguments", [["--application-module", "words"],
                                       ["--application-module=words"]])
def test_the_module_is_taken_out(arguments):
    line = read("a", *arguments, "b")
    assert line.module == "words"
    assert line.application_args == ["machida3", "a", "b"]
    assert line.all_args == ("machida3", "a", *arguments, "b")


@pytest.mark.parametrize("argument", ["--help", "-h"])
def test_help_is_asked_for(argument):
    line = read("a", argument)
    assert line.help and line.application_args == ["machida3", "a"]


@pytest.mark.parametrize("arguments, message", [
    (["--metrics"], "--metrics needs a value"),
    (["--metrics", "--name"], "--metrics needs a value"),
    (["-m"], "-m needs a value"),
    (["-n", "-x"], "-n needs a value"),
    (["--metrics", "here"], "--metrics cannot be 'here': it must be host:port"),
    (["-m5001"], "-m cannot be '5001'"),
    (["--control=h:x"], "--control cannot be 'h:x'"),
    (["--control=h:65536"], "--control cannot be 'h:65536'"),
    (["--worker-count", "many"], "--worker-count cannot be 'many': it must be a number"),
    (["--worker-count", "1.5"], "--worker-count cannot be '1.5'"),
    (["--spike-prob", "x"], "--spike-prob cannot be 'x'"),
    (["--cluster-initializer=yes"], "--cluster-initializer takes no value"),
    (["--application-module"], "--application-module needs a value"),
    (["--application-module", "--in"], "--application-module needs a value"),
])
def test_a_mistake_is_told(arguments, message):
    with pytest.raises(ApplicationError) as raised:
        read(*arguments)
    assert str(raised.value).startswith(message)


MODULE = ["--application-module", "words"]
METRICS = ["--metrics", "127.0.0.1:5001"]
DATA = ["--data", "127.0.0.1:12501"]
CONTROL = ["--control", "127.0.0.1:12500"]


@pytest.mark.parametrize("arguments", [
    [*METRICS, *DATA, "-t"],
    [*METRICS, *DATA, *CONTROL, "--cluster-initializer", "--worker-count", "3", "--name", "x"],
    [*METRICS, *CONTROL, "--name", "worker1", "-x", "127.0.0.1:1", "-y", "127.0.0.1:2"],
    ["--join", "127.0.0.1:12500", "--name", "worker2"],
    ["--join", "127.0.0.1:12500", "--name", "worker2", "--worker-count", "2", *METRICS],
])
def test_command_lines_of_workers_are_accepted(arguments):
    check(read(*MODULE, *arguments))


@pytest.mark.parametrize("arguments, message", [
    ([*DATA, "-t"], "--metrics is missing"),
    ([*METRICS, "-t"], "--data is missing"),
    ([*METRICS, *DATA, *CONTROL, "-n", "w"], "--data is only for the worker"),
    ([*METRICS, *CONTROL], "--name is missing"),
    (["--join", "h:1"], "--name is missing"),
    ([*METRICS, "-n", "w"], "--control is missing"),
    ([*METRICS, *CONTROL, "-n", "w", "-w", "2"], "--worker-count is only for"),
    ([*METRICS, *DATA, "-t", "-w", "0"], "--worker-count must be at least 1"),
    ([*METRICS, *DATA, "-t", "--join", "h:1"], "--join cannot be used together"),
    ([*METRICS, *DATA, "-t", "--time-between-checkpoints", "0"], "--time-between-checkpoints must"),
    ([*METRICS, *DATA, "-t", "-r", "/tmp/"], "--resilience-dir must not end in '/': write '/tmp'"),
    ([*METRICS, *DATA, "-t", "-r", "/no/such/folder"],
     "--resilience-dir: there is no directory '/no/such/folder'"),
])
def test_roles_that_do_not_fit_are_told(arguments, message):
    with pytest.raises(ApplicationError) as raised:
        check(read(*MODULE, *arguments))
    assert str(raised.value).startswith(message)


def test_without_a_module_there_is_nothing_to_run():
    with pytest.raises(ApplicationError, match="--application-module is missing"):
        check(read(*METRICS, *DATA, "-t"))


def test_the_initializer_is_always_named_so():
    assert read("-t", "--name", "other").options.worker_name == "initializer"
    assert read("--name", "other").options.worker_name == "other"
