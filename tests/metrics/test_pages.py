"""The pages of a running application, as clients of all kinds see them."""

import gzip
import json
import re
import socket
import unittest
import urllib.request

from metrics.exposition import Page
from support.running import Running
from support.wire import Receiver


class PagesTest(unittest.TestCase):
    def start(self, threads):
        receiver = Receiver().listen()
        self.addCleanup(receiver.close)
        app = Running(
            *("tests/metrics/slow_app", "--out", receiver.address, "--http", "127.0.0.1:0"),
            *("--threads", str(threads), "--", "work"),
        )
        self.addCleanup(app.close)
        return app.wait_for_log(r"metrics on http://([^/]+)/").group(1)

    @staticmethod
    def get(address, page, **headers):
        request = urllib.request.Request(f"http://{address}{page}", headers=headers)
        with urllib.request.urlopen(request) as answer:
            return answer.headers, answer.read()

    def test_metrics_are_what_prometheus_reads_and_named_as_it_advises(self):
        _, text = self.get(self.start(2), "/metrics")
        for family in Page(text.decode()).families.values():
            name = family.name
            self.assertEqual(name.endswith("_total"), family.type == "counter", name)
            self.assertTrue(name.startswith(("wallaroo_", "process_")), name)
            is_time = re.search("_time(stamp)?_seconds$", name) is not None
            self.assertEqual("Unix time" in family.help, is_time, f"{name}: {family.help}")

    def test_pages_are_compressed_for_those_who_ask(self):
        address = self.start(2)
        headers, text = self.get(address, "/metrics", **{"Accept-Encoding": "gzip"})
        self.assertEqual(headers["Content-Encoding"], "gzip")
        self.assertLess(len(text) * 5, len(gzip.decompress(text)))
        Page(gzip.decompress(text).decode())
        headers, text = self.get(address, "/metrics.json", **{"Accept-Encoding": "gzip;q=0"})
        self.assertIsNone(headers["Content-Encoding"])
        self.assertEqual(json.loads(text)["application"], "slow_app")

    def test_a_queue_for_each_pair_of_threads_has_no_series_of_its_own(self):
        counts = []
        for threads in (1, 32):
            _, text = self.get(self.start(threads), "/metrics")
            counts.append(len(Page(text.decode()).series("wallaroo_edge_records_total")))
        self.assertEqual(counts[0], counts[1])

    def test_clients_that_say_nothing_keep_nobody_out(self):
        address = self.start(1)
        host, port = address.rsplit(":", 1)
        silent = [socket.create_connection((host, int(port))) for _ in range(300)]
        for peer in silent:
            self.addCleanup(peer.close)
        self.assertEqual(self.get(address, "/livez")[1], b"ok\n")
        Page(self.get(address, "/metrics")[1].decode())


if __name__ == "__main__":
    unittest.main()
