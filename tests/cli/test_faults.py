#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every allocation of the program and of its JSON library fails once: it is told, nothing crashes,
nothing is left half done. What the libraries do with theirs is tested with the libraries."""
import json
import os
import shutil
import unittest

import cli
import tap_unittest

SHIM = cli.BUILD / "tests/cli/libpintle_fail_alloc.so"


class Allocations(cli.TestCase):
    def setUp(self):
        super().setUp()
        if not SHIM.exists():
            self.skipTest("a build with a sanitizer has an allocator of its own")

    def fail_each(self, *args, prepare=lambda: None, stdin=b""):
        """Run again and again, the next allocation failing; yields the results."""
        mark = self.dir / "mark"
        for number in range(1, 10000):
            for path in self.dir.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            prepare()
            result = self.run_cli(*args, stdin=stdin, env={
                "LD_PRELOAD": SHIM, "FAIL_AT": number, "FAIL_MARK": mark})
            if not mark.exists():
                self.assertExit(result, cli.OK)
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


if __name__ == "__main__":
    tap_unittest.main()
