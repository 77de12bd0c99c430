#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/spec/bundle.md, its JSON Schemas, pintle/bundle.h and the vectors say the same."""
import base64
import json
import pathlib
import re
import unittest

import jsonschema

import tap_unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
SPEC = ROOT / "docs/spec"
VECTORS = ROOT / "tests/vectors/bundle"
INDEX = json.loads((VECTORS / "index.json").read_text())
PAGE = (SPEC / "bundle.md").read_text()
HEADER = (ROOT / "include/pintle/bundle.h").read_text()

# Refused for a reason that the shape of a document does not show.
BEYOND_SHAPE = {
    "root-expires-when-issued", "fresh-expires-when-issued", "unpin-expires-when-issued",
    "root-time", "fresh-time", "unpin-time", "unpin-too-long", "unpin-future", "unpin-rule-twice",
    "root-id-of-another-key", "root-key-record-twice", "root-threshold-4-of-3",
    "root-threshold-unusable", "root-unknown-key",
    "root-small-order-neutral", "root-small-order-neutral-signed", "root-small-order-order-4",
    "root-small-order-order-8", "root-small-order-unreduced",
    "root-oversized", "fresh-oversized", "unpin-oversized",
    "envelope-duplicate", "envelope-duplicate-escaped", "envelope-deep", "envelope-oversized",
    "envelope-base64-newline",  # only here: to Python, "$" also matches before a last newline
}
OF_SHAPE = {"E_SCHEMA", "E_VERSION", "E_CRIT", "E_TIME", "E_LIMIT", "E_UNPIN"}


def schema(name):
    document = json.loads((SPEC / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


SCHEMAS = {name: schema(name) for name in ("envelope", "root", "fresh", "unpin", "latest")}


def envelope_of(step):
    return json.loads((VECTORS / step["envelope"]).read_text())


def payload_of(step):
    return json.loads(base64.b64decode(envelope_of(step)["payload"]))


def macro(name):
    found = re.search(rf"#define PINTLE_{name} (.*)", HEADER).group(1)
    value = 1
    for factor in re.findall(r"\d+(?!_t)", found.split("/*")[0].replace("int64_t", "").replace("size_t", "")):
        value *= int(factor)
    return value


class Schemas(unittest.TestCase):
    def test_accept_what_is_accepted(self):
        count = 0
        for case in INDEX["cases"]:
            for step in case["steps"]:
                if step["status"] != "OK":
                    continue
                count += 1
                with self.subTest(case["name"]):
                    SCHEMAS["envelope"].validate(envelope_of(step))
                    if step["role"] in SCHEMAS:
                        SCHEMAS[step["role"]].validate(payload_of(step))
        self.assertGreater(count, 150)

    def test_refuse_payloads_of_a_wrong_shape(self):
        count = 0
        for case in INDEX["cases"]:
            step = case["steps"][-1]
            if step["status"] not in OF_SHAPE or step["role"] not in SCHEMAS or case["name"] in BEYOND_SHAPE:
                continue
            count += 1
            with self.subTest(case["name"]):
                self.assertFalse(SCHEMAS[step["role"]].is_valid(payload_of(step)))
        self.assertGreater(count, 15)

    def test_refuse_envelopes_of_a_wrong_shape(self):
        count = 0
        for case in INDEX["cases"]:
            step = case["steps"][-1]
            if (step["status"] == "E_ENVELOPE" or case["name"] == "envelope-33-signatures") and \
                    case["name"] not in BEYOND_SHAPE:
                count += 1
                with self.subTest(case["name"]):
                    self.assertFalse(SCHEMAS["envelope"].is_valid(envelope_of(step)))
        self.assertGreater(count, 7)

    def test_accept_the_examples_of_the_page(self):
        count = 0
        for text in re.findall(r"```json\n(.*?)```", PAGE, re.S):
            if "payloadType" in text:
                continue  # cut short to be read
            text = re.sub(r'"[0-9a-f]*…"', '"' + "0" * 64 + '"', text)
            example = json.loads(text)
            kind = next(iter(example)).removeprefix("pintle_")
            count += 1
            if kind == "root":
                for role in example["roles"].values():
                    role["keys"] = [f"{i:064x}" for i in range(len(role["keys"]))]
            with self.subTest(kind):
                SCHEMAS[kind].validate(example)
        self.assertEqual(count, 4)


class Page(unittest.TestCase):
    def test_names_every_status_of_the_vectors(self):
        for case in INDEX["cases"]:
            self.assertIn(f"`{case['steps'][-1]['status']}`", PAGE + "`OK`")

    def test_has_a_vector_for_every_refusal_in_its_tables(self):
        seen = {(step["role"], step["status"]) for case in INDEX["cases"] for step in case["steps"]}
        for role in ("root", "pins", "fresh", "unpin"):
            table = re.search(rf"\| \| {role} \|\n\|---\|---\|\n((?:\|.*\n)+)", PAGE).group(1)
            for status in re.findall(r"^\| `(E_\w+)`", table, re.M):
                with self.subTest(role=role, status=status):
                    self.assertIn((role, status), seen)

    def test_limits_are_those_of_the_header(self):
        numbers = [int(re.sub(r"\D", "", text)) for text in
                   re.findall(r"\d[\d ]*\d|\d+", PAGE[PAGE.index("### Limits"):PAGE.index("## Keys")])]
        for name in ("ENVELOPE_MAX_LEN", "ROOT_PAYLOAD_MAX_LEN", "SMALL_PAYLOAD_MAX_LEN", "PINS_PAYLOAD_MAX_LEN",
                     "SEED_MAX_LEN", "SIGNATURES_MAX", "ROOT_KEYS_MAX", "ROLE_KEYS_MAX", "ROOT_CHAIN_MAX",
                     "UNPIN_RULES_MAX"):
            with self.subTest(name):
                self.assertIn(macro(name), numbers)
        self.assertIn(f"{macro('BUNDLE_NESTING_MAX')} objects and arrays", PAGE)
        self.assertIn(f"({macro('UNPIN_MAX_S'):,} s)".replace(",", " "), PAGE)


if __name__ == "__main__":
    tap_unittest.main()
