"""Counts words, written for Wallaroo 0.6: the same work as word_count.py.

machida3 --application-module word_count_original --in lines@127.0.0.1:7010 --out 127.0.0.1:7002
    --control 127.0.0.1:12500 --data 127.0.0.1:12501 --metrics 127.0.0.1:5001 --cluster-initializer
"""

import re
from typing import Any, List, Tuple

import wallaroo

WORD = re.compile("[a-z0-9']+")


def application_setup(args: List[str]) -> Any:
    name, host, port = wallaroo.tcp_parse_input_addrs(args)[0]
    out_host, out_port = wallaroo.tcp_parse_output_addrs(args)[0]
    lines = wallaroo.source("lines", wallaroo.TCPSourceConfig(name, host, port, decode))
    totals = lines.to(split).key_by(word_itself).to(count_word)
    return wallaroo.build_application(
        "word_count", totals.to_sink(wallaroo.TCPSinkConfig(out_host, out_port, encode)))


class WordTotal:
    def __init__(self) -> None:
        self.count = 0


@wallaroo.decoder(header_length=4, length_fmt=">I")
def decode(payload: bytes) -> str:
    return payload.decode("utf-8")


@wallaroo.computation_multi(name="split")
def split(line: str) -> List[str]:
    return WORD.findall(line.lower())


@wallaroo.key_extractor
def word_itself(word: str) -> str:
    return word


@wallaroo.state_computation(name="count", state=WordTotal)
def count_word(word: str, total: WordTotal) -> Tuple[str, int]:
    total.count += 1
    return word, total.count


@wallaroo.encoder
def encode(counted: Tuple[str, int]) -> str:
    return "%s => %d\n" % counted
