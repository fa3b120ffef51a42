"""Fixtures that run commands."""

from __future__ import annotations

import pytest
from golden_rig import Process


@pytest.fixture(name="start")
def start_processes(tmp_path):
    """Starts commands in a folder, and kills what still runs after the test."""
    started = []

    def start(command, **environment):
        started.append(Process(command, cwd=tmp_path, **environment))
        return started[-1]

    yield start
    for process in started:
        process.close()


@pytest.fixture(name="write")
def write_files(tmp_path):
    def write(name, text):
        (tmp_path / name).write_text(text)
        return name
    return write
