#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TrustKit for Android: its element in the network security configuration, written and read as its sources do."""
import random

import cli
import formats
import tap_unittest
from model_android import random_file, random_pin_set
from model_trustkit_android import Model

DEFAULT = "disableDefaultReportUri"
QUIET = f'{DEFAULT}="true"'
PINS = "".join(f'<pin digest="SHA-256">{formats.bare(formats.key(n))}</pin>' for n in (1, 2))


def config(*inside):
    return "<network-security-config>" + "".join(inside) + "</network-security-config>"


def domains(*names, pins=f"<pin-set>{PINS}</pin-set>", trustkit=f"<trustkit-config {QUIET}/>", more=""):
    shown = "".join(f'<domain includeSubdomains="true">{name}</domain>' for name in names)
    return f"<domain-config>{shown}{pins}{trustkit}{more}</domain-config>"


def random_config(rng, depth):
    """What stands beside the domains of a made-up domain-config."""
    made = random_pin_set(rng, 2) if depth == 0 or rng.random() < 0.5 else ""
    if rng.random() < 0.7:
        reports = "".join(f"<report-uri>https://r{n}.example/</report-uri>" for n in rng.sample(range(4), rng.randint(0, 2)))
        attributes = rng.choice(["", f" {QUIET}", f' {DEFAULT}="false"']) + rng.choice(["", ' enforcePinning="true"', ' enforcePinning="false"'])
        made += f"<trustkit-config{attributes}>{reports}</trustkit-config>"
    return made


class TrustKitAndroid(formats.TestCase):
    NAME = "trustkit-android"

    def setUp(self):
        super().setUp()
        self.document = formats.pinset(
            formats.rule("api", ["**.api.com", "www.api.com"], [1, {"spki": formats.key(2), "label": "--><pin> & co"}],
                         enforce_until="2100-01-02T00:00:00Z", after="off"),
            formats.rule("new", ["new.api.com"], [3, 4], mode="report", report=["https://r.example/a?b&c", "https://s.example/"]))

    # --- written ---------------------------------------------------------------------------------

    def test_the_file(self):
        done = self.export(self.NAME, self.document)
        self.assertIn('<trustkit-config enforcePinning="true" disableDefaultReportUri="true"/>', done.text)
        self.assertIn('<trustkit-config enforcePinning="false" disableDefaultReportUri="true">\n'
                      "            <report-uri>https://r.example/a?b&amp;c</report-uri>\n", done.text)
        self.assertIn("<!-- - -&gt;&lt;pin&gt; &amp; co -->", done.text)
        self.assertEqual(done.ids("new"), {"EXP035"})
        model = Model(done.text)
        self.assertEqual(model.answer("x.api.com", 443).mode, "enforce")
        self.assertEqual(model.answer("new.api.com", 443).mode, "report")
        self.assertEqual(model.reports("new.api.com"), ["https://r.example/a?b&c", "https://s.example/"])
        self.assertEqual(model.reports("x.api.com"), [])
        self.assertTrue(all(policy.quiet == "true" for policy in model.policies.values()))

    def test_it_is_of_the_documented_grammar(self):
        rng = random.Random(7)
        schema = cli.ROOT / "tests/formats/trustkit_config.xsd"
        for document in [self.document, *(self.writable_pinset(self.NAME, rng, "com") for _ in range(20))]:
            self.write("made.xml", self.export(self.NAME, document).text)
            self.assertExit(cli.run_program(["xmllint", "--noout", "--schema", schema, "made.xml"], home=self.dir), 0)
        for wrong in (domains("a.com").replace("trustkit-config", "trustkit"), domains("a.com").replace('"true"/', '"yes"/')):
            self.write("made.xml", config(wrong))
            self.assertNotEqual(cli.run_program(["xmllint", "--noout", "--schema", schema, "made.xml"], home=self.dir).code, 0)

    def test_aapt_compiles_it_into_a_package(self):
        self.write("res/xml/network_security_config.xml", self.export(self.NAME, self.document).text)
        self.write("AndroidManifest.xml", '<manifest package="com.example.shop"/>')
        done = cli.run_program(["aapt", "package", "-f", "-M", "AndroidManifest.xml", "-S", "res", "-F", "shop.apk"], home=self.dir)
        self.assertExit(done, 0)
        shown = cli.run_program(["aapt", "dump", "xmltree", "shop.apk", "res/xml/network_security_config.xml"], home=self.dir).out
        self.assertEqual(shown.count("E: trustkit-config"), 3)
        self.assertEqual(shown.count("A: enforcePinning=(type 0x12)0xffffffff"), 2)
        self.assertEqual(shown.count("A: enforcePinning=(type 0x12)0x0"), 1)
        self.assertIn('C: "https://r.example/a?b&c"', shown)

    def test_the_model_agrees(self):
        self.check_model(self.NAME, Model, random.Random(21), domain="com")

    def test_reports_are_those_of_the_rules(self):
        rng, asked = random.Random(22), 0
        for _ in range(25):
            document = self.writable_pinset(self.NAME, rng, "com", with_ports=False)
            exported = self.export(self.NAME, document)
            model = Model(exported.text)
            for host in formats.random_hosts(rng, document, 40):
                rule = formats.find(document, host)
                if rule is None or model.answer(host, 443) is None or exported.ids() & formats.HOST_LOSSES:
                    continue
                self.assertEqual(model.reports(host), sorted(rule.get("report", [])), f"{host} {document}")
                asked += 1
        self.assertGreater(asked, 50)

    def test_what_would_end_the_app_is_left_out(self):
        document = formats.pinset(formats.rule("names", ["a.api.com", "localhost", "a_b.api.com", "shop.example", "com"], [1, 2]),
                                  formats.rule("ip", ["192.0.2.1"], [1, 2]), formats.rule("one", ["one.api.com"], [1]))
        done = self.export(self.NAME, document)
        self.assertEqual(list(Model(done.text).policies), ["a.api.com"])
        self.assertEqual({loss["id"] for loss in done.losses if loss["rule"] == "names"} - {"EXP010"}, {"EXP009"})
        self.assertEqual(done.ids("ip"), {"EXP007"})
        self.assertIn("EXP016", done.ids("one"))
        self.save(formats.pinset(formats.rule("one", ["one.api.com"], [1])))
        result = self.run_cli("export", "--to", self.NAME, "-o", "out")
        self.assertExit(result, cli.INPUT)
        self.assertIn("no rule of the pin-set can be written", result.err)
        self.assertFalse((self.dir / "out").exists())

    def test_a_rule_that_is_off_cannot_be_said(self):
        document = formats.pinset(formats.rule("wide", ["**.api.com"], [1, 2]), formats.rule("off", ["off.api.com"], [], mode="off"))
        self.assertEqual(self.export(self.NAME, document).ids("off"), {"EXP006"})

    # --- and back --------------------------------------------------------------------------------

    def test_round_trip(self):
        first, made, again = self.assertRoundTrip(self.NAME, self.document)
        self.assertEqual([(r["match"], r["mode"], r.get("report")) for r in made["rules"]], [
            (["**.api.com"], "enforce", None), (["www.api.com"], "enforce", None),
            (["new.api.com"], "report", ["https://r.example/a?b&c", "https://s.example/"])])
        strip = lambda text: [line.split(" <!--")[0] for line in text.splitlines()]
        self.assertEqual(strip(first.text), strip(again.text))

    def test_round_trip_of_generated_pin_sets(self):
        rng = random.Random(23)
        for _ in range(30):
            self.assertRoundTrip(self.NAME, self.writable_pinset(self.NAME, rng, "com"))

    def test_files_mean_what_the_model_says(self):
        """Nested files that nobody exported: the pin-set made of one says what platform and library would."""
        rng = random.Random(24)
        compared = 0
        for _ in range(60):
            text = random_file(rng, "com", random_config)
            model = Model(text)
            document = self.import_(self.NAME, text).pinset
            for host in formats.random_hosts(rng, document, 60):
                answer, rule = model.answer(host, 443), formats.find(document, host)
                self.assertEqual(answer is None, rule is None, f"{host} {text}")
                if rule is not None:
                    self.assertEqual(answer.pins, {(pin["spki"], pin["at"]) for pin in rule["pins"]}, f"{host} {text}")
                    self.assertEqual((answer.until, answer.mode), (rule.get("enforce_until"), rule["mode"]), f"{host} {text}")
                    self.assertEqual(model.reports(host), sorted(rule.get("report", [])), f"{host} {text}")
                compared += 1
        self.assertEqual(compared, 3600)

    # --- read ------------------------------------------------------------------------------------

    def test_nothing_is_enforced_by_default_and_its_makers_are_told(self):
        done = self.import_(self.NAME, config(domains("a.com", trustkit="")))
        self.assertEqual(done.pinset["rules"][0]["mode"], "report")
        self.assertEqual([(n["id"], n["detail"]) for n in done.notes],
                         [("IMP015", "disableDefaultReportUri is not true"), ("IMP006", "a.com, through TrustKit alone")])
        for word, mode in (("true", "enforce"), ("TrUe", "enforce"), (" true ", "enforce"), ("1", "report"), ("truee", "report"), ("", "report")):
            text = config(domains("a.com", trustkit=f'<trustkit-config {QUIET} enforcePinning="{word}"/>'))
            self.assertEqual(self.import_(self.NAME, text).pinset["rules"][0]["mode"], mode, word)

    def test_a_policy_has_what_the_one_around_it_has(self):
        outer = f'<trustkit-config {QUIET} enforcePinning="true"><report-uri>https://r.example</report-uri></trustkit-config>'
        text = config(domains("a.com", trustkit=outer, more=domains("b.a.com", pins="", trustkit="") + domains(
            "c.a.com", trustkit="<trustkit-config/>") + domains("d.a.com", trustkit=f'<trustkit-config enforcePinning="false" {DEFAULT}="false"/>')))
        done = self.import_(self.NAME, text)
        self.assertEqual([(r["match"], r["mode"], r.get("report")) for r in done.pinset["rules"]], [
            (["**.a.com"], "enforce", ["https://r.example"]), (["**.b.a.com"], "enforce", ["https://r.example"]),
            (["**.c.a.com"], "enforce", None), (["**.d.a.com"], "report", None)])
        self.assertEqual(done.ids(), {"IMP006", "IMP015"})

    def test_one_domain_of_a_domain_config_has_a_policy(self):
        """The others are pinned by the platform alone, or have the policy of a wider domain."""
        done = self.import_(self.NAME, config(domains("x.com", "y.com", "z.com", "l.com")))
        self.assertEqual([(r["match"], r["mode"]) for r in done.pinset["rules"]],
                         [(["**.x.com", "**.y.com", "**.z.com"], "enforce"), (["**.l.com"], "report")])
        self.assertEqual([n["detail"] for n in done.notes if n["id"] == "IMP020"], ["x.com", "y.com", "z.com"])
        done = self.import_(self.NAME, config(domains("x.com"), domains("y.x.com", "l.com")))
        self.assertEqual([r["mode"] for r in done.pinset["rules"]], ["report"] * 2)
        done = self.import_(self.NAME, config(domains("X.com")))
        self.assertEqual((done.pinset["rules"][0]["mode"], done.ids()), ("enforce", {"IMP020"}))
        done = self.import_(self.NAME, config(domains("a.com."), domains("b.com", trustkit=f'<trustkit-config {QUIET} enforcePinning="true"/>')))
        self.assertEqual(([r["match"] for r in done.pinset["rules"]], done.ids()), ([["**.b.com"]], {"IMP019"}))

    def test_of_several_elements_the_last_counts(self):
        both = f'<trustkit-config enforcePinning="true"><report-uri>https://r.example</report-uri></trustkit-config><trustkit-config {QUIET}/>'
        done = self.import_(self.NAME, config(domains("a.com", trustkit=both)))
        self.assertEqual((done.pinset["rules"][0]["mode"], done.pinset["rules"][0].get("report")), ("report", None))
        self.assertEqual(done.ids(), {"IMP006", "IMP012"})

    def test_reports(self):
        urls = [" https://r.example/a?b&amp;c\n", "http://r.example", "ftp://r.example", "http://r.example"]
        text = config(domains("a.com", trustkit=f'<trustkit-config {QUIET} enforcePinning="true" new="1"><more/>' + "".join(
            f"<report-uri>{url}</report-uri>" for url in urls) + "</trustkit-config>"))
        done = self.import_(self.NAME, text)
        self.assertEqual(done.pinset["rules"][0]["report"], ["https://r.example/a?b&c", "http://r.example"])
        self.assertEqual([(n["id"], n["detail"]) for n in done.notes],
                         [("IMP001", "new of <trustkit-config>"), ("IMP001", "<more>"), ("IMP001", "report to ftp://r.example")])

    def test_what_is_refused(self):
        pin = formats.bare(formats.key(1))
        one = f'<pin-set><pin digest="SHA-256">{pin}</pin><pin digest="SHA-256">{pin}</pin></pin-set>'
        report = lambda *inside: config(domains("a.com", trustkit="<trustkit-config>" + "".join(
            f"<report-uri>{url}</report-uri>" for url in inside) + "</trustkit-config>"))
        for text, message in (
                (config(), "input:1:1: TrustKit refuses <network-security-config>: holds no domain-config"),
                (config(domains("a.com", pins="")), "input:1:26: TrustKit refuses <domain-config>: fewer than two pins"),
                (config(domains("a.com", pins="<pin-set/>")), "fewer than two pins"), (config(domains("a.com", pins=one)), "fewer than two pins"),
                (config(domains("a.com", more=domains("b.com", pins=one))), "fewer than two pins"),
                (config(domains("a.com").replace("SHA-256", "sha-256")), 'TrustKit refuses <pin>: digest is not "SHA-256", in upper case'),
                (config(domains("a.com").replace("SHA-256", "SHA-1")), "Android refuses <pin>: only digest="),
                (config(domains(" a.com")), "TrustKit refuses <domain>: is no domain name under a known top-level domain"),
                (config(domains("localhost")), "TrustKit refuses <domain>"), (config(domains("192.0.2.1")), "TrustKit refuses <domain>"),
                (config(domains("a_b.com")), "TrustKit refuses <domain>"), (config(domains("*.a.com")), "TrustKit refuses <domain>"),
                (config(domains("a.example")), "TrustKit refuses <domain>"), (config(domains("com")), "TrustKit refuses <domain>"),
                (config(domains("a.com"), domains("A.com")), "stands twice: a.com (line 1)"),
                (config(domains("a.com"), "<debug-overrides/>"), "TrustKit refuses <debug-overrides>: has no trust-anchors"),
                (config(domains("a.com"), "<debug-overrides><trust-anchors><certificates/></trust-anchors></debug-overrides>"), "has no src"),
                (report("nonsense"), "TrustKit refuses <report-uri>: is no URL"), (report("<a/>"), "<report-uri>: holds elements"),
                (report(""), "<report-uri>: is empty"),
                (report(*(f"https://r{i}.example" for i in range(9))), "more than 8 reports are more than a rule can hold")):
            with self.subTest(text):
                self.assertImportFails(self.NAME, text, message)
        self.assertEqual(len(self.import_(self.NAME, config(domains("localhost", "a.com"))).pinset["rules"]), 2)

    def test_debug_overrides_with_what_they_need(self):
        done = self.import_(self.NAME, config(domains("a.com"), '<debug-overrides><trust-anchors><certificates src="@raw/ca" overridePins="true"/>'
                                                                "</trust-anchors></debug-overrides>"))
        self.assertEqual(done.ids(), {"IMP006", "IMP008"})

    def test_drift(self):
        text = self.export(self.NAME, self.document).text
        self.assertEqual(self.drift(self.NAME, self.document, text), [])
        changed = text.replace('enforcePinning="false"', 'enforcePinning="true"').replace("https://s.example/", "https://t.example/")
        self.assertEqual(self.drift(self.NAME, self.document, changed),
                         ["new.api.com: is enforced, not reported only", "new.api.com: reports elsewhere"])


if __name__ == "__main__":
    tap_unittest.main()
