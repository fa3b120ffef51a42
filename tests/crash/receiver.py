"""A receiver of a connector sink that may be killed at any moment: receiver.py FOLDER HOST:PORT [as-it-comes].

For each output it keeps NAME.data, whose first `committed` bytes are committed, and NAME.json (with
`committed` and the prepared transaction), which is replaced as a whole. `as-it-comes` is for an
application without checkpoints.
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "clients", "python"))
from wallaroo_connector import OutputState, SinkOutput, SinkServer, Transaction  # noqa: E402


def durable(file):
    file.flush()
    os.fsync(file.fileno())


def read_state(path):
    try:
        with open(path) as file:
            state = json.load(file)
    except FileNotFoundError:
        return OutputState()
    prepared = state["prepared"]
    return OutputState(state["committed"], Transaction(*prepared) if prepared else None)


class FolderOutput(SinkOutput):
    def __init__(self, folder):
        self._folder = folder
        self._files = {}

    def _path(self, name, suffix):
        return os.path.join(self._folder, name + suffix)

    def _data(self, name):
        if name not in self._files:
            path = self._path(name, ".data")
            self._files[name] = open(path, "r+b" if os.path.exists(path) else "w+b")
        return self._files[name]

    def _save(self, name, committed, prepared):
        path = self._path(name, ".json")
        with open(path + ".new", "w") as file:
            fields = [prepared.id, prepared.start, prepared.end] if prepared else None
            json.dump({"committed": committed, "prepared": fields}, file)
            durable(file)
        os.replace(path + ".new", path)
        self._fsync_folder()

    def _fsync_folder(self):
        folder = os.open(self._folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def load(self, name):
        return read_state(self._path(name, ".json"))

    def truncate(self, name, offset):
        self._data(name).truncate(offset)

    def write(self, name, offset, data):
        file = self._data(name)
        file.seek(offset)
        file.write(data)

    def prepare(self, name, transaction):
        durable(self._data(name))
        self._save(name, self.load(name).committed, transaction)

    def commit(self, name, transaction):
        self._save(name, transaction.end, None)

    def abort(self, name, transaction):
        self._save(name, transaction.start, None)
        self._data(name).truncate(transaction.start)


def committed_bytes(folder):
    """The committed bytes of the one output in the folder."""
    names = [name for name in os.listdir(folder) if name.endswith(".json")]
    if not names:
        return b""
    state = read_state(os.path.join(folder, names[0]))
    with open(os.path.join(folder, names[0].removesuffix(".json") + ".data"), "rb") as file:
        return file.read(state.committed)


if __name__ == "__main__":
    server = SinkServer(sys.argv[2], FolderOutput(sys.argv[1]),
                        transactional=sys.argv[3:] != ["as-it-comes"])
    print(server.address, flush=True)
    server.serve_forever()
