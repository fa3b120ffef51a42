"""The Python tutorial is true: all of its code runs, and prints what the text says."""

from __future__ import annotations

import dataclasses
import re

import pytest
import wallaroo
from docs_rig import ROOT, Reader, blocks_of

PAGES = sorted((ROOT / "docs" / "python").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_runs(page, tmp_path):
    if not blocks_of(page):
        pytest.skip("this page has no code")
    assert Reader(page, tmp_path).follow() > 0


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "python" / "index.md").read_text()
    for page in PAGES:
        assert page.name == "index.md" or f"]({page.name}" in index


def test_the_reference_names_every_public_name():
    text = "".join((ROOT / "docs" / "python" / page).read_text()
                   for page in ("api.md", "from-wallaroo-0.6.md"))
    named = set(re.findall(r"`(?:wallaroo\.|wl\.)?([A-Za-z]\w*)", text))
    public = {name for name, value in vars(wallaroo).items()
              if not name.startswith("_")
              and not re.search("_[0-9]+__", name)  # a wrapper of some other test's function
              and getattr(value, "__module__", "").startswith("wallaroo")}
    public |= {"newline", "text", "raw", "json", "line", "json_line"}
    assert public - named == set()


def fields_of(cls):
    """The fields of a dataclass, which its methods set."""
    if not dataclasses.is_dataclass(cls):
        return set()
    return {field.name for field in dataclasses.fields(cls)}


def test_the_reference_names_every_verb_of_streams():
    text = (ROOT / "docs" / "python" / "api.md").read_text()
    for cls in (wallaroo.Application, wallaroo.Stream, wallaroo.KeyedStream, wallaroo.Join,
                wallaroo.Running, wallaroo.Timers, wallaroo.WindowSpec, wallaroo.PySource,
                wallaroo.PyReader, wallaroo.PySink, wallaroo.PyWriter,
                wallaroo.Aggregator, wallaroo.testing.Harness):
        for name in vars(cls):
            if not name.startswith("_") and name not in fields_of(cls):
                assert f"`{name}" in text or f".{name}" in text, f"{cls.__name__}.{name}"
