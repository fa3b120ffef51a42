"""The real text for the demonstration of word count, and the right counts of its words."""

import re
from collections import Counter
from pathlib import Path

from .processes import DemoError

# Every Debian machine has them.
LICENCES = Path("/usr/share/common-licenses")


class Text:
    def __init__(self, folder=LICENCES):
        # Several names are links to the newest version of a licence.
        self.files = sorted(path for path in folder.glob("*")
                            if path.is_file() and not path.is_symlink())
        contents = [path.read_bytes() for path in self.files]
        self.bytes = sum(map(len, contents))
        if self.bytes == 0:
            raise DemoError(f"there is no text in {folder}")
        self.lines = sum(content.count(b"\n") + (content[-1:] not in (b"\n", b""))
                         for content in contents)
        self.totals = Counter()
        for content in contents:
            self.totals.update(re.findall(rb"[a-z0-9']+", content.lower()))

    def words(self):
        return self.totals.total()

    def giles_flags(self):
        return [flag for path in self.files for flag in ("--file", path)]
