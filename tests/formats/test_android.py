#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Android's network security configuration: written for the platform, read as the platform reads it."""
import random

import cli
import formats
import tap_unittest
from model_android import Model

PINS = f'<pin digest="SHA-256">{formats.bare(formats.key(1))}</pin>'


def config(inside, top=""):
    return f"<network-security-config>{top}{inside}</network-security-config>"


def domains(*names, pins=f"<pin-set>{PINS}</pin-set>", more=""):
    shown = "".join(f"<domain>{name}</domain>" for name in names)
    return f"<domain-config>{shown}{pins}{more}</domain-config>"


class Android(formats.TestCase):
    NAME = "android"

    def setUp(self):
        super().setUp()
        self.document = formats.pinset(
            formats.rule("api", ["**.api.example", "www.example"], [1, {"spki": formats.key(2), "label": "--><pin> & co"}],
                         enforce_until="2100-01-02T00:00:00Z", after="off"),
            formats.rule("off", ["open.api.example"], [], mode="off"), formats.rule("ip", ["192.0.2.1"], [3]))

    # --- written ---------------------------------------------------------------------------------

    def test_the_file(self):
        text = self.export(self.NAME, self.document).text
        self.assertIn('<domain includeSubdomains="true">api.example</domain>', text)
        self.assertIn('<domain includeSubdomains="false">192.0.2.1</domain>', text)
        self.assertIn('<pin-set expiration="2100-01-02">', text)
        self.assertIn("<!-- - -&gt;&lt;pin&gt; &amp; co -->", text)
        model = Model(text)
        self.assertIsNone(model.answer("open.api.example", 443))
        self.assertEqual(model.answer("x.api.example", 443).until, "2100-01-02T00:00:00Z")

    def test_it_is_of_the_documented_grammar(self):
        rng = random.Random(7)
        schema = cli.ROOT / "tests/formats/network_security_config.xsd"
        for document in [self.document, *(formats.random_pinset(rng) for _ in range(20))]:
            self.write("made.xml", self.export(self.NAME, document).text)
            done = cli.run_program(["xmllint", "--noout", "--schema", schema, "made.xml"], home=self.dir)
            self.assertExit(done, 0)
        self.write("made.xml", config(domains("a.example").replace("SHA-256", "SHA-1")))
        self.assertNotEqual(cli.run_program(["xmllint", "--noout", "--schema", schema, "made.xml"], home=self.dir).code, 0)

    def test_aapt_compiles_it_into_a_package(self):
        self.write("res/xml/network_security_config.xml", self.export(self.NAME, self.document).text)
        self.write("AndroidManifest.xml", '<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="com.example.shop"/>')
        done = cli.run_program(["aapt", "package", "-f", "-M", "AndroidManifest.xml", "-S", "res", "-F", "shop.apk"], home=self.dir)
        self.assertExit(done, 0)
        shown = cli.run_program(["aapt", "dump", "xmltree", "shop.apk", "res/xml/network_security_config.xml"], home=self.dir).out
        self.assertEqual(shown.count("E: domain-config"), 3 + 1)
        self.assertIn('A: expiration="2100-01-02"', shown)
        self.assertEqual(shown.count('C: "' + formats.bare(formats.key(1))), 2)

    def test_the_model_agrees(self):
        self.check_model(self.NAME, Model, random.Random(11))

    # --- and back --------------------------------------------------------------------------------

    def test_round_trip(self):
        first, made, again = self.assertRoundTrip(self.NAME, self.document)
        self.assertEqual([r["match"] for r in made["rules"]],
                         [["**.api.example"], ["www.example"], ["open.api.example"], ["192.0.2.1"]])
        # Labels are comments to Android: all else is the same.
        strip = lambda text: [line.split(" <!--")[0] for line in text.splitlines()]
        self.assertEqual(strip(first.text), strip(again.text))

    def test_round_trip_of_generated_pin_sets(self):
        rng = random.Random(12)
        for _ in range(30):
            document = formats.random_pinset(rng)
            if Model(self.export(self.NAME, document).text).domains:
                self.assertRoundTrip(self.NAME, document)

    # --- read ------------------------------------------------------------------------------------

    def test_a_nested_configuration_has_the_pins_around_it_or_its_own(self):
        own = f'<pin-set><pin digest="sha-256">{formats.bare(formats.key(2))}</pin></pin-set>'
        text = config(domains("a.example", more=domains("x.a.example", pins="", more=domains("y.x.a.example", pins=own)) +
                              domains("z.a.example", pins="<pin-set/>")))
        rules = {r["match"][0]: r for r in self.import_(self.NAME, text).pinset["rules"]}
        self.assertEqual([p["spki"] for p in rules["x.a.example"]["pins"]], [formats.key(1)])
        self.assertEqual([p["spki"] for p in rules["y.x.a.example"]["pins"]], [formats.key(2)])
        self.assertEqual(rules["z.a.example"]["mode"], "off")

    def test_what_is_imported_and_noted(self):
        text = config('<domain-config cleartextTrafficPermitted="false"><domain includeSubdomains="true"> A.example\n</domain>'
                      f'<domain>b.example</domain><pin-set expiration="2100-5-1 or so">{PINS}<pin-note/></pin-set>'
                      '<trust-anchors><certificates src="user" overridePins="true"/></trust-anchors><x:new xmlns:x="y"/></domain-config>',
                      top='<base-config><trust-anchors/></base-config><debug-overrides/><more/>')
        done = self.import_(self.NAME, b"\xef\xbb\xbf" + text.replace("><", ">\r\n<!-- - --><").encode())
        self.assertEqual(done.ids(), {"IMP001", "IMP002", "IMP005", "IMP008", "IMP010"})
        made, = done.pinset["rules"]
        self.assertEqual(made["match"], ["**.a.example", "b.example"])
        self.assertEqual(made["enforce_until"], "2100-05-01T00:00:00Z")
        self.assertEqual([n["detail"] for n in done.notes if n["id"] == "IMP001"],
                         ["<more>", "<new>", "what stands behind 2100-05-01", "<pin-note>"])

    def test_pins_that_have_ended_are_imported_with_their_end(self):
        done = self.import_(self.NAME, config(domains("a.example", pins=f'<pin-set expiration="2020-01-01">{PINS}</pin-set>')))
        self.assertEqual(done.pinset["rules"][0]["enforce_until"], "2020-01-01T00:00:00Z")

    def test_what_the_platform_refuses(self):
        pin = formats.bare(formats.key(1))
        for text, message in (
                ("", "is no XML"), ("<a/>", "is no network-security-config"), ("{}", "is no XML"), ("<network-security-config>", "input:1:26"),
                (config("<domain-config/>"), "input:1:26: Android refuses <domain-config>: has no domain"),
                (config(domains("a.example", "A.example")), "stands twice: a.example (line 1)"),
                (config(domains("a.example") + domains("b.example", more=domains("a.example"))), "stands twice"),
                (config(domains("")), "is empty"), (config(domains("<b/>")), "holds elements"),
                (config(domains("*.example")), "is no host name that could match"),
                (config(domains("a.example", pins="<pin-set/><pin-set/>")), "stands twice in a domain-config"),
                (config("", top="<base-config/><base-config/>"), "<base-config>: stands twice"),
                (config("", top="<debug-overrides/><debug-overrides/>"), "stands twice"),
                (config("", top="<base-config><pin-set/></base-config>"), "takes no domain, pin-set"),
                (config(domains("a.example", pins=f'<pin-set><pin digest="SHA-1">{pin}</pin></pin-set>')), "only digest="),
                (config(domains("a.example", pins=f"<pin-set><pin>{pin}</pin></pin-set>")), "only digest="),
                (config(domains("a.example", pins='<pin-set><pin digest="SHA-256">AAAA</pin></pin-set>')), "no base64 of 32 bytes"),
                (config(domains("a.example", pins='<pin-set><pin digest="SHA-256"/></pin-set>')), "is empty"),
                (config(domains("a.example", pins='<pin-set expiration="01.05.2027"/>')), "no day such as"),
                (config(domains("a.example", pins='<pin-set expiration="2027-02-30"/>')), "no day such as"),
                (config(domains("a.example", pins='<pin-set expiration=""/>')), "no day such as")):
            with self.subTest(text):
                self.assertImportFails(self.NAME, text, message)

    def test_entities_and_bombs(self):
        bomb = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + "".join(
            f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(9)) + "]>" + config(domains("&j;"))
        outside = f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{self.write("secret", "a.example")}">]>' + config(domains("&x;"))
        for text, message in ((bomb, "a document type with declarations is refused"), (outside, "a document type with declarations"),
                              ('<!DOCTYPE a SYSTEM "http://localhost/a.dtd">' + config(domains("&x;")), "an entity that XML does not have"),
                              ("<a>" * 100, "nested too deep"), (config(domains("a.example", pins="<x>" * 70)), "nested too deep")):
            with self.subTest(message):
                self.assertImportFails(self.NAME, text, message)

    def test_large_files(self):
        many = config("".join(domains(f"h{i}.example") for i in range(20000)))
        self.assertEqual(len(self.import_(self.NAME, many).pinset["rules"]), 20000)
        padded = config(domains("a.example"), top="<!--" + "x" * 10_000_000 + "-->")
        self.assertEqual(len(self.import_(self.NAME, padded).pinset["rules"]), 1)
        self.assertImportFails(self.NAME, config("", top="<!--" + "x" * 70_000_000 + "-->"), "input")

    def test_other_encodings(self):
        for encoding in ("utf-16", "iso-8859-1"):
            text = f'<?xml version="1.0" encoding="{encoding}"?>' + config(domains("a.example"))
            self.assertEqual(len(self.import_(self.NAME, text.encode(encoding)).pinset["rules"]), 1)
        self.assertImportFails(self.NAME, config(domains("a.example")).encode()[:-1] + b"\xff>", "is no XML")
        self.assertImportFails(self.NAME, '<?xml version="1.0" encoding="klingon"?><a/>', "is no XML")


if __name__ == "__main__":
    tap_unittest.main()
