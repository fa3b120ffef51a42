"""Writes a C++ file with the pages of the metrics UI: the files of webui/, and dygraphs.

The same files always make the same C++ file, whenever and wherever that is.
"""

import argparse
import gzip
import hashlib
import sys
from pathlib import Path

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Names in the pages, and those of the files in Debian's package libjs-dygraphs.
LIBRARY = {"dygraph.js": "dygraph.min.js", "dygraph.css": "dygraph.min.css"}
LINE = 4096  # bytes in a line of the C++ file

HEAD = """// Made by cmake/ui_assets.py from webui/ and dygraphs.
#include "ui/assets/ui_asset.hpp"

#include <array>

namespace wallaroo::internal {

namespace {

using std::string_view_literals::operator""sv;

"""
TAIL = """}};

}  // namespace

std::span<const UiAsset> ui_assets() { return assets; }

}  // namespace wallaroo::internal
"""


def find_assets(pages, library):
    """The files by the paths at which they are served."""
    found = {}
    for file in pages.rglob("*"):
        if file.suffix in TYPES:
            found["/ui/" + file.relative_to(pages).as_posix()] = file
    found["/"] = found.pop("/ui/index.html")
    for name, original in LIBRARY.items():
        found["/ui/" + name] = library / original
    return dict(sorted(found.items()))


def literal(data):
    """The bytes as literals of C++. Octal numbers of three digits end by themselves."""
    plain = set(range(32, 127)) - set(b'"\\?')
    lines = []
    for start in range(0, max(1, len(data)), LINE):
        part = data[start : start + LINE]
        text = "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in part)
        lines.append(f'"{text}"')
    return "\n".join(lines) + "sv"


def entry(path, file):
    data = file.read_bytes()
    compressed = gzip.compress(data, 9, mtime=0)
    if len(compressed) >= len(data):
        compressed = b""
    etag = hashlib.sha256(data).hexdigest()[:16]
    texts = (f'"{path}"sv', f'"{TYPES[file.suffix]}"sv', literal(data), literal(compressed))
    return "    UiAsset{" + ",\n".join(texts) + f',\n"{etag}"sv}},\n'


def render(assets):
    entries = "".join(entry(path, file) for path, file in assets.items())
    head = f"constexpr std::array<UiAsset, {len(assets)}> assets = {{{{\n"
    return HEAD + head + entries + TAIL


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, required=True, help="the folder webui/")
    parser.add_argument("--library", type=Path, required=True, help="the folder of dygraphs")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        text = render(find_assets(arguments.pages, arguments.library))
    except OSError as error:
        sys.exit(f"ui_assets.py: {error}")
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(text)


if __name__ == "__main__":
    main()
