#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle export --to stubby, with stubby between a DNS client and a DNS-over-TLS server."""
import contextlib
import re
import socket
import struct
import subprocess

import formats
import pki
import servers
import tap_unittest

HOST = "dns.example.com"
QUERY = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\1a\7example\0\0\1\0\1"
ADDRESS = b"\xc0\0\2\1"


class DnsOverTls(servers.Tls):
    """Answers every question with one address (RFC 7858)."""

    def read(self, tls, count):
        data = b""
        while len(data) < count:
            more = tls.recv(count - len(data))
            if not more:
                raise OSError("hung up")
            data += more
        return data

    def talk(self, tls):
        while True:
            query = self.read(tls, struct.unpack(">H", self.read(tls, 2))[0])
            end = 12
            while query[end]:
                end += query[end] + 1
            end += 5
            answer = query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:end] + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + ADDRESS
            tls.sendall(struct.pack(">H", len(answer)) + answer)


class Stubby(formats.TestCase):
    CONFIG = """resolution_type: GETDNS_RESOLUTION_STUB
dns_transport_list:
  - GETDNS_TRANSPORT_TLS
tls_authentication: GETDNS_AUTHENTICATION_REQUIRED
timeout: 2000
appdata_dir: "{dir}"
listen_addresses:
  - 127.0.0.1@{listen}
upstream_recursive_servers:
  - address_data: 127.0.0.1
    tls_port: {port}
{pins}"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pki.Authority()
        cls.issuing = cls.root.intermediate()
        cls.leaf = cls.issuing.issue(HOST)
        cls.server = DnsOverTls(servers.context(cls.leaf))
        cls.addClassCleanup(cls.server.stop)

    def write_config(self, pins, listen=1):
        return self.write("stubby.yml", self.CONFIG.format(dir=self.dir, listen=listen, port=self.server.port, pins=pins))

    @staticmethod
    def ask(port):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.5)
            for _ in range(40):
                with contextlib.suppress(TimeoutError):
                    client.sendto(QUERY, ("127.0.0.1", port))
                    return client.recv(512)
        raise RuntimeError("stubby does not listen")

    def resolves(self, pins):
        """Ask the real stubby for a name: true if the server was taken, false if stubby failed the query."""
        port = servers.free_port()
        config = self.write_config(pins, port)
        stubby = subprocess.Popen(["stubby", "-C", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            answer = self.ask(port)
        finally:
            stubby.terminate()
            stubby.wait(10)
        self.assertIn(answer[3] & 15, (0, 2))
        self.assertEqual(answer.endswith(ADDRESS), answer[3] & 15 == 0)
        return answer[3] & 15 == 0

    def pinset(self, *pins, **more):
        return formats.pinset(formats.rule("dns", [HOST], [getattr(p, "pin", p) for p in pins], ports=[853], **more))

    def test_stubby_takes_the_right_key_and_refuses_another(self):
        backup = pki.Key()
        self.assertTrue(self.resolves(self.export("stubby", self.pinset(backup, self.leaf)).text))
        self.assertTrue(self.resolves(self.export("stubby", self.pinset(self.issuing)).text))
        self.assertFalse(self.resolves(self.export("stubby", self.pinset(backup)).text))

    def test_stubby_finds_the_file_in_order(self):
        config = self.write_config(self.export("stubby", self.pinset(self.leaf)).text)
        told = subprocess.run(["stubby", "-C", config, "-i"], capture_output=True, text=True, check=True, timeout=30).stdout
        self.assertRegex(told, r'"tls_pubkey_pinset":\s*\[\s*\{\s*"digest": <bindata of "sha256">,\s*"value": <bindata of ' +
                         re.escape(formats.bare(self.leaf.pin)) + ">")

    def test_what_is_lost(self):
        made = self.export("stubby", self.pinset(self.leaf))
        self.assertEqual(made.ids(), {"EXP021", "EXP023"})
        self.assertEqual(self.export("stubby", formats.pinset(formats.rule(
            "dns", [HOST], [{"spki": formats.key(1), "at": "leaf"}], ports=[853], trust="key"))).ids(), {"EXP010", "EXP023"})

    def test_the_title_stays_a_comment(self):
        document = {**self.pinset(self.leaf), "app": 'x\u2028tls_port: 1 # "'}
        text = self.export("stubby", document).text
        self.assertEqual(len(text.splitlines()), 5)
        self.assertTrue(self.resolves(text))

    def test_check_compares_the_text_but_for_its_title(self):
        text = self.export("stubby", self.pinset(self.leaf)).text
        self.assertEqual(self.drift("stubby", {**self.pinset(self.leaf), "version": 9}, text), [])
        self.assertEqual(len(self.drift("stubby", self.pinset(pki.Key()), text)), 1)


if __name__ == "__main__":
    tap_unittest.main()
