#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle update: what came, what was refused, and what is kept."""
import shutil

import cli
import living
import netcase
import servers
import tap_unittest


class Update(living.LivingCase):
    def update(self, *sources, code=cli.OK, **options):
        result = self.run_cli("update", *self.living(*sources), **options)
        self.assertExit(result, code)
        return result

    def test_new_then_current(self):
        self.publish(2, self.new)
        result = self.update(self.source)
        self.assertRegex(result.out, r"^new: enforcing 1 of 1 rules, version 2, fresh until \d{4}-")
        self.assertIn("enforcing 1 of 1 rules, version 1", result.err)
        result = self.update(self.source)
        self.assertRegex(result.out, r"^current: .*version 2,")
        self.assertIn("version 2", result.err)

    def test_json(self):
        self.publish(2, self.new)
        document = self.update(self.source, env={"PINTLE_JSON": "1"}).json
        self.assertEqual(document["result"], "new")
        self.assertEqual({key: document["living"][key] for key in ("epoch", "version", "root_version", "stale", "storage")},
                         {"epoch": 1, "version": 2, "root_version": 1, "stale": False, "storage": True})
        self.assertEqual(document["living"]["source"], str(self.source))
        self.assertNotIn("error", document)
        document = self.update(self.source, env={"PINTLE_JSON": "1"}).json
        self.assertEqual((document["result"], document["living"]["source"]), ("current", "state"))

    def test_the_seed_alone_is_named_as_source(self):
        self.publish(1, self.old)
        self.seed.write_bytes(self.bundle(3, self.new).seed)
        document = self.update(self.source, code=cli.INPUT, env={"PINTLE_JSON": "1"}).json
        self.assertEqual((document["result"], document["living"]["source"]), ("failed", "seed"))

    def test_failures_end_with_the_code_of_their_kind(self):
        port = servers.free_port()
        folder = self.folder(self.dir / "empty")
        secure = self.folder(ctx=servers.context(self.rogue.issue("127.0.0.1")))
        for source, code, text in ((f"http://127.0.0.1:{port}", cli.UNREACHABLE, str(port)),
                                   (folder.base, cli.UNREACHABLE, "404"),
                                   (secure.base, cli.TLS, secure.base),
                                   (self.dir / "nowhere", cli.INPUT, "nowhere/latest.json")):
            with self.subTest(source):
                result = self.update(source, code=code)
                self.assertRegex(result.out, "^failed: .*version 1,")
                self.assertIn(text, result.err)

    def test_refusals_end_with_5(self):
        self.publish(2, self.new)
        self.update(self.source)
        for name, bundle, text in (
                ("rollback", self.bundle(1, self.old), "2 of epoch 1 was seen"),
                ("equivocation", self.bundle(2, self.old), ""),
                ("signature", self.bundle(3, self.new, signer=living.bundles.Signer()), "")):
            with self.subTest(name):
                bundle.write(self.dir / name)
                result = self.update(self.dir / name, code=cli.INPUT, env={"PINTLE_JSON": "1"})
                self.assertEqual(result.json["result"], "failed")
                self.assertTrue(result.json["error"]["text"].startswith(str(self.dir / name)[:40]), result)
                self.assertEqual(result.json["living"]["version"], 2)
                self.assertIn(text, result.err)

    def test_one_good_source_among_bad_ones(self):
        self.publish(2, self.new)
        self.bundle(3, self.new, signer=living.bundles.Signer()).write(self.dir / "forged")
        result = self.update(self.dir / "nowhere", self.dir / "forged", self.source)
        self.assertRegex(result.out, "^new: .*version 2,")
        self.assertIn("nowhere", result.err)
        self.assertIn("forged", result.err)

    def test_the_ca_is_for_the_sources(self):
        self.publish(2, self.new)
        secure = self.folder(ctx=servers.context(self.issue("127.0.0.1")))
        self.update(secure.base, code=cli.TLS)
        result = self.run_cli("update", *self.living(secure.base), "--ca", self.ca)
        self.assertExit(result, cli.OK)

    def test_a_ca_file_that_is_none_is_bad_input_whatever_the_source(self):
        self.publish(2, self.new)
        secure = self.folder(ctx=servers.context(self.issue("127.0.0.1")))
        self.write("none.pem", "no certificate")
        for name, why in (("nope.pem", "No such file"), ("none.pem", "holds no certificate in PEM")):
            for source in (self.source, secure.base):
                self.assertFails(cli.INPUT, f"{name}: {why}", "update", *self.living(source), "--ca", name)
            self.assertFails(cli.INPUT, f"{name}: {why}", "fetch", f"https://{netcase.HOST}/", "--pin", netcase.OTHER_PIN,
                             "--ca", name)

    def test_a_slow_source_is_given_up(self):
        self.publish(2, self.new)
        server = self.folder()
        server.hooks["*"] = servers.drip
        result = self.run_cli("update", *self.living(server.base), "--timeout", "1")
        self.assertExit(result, cli.UNREACHABLE)

    def test_the_default_database_is_the_apps_own(self):
        self.publish(2, self.new)
        result = self.run_cli("update", "--seed", self.seed, "--source", self.source)
        self.assertExit(result, cli.OK)
        self.assertTrue((self.dir / ".state/pintle/com.example.test.db").is_file())

    def test_a_database_that_cannot_be_written_is_told(self):
        self.publish(2, self.new)
        self.write("file", "x")
        result = self.run_cli("update", "--seed", self.seed, "--source", self.source, "--state",
                              self.dir / "file/app.db", "--json")
        self.assertExit(result, cli.INPUT)
        self.assertEqual((result.json["result"], result.json["living"]["storage"]), ("new", False))
        self.assertIn("file/app.db", result.err)
        result = self.run_cli("update", "--seed", self.seed, "--source", self.source, "--state",
                              self.dir / "file/app.db")
        self.assertTrue(result.err.endswith("nothing could be saved: the next start knows nothing of this update\n"), result)

    def another_root(self, app=living.bundles.APP):
        """As after the loss or theft of all root keys. A function that makes a bundle of a version."""
        signer = living.bundles.Signer(app, issued=living.bundles.time(days=-29))
        return lambda version: signer.bundle([living.bundles.rule(self.new, match=[netcase.HOST])], version)

    def test_a_release_with_another_first_root_updates(self):
        self.signer.rotate(epoch=2)
        self.publish(9, self.old)
        self.update(self.source)
        bundle = self.another_root()
        bundle(1).write(self.dir / "second")
        seed = bundle(1).write_seed(self.dir / "second.seed")
        options = ("--seed", seed, "--state", self.state, "--source", self.dir / "second")
        result = self.run_cli("update", *options)
        self.assertExit(result, cli.OK)
        self.assertRegex(result.out, "^current: .*version 1,")
        self.assertIn("app.db: is the state of another first root; begun anew", result.err)
        self.assertNotIn("quicker", result.err)
        self.assertTrue(self.state.with_name("app.db.former").is_file())
        bundle(2).write(self.dir / "second")
        result = self.run_cli("update", *options)
        self.assertExit(result, cli.OK)
        self.assertRegex(result.out, "^new: .*version 2,")
        self.assertNotIn("app.db", result.err)
        # What the former root signs is refused, and its own releases leave the state alone.
        self.assertExit(self.run_cli("update", *options[:4], "--source", self.source), cli.INPUT)
        result = self.update(self.source, code=cli.INPUT)
        self.assertIn("app.db: is the state of a later first root; left alone", result.err)
        self.assertRegex(self.run_cli("update", *options).out, "^current: .*version 2,")

    def test_the_state_of_another_app_is_told_and_left_alone(self):
        self.publish(2, self.new)
        self.update(self.source)
        before = self.state.read_bytes()
        seed = self.another_root("com.example.other")(1).write_seed(self.dir / "other.seed")
        result = self.run_cli("update", "--seed", seed, "--state", self.state, "--source", self.source)
        self.assertExit(result, cli.INPUT)
        self.assertIn('app.db: is the state of app "com.example.test", not of "com.example.other"', result.err)
        self.assertNotIn("quicker", result.err)
        self.assertIn(str(self.source), result.err)  # whose bundle it is is told, too
        self.assertEqual(self.state.read_bytes(), before)

    def test_a_source_that_is_none_is_named(self):
        for source, why in (("", '"": an empty source'), ("ftp://x/", "ftp://x/: ")):
            self.assertUsage(f"option --source: {why}", "update", *self.living(source))

    def test_what_is_no_seed(self):
        self.publish(2, self.new)
        for name, content, code in (("nothing", None, cli.INPUT), ("empty", b"", cli.INPUT),
                                    ("text", b"pintle seed 2\n", cli.INPUT),
                                    ("cut", self.seed.read_bytes()[:200], cli.INPUT),
                                    ("root", b"pintle seed 1\n" + self.signer.anchor.record, cli.INPUT)):
            with self.subTest(name):
                if content is not None:
                    self.write(name, content)
                self.assertFails(code, name, "update", "--seed", name, "--source", self.source)

    def test_usage(self):
        self.assertUsage("--seed is needed", "update", "--source", self.source)
        self.assertUsage("--source is needed", "update", "--seed", self.seed)
        self.assertUsage("ftp://x", "update", "--seed", self.seed, "--source", "ftp://x")
        self.assertUsage("too many sources", "update", "--seed", self.seed, *["--source", "x"] * 17)

    def test_options_from_the_environment(self):
        self.publish(2, self.new)
        result = self.run_cli("update", env={"PINTLE_SEED": self.seed, "PINTLE_STATE": self.state,
                                             "PINTLE_SOURCE": f"{self.dir}/nowhere {self.source}"})
        self.assertExit(result, cli.OK)
        self.assertRegex(result.out, "^new: ")

    def test_quiet(self):
        self.publish(2, self.new)
        self.assertEqual(self.update(self.source, env={"PINTLE_QUIET": "1"}).err, "")

    def test_what_is_left_in_the_folder(self):
        self.publish(2, self.new)
        self.update(self.source)
        self.assertEqual([name for name in netcase.left(self.state.parent)
                          if not name.startswith(("app.db-",))][:2], ["app.db", "app.db.last"])


class Allocations(living.LivingCase):
    SHIM = cli.BUILD / "tests/cli/libpintle_fail_alloc.so"

    def test_each_fails_once(self):
        """It is told, a whole document or none is printed, and the next update is as good as ever."""
        if not self.SHIM.exists():
            self.skipTest("a build with a sanitizer has an allocator of its own")
        self.publish(2, self.new)
        mark = self.dir / "mark"
        for number in range(1, 20000):
            shutil.rmtree(self.state.parent, ignore_errors=True)
            result = self.run_cli("update", *self.living(self.source), "--json", env={
                "LD_PRELOAD": self.SHIM, "FAIL_AT": number, "FAIL_MARK": mark})
            if not mark.exists():
                self.assertExit(result, cli.OK)
                self.assertGreater(number, 50, "the shim saw no allocations")
                return
            mark.unlink()
            self.assertIn(result.code, (cli.OK, cli.INPUT, cli.INTERNAL), f"allocation {number}: {result}")
            if result.out:
                self.assertIn(result.json["result"], ("new", "failed"), f"allocation {number}")
            if result.code != cli.OK:
                self.assertNotEqual(result.err, "", f"allocation {number}")
            if number % 10 == 0:
                again = self.run_cli("update", *self.living(self.source), "--json")
                self.assertExit(again, cli.OK)
                self.assertEqual(again.json["living"]["version"], 2, f"allocation {number}")
        self.fail("it never ends")


if __name__ == "__main__":
    tap_unittest.main()
