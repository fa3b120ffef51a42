"""A finite input whose receiver is slow, away, ahead or empty: the run ends, or logs what it waits for."""

import os
import re
import socket
import threading
import time
import unittest

from crash.receiver import FolderOutput, committed_bytes
from support.running import Running, temporary_folder, text_file
from wallaroo_connector import SinkServer

LINES = 500
#: Longer than a sink gives a receiver when the application is told to stop.
LONG_S = 11


def free_address():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return "127.0.0.1:%d" % listener.getsockname()[1]


class SlowOutput(FolderOutput):
    """Each answer to phase 1 takes this long; `asked` is set before it."""

    def __init__(self, folder, delay_s):
        super().__init__(folder)
        self._delay_s = delay_s
        self.asked = threading.Event()

    def prepare(self, name, transaction):
        self.asked.set()
        time.sleep(self._delay_s)
        super().prepare(name, transaction)


class Batch(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.kept = os.path.join(self.folder, "receiver")
        os.mkdir(self.kept)
        self.input = text_file(self.folder, "in", b"".join(b"%d\n" % i for i in range(LINES)))
        self.output = b"".join(b"%d #%d\n" % (i, i + 1) for i in range(LINES))

    def receive(self, address="127.0.0.1:0", delay_s=0):
        store = SlowOutput(self.kept, delay_s)
        server = SinkServer(address, store)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.stop)
        return server.address, store

    def start(self, address, *flags, directory="checkpoints"):
        app = Running("tests/crash/relay_app", f"file:{self.input}", f"connector:{address}",
                      "--checkpoint-dir", os.path.join(self.folder, directory),
                      "--checkpoint-interval", "1h", "--threads", "1", *flags)
        self.addCleanup(app.close)
        return app

    def check_done(self, app):
        self.assertEqual(app.wait(), 0, app.log)
        self.assertEqual(committed_bytes(self.kept), self.output)

    def test_a_receiver_that_is_slow_in_phase_1_is_waited_for(self):
        address, store = self.receive(delay_s=LONG_S)
        app = self.start(address)
        self.check_done(app)
        self.assertTrue(store.asked.is_set())
        self.assertIn(f"waiting for {address} of sink 'out' to answer phase 1 of the last checkpoint, "
                      "10 s of 600 s", app.log)
        self.assertNotRegex(app.log, "gave up|goes back")

    def test_a_receiver_that_is_away_at_the_end_is_waited_for(self):
        address = free_address()
        app = self.start(address)
        app.wait_for_log(f"waiting for {address} of sink 'out'.* to pass the barrier of the last "
                         "checkpoint, 1[0-9] s of 600 s")
        time.sleep(1)
        self.receive(address)
        self.check_done(app)
        self.assertNotRegex(app.log, "gave up|goes back")

    def test_a_batch_that_is_told_to_stop_meanwhile_gives_up_and_the_next_start_ends_it(self):
        address, store = self.receive(delay_s=3 * LONG_S)
        app = self.start(address)
        self.assertTrue(store.asked.wait(LONG_S * 3))
        app.signal()
        self.assertEqual(app.wait(), 1, app.log)
        self.assertIn("did not answer for 10000 ms while the application was stopping", app.log)
        address, _ = self.receive()
        self.check_done(self.start(address))

    def test_work_is_not_done_again_and_again_for_a_receiver_that_never_answers(self):
        address, _ = self.receive(delay_s=60)
        app = self.start(address, "--checkpoint-timeout", "500ms")
        self.assertEqual(app.wait(), 1, app.log)
        named = rf"within 0\.5 s \({address} of sink 'out'\)"
        self.assertRegex(app.log, f"sinks have not prepared checkpoint 1 {named}; goes back")
        # A new connection may help or not: there are two more attempts, at either step.
        self.assertRegex(app.log, f"stopped without a last checkpoint: .* {named}")
        attempts = re.findall("goes back to|checkpoint [0-9]+ failed|stopped without .*prepared",
                              app.log.split("relay: ")[0])
        self.assertEqual(len(attempts), 3, app.log)

    def test_a_receiver_that_is_ahead_or_empty_is_named_by_both_offsets(self):
        address, _ = self.receive()
        self.check_done(self.start(address))
        size = len(self.output)
        app = self.start(address, "--checkpoint-failures", "1", directory="others")
        self.assertEqual(app.wait(), 1, app.log)
        self.assertIn(f"it is ahead: it holds {size} bytes of the output, and 0 were committed",
                      app.log)
        for name in os.listdir(self.kept):
            os.remove(os.path.join(self.kept, name))
        address, _ = self.receive()
        app = self.start(address)
        app.wait()
        self.assertIn(f"it is empty: it holds 0 bytes of the output, and {size} were committed",
                      app.log)


if __name__ == "__main__":
    unittest.main()
