#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What "cannot brick" means, one test for each promise, each with the program itself.

More of each is elsewhere: the gate in tests/cli/test_publish.py, channels, disks and clocks in
test_updates.py, losses and thefts in test_rotation.py, lint in tests/unit/pinset.
"""

import bundles
import cli
import living
import netcase
import pki
import publishing
import servers
import tap_unittest
from netcase import HOST


class Publisher(publishing.PublishingCase):
    def test_1_the_gate_lets_nothing_through_that_does_not_match_everywhere(self):
        self.publish(*self.proof, server=self.nginx(self.leaf, self.issue(kind="rsa")), code=cli.REFUSED)
        self.publish(code=cli.REFUSED)
        self.publish(*self.proof)

    def test_2_old_and_new_pins_hold_for_the_overlap_and_denied_ones_do_not(self):
        self.publish(*self.proof, "--fresh", "24", keys=("ci", "cron"))
        new, spare = self.issue(), pki.Key()
        self.write("spare.csr", pki.request(spare, HOST))
        self.document(new, self.pin(spare, backup=True))
        moved = self.nginx(new)
        self.publish("--proof", "spare.csr", "--bump", "--fresh", "24", server=moved, keys=("ci", "cron"))
        self.ok("embed", "--dir", "shop", "-o", "app.seed")
        for server in (self.server, moved):
            self.ok("fetch", f"https://{HOST}/", "--seed", "app.seed", *self.to(server))
        self.document(rules=[self.rule(new, self.pin(spare, backup=True), deny=[self.leaf.pin])])
        self.publish("--proof", "spare.csr", "--bump", "--fresh", "24", server=moved, keys=("ci", "cron"))
        self.ok("embed", "--dir", "shop", "-o", "app.seed")
        result = self.run_cli("fetch", f"https://{HOST}/", "--seed", "app.seed", *self.to(self.server))
        self.assertExit(result, cli.REFUSED)
        self.assertIn("denied", result.err)

    def test_3_the_worst_lock_out_can_be_computed(self):
        self.pinset(self.rule(self.leaf, self.pin(self.backup, backup=True), enforce_until=None), version=1,
                    hard_ttl_s=None)
        self.publish(*self.proof, code=cli.REFUSED)
        self.pinset(self.rule(self.leaf, self.pin(self.backup, backup=True), enforce_until="2027-03-01T00:00:00Z"),
                    issued="2026-06-01T00:00:00Z", expires="2027-06-01T00:00:00Z", hard_ttl_s=None)
        result = self.run_cli("rotate", "simulate", "--to", pki.Key().pin, "--start", "2027-01-01", "--deploy",
                              "2027-01-02", "--never", "1", "--days", "90", "--json")
        self.assertExit(result, cli.REFUSED)
        self.assertEqual(result.json["bounds"][0]["until"], "2027-03-01T00:00:00Z")
        locked = [day["locked_out"] for day in result.json["days"]]
        self.assertEqual(locked[58], 1)
        self.assertEqual(set(locked[59:]), {0})

    def test_9_what_lint_knows_is_not_published(self):
        other = pki.Key()
        for pins in (("sha256/" + "A" * 43 + "=", self.leaf), (self.leaf, self.leaf),
                     (self.pin(self.leaf, at="leaf"), self.pin(other, at="leaf"))):
            self.document(*pins)
            self.publish(*self.proof, code=cli.REFUSED)
        self.document(self.pin(self.leaf, until=self.time(20)), self.pin(self.backup, backup=True))
        self.assertIn("PIN023", self.publish(*self.proof, code=cli.REFUSED).out)


class Client(living.LivingCase):
    def fetch(self, server, *sources, code=cli.OK):
        result = self.run_cli("fetch", f"https://{HOST}/echo", *self.living(*sources), *self.to(server))
        self.assertExit(result, code)
        return result

    def test_4_it_updates_though_every_update_host_shows_a_key_that_is_not_pinned(self):
        self.publish(2, self.new)
        hosts = [self.folder(ctx=servers.context(self.issue("127.0.0.1"))) for _ in range(2)]
        urls = [host.base for host in hosts]
        result = self.run_cli("update", *self.living(*urls), "--ca", self.ca)
        self.assertExit(result, cli.OK)
        self.assertIn("version 2", result.out)

    def test_5_a_broken_disk_leaves_the_pins_in_force(self):
        self.publish(2, self.new)
        self.fetch(self.https(self.new), self.source)
        for damage in (b"", b"rubbish" * 4096):
            self.state.write_bytes(damage)
            self.fetch(self.https(self.new))
            self.fetch(self.https(), code=cli.REFUSED)
        self.state.unlink()
        self.fetch(self.https(self.new))

    def test_6_one_signer_is_lost_another_stolen_and_no_release_is_made(self):
        self.signer.rotate(pins=bundles.keys("new", 1), epoch=2)
        self.publish(1, self.new)
        self.fetch(self.https(self.new), self.source)
        thief = bundles.Signer()
        thief.keys, thief.roots = {**self.signer.keys, "pins": bundles.keys("thief", 1)}, self.signer.roots
        evil = self.issue()
        self.bundle(99, evil, signer=thief).write(self.source)
        self.fetch(self.https(evil), self.source, code=cli.REFUSED)
        self.fetch(self.https(self.new), self.source)


class Paths(netcase.NetCase):
    def test_7_roots_come_and_go_while_a_pinned_path_remains(self):
        other = pki.Authority("Other Root")
        cross = pki.Authority("Test Root", own_key=self.root.key, parent=other)
        leaf = self.issue()
        leaf.issuers = [self.issuing, cross]
        server = self.nginx(leaf)
        self.pinset(self.rule(self.pin(self.issuing, at="ca"), self.pin(pki.Key(), backup=True)))
        for name, roots in (("one", [self.root]), ("two", [self.root, other]), ("other", [other])):
            path = self.write(f"{name}.pem", "".join(root.pem for root in roots))
            with self.subTest(name):
                self.assertAccepted("fetch", f"https://{HOST}/", "--connect", server.address, "--ca", path)
        self.rogue.write(self.dir / "rogue.pem")
        result = self.run_cli("fetch", f"https://{HOST}/", "--connect", server.address, "--ca", "rogue.pem")
        self.assertExit(result, cli.TLS)

    def test_8_canaries_one_must_pass_and_one_must_fail_and_the_start_is_told(self):
        good, bad = self.issue("pass.example.com"), self.issue("fail.example.com")
        signer = bundles.Signer()
        rules = [bundles.rule(good, match=["pass.example.com"], rule_id="pass"),
                 bundles.rule(pki.Key(), match=["fail.example.com"], rule_id="fail")]
        signer.bundle(rules, version=5, fresh=True).write_seed(self.dir / "app.seed")
        for host, leaf, code in (("pass.example.com", good, cli.OK), ("fail.example.com", bad, cli.REFUSED)):
            server = self.nginx(leaf)
            result = self.run_cli("fetch", f"https://{host}/", "--seed", "app.seed", *self.to(server))
            self.assertExit(result, code)
            self.assertRegex(result.err, r"enforcing 2 of 2 rules, version 5, fresh until \d{4}-\d\d-\d\dT")
            self.assertEqual(len(server.requests), 1 if code == cli.OK else 0)


if __name__ == "__main__":
    tap_unittest.main()
