#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle root init: which keys sign what, to begin with."""
import base64
import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

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
        self.assertIn("role unpin needs 2 signatures, more than there are usable keys (1): name all of its keys with "
                      "--unpin-key", self.init(*self.publics("unpin", "oncall"), code=cli.USAGE).err)
        self.assertUsage("--app is needed", "root", "init")
        self.assertUsage("--root-key is needed", "root", "init", "--app", "a")
        self.assertUsage("--pins-key is needed", "root", "init", "--app", "a", "--root-key", "a.pem")

    def test_who_has_to_sign_is_told_and_what_is_weak(self):
        result = self.init(*self.publics("fresh", "ci"), *self.publics("unpin", "ci", "alice"))
        self.assertIn("gather signatures (pintle sign): 2 of alice, bob, carol\n", result.err)
        self.assertIn("warning: key alice signs for roles root and unpin:", result.err)
        self.assertIn("warning: key ci signs for roles pins, fresh and unpin:", result.err)
        self.assertNotIn("key bob", result.err)
        self.assertNotIn("one root key alone", result.err)
        weak = self.init("--root-threshold", "1", "-o", "weak.json", "--quiet")
        self.assertEqual(weak.err, "")
        self.assertIn("one root key alone can change everything",
                      self.init("--root-threshold", "1", "-o", "weaker.json").err)

    def test_a_root_that_is_there_may_hold_signatures(self):
        self.init()
        before = self.sign("root-1.json", "alice") and (self.dir / "root-1.json").read_bytes()
        self.assertIn("root-1.json: File exists", self.init(code=cli.INPUT).err)
        self.assertEqual((self.dir / "root-1.json").read_bytes(), before)

    def test_a_threshold_without_keys_is_a_mistake(self):
        self.assertIn("--fresh-threshold: no key is named for role fresh",
                      self.init("--fresh-threshold", "1", code=cli.USAGE).err)

    def test_a_key_that_anybody_can_sign_for(self):
        neutral = ed25519.Ed25519PublicKey.from_public_bytes(bytes([1]) + bytes(31))
        self.write("weak.pem", neutral.public_bytes(serialization.Encoding.PEM,
                                                    serialization.PublicFormat.SubjectPublicKeyInfo))
        self.assertIn("weak.pem: anybody can sign", self.init("--pins-key", "weak.pem", code=cli.INPUT).err)

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
