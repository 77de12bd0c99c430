#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle sign: signatures are gathered one by one, and only where they belong."""
import base64
import json

import bundles
import cli
import signing
import tap_unittest


class Sign(signing.SigningCase):
    def setUp(self):
        super().setUp()
        self.init()

    def envelope(self, name="root-1.json"):
        return json.loads((self.dir / name).read_text())

    def test_python_verifies_what_pintle_signs(self):
        result = self.sign("root-1.json", "alice")
        self.assertIn("signing root 1 of epoch 1 for app com.example.test", result.err)
        self.assertIn("root-1.json: root 1, 1 signature\n", result.out)
        envelope = self.envelope()
        payload = base64.b64decode(envelope["payload"])
        self.assertIn(bundles.digest(payload), result.err)
        signature = envelope["signatures"][0]
        self.assertEqual(signature["keyid"], self.keys["alice"].id)
        self.keys["alice"].private.public_key().verify(
            base64.b64decode(signature["sig"]), bundles.signed_bytes(envelope["payloadType"], payload))

    def test_signatures_gather_and_the_same_key_counts_once(self):
        self.sign("root-1.json", "alice")
        self.sign("root-1.json", "bob")
        document = self.sign("root-1.json", "alice", more=("--json",)).json
        self.assertEqual((document["signatures"], document["role"]), (2, "root"))

    def test_only_keys_that_the_root_names(self):
        self.sign("root-1.json", "alice", "bob")
        before = (self.dir / "root-1.json").read_bytes()
        for name in ("ci", "cron"):
            with self.subTest(name):
                result = self.sign("root-1.json", "carol", name, code=cli.INPUT,
                                   more=("--root", "root-1.json"))
                self.assertIn(f"{name}.key.pem: root 1 does not name this key for role root", result.err)
                self.assertEqual((self.dir / "root-1.json").read_bytes(), before)
        self.sign("root-1.json", "carol", more=("--root", "root-1.json"))

    def test_a_document_is_wrapped(self):
        document = bundles.Signer().pins([bundles.rule("sha256/" + "A" * 43 + "=")]).payload
        self.write("pintle.json", document)
        self.assertIn("--out is needed", self.sign("pintle.json", "ci", code=cli.USAGE).err)
        self.sign("pintle.json", "ci", more=("-o", "pins.json"))
        envelope = self.envelope("pins.json")
        self.assertEqual(envelope["payloadType"], "application/vnd.pintle.pins+json")
        self.assertEqual(base64.b64decode(envelope["payload"]), document)

    def test_what_is_refused(self):
        other = bundles.Envelope("root", b"{}", [])
        text = other.text.replace(b"vnd.pintle.root", b"vnd.in-toto")
        cases = [("{}", "neither an envelope nor"), (text, "none of ours"), ("[", "junk.json:1"),
                 (other.text, "is no root document")]
        for content, message in cases:
            with self.subTest(message):
                self.write("junk.json", content)
                result = self.sign("junk.json", "alice", code=cli.INPUT)
                self.assertIn(message, result.err)
        self.assertUsage("--key is needed", "sign", "root-1.json")
        self.assertUsage("--out is needed", "sign", "-", "--key", "alice.key.pem")
        self.assertIn("No such file", self.sign("absent.json", "alice", code=cli.INPUT).err)
        self.assertIn("No such file", self.run_cli("sign", "root-1.json", "--key", "absent.pem").err)

    def test_a_failed_key_leaves_the_file(self):
        before = (self.dir / "root-1.json").read_bytes()
        self.write("bad.key.pem", "junk")
        self.sign("root-1.json", "alice", "bad", code=cli.INPUT)
        self.assertEqual((self.dir / "root-1.json").read_bytes(), before)


if __name__ == "__main__":
    tap_unittest.main()
