#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle verify: what a client would believe, and what it would refuse."""
import bundles
import cli
import tap_unittest

PIN = "sha256/" + "A" * 42 + "E="


class Verify(cli.TestCase):
    def setUp(self):
        super().setUp()
        self.signer = bundles.Signer()
        self.bundle = self.signer.bundle([bundles.rule(PIN)], version=7, fresh=True)
        self.write("root.json", self.signer.anchor.text)

    def verify(self, path, *more, code=cli.OK):
        result = self.run_cli("verify", path, "--root", "root.json", *more)
        self.assertExit(result, code)
        return result

    def test_a_directory_a_seed_and_an_envelope(self):
        self.bundle.write(self.dir / "shop")
        self.bundle.write_seed(self.dir / "shop.seed")
        self.write("pins.json", self.bundle.pins.text)
        for path, roles in (("shop", ["root", "pins", "fresh"]), ("shop.seed", ["root", "pins", "fresh"]),
                            ("pins.json", ["root", "pins"])):
            with self.subTest(path):
                envelopes = self.verify(path, "--json").json["envelopes"]
                self.assertEqual([each["role"] for each in envelopes], roles)
                self.assertEqual((envelopes[1]["version"], envelopes[1]["digest"]),
                                 (7, self.bundle.pins.digest))
                self.assertEqual(envelopes[1]["signed_by"], ["pins 1"])
                self.assertIn("signed by pins 1", self.verify(path).out)

    def test_roots_follow_each_other(self):
        self.signer.rotate(pins=bundles.keys("new", 1))
        bundle = self.signer.bundle([bundles.rule(PIN)], version=8)
        self.write("root-2.json", self.signer.roots[1].text)
        self.write("pins.json", bundle.pins.text)
        self.assertIn("signed by 0 of the 1", self.verify("pins.json", code=cli.INPUT).err)
        self.verify("pins.json", "--root", "root-2.json")

    def test_what_is_refused(self):
        tampered = bundles.Envelope("pins", self.bundle.pins.payload + b" ", self.bundle.pins.signatures)
        other = bundles.Signer(app="com.example.other").bundle([bundles.rule(PIN)])
        cases = [(tampered.text, (), "signed by 0"), (other.pins.text, (), "signed by 0"),
                 (b"{}", (), "/payload: missing"), (self.bundle.seed[:-1], (), "cut short"),
                 (other.seed, (), "refused under this root"),
                 (self.bundle.pins.text, ("--now", "2099-01-01T00:00:00Z"), "expired")]
        for content, more, message in cases:
            with self.subTest(message):
                self.write("bad", content)
                self.assertIn(message, self.verify("bad", *more, code=cli.INPUT).err)

    def test_a_directory_that_is_wrong(self):
        folder = self.bundle.write(self.dir / "shop")
        (folder / f"pins/{self.bundle.pins.digest}.json").unlink()
        self.assertIn("pins/", self.verify("shop", code=cli.INPUT).err)
        (folder / "latest.json").unlink()
        self.assertIn("latest.json", self.verify("shop", code=cli.INPUT).err)

    def test_wrong_usage(self):
        self.assertUsage("--root is needed", "verify", "shop")
        self.assertUsage("a time is written", "verify", "x", "--root", "root.json", "--now", "today")
        self.assertFails(cli.INPUT, "No such file", "verify", "absent", "--root", "root.json")
        self.assertFails(cli.INPUT, "No such file", "verify", "x", "--root", "absent.json")


if __name__ == "__main__":
    tap_unittest.main()
