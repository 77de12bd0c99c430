#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle fetch and connect with --seed: pins that change while the program is out there."""
import bundles
import cli
import living
import servers
import tap_unittest
from netcase import HOST, OTHER_PIN

URL = f"https://{HOST}/echo"


class FetchSeed(living.LivingCase):
    def fetch(self, server, *sources, code=cli.OK, extra=(), **options):
        result = self.run_cli("fetch", URL, *self.living(*sources), *self.to(server), *extra, **options)
        self.assertExit(result, code)
        return result

    def test_the_seed_is_enforced(self):
        result = self.fetch(self.https(self.old))
        self.assertIn('"method": "GET"', result.out)
        self.assertIn("enforcing 1 of 1 rules, version 1", result.err)

    def test_another_key_is_refused_and_sees_nothing(self):
        server = self.https(self.new)
        result = self.fetch(server, code=cli.REFUSED)
        self.assertEqual(result.out, "")
        self.assertIn("mismatch", result.err)
        self.assertEqual(server.requests, [])

    def test_a_mismatch_updates_and_is_decided_again(self):
        self.publish(2, self.new)
        result = self.fetch(self.https(self.new), self.source)
        self.assertIn("updated: enforcing 1 of 1 rules, version 2", result.err)
        result = self.fetch(self.https(self.new))
        self.assertIn("version 2", result.err)
        self.assertNotIn("updated", result.err)

    def test_a_mismatch_that_no_update_mends_is_refused(self):
        self.publish(2, self.new)
        server = self.https()
        self.fetch(server, self.source, code=cli.REFUSED)
        self.assertEqual(server.requests, [])

    def test_that_no_source_is_asked_yet_is_told(self):
        told = rf"not updated: the next try for {HOST} is at \d{{4}}-\S+Z \(pintle update does it now\)"
        self.publish(1, self.old)
        server = self.https(self.new)
        self.assertNotRegex(self.fetch(server, self.source, code=cli.REFUSED).err, told)
        self.publish(2, self.new)
        self.assertRegex(self.fetch(server, self.source, code=cli.REFUSED).err, told)
        result = self.run_cli("connect", f"{HOST}:443", *self.living(self.source), *self.to(server))
        self.assertExit(result, cli.REFUSED)
        self.assertRegex(result.err, told)
        self.assertExit(self.run_cli("update", *self.living(self.source)), cli.OK)
        self.assertNotRegex(self.fetch(server, self.source).err, told)

    def test_a_mismatch_that_an_unpin_softens_asks_too(self):
        self.publish(2, self.old, unpin=[("api", "report")])
        self.assertExit(self.run_cli("update", *self.living(self.source)), cli.OK)
        server = self.https()
        withdrawn = self.signer.bundle([bundles.rule(self.old, match=[HOST])], 3)
        withdrawn.unpin = self.signer.unpin([], serial=2)
        withdrawn.write(self.source)
        self.fetch(server, self.source, code=cli.REFUSED)
        self.publish(4, self.old)
        self.assertIn("not updated: the next try", self.fetch(server, self.source, code=cli.REFUSED).err)

    def test_a_match_asks_no_source(self):
        self.publish(2, self.new)
        source = self.folder()
        self.fetch(self.https(self.old), source.base)
        self.assertEqual(source.requests, [])

    def test_without_a_wait_the_next_one_has_the_update(self):
        self.publish(2, self.new)
        self.fetch(self.https(self.new), self.source, code=cli.REFUSED, extra=("--update-wait", "0"))

    def test_a_source_that_says_nothing_does_not_keep_it_for_long(self):
        source = self.folder(self.dir)
        source.hooks["*"] = lambda handler, path, _: handler.server.over.wait(60)
        self.fetch(self.https(self.new), source.base, code=cli.REFUSED, extra=("--update-wait", "200"))

    def test_no_update_ever_opens_the_door_to_an_older_version(self):
        self.publish(2, self.new)
        self.fetch(self.https(self.new), self.source)
        self.bundle(1, self.old).write(self.dir / "older")
        server = self.https(self.old)
        self.fetch(server, self.dir / "older", code=cli.REFUSED)
        self.assertEqual(server.requests, [])

    def test_json_shows_version_and_source(self):
        self.publish(2, self.new)
        document = self.fetch(self.https(self.new), self.source, extra=("-o", "out", "--json")).json
        self.assertEqual((document["living"]["version"], document["living"]["source"]), (2, str(self.source)))
        self.assertEqual(document["hops"][0]["verdict"]["set_version"], 2)
        document = self.fetch(self.https(self.new), extra=("-o", "out", "--json")).json
        self.assertEqual((document["living"]["version"], document["living"]["source"]), (2, "state"))
        self.state = self.dir / "fresh.db"
        document = self.fetch(self.https(self.old), extra=("-o", "out", "--json")).json
        self.assertEqual((document["living"]["version"], document["living"]["source"]), (1, "seed"))

    def test_without_a_seed_there_is_no_such_member(self):
        leaf = self.issue()
        result = self.run_cli("fetch", URL, "--pin", leaf.pin, "-o", "out", "--json", *self.to(self.https(leaf)))
        self.assertExit(result, cli.OK)
        self.assertNotIn("living", result.json)

    def test_a_host_without_a_rule(self):
        server = self.https(self.issue("other.example.com"))
        for extra, code in (((), cli.REFUSED), (("--allow-unlisted",), cli.OK)):
            result = self.run_cli("fetch", "https://other.example.com/echo", *self.living(), *self.to(server), *extra)
            self.assertExit(result, code)

    def test_violations_are_kept_for_the_collector(self):
        self.seed.write_bytes(self.bundle(1, self.old, rule={"report": [living.REPORT_URI]}).seed)
        self.fetch(self.https(self.new), code=cli.REFUSED)
        listed = self.run_cli("report", "list", "--state", self.state, "--json").json["reports"]
        self.assertEqual([(r["host"], r["port"], r["reason"], r["uri"]) for r in listed],
                         [(HOST, 443, "mismatch", living.REPORT_URI)])

    def test_a_broken_database_is_told_and_the_seed_holds(self):
        self.write("file", "x")
        self.state = self.dir / "file/app.db"
        self.assertIn("file/app.db", self.fetch(self.https(self.old)).err)
        self.fetch(self.https(self.new), code=cli.REFUSED)

    def test_an_unpin_is_told(self):
        self.publish(2, self.old, unpin=[("api", "report")])
        self.assertExit(self.run_cli("update", *self.living(self.source)), cli.OK)
        result = self.fetch(self.https(self.new))
        self.assertIn("unpin is in force", result.err)
        self.assertIn("mismatch", result.err)

    def test_stale_pins_are_told(self):
        self.seed.write_bytes(self.bundle(1, self.old, issued=bundles.time(days=-90), expires=bundles.time(days=-1)).seed)
        result = self.fetch(self.https(self.old))
        self.assertRegex(result.err, r"enforcing 1 of 1 rules, version 1, stale since \d{4}-")
        self.assertIn("nothing says that these pins are the newest\n", result.err)

    def test_pins_that_were_never_confirmed_are_told(self):
        self.seed.write_bytes(self.bundle(1, self.old, fresh=0).seed)
        result = self.fetch(self.https(self.old))
        self.assertIn("version 1, never confirmed as the newest\n", result.err)
        self.assertNotIn("1970", result.err)

    def test_another_epoch_than_the_first_is_told(self):
        self.signer.rotate(epoch=2)
        self.seed.write_bytes(self.bundle(1, self.old).seed)
        self.assertIn("version 1 of epoch 2, fresh until", self.fetch(self.https(self.old)).err)

    # --- usage

    def test_pins_exclude_each_other(self):
        self.pinset(self.rule(self.old))
        for args, option in ((("--pin", OTHER_PIN), "--pin"), (("-p", "pintle.json"), "--pinset"),
                             (("--trust-key",), "--trust-key")):
            for command in ("fetch", "connect"):
                with self.subTest(command=command, option=option):
                    self.assertUsage(f"options --seed and {option} exclude each other", command, HOST,
                                     "--seed", self.seed, *args)

    def test_what_needs_a_seed(self):
        for option in ("--source", "--state"):
            for command in ("fetch", "connect"):
                self.assertUsage(f"option {option} needs --seed", command, HOST, "--pin", OTHER_PIN, option, "x")

    def test_pins_of_the_command_line_come_before_a_seed_of_the_environment(self):
        leaf = self.issue()
        result = self.run_cli("fetch", URL, "--pin", leaf.pin, *self.to(self.https(leaf)),
                              env={"PINTLE_SEED": self.seed, "PINTLE_STATE": self.state, "PINTLE_SOURCE": "x"})
        self.assertExit(result, cli.OK)
        self.assertNotIn("enforcing", result.err)

    def test_a_seed_of_the_command_line_comes_before_pins_of_the_environment(self):
        result = self.fetch(self.https(self.old), env={"PINTLE_PINSET": "/nowhere.json"})
        self.assertIn("enforcing", result.err)

    def test_the_wait_has_bounds(self):
        for value in ("-1", "600001", "x"):
            self.assertUsage("--update-wait", "fetch", URL, "--seed", self.seed, "--update-wait", value)

    def test_a_bad_source_is_usage(self):
        self.assertUsage("ftp://x", "fetch", URL, "--seed", self.seed, "--source", "ftp://x")

    def test_a_bad_seed_is_input(self):
        self.write("bad.seed", b"pintle seed 1\nrubbish")
        self.assertFails(cli.INPUT, "bad.seed", "fetch", URL, "--seed", "bad.seed")


class ConnectSeed(living.LivingCase):
    def connect(self, leaf, *sources, code=cli.OK, extra=("--json",)):
        server = self.enter(servers.Tls(servers.context(leaf)))
        result = self.run_cli("connect", HOST, *self.living(*sources), *self.to(server), *extra)
        self.assertExit(result, code)
        return result

    def test_the_seed_is_enforced(self):
        document = self.connect(self.old).json
        self.assertEqual((document["living"]["version"], document["living"]["source"]), (1, "seed"))
        document = self.connect(self.new, code=cli.REFUSED).json
        self.assertEqual(document["verdict"]["reason"], "mismatch")

    def test_a_mismatch_updates_and_is_decided_again(self):
        self.publish(2, self.new)
        document = self.connect(self.new, self.source).json
        self.assertEqual((document["living"]["version"], document["living"]["source"]), (2, str(self.source)))
        self.assertEqual(document["verdict"]["decision"], "accept")


if __name__ == "__main__":
    tap_unittest.main()
