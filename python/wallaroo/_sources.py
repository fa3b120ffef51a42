"""Sources: where records come from."""

from __future__ import annotations

import itertools
import os
import time
from dataclasses import dataclass
from typing import (Any, Callable, Generic, Iterable, Iterator, List, Optional, Sequence, Tuple,
                    TypeVar, Union)

from ._codecs import DecoderOf, decoder_words, raw

T = TypeVar("T")


@dataclass(frozen=True)
class Framing:
    """How a stream of bytes is cut into frames; made by `length_prefixed`, `newline`, `fixed`."""

    words: Tuple[Any, ...]


#: Each record ends with a line end, which is not part of it.
newline = Framing(("newline",))


def length_prefixed(bytes: int = 4, order: str = "big") -> Framing:
    """Each record is preceded by its length, an unsigned integer of 1, 2, 4 or 8 bytes, whose
    `order` is "big" or "little"."""
    if order not in ("big", "little"):
        raise ValueError(f"order must be 'big' or 'little', not '{order}'")
    return Framing(("length", bytes, order == "big"))


def fixed(bytes: int) -> Framing:
    """Each record has exactly so many bytes."""
    return Framing(("fixed", bytes))


class SourceOf(Generic[T]):
    """A source of records of type T, for Application.source. `make` makes it when the application
    is built; it takes the name of the source."""

    def __init__(self, make: Callable[[str], Any]) -> None:
        self._make = make


def _decoder(decode: Any, what: str) -> Any:
    from ._engine import Decoder
    return Decoder(*decoder_words(decode, what))


def tcp_source(address: str, decode: DecoderOf[T] = raw,  # type: ignore[assignment]
               framing: Framing = length_prefixed(),
               max_frame_bytes: int = 1 << 20, max_connections: int = 10_000) -> SourceOf[T]:
    """Listens at "host:port" (port 0: any). A frame longer than `max_frame_bytes` closes its
    connection; peers beyond `max_connections` wait. By default a frame follows its length in 4
    bytes, big endian, and a record is the frame's bytes."""
    def make(name: str) -> Any:
        from ._engine import tcp_source as engine_source
        return engine_source(address, framing.words, max_frame_bytes, max_connections,
                             _decoder(decode, f"source '{name}'"))
    return SourceOf(make)


def file_source(paths: Union[str, "os.PathLike[str]", Sequence[Union[str, "os.PathLike[str]"]]],
                decode: DecoderOf[T] = raw,  # type: ignore[assignment]
                framing: Framing = newline,
                max_frame_bytes: int = 1 << 20, repeat: int = 1,
                in_order: bool = False) -> SourceOf[T]:
    """Reads files (also patterns such as "logs/*.log", and "-" for standard input) to their end,
    `repeat` times in all (0: for ever). With event time the file whose times are furthest behind is
    read next, unless they are to be read `in_order`. By default records are lines."""
    all_paths = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)

    def make(name: str) -> Any:
        from ._engine import file_source as engine_source
        return engine_source([os.fspath(path) for path in all_paths], framing.words,
                             max_frame_bytes, repeat, in_order,
                             _decoder(decode, f"source '{name}'"))
    return SourceOf(make)


def connector_source(address: str, decode: DecoderOf[T] = raw,  # type: ignore[assignment]
                     cookie: str = "",
                     max_credits: int = 65_536, refill_credits: int = 0) -> SourceOf[T]:
    """Listens at "host:port" for programs that speak the connector protocol and say `cookie`. A
    program may send `max_credits` messages before it must wait, and gets more when
    `refill_credits` are left (0: half of them)."""
    def make(name: str) -> Any:
        from ._engine import connector_source as engine_source
        return engine_source(address, cookie, max_credits, refill_credits,
                             _decoder(decode, f"source '{name}'"))
    return SourceOf(make)


#: So long one pull may go on asking for records. Checkpoints and other sources wait meanwhile.
_PULL_S = 0.002


def _take(records: List[Any], most: int, extend: Callable[[int], None]) -> None:
    """Lets `extend(count)` append records until there are `most`, or fewer come, or the time is
    over. The clock is looked at after 1, 2, 4, ... records."""
    until = time.monotonic() + _PULL_S
    count = 1
    while len(records) < most:
        wanted = min(most, len(records) + count)
        extend(wanted - len(records))
        if len(records) < wanted or time.monotonic() >= until:
            return
        count *= 2


class _IteratorPuller:
    """Pulls records of one iterator. The position is how many were taken."""

    wait = 0.01

    def __init__(self, iterator: Iterator[Any], taken: int) -> None:
        self._iterator = iterator
        self._taken = taken
        self._error: Optional[BaseException] = None

    def pull(self, most: int) -> Optional[List[Any]]:
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        records: List[Any] = []
        try:
            _take(records, most, lambda count: records.extend(
                itertools.islice(self._iterator, count)))
        except BaseException as error:
            if not records:
                raise
            self._error = error  # of the next pull: what was taken before goes down first
        self._taken += len(records)
        return records or None

    def position(self) -> int:
        return self._taken

    def completed(self, checkpoint: int) -> None:
        pass


def iterable(records: Union[Iterable[T], Callable[[], Iterable[T]]]) -> SourceOf[T]:
    """The records of an iterable, or of the one that a function returns. They come from one
    executor. After a restart the records up to the checkpoint are taken again and left out, so an
    iterable must give the same records each time; one that can be used only once (a generator
    object) cannot be restarted, give the function that makes it."""
    def open_(partition: str, position: Optional[int]) -> _IteratorPuller:
        made = records() if callable(records) else records
        iterator = iter(made)
        taken = position or 0
        next(itertools.islice(iterator, taken, taken), None)
        return _IteratorPuller(iterator, taken)
    return SourceOf(lambda name: _pull_source(open_, ["0"], True))


class _PacedPuller:
    """Pulls records that a function makes of their index, at a given rate."""

    def __init__(self, make: Callable[[int], Any], index: int, rate: float) -> None:
        self._make = make
        self._index = index
        self._rate = rate
        self._start = time.monotonic()
        self._first = index
        self._ended = False
        self.wait = 0.001

    def pull(self, most: int) -> Optional[List[Any]]:
        if self._ended:
            return None
        if self._rate > 0:
            due = int((time.monotonic() - self._start) * self._rate) + 1 - (
                self._index - self._first)
            most = max(0, min(most, due))
            self.wait = min(0.05, max(0.001, 1 / self._rate))
        records: List[Any] = []
        try:
            _take(records, most, lambda count: self._extend(records, count))
        except BaseException:
            if not records:
                self._index += 1  # the policy may be to go on with the next one
                raise
            # The records made before go down first; the next pull fails again.
        return records if records or not self._ended else None

    def _extend(self, records: List[Any], count: int) -> None:
        for _ in range(count):
            record = self._make(self._index)
            if record is None:
                self._ended = True
                return
            records.append(record)
            self._index += 1

    def position(self) -> int:
        return self._index

    def completed(self, checkpoint: int) -> None:
        pass


def generator(make: Callable[[int], Optional[T]], rate: float = 0) -> SourceOf[T]:
    """The records `make(0)`, `make(1)`, ..., until one is None; `rate` of them in a second, or as
    many as the pipeline takes (0). They come from one executor. The function must depend on the
    index alone, because any record may have to be made again after a restart."""
    def open_(partition: str, position: Optional[int]) -> _PacedPuller:
        return _PacedPuller(make, position or 0, rate)
    return SourceOf(lambda name: _pull_source(open_, ["0"], False))


class PySource(Generic[T]):
    """The base of sources of your own. Partitions are dealt to the executors; each is read by an
    object that `open` returns, whose methods are called by one thread at a time."""

    #: True when all records exist already, so that no partition waits for time to pass.
    bounded = False

    def partitions(self) -> List[str]:
        """Returns the names of the partitions; the same ones in every run."""
        return ["0"]

    def open(self, partition: str, position: Any) -> "PyReader[T]":
        """Opens a partition at a position that its reader returned before, or at its beginning
        (None)."""
        raise NotImplementedError


class PyReader(Generic[T]):
    """Reads one partition of a PySource."""

    #: Seconds until the next call of `pull` after one that returned nothing.
    wait: float = 0.01

    def pull(self, most: int) -> Optional[List[T]]:
        """Returns at most `most` records without waiting for them: an empty list when there are
        none now, None at the end of the partition."""
        raise NotImplementedError

    def position(self) -> Any:
        """Returns where to go on after the records that were pulled: any object of plain values."""
        raise NotImplementedError

    def completed(self, checkpoint: int) -> None:
        """Called when a checkpoint is complete. The position that was asked for last before it, or
        a later one, is where a restart begins."""


def _pull_source(open_: Callable[[str, Any], Any], partitions: List[str], bounded: bool) -> Any:
    from ._engine import pull_source
    return pull_source(open_, partitions, bounded)


def source_words(source: Any, name: str) -> Any:
    """The engine's source of what an application was given. Raises TypeError for anything else."""
    if isinstance(source, SourceOf):
        return source._make(name)
    if isinstance(source, PySource):
        return _pull_source(source.open, list(source.partitions()), source.bounded)
    raise TypeError(f"source '{name}' must be made by tcp_source, file_source, connector_source, "
                    f"iterable or generator, or be a PySource, not {type(source).__name__}")
