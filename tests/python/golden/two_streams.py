"""Two streams that meet in one state: orders and payments; a key is told once both are complete."""

import struct

import wallaroo as wl

SOURCES = ["orders", "payments"]
SINKS = ["settled"]
KEYS, EACH = 20, 15


def inputs(random):
    def side(kind):
        frames = [struct.pack(">B8si", kind, b"user%04d" % key, random.randrange(-500, 500))
                  for key in range(KEYS) for _ in range(EACH)]
        random.shuffle(frames)
        return frames
    return {"orders": side(1), "payments": side(2)}


def expected(frames):
    balance = {}
    for kind, user, cents in (struct.unpack(">B8si", each)
                              for side in frames.values() for each in side):
        balance[user] = balance.get(user, 0) + (cents if kind == 2 else -cents)
    return {"settled": [f"{user.decode()} {cents}" for user, cents in balance.items()]}


def decode(frame):
    kind, user, cents = struct.unpack(">B8si", frame)
    return {"kind": kind, "user": user, "cents": cents}


class Account(object):
    def __init__(self):
        self.seen = [0, 0]
        self.cents = 0


def book(record, account):
    account.seen[record["kind"] - 1] += 1
    account.cents += record["cents"] if record["kind"] == 2 else -record["cents"]
    if account.seen == [EACH, EACH]:
        return (record["user"], account.cents)


def render(pair):
    return b"%s %d\n" % pair


def application_setup(args):
    at = {each[0]: each for each in wl.tcp_parse_input_addrs(args)}
    decoder = wl.decoder(4, ">I")(decode)
    orders, payments = (wl.source(name, wl.TCPSourceConfig(*at[name], decoder)) for name in SOURCES)
    host, port = wl.tcp_parse_output_addrs(args)[0]
    return wl.build_application(
        "accounts", orders.merge(payments).key_by(wl.key_extractor(lambda r: r["user"]))
        .to(wl.state_computation("book", Account)(book))
        .to_sink(wl.TCPSinkConfig(host, port, wl.encoder(render))))


app = wl.Application("accounts")
orders, payments = (app.source(name, wl.tcp_source("127.0.0.1:0", decode=decode))
                    for name in SOURCES)
(orders.merge(payments).key_by("user", wl.Item("user")).state("book", book, init=Account)
    .sink("settled", wl.tcp_sink("127.0.0.1:1", encode=render)))
