#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle key show: ids and public halves."""
import base64

import bundles
import cli
import pki
import tap_unittest


class KeyShow(cli.TestCase):
    def setUp(self):
        super().setUp()
        self.key = bundles.SigningKey("alice")
        self.private, self.public = self.key.write(self.dir / "alice")

    def test_either_half_shows_the_same(self):
        for path in (self.private, self.public, f"file:{self.private}"):
            with self.subTest(path):
                result = self.assertAccepted("key", "show", path)
                self.assertEqual(result.out.split()[:3],
                                 [self.key.id, "ed25519", base64.b64encode(self.key.public).decode()])

    def test_json_and_labels(self):
        self.run_cli("key", "new", "--role", "fresh", "--label", "cron", "--insecure-no-passphrase")
        keys = self.assertAccepted("key", "show", "--json", self.public, "fresh.pub.pem").json["keys"]
        self.assertEqual([key.get("label") for key in keys], ["alice", "cron"])
        self.assertEqual(keys[0]["id"], self.key.id)

    def test_an_encrypted_key_needs_its_passphrase(self):
        self.write("pass.txt", "correct horse\n")
        self.write("wrong.txt", "correct mule\n")
        self.run_cli("key", "new", "--role", "root", "--passphrase-file", "pass.txt")
        shown = self.assertAccepted("key", "show", "root.pub.pem").out.split()[0]
        result = self.assertAccepted("key", "show", "root.key.pem", "--passphrase-file", "pass.txt")
        self.assertEqual(result.out.split()[0], shown)
        self.assertFails(cli.INPUT, "wrong passphrase", "key", "show", "root.key.pem",
                         "--passphrase-file", "wrong.txt")
        self.assertFails(cli.INPUT, "no terminal", "key", "show", "root.key.pem", start_new_session=True)

    def test_what_is_no_signing_key(self):
        self.write("ec.pem", pki.Key("ec").pem)
        self.write("junk.pem", "nothing\n")
        self.assertFails(cli.INPUT, "no Ed25519 key", "key", "show", "ec.pem")
        self.assertFails(cli.INPUT, "no private key", "key", "show", "junk.pem")
        self.assertFails(cli.INPUT, "No such file", "key", "show", "absent.pem")
        self.assertFails(cli.INPUT, "cannot open this URI", "key", "show", "pkcs11:object=x")
        result = self.run_cli("key", "show", "junk.pem", self.public)
        self.assertExit(result, cli.INPUT)
        self.assertIn(self.key.id, result.out)


if __name__ == "__main__":
    tap_unittest.main()
