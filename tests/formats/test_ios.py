#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""iOS: NSPinnedDomains in an Info.plist, as Python and libplist read it, and as a model of the system means it; and what
is wrong with property lists."""
import plistlib
import random
import subprocess

import cli
import formats
import model_ios
import tap_unittest

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
"""


def identities(*pins):
    return [{"SPKI-SHA256-BASE64": formats.bare(formats.key(p)) if isinstance(p, int) else p} for p in pins]


def leaves(*pins, **members):
    return {"NSPinnedLeafIdentities": identities(*pins), **members}


def info(domains):
    return plistlib.dumps({"CFBundleIdentifier": "com.example.shop",
                           "NSAppTransportSecurity": {"NSAllowsArbitraryLoads": False, "NSPinnedDomains": domains}})


def in_domain(members):
    """An entry written by hand."""
    return (HEAD + "<plist version='1.0'><dict><key>NSPinnedDomains</key><dict><key>a.example</key>" + members + "</dict></dict></plist>")


GOOD = ("<dict><key>NSPinnedLeafIdentities</key><array><dict><key>SPKI-SHA256-BASE64</key><string>"
        + formats.bare(formats.key(1)) + "</string></dict></array></dict>")


class Ios(formats.TestCase):
    NAME = "ios"

    def setUp(self):
        super().setUp()
        self.document = formats.pinset(
            formats.rule("wide", ["example.com", "*.example.com"], [{"spki": formats.key(1), "at": "ca", "label": "--><pin> -"},
                                                                    {"spki": formats.key(2), "at": "ca"}]),
            formats.rule("api", ["xn--p1ai.example"], [{"spki": formats.key(3), "at": "leaf"}]))

    def test_exact_text(self):
        done = self.export(self.NAME, self.document)
        self.assertEqual(done.ids(), set())
        key = {n: formats.bare(formats.key(n)) for n in (1, 2, 3)}
        lines = done.text.splitlines()
        self.assertEqual(lines[:2], HEAD.splitlines())
        self.assertEqual(lines[2], "<!-- Made by pintle export from com.example.shop, version 7. -->")
        self.assertIn(f"\t\t\t\t\t\t<string>{key[1]}</string> <!-- - -&gt;&lt;pin&gt; - -->", lines)
        self.assertEqual(plistlib.loads(done.text.encode()), {"NSAppTransportSecurity": {"NSPinnedDomains": {
            "example.com": {"NSIncludesSubdomains": True,
                            "NSPinnedCAIdentities": [{"SPKI-SHA256-BASE64": key[1]}, {"SPKI-SHA256-BASE64": key[2]}]},
            "xn--p1ai.example": {"NSIncludesSubdomains": False, "NSPinnedLeafIdentities": [{"SPKI-SHA256-BASE64": key[3]}]}}}})

    def test_libplist_reads_it(self):
        text = self.export(self.NAME, self.document).text
        self.write("in.plist", text)
        for source, target in (("in.plist", "binary.plist"), ("binary.plist", "out.plist")):
            subprocess.run(["plistutil", "-i", self.dir / source, "-o", self.dir / target], check=True, capture_output=True)
        with open(self.dir / "binary.plist", "rb") as binary:
            self.assertTrue(binary.read().startswith(b"bplist00"))
        with open(self.dir / "out.plist", "rb") as xml:
            again = xml.read()
        self.assertEqual(plistlib.loads(again), plistlib.loads(text.encode()))
        self.assertEqual(self.drift(self.NAME, self.document, again), [])
        done = self.assertFails(cli.INPUT, "is a binary property list; convert it first: plutil -convert xml1 FILE", "import", "--from",
                                self.NAME, "binary.plist")
        self.assertIn("plistutil", done.err)

    def test_model(self):
        self.check_model(self.NAME, model_ios.Model, random.Random(20))

    def test_made_up_files_mean_what_the_model_says(self):
        """Files that no export wrote: entries above each other, leaves and CAs."""
        rng = random.Random(21)
        for _ in range(60):
            domains = {}
            for _ in range(rng.randint(1, 5)):
                entry = {"NSIncludesSubdomains": True} if rng.random() < 0.7 else {}
                for key in rng.choice([["NSPinnedLeafIdentities"], ["NSPinnedLeafIdentities"], ["NSPinnedCAIdentities"], model_ios.LISTS]):
                    entry[key] = identities(*{rng.randint(1, 9) for _ in range(rng.randint(1, 3))})
                domains[formats.random_host(rng)] = entry
            text = info(domains)
            platform, done = model_ios.Model(text), self.import_(self.NAME, text)
            for host in formats.random_hosts(rng, done.pinset, 40):
                lists, held = platform.lists(host), formats.find(done.pinset, host)
                at = "leaf" if "leaf" in lists else "ca"
                pins = {(formats.bare(p["spki"]), p["at"]) for p in held["pins"]} if held else set()
                self.assertEqual({(model_ios.decoded(p), a) for p, a in pins}, {(d, at) for d in lists.get(at, ())}, f"{host} {domains}")
                if len(lists) == 2:
                    self.assertIn("IMP004", done.ids())

    def test_round_trip(self):
        """Whatever was exported does not drift, and is the same again unless entries meet."""
        rng, same = random.Random(22), 0
        for _ in range(60):
            document = self.writable_pinset(self.NAME, rng)
            first = self.export(self.NAME, document)
            self.assertEqual(self.drift(self.NAME, document, first.text), [])
            made = self.import_(self.NAME, first.text)
            if made.ids() & {"IMP004", "IMP016"}:
                continue
            again = self.export(self.NAME, made.pinset)
            self.assertEqual(plistlib.loads(again.text.encode()), plistlib.loads(first.text.encode()))
            same += 1
        self.assertGreater(same, 20)

    def test_drift(self):
        text = self.export(self.NAME, self.document).text
        self.assertNotEqual(self.drift(self.NAME, self.document, text.replace("<true/>", "<false/>")), [])
        self.assertNotEqual(self.drift(self.NAME, self.document, text.replace("NSPinnedCA", "NSPinnedLeaf")), [])
        self.assertNotEqual(self.drift(self.NAME, self.document, text.replace(formats.bare(formats.key(3)), formats.bare(formats.key(4)))), [])

    # --- what is lost ------------------------------------------------------------------------------------

    def losses(self, *rules):
        return self.export(self.NAME, formats.pinset(formats.rule("base", ["base.example"], [{"spki": formats.key(9), "at": "leaf"}]), *rules))

    def test_losses(self):
        leaf, ca = {"spki": formats.key(1), "at": "leaf"}, {"spki": formats.key(2), "at": "ca"}
        for name, rule, wanted in (
                ("any depth", formats.rule("r", ["**.a.example"], [leaf]), {"EXP002"}),
                ("one label alone", formats.rule("r", ["*.a.example"], [leaf]), {"EXP001"}),
                ("ports", formats.rule("r", ["a.example"], [leaf], ports=[8443]), {"EXP005"}),
                ("address", formats.rule("r", ["192.0.2.1"], [leaf]), {"EXP007"}),
                ("anywhere", formats.rule("r", ["a.example"], [1]), {"EXP011"}),
                ("both", formats.rule("r", ["a.example"], [leaf, ca]), {"EXP013"}),
                ("any beside CA", formats.rule("r", ["a.example"], [3, ca]), {"EXP012"}),
                ("end", formats.rule("r", ["a.example"], [leaf], enforce_until=formats.time(90)), {"EXP031"}),
                ("report mode", formats.rule("r", ["a.example"], [leaf], mode="report"), {"EXP030"}),
                ("reports", formats.rule("r", ["a.example"], [leaf], report=["https://r.example"]), {"EXP040"}),
                ("deny", formats.rule("r", ["a.example"], [leaf], deny=[formats.key(9)]), {"EXP015"}),
                ("key alone", formats.rule("r", ["a.example"], [leaf], trust="key"), {"EXP020"}),
                ("exempt below", formats.rule("r", ["a.example"], [], mode="off"), set())):
            with self.subTest(name):
                self.assertEqual(self.losses(rule).ids("r"), wanted)

    def test_entries_that_meet(self):
        wide = formats.rule("wide", ["example.com", "*.example.com"], [{"spki": formats.key(1), "at": "leaf"}])
        for at, loss in (("leaf", "EXP003"), ("ca", "EXP008")):
            own = formats.rule("own", ["api.example.com"], [{"spki": formats.key(2), "at": at}])
            done = self.losses(wide, own)
            self.assertEqual((done.ids("wide"), done.ids("own")), (set(), {loss}))
        off = formats.rule("off", ["api.example.com"], [], mode="off")
        self.assertEqual(self.losses(wide, off).ids("off"), {"EXP006"})
        told = self.explain(self.NAME, formats.pinset(wide, own), ["api.example.com", "b.example.com"])
        self.assertEqual([{p["at"] for p in told[h]["platform"]["pins"]} for h in told], [{"leaf", "ca"}, {"leaf"}])

    def test_nothing_to_write(self):
        self.save(formats.pinset(formats.rule("r", ["a.example"], [1], mode="report")))
        self.assertFails(cli.INPUT, "ios: no rule of the pin-set can be written", "export", "--to", self.NAME)

    # --- what is read ------------------------------------------------------------------------------------

    def test_places(self):
        entry = GOOD.replace("<dict><key>NSP", "<dict><key>NSIncludesSubdomains</key><true/><key>NSP", 1)
        inner = f"<key>A.Example</key>{entry}"
        middle = f"<key>NSPinnedDomains</key><dict>{inner}</dict>"
        outer = f"<key>NSAppTransportSecurity</key><dict>{middle}</dict>"
        for text in (HEAD + f"<plist version='1.0'><dict>{outer}<key>X</key><array><integer>-3</integer><real>1.5</real><data>AA==</data>"
                     "<date>2026-01-01T00:00:00Z</date><false/></array></dict></plist>",
                     f"<plist><dict>{middle}</dict></plist>", f"<dict>{inner}</dict>", middle, "\ufeff\r\n" + outer.replace("><", ">\r\n<"), inner,
                     HEAD.replace("?>\n", "?><!-- c -->\n") + f"<plist><!-- a --><dict><!-- b -->{outer}<?x y?></dict></plist><!-- d -->",
                     (HEAD.replace("UTF-8", "UTF-16") + f"<plist><dict>{outer}</dict></plist>").encode("utf-16")):
            with self.subTest(text):
                done = self.import_(self.NAME, text)
                self.assertEqual(done.ids(), set())
                rule, = done.pinset["rules"]
                self.assertEqual((rule["match"], rule["pins"]), (["a.example", "*.a.example"], [{"spki": formats.key(1), "at": "leaf"}]))

    def test_passed_over(self):
        def noted(domains, *details):
            done = self.import_(self.NAME, info({"a.example": leaves(1), **domains}))
            self.assertEqual([rule["match"] for rule in done.pinset["rules"]], [["a.example"]])
            self.assertEqual([(n["id"], n["detail"]) for n in done.notes], list(details))
        for name in ("*.b.example", "b.example.", "b.example:443", " b.example", "b..example", "bücher.example", "", "https://b.example/"):
            with self.subTest(name):
                noted({name: leaves(2)}, ("IMP001", f"{name}: is no host name, and matches none"))
        noted({"b.example": "x"}, ("IMP001", "b.example: is no dictionary"))
        noted({"b.example": {}}, ("IMP001", "b.example: has neither NSPinnedLeafIdentities nor NSPinnedCAIdentities"))
        noted({"a.example": leaves(1, NSIncludesSubdomains="YES")}, ("IMP001", "a.example: NSIncludesSubdomains is no boolean, and counts as false"))
        noted({"a.example": leaves(1, NSExpires=1)}, ("IMP001", "a.example: NSExpires"))
        noted({"a.example": {"NSPinnedLeafIdentities": identities(1, "AAAA", "x") + ["x", {"SPKI-SHA256-BASE64": 1}, {}]}},
              ("IMP009", "a.example: AAAA"), ("IMP009", "a.example: x"), *[("IMP001", "a.example: an item without a string SPKI-SHA256-BASE64")] * 3)

    def test_both_lists(self):
        done = self.import_(self.NAME, info({"a.example": {**leaves(1), "NSPinnedCAIdentities": identities(2)}}))
        self.assertEqual(done.ids(), {"IMP004"})
        self.assertEqual(done.pinset["rules"][0]["pins"], [{"spki": formats.key(1), "at": "leaf"}])

    def test_address(self):
        done = self.import_(self.NAME, info({"192.0.2.1": leaves(1, NSIncludesSubdomains=True)}))
        self.assertEqual(done.pinset["rules"][0]["match"], ["192.0.2.1"])

    def test_lists_that_match_nothing(self):
        for value in ([], "x", {"SPKI-SHA256-BASE64": formats.bare(formats.key(1))}, [{}], identities("AAAA"), identities(formats.key(1)),
                      identities(formats.bare(formats.key(1))[:-2] + "=="), identities("//" + formats.bare(formats.key(1)))):
            for key in model_ios.LISTS:
                with self.subTest(value):
                    self.assertImportFails(self.NAME, info({"a.example": {key: value}}), f"a.example: {key} holds no pin: iOS refuses every server there")

    def test_twice(self):
        two = GOOD.replace(formats.bare(formats.key(1)), formats.bare(formats.key(2)))
        done = self.import_(self.NAME, in_domain(GOOD + "<key>b.example</key>" + GOOD + "<key>a.example</key>" + two))
        self.assertEqual([(r["match"][0], r["pins"][0]["spki"]) for r in done.pinset["rules"]],
                         [("b.example", formats.key(1)), ("a.example", formats.key(2))])
        self.assertEqual([(n["id"], n["detail"]) for n in done.notes], [("IMP012", "a.example: the last one counts")])
        text = in_domain(GOOD.replace("</key><array>", "</key><array/><key>NSPinnedLeafIdentities</key><array>"))
        self.assertEqual(self.import_(self.NAME, text).ids(), {"IMP012"})
        self.assertImportFails(self.NAME, in_domain(GOOD + "<key>A.EXAMPLE</key>" + two), "a.example")

    def test_no_pins_at_all(self):
        ats = "NSAppTransportSecurity"
        for value, message in (({}, "there is no NSPinnedDomains"), ([], "there is no NSPinnedDomains"), ({ats: "x"}, f"{ats} is a string, not a dictionary"),
                               ({ats: {}}, "there is no NSPinnedDomains"), ({ats: {"NSPinnedDomains": True}}, "NSPinnedDomains is a boolean, not a dictionary"),
                               ({ats: {"NSPinnedDomains": {}}}, "NSPinnedDomains pins no host"),
                               ({ats: {"NSPinnedDomains": {"*.a.example": leaves(1)}}}, "NSPinnedDomains pins no host"),
                               ({"CFBundleIdentifier": "x", "NSPinnedDomains": {"a.example": leaves(1)}}, f"stands outside of {ats}, where nothing looks")):
            with self.subTest(value):
                self.assertImportFails(self.NAME, plistlib.dumps(value), message)


class PropertyLists(formats.TestCase):
    """What is no property list, for both formats that read them."""

    def refused(self, text, message):
        for name in ("ios", "trustkit-ios"):
            with self.subTest(text[:200]):
                self.assertImportFails(name, text, message)

    def test_other_kinds(self):
        self.refused(plistlib.dumps({"a": 1}, fmt=plistlib.FMT_BINARY), "is a binary property list")
        self.refused("bplist00", "is a binary property list")
        self.refused("\n{ a = b; }", "is a property list in the old style; convert it first")
        self.refused("", "is no XML: no element found")
        self.refused("hello", "input:1:1: is no XML")

    def test_xml_attacks(self):
        bomb = "<!DOCTYPE plist [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
            f"<!ENTITY {chr(98 + n)} '{('&' + chr(97 + n) + ';') * 10}'>" for n in range(9)) + "]><plist><string>&j;</string></plist>"
        self.refused(bomb, "a document type with declarations is refused")
        self.refused('<!DOCTYPE plist [<!ENTITY x SYSTEM "file:///etc/passwd">]><plist><string>&x;</string></plist>', "a document type with declarations")
        self.refused(HEAD + "<plist><string>&x;</string></plist>", "refers to an entity that XML does not have")
        self.refused("<plist>" + "<array>" * 100, "nested too deep")
        self.refused("<plist><string>\x01</string></plist>", "not well-formed")
        self.refused(b"<plist><string>\xff</string></plist>", "not well-formed")
        self.refused("<plist><dict>", "no element found")

    def test_ten_megabytes(self):
        self.refused("<plist><string>" + "x" * 10_000_000 + "</string></plist>", "there is no")
        self.refused("<plist><array>" + "<true/>" * 1_500_000 + "</array></plist>", "there are too many elements")
        self.refused("<plist>" + " " * 10_000_000 + "<dict/></plist>", "there is no")

    def test_grammar(self):
        for value, message in (("", "<plist>: holds not one value"), ("<dict/><dict/>", "<plist>: holds not one value"), ("x<dict/>", "<plist>: holds text between"),
                               ("<dict><string>x</string></dict>", "<string>: stands where a key is expected"), ("<dict><key>x</key></dict>", "<key>: has no value"),
                               ("<dict><key>x</key>y<true/></dict>", "<dict>: holds text between its elements"), ("<array>x</array>", "<array>: holds text"),
                               ("<Dict/>", "<Dict>: is no value of a property list"), ("<null/>", "<null>: is no value"), ("<key>x</key>", "<key>: is no value"),
                               ("<string>a<b/></string>", "<string>: holds an element"), ("<string>a<!-- b --></string>", "<string>: holds a comment"),
                               ("<dict><key>a<?b c?></key><true/></dict>", "<key>: holds a comment or an instruction"), ("<true>1</true>", "<true>: holds text"),
                               ("<integer>x</integer>", "<integer>: is no integer"), ("<integer></integer>", "<integer>: is no integer"),
                               ("<integer>1 2</integer>", "<integer>: is no integer"), ("<date>2026-02-30T00:00:00Z</date>", "<date>: is no date"),
                               ("<dict xmlns='urn:x'/>", "<dict>: stands in a namespace"), ("<plist><dict/></plist>", "<plist>: is no value")):
            self.refused(HEAD + f"<plist version='1.0'>{value}</plist>", message)
        self.refused("<a:plist xmlns:a='urn:x'><dict/></a:plist>", "<plist>: stands in a namespace")
        for value in ("<integer> 0xFf </integer>", "<integer>+1</integer>", "<string><![CDATA[x<y]]></string>", "<date>2026-02-28T00:00:00Z</date>", "<dict/>"):
            self.refused(f"<plist>{value}</plist>", "there is no")

    def test_position(self):
        self.refused("<plist>\n  <dict>\n    <null/></dict></plist>", "input:3:5: ")
        self.refused("<key>a</key>\n<dict>\n<key>", "input:3:")


if __name__ == "__main__":
    tap_unittest.main()
