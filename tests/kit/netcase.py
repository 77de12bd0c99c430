# SPDX-License-Identifier: Apache-2.0
"""Test cases with a CA of their own and servers that it certified.

    class Case(netcase.NetCase):
        def test_it(self):
            server = self.nginx(self.issue("api.example.com"))
            self.assertAccepted("inspect", "api.example.com", *self.to(server))
"""
import contextlib
import datetime
import json
import os
import pty
import resource
import signal
import socket
import subprocess
import unittest

import cli
import pki
import servers

HOST = "api.example.com"
OTHER_PIN = pki.Key().pin


def _time(days):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


class NetCase(cli.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pki.Authority("Test Root")
        cls.issuing = cls.root.intermediate("Test Issuing CA")
        cls.rogue = pki.Authority("Rogue Root")

    def setUp(self):
        super().setUp()
        self.ca = self.root.write(self.dir / "ca.pem")

    def issue(self, *names, **options):
        return self.issuing.issue(*(names or (HOST,)), **options)

    def enter(self, server):
        self.addCleanup(server.stop)
        return server

    def nginx(self, *certificates, **options):
        return self.enter(servers.Nginx(*(certificates or (self.issue(),)), **options))

    def script(self, function):
        return self.enter(servers.Script(function))

    def to(self, server):
        """The options that lead to a server and trust our CA."""
        return ("--connect", server.address, "--ca", self.ca)

    # --- pin-sets

    def pin(self, key, at="any", **more):
        return {"spki": getattr(key, "pin", key), "at": at, **more}

    def rule(self, *pins, match=(HOST,), rule_id="api", **more):
        rule = {"id": rule_id, "match": list(match), "ports": [443], "mode": "enforce",
                "pins": [pin if isinstance(pin, dict) else self.pin(pin) for pin in pins],
                "enforce_until": _time(300), "after": "report", **more}
        return {key: value for key, value in rule.items() if value is not None}

    def pinset(self, *rules, name="pintle.json", expires=90, **more):
        document = {"pintle": 1, "app": "com.example.test", "version": 7, "issued": _time(-1),
                    "expires": expires if isinstance(expires, str) else _time(expires), "hard_ttl_s": 380 * 86400, "rules": list(rules),
                    **more}
        document = {key: value for key, value in document.items() if value is not None}
        return self.write(name, json.dumps(document, indent=2))

    @staticmethod
    def time(days):
        return _time(days)

    # --- names

    def run_named(self, addresses, *args, **options):
        """Run pintle in a mount namespace whose hosts file has these names: {name: [address]}."""
        lines = [f"{address} {name}\n" for name, many in addresses.items() for address in many]
        hosts = self.write("hosts", "".join(lines))
        script = f"mount --bind '{hosts}' /etc/hosts && exec \"$@\""
        options.setdefault("home", self.dir)
        options.setdefault("cwd", self.dir)
        return cli.run_program(["unshare", "-rm", "sh", "-c", script, "sh", cli.BIN, *args],
                               **options)


def needs_namespaces(test):
    """Skip where the kernel gives no mount namespace."""
    done = subprocess.run(["unshare", "-rm", "sh", "-c", "mount --bind /dev/null /etc/hosts"],
                          capture_output=True, check=False)
    return unittest.skipIf(done.returncode != 0, "no mount namespaces here")(test)


def needs_ipv6(test):
    """Skip where loopback has no IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        missing = False
    except OSError:
        missing = True
    return unittest.skipIf(missing, "no IPv6 here")(test)


def run_on_terminal(command, env, cwd):
    """Run a program whose output and errors are a terminal; its exit code and what it showed."""
    master, slave = pty.openpty()
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                               stdout=slave, stderr=slave, env=env, cwd=cwd)
    os.close(slave)
    shown = b""
    with os.fdopen(master, "rb", buffering=0) as stream, contextlib.suppress(OSError):
        while data := stream.read(65536):
            shown += data
    return process.wait(30), shown.decode("utf-8", "replace")


def limit_file_size(size):
    """For preexec_fn: no file may grow beyond so many bytes, as on a full disk."""
    def apply():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return apply


def left(folder):
    return sorted(os.listdir(folder))
