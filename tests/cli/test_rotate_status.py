#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle rotate status: real servers through a rotation, step by step."""
import cli
import netcase
import pki
import publishing
import servers
import tap_unittest
from netcase import HOST

OLD, NEW, BACKUP, NEXT = (pki.Key() for _ in range(4))


class StatusCase(netcase.NetCase):
    def old(self, **more):
        return self.pin(OLD, at="leaf", **more)

    def new(self, **more):
        return self.pin(NEW, at="leaf", **more)

    def backup(self, key=BACKUP):
        return self.pin(key, at="leaf", backup=True)

    def document(self, *pins, version=7, issued=-40, **more):
        return self.pinset(self.rule(*pins, **more), version=version, issued=self.time(issued))

    def status(self, server, *args, code=cli.OK):
        to = self.to(server) if hasattr(server, "address") else server
        result = self.run_cli("rotate", "status", "--json", *to, *args)
        self.assertExit(result, code)
        return result.json

    def rule_of(self, *args, **options):
        return self.status(*args, **options)["rules"][0]


class WithoutAPlan(StatusCase):
    def test_steady(self):
        self.document(self.old(), self.backup())
        rule = self.rule_of(self.nginx(self.issue(key=OLD)))
        self.assertEqual((rule["stage"], rule["late"], rule["unsafe"]), ("steady", False, []))
        self.assertEqual([pin["state"] for pin in rule["pins"]], ["live", "backup"])
        self.assertEqual([pin["seen"] for pin in rule["pins"]], [1, 0])
        self.assertNotIn("next", rule)

    def test_changed_and_retiring_and_retired(self):
        server = self.nginx(self.issue(key=NEW))
        self.document(self.old(), self.new(backup=True))
        rule = self.rule_of(server)
        self.assertEqual(rule["stage"], "changed")
        self.assertIn("a new backup", rule["next"]["text"])
        self.document(self.old(until=self.time(10)), self.new(), self.backup())
        rule = self.rule_of(server)
        self.assertEqual((rule["stage"], rule["pins"][0]["state"]), ("retiring", "ending"))
        rule = self.rule_of(server, "--now", self.time(11))
        self.assertEqual((rule["stage"], rule["pins"][0]["state"]), ("steady", "retired"))

    def test_changing(self):
        self.document(self.old(), self.pin(NEW, at="leaf", backup=True))
        rsa = pki.Key("rsa")
        self.document(self.old(), self.pin(rsa, at="leaf", backup=True))
        rule = self.rule_of(self.nginx(self.issue(key=OLD), self.issue(key=rsa)))
        self.assertEqual((rule["stage"], rule["handshakes"]), ("changing", 2))

    def test_a_key_that_is_not_pinned_is_unsafe(self):
        self.document(self.old(), self.backup())
        rule = self.rule_of(self.nginx(self.issue(key=NEW)), code=cli.REFUSED)
        self.assertEqual((rule["stage"], rule["unsafe"][0]["id"]), ("unsafe", "mismatch"))

    def test_a_key_in_use_that_stops_matching_is_unsafe(self):
        self.document(self.old(until=self.time(10)), self.backup())
        rule = self.rule_of(self.nginx(self.issue(key=OLD)), code=cli.REFUSED)
        self.assertEqual([note["id"] for note in rule["unsafe"]], ["ending"])
        self.document(self.old(until=self.time(10)), self.pin(self.issuing, at="ca"), self.backup())
        self.rule_of(self.nginx(self.issue(key=OLD)))


class WithAPlan(StatusCase):
    """Planned 30 days ago, with a lag of 14 and a margin of 7 days: deployed 9 days ago."""

    def setUp(self):
        super().setUp()
        self.document(self.old(), self.backup(), issued=-60)
        result = self.run_cli("rotate", "plan", "--offline", "--json", "--start", self.time(-30), "--to", NEW.pin)
        self.plan = self.write("plan.json", result.out)

    def states(self, server, code=cli.OK, now=0):
        rule = self.rule_of(server, "--plan", self.plan, "--now", self.time(now), code=code)
        return {step["step"]: step["state"] for step in rule["steps"]}, rule

    def test_it_goes_from_step_to_step(self):
        before = self.nginx(self.issue(key=OLD))
        after = self.nginx(self.issue(key=NEW))
        states, rule = self.states(before, now=-29)
        self.assertEqual(states["publish-backup"], "due")
        self.assertEqual(rule["next"]["step"], "publish-backup")

        self.document(self.old(), self.new(backup=True), self.backup(), version=8, issued=-30)
        states, rule = self.states(before, now=-20)
        self.assertEqual((states["publish-backup"], states["deploy"]), ("done", "waiting"))
        self.assertEqual(rule["next"]["safe_from"][:10], self.time(-9)[:10])
        states, _ = self.states(before, now=-8)
        self.assertEqual(states["deploy"], "due")

        states, _ = self.states(after, now=-8)
        self.assertEqual((states["deploy"], states["watch"], states["retire"]), ("done", "due", "waiting"))
        states, _ = self.states(after, now=-1)
        self.assertEqual((states["watch"], states["retire"]), ("done", "due"))

        self.document(self.old(until=self.time(12)), self.new(), self.backup(), version=9, issued=-2)
        states, rule = self.states(after, now=0)
        self.assertEqual((states["retire"], states["remove"]), ("done", "waiting"))
        self.document(self.new(), self.backup(), version=10, issued=0)
        states, rule = self.states(after, now=13)
        self.assertEqual(set(states.values()), {"done"})
        self.assertEqual(rule["stage"], "done")
        self.assertNotIn("next", rule)

    def test_a_step_that_is_late(self):
        states, rule = self.states(self.nginx(self.issue(key=OLD)), now=-20, code=cli.REFUSED)
        self.assertEqual(states["publish-backup"], "late")
        self.assertTrue(rule["late"])

    def test_a_late_publication_moves_the_deployment(self):
        self.document(self.old(), self.new(backup=True), version=8, issued=-10)
        states, rule = self.states(self.nginx(self.issue(key=OLD)), now=-1)
        self.assertEqual(states["deploy"], "waiting")
        self.assertEqual((states["watch"], states["retire"]), ("waiting", "waiting"))
        self.assertEqual(rule["next"]["safe_from"][:10], self.time(11)[:10])

    def test_a_deployment_that_is_early_is_unsafe(self):
        self.document(self.old(), self.new(backup=True), version=8, issued=-30)
        _, rule = self.states(self.nginx(self.issue(key=NEW)), now=-20, code=cli.REFUSED)
        self.assertEqual([note["id"] for note in rule["unsafe"]], ["deployed-early"])

    def test_a_certificate_that_ends_before_is_unsafe(self):
        self.document(self.old(), self.new(backup=True), version=8, issued=-1)
        _, rule = self.states(self.nginx(self.issue(key=OLD, days=5)), code=cli.REFUSED)
        self.assertEqual([note["id"] for note in rule["unsafe"]], ["certificate-ends"])

    def test_a_stolen_key(self):
        self.document(self.old(), self.backup(), issued=-60)
        result = self.run_cli("rotate", "plan", "--json", "--start", self.time(0), "--to-backup",
                              "--emergency", "stolen")
        self.plan.write_text(result.out)
        states, _ = self.states(self.nginx(self.issue(key=OLD)), now=0.01)
        self.assertEqual(states["deploy"], "due")
        changed = self.nginx(self.issue(key=BACKUP))
        self.pinset(self.rule(self.pin(BACKUP, at="leaf"), self.backup(NEXT), deny=[OLD.pin]), version=8)
        states, _ = self.states(changed, now=0.1)
        self.assertEqual((states["deploy"], states["deny"], states["new-backup"]), ("done", "done", "done"))
        _, rule = self.states(self.nginx(self.issue(key=OLD)), now=0.1, code=cli.REFUSED)
        self.assertEqual([note["id"] for note in rule["unsafe"]], ["mismatch", "denied-early"])

    def test_text(self):
        result = self.run_cli("rotate", "status", *self.to(self.nginx(self.issue(key=OLD))), "--plan", self.plan,
                              "--now", self.time(-29))
        self.assertExit(result, cli.OK)
        for text in ("rule api  steady, 1 handshake", "live     " + OLD.pin, "backup   " + BACKUP.pin,
                     "due      ", "publish the new key as backup", "next     now: Publish version 8"):
            self.assertIn(text, result.out)

    def test_a_plan_for_another_rule(self):
        self.pinset(self.rule(OLD, rule_id="web"))
        self.assertFails(cli.INPUT, "no rule 'api'", "rotate", "status", "--plan", self.plan)


class Published(publishing.PublishingCase):
    """What clients get counts, not what lies on the publisher's disk."""

    def setUp(self):
        super().setUp()
        self.age_root(60)
        self.document(issued=self.time(-50))
        self.publish(*self.proof)
        self.new = self.issue()
        self.write("new.csr", pki.request(self.new.key, HOST))
        self.plan("--start", self.time(-15))

    def plan(self, *args):
        result = self.run_cli("rotate", "plan", "--dir", "shop", "--offline", "--json", "--to", self.new.pin, *args)
        self.assertExit(result, cli.OK)
        self.assertNotIn("--dir", result.err)
        self.write("plan.json", result.out)
        return result.json

    def pin_new(self, **more):
        self.document(self.leaf, self.pin(self.backup, backup=True), self.pin(self.new, backup=True), **more)

    def status(self, *args, code=cli.OK):
        result = self.run_cli("rotate", "status", "--json", "--plan", "plan.json", *args, *self.to(self.server))
        self.assertExit(result, code)
        rule = result.json["rules"][0]
        return result, {step["step"]: step["state"] for step in rule["steps"]}, rule.get("next")

    def test_what_is_not_published_is_not_done(self):
        self.pin_new(version=2)
        result, states, _ = self.status()
        self.assertEqual((states["publish-backup"], result.json["published"]), ("done", False))
        self.assertIn("published or not: --dir DIR", result.err)
        result, states, following = self.status("--dir", "shop", code=cli.REFUSED)
        self.assertEqual((states["publish-backup"], following["step"]), ("late", "publish-backup"))
        self.assertEqual((result.json["file"], result.json["published"], result.json["version"]), ("shop", True, 1))
        self.assertNotIn("--dir", result.err)

    def test_the_wait_counts_from_the_version_that_brought_the_key(self):
        self.pin_new(version=2, issued=self.time(-10))
        self.publish(*self.proof, "--proof", "new.csr")
        self.publish(*self.proof, "--proof", "new.csr", "--bump")
        result, states, following = self.status("--dir", "shop")
        self.assertEqual((states["publish-backup"], states["deploy"]), ("done", "waiting"))
        self.assertEqual(following["safe_from"][:10], self.time(11)[:10])
        self.assertEqual(result.json["version"], 3)

    def test_the_next_version_is_above_the_one_that_is_out(self):
        for _ in range(3):
            self.publish(*self.proof, "--bump")
        _, _, following = self.status("--dir", "shop", code=cli.REFUSED)
        self.assertIn("Publish version 5,", following["text"])

    def test_a_version_that_cannot_be_read_is_told(self):
        path = self.dir / f"shop/pins/{'0' * 64}.json"
        path.write_text("junk")
        self.status("--dir", "shop", code=cli.REFUSED)
        path.unlink()
        path.mkdir()
        self.assertFails(cli.INPUT, path.name, "rotate", "status", "--dir", "shop")

    def test_the_directory_and_a_file_exclude_each_other(self):
        self.assertUsage("--dir and --pinset exclude", "rotate", "status", "--dir", "shop", "-p", "pintle.json")
        self.status("--dir", "shop", code=cli.REFUSED)
        result = self.run_cli("rotate", "status", "--json", "--dir", "shop", *self.to(self.server),
                              env={"PINTLE_PINSET": "absent.json"})
        self.assertEqual(result.json["file"], "shop")
        self.assertFails(cli.INPUT, "none: No such file or directory", "rotate", "status", "--dir", "none")
        (self.dir / "empty").mkdir()
        self.assertFails(cli.INPUT, "empty", "rotate", "status", "--dir", "empty")


class Exits(StatusCase):
    def test_unreachable_and_invalid(self):
        self.document(self.old(), self.backup())
        rule = self.rule_of(("--connect", f"127.0.0.1:{servers.free_port()}"), code=cli.UNREACHABLE)
        self.assertEqual(rule["handshakes"], 0)
        server = self.nginx(self.issue(key=OLD))
        self.rule_of(("--connect", server.address), code=cli.TLS)
        result = self.run_cli("rotate", "status", "--connect", server.address)
        self.assertIn("FAIL", result.out)

    def test_what_is_unsafe_weighs_more(self):
        self.document(self.pin(OLD, at="leaf", until=self.time(3)), match=[HOST, "b.example.com"])
        server = self.nginx(self.issue(key=OLD))
        result = self.run_cli("rotate", "status", "--json", *self.to(server))
        self.assertExit(result, cli.REFUSED)

    def test_hosts_for_rules_with_stars(self):
        self.document(self.old(), self.backup(), match=["**.example.com"])
        server = self.nginx(self.issue(key=OLD))
        self.assertEqual(self.rule_of(server)["servers"], [])
        self.assertEqual(self.rule_of(server, HOST)["servers"][0]["host"], HOST)
        self.assertFails(cli.REFUSED, "no rule covers", "rotate", "status", *self.to(server), "other.example.org")

    def test_bad_options(self):
        self.document(self.old(), self.backup())
        for args, message in ((("--now", "x"), "option --now"), (("--rule", "x"), "no rule 'x'"),
                              (("--rule", "api", "--plan", "x"), "exclude each other"),
                              (("--timeout", "0"), "option --timeout")):
            with self.subTest(args):
                self.assertUsage(message, "rotate", "status", *args)
        self.assertFails(cli.INPUT, "absent.json", "rotate", "status", "--plan", "absent.json")
        self.assertFails(cli.INPUT, "absent.json", "rotate", "status", "-p", "absent.json")


if __name__ == "__main__":
    tap_unittest.main()
