#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle pin, against pins computed by the openssl program."""
import base64
import hashlib
import pathlib
import shutil
import tempfile
import unittest

import cli
import tap_unittest

KEYS = {
    "rsa2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "p521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "ed25519": ["-algorithm", "ED25519"],
    "ed448": ["-algorithm", "ED448"],
}
NAMES = tuple(KEYS)


def openssl(*args, stdin=b""):
    result = cli.run_program(["openssl", *args], stdin=stdin)
    if result.code != 0:
        raise AssertionError(str(result))
    return result.out_bytes


class Files:
    """For every kind of key: key, public key, request and certificate, each in PEM and DER."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="pintle-pins-"))
        self.pins = {}
        for name, options in KEYS.items():
            self.make(name, options)

    def path(self, name, kind, form="pem"):
        return self.dir / f"{name}.{kind}.{form}"

    def make(self, name, options):
        key = str(self.path(name, "key"))
        openssl("genpkey", *options, "-out", key)
        openssl("req", "-new", "-key", key, "-subj", f"/CN={name}.example", "-out",
                str(self.path(name, "csr")))
        openssl("req", "-x509", "-key", key, "-subj", f"/CN={name}.example", "-days", "9", "-out",
                str(self.path(name, "cert")))
        openssl("pkey", "-in", key, "-pubout", "-out", str(self.path(name, "pub")))
        for kind, command in (("key", ["pkey"]), ("pub", ["pkey", "-pubin"]), ("csr", ["req"]),
                              ("cert", ["x509"])):
            openssl(*command, "-in", str(self.path(name, kind)), "-outform", "DER", "-out",
                    str(self.path(name, kind, "der")))
        self.pins[name] = self.digest(self.path(name, "pub", "der").read_bytes())

    @staticmethod
    def digest(spki):
        return "sha256/" + base64.b64encode(hashlib.sha256(spki).digest()).decode()

    def remove(self):
        shutil.rmtree(self.dir)


KINDS = {"cert": "certificate", "csr": "request", "pub": "public key", "key": "private key"}


class WithFiles(cli.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = Files()

    @classmethod
    def tearDownClass(cls):
        cls.files.remove()

    def pem(self, name, kind="cert"):
        return self.files.path(name, kind).read_bytes()

    def der(self, name, kind="cert"):
        return self.files.path(name, kind, "der").read_bytes()


class Pins(WithFiles):
    def test_every_kind_of_file_of_every_kind_of_key_has_the_pin_openssl_computes(self):
        for name in NAMES:
            for kind, word in KINDS.items():
                for form in ("pem", "der"):
                    with self.subTest(f"{name} {kind} {form}"):
                        path = self.files.path(name, kind, form)
                        line = self.assertAccepted("pin", path).out
                        subject = f"  CN={name}.example" if kind == "cert" else ""
                        self.assertEqual(
                            line, f"{self.files.pins[name]}  {word:11}  {path}{subject}\n")

    def test_another_key_has_another_pin(self):
        self.assertEqual(len(set(self.files.pins.values())), len(NAMES))

    def test_traditional_private_keys(self):
        for name in ("rsa2048", "p256"):
            key = openssl("pkey", "-in", str(self.files.path(name, "key")), "-traditional")
            self.assertIn(b"RSA PRIVATE" if name == "rsa2048" else b"EC PRIVATE", key)
            result = self.assertAccepted("pin", "-b", stdin=key)
            self.assertEqual(result.out, self.files.pins[name] + "\n")

    def test_standard_input_by_name_and_by_default(self):
        for line in (["pin"], ["pin", "-"]):
            result = self.assertAccepted(*line, stdin=self.pem("p256"))
            self.assertEqual(result.out.split()[0:3], [self.files.pins["p256"], "certificate", "-"])
            self.assertAccepted(*line, stdin=self.der("ed25519"))

    def test_a_chain_is_printed_in_its_order_with_text_between(self):
        order = ["p384", "rsa2048", "ed25519", "p256"]
        chain = b"".join(b"subject=CN = " + name.encode() + b"\n\n" + self.pem(name) + b"\n---\n"
                         for name in order)
        result = self.assertAccepted("pin", "--bare", stdin=chain)
        self.assertEqual(result.lines, [self.files.pins[name] for name in order])

    def test_mixed_objects_in_one_file(self):
        text = self.pem("p256", "key") + self.pem("p384", "csr") + self.pem("rsa2048", "pub")
        result = self.assertAccepted("pin", stdin=text)
        self.assertEqual([line.split()[0] for line in result.lines],
                         [self.files.pins[name] for name in ("p256", "p384", "rsa2048")])

    def test_several_files_are_printed_in_their_order(self):
        paths = [self.files.path(name, "cert") for name in ("p521", "p256")]
        result = self.assertAccepted("pin", *paths)
        self.assertEqual([line.split()[2] for line in result.lines], list(map(str, paths)))

    def test_every_form(self):
        digest = base64.b64decode(self.files.pins["p256"][7:])
        b64 = base64.b64encode(digest).decode()
        forms = {"pintle": f"sha256/{b64}", "curl": f"sha256//{b64}", "base64": b64,
                 "hpkp": f'pin-sha256="{b64}"', "hex": digest.hex()}
        path = self.files.path("p256", "cert")
        for form, text in forms.items():
            with self.subTest(form):
                self.assertEqual(self.assertAccepted("pin", "--form", form, "-b", path).out,
                                 text + "\n")
                line = self.assertAccepted("pin", "--form", form, path).out
                self.assertTrue(line.startswith(f"{text}  certificate  {path}"), line)

    def test_curl_accepts_the_form_named_after_it(self):
        pin = self.assertAccepted("pin", "-b", "--form=curl", self.files.path("p256", "cert")).out
        result = cli.run_program(["curl", "--pinnedpubkey", pin.strip(), "-s", "file:///dev/null"])
        self.assertExit(result, 0)

    def test_colour_leaves_the_text_as_it_is(self):
        path = self.files.path("p256", "cert")
        plain = self.assertAccepted("pin", path).out
        colour = self.assertAccepted("--color=always", "pin", path).out
        self.assertNotEqual(colour, plain)
        for code in ("\033[1m", "\033[2m", "\033[0m"):
            colour = colour.replace(code, "")
        self.assertEqual(colour, plain)

    def test_bare_pins_have_no_colour(self):
        path = self.files.path("p256", "cert")
        self.assertNotIn("\033", self.assertAccepted("--color=always", "pin", "-b", path).out)


class Json(WithFiles):
    def test_a_certificate_is_described(self):
        path = self.files.path("p256", "cert")
        document = self.assertAccepted("pin", "--json", path).json
        self.assertEqual(len(document["objects"]), 1)
        made = document["objects"][0]
        self.assertEqual({key: made[key] for key in ("file", "index", "kind", "pin", "subject",
                                                     "issuer", "key_type", "ca")},
                         {"file": str(path), "index": 0, "kind": "certificate",
                          "pin": self.files.pins["p256"], "subject": "CN=p256.example",
                          "issuer": "CN=p256.example", "key_type": "EC P-256", "ca": True})
        self.assertLess(made["not_before"], made["not_after"])

    def test_other_objects_have_their_pin_alone(self):
        for kind in ("csr", "pub", "key"):
            path = self.files.path("ed448", kind)
            made = self.assertAccepted("pin", "--json", path).json["objects"]
            self.assertEqual(made, [{"file": str(path), "index": 0, "kind": KINDS[kind],
                                     "pin": self.files.pins["ed448"]}])

    def test_objects_are_numbered_within_their_file(self):
        chain = self.write("chain.pem", self.pem("p256") + self.pem("p384"))
        document = self.assertAccepted("pin", "--json", chain, self.files.path("p521", "cert")).json
        self.assertEqual([made["index"] for made in document["objects"]], [0, 1, 0])

    def test_the_form_of_pins_stays_the_same(self):
        document = self.assertAccepted("pin", "--json", "--form=hex",
                                       self.files.path("p256", "cert")).json
        self.assertEqual(document["objects"][0]["pin"], self.files.pins["p256"])

    def test_what_was_found_before_a_failure_is_printed(self):
        result = self.run_cli("pin", "--json", self.files.path("p256", "cert"), "nothere")
        self.assertExit(result, cli.INPUT)
        self.assertEqual(len(result.json["objects"]), 1)

    def test_nothing_found_prints_nothing(self):
        self.assertFails(cli.INPUT, "nothere: No such file", "pin", "--json", "nothere")

    def test_a_file_name_that_is_no_utf8_is_escaped(self):
        name = self.dir / "x"
        raw = bytes(name) + b"\xff.pem"
        with open(raw, "wb") as file:
            file.write(self.pem("p256"))
        document = self.assertAccepted("pin", "--json", raw).json
        self.assertTrue(document["objects"][0]["file"].endswith("x\\xff.pem"))


class BadInput(WithFiles):
    def assertBad(self, content, where):
        """Exit 5; the message names file, object and byte."""
        path = self.write("bad", content)
        return self.assertFails(cli.INPUT, f"pintle: {path}: {where}: ", "pin", path)

    def test_an_empty_file(self):
        self.assertBad(b"", "object 1, at byte 0")

    def test_text_without_objects(self):
        self.assertBad(b"hello\n", "object 1, at byte 0")

    def test_pem_cut_short(self):
        whole = self.pem("p256")
        end = whole.index(b"-----END")
        for keep, byte in ((len(whole) - 5, end), (end, 0), (len(whole) // 2, 0), (40, 0)):
            with self.subTest(keep):
                self.assertBad(whole[:keep], f"object 1, at byte {byte}")

    def test_the_object_at_fault_is_named(self):
        good = self.pem("p256") + self.pem("p384")
        bad = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        self.assertBad(good + bad, f"object 3, at byte {len(good)}")

    def test_der_with_bytes_behind_it(self):
        der = self.der("p256")
        self.assertBad(der + b"\0", f"object 1, at byte {len(der)}")

    def test_der_cut_short(self):
        self.assertBad(self.der("p256")[:-1], "object 1, at byte 1")

    def test_a_length_that_is_not_minimal(self):
        der = self.der("p256")
        self.assertEqual(der[:2], b"\x30\x82")
        self.assertBad(b"\x30\x83\x00" + der[2:], "object 1, at byte 1")

    def test_blocks_of_other_types_are_refused(self):
        self.assertBad(b"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n",
                       "object 1, at byte 0")

    def test_an_encrypted_key_is_refused_with_advice(self):
        key = openssl("pkey", "-in", str(self.files.path("p256", "key")), "-aes256", "-passout",
                      "pass:secret")
        self.assertIn("decrypt it first", self.assertBad(key, "object 1, at byte 0").err)

    def test_a_request_that_proves_nothing_is_refused(self):
        der = bytearray(self.der("ed25519", "csr"))
        der[-1] ^= 1
        self.assertBad(bytes(der), "object 1, at byte 0")

    def test_a_file_too_large_is_refused_unread(self):
        path = self.write("large", b"")
        with open(path, "wb") as file:
            file.truncate(16 * 1024 * 1024 + 1)
        self.assertFails(cli.INPUT, f"{path}: ", "pin", path)

    def test_endless_input_is_refused(self):
        with open("/dev/zero", "rb") as zero:
            self.assertFails(cli.INPUT, "standard input: ", "pin", stdin=zero)

    def test_more_objects_than_the_limit(self):
        self.assertExit(self.run_cli("pin", stdin=self.pem("ed25519", "pub") * 4096), cli.OK)
        self.assertFails(cli.INPUT, "standard input: object 4097", "pin",
                         stdin=self.pem("ed25519", "pub") * 4097)

    def test_directories_and_missing_files(self):
        self.assertFails(cli.INPUT, "nothere: No such file", "pin", "nothere")
        self.assertFails(cli.INPUT, ".: Is a directory", "pin", ".")
        self.assertFails(cli.INPUT, "bad/x: Not a directory", "pin", self.write("bad", "") / "x")

    def test_an_empty_name_is_no_file(self):
        self.assertFails(cli.INPUT, "No such file", "pin", "")

    def test_one_bad_file_does_not_hide_the_others(self):
        first, last = self.files.path("p256", "cert"), self.files.path("p384", "cert")
        result = self.run_cli("pin", "-b", first, "nothere", self.write("bad", "x"), last)
        self.assertExit(result, cli.INPUT)
        self.assertEqual(result.lines, [self.files.pins["p256"], self.files.pins["p384"]])
        self.assertEqual(result.err.count("\n"), 2)

    def test_a_name_that_would_paint_the_terminal_is_escaped(self):
        result = self.assertFails(cli.INPUT, "[2Jx: No such file", "pin", "\033[2Jx")
        self.assertNotIn("\033", result.err)
        self.write("\033[2Jx", "nothing")
        self.assertFails(cli.INPUT, "\\x1b[2Jx: object 1", "pin", "\033[2Jx")
        self.write("\033[2Jy", self.pem("p256"))
        self.assertNotIn("\033", self.assertAccepted("pin", "\033[2Jy").out)


if __name__ == "__main__":
    tap_unittest.main()
