#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle trust forget: a host, a port of it, or all."""
import cli
import pki
import tap_unittest
from learning import LearningCase
from netcase import HOST


class Forget(LearningCase):
    def learn(self, *hosts):
        for host in hosts:
            self.assertAccepted("trust", "add", host, "--pin", pki.Key().pin)

    def test_nothing_was_learned_yet(self):
        self.assertEqual(self.assertAccepted("trust", "forget", "--json", HOST).json["forgotten"],
                         [{"count": 0, "host": HOST}])

    def test_a_database_that_is_named_must_be_there(self):
        self.assertFails(cli.INPUT, "com.example.none", "trust", "forget", "--app", "com.example.none", HOST)

    def test_forget_a_port_a_host_or_all(self):
        self.learn("a.example.com", "a.example.com:8443", "b.example.com", "c.example.com")
        result = self.run_cli("trust", "forget", "a.example.com:8443", "b.example.com")
        self.assertExit(result, cli.OK)
        self.assertEqual(result.err, "pintle: a.example.com:8443: forgotten\npintle: b.example.com: forgotten\n")
        self.assertEqual([(entry["host"], entry["port"]) for entry in self.entries()],
                         [("a.example.com", 443), ("c.example.com", 443)])
        self.assertEqual(self.assertAccepted("trust", "forget", "--all", "--json").json["forgotten"], [{"count": 2}])
        self.assertEqual(self.entries(), [])

    def test_what_was_not_known_is_told(self):
        self.learn(HOST)
        result = self.run_cli("trust", "forget", "other.example.com")
        self.assertExit(result, cli.OK)
        self.assertIn("other.example.com: was not known", result.err)
        self.assertEqual(len(self.entries()), 1)

    def test_mistakes(self):
        self.assertUsage("name the hosts to forget, or --all", "trust", "forget")
        self.assertUsage("name the hosts to forget, or --all", "trust", "forget", "--all", HOST)
        self.learn(HOST)
        self.assertUsage("no such", "trust", "forget", "no such")


if __name__ == "__main__":
    tap_unittest.main()
