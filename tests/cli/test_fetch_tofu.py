#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle fetch --tofu: the first contact learns, and nothing but forgetting makes a second first one."""
import os

import cli
import pki
import tap_unittest
from learning import LearningCase, needs_clock
from netcase import HOST


class FirstUse(LearningCase):
    def test_the_first_contact_learns_and_is_told(self):
        leaf = self.issue()
        server = self.https(leaf)
        result = self.fetch(server, "--tofu")
        self.assertIn("accepted api.example.com:443: first-use: the first contact: its key was learned", result.err)
        verdict = self.fetch_json(server, "--tofu")["hops"][0]["verdict"]
        self.assertEqual((verdict["reason"], verdict["learned"]), ("match", True))
        entry, = self.entries()
        self.assertEqual((entry["host"], entry["port"], entry["from"], entry["at"], entry["key_type"], entry["pins"]),
                         (HOST, 443, "tofu", "leaf", "EC P-256", [leaf.pin]))

    def test_the_same_key_passes_in_silence(self):
        server = self.https()
        self.fetch(server, "--tofu")
        self.assertEqual(self.fetch(server, "--tofu").err, "")

    def test_a_first_use_is_told_in_json(self):
        verdict = self.fetch_json(self.https(), "--tofu")["hops"][0]["verdict"]
        self.assertEqual((verdict["decision"], verdict["reason"], verdict["learned"]), ("accept", "first-use", False))

    def test_another_key_is_refused_before_the_request(self):
        server = self.https()
        self.fetch(server, "--tofu")
        self.serve(server, self.issue())
        self.assertIn("another key than was learned on", self.refused(server, "--tofu", "-d", "secret").err)

    def test_a_key_of_another_type_is_refused(self):
        server = self.https()
        self.fetch(server, "--tofu")
        self.serve(server, self.issue(kind="rsa"))
        self.assertIn("an RSA key, and an EC P-256 key was learned on", self.refused(server, "--tofu").err)

    def test_a_path_that_is_not_valid_is_not_learned(self):
        server = self.https(self.rogue.issue(HOST))
        self.fetch(server, "--tofu", code=cli.TLS)
        self.fetch(self.https(self.issue("other.example.com")), "--tofu", code=cli.TLS)
        self.assertEqual(self.entries(), [])
        self.assertEqual(server.requests, [])

    def test_the_ca_is_learned_if_asked(self):
        server = self.https()
        self.fetch(server, "--tofu", "--tofu-at", "ca")
        entry, = self.entries()
        self.assertEqual((entry["at"], entry["pins"]), ("ca", [self.issuing.pin, self.root.pin]))
        self.serve(server, self.issue())
        self.assertEqual(self.fetch(server, "--tofu", "--tofu-at", "ca").err, "")
        both = self.write("both.pem", self.root.pem + self.rogue.pem)
        self.serve(server, self.rogue.issue(HOST))
        self.assertIn("no CA key that was learned", self.refused(server, "--tofu", "--tofu-at", "ca", "--ca", both).err)

    def test_a_ca_that_was_learned_is_not_narrowed_to_a_key(self):
        server = self.https()
        self.assertIn("first-use: the first contact: its CA was learned", self.fetch(server, "--tofu", "--tofu-at", "ca").err)
        self.serve(server, self.issue())
        self.assertEqual(self.fetch(server, "--tofu").err, "")
        self.assertIn("its CA was learned, and stays so", self.fetch(server, "--tofu", "--tofu-at", "leaf").err)
        self.assertEqual([entry["at"] for entry in self.entries()], ["ca"])
        self.serve(server, self.issue())
        self.assertEqual(self.fetch(server, "--tofu").err, "")
        self.assertAccepted("trust", "add", HOST, "--replace", *self.to(server))
        self.assertEqual([entry["at"] for entry in self.entries()], ["leaf"])

    def test_a_redirect_is_learned_too(self):
        server = self.https(self.issue(HOST, "www.example.com"))
        path = "/redirect?to=https://www.example.com/echo"
        hops = self.fetch_json(server, "--tofu", "-L", path=path)["hops"]
        self.assertEqual([hop["verdict"]["reason"] for hop in hops], ["first-use", "first-use"])
        self.assertEqual([entry["host"] for entry in self.entries()], [HOST, "www.example.com"])
        self.assertAccepted("trust", "forget", "-q", HOST)
        self.serve(server, self.issue(HOST, "www.example.com"))
        self.assertIn("refused www.example.com:443: mismatch",
                      self.fetch(server, "--tofu", "-L", path=path, code=cli.REFUSED).err)
        self.assertEqual(len(server.requests), 3)

    def test_each_port_is_its_own(self):
        server = self.https()
        self.fetch(server, "--tofu")
        self.fetch(server, "--tofu", host=f"{HOST}:8443")
        self.assertEqual([entry["port"] for entry in self.entries()], [443, 8443])


class Forgetting(LearningCase):
    def test_what_was_forgotten_is_learned_again(self):
        server = self.https()
        self.fetch(server, "--tofu")
        leaf = self.issue()
        self.serve(server, leaf)
        self.refused(server, "--tofu")
        self.assertAccepted("trust", "forget", "-q", HOST)
        self.assertIn("first-use", self.fetch(server, "--tofu").err)
        self.assertEqual(self.entries()[0]["pins"], [leaf.pin])

    @needs_clock
    def test_what_has_expired_is_learned_again(self):
        server = self.https()
        self.assertAccepted("trust", "add", HOST, "--pin", pki.Key().pin, "--days", "2")
        self.refused(server, "--tofu", env=self.later(1))
        self.assertIn("first-use", self.fetch(server, "--tofu", env=self.later(3)).err)

    @needs_clock
    def test_to_be_seen_again_is_to_be_held_longer(self):
        server = self.https()
        self.fetch(server, "--tofu")
        before = self.entries()[0]
        self.fetch(server, "--tofu", env=self.later(2))
        after = self.entries()[0]
        self.assertEqual(after["learned"], before["learned"])
        self.assertGreater(after["expires"], before["expires"])


class Storage(LearningCase):
    def setUp(self):
        super().setUp()
        self.server = self.https()
        self.fetch(self.server, "--tofu", "--state", "state.db")

    def expect_lost(self):
        """Refused however often it is tried, and learned again once it was forgotten on purpose."""
        for _ in range(2):
            result = self.refused(self.server, "--tofu", "--state", "state.db", reason="memory")
            self.assertIn(f"pintle trust forget {HOST} has it learned anew", result.err)
        self.assertIn("may be lost: hosts that are not listed are refused until they are forgotten",
                      self.run_cli("trust", "list", "--state", "state.db").err)
        result = self.run_cli("trust", "forget", "--state", "state.db", HOST)
        self.assertIn(f"{HOST}: may be learned anew", result.err)
        self.assertIn(": first-use: ", self.fetch(self.server, "--tofu", "--state", "state.db").err)

    def test_what_is_no_database_is_no_first_use(self):
        (self.dir / "state.db").write_bytes(b"no database" * 1000)
        self.expect_lost()

    def test_a_damaged_database_is_no_first_use(self):
        whole = (self.dir / "state.db").read_bytes()
        (self.dir / "state.db").write_bytes(whole[:512] + b"\xff" * (len(whole) - 512))
        self.expect_lost()

    def test_a_deleted_database_is_no_first_use(self):
        os.remove(self.dir / "state.db")
        self.expect_lost()

    def test_a_database_that_cannot_be_opened_refuses(self):
        (self.dir / "folder").mkdir()
        before = len(self.server.requests)
        self.fetch(self.server, "--tofu", "--state", "folder", code=cli.INPUT)
        self.assertEqual(len(self.server.requests), before)

    def test_another_database_knows_nobody(self):
        self.assertIn("first-use", self.fetch(self.server, "--tofu", "--app", "com.example.other").err)
        self.assertEqual(len(self.entries("--app", "com.example.other")), 1)
        self.assertEqual(self.entries(), [])

    def test_a_signed_pin_vouches_for_a_host_that_was_lost(self):
        os.remove(self.dir / "state.db")
        leaf = self.issue()
        self.serve(self.server, leaf)
        self.pinset(self.rule(leaf.pin, trust="tofu"))
        self.fetch(self.server, "--tofu", "--state", "state.db")
        self.pinset(self.rule(trust="tofu"))
        self.assertEqual(self.fetch(self.server, "--tofu", "--state", "state.db").err, "")


class Rules(LearningCase):
    def test_a_rule_of_the_pin_set_wins(self):
        leaf = self.issue()
        server = self.https(leaf)
        self.fetch(server, "--tofu", "--app", "com.example.test")
        self.pinset(self.rule(self.issue().pin))
        self.assertIn('rule "api"', self.refused(server, "--tofu").err)
        self.pinset(self.rule(leaf.pin, deny=[leaf.pin]))
        self.refused(server, "--tofu", reason="denied")
        self.pinset(self.rule(leaf.pin))
        self.serve(server, leaf)
        self.assertEqual(self.fetch(server).err, "")
        self.assertEqual(self.fetch(server, "--tofu").err,
                         f'pintle: {HOST}:443: rule "api" of com.example.test covers it: --tofu learns nothing\n')

    def test_a_host_without_a_rule_is_learned_beside_it(self):
        server = self.https(self.issue("www.example.com"))
        self.pinset(self.rule(self.issue().pin))
        self.fetch(server, code=cli.REFUSED, host="www.example.com")
        self.fetch(server, "--tofu", host="www.example.com")
        self.assertEqual(self.entries("--app", "com.example.test")[0]["host"], "www.example.com")

    def test_a_rule_that_learns_needs_no_option(self):
        server = self.https()
        self.pinset(self.rule(trust="tofu"))
        self.assertIn("first-use", self.fetch(server).err)
        self.serve(server, self.issue())
        self.refused(server)
        result = self.run_cli("connect", HOST, *self.to(server), "--json")
        self.assertExit(result, cli.REFUSED)
        self.assertEqual(result.json["verdict"]["reason"], "mismatch")

    def test_a_pin_of_a_rule_that_learns_announces_a_change(self):
        old, new = self.issue(), self.issue()
        server = self.https(old)
        self.pinset(self.rule(trust="tofu"))
        self.fetch(server)
        self.pinset(self.rule(new.pin, trust="tofu"))
        self.assertEqual(self.fetch(server).err, "")
        self.serve(server, new)
        self.assertEqual(self.fetch(server).err, "")
        self.assertEqual(self.entries("--app", "com.example.test")[0]["pins"], [new.pin])
        self.serve(server, old)
        self.refused(server)
        self.pinset(self.rule(new.pin, trust="tofu", deny=[new.pin]))
        self.serve(server, new)
        self.refused(server, reason="denied")

    def test_self_signed_devices_are_learned_by_their_key(self):
        device = pki.self_signed(HOST)
        server = self.https(device)
        self.pinset(self.rule(trust="tofu-key"))
        self.assertIn("first-use", self.fetch(server).err)
        self.assertEqual(self.fetch(server).err, "")
        self.serve(server, pki.self_signed(HOST))
        self.refused(server)

    def test_connect_learns_as_well(self):
        server = self.https()
        self.pinset(self.rule(trust="tofu"))
        verdict = self.run_cli("connect", HOST, *self.to(server), "--json").json["verdict"]
        self.assertEqual(verdict["reason"], "first-use")
        self.assertEqual(self.fetch(server).err, "")


class Usage(LearningCase):
    def test_what_does_not_fit_together(self):
        url = f"https://{HOST}/"
        pin = pki.Key().pin
        self.assertUsage("exclude each other", "fetch", url, "--tofu", "--pin", pin)
        self.assertUsage("exclude each other", "fetch", url, "--tofu", "--seed", "seed")
        self.assertUsage("option --tofu-at needs --tofu", "fetch", url, "--tofu-at", "ca")
        self.assertUsage("exclude each other", "fetch", url, "--tofu", "--app", "a", "--state", "s")
        self.assertUsage("option --state needs --seed", "fetch", url, "--state", "s")
        self.assertUsage("'root'", "fetch", url, "--tofu", "--tofu-at", "root")

    def test_without_tofu_a_pin_set_is_needed(self):
        self.fetch(self.https(), code=cli.INPUT)


if __name__ == "__main__":
    tap_unittest.main()
