"""The lines of a log file, one after the other, also when the file is rotated.

A position is a number of bytes of everything that the path has ever held: it rises over rotations,
as positions of a stream must. A small state file says at which position each file began, so that a
program that is started again finds the file that a position is in: by its inode and the hash of its
first bytes, or by the hash alone, because a copy will do. The state is written before the first
line of a file is given out. The example in C++ has the same rules and the same state file.

These things may happen to the file:

* It is renamed, and begun anew (logrotate's `create`): the old one is read to its end, until nobody
  has written to it for `rotate_wait_s`. When there were several rotations, the files between are
  found in the same directory by their names (`app.log.1`, `app.log-20260131`) and times.
* It is copied and cut off (`copytruncate`): the rest is read from the copy when that is in the same
  directory, then the file from its beginning. Lines that were written between the copying and
  the cutting are lost, as logrotate's manual says.
* It is rewritten in place, and may be longer than before. This is noticed when its first 1024 bytes,
  or the 256 before the position, differ from those that were read. It is read from its beginning.
* It is missing: the program waits for it.

Limits: a file is taken for one that has grown when it has the same inode and begins with everything
that was read of the old one. A file that is replaced by a longer copy of itself, as some editors
and rsync do, is a new file. Compressed files are not read.
"""

import logging
import os
import time
from dataclasses import dataclass
from typing import Dict, List, NamedTuple, Optional

from log_files import HEAD_BYTES, Entry, Folder, Identity, OpenFile, Segment, State, fnv1a

BEFORE_BYTES = 256
READ_BYTES = 1 << 16
MOST_KEPT = 16  # files that stay open because the application may ask for them again
KEPT_S = 60.0
UNKNOWN = 1 << 62

log = logging.getLogger("tail_file")


class LostLines(Exception):
    """The application asks for lines of a file that is not there any more."""


class Line(NamedTuple):
    end: int  # the position behind it
    text: bytes


@dataclass
class KeptFile:
    """A file that was read up to `length`."""

    file: OpenFile
    length: int
    left_at: float


class RotatedLog:
    def __init__(self, path: str, state_path: str, follow: bool, rotate_wait_s: float = 1.0,
                 skip_lost: bool = False) -> None:
        self._path = path
        self._folder = Folder(path)
        self._state = State(state_path)
        self._follow = follow
        self._rotate_wait_s = rotate_wait_s
        self._skip_lost = skip_lost
        self._segments: List[Segment] = self._state.load()
        self._kept: Dict[int, KeptFile] = {}  # by the start of their segment
        self._index = 0  # of the segment that is read
        self._file: Optional[OpenFile] = None
        self._gone = False  # the rest of the segment is not in any file
        self._position: Optional[int] = None  # behind the last line that was given out
        self._offset = 0  # in the file, behind the bytes that were read
        self._rest = b""  # bytes that were read and not given out
        self._head = b""  # the first bytes of the file
        self._before = b""  # the bytes before the offset
        self._skip_to_line_end = False
        self._quiet_since = 0.0
        self._quiet_size = -1
        self._missing = False

    def next_line(self, position: Optional[int]) -> Optional[Line]:
        """Returns the line behind this position, or None while there is none. Without a position it
        begins at the first byte that can be found. Raises LostLines and OSError."""
        if position != self._position or (self._file is None and not self._gone):
            self._keep(UNKNOWN)
            self._gone = False
            if not self._go_to(position or 0, position):
                return None
        while True:
            if line := self._cut_line():
                return self._give(line)
            if self._read_more():
                continue
            if not self._is_finished():
                return None
            if self._read_more():
                continue  # lines that were written just before it was finished
            if line := self._cut_unended():
                return self._give(line)
            if not self._go_on():
                return None

    def acknowledged(self, position: Optional[int]) -> None:
        """Promises that lines before this position will not be asked for again. Call it now and
        then, so that old files can be closed."""
        if not self._kept:
            return
        known = max((each.start for each in self._segments if each.start <= (position or 0)),
                    default=0)
        for start, kept in list(self._kept.items()):
            if kept.file.size() > kept.length:
                log.warning("'%s' was written to after it was rotated and left: %d bytes are not "
                            "sent; a longer --rotate-wait would have waited for them",
                            kept.file.path, kept.file.size() - kept.length)
                kept.length = UNKNOWN
            is_old = start < known and time.monotonic() - kept.left_at > KEPT_S
            if is_old or len(self._kept) > MOST_KEPT:
                kept.file.close()
                del self._kept[start]

    # Lines.

    def _segment(self) -> Segment:
        return self._segments[self._index]

    def _cut_line(self) -> bytes:
        """Returns a line with its end; nothing if no line is complete yet."""
        if self._skip_to_line_end and (end := self._rest.find(b"\n") + 1):
            self._skip(end)
        if self._skip_to_line_end:
            return b""
        end = self._rest.find(b"\n") + 1
        line, self._rest = self._rest[:end], self._rest[end:]
        return line

    def _cut_unended(self) -> bytes:
        if self._skip_to_line_end:
            self._skip(len(self._rest))
        line, self._rest = self._rest, b""
        if line:
            self._segment().torn = self._segment().start + self._offset
            self._save()
        return line

    def _skip(self, end: int) -> None:
        if left_out := self._rest[:end].strip(b"\r\n"):
            log.warning("'%s' continued its last line after that was sent without its end; %r is "
                        "left out", self._path, left_out)
        self._rest = self._rest[end:]
        self._skip_to_line_end = False

    def _give(self, line: bytes) -> Line:
        segment = self._segment()
        is_full = len(self._head) == HEAD_BYTES and segment.head_bytes < HEAD_BYTES
        if segment.head_bytes == 0 or is_full:
            self._save()
        self._position = segment.start + self._offset - len(self._rest)
        return Line(self._position, line.rstrip(b"\r\n"))

    def _save(self) -> None:
        segment = self._segment()
        segment.head_bytes = len(self._head)
        segment.head_hash = fnv1a(self._head)
        self._state.save(self._segments)

    # Reading.

    def _length(self) -> int:
        """The length of the segment if another one follows, otherwise UNKNOWN."""
        if self._index + 1 == len(self._segments):
            return UNKNOWN
        return self._segments[self._index + 1].start - self._segment().start

    def _read_more(self) -> bool:
        if self._gone:
            return False
        data = self._file.read(self._offset, min(READ_BYTES, self._length() - self._offset))
        # Checked after reading: if the file is still unchanged, the bytes that were read are right.
        if not self._is_unchanged(self._file):
            return self._turn_to_copy()
        if len(self._head) < HEAD_BYTES:
            self._head = (self._head + data)[:HEAD_BYTES]
        self._before = (self._before + data)[-BEFORE_BYTES:]
        self._offset += len(data)
        self._rest += data
        return bool(data)

    def _is_unchanged(self, file: OpenFile) -> bool:
        before = len(self._before)
        return (file.size() >= self._offset and file.read(0, len(self._head)) == self._head
                and file.read(self._offset - before, before) == self._before)

    def _turn_to_copy(self) -> bool:
        """Call when the file was cut off or rewritten. Looks for a copy of its old content, and
        reads on there."""
        changed = self._file.identity()
        self._file.close()
        self._file = None
        for entry in self._folder.ours_first():
            if entry.identity == changed or not self._folder.is_rotated(entry):
                continue
            file = self._folder.open(entry)
            if file is not None and self._is_unchanged(file) and not self._is_known(file):
                log.info("'%s' was copied to '%s' and cut off; the copy is read to its end",
                         self._path, file.path)
                self._file = file
                self._segment().inode = entry.identity.inode
                self._state.save(self._segments)
                return True
            if file is not None:
                file.close()
        log.warning("'%s' was cut off or written anew when %d bytes of it had been read; it is read "
                    "from its beginning; bytes behind those, if there were any, are lost", self._path,
                    self._offset)
        self._gone = True
        return False

    def _is_finished(self) -> bool:
        """Whether nothing more will be written to the file."""
        if self._gone or not self._follow or self._length() == self._offset:
            return True
        here = self._identity_of_path()
        info = self._file.info()
        if here is None or here == Identity.of(info):
            self._quiet_size = -1
            return False
        if info.st_size != self._quiet_size:
            self._quiet_since = time.monotonic()
            self._quiet_size = info.st_size
        # Renaming counts as a change of the inode: the writer may not know yet that the file has
        # another name, however long it has been quiet before.
        return (time.monotonic() - self._quiet_since >= self._rotate_wait_s
                or time.time() - info.st_ctime >= self._rotate_wait_s)

    # From file to file.

    def _go_to(self, wanted: int, position: Optional[int]) -> bool:
        """Returns False when the file is missing."""
        if not self._segments:
            return self._adopt(wanted, position)
        self._index = max((i for i, each in enumerate(self._segments) if each.start <= wanted),
                          default=0)
        wanted = max(wanted, self._segment().start)
        while True:
            offset = wanted - self._segment().start
            if file := self._find(offset):
                self._read_from(file, offset, position)
                return True
            if self._follow and self._identity_of_path() is None:
                return False
            if self._index + 1 == len(self._segments):
                break
            following = self._segments[self._index + 1].start
            self._tell_lost(wanted, following, position)
            self._index += 1
            wanted = following
        if self._segment().head_bytes != 0:
            log.warning("the file in which '%s' was at byte %d is not there any more, or was written "
                        "anew; bytes behind that, if there were any, are lost", self._path, wanted)
        return self._begin_at_path(wanted, position)

    def _tell_lost(self, start: int, end: int, position: Optional[int]) -> None:
        lost = f"bytes {start} to {end} of what '{self._path}' has held are in no file any more"
        if position is not None and not self._skip_lost:
            raise LostLines(f"the application asks for lines that are lost: {lost}; bring the file back to "
                            "its directory, or give --skip-lost to go on without them")
        log.warning("%s; they are left out", lost)

    def _adopt(self, wanted: int, position: Optional[int]) -> bool:
        """Call when there is no state file."""
        file = self._open_path() if wanted != 0 else None
        if file is not None:
            assumed = Segment(0, file.identity().inode)
            if file.has(assumed, wanted) or file.size() == wanted:
                log.warning("there is no state file: assuming that '%s' is the file of which the "
                            "application has %d bytes", self._path, wanted)
                self._segments = [assumed]
                self._index = 0
                self._read_from(file, wanted, position)
                return True
            file.close()
            log.warning("'%s' is not the file of which the application has %d bytes; it is read from "
                        "its beginning; what the other file had behind them is lost", self._path,
                        wanted)
        return self._begin_at_path(wanted, position)

    def _begin_at_path(self, start: int, position: Optional[int]) -> bool:
        file = self._open_path()
        if file is not None:
            self._begin(file, start, position)
        return file is not None

    def _begin(self, file: OpenFile, start: int, position: Optional[int]) -> None:
        """Begins a new segment, which is not saved before it has a line."""
        self._segments = [each for each in self._segments if each.start < start]
        self._segments.append(Segment(start, file.identity().inode))
        self._index = len(self._segments) - 1
        self._read_from(file, 0, position)

    def _read_from(self, file: OpenFile, offset: int, position: Optional[int]) -> None:
        before = min(BEFORE_BYTES, offset)
        self._file = file
        self._gone = False
        self._quiet_size = -1
        self._position = position
        self._offset = offset
        self._rest = b""
        self._head = file.read(0, min(HEAD_BYTES, offset))
        self._before = file.read(offset - before, before)
        self._skip_to_line_end = offset != 0 and not self._before.endswith(b"\n")

    def _go_on(self) -> bool:
        """Goes on to the next file. Returns False when there is none yet."""
        end = self._segment().start + self._offset
        if self._length() != UNKNOWN:
            following = self._segments[self._index + 1].start
            if end < following:
                self._tell_lost(end, following, self._position)
            self._keep(self._offset)
            return self._go_to(following, self._position)
        file = self._successor()
        if file is None:
            return False
        log.info("'%s' was rotated; going on with '%s'", self._path, file.path)
        self._keep(self._offset)
        self._begin(file, end, self._position)
        return True

    def _successor(self) -> Optional[OpenFile]:
        here = self._identity_of_path()
        if here is None or self._gone:
            return self._open_path()
        info = self._file.info()
        if here == Identity.of(info):
            return None
        entries = self._folder.entries()
        names = [each.name for each in entries if each.identity == Identity.of(info)]
        read = Entry(names[0] if names else "", "", Identity.of(info), info.st_mtime_ns)
        for entry in sorted(entries, key=self._folder.age):
            if (self._folder.is_rotated(entry) and entry.identity not in (here, read.identity)
                    and self._folder.age(entry) > self._folder.age(read)):
                file = self._folder.open(entry)
                if file is not None and not self._is_known(file):
                    return file
                if file is not None:
                    file.close()
        return self._open_path()

    # Files.

    def _find(self, offset: int) -> Optional[OpenFile]:
        segment = self._segment()
        least = offset if self._length() == UNKNOWN else self._length()
        kept = self._kept.pop(segment.start, None)
        if kept is not None:
            if kept.file.size() >= least and kept.file.has(segment, offset):
                return kept.file
            kept.file.close()
        copy: Optional[OpenFile] = None
        for entry in self._folder.ours_first():
            file = self._folder.open(entry)
            if file is None:
                continue
            if file.size() >= least and file.has(segment, offset):
                if entry.identity.inode == segment.inode:
                    if copy is not None:
                        copy.close()
                    return file
                if (copy is None and segment.head_bytes != 0 and self._folder.is_ours(entry)
                        and not self._is_known(file)):
                    copy = file
                    continue
            file.close()
        if copy is not None:
            segment.inode = copy.identity().inode
        return copy

    def _is_known(self, file: OpenFile) -> bool:
        inode = file.identity().inode
        return any(each.inode == inode and each.head_bytes != 0 and file.begins_as(each)
                   for each in self._segments)

    def _identity_of_path(self) -> Optional[Identity]:
        try:
            found = Identity.of(os.stat(self._path))
            self._missing = False
            return found
        except FileNotFoundError:
            if not self._missing and self._follow:
                self._missing = True
                log.warning("'%s' does not exist; waiting for it", self._path)
            return None

    def _open_path(self) -> Optional[OpenFile]:
        """Returns None while the file is missing, if the program should wait for it."""
        try:
            return OpenFile(self._path)
        except FileNotFoundError:
            if not self._follow:
                raise
            self._identity_of_path()
            return None

    def _keep(self, length: int) -> None:
        """Keeps the file open, because the application may ask for its lines again."""
        if self._file is not None:
            self._kept[self._segment().start] = KeptFile(self._file, length, time.monotonic())
        self._file = None
