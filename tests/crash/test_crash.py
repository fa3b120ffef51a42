"""The crash harness at the size that fits into every test run."""

import random
import unittest

from crash.crash import Campaign, failpoints_enabled


@unittest.skipUnless(failpoints_enabled(), "configure with -DWALLAROO_FAILPOINTS=ON")
class Crash(unittest.TestCase):
    def test_what_is_left_is_what_an_undisturbed_run_leaves(self):
        campaign = Campaign(150, random.SystemRandom().randrange(1 << 32)).run()
        print(campaign.report())
        self.assertEqual(campaign.problems, [], campaign.report())
        self.assertGreaterEqual(campaign.killed, 150)


if __name__ == "__main__":
    unittest.main()
