#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""react-native-ssl-manager: ssl_config.json, as its normalizeSslConfig() and isExpired() read it, and as Node sees its pins."""
import datetime
import json
import random
import subprocess

import cli
import formats
import pki
import servers
import tap_unittest

CONNECT = """
const tls = require('tls'), crypto = require('crypto'), fs = require('fs');
const [file, host, port, ca] = process.argv.slice(2);
const pins = JSON.parse(fs.readFileSync(file)).sha256Keys[host];
const options = {host: '127.0.0.1', port, servername: host, ca: fs.readFileSync(ca),
  checkServerIdentity: (name, cert) => {  // a cert with its issuers, as Node gives it
    const wrong = tls.checkServerIdentity(name, cert);
    if (wrong) return wrong;
    for (let at = cert; ; at = at.issuerCertificate) {
      const spki = new crypto.X509Certificate(at.raw).publicKey.export({type: 'spki', format: 'der'});
      if (pins.includes('sha256/' + crypto.createHash('sha256').update(spki).digest('base64'))) return undefined;
      if (!at.issuerCertificate || at.issuerCertificate === at) return new Error('no pinned key');
    }}};
const socket = tls.connect(options, () => { console.log('connected'); socket.end(); });
socket.on('error', error => { console.log(error.message); process.exit(1); });
"""


class Model:
    """What the package documents: keys of a domain hold for it and, unless includeSubdomains is false, for all below; the
    longest domain counts (both TrustKit and network security configuration choose so)."""

    def __init__(self, text):
        self.file = json.loads(text)
        self.domains = self.file.get("domains", {})

    def answer(self, host, _port):
        options = lambda domain: self.domains.get(domain, {})
        covering = [d for d in self.file["sha256Keys"]
                    if host == d or (host.endswith("." + d) and options(d).get("includeSubdomains", True))]
        if not covering:
            return None
        domain = max(covering, key=len)
        until = options(domain).get("expirationDate")
        if until:  # through the end of that day
            until = (datetime.date.fromisoformat(until) + datetime.timedelta(days=1)).isoformat() + "T00:00:00Z"
        return formats.Answer(frozenset((pin, "any") for pin in self.file["sha256Keys"][domain]), until,
                              "enforce" if options(domain).get("enforcePinning", True) else "report")


class ReactNative(formats.TestCase):
    NAME = "react-native"

    def setUp(self):
        super().setUp()
        self.document = formats.pinset(formats.rule("api", ["**.api.example"], [1, 2]),
                                       formats.rule("www", ["www.example"], [3, 4], enforce_until="2100-01-02T00:00:00Z", after="off"))

    def test_the_file(self):
        made = json.loads(self.export(self.NAME, self.document).text)
        self.assertEqual(made["sha256Keys"], {"api.example": [formats.key(1), formats.key(2)],
                                              "www.example": [formats.key(3), formats.key(4)]})
        self.assertEqual(made["domains"]["api.example"], {"includeSubdomains": True, "enforcePinning": True})
        self.assertEqual(made["domains"]["www.example"], {"includeSubdomains": False, "enforcePinning": True,
                                                          "expirationDate": "2100-01-01"})

    def test_round_trip(self):
        first, made, again = self.assertRoundTrip(self.NAME, self.document)
        self.assertEqual(first.text, again.text)
        self.assertEqual([r["match"] for r in made["rules"]], [["**.api.example"], ["www.example"]])
        self.assertEqual(made["rules"][1]["enforce_until"], "2100-01-02T00:00:00Z")

    def test_the_model_agrees(self):
        rng = random.Random(41)
        for _ in range(40):
            document = formats.random_pinset(rng)
            if any(self.two(rule) for rule in document["rules"]):
                self.check(document, rng)

    @staticmethod
    def two(rule):
        return formats.mode_now(rule) != "off" and len(formats.active_pins(rule)) >= 2

    def check(self, document, rng):
        exported = self.export(self.NAME, document)
        model = Model(exported.text)
        for host, told in self.explain(self.NAME, document, formats.random_hosts(rng, document, 60)).items():
            answer = model.answer(host, 443)
            self.assertSameAnswer(answer, told["platform"], host, document, exported)
            self.assertToldOrSame(answer, document, host, exported)

    def test_one_pin_is_left_out_and_told(self):
        document = formats.pinset(formats.rule("one", ["one.example"], [1]), formats.rule("two", ["two.example"], [1, 2]))
        done = self.export(self.NAME, document)
        self.assertIn("EXP016", done.ids("one"))
        self.assertNotIn("one.example", done.text)
        self.save(formats.pinset(formats.rule("one", ["one.example"], [1])))
        result = self.run_cli("export", "--to", self.NAME, "-o", "out")
        self.assertExit(result, cli.INPUT)
        self.assertIn("refuses a file without any host", result.err)
        self.assertFalse((self.dir / "out").exists())

    def test_what_is_imported(self):
        text = json.dumps({"sha256Keys": {"API.example": [formats.key(1), formats.key(2)], "b.example": [formats.key(3)]},
                           "domains": {"b.example": {"enforcePinning": False, "expirationDate": "2100-01-01"}},
                           "reportUris": ["https://r.example/pins"], "more": 1})
        done = self.import_(self.NAME, "\ufeff".encode() + text.encode())
        self.assertEqual(done.ids(), {"IMP001", "IMP002", "IMP006", "IMP013"})
        first, second = done.pinset["rules"]
        self.assertEqual((first["match"], first["mode"]), (["**.api.example"], "enforce"))
        self.assertEqual((second["mode"], second["enforce_until"]), ("report", "2100-01-02T00:00:00Z"))
        self.assertEqual(second["report"], ["https://r.example/pins"])

    def test_of_members_that_stand_twice_the_last_counts(self):
        pins = [json.dumps([formats.key(n)]) for n in (1, 2)]
        done = self.import_(self.NAME, f'{{"sha256Keys": {{"a.example": {pins[0]}, "a.example": {pins[1]}}}}}')
        self.assertEqual(done.ids(), {"IMP012", "IMP013"})
        self.assertEqual([p["spki"] for p in done.pinset["rules"][0]["pins"]], [formats.key(2)])

    def test_what_the_platform_refuses(self):
        keys = {"a.example": [formats.key(1)]}
        for content, message in (
                ("[]", "no JSON object"), ("{", "input:1:"), ({}, "lacks sha256Keys"), ({"sha256Keys": []}, "not an object"),
                ({"sha256Keys": {}}, "at least one host"), ({"sha256Keys": {"a.example": []}}, "at least one pin"),
                ({"sha256Keys": {"a.example": "x"}}, "at least one pin"), ({"sha256Keys": {"a.example": [1]}}, "no string"),
                ({"sha256Keys": {"a.example": ["sha256/short"]}}, "refuses the pin"),
                ({"sha256Keys": {"a.example": [formats.bare(formats.key(1))]}}, "refuses the pin"),
                ({"sha256Keys": {"*.example": [formats.key(1)]}}, "is no host"),
                ({"sha256Keys": keys, "domains": {"a.example": 1}}, "is no object"),
                ({"sha256Keys": keys, "domains": {"a.example": {"enforcePinning": "no"}}}, "neither true nor false"),
                ({"sha256Keys": keys, "domains": {"a.example": {"expirationDate": "30-06-2027"}}}, "is no day"),
                ({"sha256Keys": keys, "domains": {"a.example": {"expirationDate": "2027-02-30"}}}, "is no day"),
                ({"sha256Keys": keys, "reportUris": ["http://r.example"]}, "no https://")):
            with self.subTest(content):
                self.assertImportFails(self.NAME, content if isinstance(content, str) else json.dumps(content), message)

    def test_node_accepts_the_right_key_and_refuses_the_wrong_one(self):
        root = pki.Authority()
        server = root.issue("localhost")
        self.write("ca.pem", root.pem)
        self.write("connect.js", CONNECT)
        for pins, wanted in (((server.pin, formats.key(1)), "connected"), ((formats.key(1), formats.key(2)), "no pinned key")):
            self.write("ssl_config.json", self.export(self.NAME, formats.pinset(formats.rule("a", ["localhost"], list(pins)))).text)
            with servers.Nginx(server) as nginx:
                done = subprocess.run(["node", "connect.js", "ssl_config.json", "localhost", str(nginx.port), "ca.pem"], cwd=self.dir,
                                      capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.stdout.strip(), wanted, done.stderr)


if __name__ == "__main__":
    tap_unittest.main()
