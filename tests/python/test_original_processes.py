"""Applications of the original API as processes: exit codes, messages, signals."""

from __future__ import annotations

import signal
import socket
import time

import pytest
from golden_rig import OLD, READY, Receiver, free_ports


SETUP = """
import sys
import wallaroo
@wallaroo.decoder(header_length=4, length_fmt=">I")
def decode(bs): return bs.decode()
@wallaroo.computation(name="look")
def look(text): return text
@wallaroo.key_extractor
def key(text): return text[:1]
class State(object): pass
@wallaroo.state_computation(name="keep", state=State)
def keep(text, state): return text
@wallaroo.encoder
def encode(text): return text + "\\n"
def application_setup(args):
    name, host, port = wallaroo.tcp_parse_input_addrs(args)[0]
    return wallaroo.build_application("app", wallaroo.source(
        "s", wallaroo.TCPSourceConfig(name, host, port, decode)).to(look).key_by(key).to(keep)
        .to_sink(wallaroo.TCPSinkConfig(*wallaroo.tcp_parse_output_addrs(args)[0], encode)))
"""


EACH_FAILURE = [
    ("return bs.decode()", "return 1 // 0", "ZeroDivisionError"),
    ("def look(text): return text", "def look(text): return text.nothing", "AttributeError"),
    ("return text[:1]", "return None", "key"),
    ("return text[:1]", "return text.nothing", "AttributeError"),
    ("class State(object): pass",
     "class State(object):\n    def __init__(self): raise ValueError('no state')", "no state"),
    ("def keep(text, state): return text", "def keep(text, state): raise ValueError(text)",
     "ValueError: record"),
    ('return text + "\\n"', "return 5", "TypeError"),
    ('return text + "\\n"', "raise ValueError('encode')", "ValueError: encode"),
    ("def look(text): return text", "def look(text): return look_again(text)\n"
     "def look_again(text): return look_again(text)", "RecursionError"),
    ("@wallaroo.encoder", "decode.payload_length = lambda bs: 1 // 0\n@wallaroo.encoder",
     "ZeroDivisionError"),
    ("return bs.decode()", "return bs", "TypeError"),  # bytes and str do not add up in encode
]


@pytest.mark.parametrize("before, after, message", EACH_FAILURE)
def test_a_failure_ends_an_original_application(start, write, before, after, message):
    assert before in SETUP
    write("app.py", SETUP.replace(before, after).replace('">I"', '">i"'))
    receiver, (port,) = Receiver(), free_ports(1)
    try:
        process = start([*OLD, "--application-module", "app", "--in", f"s@127.0.0.1:{port}",
                         "--out", f"127.0.0.1:{receiver.port}"])
        process.wait_for(lambda: READY in process.out, "it is ready")
        with socket.create_connection(("127.0.0.1", port)) as peer:
            peer.sendall(b"\0\0\0\6record")
            assert process.wait() == 1, process.log
        assert message in process.log
        if message.endswith("Error") and "payload_length" not in after:
            assert "Traceback (most recent call last)" in process.log
    finally:
        receiver.close()


@pytest.mark.parametrize("text, code, message", [
    ("x = 1", 1, "has no function application_setup(args)"),
    ("import nowhere", 1, "No module named 'nowhere'"),
    ("def application_setup(args): raise ValueError('in setup')", 1, "ValueError: in setup"),
    ("import sys\ndef application_setup(args): sys.exit(4)", 4, ""),
    ("def application_setup(args): return None", 1, "application_setup() must return"),
    (SETUP.replace("\n        .to_sink(wallaroo.TCPSinkConfig(*wallaroo.tcp_parse_output_addrs("
                   "args)[0], encode))", ""), 1, "API_Error:"),
    (SETUP.replace(".to(look)", ".to(5)"), 1, "which has no compute()"),
    (SETUP.replace("def look(text)", "def look()"), 1, "look"),
    (SETUP.replace("def keep(text, state)", "def keep(text)"), 1, "keep"),
    ("import argparse\ndef application_setup(args):\n"
     "    argparse.ArgumentParser().add_argument('--must', required=True)\n"
     "    p = argparse.ArgumentParser(); p.add_argument('--must', required=True)\n"
     "    p.parse_args(args[1:])", 2, "--must"),
])
def test_mistakes_in_an_original_application(start, write, text, code, message):
    write("app.py", text)
    process = start([*OLD, "--application-module", "app", "--in", "s@127.0.0.1:0", "--out",
                     "127.0.0.1:1"])
    assert process.wait() == code, process.log
    assert message in process.out + process.log


def test_an_original_application_whose_port_is_in_use(start, write):
    write("app.py", SETUP)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start([*OLD, "--application-module", "app", "--out", "127.0.0.1:1", "--in",
                         f"s@127.0.0.1:{taken.getsockname()[1]}"])
        assert process.wait() == 1
    assert "address already in use" in process.log


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_an_original_application_within_two_seconds(start, write, number):
    write("app.py", SETUP)
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as sink:  # accepts, and never reads
        process = start([*OLD, "--application-module", "app", "--in", f"s@127.0.0.1:{port}",
                         "--out", f"127.0.0.1:{sink.getsockname()[1]}"])
        process.wait_for(lambda: READY in process.out, "it is ready")
        begun = time.monotonic()
        process.send(number)
        assert process.wait() == 0, process.log
        assert time.monotonic() - begun < 3
