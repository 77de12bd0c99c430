#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle root rotate: the next root, believed only when the old and the new keys signed it."""
import cli
import signing
import tap_unittest


class RootRotate(signing.SigningCase):
    def setUp(self):
        super().setUp()
        self.signed_root(*self.publics("fresh", "cron"))

    def rotate(self, *more, code=cli.OK):
        result = self.run_cli("root", "rotate", "--root", "root-1.json", *more)
        self.assertExit(result, code)
        return result

    def verify(self, code=cli.OK):
        result = self.run_cli("verify", "root-2.json", "--root", "root-1.json")
        self.assertExit(result, code)
        return result

    def test_roles_that_are_not_named_stay(self):
        document = self.rotate(*self.publics("pins", "lead"), "--json").json
        self.assertEqual((document["version"], document["epoch"]), (2, 1))
        self.assertEqual(document["roles"]["pins"]["keys"], [self.keys["lead"].id])
        self.assertEqual(document["roles"]["root"]["threshold"], 2)
        self.assertEqual(document["roles"]["fresh"]["keys"], [self.keys["cron"].id])
        self.sign("root-2.json", "alice", "bob")
        self.assertIn("signed by alice, bob", self.verify().out)

    def test_old_and_new_keys_must_sign(self):
        self.rotate(*self.publics("root", "lead", "oncall"))
        self.sign("root-2.json", "lead", "oncall")
        self.assertIn("signed by 0 of the 2", self.verify(cli.INPUT).err)
        self.sign("root-2.json", "alice")
        self.assertIn("signed by 1 of the 2", self.verify(cli.INPUT).err)
        self.sign("root-2.json", "bob")
        self.verify()

    def test_the_old_keys_alone_do_not_suffice(self):
        self.rotate(*self.publics("root", "lead", "oncall"))
        self.sign("root-2.json", "alice", "bob", "carol")
        self.assertIn("root 2 asks for", self.verify(cli.INPUT).err)

    def test_who_has_to_sign_is_told(self):
        result = self.rotate(*self.publics("root", "lead", "oncall"))
        self.assertIn("2 of alice, bob, carol, which root 1 names, and 2 of lead, oncall, which this one "
                      "names", result.err)
        self.assertNotIn("is signed by", result.err)

    def test_a_root_that_lacks_signatures_itself_is_told(self):
        self.rotate()
        result = self.run_cli("root", "rotate", "--root", "root-2.json")
        self.assertExit(result, cli.OK)
        self.assertIn("warning: root 2 is signed by 0 of the 2 keys that it asks for", result.err)

    def test_a_role_can_end(self):
        self.assertNotIn("fresh", self.rotate("--no-fresh", "--json").json["roles"])
        for more in (self.publics("fresh", "cron"), ("--fresh-threshold", "1")):
            with self.subTest(more):
                self.assertIn("--no-fresh excludes", self.rotate("--no-fresh", *more, code=cli.USAGE).err)
        self.assertIn("--unpin-threshold: no key", self.rotate("--unpin-threshold", "2", code=cli.USAGE).err)

    def test_signatures_that_were_gathered_are_not_lost(self):
        self.rotate()
        self.sign("root-2.json", "alice")
        before = (self.dir / "root-2.json").read_bytes()
        self.assertIn("File exists", self.rotate(code=cli.INPUT).err)
        self.assertEqual((self.dir / "root-2.json").read_bytes(), before)

    def test_the_epoch_is_raised_on_demand(self):
        self.assertEqual(self.rotate("--raise-epoch", "--json").json["epoch"], 2)

    def test_what_cannot_be_rotated(self):
        self.assertUsage("--root is needed", "root", "rotate")
        self.write("junk.json", "{}")
        for name, message in (("junk.json", "junk.json"), ("absent.json", "No such file")):
            with self.subTest(name):
                result = self.run_cli("root", "rotate", "--root", name)
                self.assertExit(result, cli.INPUT)
                self.assertIn(message, result.err)
        self.assertIn("more than there are usable keys",
                      self.rotate("--pins-threshold", "2", code=cli.USAGE).err)


if __name__ == "__main__":
    tap_unittest.main()
