#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle key new: keys that sign, in files that nobody overwrites."""
import os
import signal
import stat
import subprocess

from cryptography.hazmat.primitives import serialization

import cli
import netcase
import tap_unittest
import terminal


class KeyNew(cli.TestCase):
    def new(self, *args, **options):
        return self.run_cli("key", "new", *args, **options)

    def test_both_halves_are_written_and_openssl_reads_them(self):
        self.write("pass.txt", "correct horse\nsecond line\n")
        result = self.assertAccepted("key", "new", "--role", "pins", "--label", "ci",
                                     "--passphrase-file", "pass.txt")
        key, public = self.dir / "pins.key.pem", self.dir / "pins.pub.pem"
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        done = subprocess.run(["openssl", "pkey", "-in", key, "-passin", "pass:correct horse", "-pubout"],
                              capture_output=True, text=True, check=True)
        self.assertEqual(public.read_text(), "role: pins\nlabel: ci\n" + done.stdout)
        self.assertIn("BEGIN ENCRYPTED PRIVATE KEY", key.read_text())
        self.assertIn(result.lines[0].split()[1], self.run_cli("key", "show", public).out)

    def test_without_a_passphrase_it_says_so(self):
        result = self.new("--role", "root", "--insecure-no-passphrase", "-o", "alice", "--json")
        self.assertExit(result, cli.OK)
        self.assertIn("not encrypted", result.err)
        document = result.json
        self.assertEqual((document["role"], document["encrypted"], document["key_file"]),
                         ("root", False, "alice.key.pem"))
        key = serialization.load_pem_private_key((self.dir / "alice.key.pem").read_bytes(), None)
        self.assertEqual(key.key_size if hasattr(key, "key_size") else 32, 32)

    def test_nothing_is_overwritten(self):
        for name in ("root.key.pem", "root.pub.pem"):
            with self.subTest(name):
                path = self.write(name, "precious")
                self.assertFails(cli.INPUT, name, "key", "new", "--role", "root",
                                 "--insecure-no-passphrase")
                self.assertEqual(path.read_text(), "precious")
                path.unlink()
                self.assertEqual(list(self.dir.glob("root.*")), [])

    def test_wrong_usage(self):
        self.assertUsage("--role is needed", "key", "new")
        self.assertUsage("--role", "key", "new", "--role", "boss")
        self.assertUsage("one line", "key", "new", "--role", "root", "--label", "a\nb")
        self.assertUsage("one line", "key", "new", "--role", "root", "--label", "x" * 129)
        self.assertUsage("exclude each other", "key", "new", "--role", "root",
                         "--insecure-no-passphrase", "--passphrase-file", "pass.txt")

    def test_a_passphrase_that_cannot_be_had_makes_no_key(self):
        self.write("empty.txt", "\n")
        self.write("nul.txt", b"a\0b\n")
        cases = [(("--passphrase-file", "empty.txt"), "is empty"),
                 (("--passphrase-file", "nul.txt"), "NUL"),
                 (("--passphrase-file", "absent.txt"), "No such file"), ((), "no terminal")]
        for args, message in cases:
            with self.subTest(args):
                self.assertFails(cli.INPUT, message, "key", "new", "--role", "root", *args,
                                 start_new_session=True)
                self.assertEqual(list(self.dir.glob("root.*")), [])

    def ask(self, *args):
        program = terminal.Terminal([cli.BIN, "key", "new", "--role", "root", *args], self.dir)
        self.addCleanup(program.close)
        program.wait("New passphrase for root.key.pem: ")
        self.assertFalse(program.echoes)
        return program

    def test_the_terminal_asks_twice_and_shows_nothing(self):
        program = self.ask()
        program.type("correct horse\n")
        program.wait("The same again for root.key.pem: ")
        program.type("correct horse\n")
        code, shown = program.finish()
        self.assertEqual((code, program.echoes), (cli.OK, True))
        self.assertNotIn("horse", shown)
        self.write("pass.txt", "correct horse\n")
        self.assertAccepted("key", "show", "root.key.pem", "--passphrase-file", "pass.txt")

    def test_what_is_typed_must_be_the_same_and_not_empty(self):
        for first, second, message in (("a", "b", "the two passphrases differ"), ("", None, "is empty"),
                                       ("x" * 1100, None, "that is too long")):
            with self.subTest(message):
                program = self.ask()
                program.type(first + "\n")
                if second is not None:
                    program.wait("The same again for root.key.pem: ")
                    program.type(second + "\n")
                code, shown = program.finish()
                self.assertEqual(code, cli.INPUT)
                self.assertIn(message, shown)
                self.assertEqual(list(self.dir.iterdir()), [])

    def test_whoever_interrupts_gets_the_terminal_back_and_no_files(self):
        for number, action in ((signal.SIGINT, lambda program: program.type("\x03")),
                               (signal.SIGTERM, lambda program: program.process.terminate())):
            with self.subTest(number):
                program = self.ask()
                action(program)
                self.assertEqual(program.finish()[0], -number)
                self.assertTrue(program.echoes)
                self.assertEqual(list(self.dir.iterdir()), [])

    def test_whoever_was_stopped_is_asked_again(self):
        program = self.ask()
        program.type("lost")
        os.kill(program.process.pid, signal.SIGTSTP)
        program.wait("New passphrase for root.key.pem: ")  # its group is orphaned: it cannot stop
        self.assertFalse(program.echoes)
        program.type("kept\n")
        program.wait("The same again for root.key.pem: ")
        program.type("kept\n")
        self.assertEqual(program.finish()[0], cli.OK)

    def test_a_passphrase_may_come_through_standard_input(self):
        self.assertAccepted("key", "new", "--role", "root", "--passphrase-file", "-", stdin=b"correct horse\n")
        self.assertAccepted("key", "show", "root.key.pem", "--passphrase-file", "-", stdin=b"correct horse\n")

    def test_a_disk_that_is_full_gets_neither_half(self):
        result = self.new("--role", "root", "--insecure-no-passphrase", preexec_fn=netcase.limit_file_size(16))
        self.assertExit(result, cli.INPUT)
        self.assertIn("File too large", result.err)
        self.assertEqual(list(self.dir.iterdir()), [])

    def test_a_folder_that_is_not_there(self):
        self.assertFails(cli.INPUT, "No such file", "key", "new", "--role", "root", "-o", "absent/root",
                         "--insecure-no-passphrase")

    def test_the_environment_is_no_place_for_a_passphrase(self):
        self.assertFails(cli.INPUT, "no terminal", "key", "new", "--role", "root",
                         env={"PINTLE_PASSPHRASE": "secret"}, start_new_session=True)


if __name__ == "__main__":
    tap_unittest.main()
