#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle fetch: transfers through the pins, and files that are whole or not there."""
import contextlib
import json
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

BLOB = bytes(range(256)) * 4096


class FetchCase(netcase.NetCase):
    def https(self, leaf=None, **options):
        return self.enter(servers.Https(servers.context(leaf or self.issue()), **options))

    def pinned(self):
        """A server and the options that pin its key."""
        leaf = self.issue()
        server = self.https(leaf)
        return server, ("--pin", leaf.pin, *self.to(server))

    def url(self, path="/echo", host=HOST):
        return f"https://{host}{path}"

    def fetch(self, path, *args, code=cli.OK, **options):
        result = self.run_cli("fetch", self.url(path), *args, **options)
        self.assertExit(result, code)
        return result

    def files(self):
        return [name for name in netcase.left(self.dir) if name not in ("ca.pem", "pintle.json")]


class Transfers(FetchCase):
    def test_a_page_comes_through_the_pins(self):
        server, args = self.pinned()
        seen = json.loads(self.assertAccepted("fetch", self.url(), *args).out)
        self.assertEqual((seen["method"], seen["headers"]["host"]), ("GET", HOST))
        self.assertRegex(seen["headers"]["user-agent"], r"^pintle/\d")
        self.assertEqual(len(server.requests), 1)

    def test_http_2_and_1_1(self):
        leaf = self.issue()
        server = self.nginx(leaf)
        args = ("--pin", leaf.pin, "--json", "-o", "out", *self.to(server))
        for option, version in [((), "2"), (("--http2",), "2"), (("--http1",), "1.1")]:
            document = self.fetch("/", *args, *option).json
            self.assertEqual(document["http_version"], version)
        self.assertEqual((self.dir / "out").read_text(), "hello from nginx\n")

    def test_methods_headers_and_bodies(self):
        server, args = self.pinned()
        self.write("body.bin", BLOB)
        cases = [(("-d", "a=1"), "POST", b"a=1"), (("-d", "@body.bin"), "POST", BLOB),
                 (("-d", "@-"), "POST", b"from stdin"), (("-T", "body.bin"), "PUT", BLOB),
                 (("-T", "-"), "PUT", b"from stdin"), (("-X", "DELETE"), "DELETE", b""),
                 (("-X", "PATCH", "-d", "x"), "PATCH", b"x"),
                 (("-X", "POST", "-T", "body.bin"), "POST", BLOB), (("-d", ""), "POST", b"")]
        for extra, method, body in cases:
            with self.subTest(extra):
                self.fetch("/echo", *args, *extra, "-H", "X-One: 1", stdin=b"from stdin")
                seen = server.requests[-1]
                self.assertEqual((seen["method"], seen["body"].encode("latin-1")), (method, body))
                self.assertEqual(seen["headers"]["x-one"], "1")

    def test_head_has_no_body_and_include_shows_the_head(self):
        server, args = self.pinned()
        out = self.fetch("/type", *args, "-X", "HEAD", "-i").out
        self.assertRegex(out, r"^HTTP/1.1 200 OK\r\n")
        self.assertNotIn("typed", out)
        out = self.fetch("/type", *args, "--include").out
        self.assertTrue(out.endswith("\r\n\r\ntyped\n"), out)
        self.assertEqual([seen["method"] for seen in server.requests], ["HEAD", "GET"])

    def test_large_binary_answers_arrive_whole(self):
        _, args = self.pinned()
        result = self.fetch("/bytes?n=8388608", *args)
        self.assertEqual(result.out_bytes, bytes(range(256)) * 32768)

    def test_compressed_answers_are_asked_for_only_on_demand(self):
        server, args = self.pinned()
        self.fetch("/echo", *args)
        self.fetch("/echo", *args, "--compressed")
        asked = ["accept-encoding" in seen["headers"] for seen in server.requests]
        self.assertEqual(asked, [False, True])

    def test_resolve_gives_a_host_an_address(self):
        leaf = self.issue()
        server = self.https(leaf)
        result = self.run_cli("fetch", server.url(HOST), "--resolve",
                              f"{HOST}:{server.port}:127.0.0.1", "--pin", leaf.pin, "--ca", self.ca)
        self.assertExit(result, cli.OK)

    def test_a_url_without_a_scheme_is_https_and_u_labels_are_converted(self):
        leaf = self.issue("xn--bcher-kva.example")
        server = self.https(leaf)
        for text in ("b\u00fccher.example/echo", "https://B\u00dcCHER.example/echo"):
            result = self.run_cli("fetch", text, "--pin", leaf.pin, *self.to(server))
            self.assertExit(result, cli.OK)
            self.assertEqual(server.requests[-1]["headers"]["host"], "xn--bcher-kva.example")

    def test_an_address_is_a_host(self):
        leaf = self.issue("127.0.0.1")
        server = self.https(leaf)
        result = self.run_cli("fetch", f"https://127.0.0.1:{server.port}/echo", "--pin", leaf.pin,
                              "--ca", self.ca)
        self.assertExit(result, cli.OK)

    def test_the_pin_set_and_its_backup_pin_decide(self):
        backup = pki.Key()
        self.pinset(self.rule(OTHER_PIN, self.pin(backup, backup=True)))
        server = self.https(self.issue(key=backup))
        self.assertAccepted("fetch", self.url(), *self.to(server))

    def test_a_client_certificate_is_shown(self):
        own = self.issuing.issue("client.example.com")
        own.write(self.dir / "own.pem", chain=True)
        own.write_key(self.dir / "own.key")
        leaf = self.issue()
        server = self.enter(servers.Https(servers.context(leaf, client_ca=self.root)))
        args = ("--pin", leaf.pin, *self.to(server))
        self.fetch("/echo", *args, "--cert", "own.pem", "--key", "own.key")
        self.assertNotEqual(self.run_cli("fetch", self.url(), *args).code, cli.OK)

    def test_verbose_tells_request_verdict_and_status(self):
        _, args = self.pinned()
        err = self.fetch("/echo", *args, "-v").err
        for text in (f"> GET https://{HOST}/echo", "accepted", "< 200"):
            self.assertIn(text, err)

    def test_json_is_an_account_of_the_transfer(self):
        _, args = self.pinned()
        document = self.fetch("/echo", *args, "--json", "-o", "out").json
        hop = document["hops"][0]
        self.assertEqual((hop["status"], hop["verdict"]["reason"], document["file"]),
                         (200, "match", "out"))
        self.assertEqual(document["received"], (self.dir / "out").stat().st_size)

    def test_progress_is_for_terminals_only(self):
        _, args = self.pinned()
        self.assertEqual(self.fetch("/bytes?n=1048576", *args, "-o", "out").err, "")
        command = [cli.BIN, "fetch", self.url("/bytes?n=1048576"), "-o", "out", *args]
        for quiet in (False, True):
            code, shown = netcase.run_on_terminal(command + ["-q"] * quiet,
                                                  cli.environment(self.dir, {"TERM": "xterm"}),
                                                  self.dir)
            self.assertEqual((code, "100%" in shown), (cli.OK, not quiet), shown)


class Refused(FetchCase):
    def assertNoRequest(self, code, leaf, *args, text="", server=None):
        server = server or self.https(leaf)
        result = self.run_cli("fetch", self.url("/echo?secret"), "-d", "secret", "-H", "X-Key: k",
                              "-o", "out", *self.to(server), *args)
        self.assertExit(result, code)
        self.assertIn(text, result.err)
        self.assertEqual((result.out, server.requests, self.files()), ("", [], []))

    def test_another_key_exits_1_and_sees_no_request(self):
        self.assertNoRequest(cli.REFUSED, self.issue(), "--pin", OTHER_PIN, text="mismatch")

    def test_a_trusted_ca_with_another_key_is_refused_where_curl_is_not(self):
        real, interceptor = self.issue(), self.rogue.issue(HOST)
        both = self.write("both.pem", self.root.pem + self.rogue.pem)
        server = self.https(interceptor)
        args = ("--connect", server.address, "--ca", both, "--pin", real.pin)
        result = self.run_cli("fetch", self.url(), "-d", "secret", *args)
        self.assertExit(result, cli.REFUSED)
        self.assertEqual(server.requests, [])
        curl = cli.run_program(["curl", "-s", "--cacert", both, "--connect-to",
                                f"::{server.address}", self.url(), "-d", "secret"])
        self.assertEqual((curl.code, server.requests[0]["body"]), (0, "secret"))

    def test_an_untrusted_ca_or_another_host_exits_4_even_with_the_pinned_key(self):
        for leaf in (self.rogue.issue(HOST), self.issue("other.example.com"), self.issue(days=-2)):
            self.assertNoRequest(cli.TLS, leaf, "--pin", leaf.pin)

    def test_a_pinned_certificate_appended_to_the_chain_does_not_count(self):
        pinned, leaf = self.issue(), self.issue()
        leaf.issuers.append(pinned)
        self.assertNoRequest(cli.REFUSED, leaf, "--pin", pinned.pin)

    def test_a_host_without_a_rule_exits_1_unless_allowed(self):
        self.pinset(self.rule(OTHER_PIN, match=["other.example"]))
        server = self.https()
        self.assertNoRequest(cli.REFUSED, None, server=server, text="no-rule")
        self.fetch("/echo", "--allow-unlisted", *self.to(server))

    def test_plain_http_is_refused_and_sees_no_request(self):
        self.pinset(self.rule(OTHER_PIN, ports=None))
        server = self.enter(servers.Https(None))
        for more in ((), ("--allow-unlisted",)):
            result = self.run_cli("fetch", f"http://{HOST}/echo", "-d", "secret", "--connect",
                                  server.address, *more)
            self.assertExit(result, cli.REFUSED)
            self.assertIn("plaintext", result.err)
        self.assertEqual(server.requests, [])

    def test_a_refusal_is_never_tried_again(self):
        server = self.https()
        begun = time.monotonic()
        result = self.run_cli("fetch", self.url(), "--pin", OTHER_PIN, "--retry", "5",
                              *self.to(server))
        self.assertExit(result, cli.REFUSED)
        self.assertNotIn("again", result.err)
        self.assertLess(time.monotonic() - begun, 20)

    def test_report_mode_lets_a_mismatch_pass_loudly_but_no_path_error(self):
        self.pinset(self.rule(OTHER_PIN, mode="report"))
        result = self.fetch("/echo", *self.to(self.https()))
        self.assertIn("mismatch", result.err)
        self.assertNoRequest(cli.TLS, self.rogue.issue(HOST))

    def test_an_https_proxy_is_checked_by_its_own_rule(self):
        leaf = self.issue()
        target = self.https(leaf)
        proxy_leaf = self.issue("proxy.example.com")
        seen = []

        def proxy(_, peer):
            with servers.context(proxy_leaf).wrap_socket(peer, server_side=True) as tls:
                seen.append(tls.recv(65536))
        server = self.script(proxy)
        self.pinset(self.rule(leaf, ports=None),
                    self.rule(OTHER_PIN, match=["proxy.example.com"], rule_id="proxy", ports=None))
        result = self.run_cli("fetch", self.url(), "--ca", self.ca, "--resolve",
                              f"proxy.example.com:{server.port}:127.0.0.1", "-x",
                              f"https://proxy.example.com:{server.port}")
        self.assertExit(result, cli.REFUSED)
        self.assertIn("proxy.example.com", result.err)
        self.assertEqual((seen, target.requests), ([], []))

    def test_an_http_proxy_hides_no_interceptor(self):
        leaf = self.issue()
        interceptor = self.https()
        good = self.https(leaf)

        def proxy(destination):
            def script(_, peer):
                import threading
                import socket
                peer.recv(65536)
                onward = socket.create_connection(("127.0.0.1", destination.port))
                peer.sendall(b"HTTP/1.1 200 ok\r\n\r\n")

                def copy(source, sink):
                    with contextlib.suppress(OSError):
                        while data := source.recv(65536):
                            sink.sendall(data)
                        sink.shutdown(socket.SHUT_WR)
                threading.Thread(target=copy, args=(onward, peer), daemon=True).start()
                copy(peer, onward)
            return script
        for destination, code in ((good, cli.OK), (interceptor, cli.REFUSED)):
            server = self.script(proxy(destination))
            result = self.run_cli("fetch", self.url(), "--pin", leaf.pin, "--ca", self.ca,
                                  "--proxy", f"http://{server.address}")
            self.assertExit(result, code)
        self.assertEqual((len(good.requests), interceptor.requests), (1, []))


class Redirects(FetchCase):
    def setUp(self):
        super().setUp()
        self.first, self.second = self.issue(), self.issue("b.example.com")
        self.one, self.two = self.https(self.first), self.https(self.second)
        self.other = f"https://b.example.com:{self.two.port}/echo"
        self.args = ("--ca", self.ca, "--resolve", f"{HOST}:443:127.0.0.1", "--resolve",
                     f"{HOST}:{self.one.port}:127.0.0.1", "--resolve",
                     f"b.example.com:{self.two.port}:127.0.0.1")

    def pins(self, second=None):
        self.pinset(self.rule(self.first, ports=None),
                    self.rule(second or self.second, match=["b.example.com"], rule_id="b",
                              ports=None))

    def go(self, path, *args, code=cli.OK):
        result = self.run_cli("fetch", self.one.url(HOST, path), *self.args, *args)
        self.assertExit(result, code)
        return result

    def test_they_are_not_followed_unasked(self):
        self.pins()
        self.assertEqual(self.go(f"/redirect?to={self.other}").out, "elsewhere\n")
        self.assertEqual(self.two.requests, [])

    def test_each_hop_is_checked_by_its_own_rule(self):
        self.pins()
        document = self.go(f"/redirect?to={self.other}", "-L", "--json", "-o", "out").json
        self.assertEqual([(hop["status"], hop["verdict"]["rule"]) for hop in document["hops"]],
                         [(302, "api"), (200, "b")])
        self.assertEqual(json.loads((self.dir / "out").read_text())["headers"]["host"],
                         f"b.example.com:{self.two.port}")

    def test_a_hop_to_a_wrong_key_or_an_unlisted_host_is_refused_unseen(self):
        self.pins(second=OTHER_PIN)
        self.go(f"/redirect?to={self.other}", "-L", code=cli.REFUSED)
        self.pinset(self.rule(self.first, ports=None))
        self.go(f"/redirect?to={self.other}", "-L", code=cli.REFUSED)
        self.go(f"/redirect?to={self.other}", "-L", "--pin", self.first.pin, code=cli.REFUSED)
        self.assertEqual(self.two.requests, [])

    def test_headers_stay_with_the_host_they_were_meant_for(self):
        self.pins()
        back = f"https://b.example.com:{self.two.port}/redirect?to=https://{HOST}:{self.one.port}/echo"
        self.go(f"/redirect?to=/redirect?to={self.other}", "-L", "-H", "Authorization: secret",
                "-H", "X-Key: secret")
        self.go(f"/redirect?to={back}", "-L", "-H", "X-Key: secret")
        given = [("x-key" in seen["headers"]) for seen in self.one.requests]
        self.assertEqual(given, [True, True, True, False])
        for seen in self.two.requests:
            self.assertNotIn("secret", json.dumps(seen["headers"]))

    def test_a_body_is_not_carried_to_another_host(self):
        self.pins()
        result = self.go(f"/redirect?code=307&to={self.other}", "-L", "-d", "secret",
                         code=cli.REFUSED)
        self.assertIn("body", result.err)
        self.assertEqual(self.two.requests, [])

    def test_a_body_is_sent_again_to_the_same_host(self):
        self.pins()
        self.write("body.bin", b"upload")
        for args, method in ((("-d", "data"), "POST"), (("-T", "body.bin"), "PUT")):
            self.go("/redirect?code=308&to=/echo", "-L", *args)
            seen = self.one.requests[-1]
            self.assertEqual((seen["method"], seen["path"]), (method, "/echo"))
            self.assertIn(seen["body"], ("data", "upload"))

    def test_methods_change_as_the_standard_says(self):
        self.pins()
        for status, method, after in [(301, "POST", "GET"), (302, "POST", "GET"),
                                      (303, "POST", "GET"), (303, "PUT", "GET"),
                                      (307, "POST", "POST"), (301, "PUT", "PUT")]:
            with self.subTest(f"{status} {method}"):
                self.go(f"/redirect?code={status}&to=/echo", "-L", "-X", method, "-d", "x")
                seen = self.one.requests[-1]
                self.assertEqual((seen["method"], seen["body"]),
                                 (after, "x" if after == method else ""))

    def test_there_is_an_end_to_them(self):
        self.pins()
        result = self.go("/redirect?to=/redirect?to=/redirect?to=/echo", "-L", "--max-redirs", "2",
                         "-o", "out", code=cli.REFUSED)
        self.assertIn("more than 2 redirects", result.err)
        self.assertEqual(self.files(), [])

    def test_they_lead_to_no_other_protocol(self):
        self.pins()
        for target in ("http://b.example.com/", "ftp://b.example.com/", "file:///etc/passwd",
                       "https://user:pw@b.example.com/", "https://[fe80::1%25lo]/"):
            with self.subTest(target):
                self.go(f"/redirect?to={target}", "-L", "--allow-unlisted", code=cli.REFUSED)


class Retries(FetchCase):
    def test_a_failure_that_passes_is_tried_again(self):
        server, args = self.pinned()
        result = self.fetch("/flaky?fail=1", *args, "--retry", "2", "-o", "out")
        self.assertEqual((self.dir / "out").read_text(), "made it\n")
        self.assertIn("trying again in 1 s", result.err)
        self.assertEqual(len(server.requests), 2)

    def test_the_last_answer_is_the_answer(self):
        server, args = self.pinned()
        result = self.fetch("/flaky?fail=9", *args, "--retry", "1")
        self.assertEqual(result.out, "not yet\n")
        self.fetch("/flaky?fail=9", *args, "--retry", "1", "--fail", code=cli.REFUSED)
        self.assertEqual(len(server.requests), 4)

    def test_what_must_not_be_repeated_is_not(self):
        server, args = self.pinned()
        self.fetch("/flaky?fail=1", *args, "--retry", "3", "-d", "x")
        self.assertEqual(len(server.requests), 1)

    def test_no_connection_is_tried_again(self):
        port = servers.free_port()
        result = self.fetch("/", "--pin", OTHER_PIN, "--connect", f"127.0.0.1:{port}", "--retry",
                            "1", code=cli.UNREACHABLE)
        self.assertIn("0 tries left", result.err)

    def test_an_answer_that_was_cut_off_begins_again(self):
        server, args = self.pinned()
        self.fetch("/cut?n=100", *args, "--retry", "1", "-o", "out", code=cli.UNREACHABLE)
        self.assertEqual((len(server.requests), self.files()), (2, []))


class Files(FetchCase):
    def test_a_failed_transfer_leaves_the_old_file(self):
        _, args = self.pinned()
        self.write("out", "old")
        for path, more, code in [("/cut?n=100000", (), cli.UNREACHABLE),
                                 ("/status?code=500", ("--fail",), cli.REFUSED)]:
            self.fetch(path, *args, "-o", "out", *more, code=code)
            self.assertEqual((self.dir / "out").read_text(), "old")
            self.assertEqual(self.files(), ["out"])

    def test_an_interrupt_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            server, args = self.pinned()
            process = subprocess.Popen([cli.BIN, "fetch", self.url("/hang"), "-o", "out",
                                        *map(str, args)], cwd=self.dir,
                                       env=cli.environment(self.dir), stderr=subprocess.PIPE)
            self.assertTrue(server.hung.wait(30))
            process.send_signal(number)
            _, err = process.communicate(timeout=30)
            self.assertEqual((process.returncode, err), (-number, b""))
            self.assertEqual(self.files(), [])

    def test_a_full_disk_leaves_the_old_file(self):
        _, args = self.pinned()
        self.write("out", "old")
        result = self.fetch("/bytes?n=1048576", *args, "-o", "out", code=cli.INPUT,
                            preexec_fn=netcase.limit_file_size(4096))
        self.assertIn("File too large", result.err)
        self.assertEqual((self.dir / "out").read_text(), "old")
        self.assertEqual(self.files(), ["out"])

    def test_an_unwritable_output_is_told_before_anything_is_sent(self):
        server, args = self.pinned()
        self.fetch("/echo", *args, "-o", "missing/out", code=cli.INPUT)
        self.fetch("/echo", *args, "-o", ".", code=cli.INPUT)
        self.assertEqual(server.requests, [])

    def test_standard_output_that_is_full_or_closed_exits_5(self):
        _, args = self.pinned()
        with open("/dev/full", "wb") as full:
            result = self.fetch("/echo", *args, code=cli.INPUT, stdout=full)
        self.assertIn("No space left", result.err)
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "wb") as closed:
            result = self.fetch("/bytes?n=1048576", *args, code=cli.INPUT, stdout=closed)
        self.assertEqual(result.err, "")

    def test_statuses_are_no_failure_unless_asked(self):
        _, args = self.pinned()
        self.assertEqual(self.fetch("/missing", *args).out, "nothing here\n")
        result = self.fetch("/missing", *args, "--fail", code=cli.REFUSED)
        self.assertEqual((result.out, "404" in result.err), ("", True))

    def test_bodies_that_cannot_be_read_exit_5_before_anything_is_sent(self):
        server, args = self.pinned()
        for more in (("-d", "@missing"), ("-T", "missing"), ("-T", "."), ("-d", "@.")):
            self.fetch("/echo", *args, *more, code=cli.INPUT)
        self.assertEqual(server.requests, [])


class Unreachable(FetchCase):
    def test_nobody_there_exits_3(self):
        port = servers.free_port()
        self.assertFails(cli.UNREACHABLE, HOST, "fetch", self.url(), "--pin", OTHER_PIN,
                         "--connect", f"127.0.0.1:{port}")
        name = "a" * 63 + ".invalid"
        self.assertFails(cli.UNREACHABLE, name, "fetch", f"https://{name}/", "--pin", OTHER_PIN,
                         "--connect-timeout", "5")

    def test_hostile_servers(self):
        for script, code in [(servers.silent, cli.UNREACHABLE), (servers.dripping, cli.UNREACHABLE),
                             (servers.closing, cli.TLS), (servers.plain_http, cli.TLS)]:
            with self.subTest(script.__name__):
                server = self.script(script)
                result = self.fetch("/echo", "--pin", OTHER_PIN, "--connect", server.address,
                                    "--connect-timeout", "1", "-d", "secret", code=code)
                self.assertEqual(result.out, "")
                self.assertNotIn(b"secret", server.received)

    def test_the_whole_transfer_may_be_bounded(self):
        _, args = self.pinned()
        result = self.fetch("/hang", *args, "--timeout", "1", "-o", "out", code=cli.UNREACHABLE)
        self.assertIn("timed out", result.err.lower())
        self.assertEqual(self.files(), [])

    def test_an_answer_cut_off_exits_3(self):
        _, args = self.pinned()
        self.fetch("/cut?n=1000", *args, code=cli.UNREACHABLE)


class Usage(FetchCase):
    def test_malformed_urls_exit_2(self):
        for url, message in {
                "": "", "https://": "", "ftp://h/": "only https", "file:///etc/passwd": "",
                "https://h:0/": "port", "https://h:65536/": "", "https://u:p@h/": "user name",
                "https://[fe80::1%25lo]/": "zone", "https://a..b/": "", "https://h h/": "",
                "javascript:alert(1)": ""}.items():
            with self.subTest(url):
                self.assertUsage(message, "fetch", url, "--pin", OTHER_PIN)

    def test_options_that_do_not_fit_exit_2(self):
        for args, message in [
                (("-X", "GET POST"), "not a method"), (("-X", "get"), "not a method"),
                (("-H", "no colon"), "Name: value"), (("-H", "A: b\r\nC: d"), "Name: value"),
                (("-H", ": v"), "Name: value"), (("-d", "x", "-T", "f"), "exclude"),
                (("-X", "HEAD", "-d", "x"), "no body"), (("--http2", "--http1"), "exclude"),
                (("--json",), "needs --out"), (("--json", "-o", "-"), "needs --out"),
                (("--cert", "c"), "go together"), (("--connect", "h:0"), "ADDR:PORT"),
                (("--connect", "h"), "ADDR:PORT"), (("--resolve", "h:443"), "HOST:PORT:ADDR"),
                (("--retry", "101"), "--retry"), (("--timeout", "0"), "--timeout"),
                (("--max-redirs", "99"), "--max-redirs"), (("--pin", "x"), "--pin")]:
            with self.subTest(args):
                self.assertUsage(message, "fetch", self.url(), *args)

    def test_a_pin_set_or_trust_file_that_cannot_be_used_exits_5(self):
        server, _ = self.pinned()
        self.write("bad.json", "[]")
        for args in (("-p", "missing.json"), ("-p", "bad.json"), (),
                     ("--pin", OTHER_PIN, "--ca", "missing.pem")):
            result = self.run_cli("fetch", self.url(), "--connect", server.address, *args)
            self.assertExit(result, cli.INPUT)
        self.assertEqual(server.requests, [])


if __name__ == "__main__":
    tap_unittest.main()
