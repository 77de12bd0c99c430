#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle init: the pin-set it makes, and that it makes all of it or nothing."""
import json
import os
import signal
import stat
import subprocess
import time

import cli
import netcase
import pki
import servers
import tap_unittest
from netcase import HOST, OTHER_PIN


class InitCase(netcase.NetCase):
    def setUp(self):
        super().setUp()
        self.before = netcase.left(self.dir)

    def init(self, *args, **options):
        result = self.run_cli("init", *args, **options)
        self.assertExit(result, cli.OK)
        return result

    def made(self):
        """What init left in the folder."""
        return [name for name in netcase.left(self.dir) if name not in self.before]

    def document(self, name="pintle.json"):
        return json.loads((self.dir / name).read_text())

    def assertNothingMade(self, code, message, *args, **options):
        self.assertFails(code, message, "init", *args, **options)
        self.assertEqual(self.made(), [])


class Made(InitCase):
    def test_the_pin_set_holds_the_live_key_and_a_new_backup_key(self):
        leaf = self.issue()
        server = self.nginx(leaf)
        result = self.init(HOST, *self.to(server))
        self.assertEqual(self.made(), [f"{HOST}.backup-csr.pem", f"{HOST}.backup-key.pem",
                                       "pintle.json"])
        backup = self.run_cli("pin", "-b", f"{HOST}.backup-key.pem").lines
        self.assertEqual(self.run_cli("pin", "-b", f"{HOST}.backup-csr.pem").lines, backup)
        rule = self.document()["rules"][0]
        self.assertEqual((rule["id"], rule["match"], rule["ports"], rule["mode"], rule["trust"],
                          rule["after"]), (HOST, [HOST], [443], "enforce", "pkix", "report"))
        self.assertEqual([(pin["spki"], pin["at"], pin.get("backup", False))
                          for pin in rule["pins"]],
                         [(leaf.pin, "any", False), (backup[0], "any", True)])
        self.assertIn("pintle check -p pintle.json", result.out)

    def test_a_check_of_it_is_clean(self):
        server = self.nginx(self.issue(), self.issue(kind="rsa"))
        self.init(HOST, *self.to(server))
        out = self.assertAccepted("check", *self.to(server)).out
        self.assertIn("clean: 0 errors, 0 warnings", out)

    def test_the_key_is_for_its_owner_only(self):
        self.init(HOST, *self.to(self.nginx()))
        mode = (self.dir / f"{HOST}.backup-key.pem").stat().st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)

    def test_both_keys_of_a_dual_server_are_live(self):
        ec, rsa = self.issue(), self.issue(kind="rsa")
        self.init(HOST, "--no-backup", *self.to(self.nginx(ec, rsa)))
        pins = {pin["spki"] for pin in self.document()["rules"][0]["pins"]}
        self.assertEqual(pins, {ec.pin, rsa.pin})

    @netcase.needs_namespaces
    def test_all_addresses_of_a_name_are_looked_at(self):
        first, second = self.issue(), self.issue()
        one = self.nginx(first, hosts=("127.0.0.2",))
        self.nginx(second, hosts=("127.0.0.3",), port=one.port)
        result = self.run_named({HOST: ["127.0.0.2", "127.0.0.3"]}, "init", f"{HOST}:{one.port}",
                                "--ca", self.ca, "--no-backup")
        self.assertExit(result, cli.OK)
        rule = self.document()["rules"][0]
        self.assertEqual({pin["spki"] for pin in rule["pins"]}, {first.pin, second.pin})
        self.assertEqual(rule["ports"], [one.port])

    def test_several_hosts_become_several_rules(self):
        one = self.nginx(self.issue("127.0.0.1"))
        two = self.nginx(self.issue("127.0.0.1"))
        self.init(one.address, two.address, "--ca", self.ca)
        rules = self.document()["rules"]
        self.assertEqual([rule["id"] for rule in rules],
                         [f"127.0.0.1-{one.port}", f"127.0.0.1-{two.port}"])
        self.assertEqual(len(self.made()), 5)
        self.assertAccepted("check", "--ca", self.ca)

    def test_options_shape_the_document(self):
        self.init(HOST, "--app", "org.example.app", "--days", "10", "--expires-days", "5", "--mode",
                  "report", "--at", "leaf", "--pin-ca", "--no-backup", "--out", "other.json",
                  *self.to(self.nginx()))
        document = self.document("other.json")
        rule = document["rules"][0]
        self.assertEqual((document["app"], rule["mode"]), ("org.example.app", "report"))
        self.assertEqual([(pin["spki"] == self.issuing.pin, pin["at"]) for pin in rule["pins"]],
                         [(False, "leaf"), (True, "ca")])
        self.assertEqual(document["expires"][:10], self.time(5)[:10])
        self.assertEqual(rule["enforce_until"][:10], self.time(10)[:10])

    def test_the_app_is_the_host_backwards_unless_given(self):
        self.init(HOST, "--no-backup", *self.to(self.nginx()))
        self.assertEqual(self.document()["app"], "com.example.api")

    def test_json_tells_what_was_made(self):
        leaf = self.issue()
        document = self.init(HOST, "--json", *self.to(self.nginx(leaf))).json
        rule = document["rules"][0]
        self.assertEqual((document["file"], rule["host"], rule["pins"][0]["spki"],
                          rule["key_file"]),
                         ("pintle.json", HOST, leaf.pin, f"{HOST}.backup-key.pem"))
        self.assertNotIn("PRIVATE", json.dumps(document))

    def test_quiet_gives_no_advice(self):
        server = self.nginx()
        self.assertIn("next:", self.init(HOST, *self.to(server)).out)
        quiet = self.init(HOST, "-q", "-o", "sub.json", "--no-backup", *self.to(server)).out
        self.assertIn("wrote sub.json", quiet)
        self.assertNotIn("next:", quiet)

    def test_files_go_beside_the_pin_set(self):
        (self.dir / "pins").mkdir()
        self.init(HOST, "-o", "pins/app.json", *self.to(self.nginx()))
        self.assertEqual(netcase.left(self.dir / "pins"),
                         [f"{HOST}.backup-csr.pem", f"{HOST}.backup-key.pem", "app.json"])

    def test_force_replaces_with_a_higher_version(self):
        server = self.nginx()
        self.init(HOST, "--no-backup", *self.to(server))
        self.pinset(self.rule(OTHER_PIN), version=41)
        self.init(HOST, "--no-backup", "--force", *self.to(server))
        self.assertEqual(self.document()["version"], 42)

    def test_without_a_backup_it_tells_what_that_means(self):
        result = self.init(HOST, "--no-backup", *self.to(self.nginx()))
        self.assertIn("locked out", result.err)
        self.assertExit(self.run_cli("check", "--offline"), cli.REFUSED)

    def test_trust_key_pins_a_server_without_a_path(self):
        leaf = pki.self_signed("device")
        server = self.nginx(leaf)
        self.init(HOST, "--trust-key", "--connect", server.address)
        rule = self.document()["rules"][0]
        self.assertEqual((rule["trust"], rule["pins"][0]["spki"]), ("key", leaf.pin))
        self.assertExit(self.run_cli("check", "--connect", server.address), cli.OK)

    def test_another_type_of_backup_key(self):
        self.init(HOST, "--key-type", "ed25519", *self.to(self.nginx()))
        key = (self.dir / f"{HOST}.backup-key.pem").read_bytes()
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
        self.assertIsInstance(serialization.load_pem_private_key(key, None),
                              ed25519.Ed25519PrivateKey)


class Backup(InitCase):
    def test_it_may_be_a_pin_a_request_a_certificate_or_a_key(self):
        server = self.nginx()
        key = pki.Key()
        self.write("k.csr", pki.request(key, HOST))
        self.write("k.key", key.pem)
        self.issue(key=key).write(self.dir / "k.crt")
        for given in (key.pin, "k.csr", "k.key", "k.crt"):
            with self.subTest(given):
                self.init(HOST, "--backup", given, "--force", *self.to(server))
                pins = self.document()["rules"][0]["pins"]
                self.assertEqual([pin["spki"] for pin in pins if pin.get("backup")], [key.pin])
        self.assertNotIn(f"{HOST}.backup-key.pem", self.made())

    def test_the_live_key_is_no_backup(self):
        leaf = self.issue()
        self.assertNothingMade(cli.INPUT, "no reserve", HOST, "--backup", leaf.pin,
                               *self.to(self.nginx(leaf)))

    def test_what_is_no_backup_exits_5(self):
        server = self.nginx()
        self.write("two.pem", self.issue().pem + self.issue().pem)
        self.write("none.pem", "hello")
        self.before = netcase.left(self.dir)
        for given, message in [("sha256/AAAA", "neither a pin nor a file"),
                               ("two.pem", "holds 2"), ("none.pem", "none.pem")]:
            with self.subTest(given):
                self.assertNothingMade(cli.INPUT, message, HOST, "--backup", given,
                                       *self.to(server))


class Refused(InitCase):
    def test_a_server_with_an_invalid_path_is_not_pinned(self):
        cases = {"self-signed": pki.self_signed(HOST), "expired": self.issue(days=-3),
                 "another CA": self.rogue.issue(HOST), "another host": self.issue("x.example.com")}
        for name, leaf in cases.items():
            with self.subTest(name):
                self.assertNothingMade(cli.TLS, "not pinned", HOST, *self.to(self.nginx(leaf)))

    def test_one_bad_server_of_two_makes_nothing(self):
        good = self.nginx(self.issue("127.0.0.1"))
        self.assertNothingMade(cli.UNREACHABLE, "Connection refused", good.address,
                               f"127.0.0.1:{servers.free_port()}", "--ca", self.ca)

    def test_an_unreachable_server_makes_nothing(self):
        silent = self.script(servers.silent)
        self.assertNothingMade(cli.UNREACHABLE, "timed out", HOST, "--timeout", "1", "--connect",
                               silent.address)
        closing = self.script(servers.closing)
        self.assertNothingMade(cli.TLS, "closed", HOST, "--connect", closing.address)

    def test_an_existing_pin_set_is_not_replaced(self):
        path = self.pinset(self.rule(OTHER_PIN))
        before = path.read_text()
        self.assertFails(cli.INPUT, "--force", "init", HOST, *self.to(self.nginx()))
        self.assertEqual(path.read_text(), before)

    def test_an_existing_key_is_never_replaced(self):
        self.write(f"{HOST}.backup-key.pem", "precious")
        self.before = netcase.left(self.dir)
        for more in ((), ("--force",)):
            self.assertNothingMade(cli.INPUT, "File exists", HOST, *more, *self.to(self.nginx()))
        self.assertEqual((self.dir / f"{HOST}.backup-key.pem").read_text(), "precious")

    def test_a_folder_that_cannot_be_written_makes_nothing(self):
        server = self.nginx()
        self.assertNothingMade(cli.INPUT, "No such file or directory", HOST, "-o",
                               "missing/pintle.json", *self.to(server))
        (self.dir / "file").write_text("")
        self.before = netcase.left(self.dir)
        self.assertNothingMade(cli.INPUT, "Not a directory", HOST, "-o", "file/pintle.json",
                               *self.to(server))

    def test_a_full_disk_makes_nothing_and_keeps_the_old(self):
        server = self.nginx()
        path = self.pinset(self.rule(OTHER_PIN))
        before = path.read_text()
        self.before = netcase.left(self.dir)
        for size in (0, 100, 300):
            self.assertNothingMade(cli.INPUT, "File too large", HOST, "--force", *self.to(server),
                                   preexec_fn=netcase.limit_file_size(size))
            self.assertEqual(path.read_text(), before)

    def test_an_interrupt_makes_nothing(self):
        server = self.script(servers.silent)
        process = subprocess.Popen([cli.BIN, "init", HOST, "--connect", server.address],
                                   env=cli.environment(self.dir), cwd=self.dir,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while server.connections == 0:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, -signal.SIGTERM)
        self.assertEqual(self.made(), [])

    def test_an_app_name_the_document_cannot_hold_exits_5(self):
        self.assertNothingMade(cli.INPUT, "/app", HOST, "--app", "x" * 5000,
                               *self.to(self.nginx()))


class Usage(InitCase):
    def test_what_does_not_fit_exits_2(self):
        for args, message in [
                (("--backup", OTHER_PIN, "--no-backup"), "exclude"),
                (("--trust-key", "--pin-ca"), "exclude"), (("--days", "0"), "--days"),
                (("--days", "401"), "--days"), (("--expires-days", "0"), "--expires-days"),
                (("--mode", "off"), "--mode"), (("--at", "ca"), "--at"), (("--out", "-"), "--out"),
                (("--key-type", "rsa-1024"), "--key-type"), ((HOST,), "given twice"),
                (("b.example", "--connect", "127.0.0.1:1"), "--connect"),
                (("host:0",), "port 0"), (("ftp://x",), "only https")]:
            with self.subTest(args):
                self.assertUsage(message, "init", HOST, *args)
                self.assertEqual(self.made(), [])

    def test_a_host_is_needed(self):
        self.assertUsage("HOST", "init")

    def test_a_host_is_never_a_file(self):
        self.issue().write(self.dir / "leaf.pem")
        self.assertUsage("", "init", "./leaf.pem")


def main():
    os.umask(0o022)
    tap_unittest.main()


if __name__ == "__main__":
    main()
