#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle inspect: what it shows of servers and files, and how it fails."""
import os
import signal
import subprocess
import time

import cli
import netcase
import pki
import servers
import tap_unittest
from netcase import HOST, OTHER_PIN


class Server(netcase.NetCase):
    def test_a_valid_server_is_shown_with_its_path_and_pins(self):
        leaf = self.issue(HOST, "www.example.com")
        out = self.assertAccepted("inspect", HOST, *self.to(self.nginx(leaf))).out
        for text in (f"{HOST}:443 at 127.0.0.1:", "EC P-256", "path valid", f"CN={HOST}",
                     "DNS:api.example.com, DNS:www.example.com", "issuer  CN=Test Issuing CA",
                     "days left", leaf.pin, self.issuing.pin, self.root.pin,
                     "CN=Test Root  (trust anchor)"):
            self.assertIn(text, out)
        self.assertNotIn("note:", out)

    def test_both_chains_of_a_dual_server_are_shown(self):
        ec, rsa = self.issue(), self.issue(kind="rsa")
        document = self.assertAccepted("inspect", HOST, "--json",
                                       *self.to(self.nginx(ec, rsa))).json
        leaves = {(chain["served"][0]["pin"], chain["served"][0]["key_type"])
                  for chain in document["chains"]}
        self.assertEqual(leaves, {(ec.pin, "EC P-256"), (rsa.pin, "RSA")})

    def test_a_server_with_one_key_has_one_chain(self):
        for kind in ("ec", "rsa"):
            with self.subTest(kind):
                server = self.nginx(self.issue(kind=kind))
                document = self.assertAccepted("inspect", HOST, "--json", *self.to(server)).json
                self.assertEqual(len(document["chains"]), 1)

    def test_an_untrusted_chain_is_shown_all_the_same_and_exits_4(self):
        leaf = self.issue()
        server = self.nginx(leaf)
        result = self.run_cli("inspect", HOST, "--connect", server.address)
        self.assertExit(result, cli.TLS)
        self.assertIn("path invalid: unable to get local issuer certificate", result.out)
        self.assertIn(leaf.pin, result.out)
        self.assertIn("'CN=Test Root' is neither served nor trusted", result.out)

    def test_another_host_exits_4(self):
        result = self.run_cli("inspect", "other.example.com", *self.to(self.nginx()))
        self.assertExit(result, cli.TLS)
        self.assertIn("path for another host", result.out)

    def test_a_common_name_alone_is_no_host(self):
        leaf = self.issuing.issue("elsewhere.example.com", subject=HOST)
        result = self.run_cli("inspect", HOST, *self.to(self.nginx(leaf)))
        self.assertExit(result, cli.TLS)

    def test_an_expired_certificate_exits_4_and_says_since_when(self):
        result = self.run_cli("inspect", HOST, *self.to(self.nginx(self.issue(days=-3))))
        self.assertExit(result, cli.TLS)
        self.assertIn("expired 3 days ago", result.out)

    def test_a_missing_intermediate_is_named(self):
        leaf = self.issue()
        leaf.issuers = []
        result = self.run_cli("inspect", HOST, *self.to(self.nginx(leaf)))
        self.assertExit(result, cli.TLS)
        self.assertIn("'CN=Test Issuing CA' is neither served nor trusted", result.out)

    def test_a_shuffled_chain_is_valid_and_noted(self):
        deep = self.issuing.intermediate("Deep CA")
        leaf = deep.issue(HOST)
        leaf.issuers.reverse()
        out = self.assertAccepted("inspect", HOST, *self.to(self.nginx(leaf))).out
        self.assertIn("served out of order: certificate 1 does not issue certificate 0", out)

    def test_surplus_certificates_are_noted(self):
        leaf = self.issue()
        leaf.issuers += [self.root, self.rogue]
        out = self.assertAccepted("inspect", HOST, *self.to(self.nginx(leaf))).out
        self.assertIn("trust anchor, also served", out)
        self.assertIn("certificate 3 as served is not part of the path", out)

    def test_a_weak_key_is_noted(self):
        with servers.Tls(servers.context(self.issue(kind="rsa1024"), weak=True)) as server:
            result = self.run_cli("inspect", HOST, *self.to(server))
            self.assertIn("weak key", result.out)

    def test_an_address_is_a_host(self):
        server = self.nginx(self.issue("127.0.0.1"))
        out = self.assertAccepted("inspect", server.address, "--ca", self.ca).out
        self.assertIn("IP:127.0.0.1", out)

    @netcase.needs_ipv6
    def test_an_ipv6_address_is_a_host(self):
        server = self.nginx(self.issue("::1"), hosts=("[::1]",))
        for target in (server.address, f"https://{server.address}/"):
            out = self.assertAccepted("inspect", target, "--ca", self.ca).out
            self.assertIn(f"{server.address} at {server.address}", out)
        out = self.assertAccepted("inspect", "0:0::1", *self.to(server)).out
        self.assertIn("[::1]:443 at", out)

    def test_a_url_and_a_u_label_are_targets(self):
        server = self.nginx(self.issue("xn--bcher-kva.example"))
        for target in ("https://B\u00dcCHER.example/path?q", "b\u00fccher.example:443"):
            out = self.assertAccepted("inspect", target, *self.to(server)).out
            self.assertIn("xn--bcher-kva.example:443", out)

    def test_another_server_name_may_be_asked_for(self):
        server = self.nginx()
        self.assertAccepted("inspect", HOST, "--servername", "x.example", *self.to(server))

    def test_pem_prints_every_served_certificate_once(self):
        ec, rsa = self.issue(), self.issue(kind="rsa")
        server = self.nginx(ec, rsa)
        out = self.assertAccepted("inspect", HOST, "--pem", *self.to(server)).out
        self.assertEqual(out.count("BEGIN CERTIFICATE"), 3)
        for certificate in (ec, rsa, self.issuing):
            self.assertIn(certificate.pem, out)
            self.assertIn(f"# {certificate.pin}\n", out)
        pins = self.assertAccepted("pin", "-b", stdin=out).lines
        self.assertEqual(set(pins), {ec.pin, rsa.pin, self.issuing.pin})

    def test_a_64_kib_certificate_is_looked_at(self):
        leaf = servers.big_certificate(self.issuing, HOST)
        out = self.assertAccepted("inspect", HOST, *self.to(self.nginx(leaf))).out
        self.assertIn(leaf.pin, out)

    def test_10000_names_are_counted_and_not_all_shown(self):
        leaf = self.issue(HOST, *(f"host-{i}.example.com" for i in range(9999)))
        leaf.write(self.dir / "many.pem")
        out = self.assertAccepted("inspect", "many.pem").out
        self.assertIn("and 9996 more", out)
        self.assertLess(len(out), 2000)

    def test_colour_is_only_on_demand(self):
        server = self.nginx()
        self.assertNotIn("\033[", self.assertAccepted("inspect", HOST, *self.to(server)).out)
        out = self.assertAccepted("inspect", HOST, "--color=always", *self.to(server)).out
        self.assertIn("\033[1;32mvalid\033[0m", out)


class Pins(netcase.NetCase):
    def test_a_matching_pin_is_named(self):
        leaf = self.issue()
        server = self.nginx(leaf)
        self.pinset(self.rule(self.pin(leaf, label="2026 key"), OTHER_PIN))
        out = self.assertAccepted("inspect", HOST, "-p", "pintle.json", *self.to(server)).out
        self.assertIn(f"accepted {HOST}:443: match", out)
        self.assertIn('matched pin 0 of rule "api": live: 2026 key', out)

    def test_a_mismatch_exits_1_and_tells_what_is_pinned(self):
        leaf = self.issue()
        result = self.run_cli("inspect", HOST, "--pin", OTHER_PIN, *self.to(self.nginx(leaf)))
        self.assertExit(result, cli.REFUSED)
        for text in (f"refused {HOST}:443: mismatch", f"{leaf.pin}  not pinned",
                     f"{OTHER_PIN}  live"):
            self.assertIn(text, result.out)

    def test_one_of_two_chains_without_a_pin_exits_1(self):
        ec, rsa = self.issue(), self.issue(kind="rsa")
        result = self.run_cli("inspect", HOST, "--pin", ec.pin, *self.to(self.nginx(ec, rsa)))
        self.assertExit(result, cli.REFUSED)

    def test_a_pin_does_not_save_an_invalid_path(self):
        leaf = self.issue()
        server = self.nginx(leaf)
        result = self.run_cli("inspect", HOST, "--pin", leaf.pin, "--connect", server.address)
        self.assertExit(result, cli.TLS)

    def test_trust_key_needs_no_path_but_the_pin(self):
        leaf = pki.self_signed("device.example")
        server = self.nginx(leaf)
        args = ("inspect", HOST, "--trust-key", "--connect", server.address)
        self.assertExit(self.run_cli(*args, "--pin", leaf.pin), cli.OK)
        # Without its pin a path is needed (pintle/engine.h), and there is none.
        self.assertExit(self.run_cli(*args, "--pin", OTHER_PIN), cli.TLS)

    def test_the_verdict_is_in_the_json(self):
        leaf = self.issue()
        server = self.nginx(leaf)
        document = self.assertAccepted("inspect", HOST, "--json", "--pin", leaf.pin,
                                       *self.to(server)).json
        verdict = document["chains"][0]["verdict"]
        self.assertEqual((verdict["decision"], verdict["reason"], verdict["certificate"]),
                         ("accept", "match", 0))


class Files(netcase.NetCase):
    def test_all_objects_of_a_file_are_shown(self):
        leaf = self.issue()
        self.write("all.pem", leaf.chain_pem + leaf.key.pem + pki.request(pki.Key(), HOST))
        out = self.assertAccepted("inspect", "all.pem").out
        for text in (f"CN={HOST}", "CN=Test Issuing CA", "private key", "request", leaf.pin):
            self.assertIn(text, out)
        self.assertNotIn("PRIVATE", out)

    def test_standard_input_and_der(self):
        leaf = self.issue()
        self.assertIn(leaf.pin, self.assertAccepted("inspect", "-", stdin=leaf.der).out)

    def test_json_of_a_file(self):
        leaf = self.issue()
        leaf.write(self.dir / "leaf.pem")
        document = self.assertAccepted("inspect", "--json", "--pem", "leaf.pem").json
        self.assertEqual(document["file"], "leaf.pem")
        self.assertEqual(document["objects"][0]["pin"], leaf.pin)
        self.assertEqual(document["objects"][0]["pem"], leaf.pem)

    def test_a_slash_makes_a_file_and_a_colon_a_server(self):
        self.issue().write(self.dir / HOST)
        self.assertAccepted("inspect", HOST)
        self.assertAccepted("inspect", f"./{HOST}")
        self.assertFails(cli.UNREACHABLE, "Connection refused", "inspect", f"{HOST}:443",
                         "--connect", f"127.0.0.1:{servers.free_port()}")

    def test_bad_files_exit_5(self):
        for name, content in {"empty.pem": b"", "text.pem": b"hello\n", "cut.der": b"\x30\x82\x01",
                              "bad.pem": b"-----BEGIN CERTIFICATE-----\nAAAA\n"
                                         b"-----END CERTIFICATE-----\n"}.items():
            with self.subTest(name):
                self.write(name, content)
                self.assertFails(cli.INPUT, name, "inspect", f"./{name}")
        self.assertFails(cli.INPUT, "No such file", "inspect", "./missing.pem")
        self.assertFails(cli.INPUT, "directory", "inspect", "./")


class Unreachable(netcase.NetCase):
    def test_nobody_listening_exits_3_and_says_where(self):
        port = servers.free_port()
        self.assertFails(cli.UNREACHABLE, f"127.0.0.1:{port}: Connection refused", "inspect", HOST,
                         "--connect", f"127.0.0.1:{port}")

    def test_a_name_that_cannot_be_resolved_exits_3(self):
        label = "a" * 63
        name = f"{label}.invalid"
        self.assertFails(cli.UNREACHABLE, name, "inspect", name, "--timeout", "5")

    def test_a_name_that_may_be_a_files_is_told_to_be_none(self):
        hint = "(nor is there a file of that name)"
        self.assertFails(cli.UNREACHABLE, hint, "inspect", "nosuch.invalid", "--timeout", "5")
        result = self.run_cli("inspect", "nosuch.invalid:443", "--timeout", "5")
        self.assertExit(result, cli.UNREACHABLE)
        self.assertNotIn(hint, result.err)

    def test_a_silent_server_exits_3_after_the_timeout(self):
        server = self.script(servers.silent)
        self.assertFails(cli.UNREACHABLE, "timed out", "inspect", HOST, "--timeout", "1",
                         "--connect", server.address)

    def test_a_dripping_server_does_not_stretch_the_timeout(self):
        server = self.script(servers.dripping)
        begun = time.monotonic()
        self.assertFails(cli.UNREACHABLE, "timed out", "inspect", HOST, "--timeout", "1",
                         "--connect", server.address)
        self.assertLess(time.monotonic() - begun, 20)

    def test_a_server_that_hangs_up_exits_4(self):
        server = self.script(servers.closing)
        self.assertFails(cli.TLS, "closed", "inspect", HOST, "--connect", server.address)

    def test_plain_text_on_the_tls_port_exits_4(self):
        server = self.script(servers.plain_http)
        self.assertFails(cli.TLS, "does not speak TLS", "inspect", HOST, "--connect",
                         server.address)

    def test_an_interrupt_ends_it_by_that_signal(self):
        server = self.script(servers.silent)
        process = subprocess.Popen([cli.BIN, "inspect", HOST, "--connect", server.address],
                                   env=cli.environment(self.dir), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        while server.connections == 0:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, -signal.SIGINT)


class Starttls(netcase.NetCase):
    def context(self):
        return servers.context(self.issue())

    def test_every_prelude_leads_to_the_certificate(self):
        for protocol in servers.PRELUDES:
            with self.subTest(protocol), servers.Starttls(protocol, self.context()) as server:
                out = self.assertAccepted("inspect", HOST, "--starttls", protocol,
                                          *self.to(server)).out
                self.assertIn("path valid", out)

    def test_a_refusal_exits_4(self):
        for protocol in servers.PRELUDES:
            with self.subTest(protocol), \
                    servers.Starttls(protocol, self.context(), "refused") as server:
                self.assertFails(cli.TLS, "", "inspect", HOST, "--starttls", protocol,
                                 *self.to(server))

    def test_a_stripped_offer_exits_4(self):
        with servers.Starttls("smtp", self.context(), "stripped") as server:
            self.assertFails(cli.TLS, "does not offer it", "inspect", HOST, "--starttls", "smtp",
                             *self.to(server))

    def test_injected_plain_text_exits_4(self):
        for protocol in servers.PRELUDES:
            with self.subTest(protocol), \
                    servers.Starttls(protocol, self.context(), "injected") as server:
                self.assertFails(cli.TLS, "bytes it was not asked for", "inspect", HOST,
                                 "--starttls", protocol, *self.to(server))

    def test_a_silent_server_exits_3(self):
        server = self.script(servers.silent)
        self.assertFails(cli.UNREACHABLE, "timed out", "inspect", HOST, "--starttls", "smtp",
                         "--timeout", "1", "--connect", server.address)

    def test_the_port_follows_the_protocol(self):
        with servers.Starttls("smtp", self.context()) as server:
            out = self.assertAccepted("inspect", HOST, "--starttls", "smtp", *self.to(server)).out
            self.assertIn(f"{HOST}:25 at", out)


class ClientCertificate(netcase.NetCase):
    def test_it_is_shown_to_a_server_that_asks(self):
        own = self.issuing.issue("client.example.com")
        own.write(self.dir / "own.pem", chain=True)
        own.write_key(self.dir / "own.key")
        ctx = servers.context(self.issue(), client_ca=self.root)
        with servers.Tls(ctx) as server:
            self.assertExit(self.run_cli("connect", HOST, "--pin", self.issuing.pin, *self.to(server),
                                         "--cert", "own.pem", "--key", "own.key", stdin="hello"),
                            cli.OK)
            self.assertEqual(server.received, b"hello")

    def test_files_that_cannot_be_used_exit_5(self):
        self.issue().write(self.dir / "own.pem")
        server = self.nginx()
        self.assertFails(cli.INPUT, "missing.key", "inspect", HOST, *self.to(server), "--cert",
                         "own.pem", "--key", "missing.key")
        self.assertFails(cli.INPUT, "own.pem", "inspect", HOST, *self.to(server), "--cert",
                         "own.pem", "--key", "own.pem")


class Usage(netcase.NetCase):
    def test_malformed_targets_exit_2(self):
        for target, message in {
                "": "", "host:0": "port 0", "host:65536": "above 65535", "host:": "nothing behind",
                "host:https": "not a number", "[::1": "without ']'", "[::1]x": "behind ']'",
                "[fe80::1%lo]": "zone", "[1.2.3.4]": "brackets", "ex ample.com": "",
                "a..b": "", "127.1": "", "http://x.example": "only https",
                "ftp://x.example": "only https", "https://user@x.example": "user name",
                "xn--\u00fc.example": "", "\u00fc\ud7ff\u0000".strip("\0") + "..x": ""}.items():
            with self.subTest(target):
                self.assertUsage(message, "inspect", target)

    def test_options_that_do_not_fit_exit_2(self):
        for args, message in [
                (("--connect", "nowhere:0"), "not ADDR:PORT"), (("--connect", ":1"), "ADDR:PORT"),
                (("--connect", "h:65536"), "not ADDR:PORT"), (("--connect", "[::1"), "ADDR:PORT"),
                (("--servername", "a..b"), "--servername"), (("--servername", "1.2.3.4"), "address"),
                (("--cert", "x.pem"), "go together"), (("--key", "x.pem"), "go together"),
                (("--timeout", "0"), "--timeout"), (("--timeout", "3601"), "--timeout"),
                (("--starttls", "gopher"), "--starttls"), (("--pin", "sha256/x"), "--pin"),
                (("--trust-key",), "needs --pin"),
                (("--pin", OTHER_PIN, "-p", "x.json"), "exclude each other")]:
            with self.subTest(args):
                self.assertUsage(message, "inspect", HOST, *args)

    def test_a_pin_on_the_command_line_stands_in_for_the_environments_file(self):
        leaf = self.issue()
        self.assertAccepted("inspect", HOST, "--pin", leaf.pin, *self.to(self.nginx(leaf)),
                            env={"PINTLE_PINSET": "missing.json"})

    def test_a_trust_file_that_cannot_be_used_exits_5(self):
        server = self.nginx()
        self.write("empty.pem", "")
        for name in ("missing.pem", "empty.pem"):
            self.assertFails(cli.INPUT, name, "inspect", HOST, "--connect", server.address, "--ca",
                             name)

    def test_output_that_cannot_be_written_exits_5(self):
        server = self.nginx()
        with open("/dev/full", "wb") as full:
            result = self.run_cli("inspect", HOST, *self.to(server), stdout=full)
            self.assertExit(result, cli.INPUT)
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "wb") as closed:
            result = self.run_cli("inspect", HOST, *self.to(server), stdout=closed)
            self.assertExit(result, cli.INPUT)


if __name__ == "__main__":
    tap_unittest.main()
