#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each shared library exports what src/lib*.sym lists, and the headers declare all of it."""
import os
import pathlib
import re
import subprocess
import unittest

import tap_unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["PINTLE_BUILD"])
LIBRARIES = ("pintle", "pintle-openssl", "pintle-curl", "pintle-update")


def listed(name):
    lines = (ROOT / "src" / f"lib{name}.sym").read_text().splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def exported(name):
    library = BUILD / "src" / f"lib{name}.so"
    out = subprocess.run(["nm", "-D", "--defined-only", str(library)], check=True,
                         capture_output=True, text=True).stdout
    return {line.split()[2].split("@")[0] for line in out.splitlines() if len(line.split()) == 3}


def declared():
    text = "".join(path.read_text() for path in (ROOT / "include/pintle").glob("*.h*"))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return set(re.findall(r"PINTLE_API[^;{]*?\b(pintle_\w+)\s*\(", text))


class Symbols(unittest.TestCase):
    def test_each_library_exports_what_is_listed(self):
        for name in LIBRARIES:
            with self.subTest(name):
                self.assertEqual(exported(name), listed(name))

    def test_what_is_listed_is_declared_in_a_public_header_and_the_other_way_round(self):
        everything = set().union(*(listed(name) for name in LIBRARIES))
        self.assertEqual(everything, declared())

    def test_nothing_internal_is_exported(self):
        for name in LIBRARIES:
            internal = [symbol for symbol in exported(name)
                        if "__" in symbol or not symbol.startswith("pintle_")]
            self.assertEqual(internal, [])


if __name__ == "__main__":
    tap_unittest.main()
