#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Alamofire: there is no Swift with Apple's Security here. The exported file is read by a model that does what
ServerTrustManager, PublicKeysTrustEvaluator and the code around them do; its certificates are parsed."""
import base64
import random
import re
import time

import cli
import formats
import generated
import pki
import tap_unittest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

AUTHORITY = pki.Authority("Test Root")
CERTIFICATES = {}


def certificate(n):
    """One with the n-th key."""
    if n not in CERTIFICATES:
        CERTIFICATES[n] = AUTHORITY.issue(f"host{n}.example", kind="rsa" if n == 1 else "ec")
    return CERTIFICATES[n]


def key(n):
    return certificate(n).pin


# Alamofire's exports need real keys.
formats.key = key


class Model:
    """serverTrustEvaluator(forHost:) of the file: the longest host, exact before "*." before "**."; no port is known there. An
    evaluator accepts a chain in which one of its keys is, anywhere (Alamofire: Source/Features/ServerTrustEvaluation.swift)."""

    RULE = re.compile(r"        // Rule (?P<name>\S+)\.\n        Rule\(\n            match: \[\n(?P<match>(?:.*\",\n)+)            \]"
                      r"(?:,\n            // (?P<time>\S+)\n            until: (?P<until>\d+))?"
                      r"(?:,\n            (?P<exempt>exempt: true)|,\n            pins: \[\n(?P<pins>(?:.*\n)+?)            \])\n        \),\n")

    def __init__(self, text):
        self.keys = {}
        for pin, body in re.findall(r'^        "(sha256/.{44})": """\n((?:        [A-Za-z0-9+/=]+\n)+)        """,$', text, flags=re.M):
            made = x509.load_der_x509_certificate(base64.b64decode("".join(body.split()), validate=True))
            spki = made.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            digest = base64.b64encode(pki.hashlib.sha256(spki).digest()).decode()
            assert pin == "sha256/" + digest
            self.keys[pin] = made
        self.rules = []
        for rule in self.RULE.finditer(text):
            pins = re.findall(r'^ +"(sha256/[^"]{44})",$', rule["pins"] or "", flags=re.M)
            assert bool(pins) != bool(rule["exempt"]) and set(pins) <= set(self.keys)
            if rule["until"]:
                assert time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(rule["until"]))) == rule["time"]
            self.rules.append((re.findall(r'"([^"]+)"', rule["match"]), rule["time"], pins))
        assert len(self.rules) == text.count("        Rule(\n")
        assert set(self.keys) == {pin for _, _, pins in self.rules for pin in pins}

    def answer(self, host, _):
        found = [((-len(formats.split(pattern)[0]), formats.split(pattern)[1]), until, pins)
                 for match, until, pins in self.rules for pattern in match if formats.covers(pattern, host)]
        best = min((rank for rank, _, _ in found), default=None)
        held = [(until, pins) for rank, until, pins in found if rank == best and pins]
        if not held:
            return None
        until = None if any(until is None for until, _ in held) else max(until for until, _ in held)
        return formats.Answer(frozenset((pin, "any") for _, pins in held for pin in pins), until)


class Alamofire(formats.TestCase):
    given = True

    def run_cli(self, *args, **options):
        """Exports are given the certificates of the twelve keys, unless a test gives its own or none."""
        if self.given and args[:3] == ("export", "--to", "alamofire"):
            path = self.write("pins.pem", "".join(certificate(n).pem for n in range(1, 13)))
            args = (*args, "--certificate", path)
        return super().run_cli(*args, **options)

    def test_the_model(self):
        self.check_model("alamofire", Model, random.Random(31), with_ports=False)
        self.check_model("alamofire", Model, random.Random(32), rounds=10)

    def test_what_is_written(self):
        document = formats.pinset(
            formats.rule("api", ["api.example", "**.cdn.example"], [{"spki": key(1), "label": 'x" */ \\(evil)'}, 2],
                         enforce_until="2036-09-01T00:00:00Z", after="off"),
            formats.rule("out", ["out.cdn.example"], [], mode="off"), app=generated.EVIL_APP)
        text = self.export("alamofire", document).text
        self.assertTrue(text.startswith("// Made by pintle export from x # coding: utf_7 */ } "))
        self.assertIn(f'''
        // Rule api.
        Rule(
            match: [
                "api.example",
                "**.cdn.example",
            ],
            // 2036-09-01T00:00:00Z
            until: 2103840000,
            pins: [
                // x" */ ?(evil)
                "{key(1)}",
                "{key(2)}",
            ]
        ),
        // Rule out.
        Rule(
            match: [
                "out.cdn.example",
            ],
            exempt: true
        ),
    ]
''', text)
        self.assertEqual(text.count('"""'), 5)

    def test_files_are_whole(self):
        for document in (formats.pinset(), formats.pinset(formats.rule("off", ["a.example"], [], mode="off")),
                         formats.pinset(formats.rule("api", ["a.example"], [1]))):
            text = self.export("alamofire", document).text
            code = re.sub(r'"""(.|\n)*?"""|"[^"\n]*"|//.*', "", text)
            for opening, closing in ("{}", "()", "[]"):
                self.assertEqual(code.count(opening), code.count(closing))
            self.assertNotRegex(text, r"[ \t]\n|\n\n\n|@\w+@\n")
        self.assertIn("let rules: [Rule] = []\n", self.export("alamofire", formats.pinset()).text)
        self.assertIn("let certificates: [String: String] = [:]\n", self.export("alamofire", formats.pinset()).text)

    def test_a_key_without_a_certificate_is_refused(self):
        self.given = False
        self.save(formats.pinset(formats.rule("api", ["a.example"], [1, 2])))
        message = "alamofire: needs a certificate of each pinned key, in --certificate FILE; there is none of {}, rule api"
        self.assertFails(cli.INPUT, message.format(key(1)), "export", "--to", "alamofire")
        one = self.write("one.pem", certificate(1).pem)
        self.assertFails(cli.INPUT, message.format(key(2)), "export", "--to", "alamofire", "--certificate", one)
        bare = self.write("bare.pem", certificate(1).pem + certificate(2).key.pem)
        self.assertFails(cli.INPUT, message.format(key(2)), "export", "--to", "alamofire", "--certificate", bare)
        missing = self.dir / "missing.pem"
        self.assertExit(self.run_cli("export", "--to", "alamofire", "--certificate", missing), cli.INPUT)

    def test_of_several_certificates_the_first_counts(self):
        self.given = False
        again = AUTHORITY.issue("again.example", key=certificate(2).key)
        document = formats.pinset(formats.rule("api", ["a.example"], [2]))
        self.save(document)
        for first, second in ((again, certificate(2)), (certificate(2), again)):
            path = self.write("both.pem", certificate(3).pem + first.pem + second.pem)
            done = self.run_cli("export", "--to", "alamofire", "--certificate", path)
            self.assertExit(done, cli.OK)
            self.assertEqual([made.serial_number for made in Model(done.out).keys.values()], [first.cert.serial_number])

    def test_what_is_lost(self):
        lost = formats.pinset(
            formats.rule("api", ["a.example"], [{"spki": key(1), "at": "leaf", "until": formats.time(9)}], trust="key", ports=[443],
                         deny=[key(9)], report=["https://reports.example/"]),
            formats.rule("report", ["b.example"], [1], mode="report"), formats.rule("address", ["192.0.2.1"], [2]))
        self.assertEqual(self.export("alamofire", lost).ids(),
                         {"EXP005", "EXP007", "EXP010", "EXP014", "EXP015", "EXP020", "EXP030", "EXP040"})

    def test_drift(self):
        document = formats.pinset(formats.rule("api", ["a.example"], [1, 2]))
        text = self.export("alamofire", document).text
        self.assertEqual(self.drift("alamofire", {**document, "version": 8}, text), [])
        self.assertEqual(len(self.drift("alamofire", document, text.replace("a.example", "b.example"))), 1)


if __name__ == "__main__":
    tap_unittest.main()
