#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle connect: bytes both ways through the pins, and not one of them after a refusal."""
import contextlib
import os
import signal
import subprocess
import threading

import cli
import netcase
import pki
import servers
import tap_unittest
from netcase import HOST, OTHER_PIN


class ConnectCase(netcase.NetCase):
    def tls(self, leaf=None, **options):
        return self.enter(servers.Tls(servers.context(leaf or self.issue()), **options))

    def connect(self, server, *args, stdin=b"", **options):
        return self.run_cli("connect", HOST, *self.to(server), *args, stdin=stdin, **options)

    def start(self, server, *args, **popen):
        popen.setdefault("stdin", subprocess.PIPE)
        popen.setdefault("stdout", subprocess.PIPE)
        popen.setdefault("stderr", subprocess.PIPE)
        process = subprocess.Popen(
            [cli.BIN, "connect", HOST, *map(str, self.to(server)), *args], cwd=self.dir,
            env=cli.environment(self.dir), **popen)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(OSError, AttributeError):
                stream.close()


class Accepted(ConnectCase):
    def test_input_goes_to_the_server_and_its_answer_to_output(self):
        leaf = self.issue()
        server = self.tls(leaf, greeting=b"hello\n")
        result = self.connect(server, "--pin", leaf.pin, stdin=b"ping\n")
        self.assertExit(result, cli.OK)
        self.assertEqual((result.out, result.err), ("hello\nping\n", ""))
        self.assertEqual(server.received, b"ping\n")

    def test_the_pin_set_decides_without_pin(self):
        leaf = self.issue()
        self.pinset(self.rule(leaf))
        self.assertExit(self.connect(self.tls(leaf), stdin=b"x"), cli.OK)

    def test_binary_data_and_no_data_arrive_whole(self):
        leaf = self.issue()
        server = self.tls(leaf)
        blob = bytes(range(256)) * 4096
        for data in (blob, b"", b"\0"):
            result = self.connect(server, "--pin", leaf.pin, stdin=data)
            self.assertExit(result, cli.OK)
            self.assertEqual(result.out_bytes, data)

    def test_the_end_of_input_is_told_to_the_server(self):
        leaf = self.issue()
        ended = threading.Event()

        def script(server, peer):
            with servers.context(leaf).wrap_socket(peer, server_side=True) as tls:
                while data := tls.recv(100):
                    server.keep(data)
                ended.set()
                tls.sendall(b"all of it")
                tls.unwrap()
        server = self.script(script)
        result = self.connect(server, "--pin", leaf.pin, stdin=b"abc")
        self.assertExit(result, cli.OK)
        self.assertEqual((result.out, server.received, ended.is_set()), ("all of it", b"abc", True))

    def test_a_server_that_floods_and_does_not_read_holds_nothing_up(self):
        leaf = self.issue()
        server = self.script(servers.flooding(servers.context(leaf)))
        up = b"u" * (8 * 1024 * 1024)
        result = self.connect(server, "--pin", leaf.pin, stdin=up)
        self.assertExit(result, cli.OK)
        self.assertEqual(len(result.out_bytes), 256 * 65536)
        self.assertEqual(len(server.received), len(up))

    def test_a_reader_that_writes_first_holds_nothing_up(self):
        leaf = self.issue()
        process = self.start(self.tls(leaf), "--pin", leaf.pin)
        blob = b"z" * (4 * 1024 * 1024)
        process.stdin.write(blob)  # the echo fills every buffer on the way back meanwhile
        out = process.communicate(timeout=60)[0]
        self.assertEqual((process.returncode, len(out)), (0, len(blob)))

    def test_a_conversation_goes_back_and_forth(self):
        leaf = self.issue()
        process = self.start(self.tls(leaf), "--pin", leaf.pin, bufsize=0)
        for turn in range(20):
            line = f"turn {turn}\n".encode()
            process.stdin.write(line)
            self.assertEqual(process.stdout.read(len(line)), line)
        process.stdin.close()
        self.assertEqual(process.wait(30), 0)

    def test_json_tells_the_verdict_and_transfers_nothing(self):
        leaf = self.issue()
        server = self.tls(leaf)
        document = self.connect(server, "--pin", leaf.pin, "--json", stdin=b"secret").json
        self.assertEqual(document["verdict"]["reason"], "match")
        self.assertEqual(server.received, b"")
        result = self.connect(server, "--pin", OTHER_PIN, "--json")
        self.assertExit(result, cli.REFUSED)
        self.assertEqual(result.json["verdict"]["reason"], "mismatch")

    def test_verbose_shows_connection_and_verdict(self):
        leaf = self.issue()
        result = self.connect(self.tls(leaf), "--pin", leaf.pin, "-v")
        for text in ("TLSv1.3", f"CN={HOST}", "accepted", f"{leaf.pin}  pinned"):
            self.assertIn(text, result.err)

    def test_starttls_is_spoken_first(self):
        leaf = self.issue()
        for protocol in servers.PRELUDES:
            with self.subTest(protocol), \
                    servers.Starttls(protocol, servers.context(leaf)) as server:
                result = self.connect(server, "--pin", leaf.pin, "--starttls", protocol, stdin=b"x")
                self.assertExit(result, cli.OK)
                self.assertEqual(result.out, "x")

    def test_report_mode_lets_a_mismatch_pass_loudly(self):
        self.pinset(self.rule(OTHER_PIN, mode="report"))
        result = self.connect(self.tls(), stdin=b"x")
        self.assertExit(result, cli.OK)
        self.assertIn("mismatch", result.err)

    def test_an_unlisted_host_needs_leave(self):
        self.pinset(self.rule(OTHER_PIN, match=["other.example"]))
        server = self.tls()
        self.assertExit(self.connect(server, stdin=b"x"), cli.REFUSED)
        self.assertEqual(server.received, b"")
        self.assertExit(self.connect(server, "--allow-unlisted", stdin=b"x"), cli.OK)


class Refused(ConnectCase):
    def assertNotASingleByte(self, code, leaf, *args, text=""):
        server = self.tls(leaf, greeting=b"greeting")
        result = self.connect(server, *args, stdin=b"secret")
        self.assertExit(result, code)
        self.assertEqual((result.out, server.received), ("", b""))
        self.assertIn(text, result.err)

    def test_another_key_exits_1_and_tells_all_pins(self):
        leaf = self.issue()
        self.assertNotASingleByte(cli.REFUSED, leaf, "--pin", OTHER_PIN, text=OTHER_PIN)
        self.assertNotASingleByte(cli.REFUSED, leaf, "--pin", OTHER_PIN, text=leaf.pin)

    def test_a_pinned_certificate_appended_to_the_chain_does_not_count(self):
        pinned = self.issue()
        leaf = self.issue()
        leaf.issuers.append(pinned)
        self.assertNotASingleByte(cli.REFUSED, leaf, "--pin", pinned.pin, text="mismatch")

    def test_an_untrusted_ca_exits_4_even_with_the_pinned_key(self):
        leaf = self.rogue.issue(HOST)
        self.assertNotASingleByte(cli.TLS, leaf, "--pin", leaf.pin, text="path-invalid")

    def test_another_host_exits_4_even_with_the_pinned_key(self):
        leaf = self.issue("other.example.com")
        self.assertNotASingleByte(cli.TLS, leaf, "--pin", leaf.pin, text="name-mismatch")

    def test_report_mode_softens_no_path_error(self):
        leaf = self.rogue.issue(HOST)
        self.pinset(self.rule(leaf, mode="report"))
        self.assertNotASingleByte(cli.TLS, leaf)

    def test_a_denied_key_exits_1(self):
        leaf = self.issue()
        self.pinset(self.rule(leaf, deny=[leaf.pin]))
        self.assertNotASingleByte(cli.REFUSED, leaf, text="denied")

    def test_the_client_certificate_is_not_shown_to_a_refused_server(self):
        own = self.issuing.issue("client.example.com")
        own.write(self.dir / "own.pem", chain=True)
        own.write_key(self.dir / "own.key")
        seen = []

        def script(_, peer):
            ctx = servers.context(self.issue(), client_ca=self.root)
            try:
                with ctx.wrap_socket(peer, server_side=True) as tls:
                    seen.append(tls.getpeercert())
            except OSError:
                pass
        server = self.script(script)
        result = self.connect(server, "--pin", OTHER_PIN, "--cert", "own.pem", "--key", "own.key")
        self.assertExit(result, cli.REFUSED)
        self.assertEqual(seen, [])

    def test_plain_text_behind_the_go_ahead_is_refused(self):
        leaf = self.issue()
        with servers.Starttls("smtp", servers.context(leaf), "injected") as server:
            result = self.connect(server, "--pin", leaf.pin, "--starttls", "smtp", stdin=b"secret")
            self.assertExit(result, cli.TLS)
            self.assertEqual(server.received, b"")


class Broken(ConnectCase):
    def test_a_connection_cut_off_exits_4_after_what_came(self):
        leaf = self.issue()
        server = self.script(servers.cutting(servers.context(leaf), b"half an ans"))
        result = self.connect(server, "--pin", leaf.pin, stdin=b"x")
        self.assertExit(result, cli.TLS)
        self.assertEqual(result.out, "half an ans")
        self.assertIn("cut off", result.err)

    def test_hostile_servers(self):
        for script, code in [(servers.silent, cli.UNREACHABLE), (servers.closing, cli.TLS),
                             (servers.dripping, cli.UNREACHABLE), (servers.plain_http, cli.TLS)]:
            with self.subTest(script.__name__):
                server = self.script(script)
                result = self.connect(server, "--pin", OTHER_PIN, "--timeout", "1", stdin=b"secret")
                self.assertExit(result, code)
                self.assertNotIn(b"secret", server.received)

    def test_a_server_that_never_ends_times_out_after_the_input(self):
        leaf = self.issue()

        def script(server, peer):
            with servers.context(leaf).wrap_socket(peer, server_side=True) as tls:
                server.keep(tls.recv(100))
                server.over.wait(60)
        server = self.script(script)
        result = self.connect(server, "--pin", leaf.pin, "--timeout", "1", stdin=b"x")
        self.assertExit(result, cli.UNREACHABLE)
        self.assertIn("timed out", result.err)

    def test_a_closed_output_ends_it(self):
        leaf = self.issue()
        server = self.script(servers.flooding(servers.context(leaf)))
        process = self.start(server, "--pin", leaf.pin)
        process.stdout.close()
        self.assertEqual(process.wait(30), cli.INPUT)
        self.assertEqual(process.stderr.read(), b"")

    def test_a_full_output_is_told(self):
        leaf = self.issue()
        server = self.tls(leaf, greeting=b"hello")
        with open("/dev/full", "wb") as full:
            result = self.connect(server, "--pin", leaf.pin, stdout=full)
        self.assertExit(result, cli.INPUT)
        self.assertIn("No space left", result.err)

    def test_an_interrupt_ends_it_by_that_signal(self):
        leaf = self.issue()
        server = self.tls(leaf, greeting=b"hello")
        process = self.start(server, "--pin", leaf.pin)
        self.assertEqual(process.stdout.read(5), b"hello")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), -signal.SIGINT)

    def test_a_closed_input_is_an_empty_one(self):
        leaf = self.issue()
        server = self.tls(leaf, greeting=b"hello")
        read, write = os.pipe()
        os.close(write)
        with os.fdopen(read, "rb") as closed:
            result = self.connect(server, "--pin", leaf.pin, stdin=closed)
        self.assertExit(result, cli.OK)
        self.assertEqual(result.out, "hello")


class Input(ConnectCase):
    def test_wrong_usage_exits_2(self):
        for args, message in [((), "HOST"), (("host:0",), "port 0"), (("https://u@h",), "user"),
                              (("h", "--pin", "x"), "--pin"),
                              (("h", "--pin", OTHER_PIN, "-p", "x"), "exclude"),
                              (("h", "--trust-key"), "--pin")]:
            with self.subTest(args):
                self.assertUsage(message, "connect", *args)

    def test_a_pin_set_that_cannot_be_used_exits_5_before_connecting(self):
        server = self.tls()
        self.write("bad.json", "{")
        for path in ("missing.json", "bad.json"):
            result = self.connect(server, "-p", path)
            self.assertExit(result, cli.INPUT)
        self.assertExit(self.connect(server), cli.INPUT)
        self.assertEqual(server.connections, 0)

    def test_trust_key_wants_the_key_and_nothing_else(self):
        leaf = pki.self_signed("device")
        server = self.tls(leaf)
        self.assertExit(self.connect(server, "--trust-key", "--pin", leaf.pin, stdin=b"x"), cli.OK)
        received = server.received
        result = self.connect(server, "--trust-key", "--pin", OTHER_PIN, stdin=b"secret")
        self.assertNotEqual(result.code, cli.OK)
        self.assertEqual(server.received, received)

    @netcase.needs_namespaces
    def test_the_next_address_is_tried_when_one_does_not_answer(self):
        leaf = self.issue()
        server = self.tls(leaf, host="127.0.0.3")
        result = self.run_named({HOST: ["127.0.0.2", "127.0.0.3"]}, "connect",
                                f"{HOST}:{server.port}", "--ca", self.ca, "--pin", leaf.pin,
                                stdin=b"x")
        self.assertExit(result, cli.OK)
        self.assertEqual(result.out, "x")




if __name__ == "__main__":
    tap_unittest.main()
