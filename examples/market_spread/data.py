"""The same orders while the market is first as in MORNING, then as in NOON."""

import struct

from demo.examples import Phase

SINKS = ["rejected"]

# Symbol: bid and offer, in 1/10,000.
MORNING = {
    "AAPL": (1_000_000, 1_000_200),  # 0.02 apart
    "MSFT": (500_000, 500_500),      # 0.05 apart: too wide
    "TSLA": (500_000, 500_499),      # just less
    "DIME": (975, 1_025),            # 5 % of the middle: too wide
    "PNNY": (976, 1_025),            # just less
}
NOON = {
    "AAPL": (1_000_000, 1_001_000),  # too wide now
    "MSFT": (500_100, 500_500),      # no longer
}
ORDERS = [(side, symbol) for symbol in ("AAPL", "MSFT", "TSLA", "DIME", "PNNY", "NONE")
          for side in "BS"]


def quotes(market):
    return b"".join(struct.pack(">I4sII", 12, symbol.encode(), bid, offer)
                    for symbol, (bid, offer) in market.items())


def orders(first_number):
    return b"".join(struct.pack(">IcQ4sI", 17, side.encode(), number, symbol.encode(), 10_000)
                    for number, (side, symbol) in enumerate(ORDERS, first_number))


def phases():
    by_morning = len(MORNING)
    by_noon = by_morning + len(ORDERS) + len(NOON)
    return [
        Phase("market_data", quotes(MORNING), settled=("check", by_morning)),
        Phase("orders", orders(1), settled=("check", by_morning + len(ORDERS))),
        Phase("market_data", quotes(NOON), settled=("check", by_noon)),
        Phase("orders", orders(101)),
    ]


def readable(output):
    return output.decode().splitlines()


def key(line):
    """The symbol."""
    return line.split()[0]
