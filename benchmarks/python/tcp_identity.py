"""A server for `./bench python`: records come over TCP, pass a Python function, and go out."""

import argparse

import wallaroo as wl


def same(record):
    return record


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", required=True)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    app = wl.Application("tcp identity")
    (app.source("records", wl.tcp_source(options.listen, decode=wl.text, framing=wl.newline))
        .map("same", same).sink("records out", wl.tcp_sink(options.out, encode=wl.line)))
    wl.run(app, ["--threads", "1", "--log-level", "warning"])


if __name__ == "__main__":
    main()
