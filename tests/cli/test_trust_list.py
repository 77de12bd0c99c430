#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle trust list: what was learned from hosts."""
import cli
import pki
import tap_unittest
from learning import LearningCase


class List(LearningCase):
    def test_nothing_was_learned_yet(self):
        self.assertEqual(self.assertAccepted("trust", "list").out, "")
        self.assertEqual(self.entries(), [])

    def test_a_database_that_is_named_must_be_there(self):
        self.assertFails(cli.INPUT, "none.db", "trust", "list", "--state", "none.db")
        self.assertFails(cli.INPUT, "com.example.none", "trust", "list", "--app", "com.example.none")

    def test_hosts_in_order(self):
        for host in ("b.example.com", "a.example.com:8443", "a.example.com", "[2001:db8::1]:443"):
            self.assertAccepted("trust", "add", host, "--pin", pki.Key().pin)
        lines = [line.split("  ")[0] for line in self.assertAccepted("trust", "list").out.splitlines()[::2]]
        self.assertEqual(lines, ["[2001:db8::1]:443", "a.example.com:443", "a.example.com:8443", "b.example.com:443"])

    def test_state_and_app_exclude_each_other(self):
        self.assertUsage("exclude each other", "trust", "list", "--app", "a", "--state", "b")


if __name__ == "__main__":
    tap_unittest.main()
