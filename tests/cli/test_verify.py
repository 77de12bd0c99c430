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
                self.assertEqual([each["verdict"] for each in envelopes], ["accepted"] * len(roles))
                self.assertIn("signed by pins 1", self.verify(path).out)

    def refusal(self, path, *more):
        """What the JSON says of one that is refused: its status, and the envelopes by verdict."""
        document = self.verify(path, "--json", *more, code=cli.INPUT).json
        self.assertEqual(document["verdict"], "refused")
        return document["reason"]["status"], [(each["verdict"], each["role"], each["signed_by"])
                                              for each in document["envelopes"]]

    def test_every_refusal_by_its_status(self):
        signer, pins = self.signer, self.bundle.pins
        anchor = ("accepted", "root", ["root 1", "root 2"])
        other_type = bundles.Envelope("pins", pins.payload, bundles.envelope(
            "pins", pins.document, signer.quorum("pins"), kind=bundles.payload_type("fresh")).signatures)
        twice = bundles.Envelope("unpin", *self.one_key_twice("unpin"))
        late = signer.unpin([("api", "off")], days=15)
        stricter = signer.unpin([("api", "enforce")])
        cases = {
            "expired": (signer.pins([bundles.rule(PIN)], expires=bundles.time(-60)), "E_EXPIRED", ["pins 1"]),
            "epoch": (signer.pins([bundles.rule(PIN)], epoch=2), "E_EPOCH", ["pins 1"]),
            "type": (other_type, "E_SIGNATURES", []),
            "one key under two ids": (twice, "E_SIGNATURES", ["unpin 1"]),
            "fresh without its pins": (self.bundle.fresh, "E_MISMATCH", ["fresh 1"]),
            "unpin that lasts": (late, "E_UNPIN", ["unpin 1", "unpin 2"]),
            "unpin that tightens": (stricter, "E_UNPIN", ["unpin 1", "unpin 2"]),
            "one signature": (signer.unpin([("api", "off")], signers=signer.keys["unpin"][:1]),
                              "E_SIGNATURES", ["unpin 1"]),
            "root without successor": (signer.root_envelope(signer.root_document(3), signer.keys["root"]),
                                       "E_ROOT_VERSION", ["root 1", "root 2", "root 3"]),
            "another root 1": (signer.root_envelope(signer.root_document(issued=bundles.time(days=-2)),
                                                    signer.keys["root"]),
                               "E_EQUIVOCATION", ["root 1", "root 2", "root 3"]),
        }
        for name, (envelope, status, signers) in cases.items():
            with self.subTest(name):
                self.write("bad.json", envelope.text)
                self.assertEqual(self.refusal("bad.json"),
                                 (status, [anchor, ("refused", envelope.role, signers)]))

    def one_key_twice(self, role):
        """An unpin's payload, and a signature of its first key under two ids."""
        one = self.signer.unpin([("api", "off")], signers=self.signer.keys[role][:1])
        (_, signature), other = one.signatures[0], self.signer.keys[role][1].id
        return one.payload, [one.signatures[0], (other, signature)]

    def test_what_is_no_envelope_of_ours(self):
        text = self.bundle.pins.text.replace(b"vnd.pintle.pins", b"vnd.in-toto")
        for content, status in ((text, "E_PAYLOAD_TYPE"), (b"{}", "E_ENVELOPE"), (b"[", "E_JSON"),
                                (b"", "E_JSON"), (b"pintle seed 9\n", "E_ENVELOPE")):
            with self.subTest(content[:20]):
                self.write("bad.json", content)
                self.assertEqual(self.refusal("bad.json")[0], status)

    def test_a_root_shows_who_signed_under_both(self):
        old = self.signer.quorum("root")
        self.signer.rotate(root=bundles.keys("new", 3))
        self.write("root-2.json", self.signer.roots[1].text)
        envelopes = self.verify("root-2.json", "--json").json["envelopes"]
        self.assertEqual([each["signed_by"] for each in envelopes],
                         [["root 1", "root 2"], ["root 1", "root 2", "new 1", "new 2"]])
        for signers, status, seen in ((old, "E_SIGNATURES", ["root 1", "root 2"]),
                                      (self.signer.quorum("root"), "E_SIGNATURES", ["new 1", "new 2"])):
            with self.subTest(seen):
                root = self.signer.root_envelope(self.signer.roots[1].document, signers)
                self.write("bad.json", root.text)
                self.assertEqual(self.refusal("bad.json")[1][-1], ("refused", "root", seen))

    def test_keys_of_the_same_name_are_two(self):
        signer = bundles.Signer(unpin=None)
        signer.keys["root"] = [bundles.SigningKey("alice") for _ in range(3)]
        signer.roots = [signer.root_envelope(signer.root_document(), signer.quorum("root"))]
        self.write("root.json", signer.anchor.text)
        self.assertIn("signed by alice, alice\n", self.verify("root.json").out)

    def test_what_is_old_in_a_seed_is_marked(self):
        old = self.signer.bundle([bundles.rule(PIN)], expires=bundles.time(-3600))
        old.write_seed(self.dir / "old.seed")
        document = self.verify("old.seed", "--json").json
        self.assertEqual([(each["role"], each["expired"]) for each in document["envelopes"]],
                         [("root", False), ("pins", True), ("fresh", False)])
        self.assertIn("(expired)", self.verify("old.seed").out)
        self.assertNotIn("stale", document)

    def test_a_directory_that_is_not_known_to_be_the_newest_is_stale(self):
        bundle = self.signer.bundle([bundles.rule(PIN)], fresh=0)
        bundle.write(self.dir / "frozen")
        result = self.verify("frozen", "--json")
        self.assertTrue(result.json["stale"])
        self.assertIn("stale: nothing says that these pins are the newest", result.err)
        self.bundle.write(self.dir / "shop")
        self.assertFalse(self.verify("shop", "--json").json["stale"])

    def test_what_holds_is_shown_beside_what_is_refused(self):
        self.signer.rotate()
        bundle = self.signer.bundle([bundles.rule(PIN)], signers=self.signer.keys["fresh"])
        bundle.write(self.dir / "shop")
        document = self.verify("shop", "--json", code=cli.INPUT).json
        self.assertEqual([(each["role"], each["version"]) for each in document["envelopes"]],
                         [("root", 1), ("root", 2)])
        self.assertEqual(document["reason"]["status"], "E_SIGNATURES")
        self.assertIn("accepted  root   2 of epoch 1", self.verify("shop", code=cli.INPUT).out)

    def test_an_anchor_that_its_own_keys_did_not_sign(self):
        self.write("weak.json", self.signer.root_envelope(self.signer.root_document(),
                                                          self.signer.keys["root"][:1]).text)
        self.assertFails(cli.INPUT, "weak.json: signed by 1 of the 2", "verify", "weak.json", "--root", "weak.json")

    def test_files_that_cannot_be_read_or_are_too_large(self):
        self.write("large", b" " * (4 * 1024 * 1024 + 1))
        self.assertFails(cli.INPUT, "large", "verify", "large", "--root", "root.json")
        self.assertFails(cli.INPUT, "Is a directory", "verify", "root.json", "--root", ".")

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
                 (self.bundle.pins.text, ("--now", "2099-01-01T00:00:00Z"), "expired"),
                 (self.bundle.pins.text, ("--now", "2099-01-01"), "expired")]
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
