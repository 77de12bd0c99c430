#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle publish: nothing goes out that could lock clients out, and nothing half."""
import base64
import fcntl
import json
import os
import re
import shutil
import subprocess

import bundles
import cli
import netcase
import pki
import publishing
import servers
import tap_unittest


class Gate(publishing.PublishingCase):
    def refused(self, ids, *more, server=None):
        """Refused for exactly these findings, with nothing written; each of them can be accepted."""
        document = self.publish("--json", *more, code=cli.REFUSED, server=server).json
        self.assertEqual(sorted({finding["id"] for finding in document["refused"]}), sorted(ids))
        self.assertFalse(document["written"])
        self.assertEqual(self.files(), {})
        self.assertIn(ids[0], self.publish(*more, code=cli.REFUSED, server=server).out)
        accept = [word for each in ids for word in ("--accept-risk", each)]
        document = self.publish("--json", *more, *accept, server=server).json
        self.assertEqual(sorted({finding["id"] for finding in document["accepted"]}), sorted(ids))
        log = self.published()["x-publish-log"]
        self.assertEqual(sorted({entry["id"] for entry in log[-1]["accepted"]}), sorted(ids))
        shutil.rmtree(self.dir / "shop")

    def test_a_backup_must_be_proven(self):
        self.refused(["PIN113"])
        self.write("key.pem", self.backup.pem)
        self.assertIn("no certificate and no certificate request",
                      self.publish("--proof", "key.pem", code=cli.INPUT).err)
        self.write("other.csr", pki.request(pki.Key(), netcase.HOST))
        pin = self.backup.pin
        self.assertIn(f"{pin} is not proven: give its certificate request or certificate with --proof; what was given is"
                      " of no pin of this rule", self.publish("--proof", "other.csr", code=cli.REFUSED).out)
        self.assertRegex(self.publish(code=cli.REFUSED).out, rf"PIN113.*{re.escape(pin)} is not proven: .*--proof\n")
        self.publish(*self.proof)

    def test_a_certificate_proves_a_backup_too(self):
        self.issue(key=self.backup).write(self.dir / "backup.pem")
        self.publish("--proof", "backup.pem")

    def test_a_live_key_is_no_backup(self):
        self.leaf.write(self.dir / "live.pem")
        self.refused(["PIN113"], "--proof", "live.pem")
        self.assertIn("is of a key that a server shows", self.publish("--proof", "live.pem", code=cli.REFUSED).out)

    def test_every_chain_of_a_server_must_match(self):
        rsa = self.issue(kind="rsa")
        both = self.nginx(self.leaf, rsa)
        self.refused(["PIN101", "PIN110"], *self.proof, server=both)
        self.document(self.leaf, rsa, self.pin(self.backup, backup=True))
        self.publish(*self.proof, server=both)

    @netcase.needs_namespaces
    def test_every_address_of_a_server_must_match(self):
        other = self.nginx(self.issue(), hosts=("127.0.0.2",), port=self.server.port)
        self.assertEqual(other.port, self.server.port)
        rule = self.rule(self.leaf, self.pin(self.backup, backup=True), ports=[self.server.port])
        self.document(rules=[rule])
        args = ("publish", "--dir", "shop", "--root", "root-1.json", "--key", "ci.key.pem", *self.proof,
                "--ca", self.ca)
        result = self.run_named({netcase.HOST: ["127.0.0.1", "127.0.0.2"]}, *args)
        self.assertExit(result, cli.REFUSED)
        self.assertIn("PIN110", result.out)
        self.assertExit(self.run_named({netcase.HOST: ["127.0.0.1"]}, *args), cli.OK)

    def test_a_server_that_is_not_there(self):
        self.server.stop()
        result = self.publish(*self.proof, code=cli.REFUSED)
        self.assertIn("PIN105", result.out)
        self.assertEqual(self.files(), {})

    def test_a_denied_key_that_is_live(self):
        self.document(rules=[self.rule(self.pin(self.backup, backup=True), pki.Key(), deny=[self.leaf.pin])])
        result = self.publish(*self.proof, code=cli.REFUSED)
        self.assertIn("PIN111", result.out)

    def test_the_worst_lock_out_must_have_an_end(self):
        self.document(hard_ttl_s=None)
        self.pinset(self.rule(self.leaf, self.pin(self.backup, backup=True)), version=1, hard_ttl_s=None)
        self.refused(["PIN027"], *self.proof)

    def test_rules_that_end_within_the_update_lag(self):
        rule = self.rule(self.leaf, self.pin(self.backup, backup=True), enforce_until=self.time(20))
        self.document(rules=[rule])
        self.publish(*self.proof, code=cli.REFUSED)
        self.publish(*self.proof, "--lag", "10")

    def test_a_placeholder(self):
        self.document(self.leaf, self.pin(self.backup, backup=True), "sha256/" + "A" * 43 + "=")
        self.assertNotEqual(self.publish(*self.proof, code=cli.REFUSED).out, "")

    def test_servers_behind_stars_must_be_named(self):
        """A rule whose servers nobody looked at is not known to match them."""
        stars = {"match": ["*.example.com"]}
        rule = self.rule(self.leaf, self.pin(self.backup, backup=True), **stars)
        self.document(rules=[rule])
        self.refused(["PIN109"], *self.proof)
        other = self.nginx(self.issue())
        result = self.publish(*self.proof, "--host", netcase.HOST, code=cli.REFUSED, server=other)
        self.assertIn("PIN101", result.out)
        self.publish(*self.proof, "--host", netcase.HOST)

    def test_stars_of_a_rule_that_refuses_nobody(self):
        rule = self.rule(self.leaf, self.pin(self.backup, backup=True), match=["*.example.com"], mode="report")
        self.document(rules=[rule])
        self.publish(*self.proof)

    def test_a_rule_that_enforces_later_is_held_to_the_same(self):
        """Clients keep what goes out today until then: it is looked at now or never."""
        for mode in ("report", "off"):
            with self.subTest(mode):
                later = {"mode": mode, "enforce_until": self.time(40), "after": "enforce"}
                pins = (self.leaf, self.pin(self.backup, backup=True))
                self.document(rules=[self.rule(*pins, match=["*.example.com"], **later)])
                self.refused(["PIN002", "PIN109", "PIN113"])

    def test_an_exception_that_is_not_needed(self):
        for risk in ("PIN101", "PIN113:other", "nonsense"):
            with self.subTest(risk):
                extra = () if risk == "PIN113:other" else self.proof
                result = self.publish(*extra, "--accept-risk", risk, code=cli.USAGE)
                self.assertIn("nothing was found that is", result.err)
                self.assertEqual(self.files(), {})
        self.publish("--accept-risk", "PIN113:api")


class Publishing(publishing.PublishingCase):
    def test_what_is_published_is_what_a_client_believes(self):
        result = self.publish(*self.proof, "--fresh", "24", keys=("ci", "cron"))
        self.assertIn("published version 1 of epoch 1 in shop", result.out)
        self.assertIn("signed by ci", self.verify().out)
        self.assertEqual(sorted(self.latest), ["app", "epoch", "fresh", "pins", "pintle_latest", "root",
                                               "version"])

    def test_only_upwards(self):
        self.publish(*self.proof)
        before = self.files()
        self.assertIn("version 1 is not above version 1", self.publish(*self.proof, code=cli.INPUT).err)
        self.assertEqual(self.files(), before)
        self.document(version=2)
        self.publish(*self.proof)
        self.document(version=1)
        self.assertIn("version 1 is not above version 2",
                      self.publish(*self.proof, code=cli.INPUT).err)
        self.publish(*self.proof, "--bump")
        self.assertEqual(self.latest["version"], 3)

    def test_dropped_pins_stay_for_the_overlap(self):
        old = self.issue()
        self.document(self.leaf, old, self.pin(self.backup, backup=True))
        self.publish(*self.proof, "--accept-risk", "PIN112")
        self.document()
        self.publish(*self.proof, "--bump")
        kept = [pin for pin in self.published()["rules"][0]["pins"] if "until" in pin]
        self.assertEqual([pin["spki"] for pin in kept], [old.pin])
        self.assertEqual(kept[0]["until"][:10], self.time(40)[:10])
        self.publish(*self.proof, "--bump")
        again = [pin for pin in self.published()["rules"][0]["pins"] if "until" in pin]
        self.assertEqual(again, kept)

    def test_another_id_loses_no_overlap(self):
        old = self.issue()
        self.document(self.leaf, old, self.pin(self.backup, backup=True))
        self.publish(*self.proof, "--accept-risk", "PIN112")
        now = (self.leaf, self.pin(self.backup, backup=True))
        self.document(rules=[self.rule(*now, rule_id="front"),
                             self.rule(*now, rule_id="other", match=["*.example.org"], mode="report")])
        self.publish(*self.proof, "--bump")
        front, other = self.published()["rules"]
        self.assertIn(old.pin, [pin["spki"] for pin in front["pins"] if "until" in pin])
        self.assertNotIn(old.pin, [pin["spki"] for pin in other["pins"]])

    def test_a_retired_pin_that_is_live_blocks(self):
        """The server is behind: its key would run out under the clients."""
        self.publish(*self.proof)
        new = pki.Key()
        self.write("new.csr", pki.request(new, netcase.HOST))
        self.document(self.pin(self.backup), self.pin(new, backup=True), overlap_s=20 * 86400)
        result = self.publish("--proof", "new.csr", "--bump", "--accept-risk", "PIN112", code=cli.REFUSED)
        self.assertIn("PIN023", result.out)

    def test_denied_pins_do_not_stay(self):
        old = self.issue()
        self.document(self.leaf, old, self.pin(self.backup, backup=True))
        self.publish(*self.proof, "--accept-risk", "PIN112")
        self.document(rules=[self.rule(self.leaf, self.pin(self.backup, backup=True), deny=[old.pin])])
        self.publish(*self.proof, "--bump")
        self.assertNotIn(old.pin, [pin["spki"] for pin in self.published()["rules"][0]["pins"]])

    def test_signatures_gather_before_publication(self):
        self.make_root("--pins-threshold", "2", name="root-1.json")
        result = self.publish(*self.proof, code=cli.INPUT)
        self.assertIn("signed by 1 of the 2", result.err)
        self.assertEqual(self.files(), {})
        self.publish(*self.proof, "--stage", "staged.json")
        self.assertEqual(self.files(), {})
        self.publish("--signed", "staged.json", *self.proof, keys=(), code=cli.INPUT)
        self.ok("sign", "staged.json", "--key", "build.key.pem", "--root", "root-1.json")
        self.publish("--signed", "staged.json", *self.proof, keys=())
        self.assertIn("signed by ci, build", self.verify().out)

    def test_a_staged_file_is_not_overwritten(self):
        """It may hold the signatures of others, or be the pin-set itself."""
        self.publish(*self.proof, "--stage", "staged.json")
        self.ok("sign", "staged.json", "--key", "build.key.pem")
        for name in ("staged.json", "pintle.json"):
            with self.subTest(name):
                content = (self.dir / name).read_bytes()
                result = self.publish(*self.proof, "--stage", name, code=cli.INPUT)
                self.assertIn(name, result.err)
                self.assertEqual((self.dir / name).read_bytes(), content)

    def test_what_others_signed_is_held_to_the_same(self):
        old = self.issue()
        self.document(self.leaf, old, self.pin(self.backup, backup=True))
        self.publish(*self.proof, "--accept-risk", "PIN112")
        self.document(version=2)
        self.ok("sign", "pintle.json", "--key", "ci.key.pem", "-o", "own.json")
        result = self.publish("--signed", "own.json", *self.proof, keys=(), code=cli.REFUSED)
        self.assertIn("drops pins at once", result.err)
        self.publish(*self.proof, "--stage", "staged.json")
        result = self.publish("--signed", "staged.json", "--accept-risk", "PIN113", keys=(), code=cli.REFUSED)
        self.assertIn("PIN113 is accepted here, but not in the log", result.err)
        self.assertEqual(self.latest["version"], 1)
        self.publish("--signed", "staged.json", *self.proof, keys=())
        self.assertEqual(self.latest["version"], 2)

    def test_an_exception_of_an_older_version_does_not_count(self):
        self.publish("--accept-risk", "PIN113")
        self.document(version=2, **{"x-publish-log": self.published()["x-publish-log"]})
        self.ok("sign", "pintle.json", "--key", "ci.key.pem", "-o", "own.json")
        result = self.publish("--signed", "own.json", "--accept-risk", "PIN113", keys=(), code=cli.REFUSED)
        self.assertIn("PIN113 is accepted here, but not in the log", result.err)

    def test_half_a_directory_is_no_new_one(self):
        self.publish(*self.proof)
        for name in ("latest.json", "root/1.json"):
            with self.subTest(name):
                path = self.dir / "shop" / name
                content = path.read_bytes()
                path.unlink()
                before = self.files()
                result = self.publish(*self.proof, "--bump", "--root", "root-1.json", code=cli.INPUT)
                self.assertIn(f"has pins, but no {name}", result.err)
                self.assertEqual(self.files(), before)
                path.write_bytes(content)

    def test_a_directory_of_somebody_else_is_not_taken(self):
        self.write("shop/index.html", "<p>")
        self.write("shop/latest.json", "{}")
        result = self.publish(*self.proof, code=cli.INPUT)
        self.assertIn("shop: its latest.json is none of pintle's", result.err)
        (self.dir / "shop/latest.json").unlink()
        result = self.publish(*self.proof)
        self.assertIn("shop: has more in it", result.err)
        self.assertIn("index.html", result.err)
        self.assertNotIn("index.html", self.publish(*self.proof, "--bump").err)

    def test_nothing_is_published_beside_a_private_key(self):
        self.write("shop/tls.txt", "text\n" + self.backup.pem)
        result = self.publish(*self.proof, code=cli.INPUT)
        self.assertIn("shop/tls.txt: is a private key", result.err)
        self.assertEqual([path.name for path in (self.dir / "shop").iterdir()], ["tls.txt"])

    def test_the_gate_is_passed_again_with_signed_pins(self):
        self.publish(*self.proof, "--stage", "staged.json")
        other = self.nginx(self.issue())
        self.publish("--signed", "staged.json", *self.proof, keys=(), server=other, code=cli.REFUSED)

    def test_the_app_is_looked_at_first(self):
        self.document(app="com.example.other")
        result = self.publish(code=cli.INPUT, keys=("cron",))
        self.assertIn("pintle.json: is for app com.example.other, and root 1 for com.example.test", result.err)
        self.assertEqual(result.out, "")

    def test_keys_that_sign_nothing_are_told(self):
        result = self.publish(*self.proof, keys=("ci", "alice", "cron", "lead"))
        self.assertIn("warning: alice.key.pem signs nothing here: a root key", result.err)
        self.assertIn("warning: cron.key.pem signs nothing here: it is for --fresh", result.err)
        self.assertIn("warning: lead.key.pem signs nothing here\n", result.err)
        self.assertNotIn("ci.key.pem", result.err)
        result = self.publish(*self.proof, "--bump", "--fresh", "24", keys=("ci", "cron"))
        self.assertNotIn("signs nothing", result.err)

    def test_freshness_says_until_when(self):
        result = self.publish(*self.proof, "--fresh", "24", keys=("ci", "cron"))
        self.assertRegex(result.out, r"published version 1 .*\nversion 1 of epoch 1 in shop is the newest until \S+Z\n")
        result = self.publish("--fresh", "48", keys=("cron",))
        self.assertRegex(result.out, rf"^version 1 of epoch 1 in shop is the newest until {self.time(2)[:10]}T\S+Z\n$")
        document = self.publish("--fresh", "72", "--json", keys=("cron",)).json
        self.assertEqual(document["fresh_until"][:10], self.time(3)[:10])
        result = self.publish("--fresh", "48", "-p", "pintle.json", keys=("cron",), code=cli.INPUT)
        self.assertIn("leave --pinset out", result.err)

    def test_freshness_alone(self):
        self.publish(*self.proof)
        self.assertIn("stale", self.verify().err)
        self.ok("publish", "--dir", "shop", "--fresh", "24", "--key", "cron.key.pem")
        first = self.latest
        self.assertIn("fresh", first)
        result = self.run_cli("publish", "--dir", "shop", "--fresh", "24", "--key", "ci.key.pem")
        self.assertExit(result, cli.INPUT)
        self.assertIn("role fresh", result.err)

    def test_a_pin_set_of_the_environment_gives_way(self):
        environment = {"PINTLE_PINSET": str(self.dir / "pintle.json")}
        self.publish(*self.proof, "--stage", "staged.json", env=environment)
        self.publish(*self.proof, "--signed", "staged.json", keys=(), env=environment)
        self.publish("--fresh", "24", keys=("cron",), env=environment)
        self.assertIn("fresh", self.latest)

    def test_keys_of_other_roles_sign_nothing(self):
        result = self.publish(*self.proof, keys=("cron",), code=cli.INPUT)
        self.assertIn("names for role pins", result.err)

    def test_another_root_goes_with_pins_signed_under_it(self):
        self.publish(*self.proof)
        self.ok("root", "rotate", "--root", "root-1.json", "--pins-key", "build.pub.pem",
                "--raise-epoch")
        self.ok("sign", "root-2.json", "--key", "alice.key.pem")
        self.publish(*self.proof, "--root", "root-2.json", "--bump", keys=("ci",), code=cli.INPUT)
        self.publish(*self.proof, "--root", "root-2.json", "--bump", keys=("build",))
        self.assertEqual((self.latest["root"], self.latest["epoch"], self.latest["version"]), (2, 2, 1))
        self.verify()

    def test_the_same_pins_signed_under_the_next_root_keep_both_signatures(self):
        """Who reads the old pointer finds the old keys' signatures, who reads the new one the new keys'."""
        self.publish(*self.proof)
        envelope = self.dir / f"shop/pins/{self.latest['pins']}.json"
        payload = base64.b64decode(json.loads(envelope.read_text())["payload"])
        before = self.dir / "before"
        shutil.copytree(self.dir / "shop", before)
        self.ok("root", "rotate", "--root", "root-1.json", "--pins-key", "build.pub.pem")
        self.ok("sign", "root-2.json", "--key", "alice.key.pem")
        (self.dir / "same.json").write_bytes(bundles.envelope("pins", payload, [self.keys["build"]]).text)
        self.publish("--signed", "same.json", *self.proof, "--root", "root-2.json", keys=())
        self.assertEqual((self.latest["root"], self.latest["version"]), (2, 1))
        self.assertIn("signed by ci, build", self.verify().out)
        shutil.copy(before / "latest.json", self.dir / "shop/latest.json")
        self.assertIn("signed by ci", self.verify().out)

    def test_dry_run_and_stage_write_nothing(self):
        result = self.publish(*self.proof, "--dry-run", keys=())
        self.assertIn("would publish version 1 of epoch 1", result.out)
        self.assertRegex(result.out, "would write pins/[0-9a-f]{64}.json\n")
        self.assertIn("would replace latest.json in shop", result.out)
        result = self.publish(*self.proof, "--dry-run", "--fresh", "24", keys=())
        self.assertIn("would write a statement of freshness", result.out)
        result = self.publish(*self.proof, "--dry-run", "--stage", "s.json", keys=())
        self.assertIn("would write s.json", result.out)
        self.assertFalse((self.dir / "s.json").exists())
        self.publish(*self.proof, "--dry-run")
        self.assertEqual(self.files(), {})

    def test_a_file_with_something_else_is_not_overwritten(self):
        self.publish(*self.proof, "--fresh", "24", keys=("ci", "cron"))
        (self.dir / "shop/root/1.json").write_bytes(
            (self.dir / "root-1.json").read_bytes().replace(b"payload", b"payload", 1))
        latest = (self.dir / "shop/latest.json").read_bytes()
        other = self.dir / f"shop/fresh/{self.latest['fresh']}.json"
        content = other.read_bytes()
        other.write_bytes((self.dir / "root-1.json").read_bytes())
        self.publish(*self.proof, "--bump", code=cli.INPUT)
        self.assertEqual((self.dir / "shop/latest.json").read_bytes(), latest)
        other.write_bytes(content)
        self.publish(*self.proof, "--bump")

    def test_a_full_disk_leaves_what_was_published(self):
        self.publish(*self.proof)
        before = self.files()
        result = self.run_cli("publish", "--dir", "shop", "--bump", "--key", "ci.key.pem", *self.proof,
                              *self.to(self.server), preexec_fn=netcase.limit_file_size(64))
        self.assertExit(result, cli.INPUT)
        self.assertEqual(self.files(), before)
        self.ok("publish", "--dir", "shop", "--bump", "--key", "ci.key.pem", *self.proof, *self.to(self.server))

    @netcase.needs_namespaces
    def test_a_read_only_directory_stays_as_it_was(self):
        self.publish(*self.proof)
        before = self.files()
        script = "mount --bind shop shop && mount -o remount,bind,ro shop && exec \"$@\""
        result = cli.run_program(["unshare", "-rm", "sh", "-c", script, "sh", cli.BIN, "publish", "--dir", "shop",
                                  "--bump", "--key", "ci.key.pem", *self.proof, *self.to(self.server)],
                                 home=self.dir, cwd=self.dir)
        self.assertExit(result, cli.INPUT)
        self.assertIn("Read-only file system", result.err)
        self.assertEqual(self.files(), before)
        self.verify()

    def upload_order(self, before):
        """The files of the last publication that are new or other, in the order that is promised."""
        order = ("root", "pins", "fresh", "unpin", "latest.json")
        changed = [name for name, content in self.files().items() if before.get(name) != content]
        names = sorted(changed, key=lambda name: order.index(name.split("/", maxsplit=1)[0]))
        times = [(self.dir / "shop" / name).stat().st_mtime_ns for name in names]
        self.assertEqual(times, sorted(times))
        return names

    def rewind(self, before, after, names):
        """As if the publisher had ended behind `names`."""
        for name in after:
            (self.dir / "shop" / name).unlink(missing_ok=True)
        for name, content in {**before, **{name: after[name] for name in names}}.items():
            self.write(f"shop/{name}", content)

    def test_every_half_publication_is_sound_and_can_be_completed(self):
        self.publish(*self.proof, "--fresh", "24", keys=("ci", "cron"))
        self.unpin("--soften", "api", "--reason", "x")
        before = self.files()
        self.ok("root", "rotate", "--root", "root-1.json", "--pins-key", "build.pub.pem")
        self.ok("sign", "root-2.json", "--key", "alice.key.pem")
        again = (*self.proof, "--root", "root-2.json", "--bump", "--fresh", "24")
        self.publish(*again, keys=("build", "cron"))
        after, names = self.files(), self.upload_order(before)
        self.assertEqual(len(names), 4)
        for count in range(len(names)):
            with self.subTest(names[:count]):
                self.rewind(before, after, names[:count])
                self.assertIn("accepted  pins   1", self.verify().out)
                self.publish(*again, keys=("build", "cron"))
                self.assertIn("accepted  pins   2", self.verify().out)
        self.verify()

    def test_a_first_publication_can_be_completed(self):
        first = (*self.proof, "--fresh", "24", "--pinset", "pintle.json")
        self.publish(*first, keys=("ci", "cron"))
        self.assertFalse((self.dir / "shop/unfinished").exists())
        after, names = self.files(), self.upload_order({})
        for count in range(len(names)):
            with self.subTest(names[:count]):
                shutil.rmtree(self.dir / "shop")
                self.write("shop/unfinished", "")
                self.rewind({}, after, names[:count])
                self.publish(*first, keys=("ci", "cron"))
                self.assertFalse((self.dir / "shop/unfinished").exists())
                self.verify()

    def test_a_first_publication_that_fails_can_be_completed(self):
        result = self.run_cli("publish", "--dir", "shop", "--root", "root-1.json", "--key", "ci.key.pem",
                              *self.proof, *self.to(self.server), preexec_fn=netcase.limit_file_size(64))
        self.assertExit(result, cli.INPUT)
        self.assertEqual(self.files(), {})
        self.publish(*self.proof)
        self.verify()

    def test_one_publisher_waits_for_another(self):
        self.publish(*self.proof)
        words = ("publish", "--dir", "shop", "--fresh", "24", "--key", "cron.key.pem")
        folder = os.open(self.dir / "shop", os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            waiting = subprocess.Popen([cli.BIN, *words], cwd=self.dir, env=cli.environment(self.dir),
                                       stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
            self.assertIn("waiting for another publisher", waiting.stderr.readline())
            self.assertNotIn("fresh", self.latest)
        finally:
            os.close(folder)
        _, err = waiting.communicate(timeout=60)
        self.assertEqual((waiting.returncode, err), (cli.OK, ""))
        self.assertIn("fresh", self.latest)

    def test_wrong_usage(self):
        for message, args in (("--dir is needed", ()), ("--key, --signed or --stage", ("--dir", "shop")),
                              ("stands for", ("--dir", "x", "--signed", "y", "--bump")),
                              ("exclude each other", ("--dir", "x", "--stage", "y", "--fresh", "1"))):
            self.assertUsage(message, "publish", *args)
        self.assertFails(cli.INPUT, "has no root yet", "publish", "--dir", "none", "--key", "ci.key.pem")

    def test_the_log_is_carried_on(self):
        self.publish("--accept-risk", "PIN113")
        self.publish(*self.proof, "--bump")
        log = self.published()["x-publish-log"]
        self.assertEqual([entry["version"] for entry in log], [1, 2])
        self.assertEqual(log[0]["accepted"][0]["id"], "PIN113")
        self.assertEqual(json.dumps(log[1]["accepted"]), "[]")


if __name__ == "__main__":
    tap_unittest.main()
