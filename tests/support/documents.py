"""Finds the blocks of code in documents, and the comments that say what they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import List

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Block:
    document: Path
    line: int  # of the first line inside
    language: str
    note: str  # the text of the comment on the line before the block
    text: str

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"

    def argument(self, kind: str) -> str:
        """The text after `kind:` in the note, or nothing."""
        name, colon, value = self.note.partition(": ")
        return value if colon and name == kind else ""


def blocks_of(document: Path) -> List[Block]:
    blocks: List[Block] = []
    note = ""
    lines = iter(enumerate(document.read_text().splitlines(), 1))
    for number, line in lines:
        comment = re.fullmatch(r"<!-- (.*) -->", line.strip())
        fence = re.fullmatch(r"```(\w*)", line)
        if comment:
            note = comment.group(1)
        elif fence:
            inside = []
            for _, text in lines:
                if text == "```":
                    break
                inside.append(text)
            else:
                raise AssertionError(f"{document}:{number}: the block does not end")
            blocks.append(Block(document, number + 1, fence.group(1), note,
                                "".join(text + "\n" for text in inside)))
            note = ""
        elif line.strip():
            note = ""
    return blocks
