#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle export: what all formats have in common. Each format has its own test in tests/formats/."""
import json
import re

import cli
import formats
import tap_unittest

CURL = "pinnedpubkey = \"{}\"\n"


def curl_pins(*numbers):
    return ";".join("sha256//" + formats.bare(formats.key(n)) for n in numbers)


class Export(formats.TestCase):
    def setUp(self):
        super().setUp()
        self.document = formats.pinset(formats.rule("api", ["api.example.com"], [1, 2]))
        self.save(self.document)

    # --- what there is ---------------------------------------------------------------------------

    def test_the_list_of_formats(self):
        told = self.assertAccepted("export", "--to", "list").out
        document = self.assertAccepted("export", "--to", "list", "--json").json
        self.assertEqual(document, self.assertAccepted("import", "--from", "list", "--json").json)
        for name in (f["name"] for f in document["formats"]):
            self.assertRegex(told, rf"(?m)^{re.escape(name)} ")
        kinds = [kind["id"] for kind in document["losses"]]
        self.assertEqual(kinds, sorted(set(kinds)))
        for made in document["formats"]:
            self.assertLessEqual(set(made["losses"]), set(kinds))

    def test_the_names_on_the_command_line_are_those_of_the_formats(self):
        document = self.assertAccepted("export", "--to", "list", "--json").json
        shown = json.loads(self.assertAccepted("help", "--json").out)
        choices = {o["name"]: o["choices"] for c in shown["commands"] if c["name"] in ("export", "import")
                   for o in c["options"] if o["name"] in ("to", "from")}
        self.assertEqual(choices["to"], [f["name"] for f in document["formats"] if f["export"]] + ["list"])
        self.assertEqual(choices["from"], [f["name"] for f in document["formats"] if f["import"]] + ["list"])

    # --- where it goes ---------------------------------------------------------------------------

    def test_to_standard_output_to_a_file_and_into_json(self):
        out = self.run_cli("export", "--to", "curl").out
        self.assertTrue(out.endswith(CURL.format(curl_pins(1, 2))))
        self.assertEqual(self.run_cli("export", "--to", "curl", "-o", "pins.curlrc").out, "")
        self.assertEqual((self.dir / "pins.curlrc").read_text(), out)
        self.assertEqual(self.export("curl", self.document).text, out)

    def test_a_file_that_cannot_be_written_stays_as_it_was(self):
        self.write("there/old", "old")
        self.assertExit(self.run_cli("export", "--to", "curl", "-o", "none/pins"), cli.INPUT)
        self.assertExit(self.run_cli("export", "--to", "curl", "-o", "/dev/full"), cli.INPUT)
        self.assertExit(self.run_cli("export", "--to", "curl", "-o", "there"), cli.INPUT)
        self.assertEqual((self.dir / "there/old").read_text(), "old")

    def test_quiet_tells_no_losses(self):
        self.save(formats.pinset(formats.rule("api", ["api.example.com"], [1], report=["https://r.example/"])))
        self.assertIn("EXP040 silent, rule api", self.run_cli("export", "--to", "curl").err)
        self.assertEqual(self.run_cli("export", "--to", "curl", "-q").err, "")

    # --- losses ----------------------------------------------------------------------------------

    def test_strict_writes_nothing_unless_each_loss_is_allowed(self):
        self.save(formats.pinset(formats.rule("api", ["api.example.com"], [{"spki": formats.key(1), "at": "leaf"}],
                                              deny=[formats.key(9)], report=["https://r.example/"])))
        result = self.run_cli("export", "--to", "curl", "--strict", "-o", "out")
        self.assertExit(result, cli.REFUSED)
        self.assertIn("2 losses that --allow does not name", result.err)
        self.assertFalse((self.dir / "out").exists())
        self.assertNotIn("out", self.run_cli("export", "--to", "curl", "--strict", "-o", "out", "--json").json)
        result = self.run_cli("export", "--to", "curl", "--strict", "--allow", "EXP015")
        self.assertExit(result, cli.REFUSED)
        self.assertEqual(result.out, "")
        self.assertIn("1 loss that", result.err)
        result = self.run_cli("export", "--to", "curl", "--strict", "--allow", "EXP015", "--allow", "EXP040", "-o", "out")
        self.assertExit(result, cli.OK)
        self.assertTrue((self.dir / "out").exists())

    def test_nothing_lost_is_nothing_told(self):
        self.save(formats.pinset(formats.rule("api", ["api.example.com"], [{"spki": formats.key(1), "at": "leaf"}])))
        self.assertAccepted("export", "--to", "curl", "--strict")

    # --- one host --------------------------------------------------------------------------------

    def test_a_format_for_one_host_needs_it_unless_there_is_one_only(self):
        self.save(formats.pinset(formats.rule("api", ["api.example.com"], [1]), formats.rule("www", ["**.example.com"], [2])))
        self.assertUsage("--for is needed", "export", "--to", "curl")
        result = self.run_cli("export", "--to", "curl", "--for", "WWW.example.com.:8443")
        self.assertIn(curl_pins(2), result.out)
        result = self.run_cli("export", "--to", "curl", "--for", "api.example.com")
        self.assertIn(curl_pins(1), result.out)

    def test_a_host_without_pins_is_refused(self):
        self.save(formats.pinset(formats.rule("api", ["api.example.com"], [1], ports=[8443]),
                                 formats.rule("off", ["off.example.com"], [], mode="off"),
                                 formats.rule("old", ["old.example.com"], [{"spki": formats.key(1), "until": formats.time(-1)}])))
        for host, message in (("other.example", "no rule covers it at port 443"), ("api.example.com", "no rule covers it"),
                              ("off.example.com", "is off: there is nothing to write"), ("old.example.com", "has too few pins that count"),
                              ("a b", "")):
            with self.subTest(host):
                code = cli.USAGE if host == "a b" else cli.INPUT
                self.assertFails(code, message, "export", "--to", "curl", "--for", host)

    def test_a_file_for_one_host_is_not_explained_for_others(self):
        self.assertIn("the file is for api.example.com:443 alone",
                      self.run_cli("export", "--to", "curl", "-q", "--explain", "other.example").out)

    # --- the existing file -----------------------------------------------------------------------

    def test_check_tells_each_difference_and_ends_with_1(self):
        same = CURL.format(curl_pins(2, 1))
        self.assertEqual(self.drift("curl", self.document, same), [])
        told = self.drift("curl", self.document, CURL.format(curl_pins(1, 3)))
        self.assertEqual(len(told), 2)
        self.assertIn(f"lacks {formats.key(2)} as leaf", told[0])
        self.assertIn(f"has {formats.key(3)} as leaf, which the pin-set does not", told[1])
        result = self.run_cli("export", "--to", "curl", "-q", "--check", "there")
        self.assertExit(result, cli.REFUSED)
        self.assertEqual(len(result.lines), 2)
        self.assertTrue(result.lines[0].startswith("there:1: api.example.com:443: lacks"))

    def test_check_of_a_file_that_agrees_or_cannot_be_read(self):
        self.write("there", CURL.format(curl_pins(1, 2)))
        result = self.run_cli("export", "--to", "curl", "-q", "--check", "there")
        self.assertExit(result, cli.OK)
        self.assertEqual(result.out, "there agrees with pintle.json\n")
        self.assertFails(cli.INPUT, "none", "export", "--to", "curl", "-q", "--check", "none")
        self.write("there", "# nothing\n")
        self.assertFails(cli.INPUT, "no line with pinnedpubkey", "export", "--to", "curl", "-q", "--check", "there")

    # --- wrong usage and input -------------------------------------------------------------------

    def test_wrong_usage(self):
        self.assertUsage("--to is needed", "export")
        self.assertUsage("--to", "export", "--to", "windows")
        self.assertUsage("goes with --strict", "export", "--to", "curl", "--allow", "EXP001")
        self.assertUsage("no loss 'EXP999'", "export", "--to", "curl", "--strict", "--allow", "EXP999")
        self.assertUsage("--check", "export", "--to", "curl", "--check", "a", "-o", "b")
        self.assertUsage("--check", "export", "--to", "curl", "--check", "a", "--explain", "b")
        self.assertUsage("--explain and --out", "export", "--to", "curl", "--explain", "a", "-o", "b")
        self.assertFails(cli.USAGE, "a b", "export", "--to", "curl", "--explain", "a b")

    def test_bad_pin_sets(self):
        self.assertFails(cli.INPUT, "none.json", "export", "--to", "curl", "-p", "none.json")
        self.save({**self.document, "rules": "x"})
        self.assertFails(cli.INPUT, "pintle.json:", "export", "--to", "curl")
        self.save(self.document)
        self.write("bad.pem", "x")
        self.assertFails(cli.INPUT, "bad.pem", "export", "--to", "curl", "--certificate", "bad.pem")


if __name__ == "__main__":
    tap_unittest.main()
