#!/usr/bin/env python3
"""Feeds the lines of a log file into a connector source, and goes on as the file grows.

    tail_file.py access.log 127.0.0.1:7100 --cookie secret

Each line is a message whose id is the position behind the line: a number of bytes of everything
that the path has held. After a restart of either side the application says up to which position it
has the lines, and reading goes on there: with checkpoints each line counts exactly once, also when
the file is rotated meanwhile. `rotated_log.py` says which changes of the file are noticed.

The last line may lack its end. With --once it is sent as it is. Otherwise the program waits for the
end; if the file is rotated before that, the line is sent as it is.
"""

import argparse
import logging
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from rotated_log import LostLines, RotatedLog  # noqa: E402
from wallaroo_connector import ConnectorClient, ConnectorError, stream_id_of  # noqa: E402


def tail(lines, client, stream, follow, poll_s):
    """Sends the lines of the file: for ever if it is followed, otherwise to its end."""
    while True:
        lines.acknowledged(stream.acknowledged)
        # The position steps back when the application has lost something.
        if line := lines.next_line(stream.position):
            client.send(stream, line.end, line.text)
        elif follow:
            client.poll(poll_s)
        elif client.end_stream(stream):
            return


def default_state(path, address, stream_id):
    """A file beside the log file, for each application and stream that is fed from it."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.{address.replace(':', '-')}.{stream_id}.tail")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", help="log file to feed")
    parser.add_argument("address", help="host:port of the connector source")
    parser.add_argument("--cookie", default="", help="cookie of the connector source")
    parser.add_argument("--stream", help="name of the stream; the file's absolute path if not given")
    parser.add_argument("--once", action="store_true",
                        help="end the stream where the file ends, wait until the application has "
                        "acknowledged that, and exit")
    parser.add_argument("--poll", type=float, default=0.2, metavar="SECONDS",
                        help="time between two looks whether the file has grown (default 0.2)")
    parser.add_argument("--rotate-wait", type=float, default=1.0, metavar="SECONDS",
                        help="time without a write to a rotated file before it is left (default 1)")
    parser.add_argument("--state", metavar="PATH",
                        help="where to remember which files there were; if not given, a hidden file "
                        "beside the log file")
    parser.add_argument("--skip-lost", action="store_true",
                        help="go on with a warning, instead of an error, when a file that the "
                        "application asks for does not exist any more")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="tail_file: %(message)s")
    name = options.stream or os.path.abspath(options.file)
    state = options.state or default_state(options.file, options.address, stream_id_of(name))
    client = ConnectorClient(options.address, options.cookie, "tail_file", options.file)
    try:
        stream = client.open_stream(name)
        lines = RotatedLog(options.file, state, not options.once, options.rotate_wait,
                           options.skip_lost)
        tail(lines, client, stream, not options.once, options.poll)
        client.close()
    except (ConnectorError, LostLines, OSError) as error:
        sys.exit(f"tail_file: {error}")
    except KeyboardInterrupt:
        client.close()


if __name__ == "__main__":
    main()
