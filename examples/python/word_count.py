# Counts words: text in, the new total of every word out.
#
# In:  records of text, each preceded by its length (4 bytes, big-endian).
# Out: lines such as "wallaroo => 3".
#
# A word is a run of the ASCII letters, digits and apostrophes, in lower case; all else separates.
import re

import wallaroo as wl

WORD = re.compile("[a-z0-9']+")

app = wl.Application("word_count")
(app.source("lines", wl.tcp_source("127.0.0.1:7010", decode=wl.text))
    .flat_map("split", lambda line: WORD.findall(line.lower()))
    .key_by("word", wl.Itself())
    .scan("count", lambda n, word: (n + 1, f"{word} => {n + 1}"), init=int)
    .sink("totals", wl.tcp_sink("127.0.0.1:7002", encode=wl.line)))

if __name__ == "__main__":
    wl.run(app)
