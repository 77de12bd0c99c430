#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every allocation of the program and of its JSON library fails once: it is told, nothing crashes,
nothing is left half done. What the libraries do with theirs is tested with the libraries."""
import base64
import json
import os
import shutil
import unittest

import bundles
import cli
import tap_unittest

SHIM = cli.BUILD / "tests/cli/libpintle_fail_alloc.so"


class FailingCase(cli.TestCase):
    def setUp(self):
        super().setUp()
        if not SHIM.exists():
            self.skipTest("a build with a sanitizer has an allocator of its own")

    def fail_each(self, *args, prepare=lambda: None, stdin=b"", code=cli.OK):
        """Run again and again, the next allocation failing; yields the results."""
        mark = self.dir / "mark"
        for number in range(1, 10000):
            for path in self.dir.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            prepare()
            result = self.run_cli(*args, stdin=stdin, env={
                "LD_PRELOAD": SHIM, "FAIL_AT": number, "FAIL_MARK": mark})
            if not mark.exists():
                self.assertExit(result, code)
                self.assertGreater(number, 3, "the shim saw no allocations")
                return
            mark.unlink()
            yield number, result
        self.fail("it never ends")

    def assertTold(self, number, result):
        """Success, if it can do without that memory, or the failure in words."""
        if result.code != cli.OK:
            self.assertEqual(result.code, cli.INTERNAL, f"allocation {number}: {result}")
            self.assertRegex(result.err, "memory", f"allocation {number}: {result}")


class Allocations(FailingCase):
    def test_pin_reads_a_chain(self):
        pem = cli.run_program(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout",
                               "/proc/self/fd/2", "-subj", "/CN=x"]).out_bytes
        whole = self.run_cli("pin", "-", stdin=pem * 3).out
        for number, result in self.fail_each("pin", "-", stdin=pem * 3):
            self.assertTold(number, result)
            self.assertIn(result.out, (whole, ""))

    def test_pin_writes_json(self):
        pem = cli.run_program(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout",
                               "/proc/self/fd/2", "-subj", "/CN=x"]).out_bytes
        whole = json.loads(self.run_cli("pin", "--json", "-", stdin=pem).out)
        for number, result in self.fail_each("pin", "--json", "-", stdin=pem):
            self.assertTold(number, result)
            if result.code == cli.OK:
                self.assertEqual(json.loads(result.out), whole, f"allocation {number}")

    def test_key_backup_makes_both_files_or_none(self):
        def prepare():
            (self.dir / "pass").write_text("open sesame\n")
        args = ("-q", "key", "backup", "a.example", "b.example", "--passphrase-file", "pass")
        for number, result in self.fail_each(*args, prepare=prepare):
            self.assertTold(number, result)
            made = sorted(set(os.listdir(self.dir)) - {"pass"})
            whole = ["a.example.backup-csr.pem", "a.example.backup-key.pem"]
            self.assertEqual(made, whole if result.code == cli.OK else [], f"allocation {number}")

    def test_key_backup_changes_the_pin_set_or_not(self):
        old = json.dumps({"pintle": 1, "app": "com.example", "version": 7,
                          "issued": "2026-01-01T00:00:00Z", "expires": "2999-01-01T00:00:00Z",
                          "rules": [{"id": "a", "match": ["a.example"], "pins": [
                              {"spki": "sha256/" + "A" * 43 + "="}]}]})
        path = self.dir / "pintle.json"
        path.write_text(old)
        self.assertAccepted("-q", "key", "backup", "--add", "a.example", "-o", "k")
        new = json.loads(path.read_text())
        del new["rules"][0]["pins"][1], new["issued"]
        for number, result in self.fail_each("-q", "key", "backup", "--add", "a.example",
                                             prepare=lambda: path.write_text(old)):
            if result.code == cli.OK:
                document = json.loads(path.read_text())
                self.assertEqual(len(document["rules"][0]["pins"]), 2)
                del document["rules"][0]["pins"][1], document["issued"]
                self.assertEqual(document, new, f"allocation {number}")
            else:
                self.assertEqual(path.read_text(), old, f"allocation {number}: {result}")

    def test_documents_of_ours_are_whole_or_missing(self):
        for line in (["help", "--json", "version"], ["version", "--json"]):
            whole = self.run_cli(*line).out
            for number, result in self.fail_each(*line):
                self.assertTold(number, result)
                self.assertIn(result.out, (whole, ""), f"allocation {number}")



class SigningAllocations(FailingCase):
    """The commands that make and judge signatures. None of them says yes without memory to know."""
    APP = ("--app", bundles.APP, "--root-key", "a.pub.pem", "--root-key", "b.pub.pem",
           "--root-threshold", "2", "--pins-key", "a.pub.pem")

    def setUp(self):
        super().setUp()
        self.keys = {name: bundles.SigningKey(name) for name in "ab"}
        self.signer = bundles.Signer(unpin=None)
        self.signer.rotate()

    def prepare(self):
        for name, key in self.keys.items():
            key.write(self.dir / name)
        self.write("root.json", self.signer.anchor.text)
        self.write("root-2.json", self.signer.roots[1].text)
        self.write("bad.json", bundles.Envelope("root", self.signer.roots[1].payload, []).text)

    def names(self):
        return {path.name for path in self.dir.iterdir() if path.name != "mark"}

    def test_key_new_makes_both_files_or_none(self):
        for number, result in self.fail_each("-q", "key", "new", "-r", "pins", "--insecure-no-passphrase"):
            self.assertTold(number, result)
            whole = {"pins.key.pem", "pins.pub.pem"}
            self.assertEqual(self.names(), whole if result.code == cli.OK else set(), f"allocation {number}")

    def test_key_show_tells(self):
        for number, result in self.fail_each("key", "show", "--json", "a.pub.pem", "b.key.pem",
                                             prepare=self.prepare):
            self.assertTold(number, result)

    def test_a_root_is_made_whole_or_not(self):
        for number, result in self.fail_each("-q", "root", "init", *self.APP, "-o", "new.json", "--json",
                                             prepare=self.prepare):
            self.assertTold(number, result)
            if (self.dir / "new.json").exists():
                payload = json.loads((self.dir / "new.json").read_text())["payload"]
                root = json.loads(base64.b64decode(payload))
                self.assertEqual(len(root["keys"]), 2, f"allocation {number}")
                self.assertEqual(len(root["roles"]["root"]["keys"]), 2, f"allocation {number}")

    def test_the_next_root_is_made_whole_or_not(self):
        self.prepare()
        roles = self.signer.roots[1].document["roles"]
        for number, result in self.fail_each("-q", "root", "rotate", "--root", "root-2.json", "-o", "new.json",
                                             prepare=self.prepare):
            self.assertTold(number, result)
            if (self.dir / "new.json").exists():
                payload = json.loads((self.dir / "new.json").read_text())["payload"]
                self.assertEqual(json.loads(base64.b64decode(payload))["roles"], roles, f"allocation {number}")

    def test_a_signature_is_added_or_the_file_stays(self):
        self.prepare()
        before = (self.dir / "bad.json").read_bytes()
        for number, result in self.fail_each("-q", "sign", "bad.json", "--key", "a.key.pem", "--json",
                                             prepare=self.prepare):
            self.assertTold(number, result)
            after = (self.dir / "bad.json").read_bytes()
            if after != before:
                self.assertEqual(len(json.loads(after)["signatures"]), 1, f"allocation {number}")
            self.assertEqual(len(self.names()), 7, f"allocation {number}")

    def test_what_is_refused_is_never_accepted(self):
        for path, code in (("root-2.json", cli.OK), ("bad.json", cli.INPUT)):
            self.prepare()
            words = ("verify", path, "--root", "root.json", "--json")
            whole = self.run_cli(*words).out
            for number, result in self.fail_each(*words, prepare=self.prepare, code=code):
                if result.code == code:
                    self.assertEqual(result.out, whole, f"allocation {number}")
                else:
                    self.assertTold(number, result)


if __name__ == "__main__":
    tap_unittest.main()
