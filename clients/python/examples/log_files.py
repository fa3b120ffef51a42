"""How `rotated_log.py` recognises files, and its state file."""

import os
import re
import stat
from dataclasses import dataclass
from typing import List, NamedTuple, Optional

HEAD_BYTES = 1024
MOST_SEGMENTS = 1000  # in the state file
STATE_HEADING = "wallaroo tail_file 1"
#: The suffix that rotation appends to a name.
ROTATED_SUFFIX = re.compile(r"[-._]?\d[\dTZ:._-]*")
HASH_OF_NOTHING = 0xCBF29CE484222325


def fnv1a(data: bytes) -> int:
    value = HASH_OF_NOTHING
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


class Identity(NamedTuple):
    device: int
    inode: int

    @staticmethod
    def of(info: os.stat_result) -> "Identity":
        return Identity(info.st_dev, info.st_ino)


@dataclass
class Segment:
    """A file, from its first byte to where the next segment starts."""

    start: int  # position of its first byte
    inode: int
    head_bytes: int = 0  # how many first bytes `head_hash` covers
    head_hash: int = HASH_OF_NOTHING
    torn: int = 0  # position behind a last line that was given out without its end


class State:
    """Stores the segments on the disk: a heading, and a line for each. The file is written as a
    whole, so that a crash leaves the old one or the new one."""

    def __init__(self, path: str) -> None:
        self._path = path

    def load(self) -> List[Segment]:
        try:
            with open(self._path, encoding="ascii") as file:
                heading, *rows = file.read().splitlines()
                if heading != STATE_HEADING:
                    raise ValueError
                return [Segment(*map(int, row.split())) for row in rows]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError):
            raise OSError(f"'{self._path}' is not a state file of tail_file; give another --state, "
                          "or remove it to begin with the file as it is") from None

    def save(self, segments: List[Segment]) -> None:
        new = self._path + ".new"
        try:
            with open(new, "w", encoding="ascii") as file:
                file.write(STATE_HEADING + "\n")
                for each in segments[-MOST_SEGMENTS:]:
                    file.write(f"{each.start} {each.inode} {each.head_bytes} {each.head_hash} "
                               f"{each.torn}\n")
                file.flush()
                os.fsync(file.fileno())
            os.rename(new, self._path)
            folder = os.open(os.path.dirname(self._path) or ".", os.O_RDONLY | os.O_DIRECTORY)
            os.fsync(folder)
            os.close(folder)
        except OSError as error:
            raise OSError(f"cannot write the state file '{self._path}': {error.strerror}; give "
                          "--state a path that can be written") from None


class OpenFile:
    """A regular file, read at given places. Raises OSError when there is none."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(self.info().st_mode):
            self.close()
            raise OSError(f"'{path}' is not a regular file")

    def info(self) -> os.stat_result:
        return os.fstat(self._descriptor)

    def identity(self) -> Identity:
        return Identity.of(self.info())

    def size(self) -> int:
        return self.info().st_size

    def read(self, offset: int, count: int) -> bytes:
        return os.pread(self._descriptor, count, offset)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def begins_as(self, segment: Segment) -> bool:
        head = self.read(0, segment.head_bytes)
        return len(head) == segment.head_bytes and fnv1a(head) == segment.head_hash

    def has(self, segment: Segment, offset: int) -> bool:
        """Whether this looks like the segment's file, and a line of it ends at this offset."""
        if self.size() < offset or not self.begins_as(segment):
            return False
        return (offset == 0 or segment.start + offset == segment.torn
                or self.read(offset - 1, 1) == b"\n")


class Entry(NamedTuple):
    """A regular file in a directory."""

    name: str
    path: str
    identity: Identity
    changed_ns: int


class Folder:
    """The directory that holds a log file and its rotated files."""

    def __init__(self, log_path: str) -> None:
        self._path = os.path.dirname(log_path) or "."
        self._name = os.path.basename(log_path)

    def entries(self) -> List[Entry]:
        found = []
        with os.scandir(self._path) as entries:
            for each in entries:
                try:
                    info = os.stat(each.path)
                except OSError:
                    continue  # just removed
                if stat.S_ISREG(info.st_mode):
                    found.append(Entry(each.name, each.path, Identity.of(info), info.st_mtime_ns))
        return found

    def ours_first(self) -> List[Entry]:
        """All files of the directory, those with the log's name first."""
        return sorted(self.entries(), key=lambda each: not each.name.startswith(self._name))

    def open(self, entry: Entry) -> Optional[OpenFile]:
        try:
            return OpenFile(entry.path)
        except OSError:
            return None  # not ours to read, or just removed

    def is_ours(self, entry: Entry) -> bool:
        return entry.name.startswith(self._name)

    def is_rotated(self, entry: Entry) -> bool:
        return (entry.name.startswith(self._name)
                and ROTATED_SUFFIX.fullmatch(entry.name[len(self._name):]) is not None)

    def age(self, entry: Entry) -> tuple:
        """Sorts rotated files from the oldest to the newest. Of files with the same time of last
        change the one with the highest number is the oldest."""
        suffix = entry.name[len(self._name):].lstrip("-._")
        number = int(suffix) if suffix.isdigit() and len(suffix) < 6 else 10**6
        return entry.changed_ns, -number, entry.name
