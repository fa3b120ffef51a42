"""What an application in Python prints of itself: the engine's log, and its help."""

from __future__ import annotations

import logging
import re

import wallaroo as wl


def test_it_says_where_sources_read_and_sinks_write(caplog, tmp_path):
    app = wl.Application("log")
    (app.source("lines", wl.tcp_source("127.0.0.1:0", decode=wl.text))
        .sink("out", wl.file_sink(tmp_path / "out")))
    with caplog.at_level(logging.INFO, "wallaroo"), wl.start(app, threads=1) as running:
        address = running.address("lines")
        running.stop()
    assert re.fullmatch(r"127\.0\.0\.1:[1-9]\d*", address)
    assert f"source 'lines': reads {address}" in caplog.messages
    assert f"sink 'out': writes to {tmp_path / 'out'}" in caplog.messages


def test_its_level_is_that_of_the_flag(caplog):
    app = wl.Application("quiet")
    app.source("numbers", wl.iterable([1])).sink("out", wl.to_list())
    with caplog.at_level(logging.INFO, "wallaroo"), wl.start(app, threads=1, log_level="warning"):
        pass
    assert caplog.messages == []


def test_help_lists_the_flags_of_the_engine_and_of_the_package(capsys):
    app = wl.Application("help")
    app.source("numbers", wl.iterable([1])).sink("out", wl.to_list())
    wl.run(app, ["--help"])
    printed = capsys.readouterr().out
    assert "  --threads N " in printed
    assert "  --no-pickle " in printed
