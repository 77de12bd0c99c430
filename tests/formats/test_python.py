#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Python: the exported module, in Debian's Python against real servers; through http.client, urllib3 and asyncio."""
import json
import random
import shutil
import sys
import time

import cli
import formats
import generated
import servers
import tap_unittest
from generated import MISMATCH, OK

# Requests to hosts on loopback. What it is asked for comes as JSON, what it saw goes as JSON.
PROBE = r'''
import asyncio
import http.client
import json
import logging
import socket
import ssl
import sys
import time

import pins

asked = json.load(sys.stdin)
logged = []
handler = logging.Handler()
handler.emit = lambda record: logged.append(record.getMessage())
pins.logger.addHandler(handler)
contexts = {}


def context(port):
    if port not in contexts:
        contexts[port] = pins.create_context(port, asked["ca"])
    return contexts[port]


def dial(host, port):
    host, _, port = asked["dial"].get(f"{host}:{port}", asked["dial"][""]).rpartition(":")
    return socket.create_connection((host, int(port)), 20)


def word(error):
    text = str(error)
    if isinstance(error, pins.PinError) or "pins: " in text:
        for key, value in (("no pinned", "mismatch"), ("a denied", "denied"), ("not verified", "unverified")):
            if key in text:
                return value
    return "tls" if "CERTIFICATE_VERIFY_FAILED" in text else repr(error)


def by_http(host, port):
    connection = http.client.HTTPSConnection(host, port, context=context(port))
    connection._create_connection = lambda address, *args: dial(*address)
    if asked.get("proxy"):
        connection = http.client.HTTPSConnection(*asked["proxy"], context=context(port))
        connection.set_tunnel(host, port)
    connection.request("GET", "/echo")
    assert connection.getresponse().status == 200
    connection.close()


def by_urllib3(host, port):
    import urllib3

    urllib3.util.connection.create_connection = lambda address, *args, **kwargs: dial(*address)
    pool = urllib3.HTTPSConnectionPool(host, port, ssl_context=context(port), retries=False)
    assert pool.request("GET", "/echo").status == 200
    pool.close()


def by_asyncio(host, port):
    async def run():
        reader, writer = await asyncio.open_connection(
            sock=dial(host, port), ssl=context(port), server_hostname=host)
        writer.write(f"GET /echo HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        assert b" 200 " in await reader.readline()
        writer.close()

    asyncio.run(run())


def late(host, port, send=lambda tls: tls.sendall(b"secret")):
    """The handshake is left to the first write or read."""
    with context(port).wrap_socket(dial(host, port), server_hostname=host, do_handshake_on_connect=False) as tls:
        send(tls)


def late_read(host, port):
    late(host, port, lambda tls: tls.recv(1))


def late_write(host, port):
    late(host, port, lambda tls: tls.write(b"secret"))


def late_file(host, port):
    with open(__file__, "rb") as file:
        late(host, port, lambda tls: tls.sendfile(file))


def again(host, port):
    """After a refusal that somebody passed over."""
    with context(port).wrap_socket(dial(host, port), server_hostname=host, do_handshake_on_connect=False) as tls:
        try:
            tls.do_handshake()
        except ssl.SSLError:
            pass
        tls.sendall(b"secret")


def bio(host, port):
    """No asyncio, and no do_handshake() either."""
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context(port).wrap_bio(into, out, server_hostname=host)
    with dial(host, port) as peer:
        while True:
            try:
                tls.write(b"secret")
                break
            except ssl.SSLWantReadError:
                peer.sendall(out.read())
                into.write(peer.recv(65536))
        peer.sendall(out.read())


def insecure(host, port):
    fresh = pins.create_context(port, asked["ca"])
    fresh.check_hostname = False
    if asked["how"] == "insecure":
        fresh.verify_mode = ssl.CERT_NONE
    with fresh.wrap_socket(dial(host, port), server_hostname=host) as tls:
        tls.sendall(b"secret")


insecure_name = insecure


def no_port(host, port):
    fresh = pins.PinnedContext(ssl.PROTOCOL_TLS_CLIENT)
    fresh.load_verify_locations(asked["ca"])
    with fresh.wrap_socket(dial(host, port), server_hostname=host) as tls:
        tls.sendall(b"secret")


def session(host, port):
    """Offers the session of the connection before."""
    fresh = pins.create_context(port, asked["ca"])
    last = None
    for _ in range(2):
        with fresh.wrap_socket(dial(host, port), server_hostname=host, session=last) as tls:
            tls.sendall(b"GET /echo HTTP/1.0\r\n\r\n")
            while tls.recv(65536):
                pass
            last = tls.session
            assert last is not None and not tls.session_reused


def session_forced(host, port):
    fresh = pins.create_context(port, asked["ca"])
    with fresh.wrap_socket(dial(host, port), server_hostname=host) as tls:
        tls.sendall(b"GET /echo HTTP/1.0\r\n\r\n")
        while tls.recv(65536):
            pass
        last = tls.session
    with fresh.wrap_socket(dial(host, port), server_hostname=host, do_handshake_on_connect=False) as tls:
        tls.session = last
        tls.do_handshake()


outcomes = []
for host, port in asked["hosts"]:
    try:
        globals()[asked["how"]](host, port)
        outcomes.append("ok")
    except Exception as error:
        outcomes.append(word(error))
    time.sleep(asked.get("wait", 0))
json.dump({"outcomes": outcomes, "logged": logged}, sys.stdout)
'''

TELL = r'''
import importlib.util
import json
import sys

told = []
for path, hosts in json.load(sys.stdin):
    spec = importlib.util.spec_from_file_location("pins", path)
    pins = sys.modules["pins"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pins)
    told.append([])
    for host, port in hosts:
        rule = pins.find(host, port)
        told[-1].append(rule and {"exempt": rule.exempt, "report": rule.report, "until": rule.until,
                                  "pins": [(pin.key, pin.at) for pin in rule.pins]})
json.dump(told, sys.stdout)
'''


class Python(generated.TestCase):
    def python(self, *args, stdin=""):
        done = cli.run_program([sys.executable, *args], stdin=stdin, home=self.dir, cwd=self.dir, timeout=100)
        self.assertEqual(done.code, 0, str(done))
        self.assertEqual(done.err, "")
        return json.loads(done.out)

    def ask(self, how, hosts, document=None, **order):
        self.write("pins.py", self.export("python", document or self.document()).text)
        self.write("probe.py", PROBE)
        order = {"ca": str(self.ca), "dial": self.dial(), "how": how, "hosts": hosts, **order}
        return self.python("-W", "error", "probe.py", stdin=json.dumps(order))

    def outcomes(self, how, *hosts, **order):
        return self.ask(how, [(host, 443) for host in hosts], **order)["outcomes"]

    def test_connections(self):
        expected = self.expected()
        for how in ("by_http", "by_asyncio"):
            done = self.ask(how, list(expected))
            self.assertEqual(dict(zip(expected, done["outcomes"])), expected, how)
            self.assertEqual(len(done["logged"]), 1)
            self.assertIn("report.example:443, rule report", done["logged"][0])

    def test_urllib3(self):
        """Its version in Debian wants the names of addresses checked by itself: those are refused."""
        expected = {where: outcome for where, outcome in self.expected().items() if where[0] not in ("127.0.0.1", "::1")}
        done = self.ask("by_urllib3", list(expected))
        self.assertEqual(dict(zip(expected, done["outcomes"])), expected)
        for outcome in self.outcomes("by_urllib3", "127.0.0.1", "::1"):
            self.assertNotEqual(outcome, OK)

    def test_a_handshake_that_is_put_off(self):
        """Nothing reaches a server before the verdict."""
        server = self.enter(servers.Tls(servers.context(self.leaf), answer=lambda data: b""))
        for how in ("late", "late_read", "late_write", "late_file", "again", "bio"):
            self.assertEqual(self.outcomes(how, "wrong.example", dial={"": server.address}), [MISMATCH], how)
        self.assertEqual(server.received, b"")
        for how in ("late", "late_write", "bio"):
            self.assertEqual(self.outcomes(how, "right.example", dial={"": server.address}), [OK], how)
        self.assertEqual(server.received, 3 * b"secret")

    def test_no_verification_is_no_way_around(self):
        for how in ("insecure", "insecure_name"):
            self.assertEqual(self.outcomes(how, "right.example", "unlisted.example"), ["unverified", OK])
        self.assertEqual(self.outcomes("insecure", "untrusted.example"), ["unverified"])
        for outcome in self.outcomes("no_port", "right.example", "unlisted.example"):
            self.assertIn("which host and port", outcome)

    def test_sessions(self):
        self.assertEqual(self.outcomes("session", "right.example", "unlisted.example", "wrong.example"), [OK, OK, MISMATCH])
        self.assertIn("no verified certificate chain", self.outcomes("session_forced", "right.example")[0])

    def test_through_a_proxy(self):
        proxy = self.script(generated.proxy(("127.0.0.1", self.good.port)))
        hosts = [("right.example", 443), ("wrong.example", 443), ("port.example", 8443), ("port.example", 443)]
        done = self.ask("by_http", hosts, proxy=[proxy.host, proxy.port])
        self.assertEqual(done["outcomes"], [OK, MISMATCH, MISMATCH, OK])
        self.assertIn(b"CONNECT port.example:8443 ", proxy.received)

    def test_ends_while_the_program_runs(self):
        def ends(end, wait):
            rules = formats.pinset(formats.rule("api", ["right.example"], [1], enforce_until=end, after="off"))
            return self.outcomes("by_http", *["right.example"] * 2, document=rules, wait=wait)

        def retires(end, wait):
            rules = formats.pinset(formats.rule("api", ["right.example"], [{"spki": self.leaf.pin, "until": end}, 1]))
            return self.outcomes("by_http", *["right.example"] * 2, document=rules, wait=wait)

        generated.about_to_end(ends, [MISMATCH, OK], [OK, OK])
        generated.about_to_end(retires, [OK, MISMATCH], [MISMATCH, MISMATCH])

    def test_other_ways_to_write_a_host(self):
        hosts = ["WRONG.Example", "0:0::1", "y.x.ANY.example"]
        self.assertEqual(self.outcomes("late", *hosts), [MISMATCH, OK, MISMATCH])

    def test_keys_of_every_kind(self):
        for kind in ("rsa", "p384", "ed25519"):
            leaf = self.issuing.issue("right.example", kind=kind)
            server = self.enter(servers.Https(servers.context(leaf)))
            for pin, outcome in ((leaf.pin, OK), (self.leaf.pin, MISMATCH)):
                rules = formats.pinset(formats.rule("api", ["right.example"], [{"spki": pin, "at": "leaf"}]))
                self.assertEqual(self.outcomes("by_http", "right.example", document=rules, dial={"": server.address}), [outcome])

    def test_hosts_are_found_as_explained(self):
        def ask(modules):
            asked = [(str(self.write(f"p{index}.py", text)), hosts) for index, (text, hosts) in enumerate(modules)]
            self.write("tell.py", TELL)
            return [[generated.answer(found) for found in told] for told in self.python("tell.py", stdin=json.dumps(asked))]

        self.check_finder("python", ask, random.Random(12))

    def test_it_is_formatted(self):
        if shutil.which("black") is None:
            self.skipTest("no black here")
        for index, document in enumerate([self.document(), formats.pinset(), *self.random_documents(30)]):
            self.write(f"v{index}.py", self.export("python", document).text)
        done = cli.run_program(["black", "--check", "."], home=self.dir, cwd=self.dir, timeout=100)
        self.assertEqual(done.code, 0, str(done))

    def test_what_is_lost(self):
        self.assertEqual(self.export("python", self.document()).ids(), set())
        lost = formats.pinset(formats.rule("api", ["a.example"], [1], trust="key", report=["https://reports.example/"]),
                              formats.rule("tofu", ["b.example"], [2], trust="tofu"))
        self.assertEqual(self.export("python", lost).ids(), {"EXP020", "EXP022", "EXP040"})

    def test_drift(self):
        document = self.document()
        text = self.export("python", document).text
        self.assertEqual(self.drift("python", {**document, "version": 8, "app": "other"}, text), [])
        self.assertEqual(len(self.drift("python", document, text.replace('at="leaf"', 'at="ca"', 1))), 1)

    def test_an_app_names_no_encoding(self):
        """PEP 263: in the first two lines it would."""
        text = self.export("python", formats.pinset(formats.rule("api", ["a.example"], [1]), app="coding: utf_7")).text
        self.assertNotIn("coding", "".join(text.splitlines()[:2]))
        self.assertIn("# Made by pintle export from coding: utf_7, version 7.\n", text)


if __name__ == "__main__":
    tap_unittest.main()
