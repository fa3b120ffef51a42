"""What the tests of connectors that send at least once share."""

from wallaroo.experimental import AtLeastOnceSourceConnector
from wallaroo.experimental.connectors import BaseIter, BaseSource, MultiSourceConnector


def multi(peer, cookie="cookie", **settings):
    return MultiSourceConnector("0.0.1", cookie, "program", "instance", peer.host, peer.port,
                                **settings)


class Numbers(BaseIter, BaseSource):
    """The numbers from 1 to `end`, as texts; a message's position is its number."""

    def __init__(self, name, end, at=0):
        self.name = self.key = name.encode()
        self.at = at
        self.end = end
        self.resets = []
        self.acked = []
        self.closed = False

    def __str__(self):
        return f"Numbers({self.name}, {self.at} of {self.end})"

    def reset(self, pos=0):
        self.resets.append(pos)
        self.at = pos

    def point_of_ref(self):
        return self.at

    def __next__(self):
        if self.at >= self.end:
            raise StopIteration
        self.at += 1
        return (b"%s %d" % (self.name, self.at), self.at)

    def wallaroo_acked(self, pos):
        self.acked.append(pos)

    def close(self):
        self.closed = True


def numbers_of(lines, name):
    return [int(line.split()[1]) for line in lines if line.split()[0] == name]


class Writer(AtLeastOnceSourceConnector):
    """Writes what the test tells it, and notes what it is told."""

    def __init__(self, peer, cookie="cookie"):
        super().__init__("0.0.1", cookie, "program", "instance", peer.host, peer.port)
        self.events = []

    def stream_added(self, stream):
        self.events.append(("added", stream.id))

    def stream_opened(self, stream):
        self.events.append(("opened", stream.id, stream.point_of_ref))

    def stream_closed(self, stream):
        assert not stream.is_open
        self.events.append(("closed", stream.id))

    def stream_acked(self, stream):
        self.events.append(("acked", stream.id, stream.point_of_ref))

    def stream_removed(self, stream):
        self.events.append(("removed", stream.id))


NOTHING = 2**64 - 1
