"""What the connectors that send at least once are made of: streams, sources, readers of files."""

import pytest
from connector_rig import framed_file
from wallaroo.experimental import AtLeastOnceSourceConnector, Stream
from wallaroo.experimental.connectors import (
    BaseIter,
    BaseSource,
    FramedFileReader,
    MultiSourceConnector,
    ThrottledFileReader,
)


def test_a_stream_is_a_tuple():
    stream = Stream(1, b"n", 2, True)
    assert stream == (1, b"n", 2, True)
    assert Stream._fields == ("id", "name", "point_of_ref", "is_open")


def test_abstract_methods():
    assert AtLeastOnceSourceConnector.__abstractmethods__ == {
        "stream_opened", "stream_closed", "stream_acked"}
    assert BaseSource.__abstractmethods__ == {
        "__str__", "reset", "point_of_ref", "__next__", "wallaroo_acked"}
    assert BaseIter.__abstractmethods__ == {"__next__"}
    assert MultiSourceConnector.__mro__[1:3] == (
        AtLeastOnceSourceConnector, AtLeastOnceSourceConnector.__mro__[1])


def test_a_framed_file_is_read_and_read_again(tmp_path):
    path = framed_file(tmp_path / "x.msg", [b"abcd", b"", b"ef"])
    reader = FramedFileReader(path)
    assert (reader.name, reader.key, reader.point_of_ref()) == (path.encode(), path.encode(), 0)
    assert list(reader) == [(b"abcd", 8), (b"", 12), (b"ef", 18)]
    reader.reset(8)
    assert reader.next() == (b"", 12)
    reader.reset()
    assert next(reader) == (b"abcd", 8)
    assert path in str(reader)
    reader.close()
    assert reader.point_of_ref() == -1


@pytest.mark.parametrize("rest", [b"\0", b"\0\0\0\5", b"\0\0\0\5abcd"])
def test_a_message_without_its_end_is_none_yet(tmp_path, rest):
    path = framed_file(tmp_path / "x.msg", [b"abcd"])
    with open(path, "ab") as file:
        file.write(rest)
    reader = FramedFileReader(path)
    assert list(reader) == [(b"abcd", 8)]
    assert reader.point_of_ref() == 8


def test_a_limited_reader_has_nothing_until_it_is_time(tmp_path):
    path = framed_file(tmp_path / "x.msg", [b"a", b"b"])
    reader = ThrottledFileReader(path, 0.001, True, False)
    assert next(reader) == (b"a", 5)
    assert next(reader) == (None, 5)
    free = ThrottledFileReader(path, None, is_framed=True, is_text_lines=False)
    assert list(free) == [(b"a", 5), (b"b", 10)]


def test_a_reader_of_lines(tmp_path):
    (tmp_path / "x.txt").write_bytes(b"one\n\nthree")
    reader = ThrottledFileReader(str(tmp_path / "x.txt"), 0, False, True)
    assert list(reader) == [(b"one\n", 4), (b"\n", 5), (b"three", 10)]
    for framed in (True, False):
        with pytest.raises(ValueError, match="either is_framed or is_text_lines"):
            ThrottledFileReader(str(tmp_path / "x.txt"), 0, framed, framed)
