#!/usr/bin/env python3
"""Receives a connector sink into an SQLite database, each record exactly once.

    sink_to_sqlite.py results.db --listen 127.0.0.1:7200
    sqlite3 results.db 'SELECT CAST(data AS TEXT) FROM results'

The view `results` shows what the application has committed, in order for each output (one for each
worker and sink). Data and transactions are in one database, so that they agree after a crash of
this program or of the application at any moment.
"""

import argparse
import logging
import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from wallaroo_connector import SINK_COOKIE, OutputState, SinkOutput, SinkServer, Transaction  # noqa: E402

SCHEMA = """
CREATE TABLE IF NOT EXISTS outputs (
  name TEXT PRIMARY KEY,
  committed INTEGER NOT NULL DEFAULT 0,   -- bytes
  prepared_id TEXT, prepared_start INTEGER, prepared_end INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (      -- the committed ones, and those that may follow
  output TEXT NOT NULL, position INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (output, position)
) WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS results AS
  SELECT records.output, records.position, records.data
  FROM records JOIN outputs ON outputs.name = records.output
  WHERE records.position < outputs.committed
  ORDER BY records.output, records.position;
"""


class SqliteOutput(SinkOutput):
    """Records are written before their commit; only `committed` decides which are shown. A prepare
    makes all written records durable, for some earlier than needed, which is harmless."""

    def __init__(self, path):
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(SCHEMA)

    def load(self, name):
        with self._database:
            self._database.execute("INSERT OR IGNORE INTO outputs (name) VALUES (?)", (name,))
        committed, *prepared = self._database.execute(
            "SELECT committed, prepared_id, prepared_start, prepared_end FROM outputs"
            " WHERE name = ?", (name,)).fetchone()
        return OutputState(committed, Transaction(*prepared) if prepared[0] is not None else None)

    def truncate(self, name, offset):
        with self._database:
            self._delete_from(name, offset)

    def write(self, name, offset, data):
        if data:  # an empty record has no position of its own, and nothing to show
            self._database.execute("INSERT INTO records VALUES (?, ?, ?)", (name, offset, data))

    def prepare(self, name, transaction):
        with self._database:
            self._database.execute(
                "UPDATE outputs SET prepared_id = ?, prepared_start = ?, prepared_end = ?"
                " WHERE name = ?", (transaction.id, transaction.start, transaction.end, name))

    def commit(self, name, transaction):
        with self._database:
            self._forget(name)
            self._database.execute("UPDATE outputs SET committed = ? WHERE name = ?",
                                   (transaction.end, name))

    def abort(self, name, transaction):
        with self._database:
            self._forget(name)
            self._delete_from(name, transaction.start)

    def _forget(self, name):
        self._database.execute("UPDATE outputs SET prepared_id = NULL, prepared_start = NULL,"
                               " prepared_end = NULL WHERE name = ?", (name,))

    def _delete_from(self, name, offset):
        self._database.execute("DELETE FROM records WHERE output = ? AND position >= ?",
                               (name, offset))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("database")
    parser.add_argument("--listen", default="127.0.0.1:7200", help="host:port (%(default)s)")
    parser.add_argument("--cookie", default=SINK_COOKIE)
    parser.add_argument("--no-transactions", action="store_true",
                        help="for an application without checkpoints: commit records as they come")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    server = SinkServer(options.listen, SqliteOutput(options.database), options.cookie,
                        not options.no_transactions)
    print(f"listening on {server.address}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
