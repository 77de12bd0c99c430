# SPDX-License-Identifier: Apache-2.0
"""Test cases about keys learned from hosts: a server whose key can be changed, and the clock ahead."""
import unittest

import cli
import netcase
import servers
from netcase import HOST

SHIFT = cli.BUILD / "tests/cli/libpintle_shift_clock.so"
DAY = 86400


class LearningCase(netcase.NetCase):
    def https(self, leaf=None):
        return self.enter(servers.Https(servers.context(leaf or self.issue())))

    @staticmethod
    def serve(server, leaf):
        """From now on with this certificate."""
        server.ctx = servers.context(leaf)

    def fetch(self, server, *args, code=cli.OK, path="/echo", host=HOST, **options):
        result = self.run_cli("fetch", f"https://{host}{path}", *self.to(server), *args, **options)
        self.assertExit(result, code)
        return result

    def fetch_json(self, server, *args, **options):
        return self.fetch(server, "-o", "out", "--json", *args, **options).json

    def refused(self, server, *args, reason="mismatch", **options):
        """Refused by the pins, and the server was asked for nothing."""
        before = len(server.requests)
        result = self.fetch(server, *args, code=cli.REFUSED, **options)
        self.assertIn(f": {reason}: ", result.err)
        self.assertEqual(len(server.requests), before)
        return result

    def entries(self, *args):
        return self.assertAccepted("trust", "list", "--json", *args).json["entries"]

    @staticmethod
    def later(days):
        """The environment of a program that runs so many days from now."""
        return {"LD_PRELOAD": SHIFT, "SHIFT_S": str(days * DAY)}


def needs_clock(test):
    """Skip where nothing can be preloaded: under a sanitizer."""
    return unittest.skipIf(not SHIFT.exists(), "no preloading here")(test)
