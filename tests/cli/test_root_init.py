#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle root init: which keys sign what, to begin with."""
import base64
import json

import bundles
import cli
import pki
import signing
import tap_unittest


class RootInit(signing.SigningCase):
    def payload(self, name="root-1.json"):
        envelope = json.loads((self.dir / name).read_text())
        self.assertEqual(envelope["payloadType"], "application/vnd.pintle.root+json")
        self.assertEqual(envelope["signatures"], [])
        return json.loads(base64.b64decode(envelope["payload"]))

    def test_a_root_says_which_keys_sign_what(self):
        result = self.init(*self.publics("fresh", "cron"), *self.publics("unpin", "oncall", "lead"))
        self.assertIn("root 1 of com.example.test", result.out)
        self.assertIn("gather signatures", result.err)
        root = self.payload()
        self.assertEqual((root["version"], root["epoch"], root["app"]), (1, 1, bundles.APP))
        self.assertEqual(root["roles"]["root"]["threshold"], 2)
        self.assertEqual(root["roles"]["unpin"], {
            "threshold": 2, "keys": [self.keys["oncall"].id, self.keys["lead"].id]})
        self.assertEqual({key["id"] for key in root["keys"]},
                         {self.keys[name].id for name in self.NAMES})

    def test_json_and_another_name(self):
        result = self.init("-o", "first.json", "--days", "30", "--json")
        self.assertEqual(result.json["file"], "first.json")
        self.assertNotIn("fresh", result.json["roles"])
        self.payload("first.json")

    def test_what_would_be_no_root_is_wrong_usage(self):
        cases = [(("--root-threshold", "4"), "more than there are usable keys"),
                 (self.publics("unpin", "oncall"), "more than there are usable keys"),
                 ((*self.publics("unpin", "oncall", "lead"), "--unpin-threshold", "1"), "less than 2"),
                 (self.publics("pins", "ci"), "twice"),
                 (("--app", "x" * 256), "app")]
        for more, message in cases:
            with self.subTest(more):
                result = self.init(*more, code=cli.USAGE)
                self.assertIn(message, result.err)
                self.assertFalse((self.dir / "root-1.json").exists())
        self.assertUsage("--app is needed", "root", "init")
        self.assertUsage("--root-key is needed", "root", "init", "--app", "a")
        self.assertUsage("--pins-key is needed", "root", "init", "--app", "a", "--root-key", "a.pem")

    def test_files_that_are_no_keys(self):
        self.write("ec.pem", pki.Key("ec").pem)
        self.write("junk.pem", "nothing\n")
        for name, message in (("ec.pem", "no Ed25519 key"), ("junk.pem", "no public key"),
                              ("absent.pem", "No such file")):
            with self.subTest(name):
                self.assertIn(message, self.init("--pins-key", name, code=cli.INPUT).err)

    def test_a_full_disk_leaves_nothing(self):
        self.assertIn("No space", self.init("-o", "/dev/full", code=cli.INPUT).err)


if __name__ == "__main__":
    tap_unittest.main()
