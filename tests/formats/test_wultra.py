#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""WultraSSLPinning: fingerprints of whole certificates become pins where the certificates are at hand."""
import base64
import hashlib
import json

import cli
import formats
import pki
import tap_unittest


def fingerprint(certificate):
    return base64.b64encode(hashlib.sha256(certificate.der).digest()).decode()


class Wultra(formats.TestCase):
    NAME = "wultra"

    @classmethod
    def setUpClass(cls):
        root = pki.Authority()
        cls.one, cls.two = root.issue("one.example"), root.issue("one.example")

    def setUp(self):
        super().setUp()
        self.write("certs.pem", self.one.pem + self.two.pem)

    def entry(self, certificate, **members):
        return {"name": "one.example", "fingerprint": fingerprint(certificate), "expires": 4102444800, "signature": "AA==", **members}

    def file(self, *entries):
        return json.dumps({"fingerprints": list(entries)})

    def test_fingerprints_of_a_host_are_pins_with_an_end(self):
        text = self.file(self.entry(self.one), self.entry(self.two, name="TWO.example"), self.entry(self.two, expires=4102444801))
        done = self.import_(self.NAME, text, "--certificate", "certs.pem")
        self.assertEqual(done.ids(), {"IMP014"})
        first, second = done.pinset["rules"]
        self.assertEqual((first["match"], second["match"]), (["one.example"], ["two.example"]))
        self.assertEqual(first["pins"], [{"spki": self.one.pin, "at": "leaf", "until": "2100-01-01T00:00:00Z"},
                                         {"spki": self.two.pin, "at": "leaf", "until": "2100-01-01T00:00:01Z"}])

    def test_a_certificate_that_is_not_at_hand_is_named(self):
        text = self.file(self.entry(self.two), self.entry(self.one))
        self.assertImportFails(self.NAME, text, "/fingerprints/0: a fingerprint of a whole certificate")
        self.write("one.pem", self.two.pem)
        self.assertImportFails(self.NAME, text, "/fingerprints/1: a fingerprint of a whole", "--certificate", "one.pem")

    def test_bad_files(self):
        for content, message in (("{}", "lacks fingerprints"), ('{"fingerprints": {}}', "not an array"), ("[]", "no JSON object"),
                                 (self.file(1), "lacks name"), (self.file(self.entry(self.one, name=1)), "/fingerprints/0/name: is not a string"),
                                 (self.file(self.entry(self.one, fingerprint="x")), "no base64 of 32 bytes"),
                                 (self.file(self.entry(self.one, expires="x")), "expires: is not a number"),
                                 (self.file(self.entry(self.one, expires=-1)), "expires: is no time"),
                                 (self.file(self.entry(self.one, name="*.example")), "name: is no host")):
            with self.subTest(content):
                self.assertImportFails(self.NAME, content, message, "--certificate", "certs.pem")

    def test_it_cannot_be_exported(self):
        self.save(formats.pinset(formats.rule("a", ["a.example"], [1])))
        self.assertUsage("--to", "export", "--to", self.NAME)


if __name__ == "__main__":
    tap_unittest.main()
