#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle embed: the seed that an app is built with."""
import re
import subprocess

import bundles
import cli
import tap_unittest

PIN = "sha256/" + "A" * 42 + "E="


class Embed(cli.TestCase):
    def setUp(self):
        super().setUp()
        self.signer = bundles.Signer()
        self.signer.rotate(pins=bundles.keys("new", 1))
        self.bundle = self.signer.bundle([bundles.rule(PIN)], version=7, fresh=True)
        self.bundle.write(self.dir / "shop")

    def test_a_seed_is_what_python_makes_of_it(self):
        result = self.assertAccepted("embed", "--dir", "shop", "-o", "shop.seed")
        self.assertIn("embedded version 7 of epoch 1, root 2, in shop.seed", result.out)
        self.assertEqual((self.dir / "shop.seed").read_bytes(), self.bundle.seed)

    def test_c_source_compiles_and_holds_the_seed(self):
        self.assertAccepted("embed", "--dir", "shop", "--form", "c", "--name", "shop_pins", "-o", "pins.c")
        source = (self.dir / "pins.c").read_text()
        self.assertLessEqual(max(map(len, source.splitlines())), 100)
        found = re.findall(r"0x([0-9a-f]{2}),", source)
        self.assertEqual(bytes.fromhex("".join(found)), self.bundle.seed)
        for compiler in (["cc", "-std=c11"], ["c++", "-x", "c++", "-std=c++17"]):
            subprocess.run([*compiler, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", "pins.c", "-o",
                            "pins.o"], cwd=self.dir, check=True)
            names = subprocess.run(["nm", "pins.o"], cwd=self.dir, check=True, capture_output=True,
                                   text=True).stdout
            self.assertRegex(names, r"R shop_pins\n")
            self.assertRegex(names, r"R shop_pins_len\n")
        self.assertAccepted("embed", "--dir", "shop", "--form", "c", "--name", "shop_pins", "-o", "again.c")
        self.assertEqual((self.dir / "again.c").read_text(), source)

    def test_what_a_client_would_refuse_is_not_embedded(self):
        expired = self.signer.bundle([bundles.rule(PIN)], version=8, issued=bundles.time(days=-9),
                                     expires=bundles.time(days=-1))
        forged = bundles.Bundle(self.bundle.roots, bundles.envelope(
            "pins", self.bundle.pins.document, bundles.keys("thief", 1)))
        for bundle, message in ((expired, "expired"), (forged, "signed by 0")):
            with self.subTest(message):
                bundle.write(self.dir / "bad")
                self.assertFails(cli.INPUT, message, "embed", "--dir", "bad", "-o", "bad.seed")
                self.assertFalse((self.dir / "bad.seed").exists())

    def test_wrong_usage_and_places(self):
        self.assertUsage("--dir is needed", "embed")
        self.assertUsage("--out is needed", "embed", "--dir", "shop")
        self.assertUsage("no name in C", "embed", "--dir", "shop", "-o", "x", "--name", "2pins")
        self.assertFails(cli.INPUT, "has no root yet", "embed", "--dir", "none", "-o", "x")
        self.assertFails(cli.INPUT, "No space", "embed", "--dir", "shop", "-o", "/dev/full")


if __name__ == "__main__":
    tap_unittest.main()
