#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Android's network security configuration: written for the platform, read as the platform reads it."""
import random

import cli
import formats
import tap_unittest
from model_android import Model, random_file, random_pin_set

PINS = f'<pin digest="SHA-256">{formats.bare(formats.key(1))}</pin>'


def config(inside, top=""):
    return f"<network-security-config>{top}{inside}</network-security-config>"


def pins(*texts, more=""):
    return f"<pin-set{more}>" + "".join(f'<pin digest="SHA-256">{text}</pin>' for text in texts) + "</pin-set>"


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

    def compiled(self, text):
        """What aapt2 makes of a file: the lines of its dump."""
        self.write("res/xml/network_security_config.xml", text)
        self.write("AndroidManifest.xml", '<manifest package="com.example.shop"/>')
        (self.dir / "flat").mkdir(exist_ok=True)
        for command in (["aapt2", "compile", "-o", "flat", "res/xml/network_security_config.xml"],
                        ["aapt2", "link", "-o", "shop.apk", "--manifest", "AndroidManifest.xml", "flat/xml_network_security_config.xml.flat"]):
            self.assertExit(cli.run_program(command, home=self.dir), 0)
        done = cli.run_program(["aapt2", "dump", "xmltree", "shop.apk", "--file", "res/xml/network_security_config.xml"], home=self.dir)
        return [line.strip() for line in done.out.splitlines()]

    def test_aapt2_compiles_it_too(self):
        lines = self.compiled(self.export(self.NAME, self.document).text)
        self.assertEqual(sum(line.startswith("E: domain-config") for line in lines), 4)
        self.assertEqual(lines.count("A: includeSubdomains=true"), 1)
        self.assertEqual(lines.count("A: includeSubdomains=false"), 3)
        self.assertEqual(lines.count('A: expiration="2100-01-02" (Raw: "2100-01-02")'), 2)
        self.assertEqual(lines.count(f"T: '{formats.bare(formats.key(1))}'"), 2)

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

    def test_files_mean_what_the_model_says(self):
        """Nested files that nobody exported: the pin-set made of one says what the platform would."""
        rng = random.Random(13)
        compared = 0
        for _ in range(60):
            text = random_file(rng, "example", lambda rng, depth: random_pin_set(rng, 0) if rng.random() < 0.7 else "")
            platform = Model(text)
            document = self.import_(self.NAME, text).pinset
            for host in formats.random_hosts(rng, document, 60):
                answer, rule = platform.answer(host, 443), formats.find(document, host)
                if rule is None or rule["mode"] == "off":
                    self.assertIsNone(answer, f"{host} {text}")
                else:
                    self.assertEqual(answer.pins, {(pin["spki"], pin["at"]) for pin in rule["pins"]}, f"{host} {text}")
                    self.assertEqual(answer.until, rule.get("enforce_until"))
                compared += 1
        self.assertEqual(compared, 3600)

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
        self.assertEqual(done.ids(), {"IMP001", "IMP002", "IMP005", "IMP008", "IMP010", "IMP014"})
        made, = done.pinset["rules"]
        self.assertEqual(made["match"], ["**.a.example", "b.example"])
        self.assertEqual(made["enforce_until"], "2100-05-01T00:00:00Z")
        self.assertEqual([n["detail"] for n in done.notes if n["id"] == "IMP001"],
                         ["<more>", "<new>", "what stands behind the day in 2100-5-1 or so", "<pin-note>"])

    def test_pins_that_have_ended_are_imported_with_their_end(self):
        done = self.import_(self.NAME, config(domains("a.example", pins=f'<pin-set expiration="2020-01-01">{PINS}</pin-set>')))
        self.assertEqual(done.pinset["rules"][0]["enforce_until"], "2020-01-01T00:00:00Z")
        self.assertEqual([(n["id"], n["detail"]) for n in done.notes],
                         [("IMP002", "from 2020-01-01 on"), ("IMP010", "2020-01-01"), ("IMP003", "a.example")])

    def test_what_the_platform_refuses(self):
        pin = formats.bare(formats.key(1))
        for text, message in (
                ("", "is no XML"), ("<a/>", "is no network-security-config"), ("{}", "is no XML"), ("<network-security-config>", "input:1:26"),
                (config("<domain-config/>"), "input:1:26: Android refuses <domain-config>: has no domain"),
                (config(domains("a.example", "A.example")), "stands twice: a.example (line 1)"),
                (config(domains("a.example") + domains("b.example", more=domains("a.example"))), "stands twice"),
                (config(domains("")), "is empty"), (config(domains("<b/>")), "holds elements"),
                (config(domains("a.example", pins="<pin-set/><pin-set/>")), "<pin-set>: stands twice"),
                (config(domains("a.example", pins="<trust-anchors/><trust-anchors/>")), "<trust-anchors>: stands twice"),
                (config("", top="<base-config><trust-anchors/><trust-anchors/></base-config>"), "<trust-anchors>: stands twice"),
                (config("", top="<base-config><trust-anchors><certificates/></trust-anchors></base-config>"), "src is neither system"),
                (config(domains("a.example", pins='<trust-anchors><certificates src="raw/ca"/></trust-anchors>')), "src is neither system"),
                (config("", top="<base-config><domain>a.example</domain></base-config>"), "takes no domain, pin-set"),
                (config("", top="<base-config><domain-config/></base-config>"), "takes no domain, pin-set"),
                (config(domains("*.example", "*.EXAMPLE")), "stands twice: *.example (line 1)"),
                (config(domains("a<!-- -->.example")), "<domain>: a comment parts its text"),
                (config(domains("a.example", pins=pins(pin[:9] + "<!-- -->" + pin[9:]))), "<pin>: a comment parts its text"),
                (config(domains("a.example", pins=pins(pin).replace(" digest", ' xmlns:t="x" t:digest'))), "only digest="),
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

    def test_names_that_no_host_has_are_passed_over(self):
        for name in ("*.example", "a.example.", ".example", "a b.example", "b\u00fccher.example", "a.example:443", "https://a.example",
                     "@string/host", "[::1]", "0:0::1", "-a.example"):
            with self.subTest(name):
                done = self.import_(self.NAME, config(domains(name, "b.example")).encode())
                self.assertEqual([r["match"] for r in done.pinset["rules"]], [["b.example"]])
                self.assertEqual([n["detail"] for n in done.notes], [name])
                self.assertEqual(done.ids(), {"IMP019"})
        self.assertEqual(self.import_(self.NAME, config(domains("*.example"))).pinset["rules"], [])

    def test_texts_that_a_comment_parts(self):
        """aapt2 makes two texts of one, and the platform throws at the second; beside the text comments do no harm."""
        parted, whole = config(domains("a<!-- -->.example")), config(domains("<!-- --> a.example <!-- -->", "b<?c d?><![CDATA[.e]]>xample"))
        self.assertEqual([line for line in self.compiled(parted) if line.startswith("T: ")][:2], ["T: 'a'", "T: '.example'"])
        self.assertEqual([line for line in self.compiled(whole) if line.startswith("T: ")][:2], ["T: ' a.example '", "T: 'b.example'"])
        self.assertImportFails(self.NAME, parted, "a comment parts its text")
        self.assertEqual(self.import_(self.NAME, whole).pinset["rules"][0]["match"], ["a.example", "b.example"])

    def test_booleans_are_what_aapt2_makes_of_them(self):
        words = ("true", "TRUE", "True", "tRuE", " true ", "1", "0", "-1", "-0", "0x10", "0x0", "00", "false", "FALSE", "yes", "", "truee", "0x", "-")
        text = config("".join(f'<domain-config><domain includeSubdomains="{word}">h{i}.example</domain></domain-config>'
                              for i, word in enumerate(words)))
        values = [line.removeprefix("A: includeSubdomains=") for line in self.compiled(text) if line.startswith("A: includeSubdomains")]
        built = [value == "true" or (value[0] in "-0123456789" and int(value.split()[0], 0) != 0) for value in values]
        done = self.import_(self.NAME, text)
        read = [rule["match"][0].startswith("**.") for rule in done.pinset["rules"]]
        self.assertEqual(dict(zip(words, read)), dict(zip(words, built)))
        self.assertEqual([n["detail"] for n in done.notes if n["id"] == "IMP001"], [
            f'includeSubdomains "{word}"' for word, value in zip(words, values) if value.startswith('"')])

    def test_pins_are_read_as_the_platform_decodes_base64(self):
        """android.util.Base64 skips what is no base64, asks for no padding, and drops surplus bits."""
        pin = formats.bare(formats.key(1))
        surplus = pin[:42] + chr(ord(pin[42]) + 1) + "="
        for text, ids in ((pin[:-1], set()), (f"\n {pin[:20]}\r\n\t{pin[20:]} ", set()), (surplus, set()), (pin + " ", set()),
                          (pin[:7] + "\u00e9*-_" + pin[7:], {"IMP001"})):
            with self.subTest(text):
                done = self.import_(self.NAME, config(domains("a.example", pins=pins(text))).encode())
                self.assertEqual([p["spki"] for p in done.pinset["rules"][0]["pins"]], [formats.key(1)])
                self.assertEqual(done.ids(), ids)
        for text in (pin + "=", pin[:-2] + "==", pin[:-2], "sha256/" + pin, pin[:-1] + "A", pin[:-1] + "=A", "=" + pin, "%20" + pin, pin * 2):
            with self.subTest(text):
                self.assertImportFails(self.NAME, config(domains("a.example", pins=pins(text))), "input:1:76: Android refuses <pin>: is no base64 of 32 bytes")

    def test_days_are_read_as_the_platform_reads_them(self):
        pin = formats.bare(formats.key(1))
        for day, wanted in (("2100-05-01", "2100-05-01"), (" 2100-5-1", "2100-05-01"), ("2100-\t5- 1T12:00", "2100-05-01"), ("002100-005-001", "2100-05-01"),
                            ("2096-02-29", "2096-02-29"), ("27-05-01", "1970-01-01"), ("1969-12-31", "1970-01-01"), ("2100-05-01-02", "2100-05-01"),
                            ("9999-12-31", "9999-12-31"), ("10000-01-01", None), ("99999999999-01-01", None)):
            with self.subTest(day):
                rule, = self.import_(self.NAME, config(domains("a.example", pins=pins(pin, more=f' expiration="{day}"')))).pinset["rules"]
                self.assertEqual(rule.get("enforce_until"), wanted and wanted + "T00:00:00Z")
        for day in ("2100-02-29", "2100-00-01", "2100-13-01", "2100-05-00", "2100-05-32", "2100-05", "2100", "2100-05-", "2100/05/01", "-2100-05-01",
                    "2100 -05-01", "01.05.2100", "0-01-01", "x", " "):
            with self.subTest(day):
                self.assertImportFails(self.NAME, config(domains("a.example", pins=pins(pin, more=f' expiration="{day}"'))),
                                       "Android refuses <pin-set>: expiration is no day such as 2027-05-01")

    def test_namespaces(self):
        """The platform looks at the local names of elements, and only at attributes without a namespace."""
        text = config(domains("a.example").replace("domain>", "n:domain>")).replace("-config>", '-config xmlns:n="urn:n">', 1)
        self.assertEqual(self.import_(self.NAME, text).pinset["rules"][0]["match"], ["a.example"])
        text = text.replace("<pin-set", '<pin-set n:expiration="2020-01-01" xmlns:tools="http://schemas.android.com/tools" tools:ignore="MissingBackupPin"')
        done = self.import_(self.NAME, text)
        self.assertNotIn("enforce_until", done.pinset["rules"][0])
        self.assertEqual([n["detail"] for n in done.notes], ["urn:n expiration of <pin-set>"])
        default = config(domains("a.example")).replace("<network-security-config", '<network-security-config xmlns="urn:other"')
        self.assertEqual(len(self.import_(self.NAME, default).pinset["rules"]), 1)

    def test_what_is_asked_for_beside_pins_is_told(self):
        anchors = '<trust-anchors><certificates src="system"/><certificates src="@raw/ca"/><certificates src="user" overridePins="TRUE"/><x/></trust-anchors>'
        done = self.import_(self.NAME, config(domains("a.example", more='<certificateTransparency enabled="true"/>'),
                                              top=f'<base-config cleartextTrafficPermitted="false" hstsEnforced="true">{anchors}</base-config>'))
        self.assertEqual([(n["id"], n["detail"]) for n in done.notes], [
            ("IMP014", "no connections without TLS"), ("IMP014", "HSTS"), ("IMP014", "certificates @raw/ca"), ("IMP005", "certificates user"),
            ("IMP001", "<x>"), ("IMP014", "certificate transparency")])

    def test_debug_overrides_are_left_alone(self):
        done = self.import_(self.NAME, config(domains("a.example"), top=f"<debug-overrides>{domains('b.example')}<pin-set/></debug-overrides>"))
        self.assertEqual([r["match"] for r in done.pinset["rules"]], [["a.example"]])
        self.assertEqual(done.ids(), {"IMP008"})

    def test_an_unknown_element_hides_what_stands_in_it(self):
        done = self.import_(self.NAME, config(f"<x>{domains('a.example')}</x>" + domains("a.example", more="<y><pin-set/><domain>c</domain></y>")))
        self.assertEqual([r["match"] for r in done.pinset["rules"]], [["a.example"]])
        self.assertEqual([n["detail"] for n in done.notes], ["<x>", "<y>"])

    def test_drift(self):
        text = self.export(self.NAME, self.document).text
        self.assertEqual(self.drift(self.NAME, self.document, text.replace("\n", "\r\n").replace(' includeSubdomains="false"', "")), [])
        changed = text.replace(' expiration="2100-01-02"', "", 1).replace('"false">open', '"true">open')
        self.assertEqual(self.drift(self.NAME, self.document, changed),
                         ["**.api.example: ends never, not 2100-01-02T00:00:00Z", "**.open.api.example: is open.api.example in the pin-set"])

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
        pin = formats.bare(formats.key(1))
        self.assertImportFails(self.NAME, config(domains("a.example", pins=pins(*[pin] * 120_000))), "more than 4096 pins are more than a rule can hold")
        crowd = config(domains(*(f"h{i}.example" for i in range(10_000))))
        self.assertEqual([len(r["match"]) for r in self.import_(self.NAME, crowd).pinset["rules"]], [4096, 4096, 1808])
        deep = config("".join(domains("x{}.example".format(i), pins="").removesuffix("</domain-config>") for i in range(60)) + "</domain-config>" * 60)
        self.assertEqual(len(self.import_(self.NAME, deep).pinset["rules"]), 60)

    def test_other_encodings(self):
        for encoding in ("utf-16", "iso-8859-1"):
            text = f'<?xml version="1.0" encoding="{encoding}"?>' + config(domains("a.example"))
            self.assertEqual(len(self.import_(self.NAME, text.encode(encoding)).pinset["rules"]), 1)
        self.assertImportFails(self.NAME, config(domains("a.example")).encode()[:-1] + b"\xff>", "is no XML")
        self.assertImportFails(self.NAME, '<?xml version="1.0" encoding="klingon"?><a/>', "is no XML")


if __name__ == "__main__":
    tap_unittest.main()
