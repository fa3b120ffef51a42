#!/usr/bin/env python3
"""Feeds the lines of a file into a connector source, and goes on as the file grows.

    tail_file.py access.log 127.0.0.1:7100 --cookie secret

Each line is a message whose id is the file's offset behind the line. After a restart of either side
the application says up to which offset it has the file, and reading goes on there: with checkpoints
each line counts exactly once. The file must only be appended to.
"""

import argparse
import logging
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from wallaroo_connector import ConnectorClient, ConnectorError  # noqa: E402


def next_line(file, offset):
    """The line that begins at `offset` with its end, or b"" while it is not complete."""
    if file.tell() != offset:
        file.seek(offset)
    line = file.readline()
    return line if line.endswith(b"\n") else b""


def tail(file, client, stream, follow, poll_s):
    """Sends what is in the file; when it is to be followed, for ever."""
    while True:
        offset = stream.position or 0
        if line := next_line(file, offset):
            client.send(stream, offset + len(line), line.rstrip(b"\r\n"))
            continue
        size = os.fstat(file.fileno()).st_size
        if size < offset:
            raise ConnectorError(f"{file.name} has {size} bytes, but the application has had {offset}: "
                                 "it was cut off or replaced; feed it as a stream of another name")
        if follow:
            client.poll(poll_s)
        elif client.end_stream(stream):
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file")
    parser.add_argument("address", help="of the connector source, host:port")
    parser.add_argument("--cookie", default="")
    parser.add_argument("--stream", help="name of the stream; the file's absolute path if not given")
    parser.add_argument("--once", action="store_true",
                        help="end the stream where the file ends, wait until the application has "
                        "acknowledged that, and exit")
    parser.add_argument("--poll", type=float, default=0.2, metavar="SECONDS",
                        help="how often to look whether the file has grown (default 0.2)")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    client = ConnectorClient(options.address, options.cookie, "tail_file", options.file)
    try:
        with open(options.file, "rb") as file:
            stream = client.open_stream(options.stream or os.path.abspath(options.file))
            tail(file, client, stream, not options.once, options.poll)
        client.close()
    except (ConnectorError, OSError) as error:
        sys.exit(f"tail_file: {error}")
    except KeyboardInterrupt:
        client.close()


if __name__ == "__main__":
    main()
