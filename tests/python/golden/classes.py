"""Records and states of classes: inheritance, __slots__, properties, an Enum and a tuple as keys."""

import enum

import wallaroo as wl

SOURCES = ["orders"]
SINKS = ["out"]


class Side(enum.Enum):
    BUY = "buy"
    SELL = "sell"


class Order(object):
    __slots__ = ("side", "symbol", "count")

    def __init__(self, side, symbol, count):
        self.side, self.symbol, self.count = side, symbol, count

    @classmethod
    def parse(cls, frame):
        side, symbol, count = frame.decode().split()
        return (Big if int(count) > 50 else cls)(Side(side), symbol, int(count))

    @property
    def signed(self):
        return self.count if self.side is Side.BUY else -self.count


class Big(Order):
    __slots__ = ()

    @property
    def signed(self):
        return super().signed * 10


class Book(object):
    def __init__(self):
        self.position = 0
        self.sides = {Side.BUY: 0, Side.SELL: 0}

    def take(self, order):
        self.position += order.signed
        self.sides[order.side] += 1
        return self


def book(order, state):
    state.take(order)
    return (order.symbol, state.position, state.sides[Side.BUY], state.sides[Side.SELL])


def inputs(random):
    return {"orders": [f"{random.choice(['buy', 'sell'])} {random.choice(['X', 'Y', 'ZZ'])} "
                       f"{random.randrange(100)}".encode() for _ in range(600)]}


def expected(frames):
    totals, lines = {}, []
    for frame in frames["orders"]:
        side, symbol, count = frame.decode().split()
        total = totals.setdefault(symbol, [0, 0, 0])
        total[0] += int(count) * (1 if side == "buy" else -1) * (10 if int(count) > 50 else 1)
        total[1 if side == "buy" else 2] += 1
        lines.append(" ".join(map(str, [symbol, *total])))
    return {"out": lines}


def render(result):
    return "%s %d %d %d\n" % result


def application_setup(args):
    (name, host, port), out = wl.tcp_parse_input_addrs(args)[0], wl.tcp_parse_output_addrs(args)[0]
    return wl.build_application(
        "books", wl.source("orders", wl.TCPSourceConfig(name, host, port,
                                                        wl.decoder(4, ">I")(Order.parse)))
        .key_by(wl.key_extractor(lambda order: order.symbol))
        .to(wl.state_computation("book", Book)(book))
        .to_sink(wl.TCPSinkConfig(*out, wl.encoder(render))))


app = wl.Application("books")
(app.source("orders", wl.tcp_source("127.0.0.1:0", decode=Order.parse))
    .key_by("symbol", wl.Attr("symbol")).state("book", book, init=Book)
    .sink("out", wl.tcp_sink("127.0.0.1:1", encode=render)))
