#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle export --to hpkp and import --from hpkp: a server sends the header, curl shows it, a user agent obeys it."""
import re
import subprocess

import cli
import formats
import pki
import tap_unittest
from learning import LearningCase
from netcase import HOST

P1, P2 = formats.bare(formats.key(1)), formats.bare(formats.key(2))
PINS = f'pin-sha256="{P1}"; pin-sha256="{P2}"'


def document(*pins, match=(HOST,), **more):
    return formats.pinset(formats.rule("api", list(match), [getattr(p, "pin", p) for p in pins], **more))


class Served(formats.TestCase, LearningCase):
    """A server that sends what was exported; browsers that obey it are gone, `pintle fetch --hpkp` does."""

    def setUp(self):
        super().setUp()
        self.leaf = self.issue(HOST, f"www.{HOST}")
        self.server = self.https(self.leaf)

    def send(self, *args, **more):
        name, _, value = self.export("hpkp", document(*args, **more), "--for", HOST).text.rstrip("\n").partition(": ")
        self.server.extra = [(name, value)]
        (self.dir / "pintle.json").unlink()

    def note(self):
        return self.fetch_json(self.server, "--hpkp", path="/with")["hops"][0]["hpkp"]

    def test_a_user_agent_notes_the_header_and_refuses_another_key(self):
        self.send(self.leaf, pki.Key())
        self.assertEqual(self.note()["action"], "note")
        self.fetch(self.server, "--hpkp")
        self.serve(self.server, self.issue(HOST))
        self.refused(self.server, "--hpkp")

    def test_include_sub_domains(self):
        for match, code in (((f"**.{HOST}",), cli.REFUSED), ((HOST,), cli.OK)):
            with self.subTest(match):
                self.send(self.leaf, pki.Key(), match=match)
                self.assertEqual(self.note()["action"], "note")
                self.serve(self.server, self.issue(HOST, f"www.{HOST}"))
                self.fetch(self.server, "--hpkp", host=f"www.{HOST}", code=code)
                self.serve(self.server, self.leaf)

    def test_pins_of_others_are_ignored_and_reported_with_report_only(self):
        self.send(pki.Key(), pki.Key())
        self.assertEqual(self.note()["action"], "ignore")
        self.send(pki.Key(), pki.Key(), mode="report", report=["https://r.example/"])
        self.assertEqual(self.note()["action"], "report")

    def test_what_curl_shows_of_it_is_imported(self):
        self.send(self.leaf, pki.Key(), report=["https://r.example/a?b=1"])
        shown = subprocess.run(["curl", "-q", "-sS", "-i", "--cacert", self.ca, "--connect-to", f"{HOST}:443:{self.server.address}",
                                f"https://{HOST}/with"], capture_output=True, check=True, timeout=30).stdout
        made = self.import_("hpkp", shown, "--for", HOST).pinset["rules"][0]
        self.assertEqual((made["pins"][0]["spki"], len(made["pins"]), made["mode"]), (self.leaf.pin, 2, "enforce"))
        self.assertEqual(made["report"], ["https://r.example/a?b=1"])


class Hpkp(formats.TestCase):
    # --- writing ---------------------------------------------------------------------------------

    def test_the_header(self):
        made = self.export("hpkp", document(1, 2, report=["https://r.example/"]))
        self.assertEqual(made.text, f'Public-Key-Pins: {PINS}; max-age=5184000; report-uri="https://r.example/"\n')
        self.assertEqual(made.ids(), set())
        made = self.export("hpkp", document(1, 2, match=[f"**.{HOST}"], mode="report"), "--for", HOST)
        self.assertEqual(made.text, f"Public-Key-Pins-Report-Only: {PINS}; includeSubDomains\n")

    def test_max_age_is_what_the_rule_has_after_the_issue(self):
        for days, age in ((300, 5184000), (30, 31 * 86400), (59, 5184000)):
            made = self.export("hpkp", document(1, 2, enforce_until=formats.time(days)))
            self.assertIn(f"; max-age={age}\n", made.text)
            self.assertEqual(made.ids(), {"EXP031"})

    def test_what_is_lost(self):
        made = self.export("hpkp", document(1, 2, deny=[formats.key(9)], report=["https://r.example/", "https://s.example/"],
                                            trust="key"))
        self.assertEqual(made.ids(), {"EXP010", "EXP015", "EXP020", "EXP041"})
        self.assertIn("https://s.example/", [x.get("detail") for x in made.losses])

    def test_what_is_kept_for_a_host_reaches_other_rules_and_ports(self):
        rules = [formats.rule("wide", ["**.h.example"], [1, 2], ports=[8443]), formats.rule("off", ["open.h.example"], [], mode="off"),
                 formats.rule("other", ["x.h.example"], [3, 4])]
        done = self.export("hpkp", formats.pinset(*rules), "--for", "h.example:8443")
        self.assertIn("includeSubDomains", done.text)
        self.assertIn("EXP005", done.ids("wide"))
        self.assertIn("EXP006", done.ids("off"))
        self.assertIn("EXP004", done.ids("other"))
        self.assertTrue(self.explain("hpkp", formats.pinset(*rules), ["h.example:443"], "--for", "h.example:8443")["h.example:443"]["platform"]["pinned"])
        self.assertNotIn("EXP004", self.export("hpkp", formats.pinset(*rules), "--for", "x.h.example").ids())

    def test_what_cannot_be_written(self):
        self.save(document(1))
        self.assertFails(cli.INPUT, "has too few pins that count", "export", "--to", "hpkp")
        self.save(document(1, 2, match=["192.0.2.1"]))
        self.assertFails(cli.INPUT, "user agents note no pins for IP addresses", "export", "--to", "hpkp")
        self.save(document(*range(1, 18)))
        self.assertFails(cli.INPUT, "more than 16 pins", "export", "--to", "hpkp")

    def test_a_report_uri_cannot_end_its_quotes(self):
        made = self.export("hpkp", document(1, 2, report=['https://r.example/";max-age=0\\']))
        self.assertIn('report-uri="https://r.example/\\";max-age=0\\\\"\n', made.text)
        self.assertEqual(self.import_("hpkp", made.text, "--for", HOST).pinset["rules"][0]["report"],
                         ['https://r.example/";max-age=0\\'])

    def test_what_was_exported_is_what_is_imported(self):
        for more in ({}, {"match": [f"**.{HOST}"]}, {"mode": "report"}, {"report": ["https://r.example/x"]}):
            with self.subTest(more):
                first, _, again = self.assertRoundTrip("hpkp", document(1, 2, **more), "--for", HOST)
                self.assertEqual(first.text, again.text)

    # --- reading ---------------------------------------------------------------------------------

    def rule(self, text):
        made = self.import_("hpkp", text, "--for", HOST)
        rule = made.pinset["rules"][0]
        self.assertEqual([p["spki"] for p in rule["pins"]], [formats.key(1), formats.key(2)])
        self.assertEqual({p["at"] for p in rule["pins"]}, {"any"})
        return rule, made.ids()

    def test_where_the_header_may_stand(self):
        value = f"{PINS}; max-age=100"
        escaped = value.replace('"', '\\"')
        for text in (f"Public-Key-Pins: {value}", f"public-key-pins:{value}\r\n", f"< Public-Key-Pins:  {value} \r\n",
                     f"HTTP/1.1 200 OK\r\nServer: x\r\nPublic-Key-Pins: {value}\r\n\r\n<html>", value, f"  {value}\n",
                     f"  add_header Public-Key-Pins '{value}' always;", f'add_header Public-Key-Pins "{escaped}";',
                     f'Header always set Public-Key-Pins "{escaped}"', f'    Header set "Public-Key-Pins" "{escaped}"\n',
                     f"PUBLIC-KEY-PINS : {value}", f"max-age=100; {PINS}",
                     f"# Public-Key-Pins: max-age=0\nPublic-Key-Pins: {value}"):
            with self.subTest(text):
                rule, notes = self.rule(text)
                self.assertEqual((rule["mode"], rule["match"]), ("enforce", [HOST]))
                self.assertEqual(notes, {"IMP002"})

    def test_the_grammar(self):
        head = "Public-Key-Pins: "
        for value in (f'max-age="100"; {PINS}', f"{PINS};MAX-AGE=100", f"{PINS} ;\tmax-age=100", f'PIN-SHA256="{P1}"; pin-sha256="{P2}"; max-age=100',
                      f'{PINS}; pin-sha1="x"; max-age=100', f"{PINS}; new; other=1; max-age=100", f"{PINS}; {PINS}; max-age=100"):
            with self.subTest(value):
                self.rule(head + value)
        rule, _ = self.rule(f"{head}{PINS}; max-age=5; INCLUDESUBDOMAINS")
        self.assertEqual(rule["match"], [f"**.{HOST}"])

    def test_what_platforms_make_of_it_is_told(self):
        self.assertEqual(self.rule(f"Public-Key-Pins: {PINS}; max-age=5\nPublic-Key-Pins: x")[1], {"IMP002", "IMP012"})
        rule, notes = self.rule(f"Public-Key-Pins-Report-Only: {PINS}")
        self.assertEqual((rule["mode"], notes), ("report", {"IMP006"}))
        rule, notes = self.rule(f"Public-Key-Pins-Report-Only: {PINS}\nPublic-Key-Pins: {PINS}; max-age=5")
        self.assertEqual((rule["mode"], notes), ("enforce", {"IMP002", "IMP014"}))
        rule, notes = self.rule(f"Public-Key-Pins: {PINS}; max-age=0")
        self.assertEqual((rule["mode"], notes), ("off", {"IMP007"}))

    def test_headers_that_pin_nothing_are_refused(self):
        for value, message in (
                (f"{PINS}", "max-age is missing"), (f"{PINS}; max-age=1; max-age=1", "input:1:147: a directive is there twice"),
                (f"{PINS}; max-age='100'", "input:1:144: max-age is no number"), (f"{PINS}; max-age=", "a directive's value is missing"),
                (f"pin-sha256='{P1}'; max-age=1", "a pin of fewer than 44 characters"),
                (f"{PINS}; max-age=1;", "input:1:146: a directive's name is missing"), (f'pin-sha256="{P1}', "a quoted string does not end"),
                ('pin-sha256="AAAA"; max-age=1', "input:1:34: a pin of fewer than 44 characters"),
                (f'pin-sha256="{P1}x"; max-age=1', "a pin of more than 44 characters"),
                ("max-age=1", "no pin of an algorithm that is known"), (f"{PINS}; max-age=1; includeSubDomains=1", "takes no value"),
                (f'{PINS}; max-age=1; report-uri="x"', "report-uri is no http or https URL"), ("", "a directive's name is missing"),
                (f'pin-sha256="{P1}"; max-age=1', "input:1: user agents take no notice of a header without a backup pin"),
                (f"{PINS}; max-age=1" + "; x" * 4000, "a header of more than 8192 bytes")):
            with self.subTest(value[:200]):
                self.assertImportFails("hpkp", f"Public-Key-Pins: {value}\n", message, "--for", HOST)

    def test_files_without_the_header(self):
        for text in ("", "\n", "Public-Key-Pinsx: y", "X-Public-Key-Pins: y", f"{PINS}; max-age=1\n{PINS}; max-age=1\n",
                     "# Public-Key-Pins: x"):
            with self.subTest(text):
                self.assertImportFails("hpkp", text, "input: no header Public-Key-Pins", "--for", HOST)


if __name__ == "__main__":
    tap_unittest.main()
