#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle embed: the seed that an app is built with."""
import re
import subprocess

import bundles
import cli
import learning
import tap_unittest

PIN = "sha256/" + "A" * 42 + "E="

# Starts from what is built in, with no file and no network.
PROGRAM = """
#include <stdio.h>
#include <pintle/openssl.h>
#include <pintle/pintle.h>

extern const unsigned char pintle_seed[];
extern const size_t pintle_seed_len;

int main(void)
{
    struct pintle_view seed = {pintle_seed, pintle_seed_len};
    struct pintle_config config = {.crypto = pintle_openssl_crypto()};
    struct pintle *engine = NULL;
    const struct pintle_pinset *set;

    if (pintle_open_seed(&engine, seed, &config, NULL) != PINTLE_OK)
        return 1;
    set = pintle_get_pinset(engine);
    printf("version %lld\\n", (long long)pintle_pinset_get_version(set));
    pintle_pinset_free(set);
    pintle_free(engine);
    return 0;
}
"""


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
        self.assertAccepted("embed", "--dir", "shop", "--format", "c", "--name", "shop_pins", "-o", "pins.c")
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
        self.assertAccepted("embed", "--dir", "shop", "--format", "c", "--name", "shop_pins", "-o", "again.c")
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

    def test_the_root_to_begin_with_may_be_given(self):
        """Whoever holds the directory holds its root too; the one of the builder is another matter."""
        self.write("root-2.json", self.bundle.roots[1].text)
        self.write("other.json", bundles.Signer().bundle([bundles.rule(PIN)], version=1).roots[0].text)
        self.assertAccepted("embed", "--dir", "shop", "--root", "root-2.json", "-o", "shop.seed")
        later = bundles.Bundle(self.bundle.roots[1:], self.bundle.pins, self.bundle.fresh)
        self.assertEqual((self.dir / "shop.seed").read_bytes(), later.seed)
        self.assertFails(cli.INPUT, "", "embed", "--dir", "shop", "--root", "other.json", "-o", "bad.seed")
        self.assertFalse((self.dir / "bad.seed").exists())

    def test_a_seed_becomes_c_source(self):
        self.write("in.seed", self.bundle.seed)
        self.write("root-1.json", self.bundle.roots[0].text)
        self.write("other.json", bundles.Signer().bundle([bundles.rule(PIN)], version=1).roots[0].text)
        for more in ((), ("--root", "root-1.json")):
            self.assertAccepted("embed", "--seed", "in.seed", *more, "-o", "out.seed")
            self.assertEqual((self.dir / "out.seed").read_bytes(), self.bundle.seed)
        self.assertAccepted("embed", "--dir", "shop", "--format", "c", "-o", "a.c")
        self.assertAccepted("embed", "--seed", "in.seed", "--format", "c", "-o", "b.c")
        self.assertEqual((self.dir / "a.c").read_text(), (self.dir / "b.c").read_text())
        self.assertFails(cli.INPUT, "refused under other.json", "embed", "--seed", "in.seed", "--root",
                         "other.json", "-o", "bad.seed")

    def test_a_seed_that_no_client_would_take(self):
        old = {"issued": bundles.time(days=-9), "expires": bundles.time(days=-1)}
        expired = self.signer.bundle([bundles.rule(PIN)], version=8, **old).seed
        roots = bundles.Bundle(self.bundle.roots, None).seed
        for seed, message in ((expired, "its pin-set has expired"), (self.bundle.seed[:-1], ""), (b"x", ""),
                              (self.bundle.seed.replace(b'"version": 7', b'"version": 8'), ""), (roots, "")):
            with self.subTest(message):
                self.write("bad.seed", seed)
                self.assertFails(cli.INPUT, message, "embed", "--seed", "bad.seed", "-o", "out.seed")
                self.assertFalse((self.dir / "out.seed").exists())

    @learning.needs_clock
    def test_an_engine_starts_from_the_source(self):
        self.assertAccepted("embed", "--dir", "shop", "--format", "c", "-o", "pins.c")
        self.write("main.c", PROGRAM)
        libraries = cli.BUILD / "src"
        subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I", cli.ROOT / "include", "-I", cli.BUILD / "include",
                        "main.c", "pins.c", "-L", libraries, f"-Wl,-rpath,{libraries}", "-lpintle-openssl",
                        "-lpintle", "-o", "main"], cwd=self.dir, check=True)
        result = cli.run_program([self.dir / "main"], home=self.dir)
        self.assertExit(result, 0)
        self.assertEqual(result.out, "version 7\n")

    def test_wrong_usage_and_places(self):
        self.assertUsage("either --dir or --seed is needed", "embed")
        self.assertUsage("either --dir or --seed is needed", "embed", "--dir", "x", "--seed", "y", "-o", "z")
        self.assertUsage("--out is needed", "embed", "--dir", "shop")
        self.assertUsage("no name in C", "embed", "--dir", "shop", "-o", "x", "--name", "2pins")
        self.assertFails(cli.INPUT, "none: No such file or directory", "embed", "--dir", "none", "-o", "x")
        self.assertFails(cli.INPUT, "No space", "embed", "--dir", "shop", "-o", "/dev/full")


if __name__ == "__main__":
    tap_unittest.main()
