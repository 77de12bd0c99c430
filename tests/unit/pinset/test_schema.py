#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/spec/pin-set.md, its JSON Schema, docs/spec/findings.md and the vectors say the same."""
import json
import pathlib
import re
import unittest

import jsonschema

import tap_unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
SPEC = ROOT / "docs/spec"
VECTORS = ROOT / "tests/vectors/pinset"

# Refused for a reason that the shape of a document does not show.
BEYOND_SHAPE = {
    "conflict", "conflict-in-other-form", "conflict-of-stars", "conflict-of-one-port",
    "expires-when-issued", "expires-before-issued", "expires-no-such-day", "until-no-such-day",
    "id-twice", "match-twice-in-other-form", "match-address-twice", "report-no-host",
    "spki-trailing-newline",  # only here: to Python, "$" also matches before a last newline
}


def rows(name):
    for line in (VECTORS / name).read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.split()


def load(folder, name):
    return json.loads((VECTORS / folder / f"{name}.json").read_text())


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        schema = json.loads((SPEC / "pin-set.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        cls.validator = jsonschema.Draft202012Validator(schema)

    def test_accepts_what_the_library_accepts(self):
        for name, *_ in rows("accept.txt"):
            with self.subTest(name):
                self.validator.validate(load("accept", name))

    def test_accepts_what_the_library_writes(self):
        for path in sorted((VECTORS / "format").glob("*.json")):
            with self.subTest(path.name):
                self.validator.validate(json.loads(path.read_text()))

    def test_refuses_what_the_library_refuses_for_its_shape(self):
        count = 0
        for name, status, *_ in rows("refuse.txt"):
            if status == "E_JSON" or name in BEYOND_SHAPE:
                continue
            count += 1
            with self.subTest(name):
                self.assertFalse(self.validator.is_valid(load("refuse", name)))
        self.assertGreater(count, 100)

    def test_does_not_show_what_is_beyond_shape(self):
        for name in BEYOND_SHAPE:
            with self.subTest(name):
                self.validator.validate(load("refuse", name))


class Documents(unittest.TestCase):
    def test_the_example_is_the_one_that_is_loaded(self):
        text = (SPEC / "pin-set.md").read_text()
        example = re.search(r"^```json\n(.*?)^```", text, flags=re.S | re.M).group(1)
        self.assertEqual(example, (VECTORS / "accept/example.json").read_text())

    def test_every_vector_is_listed(self):
        for folder in ("accept", "refuse"):
            files = {path.stem for path in (VECTORS / folder).iterdir()}
            listed = [name for name, *_ in rows(f"{folder}.txt")]
            self.assertEqual(len(listed), len(set(listed)))
            self.assertEqual(files, set(listed))

    def test_every_status_is_told(self):
        text = (SPEC / "pin-set.md").read_text()
        for status in {status for _, status, *_ in rows("refuse.txt")}:
            self.assertIn(f"`{status}`", text)

    def test_findings_are_those_of_the_table(self):
        source = (ROOT / "src/pinset/findings.def").read_text()
        source = re.sub(r'"\s+"', "", source[source.rindex("*/"):])
        string = r'"((?:[^"\\]|\\.)*)"'
        table = re.findall(rf"PINTLE_FINDING\(\w+, {string}, (\w+), {string},\s*{string},\s*{string}\)",
                           source)
        self.assertGreater(len(table), 30)
        expected = [[id, severity.lower()] + [text.replace('\\"', '"') for text in texts]
                    for id, severity, *texts in table]
        lines = (SPEC / "findings.md").read_text().replace("\\*", "*").splitlines()
        told = [[cell.strip() for cell in line.strip("|").split("|")]
                for line in lines if line.startswith("| PIN")]
        self.assertEqual(told, expected)


if __name__ == "__main__":
    tap_unittest.main()
