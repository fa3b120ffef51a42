"""Applications whose sources can go back, so that they can be killed: totals of numbers by rest."""

import os
import time

import wallaroo as wl
import wallaroo.experimental as experimental

COUNT = int(os.environ.get("GOLDEN_COUNT", "8000"))
KEYS = 7
COOKIE = "cookie"


def expected():
    totals, lines = [0] * KEYS, []
    for n in range(COUNT):
        totals[n % KEYS] += n
        lines.append(f"{n % KEYS} {totals[n % KEYS]}")
    return lines


def paced(n):
    """Takes its time, so that a kill finds the application at work."""
    if n % 4 == 0:
        time.sleep(0.001)
    return n


class Total(object):
    def __init__(self):
        self.value = 0


def add(n, total):
    total.value += n
    return (n % KEYS, total.value)


def render(pair):
    return b"%d %d\n" % pair


class Thirds(wl.PySource):
    """Each partition has every third number. Their positions are dicts."""

    def partitions(self):
        return ["0", "1", "2"]

    def open(self, partition, position):
        return Third(int(partition) if position is None else position["next"])


class Third(wl.PyReader):
    wait = 0.001

    def __init__(self, following):
        self.following = following

    def pull(self, most):
        if self.following >= COUNT:
            return None
        last = min(COUNT, self.following + 3 * min(most, 16))
        records = list(range(self.following, last, 3))
        self.following = records[-1] + 3
        return records

    def position(self):
        return {"next": self.following}


def application(name, source, sink):
    made = wl.Application(name)
    (made.source("numbers", source).map("paced", paced).key_by("rest", lambda n: n % KEYS)
        .state("add", add, init=Total).sink("totals", sink))
    return made


def to_file():
    return wl.file_sink("unset", encode=render)


from_file = application("from file", wl.file_source("unset", decode=int), to_file())
from_generator = application("from generator", wl.generator(
    lambda n: n if n < COUNT else None), to_file())
from_iterable = application("from iterable", wl.iterable(lambda: range(COUNT)), to_file())
from_connector = application("from connector", wl.connector_source(
    "127.0.0.1:0", decode=int, cookie=COOKIE), to_file())
to_connector = application("to connector", wl.generator(lambda n: n if n < COUNT else None),
                           wl.connector_sink("127.0.0.1:1", encode=render))


def once_each(n, seen):
    """For a source whose partitions are read side by side: sums do not depend on their order."""
    seen.append(n)
    return (n % KEYS, n)


from_partitions = wl.Application("from partitions")
(from_partitions.source("numbers", Thirds()).map("paced", paced).key_by("rest", lambda n: n % KEYS)
    .state("seen", once_each, init=list).sink("totals", to_file()))


# The old style.


class Numbers(object):
    def initial_value(self):
        return 0

    def apply(self, n):
        return n + 1 if n < COUNT else None


def add_before_the_end(n, total):
    return add(n, total) if n < COUNT else None


def application_setup(args):
    options = dict(zip(args[1::2], args[2::2]))
    if "--from-port" in options:
        source = experimental.SourceConnectorConfig(
            "feed", experimental.stream_message_encoder(lambda n: n),
            experimental.stream_message_decoder(int), options["--from-port"], COOKIE, 200, 100)
    else:
        source = wl.GenSourceConfig("numbers", Numbers())
    sink = experimental.SinkConnectorConfig(
        "drain", experimental.octet_message_encoder(render),
        experimental.stream_message_decoder(bytes), options["--to-port"], "Dragons-Love-Tacos")
    return wl.build_application(
        "restartable", wl.source("numbers", source).to(wl.computation("paced")(paced))
        .key_by(wl.key_extractor(lambda n: n % KEYS))
        .to(wl.state_computation("add", Total)(add_before_the_end)).to_sink(sink))
