#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle trust add: a key is learned on purpose, and none replaced by accident."""
import cli
import pki
import tap_unittest
from learning import LearningCase
from netcase import HOST


class Add(LearningCase):
    def test_the_server_is_asked(self):
        leaf = self.issue()
        server = self.https(leaf)
        result = self.assertAccepted("trust", "add", HOST, *self.to(server))
        self.assertRegex(result.out, rf"^{HOST}:443  its key, EC P-256, learned \S+Z, until \S+Z\n")
        self.assertEqual(result.out.splitlines()[1:], [f"  {leaf.pin}"])
        self.assertEqual(server.requests, [])
        self.assertEqual(self.fetch(server, "--tofu").err, "")
        self.serve(server, self.issue())
        self.refused(server, "--tofu")

    def test_a_pin_needs_no_server(self):
        leaf = self.issue()
        server = self.https(leaf)
        entry = self.assertAccepted("trust", "add", HOST, "--pin", leaf.pin, "--pin", pki.Key().pin, "--json").json["entry"]
        self.assertEqual((entry["host"], entry["port"], entry["at"], len(entry["pins"])), (HOST, 443, "leaf", 2))
        self.assertEqual(self.fetch(server, "--tofu").err, "")
        self.serve(server, self.issue())
        self.refused(server, "--tofu")

    def test_the_ca_from_the_server_or_by_pin(self):
        server = self.https()
        entry = self.assertAccepted("trust", "add", HOST, "--at", "ca", "--json", *self.to(server)).json["entry"]
        self.assertEqual((entry["at"], entry["pins"]), ("ca", [self.issuing.pin, self.root.pin]))
        self.assertAccepted("trust", "add", "www.example.com", "--at", "ca", "--pin", self.root.pin)
        self.assertEqual([entry["at"] for entry in self.entries()], ["ca", "ca"])

    def test_another_key_is_not_replaced_unasked(self):
        old, new = self.issue(), self.issue()
        server = self.https(old)
        self.assertAccepted("trust", "add", HOST, *self.to(server))
        self.serve(server, new)
        result = self.assertFails(cli.REFUSED, "another key is trusted already", "trust", "add", HOST, *self.to(server))
        self.assertIn(old.pin, result.err)
        self.assertEqual(self.entries()[0]["pins"], [old.pin])
        self.assertAccepted("trust", "add", HOST, "--replace", *self.to(server))
        self.assertEqual(self.entries()[0]["pins"], [new.pin])
        self.assertAccepted("trust", "add", HOST, *self.to(server))

    def announce(self, host, *pins, leaf, more=""):
        """The host announces pins (HPKP), which are noted."""
        server = self.https(leaf)
        listed = "; ".join(f'pin-sha256="{pin.removeprefix("sha256/")}"' for pin in pins)
        server.extra = [("Public-Key-Pins", f"max-age=3600; {listed}{more}")]
        self.fetch(server, "--hpkp", path="/with", host=host)

    def test_what_the_host_has_announced_is_not_replaced_unasked(self):
        old, new = self.issue(), self.issue()
        self.announce(HOST, old.pin, pki.Key().pin, leaf=old)
        server = self.https(new)
        result = self.assertFails(cli.REFUSED, "the host has announced other keys (HPKP); --replace",
                                  "trust", "add", HOST, *self.to(server))
        self.assertIn(old.pin, result.err)
        self.assertEqual([entry["from"] for entry in self.entries()], ["hpkp"])
        self.assertAccepted("trust", "add", HOST, "--replace", *self.to(server))
        self.assertEqual([(entry["from"], entry["pins"]) for entry in self.entries()], [("tofu", [new.pin])])
        self.assertEqual(self.fetch(server, "--tofu", "--hpkp").err, "")

    def test_what_goes_with_the_announced_pins_is_added(self):
        leaf = self.issue()
        self.announce(HOST, self.issuing.pin, pki.Key().pin, leaf=leaf)
        self.assertAccepted("trust", "add", HOST, "--replace", *self.to(self.https(leaf)))
        self.assertEqual([entry["from"] for entry in self.entries()], ["hpkp", "tofu"])
        result = self.assertAccepted("trust", "add", HOST, "--replace", "--pin", self.issuing.pin, "--at", "ca")
        self.assertEqual(result.err, "")
        result = self.assertAccepted("trust", "add", "www.example.com", "--pin", leaf.pin)
        self.assertEqual(result.err, "")

    def test_a_pin_beside_announced_ones_is_told(self):
        leaf = self.issue()
        self.announce(HOST, leaf.pin, pki.Key().pin, leaf=leaf)
        result = self.run_cli("trust", "add", HOST, "--pin", pki.Key().pin)
        self.assertExit(result, cli.OK)
        self.assertIn(f"{HOST} has announced other pins (HPKP): one of each must be met", result.err)
        self.assertEqual(len(self.entries()), 2)
        result = self.assertAccepted("trust", "add", HOST, "--replace", "--pin", pki.Key().pin)
        self.assertEqual(result.err, "")
        self.assertEqual([entry["from"] for entry in self.entries()], ["tofu"])

    def test_pins_of_a_parent_are_forgotten_there(self):
        leaf = self.issue("example.com", HOST)
        self.announce("example.com", leaf.pin, pki.Key().pin, leaf=leaf, more="; includeSubDomains")
        server = self.https(self.issue())
        self.assertFails(cli.REFUSED, "pintle trust forget example.com forgets them",
                         "trust", "add", HOST, "--replace", *self.to(server))
        self.assertEqual(len(self.entries()), 1)

    def test_a_path_that_is_not_valid_is_not_learned(self):
        server = self.https(pki.self_signed(HOST))
        self.assertFails(cli.TLS, "path-invalid", "trust", "add", HOST, *self.to(server))
        self.assertEqual(self.entries(), [])
        self.assertAccepted("trust", "add", HOST, "--trust-key", *self.to(server))
        self.assertEqual(len(self.entries()), 1)

    def test_days(self):
        entry = self.assertAccepted("trust", "add", HOST, "--pin", pki.Key().pin, "--days", "1", "--json").json["entry"]
        self.assertLess(entry["expires"], self.time(2))
        self.assertUsage("--days", "trust", "add", HOST, "--days", "731")

    def test_a_server_that_is_not_there(self):
        self.assertFails(cli.UNREACHABLE, HOST, "trust", "add", HOST, "--connect", "127.0.0.1:1")

    def test_mistakes(self):
        self.assertUsage("option --pin: 'x'", "trust", "add", HOST, "--pin", "x")
        self.assertUsage("exclude each other", "trust", "add", HOST, "--trust-key", "--at", "ca")
        self.assertUsage("exclude each other", "trust", "add", HOST, "--app", "a", "--state", "b")
        many = [word for _ in range(17) for word in ("--pin", pki.Key().pin)]
        self.assertUsage("more than 16 pins", "trust", "add", HOST, *many)

    def test_a_database_that_cannot_be_written(self):
        (self.dir / "folder").mkdir()
        self.assertFails(cli.INPUT, "folder", "trust", "add", HOST, "--pin", pki.Key().pin, "--state", "folder")

if __name__ == "__main__":
    tap_unittest.main()
