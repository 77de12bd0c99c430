#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TrustKit for iOS: TSKConfiguration in an Info.plist, as Python and libplist read it, and as a model of TrustKit means it."""
import datetime
import plistlib
import random
import subprocess

import cli
import formats
import model_trustkit_ios
import tap_unittest

DOMAIN = "example.com"


def hashes(*pins):
    return [formats.bare(formats.key(p)) if isinstance(p, int) else p for p in pins]


def entry(*pins, **members):
    return {"TSKPublicKeyHashes": hashes(*pins or (1, 2)), "TSKDisableDefaultReportUri": True, **members}


def info(domains, **members):
    return plistlib.dumps({"CFBundleIdentifier": "com.example.shop", "TSKConfiguration": {"TSKPinnedDomains": domains, **members}})


def today(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y-%m-%d")


class TrustKit(formats.TestCase):
    NAME = "trustkit-ios"

    def setUp(self):
        super().setUp()
        self.document = formats.pinset(
            formats.rule("wide", ["**.example.com"], [{"spki": formats.key(1), "label": "--><pin> -"}, 2], after="off",
                         enforce_until=today(90) + "T00:00:00Z", report=["https://r.example.net/x?a=1&b=2"]),
            formats.rule("one", ["xn--p1ai.example.com"], [3], mode="report"),
            formats.rule("free", ["**.free.example.com"], [], mode="off"))

    def test_exact_text(self):
        done = self.export(self.NAME, self.document)
        self.assertEqual(done.ids(), set())
        self.assertIn(f"\t\t\t\t\t<string>{hashes(1)[0]}</string> <!-- - -&gt;&lt;pin&gt; - -->", done.text.splitlines())
        self.assertEqual(done.text.splitlines()[2], "<!-- Made by pintle export from com.example.shop, version 7. -->")
        self.assertEqual(plistlib.loads(done.text.encode()), {"TSKConfiguration": {"TSKPinnedDomains": {
            "example.com": {"TSKIncludeSubdomains": True, "TSKEnforcePinning": True, "TSKExpirationDate": today(90), "TSKPublicKeyHashes": hashes(1, 2),
                            "TSKReportUris": ["https://r.example.net/x?a=1&b=2"], "TSKDisableDefaultReportUri": True},
            "xn--p1ai.example.com": {"TSKIncludeSubdomains": False, "TSKEnforcePinning": False, "TSKPublicKeyHashes": hashes(3),
                                     "TSKDisableDefaultReportUri": True},
            "free.example.com": {"TSKIncludeSubdomains": True, "TSKExpirationDate": "1970-01-01", "TSKDisableDefaultReportUri": True,
                                 "TSKPublicKeyHashes": ["A" * 43 + "=", "A" * 42 + "E="]}}}})

    def test_libplist_reads_it(self):
        text = self.export(self.NAME, self.document).text
        self.write("in.plist", text)
        for source, target in (("in.plist", "binary.plist"), ("binary.plist", "out.plist")):
            subprocess.run(["plistutil", "-i", self.dir / source, "-o", self.dir / target], check=True, capture_output=True)
        again = (self.dir / "out.plist").read_bytes()
        self.assertEqual(plistlib.loads(again), plistlib.loads(text.encode()))
        self.assertEqual(self.drift(self.NAME, self.document, again), [])

    def test_model(self):
        """All that is written starts, and means what --explain says."""
        self.check_model(self.NAME, model_trustkit_ios.Model, random.Random(30), domain=DOMAIN)

    def test_the_model_refuses(self):
        for domains in ({}, {"a.example": entry()}, {"co.uk": entry(TSKIncludeSubdomains=True)}, {"a.com": entry(1)}, {"a.com": entry("AAAA", 1, 2)},
                        {"a.com": {model_trustkit_ios.EXCLUDE: True}}):
            with self.assertRaises(model_trustkit_ios.Refused):
                model_trustkit_ios.Model(info(domains))

    def test_made_up_files_mean_what_the_model_says(self):
        """Files that no export wrote; what ends the app is refused."""
        rng, refused = random.Random(31), 0
        for _ in range(80):
            domains = {}
            for _ in range(rng.randint(1, 5)):
                made = {"TSKPublicKeyHashes": hashes(*{rng.randint(1, 9) for _ in range(rng.choice([2, 3, 3, 3, 4]))})}
                for key, value in (("TSKIncludeSubdomains", rng.random() < 0.7), ("TSKEnforcePinning", rng.random() < 0.7),
                                   ("TSKExpirationDate", rng.choice([today(20), "1970-01-01", "2027-02-30", "soon"])), ("TSKDisableDefaultReportUri", True)):
                    if rng.random() < 0.4:
                        made[key] = value
                if rng.random() < 0.1:
                    made = {model_trustkit_ios.EXCLUDE: True}
                domains[formats.random_host(rng).replace("example", DOMAIN)] = made
            try:
                platform = model_trustkit_ios.Model(info(domains))
            except model_trustkit_ios.Refused:
                self.assertImportFails(self.NAME, info(domains), "TrustKit refuses to start")
                refused += 1
                continue
            made = self.import_(self.NAME, info(domains)).pinset
            for host in formats.random_hosts(rng, made, 30):
                answer, held = platform.answer(host, 443), formats.find(made, host)
                pinned = held is not None and held["mode"] != "off"
                self.assertEqual(answer is not None, pinned, f"{host} {domains}")
                if pinned:
                    self.assertEqual(answer, formats.Answer(frozenset((p["spki"], p["at"]) for p in held["pins"]), held.get("enforce_until"), held["mode"]))
        self.assertGreater(refused, 5)
        self.assertLess(refused, 60)

    def test_round_trip(self):
        rng = random.Random(32)
        for _ in range(60):
            document = self.writable_pinset(self.NAME, rng, domain=DOMAIN)
            first, _, again = self.assertRoundTrip(self.NAME, document)
            self.assertEqual(plistlib.loads(again.text.encode()), plistlib.loads(first.text.encode()))

    def test_drift(self):
        text = self.export(self.NAME, self.document).text
        for old, new in (("<true/>", "<false/>"), (today(90), today(91)), (hashes(3)[0], hashes(4)[0]), ("b=2", "b=3"),
                         ("1970-01-01", "2030-01-01"), ("xn--p1ai", "xn--p1aj")):
            with self.subTest(old):
                self.assertNotEqual(self.drift(self.NAME, self.document, text.replace(old, new)), [])

    # --- what is lost ------------------------------------------------------------------------------------

    def losses(self, *rules):
        return self.export(self.NAME, formats.pinset(formats.rule("base", ["base.example.org"], [8, 9]), *rules))

    def test_losses(self):
        day = today(90) + "T00:00:00Z"
        for name, rule, wanted in (
                ("exact", formats.rule("r", ["a.example.com"], [1, 2]), set()),
                ("one label alone", formats.rule("r", ["*.a.example.com"], [1, 2]), {"EXP001"}),
                ("ports", formats.rule("r", ["a.example.com"], [1, 2], ports=[8443]), {"EXP005"}),
                ("address", formats.rule("r", ["192.0.2.1"], [1, 2]), {"EXP007"}),
                ("private name", formats.rule("r", ["a.internal", "localhost"], [1, 2]), {"EXP009"}),
                ("below a public suffix", formats.rule("r", ["**.co.uk"], [1, 2]), {"EXP009", "EXP002"}),
                ("position", formats.rule("r", ["a.example.com"], [{"spki": formats.key(1), "at": "leaf"}, 2]), {"EXP010"}),
                ("one pin", formats.rule("r", ["a.example.com"], [1]), {"EXP016"}),
                ("one pin reported", formats.rule("r", ["a.example.com"], [1], mode="report"), set()),
                ("a day", formats.rule("r", ["a.example.com"], [1, 2], enforce_until=day, after="off"), set()),
                ("an hour", formats.rule("r", ["a.example.com"], [1, 2], enforce_until=day.replace("00:00:00", "01:00:00"), after="off"), {"EXP032"}),
                ("reports after", formats.rule("r", ["a.example.com"], [1, 2], enforce_until=day), {"EXP033"}),
                ("deny", formats.rule("r", ["a.example.com"], [1, 2], deny=[formats.key(9)]), {"EXP015"}),
                ("key alone", formats.rule("r", ["a.example.com"], [1, 2], trust="key"), {"EXP010", "EXP020"}),
                ("exempt", formats.rule("r", ["base.example.org", "**.a.base.example.org"][1:], [], mode="off"), set())):
            with self.subTest(name):
                self.assertEqual(self.losses(rule).ids("r"), wanted)

    def test_nothing_to_write(self):
        self.save(formats.pinset(formats.rule("r", ["a.internal"], [1, 2])))
        self.assertFails(cli.INPUT, "trustkit-ios: no rule of the pin-set can be written", "export", "--to", self.NAME)

    # --- what is read ------------------------------------------------------------------------------------

    def test_places(self):
        domain = {"a.com": entry()}
        for value in ({"TSKConfiguration": {"TSKSwizzleNetworkDelegates": True, "TSKPinnedDomains": domain}}, {"TSKPinnedDomains": domain}, domain):
            with self.subTest(value):
                self.assertEqual(self.import_(self.NAME, plistlib.dumps(value)).pinset["rules"][0]["match"], ["a.com"])
        fragment = plistlib.dumps({"TSKPinnedDomains": domain}).decode().split("<dict>", 1)[1].rsplit("</dict>", 1)[0]
        self.assertEqual(self.import_(self.NAME, fragment.replace("\n", "\r\n")).pinset["rules"][0]["match"], ["a.com"])

    def test_defaults(self):
        done = self.import_(self.NAME, info({"a.com": {"TSKPublicKeyHashes": hashes(1, 2, 1)}}))
        rule, = done.pinset["rules"]
        self.assertEqual((rule["match"], rule["mode"], len(rule["pins"])), (["a.com"], "enforce", 2))
        self.assertNotIn("enforce_until", rule)
        self.assertEqual([(n["id"], n["detail"]) for n in done.notes], [("IMP015", "a.com: TSKDisableDefaultReportUri is not true")])

    def test_values_that_stand_for_booleans(self):
        for value, wanted in ((True, True), (1, True), (0, False), (-1, True), ("YES", True), ("true", True), ("1", True), (" 07", True), ("NO", False),
                              ("", False), ("0", False), ("on", False)):
            with self.subTest(value):
                done = self.import_(self.NAME, info({"a.com": entry(TSKIncludeSubdomains=value)}))
                self.assertEqual(done.pinset["rules"][0]["match"], ["**.a.com" if wanted else "a.com"])
        for key in ("TSKIncludeSubdomains", "TSKEnforcePinning", "TSKDisableDefaultReportUri", model_trustkit_ios.EXCLUDE):
            self.assertImportFails(self.NAME, info({"a.com": entry(**{key: []})}), f"a.com: {key} is an array, not a boolean")

    def test_ends(self):
        for text, until in (("2027-05-01", "2027-05-01"), ("2027-5-1", "2027-05-01"), ("2027-12-9", "2027-12-09")):
            done = self.import_(self.NAME, info({"a.com": entry(TSKExpirationDate=text)}))
            self.assertEqual(done.pinset["rules"][0]["enforce_until"], f"{until}T00:00:00Z")
            self.assertEqual([(n["id"], n["detail"]) for n in done.notes], [("IMP002", f"a.com: {text}")])
        for text in ("2027-02-30", "2027-13-01", "01.05.2027", "2027-05-01T00:00:00Z", "", "2027--1", "2027-05-", "2027-+5-01", "27-05-01"):
            with self.subTest(text):
                done = self.import_(self.NAME, info({"a.com": entry(TSKExpirationDate=text)}))
                self.assertNotIn("enforce_until", done.pinset["rules"][0])
                self.assertEqual([(n["id"], n["detail"]) for n in done.notes], [("IMP001", f'a.com: TSKExpirationDate "{text}" is no day: the pins never end')])
        self.assertImportFails(self.NAME, info({"a.com": entry(TSKExpirationDate=datetime.datetime(2027, 5, 1))}), "TSKExpirationDate is a date, not a string")

    def test_exclusions(self):
        wide = entry(TSKIncludeSubdomains=True)
        for key in (model_trustkit_ios.EXCLUDE, "TSKExcludeSubdomainFromParentPolicy"):
            with self.subTest(key):
                done = self.import_(self.NAME, info({"a.com": wide, "b.a.com": {key: True}}))
                self.assertEqual([(r["match"], r["mode"]) for r in done.pinset["rules"]], [(["**.a.com"], "enforce"), (["b.a.com"], "off")])
                self.assertEqual(done.ids(), {"IMP007"})
                self.assertImportFails(self.NAME, info({"a.com": wide, "b.a.com": {key: True, "TSKEnforcePinning": False}}),
                                       f"b.a.com: has other keys beside {key}: TrustKit refuses to start")
                self.assertImportFails(self.NAME, info({"a.com": entry(), "b.a.com": {key: True}}), "b.a.com: is excluded from a policy that there is not")
                self.assertImportFails(self.NAME, info({"a.com": wide, "b.a.com": {key: False}}), "b.a.com: has 0 pins of 2")
                done = self.import_(self.NAME, info({"a.com": entry(**{key: False})}))
                self.assertEqual(done.pinset["rules"][0]["mode"], "enforce")

    def test_notes(self):
        done = self.import_(self.NAME, info({"a.com": entry(TSKPublicKeyAlgorithms=["TSKAlgorithmRsa2048"], TSKAdditionalTrustAnchors=["x"], X=1,
                                                            TSKReportUris=["https://r.example/", "mailto:x@example.com"]), "B.com": entry()},
                                            TSKIgnorePinningForUserDefinedTrustAnchors=True))
        self.assertEqual({(n["id"], n["detail"]) for n in done.notes}, {
            ("IMP001", "a.com: TSKPublicKeyAlgorithms"), ("IMP008", "a.com: TSKAdditionalTrustAnchors"), ("IMP001", "a.com: X"),
            ("IMP001", "a.com: report to mailto:x@example.com"), ("IMP001", "B.com: TrustKit compares case, and hosts come in lower case"),
            ("IMP005", "TSKIgnorePinningForUserDefinedTrustAnchors, on macOS alone")})
        self.assertEqual(done.pinset["rules"][0]["report"], ["https://r.example/"])

    def test_what_ends_the_app_is_refused(self):
        refuses = "TrustKit refuses to start"
        for domains, message in (
                ({"*.a.com": entry()}, f'"*.a.com" is no domain name: {refuses}'), ({"a.com.": entry()}, f'"a.com." is no domain name: {refuses}'),
                ({"192.0.2.1": entry()}, f'"192.0.2.1" is no domain name: {refuses}'), ({"": entry()}, f'"" is no domain name: {refuses}'),
                ({"a.internal": entry()}, f'"a.internal" has no known public suffix: {refuses}'),
                ({"localhost": entry()}, f'"localhost" has no known public suffix: {refuses}'),
                ({"co.uk": entry(TSKIncludeSubdomains=True)}, f"co.uk: is a public suffix, and TSKIncludeSubdomains is set: {refuses}"),
                ({"a.com": entry(1)}, f"a.com: has 1 pins of 2: {refuses}"), ({"a.com": entry(1, 1)}, f"a.com: has 1 pins of 2: {refuses}"),
                ({"a.com": {}}, f"a.com: has 0 pins of 2: {refuses}"), ({"a.com": {"TSKPublicKeyHashes": [], "TSKEnforcePinning": False}}, "has 0 pins of 1"),
                ({"a.com": entry(1, "AAAA")}, f'a.com: "AAAA" is no SHA-256 in base64: {refuses}'),
                ({"a.com": entry(1, formats.key(2))}, "is no SHA-256 in base64"), ({"a.com": entry(1, hashes(2)[0] + "\n")}, "is no SHA-256 in base64"),
                ({"a.com": {"TSKPublicKeyHashes": hashes(1)[0]}}, "a.com: TSKPublicKeyHashes is a string, not an array"),
                ({"a.com": {"TSKPublicKeyHashes": [b"x"]}}, "a.com: TSKPublicKeyHashes holds data, not a string"),
                ({"a.com": entry(TSKReportUris="x")}, "a.com: TSKReportUris is a string, not an array"),
                ({"a.com": entry(TSKReportUris=[1])}, "a.com: TSKReportUris holds an integer, not a string"),
                ({"a.com": "x"}, "a.com: is a string, not a dictionary"), ({}, "TSKPinnedDomains pins no host"), ({"A.com": entry()}, "TSKPinnedDomains pins no host")):
            with self.subTest(domains):
                self.assertImportFails(self.NAME, info(domains), message)
        for value, message in (({"TSKConfiguration": []}, "TSKConfiguration is an array, not a dictionary"), ({"TSKConfiguration": {}}, "there is no TSKPinnedDomains"),
                               ({"TSKConfiguration": {"TSKPinnedDomains": "x"}}, "TSKPinnedDomains is a string, not a dictionary"), ({}, "there is no TSKPinnedDomains")):
            self.assertImportFails(self.NAME, plistlib.dumps(value), message)


if __name__ == "__main__":
    tap_unittest.main()
