#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle sign: signatures are gathered one by one, and only where they belong."""
import base64
import json

import bundles
import cli
import netcase
import signing
import tap_unittest
import terminal


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

    def test_what_is_still_needed_is_told(self):
        result = self.sign("root-1.json", "alice", "ci")
        self.assertIn("root-1.json: root 1, 2 signatures\n  root 1 wants 2, has 1; still: bob or carol\n", result.out)
        self.assertIn("warning: ci.key.pem: root 1 does not name this key: its signature counts for nothing", result.err)
        document = self.sign("root-1.json", "bob", more=("--json",)).json
        self.assertEqual(document["needs"], [{"root": 1, "wanted": 2, "signed": 2, "missing": 0, "still": ["carol"]}])
        self.run_cli("root", "rotate", "--root", "root-1.json", *self.publics("root", "lead", "oncall"))
        result = self.sign("root-2.json", "alice")
        self.assertIn("counts only if root 1 does", result.err)
        self.assertIn("  root 2 wants 2, has 0; still: lead or oncall\n", result.out)
        result = self.sign("root-2.json", "lead", "bob", more=("--root", "root-1.json"))
        self.assertIn("\n  root 1 wants 2, has 2\n  root 2 wants 2, has 1; still: oncall\n", result.out)

    def test_the_other_half_of_a_key_is_told(self):
        self.assertFails(cli.INPUT, "alice.pub.pem: is the public half of a key", "sign", "root-1.json", "--key",
                         "alice.pub.pem")
        self.write("junk.pem", "x")
        result = self.run_cli("sign", "root-1.json", "--key", "junk.pem")
        self.assertIn("junk.pem: no private key in PEM\n", result.err)
        (self.dir / "root-1.json").unlink()
        self.write("pass.txt", "correct horse battery staple\n")
        self.assertExit(self.run_cli("key", "new", "--role", "fresh", "--passphrase-file", "pass.txt", "-o", "locked"), cli.OK)
        result = self.init("--fresh-key", "locked.key.pem", code=cli.INPUT)
        self.assertIn("it is the private half", result.err)

    def test_the_wrong_kind_of_document_is_named(self):
        self.write("pins.json", json.dumps({"pintle": 1, "app": "a"}))
        self.sign("root-1.json", "alice", "bob")
        for message, *args in (("pins.json: is a pin-set, not an envelope", "verify", "pins.json", "--root", "root-1.json"),
                               ("pins.json: is a pin-set, not an envelope", "sign", "root-1.json", "--key",
                                "alice.key.pem", "--root", "pins.json"),
                               ("root-1.json: is an envelope, not a pin-set", "check", "-p", "root-1.json"),
                               ("pins.json: is a pin-set, not a plan", "rotate", "simulate", "--plan", "pins.json")):
            with self.subTest(message):
                self.assertIn(message, self.run_cli(*args).err)
                self.assertExit(self.run_cli(*args), cli.INPUT)

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

    def test_a_root_is_signed_by_keys_of_the_one_before_and_by_its_own(self):
        self.sign("root-1.json", "alice", "bob")
        self.run_cli("root", "rotate", "--root", "root-1.json", *self.publics("root", "lead", "oncall"))
        of_root_1 = ("--root", "root-1.json")
        result = self.sign("root-2.json", "alice", "bob", "lead", "oncall", more=of_root_1)
        self.assertIn("  root   2 of lead, oncall\n  pins   1 of ci\n", result.err)
        result = self.sign("root-2.json", "cron", code=cli.INPUT, more=of_root_1)
        self.assertIn("cron.key.pem: neither root 1 nor root 2 names this key for role root", result.err)
        self.assertAccepted("verify", "root-2.json", *of_root_1)

    def test_what_is_for_another_role_or_app_is_not_signed(self):
        self.sign("root-1.json", "alice", "bob", more=("--role", "root"))
        before = (self.dir / "root-1.json").read_bytes()
        result = self.sign("root-1.json", "carol", code=cli.INPUT, more=("--role", "pins"))
        self.assertIn("root-1.json: is for role root", result.err)
        self.assertEqual((self.dir / "root-1.json").read_bytes(), before)
        other = bundles.Signer(app="com.example.other").pins([bundles.rule("sha256/" + "A" * 43 + "=")])
        self.write("other.json", other.text)
        result = self.sign("other.json", "ci", code=cli.INPUT, more=("--root", "root-1.json"))
        self.assertIn("other.json: is for app com.example.other, and root 1 for com.example.test", result.err)

    def test_what_no_client_loads_is_not_signed(self):
        signer = bundles.Signer()
        root = signer.root_document()
        root["roles"]["root"]["threshold"] = 9
        for role, document, message in (
                ("root", root, "more than there are usable keys"),
                ("pins", signer.pins([bundles.rule("sha256/short")]).document, "pin")):
            with self.subTest(role):
                self.write("bad.json", bundles.envelope(role, document, []).text)
                self.assertIn(message, self.sign("bad.json", "alice", code=cli.INPUT).err)

    def test_an_encrypted_key_needs_its_passphrase(self):
        self.write("pass.txt", "correct horse\n")
        self.write("wrong.txt", "correct mule\n")
        self.run_cli("key", "new", "--role", "root", "--passphrase-file", "pass.txt", "-o", "locked")
        before = (self.dir / "root-1.json").read_bytes()
        for more, message in ((("--passphrase-file", "wrong.txt"), "locked.key.pem: wrong passphrase"),
                              (("--passphrase-file", "absent.txt"), "No such file"),
                              ((), "no terminal")):
            with self.subTest(message):
                result = self.run_cli("sign", "root-1.json", "--key", "locked.key.pem", *more,
                                      start_new_session=True)
                self.assertExit(result, cli.INPUT)
                self.assertIn(message, result.err)
                self.assertEqual((self.dir / "root-1.json").read_bytes(), before)
        self.sign("root-1.json", "locked", more=("--passphrase-file", "pass.txt"))

    def test_the_terminal_is_asked_after_what_is_signed_was_shown(self):
        self.write("pass.txt", "correct horse\n")
        self.run_cli("key", "new", "--role", "root", "--passphrase-file", "pass.txt", "-o", "locked")
        for word, code, message in (("correct horse", cli.OK, "1 signature"),
                                    ("correct mule", cli.INPUT, "wrong passphrase")):
            with self.subTest(word):
                program = terminal.Terminal([cli.BIN, "sign", "root-1.json", "--key", "locked.key.pem"],
                                            self.dir)
                self.addCleanup(program.close)
                self.assertIn("SHA-256 of what is signed", program.wait("Passphrase for locked.key.pem: "))
                self.assertFalse(program.echoes)
                program.type(word + "\n")
                result, shown = program.finish()
                self.assertEqual(result, code)
                self.assertIn(message, shown)
                self.assertNotIn(word, shown)

    def test_a_full_disk_leaves_the_file(self):
        before = (self.dir / "root-1.json").read_bytes()
        result = self.run_cli("sign", "root-1.json", "--key", "alice.key.pem",
                              preexec_fn=netcase.limit_file_size(256))
        self.assertExit(result, cli.INPUT)
        self.assertIn("File too large", result.err)
        self.assertEqual((self.dir / "root-1.json").read_bytes(), before)
        self.assertEqual(list(self.dir.glob(".*tmp")), [])
        self.assertIn("No space", self.sign("root-1.json", "alice", code=cli.INPUT, more=("-o", "/dev/full")).err)

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
