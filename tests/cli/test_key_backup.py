#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle key backup: what it makes, and that it never destroys anything."""
import base64
import hashlib
import json
import os
import resource
import select
import signal
import subprocess
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

import cli
import tap_unittest

NOBODY = 65534


def pin_of(public_key):
    spki = public_key.public_bytes(serialization.Encoding.DER,
                                   serialization.PublicFormat.SubjectPublicKeyInfo)
    return "sha256/" + base64.b64encode(hashlib.sha256(spki).digest()).decode()


class KeyCase(cli.TestCase):
    def make(self, *args, **options):
        result = self.run_cli("key", "backup", *args, **options)
        self.assertExit(result, cli.OK)
        return result

    def read(self, prefix, what):
        """The one file of the key or the request, named by -o or after the host."""
        (path,) = self.dir.glob(f"{prefix}.*{what}.pem")
        return path.read_bytes()

    def key(self, prefix, passphrase=None):
        return serialization.load_pem_private_key(self.read(prefix, "key"), passphrase)

    def request(self, prefix):
        return x509.load_pem_x509_csr(self.read(prefix, "csr"))

    def names(self, prefix):
        extension = self.request(prefix).extensions.get_extension_for_class(
            x509.SubjectAlternativeName)
        return [str(name.value) for name in extension.value]

    def left(self):
        """What lies in the folder, apart from the program's own home."""
        return sorted(path.name for path in self.dir.iterdir())

    def assertRefused(self, message, *args, **options):
        return self.assertFails(cli.INPUT, message, "key", "backup", *args, **options)


class Made(KeyCase):
    def test_key_request_and_pin_belong_together(self):
        out = self.make("api.example.com").out
        pin = pin_of(self.key("api.example.com").public_key())
        self.assertEqual(out, f"pin      {pin}\nkey      api.example.com.backup-key.pem\n"
                              "request  api.example.com.backup-csr.pem\n")
        request = self.request("api.example.com")
        self.assertTrue(request.is_signature_valid)
        self.assertEqual(pin_of(request.public_key()), pin)
        self.assertEqual(self.left(), ["api.example.com.backup-csr.pem",
                                      "api.example.com.backup-key.pem"])

    def test_pintle_pin_agrees(self):
        pin = self.make("h.example").out.split()[1]
        shown = self.assertAccepted("pin", "-b", "h.example.backup-key.pem",
                                    "h.example.backup-csr.pem").lines
        self.assertEqual(shown, [pin, pin])

    def test_every_type(self):
        kinds = {"ec-p256": (ec.EllipticCurvePrivateKey, "secp256r1"),
                 "ec-p384": (ec.EllipticCurvePrivateKey, "secp384r1"),
                 "ed25519": (ed25519.Ed25519PrivateKey, None),
                 "rsa-2048": (rsa.RSAPrivateKey, 2048), "rsa-3072": (rsa.RSAPrivateKey, 3072),
                 "rsa-4096": (rsa.RSAPrivateKey, 4096)}
        for name, (kind, size) in kinds.items():
            with self.subTest(name):
                self.make("h.example", "--type", name, "-o", name)
                key = self.key(name)
                self.assertIsInstance(key, kind)
                if isinstance(size, int):
                    self.assertEqual(key.key_size, size)
                elif size:
                    self.assertEqual(key.curve.name, size)

    def test_no_two_keys_are_the_same(self):
        pins = {self.make("h.example", "-o", str(i)).out.split()[1] for i in range(5)}
        self.assertEqual(len(pins), 5)

    def test_the_key_is_for_its_owner_only_whatever_the_umask(self):
        for mask in (0o000, 0o022, 0o077):
            prefix = f"mask{mask}"
            self.make("h.example", "-o", prefix, preexec_fn=lambda m=mask: os.umask(m))
            self.assertEqual((self.dir / f"{prefix}.key.pem").stat().st_mode & 0o7777, 0o600)
            self.assertEqual((self.dir / f"{prefix}.csr.pem").stat().st_mode & 0o7777,
                             0o644 & ~mask)

    def test_all_hosts_are_in_the_request(self):
        self.make("Api.Example.COM.", "192.0.2.7", "2001:DB8::1", "*.example.com", "b\u00fccher.example")
        self.assertEqual(self.names("api.example.com"),
                         ["api.example.com", "192.0.2.7", "2001:db8::1", "*.example.com",
                          "xn--bcher-kva.example"])

    def test_a_star_is_no_part_of_a_file_name(self):
        self.make("*.example.com")
        self.assertEqual(self.left(), ["_.example.com.backup-csr.pem",
                                      "_.example.com.backup-key.pem"])

    def test_a_prefix_may_lead_elsewhere(self):
        (self.dir / "stick").mkdir()
        self.make("h.example", "--out", "stick/api")
        self.assertEqual(sorted(os.listdir(self.dir / "stick")), ["api.csr.pem", "api.key.pem"])

    def test_json(self):
        document = self.make("A.example", "b.example", "--json", "-t", "ed25519").json
        del document["pintle_version"]
        self.assertEqual(document, {
            "schema": "https://pintle.dev/schema/key-backup/1",
            "pin": pin_of(self.key("a.example").public_key()), "type": "ed25519",
            "hosts": ["a.example", "b.example"], "key_file": "a.example.backup-key.pem",
            "request_file": "a.example.backup-csr.pem", "encrypted": False})

    def test_advice_goes_to_standard_error(self):
        result = self.make("h.example")
        pin = result.out.split()[1]
        self.assertIn(pin, result.err)
        self.assertIn("offline", result.err)
        self.assertIn("not encrypted", result.err)

    def test_no_private_byte_is_printed(self):
        result = self.make("h.example", "--json")
        secret = self.key("h.example").private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())
        self.assertNotIn("PRIVATE", result.out + result.err)
        self.assertNotIn(base64.b64encode(secret)[40:80].decode(), result.out + result.err)


class Passphrase(KeyCase):
    def test_the_first_line_encrypts_the_key(self):
        for content in ("open sesame\n", "open sesame", "open sesame\r\nsecond line\n"):
            with self.subTest(content):
                self.write("pass", content)
                prefix = f"p{len(content)}"
                result = self.make("h.example", "-o", prefix, "--passphrase-file", "pass")
                self.assertNotIn("not encrypted", result.err)
                key = self.key(prefix, b"open sesame")
                self.assertEqual(pin_of(key.public_key()), result.out.split()[1])

    def test_without_the_passphrase_or_with_another_the_key_stays_closed(self):
        self.write("pass", "open sesame\n")
        self.make("h.example", "--passphrase-file", "pass")
        with self.assertRaises(TypeError):
            self.key("h.example")
        with self.assertRaises(ValueError):
            self.key("h.example", b"open barley")

    def test_openssl_can_read_it(self):
        self.write("pass", "open sesame\n")
        self.make("h.example", "--passphrase-file", "pass")
        result = cli.run_program(["openssl", "pkey", "-in", self.dir / "h.example.backup-key.pem",
                                  "-passin", f"file:{self.dir}/pass", "-noout"])
        self.assertExit(result, 0)

    def test_it_may_come_from_standard_input(self):
        self.make("h.example", "--passphrase-file", "-", stdin="open sesame\n")
        self.key("h.example", b"open sesame")

    def test_the_file_may_come_from_the_environment(self):
        self.write("pass", "open sesame\n")
        document = self.make("h.example", "--json", env={"PINTLE_PASSPHRASE_FILE": "pass"}).json
        self.assertTrue(document["encrypted"])

    def test_bad_passphrase_files_make_nothing(self):
        cases = {"empty": ("", "the passphrase is empty"), "line": ("\nx\n", "the passphrase is empty"),
                 "nul": ("a\0b\n", "a NUL in the passphrase"), "long": ("x" * 1025, "long: ")}
        for name, (content, message) in cases.items():
            with self.subTest(name):
                path = self.write(name, content)
                self.assertRefused(message, "h.example", "--passphrase-file", name)
                path.unlink()
        self.assertRefused("nothere: No such file", "h.example", "--passphrase-file", "nothere")
        self.assertEqual(self.left(), [])

    def test_it_is_never_shown(self):
        self.write("pass", "open sesame\n")
        result = self.make("h.example", "--passphrase-file", "pass", "--json")
        self.assertNotIn("sesame", result.out + result.err)


class NothingLost(KeyCase):
    def test_an_existing_key_is_never_overwritten(self):
        self.make("h.example")
        before = (self.dir / "h.example.backup-key.pem").read_bytes()
        self.assertRefused("h.example.backup-key.pem: File exists", "h.example")
        (self.dir / "h.example.backup-csr.pem").unlink()
        self.assertRefused("h.example.backup-key.pem: File exists", "h.example")
        self.assertEqual((self.dir / "h.example.backup-key.pem").read_bytes(), before)
        self.assertEqual(self.left(), ["h.example.backup-key.pem"])

    def test_an_existing_request_is_never_overwritten(self):
        self.write("h.example.backup-csr.pem", "precious")
        self.assertRefused("h.example.backup-csr.pem: File exists", "h.example")
        self.assertEqual((self.dir / "h.example.backup-csr.pem").read_text(), "precious")
        self.assertEqual(self.left(), ["h.example.backup-csr.pem"])

    def test_links_are_not_followed_even_to_nowhere(self):
        (self.dir / "h.example.backup-key.pem").symlink_to("elsewhere")
        self.assertRefused("h.example.backup-key.pem: File exists", "h.example")
        self.assertEqual(self.left(), ["h.example.backup-key.pem"])

    def test_a_directory_of_that_name_is_refused(self):
        (self.dir / "h.example.backup-key.pem").mkdir()
        self.assertRefused("h.example.backup-key.pem: File exists", "h.example")

    def test_a_missing_directory_is_refused(self):
        self.assertRefused("nowhere/x.key.pem: No such file", "h.example", "-o", "nowhere/x")
        self.write("file", "")
        self.assertRefused("file/x.key.pem: Not a directory", "h.example", "-o", "file/x")

    def test_an_unwritable_directory_is_refused(self):
        folder = self.dir / "closed"
        folder.mkdir()
        folder.chmod(0o555)
        self.dir.chmod(0o755)
        options = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
        if options and not os.access(cli.BIN, os.X_OK, effective_ids=False):
            self.skipTest("the program cannot be run by another user")
        self.assertRefused("closed/x.key.pem: Permission denied", "h.example", "-o", "closed/x",
                           **options)

    def test_a_full_disk_leaves_nothing_behind(self):
        def limit(size):
            return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        for size in (0, 100, 300):
            with self.subTest(size):
                result = self.assertRefused("File too large", "h.example", preexec_fn=limit(size))
                self.assertRegex(result.err, r"h\.example\.backup-(key|csr)\.pem: File too large")
                self.assertEqual(self.left(), [])

    def test_a_name_too_long_for_the_file_system_is_refused(self):
        self.assertRefused("File name too long", "h.example", "-o", "x" * 300)
        self.assertUsage("the name is too long", "key", "backup", "h.example", "-o", "x/" * 3000)
        self.assertEqual(self.left(), [])

    def test_full_standard_output_is_told_and_the_key_kept(self):
        with open("/dev/full", "wb") as full:
            result = self.run_cli("key", "backup", "h.example", stdout=full)
        self.assertExit(result, cli.INPUT)
        self.assertIn("standard output: No space left", result.err)
        self.key("h.example")

    def start_slow(self):
        """Making a large key; returns when its temporary files are there or it is done already."""
        process = subprocess.Popen([cli.BIN, "-q", "key", "backup", "h.example", "-t", "rsa-4096"],
                                   env=cli.environment(self.dir), cwd=self.dir,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        while process.poll() is None and len(list(self.dir.glob(".pintle-*.tmp"))) < 2:
            select.select([], [], [], 0.001)
        return process

    def clear(self):
        for path in self.dir.iterdir():
            path.unlink()

    def test_an_interrupted_run_leaves_both_files_or_none(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            for _ in range(10):  # now and then a large key is found at once
                process = self.start_slow()
                process.send_signal(number)
                code = process.wait(120)
                if code != 0:
                    break
                self.assertEqual(self.left(), ["h.example.backup-csr.pem",
                                              "h.example.backup-key.pem"])
                self.clear()
            self.assertEqual(code, -number)
            self.assertEqual(self.left(), [])

    def test_a_key_that_came_meanwhile_stays_and_no_request_is_left(self):
        for _ in range(10):
            process = self.start_slow()
            try:
                with open(self.dir / "h.example.backup-key.pem", "x", encoding="ascii") as file:
                    file.write("quicker")
            except FileExistsError:
                process.wait(120)
                self.clear()
                continue
            self.assertEqual(process.wait(120), cli.INPUT)
            self.assertIn(b"h.example.backup-key.pem: File exists", process.stderr.read())
            self.assertEqual(self.left(), ["h.example.backup-key.pem"])
            self.assertEqual((self.dir / "h.example.backup-key.pem").read_text(), "quicker")
            return
        self.fail("ten large keys were found at once")


class Hosts(KeyCase):
    def test_malformed_hosts_are_wrong_usage(self):
        for host in ("", "a b", "-a.example", "a..b", "*.", "*.192.0.2.1", "a.*.example", "127.1",
                     "fe80::1%eth0", "[::1]", "h:443", "https://h.example", "x" * 64, "\u2024.example",
                     "a_\u00fc.example\u202e"):
            with self.subTest(host):
                self.assertFails(cli.USAGE, "pintle: ", "key", "backup", "--", host)
        self.assertEqual(self.left(), [])

    def test_one_malformed_host_among_good_ones_makes_nothing(self):
        self.assertFails(cli.USAGE, "a b: ", "key", "backup", "h.example", "a b")
        self.assertEqual(self.left(), [])

    def test_more_hosts_than_a_certificate_holds(self):
        result = self.run_cli("key", "backup", *(f"h{i}.example" for i in range(1001)))
        self.assertNotEqual(result.code, cli.OK)
        self.assertEqual((result.out, self.left()), ("", []))


PIN = "sha256/" + base64.b64encode(bytes(range(32))).decode()


def pin_set(**changes):
    rules = [
        {"id": "api", "match": ["api.example.com"], "pins": [{"spki": PIN}]},
        {"id": "wild", "match": ["**.example.com", "*.example.org"], "pins": [{"spki": PIN}]},
        {"id": "port", "match": ["api.example.com"], "ports": [8443], "pins": [{"spki": PIN}]},
        {"id": "other", "match": ["example.net"], "pins": [{"spki": PIN}], "x-note": {"kept": [1]}},
    ]
    return json.dumps({"pintle": 1, "app": "com.example", "version": 7, "x-extra": True,
                       "issued": "2026-01-01T00:00:00Z", "expires": "2999-01-01T00:00:00Z",
                       "rules": rules, **changes})


class Add(KeyCase):
    def setUp(self):
        super().setUp()
        self.path = self.write("pintle.json", pin_set())

    def rules_with(self, pin):
        document = json.loads(self.path.read_text())
        return [rule["id"] for rule in document["rules"]
                if any(entry["spki"] == pin for entry in rule["pins"])]

    def add(self, *args):
        document = self.make("--add", "--json", *args).json
        self.assertEqual(self.rules_with(document["pin"]), document["added_to"]["rules"])
        return document["added_to"]

    def test_the_pin_goes_into_the_rules_of_the_host_on_every_port(self):
        self.assertEqual(self.add("api.example.com"),
                         {"file": "pintle.json", "version": 8, "rules": ["api", "port"]})

    def test_the_rule_is_the_one_that_holds_for_the_host(self):
        self.assertEqual(self.add("www.example.com")["rules"], ["wild"])
        self.assertEqual(self.add("example.net", "www.example.com")["rules"], ["wild", "other"])

    def test_a_wildcard_means_the_rule_with_that_pattern(self):
        self.assertEqual(self.add("*.example.org")["rules"], ["wild"])

    def test_the_entry_is_a_backup_for_the_leaf(self):
        pin = self.make("--add", "example.net").out.split()[1]
        rule = json.loads(self.path.read_text())["rules"][3]
        entry = next(entry for entry in rule["pins"] if entry["spki"] == pin)
        self.assertEqual((entry["at"], entry["backup"]), ("leaf", True))
        self.assertRegex(entry["label"], r"^backup made \d{4}-\d\d-\d\d$")

    def test_all_else_is_kept(self):
        self.make("--add", "example.net")
        document = json.loads(self.path.read_text())
        self.assertEqual(document["x-extra"], True)
        self.assertEqual(document["rules"][3]["x-note"], {"kept": [1]})
        self.assertEqual((document["version"], document["app"]), (8, "com.example"))
        self.assertGreater(document["issued"], "2026-01-01T00:00:00Z")
        self.assertEqual(document["expires"], "2999-01-01T00:00:00Z")

    def test_another_file_may_be_named(self):
        self.write("other.json", pin_set(version=41))
        document = self.make("--add", "--json", "-p", "other.json", "example.net").json
        self.assertEqual(document["added_to"]["version"], 42)
        self.assertEqual(json.loads(self.path.read_text())["version"], 7)

    def test_the_one_in_the_configuration_directory_is_found(self):
        self.path.unlink()
        self.write(".config/pintle/pintle.json", pin_set(version=1))
        document = self.make("--add", "--json", "example.net").json
        self.assertEqual(document["added_to"]["file"], f"{self.dir}/.config/pintle/pintle.json")

    def test_without_add_the_pin_set_is_left_alone(self):
        self.make("-p", "pintle.json", "example.net")
        self.assertEqual(self.path.read_text(), pin_set())

    def assertNothingMade(self, message, *args):
        before = self.path.read_text()
        self.assertRefused(message, "--add", *args)
        self.assertEqual(self.path.read_text(), before)
        self.assertEqual(list(self.dir.glob("*.pem")), [])

    def test_a_host_without_a_rule_makes_nothing(self):
        self.assertNothingMade("no rule is for a.invalid", "a.invalid")
        self.assertNothingMade("no rule is for a.invalid", "example.net", "a.invalid")
        self.assertNothingMade("no rule is for *.example.net", "*.example.net")

    def test_a_port_is_no_part_of_a_name(self):
        self.assertFails(cli.USAGE, "leave the port out", "key", "backup", "example.net:8443")
        self.assertEqual(list(self.dir.glob("*.pem")), [])

    def test_a_malformed_pin_set_makes_nothing(self):
        self.path.write_text(pin_set()[:-1])
        self.assertNothingMade("pintle.json:1:", "example.net")
        self.path.write_text(pin_set(version="x"))
        self.assertNothingMade("/version", "example.net")

    def test_a_missing_pin_set_makes_nothing(self):
        self.path.unlink()
        self.assertRefused("pintle.json: No such file", "--add", "example.net")
        self.assertEqual(list(self.dir.glob("*.pem")), [])

    def test_a_pin_set_that_cannot_be_written_keeps_the_key_and_tells_the_pin(self):
        big = pin_set(**{"x-fill": "x" * 20000})
        self.path.write_text(big)
        result = self.run_cli("key", "backup", "--add", "example.net", preexec_fn=lambda:
                              resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)))
        self.assertExit(result, cli.INPUT)
        self.assertIn("pintle.json: File too large", result.err)
        self.assertEqual(self.path.read_text(), big)
        self.assertEqual(result.out.split()[1], pin_of(self.key("example.net").public_key()))
        self.assertNotIn("added", result.out)


if __name__ == "__main__":
    tap_unittest.main()
