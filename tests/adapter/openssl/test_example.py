#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/openssl_client.c, and the same program in the guide, against a server over TCP."""
import base64
import hashlib
import json
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

import tap_unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
CLIENT = pathlib.Path(os.environ["PINTLE_BUILD"]) / "examples/openssl_client"


def openssl(folder, *args):
    return subprocess.run(["openssl", *args], cwd=folder, capture_output=True, check=True).stdout


class Server:
    """Answers one connection; `request` is what it was sent, None if the handshake failed."""

    def __init__(self, folder):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.request = None
        self.thread = threading.Thread(target=self.serve, args=[context])
        self.thread.start()

    def serve(self, context):
        with self.listener, self.listener.accept()[0] as plain:
            plain.settimeout(30)
            try:
                with context.wrap_socket(plain, server_side=True) as tls:
                    self.request = tls.recv(4096)
                    tls.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello")
                    tls.unwrap()
            except (ssl.SSLError, OSError):
                pass


class Example(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        openssl(cls.folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-subj", "/CN=example", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                "key.pem", "-out", "cert.pem")
        public = openssl(cls.folder, "pkey", "-in", "key.pem", "-pubout", "-outform", "DER")
        cls.pin = base64.b64encode(hashlib.sha256(public).digest()).decode()

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def run_client(self, pin):
        server = Server(self.folder)
        document = {"pintle": 1, "app": "com.example.test", "version": 1,
                    "issued": "2020-01-01T00:00:00Z", "expires": "2099-01-01T00:00:00Z",
                    "rules": [{"id": "local", "match": ["localhost"], "mode": "enforce",
                               "pins": [{"spki": "sha256/" + pin}]}]}
        (self.folder / "pintle.json").write_text(json.dumps(document))
        result = subprocess.run([CLIENT, "pintle.json", "localhost", str(server.port), "cert.pem"],
                                cwd=self.folder, capture_output=True, text=True, timeout=60)
        server.thread.join()
        return server, result

    def test_a_pinned_server_is_asked(self):
        server, result = self.run_client(self.pin)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("hello", result.stdout)
        self.assertIn(b"GET / HTTP/1.1", server.request)

    def test_another_server_is_not(self):
        server, result = self.run_client(base64.b64encode(bytes(32)).decode())
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("mismatch: no pinned key in any valid path", result.stderr)
        self.assertIsNone(server.request)

    def test_the_guide_shows_this_program(self):
        guide = (ROOT / "docs/guide/openssl.md").read_text()
        self.assertIn((ROOT / "examples/openssl_client.c").read_text(), guide)


if __name__ == "__main__":
    tap_unittest.main()
