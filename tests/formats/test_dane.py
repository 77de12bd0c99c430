#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle export --to dane and import --from dane, with ldns-dane, ldns-read-zone, danetool and OpenSSL's DANE."""
import base64
import hashlib
import random
import re
import subprocess

import cli
import formats
import pki
import servers
import tap_unittest

HOST = "api.example.com"


def hexed(pin):
    return base64.b64decode(formats.bare(getattr(pin, "pin", pin))).hex()


H1, H2, H3 = (hexed(formats.key(n)) for n in (1, 2, 3))


def at(spki, position):
    return {"spki": getattr(spki, "pin", spki), "at": position}


class Consumers(formats.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pki.Authority()
        cls.issuing = cls.root.intermediate()
        cls.leaf = cls.issuing.issue(HOST)
        cls.server = servers.Https(servers.context(cls.leaf))
        cls.addClassCleanup(cls.server.stop)

    def run_tool(self, *words):
        return subprocess.run([str(word) for word in words], cwd=self.dir, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=30)

    def zone(self, *pins, **more):
        return self.export("dane", formats.pinset(formats.rule("api", [HOST], list(pins), ports=[self.server.port], **more))).text

    def ldns_takes(self, zone):
        """Whether a record meets the server's path. ldns 1.8 looks for the name with its final dot, which no certificate has:
        where the path is right and the usage is not 3, that is what it says."""
        self.write("zone", zone)
        told = self.run_tool("ldns-dane", "-n", "-a", "127.0.0.1", "-t", "zone", "verify").stdout
        self.assertRegex(told, "^127.0.0.1 (dane-validated successfully|did not dane-validate, because: "
                               "(hostname mismatch|no matching DANE TLSA records))\n$")
        return "no matching" not in told

    def openssl_takes(self, zone):
        """Whether OpenSSL does, which looks at the name as well where the usage is not 3."""
        records = [word for data in re.findall(r"TLSA (.*)", zone) for word in ("-dane_tlsa_rrdata", data)]
        return self.run_tool("openssl", "s_client", "-connect", self.server.address, "-dane_tlsa_domain", HOST, *records,
                             "-verify_return_error").returncode == 0

    def test_clients_take_the_right_key_and_refuse_another(self):
        other = pki.Key()
        for pins, taken in (([at(self.leaf, "leaf")], True), ([at(other, "leaf")], False), ([at(self.issuing, "ca")], True),
                            ([at(other, "ca")], False), ([at(other, "any"), at(self.leaf, "any")], True),
                            ([at(self.issuing, "leaf")], False), ([at(self.leaf, "ca")], False),
                            ([at(other, "any"), at(self.issuing, "any")], True), ([at(other, "any")], False)):
            with self.subTest(pins):
                zone = self.zone(*pins)
                self.assertEqual(self.ldns_takes(zone), taken)
                self.assertEqual(self.openssl_takes(zone), taken)

    def test_danetool_and_ldns_write_the_same_records(self):
        self.leaf.write(self.dir / "leaf.pem")
        self.issuing.write(self.dir / "ca.pem")
        danetool = ["danetool", "--tlsa-rr", "--host", HOST, "--port", self.server.port, "--load-certificate"]
        ldns = ["ldns-dane", "-a", "127.0.0.1", "-s", "create", HOST, self.server.port]
        for words, pin, position in ((danetool + ["leaf.pem"], self.leaf, "leaf"), (danetool + ["ca.pem", "--ca"], self.issuing, "ca"),
                                     (ldns, self.leaf, "leaf"), (ldns[:1] + ["-b"] + ldns[1:], self.leaf, "leaf")):
            with self.subTest(words):
                written = self.run_tool(*words).stdout
                document = formats.pinset(formats.rule("api", [HOST], [at(pin, position)], ports=[self.server.port]))
                self.assertEqual(self.drift("dane", document, written), [])
                rule = self.import_("dane", written).pinset["rules"][0]
                self.assertEqual((rule["match"], rule["ports"]), ([HOST], [self.server.port]))
                self.assertEqual([(p["spki"], p["at"]) for p in rule["pins"]], [(pin.pin, position)])

    def test_records_of_whole_certificates(self):
        """ldns-dane makes every kind; what holds the key or meets a certificate at hand is kept."""
        (self.dir / "chain.pem").write_text(self.leaf.chain_pem)
        for usage, selector, matching in ((u, s, m) for u in (1, 3) for s in (0, 1) for m in (0, 1, 2)):
            with self.subTest((usage, selector, matching)):
                written = self.run_tool("ldns-dane", "-a", "127.0.0.1", "-s", "create", HOST, self.server.port,
                                        usage, selector, matching).stdout
                self.assertIn("TLSA", written)
                if matching == 2:
                    self.assertImportFails("dane", written, "no TLSA record that can be kept", "--certificate", "chain.pem")
                    continue
                if (selector, matching) == (0, 1):
                    self.assertImportFails("dane", written, "no TLSA record that can be kept")
                rule = self.import_("dane", written, "--certificate", "chain.pem").pinset["rules"][0]
                self.assertEqual([p["spki"] for p in rule["pins"]], [self.leaf.pin])
                self.assertEqual(rule["trust"], "key" if usage == 3 else "pkix")

    def test_zone_files_are_read_as_ldns_reads_them(self):
        zone = f"""$ORIGIN example.com.
$TTL 1h
@ 3600 IN SOA ns hostmaster ( 1 ; serial
    7200 3600 1209600
    3600 )
@ IN NS ns
@ IN TXT "a ; b ( \\" TLSA" "c"
ns A 192.0.2.1
_443._tcp.api 300 IN TLSA ( 3 1 1 {H1}
    ) ; the first
  TLSA 3 1 1 {H2.upper()}
_25._TCP.Mail.Example.Com. 300 in tlsa 2 1 1 {H3}
$ORIGIN sub
_443._tcp.api IN TLSA 1 1 1 {H1}
_443._tcp TYPE52 \\# 35 030101{H2}
"""
        self.write("zone", zone.replace("$ORIGIN sub\n", "$ORIGIN sub.example.com.\n"))
        flat = self.run_tool("ldns-read-zone", "zone")
        self.assertEqual(flat.returncode, 0, flat.stderr)

        def meaning(text):
            return {(r["match"][0], r["ports"][0], r["trust"], p["spki"], p["at"])
                    for r in self.import_("dane", text).pinset["rules"] for p in r["pins"]}

        self.assertEqual(meaning(zone), meaning(flat.stdout))
        self.assertEqual(len(meaning(zone)), 5)

    def test_generated_zones_are_read_as_ldns_reads_them(self):
        rng = random.Random(7)
        for _ in range(20):
            lines = ["$ORIGIN example.com.", "@ 60 IN SOA ns hm 1 2 3 4 5", "@ 60 IN NS ns.example.net."]
            for _ in range(rng.randint(1, 20)):
                owner = f"_{rng.choice([25, 443])}._tcp{rng.choice(['.', '.a.', '.a.b.'])[:-1]}"
                digest = hexed(formats.key(rng.randint(1, 5)))
                words = rng.choice(["60 IN", "IN", ""]) + f" TLSA {rng.randint(0, 3)} 1 1"
                lines.append(f"{owner} {words} " + rng.choice(["{}", "{} ; x", "( {}\n ) ; (", "{}\t;)"]).format(digest))
            zone = "\n".join(lines) + "\n"
            self.write("zone", zone)
            flat = self.run_tool("ldns-read-zone", "zone")
            self.assertEqual(flat.returncode, 0, flat.stderr + zone)
            rules = [sorted(((r["match"], r["ports"], r["trust"], sorted((p["spki"], p["at"]) for p in r["pins"]))
                             for r in self.import_("dane", text).pinset["rules"]), key=str) for text in (zone, flat.stdout)]
            self.assertEqual(*rules, zone)


class Dane(formats.TestCase):
    # --- writing ---------------------------------------------------------------------------------

    def test_the_records(self):
        made = self.export("dane", formats.pinset(
            formats.rule("a", [HOST, "www.example.com"], [at(formats.key(1), "leaf"), at(formats.key(2), "ca")], ports=[443, 8443]),
            formats.rule("b", ["b.example"], [at(formats.key(3), "leaf")], trust="key")))
        records = [f"_{port}._tcp.{host}. IN TLSA {data}" for port in (443, 8443) for host in (HOST, "www.example.com")
                   for data in (f"3 1 1 {H1}", f"2 1 1 {H2}")]
        self.assertEqual(made.text.splitlines(), ["; Made by pintle export from com.example.shop, version 7.", *records,
                                                  f"_443._tcp.b.example. IN TLSA 3 1 1 {H3}"])
        self.assertEqual((made.ids("a"), made.ids("b")), ({"EXP021"}, {"EXP002"}))

    def test_what_is_lost(self):
        made = self.export("dane", formats.pinset(
            formats.rule("a", ["**.example.com", "192.0.2.1"], [at(formats.key(1), "leaf")], ports=[443], deny=[formats.key(9)],
                         report=["https://r.example/"], enforce_until=formats.time(99)),
            formats.rule("b", ["b.example"], [1], ports=[25], mode="report"), formats.rule("c", ["*.c.example"], [1], ports=[25])))
        self.assertEqual(made.ids("a"), {"EXP002", "EXP007", "EXP015", "EXP021", "EXP031", "EXP040"})
        self.assertEqual((made.ids("b"), made.ids("c")), ({"EXP030"}, {"EXP002", "EXP021"}))

    def test_where_the_key_is_trusted_only_the_leaf_is_written(self):
        made = self.export("dane", formats.pinset(formats.rule("a", [HOST], [1, at(formats.key(2), "ca")], ports=[443], trust="key")))
        self.assertEqual(made.text.splitlines()[1:], [f"_443._tcp.{HOST}. IN TLSA 3 1 1 {H1}"])
        self.assertEqual(made.ids(), set())

    def test_rules_that_meet_are_joined_and_told(self):
        made = self.export("dane", formats.pinset(formats.rule("a", [HOST], [at(formats.key(1), "leaf")], trust="key"),
                                                  formats.rule("b", [HOST], [at(formats.key(2), "ca")], ports=[443])))
        self.assertEqual(len(made.text.splitlines()), 3)
        self.assertIn("EXP003", made.ids("b"))

    def test_a_name_without_room(self):
        self.save(formats.pinset(formats.rule("a", [".".join(["a" * 49] * 5)], [1], ports=[443])))
        self.assertFails(cli.INPUT, "no room for a port in a name so long", "export", "--to", "dane")

    def test_what_was_exported_is_what_is_imported(self):
        rng = random.Random(4)
        for _ in range(25):
            document = formats.random_pinset(rng)
            exported = self.export("dane", document)
            if "TLSA" not in exported.text:
                continue
            first, made, again = self.assertRoundTrip("dane", document)
            self.assertEqual(first.text, again.text)
            self.assertEqual(first.text, self.export("dane", {**made, "app": document["app"], "version": 7}).text)

    def test_records_mean_what_explain_says(self):
        self.check_model("dane", Model, random.Random(11), rounds=15, hosts=40)

    # --- reading ---------------------------------------------------------------------------------

    def test_usages_decide_the_trust(self):
        for usages, trust, notes in (((3, 3), "key", {"IMP011"}), ((3, 2), "pkix", {"IMP018"}), ((1,), "pkix", set()), ((0, 1), "pkix", set()),
                                     ((2,), "pkix", set()), ((1, 3), "pkix", {"IMP018"})):
            with self.subTest(usages):
                made = self.import_("dane", "".join(f"_443._tcp.{HOST}. IN TLSA {u} 1 1 {hexed(formats.key(i))}\n"
                                                    for i, u in enumerate(usages)))
                rule = made.pinset["rules"][0]
                self.assertEqual((rule["trust"], made.ids()), (trust, notes))
                self.assertEqual([p["at"] for p in rule["pins"]], ["ca" if u in (0, 2) else "leaf" for u in usages])

    def test_record_sets(self):
        made = self.import_("dane", f"_443._tcp.a.example. TLSA 3 1 1 {H1}\n*._tcp.b.example. TLSA 3 1 1 {H2}\n"
                                    f"_443._tcp.A.Example. TLSA 3 1 1 {H3}\n_443._tcp.a.example. TLSA 3 1 1 {H1}\n").pinset["rules"]
        self.assertEqual([(r["match"], r.get("ports"), len(r["pins"])) for r in made],
                         [(["a.example"], [443], 2), (["b.example"], None, 1)])

    def test_what_is_passed_over_is_told(self):
        good = f"_443._tcp.{HOST}. IN TLSA 3 1 1 {H1}\n"

        def told(line):
            made = self.import_("dane", good + line)
            self.assertEqual(len(made.pinset["rules"]), 1)
            return [(n["id"], n.get("line"), n.get("detail")) for n in made.notes if n["id"] != "IMP011"]

        for line, note in ((f"_853._udp.{HOST}. IN TLSA 3 1 1 {H1}", ("IMP001", 2, f"_853._udp.{HOST}.")),
                           (f"*.{HOST}. IN TLSA 3 1 1 {H1}", ("IMP001", 2, f"*.{HOST}.")),
                           (f"_443._tcp.*.{HOST}. IN TLSA 3 1 1 {H1}", ("IMP001", 2, f"_443._tcp.*.{HOST}.")),
                           (f"_0._tcp.{HOST}. IN TLSA 3 1 1 {H1}", ("IMP001", 2, f"_0._tcp.{HOST}.")),
                           (f"_70000._tcp.{HOST}. IN TLSA 3 1 1 {H1}", ("IMP001", 2, f"_70000._tcp.{HOST}.")),
                           (f"_443._tcp.{HOST}. CH TLSA 3 1 1 {H1}", ("IMP001", 2, "class CH")),
                           (f" TLSA 4 1 1 {H1}", ("IMP001", 2, "4 1 1")), (f" TLSA 3 2 1 {H1}", ("IMP001", 2, "3 2 1")),
                           (f" TLSA 3 1 3 {H1}", ("IMP001", 2, "3 1 3")), (" TLSA 3 1 1 abcd", ("IMP001", 2, "3 1 1: a digest of another length")),
                           (f" TLSA 3 1 2 {H1}", ("IMP001", 2, "3 1 2: a digest of another length")),
                           (f" TLSA 3 1 2 {H1}{H2}", ("IMP009", 2, "3 1 2")), (f" TLSA 3 0 1 {H1}", ("IMP009", 2, "3 0 1: give the certificates")),
                           (" TLSA 3 1 0 abcd", ("IMP001", 2, "3 1 0: neither certificate nor key")),
                           ("$INCLUDE other.zone", ("IMP001", 2, "$INCLUDE"))):
            with self.subTest(line):
                self.assertEqual(told(line + "\n"), [note])

    def test_a_certificate_that_is_not_at_hand(self):
        (self.dir / "other.pem").write_text(pki.self_signed("x.example").pem)
        digest = hashlib.sha256(b"x").hexdigest()
        made = self.import_("dane", f"_1._tcp.a. TLSA 3 0 1 {digest}\n TLSA 3 1 1 {H1}\n", "--certificate", "other.pem")
        self.assertIn("3 0 1: of none of the certificates", [n.get("detail") for n in made.notes])

    def test_bad_files(self):
        record = f"_443._tcp.{HOST}. IN TLSA"
        for text, message in (
                ("", "input: no TLSA record that can be kept"), ("; nothing\n", "no TLSA record"), (f"{record} 3 0 1 {H1}\n", "no TLSA record"),
                (f"_443._tcp.api TLSA 3 1 1 {H1}", "input:1:1: a relative name, and no $ORIGIN before it"),
                (f" TLSA 3 1 1 {H1}", "input:1:2: the first record has no owner"),
                (f"\n{record} ( 3 1 1 {H1}\n", "input:2: a parenthesis does not end"),
                (f"{record} 3 1 1 {H1} )\n", "input:1:107: ')' without a '(' before it"),
                (f'a. TXT "x\n{record} 3 1 1 {H1}', "input:1:8: a quoted string does not end"),
                (f"{record} 3 1 1\n", "input:1:31: a record of fewer than four fields: TLSA"),
                (f"{record} x 1 1 {H1}", "input:1:36: no number: x"), (f"{record} 3 256 1 {H1}", "input:1:38: no number: 256"),
                (f"{record} 3 1 99999999999999999999 {H1}", "no number"), (f"{record} 3 1 1 xyzw", "input:1:42: no hex: xyzw"),
                (f"{record} 3 1 1 abc", "no whole bytes in hex: abc"), (f'{record} 3 1 1 "{H1}"', "no hex"),
                (f"{record} \\# 34 030101{H1}", "input:1:39: another length than that of the data: 34"),
                (f"{record} \\# 3 030101", "another length"), (f"{record} \\# 35", "fewer than four fields"),
                (f"_443._tcp.a\\.b. TLSA 3 1 1 {H1}", "input:1:1: a\\.b.: "), (f"_443._tcp.192.0.2.1. TLSA 3 1 1 {H1}", "input:1:1: 192.0.2.1.: "),
                (f"{'a' * 2000}. TLSA 3 1 1 {H1}", "input:1:1: a name too long")):
            with self.subTest(text[:120]):
                self.assertImportFails("dane", text, message)

    def test_odd_files(self):
        """What ldns does not take: white space in the digits (RFC 6698 section 2.2), the class before the TTL (RFC 1035 5.1)."""
        for text in (f"_443._tcp.{HOST}. TLSA 3 1 1 {H1}\r\n", f"_443._tcp.{HOST}.\tTLSA\t3\t1\t1\t{H1}",
                     f"_443._tcp.{HOST}. TLSA 3 1 1 {H1[:7]} ( {H1[7:20]}\n {H1[20:]} )", f"_443._tcp.{HOST}. TYPE52 \\# 35 03 01 01 {H1}", f"_443._tcp.{HOST}. TLSA(3 1(1\n{H1}))\n",
                     f"$origin {HOST}.\n_443._tcp tlsa 003 01 1 {H1};x\n", f"$ORIGIN com.\n$ORIGIN {HOST[:-4]}\n_443._tcp\n TLSA 3 1 1 {H1}",
                     f"$ORIGIN .\n_443._tcp.{HOST} IN 1w2d TLSA 3 1 1 {H1}", f"$ORIGIN _443._tcp.{HOST}.\n@ TLSA 3 1 1 {H1}"):
            with self.subTest(text):
                rule = self.import_("dane", text).pinset["rules"][0]
                self.assertEqual((rule["match"], rule["ports"], rule["pins"][0]["spki"]), ([HOST], [443], formats.key(1)))

    def test_one_set_cannot_hold_more_than_a_rule(self):
        lines = "".join(f" TLSA 3 1 1 {i:064x}\n" for i in range(4097))
        self.assertImportFails("dane", f"_443._tcp.{HOST}. A 192.0.2.1\n{lines}", "input:4098: more than 4096 pins")


class Model:
    """RFC 6698 section 3 and RFC 7671 section 5: the record set of the port and host, and nothing for what is below it."""

    def __init__(self, text):
        self.sets = {}
        for port, host, usage, digest in re.findall(r"^_(\d+)\._tcp\.(\S+)\. IN TLSA (\d) 1 1 ([0-9a-f]{64})$", text, flags=re.M):
            pin = "sha256/" + base64.b64encode(bytes.fromhex(digest)).decode()
            self.sets.setdefault((host, int(port)), set()).add((pin, {"2": "ca", "3": "leaf"}[usage]))

    def answer(self, host, port):
        pins = self.sets.get((host, port))
        return formats.Answer(frozenset(pins)) if pins else None


if __name__ == "__main__":
    tap_unittest.main()
