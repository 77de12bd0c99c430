#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Dart: there is no Dart here. The exported file is read by a model that does what the code around the rules does, and what
dart:io tells it: the server's own certificate alone."""
import random
import re

import formats
import generated
import tap_unittest


class Model:
    """_find() of the file: the longest host, then exact before '*.' before '**.', then the rule that names the port."""

    RULE = re.compile(r"  _Rule\(\n    '(?P<name>[^']+)',\n    match: \[\n(?P<match>(?:      '[^']+',\n)+)    \],\n"
                      r"(?:    ports: \[\n(?P<ports>(?:      \d+,\n)+)    \],\n)?(?:    until: '(?P<until>[^']+)',\n)?"
                      r"(?:    (?P<word>exempt|report): true,\n)?(?:    pins: \[\n(?P<pins>(?:      .*\n)+)    \],\n)?  \),\n")
    PIN = re.compile(r"^      _Pin\('([A-Za-z0-9+/]{43}=)'(?:, until: '([^']+)')?\),$", flags=re.M)

    def __init__(self, text):
        self.rules = []
        for rule in self.RULE.finditer(text):
            pins = ["sha256/" + key for key, _ in self.PIN.findall(rule["pins"] or "")]
            rest = self.PIN.sub("", rule["pins"] or "").split("\n")
            assert all(line == "" or line.startswith("      // ") for line in rest)
            assert bool(pins) == (rule["word"] != "exempt")
            self.rules.append({"match": re.findall("'([^']+)'", rule["match"]), "until": rule["until"], "pins": pins, "word": rule["word"],
                               "ports": [int(port) for port in re.findall(r"\d+", rule["ports"] or "")]})
        assert len(self.rules) == text.count("  _Rule(\n")

    def answer(self, host, port):
        found = formats.find({"rules": self.rules}, host, port)
        if found is None or found["word"] == "exempt":
            return None
        return formats.Answer(frozenset((pin, "leaf") for pin in found["pins"]), found["until"], found["word"] or "enforce")


class Dart(formats.TestCase):
    def test_the_model(self):
        self.check_model("dart", Model, random.Random(41))

    def test_ports(self):
        document = formats.pinset(formats.rule("one", ["a.example"], [1], ports=[8443, 9443]), formats.rule("two", ["**.a.example"], [2]))
        model = Model(self.export("dart", document).text)
        told = self.explain("dart", document, ["a.example:8443", "a.example:443", "x.a.example:8443"])
        for host, platform in told.items():
            name, port = host.split(":")
            self.assertSameAnswer(model.answer(name, int(port)), platform["platform"], host, document, self.export("dart", document))

    def test_what_is_written(self):
        document = formats.pinset(
            formats.rule("api", ["api.example", "**.cdn.example", "192.0.2.1"],
                         [{"spki": formats.key(1), "at": "leaf", "label": "' // $x ${y} \\'"},
                          {"spki": formats.key(2), "at": "leaf", "until": "2036-01-01T00:00:00Z"}],
                         ports=[443], mode="report", enforce_until="2036-09-01T00:00:00Z", after="off"),
            formats.rule("out", ["out.cdn.example"], [], mode="off"), app=generated.EVIL_APP)
        text = self.export("dart", document).text
        self.assertTrue(text.startswith("// Made by pintle export from x # coding: utf_7 */ } "))
        self.assertIn(f"""
const _rules = <_Rule>[
  _Rule(
    'api',
    match: [
      'api.example',
      '**.cdn.example',
      '192.0.2.1',
    ],
    ports: [
      443,
    ],
    until: '2036-09-01T00:00:00Z',
    report: true,
    pins: [
      // ' // $x ${{y}} ?'
      _Pin('{formats.bare(formats.key(1))}'),
      _Pin('{formats.bare(formats.key(2))}', until: '2036-01-01T00:00:00Z'),
    ],
  ),
  _Rule(
    'out',
    match: [
      'out.cdn.example',
    ],
    exempt: true,
  ),
];
""", text)

    def test_files_are_whole(self):
        for document in (formats.pinset(), formats.pinset(formats.rule("api", ["a.example"], [1]))):
            text = self.export("dart", document).text
            code = re.sub(r"'[^'\n]*'|//.*", "", text.replace("${address.rawAddress.join(' ')}", ""))
            for opening, closing in ("{}", "()", "[]"):
                self.assertEqual(code.count(opening), code.count(closing))
            self.assertNotRegex(text, r"[ \t]\n|\n\n\n|@\w+@\n")
        self.assertIn("const _rules = <_Rule>[];\n", self.export("dart", formats.pinset()).text)

    def test_what_is_lost(self):
        self.assertEqual(self.export("dart", formats.pinset(formats.rule("api", ["a.example"], [{"spki": formats.key(1), "at": "leaf"}]))).ids(),
                         set())
        lost = formats.pinset(
            formats.rule("api", ["a.example"], [1, {"spki": formats.key(2), "at": "ca"}], deny=[formats.key(9)],
                         report=["https://reports.example/"]),
            formats.rule("key", ["c.example"], [1], trust="key"),
            formats.rule("ca", ["b.example"], [{"spki": formats.key(2), "at": "ca"}]))
        done = self.export("dart", lost)
        self.assertEqual(done.ids("api"), {"EXP011", "EXP013", "EXP015", "EXP040"})
        self.assertEqual(done.ids("key"), {"EXP020"})
        self.assertEqual(done.ids("ca"), {"EXP002", "EXP013"})

    def test_drift(self):
        document = formats.pinset(formats.rule("api", ["a.example"], [1, 2]))
        text = self.export("dart", document).text
        self.assertEqual(self.drift("dart", {**document, "version": 8}, text), [])
        self.assertEqual(len(self.drift("dart", document, text.replace("a.example", "b.example"))), 1)


if __name__ == "__main__":
    tap_unittest.main()
