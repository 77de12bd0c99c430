#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle help. What it says is compared with the table in test_table.py."""
import re
import unittest

import cli
import tap_unittest


class Columns(cli.TestCase):
    def test_summaries_stand_below_each_other(self):
        names = self.run_cli("help", "--commands").lines
        for args in (("help",), ("help", "rotate")):
            lines = [line for line in self.run_cli(*args).out.splitlines()
                     if any(re.match(rf"  {name}  ", line) for name in names)]
            self.assertGreater(len(lines), 2)
            self.assertEqual({re.match(r"  [a-z]+( [a-z]+)?  +", line).end() for line in lines}, {19}, args)


class Help(cli.TestCase):
    def test_without_a_command_it_is_the_overview(self):
        self.assertEqual(self.assertAccepted("help").out, self.run_cli("-h").out)

    def test_with_a_command_it_tells_more_than_usage(self):
        told = self.assertAccepted("help", "key", "backup").out
        self.assertIn("PINTLE_PASSPHRASE_FILE", told)
        self.assertIn("Exit status\n", told)
        self.assertIn("pintle-key-backup(1)", told)

    def test_lines_fit_a_terminal(self):
        for name in self.run_cli("help", "--commands").lines:
            longest = max(self.run_cli("help", *name.split()).lines, key=len)
            self.assertLessEqual(len(longest), 80, longest)

    def test_an_unknown_command_is_refused(self):
        self.assertUsage("unknown command 'chek'; did you mean 'check'?", "help", "chek")
        self.assertUsage("unknown command 'key frob'", "help", "key", "frob")
        self.assertUsage("unknown command 'frobnicate'", "help", "--json", "frobnicate")

    def test_a_word_too_many_is_refused(self):
        self.assertUsage("one operand too many: 'now'", "help", "pin", "now")
        self.assertUsage("one operand too many: 'now'", "help", "key", "backup", "now")

    def test_json_of_one_command(self):
        document = self.assertAccepted("help", "--json", "pin").json
        self.assertEqual([command["name"] for command in document["commands"]], ["pin"])

    def test_json_tells_types_and_bounds(self):
        options = {option["name"]: option for option in
                   self.assertAccepted("help", "--json", "pin").json["commands"][0]["options"]}
        self.assertEqual(options["form"]["choices"], ["pintle", "curl", "hpkp", "hex", "base64"])
        self.assertEqual(options["bare"], {"name": "bare", "letter": "b", "type": "flag",
                                           "help": "print the pins alone, one to a line",
                                           "environment": "PINTLE_BARE"})

    def test_a_manual_page_without_its_prose_is_refused(self):
        self.assertFails(cli.INPUT, "nothere: No such file", "help", "--mdoc", "nothere", "pin")

    def test_prose_that_cannot_be_read_is_refused(self):
        result = self.run_cli("help", "--mdoc", ".", "pin")
        self.assertExit(result, cli.INPUT)
        self.assertIn(".: ", result.err)

    def test_generated_sections_take_their_conventional_place(self):
        prose = self.write("p.mdoc", ".\\\" a comment\n.Sh DESCRIPTION\nText.\n.Sh WORDS\nMore.\n"
                                     ".Sh EXAMPLES\nOne.\n.Sh SEE ALSO\n.Xr pintle 1\n")
        page = self.assertAccepted("help", "--mdoc", str(prose), "pin").out
        self.assertNotIn("a comment", page)
        titles = [line[4:] for line in page.splitlines() if line.startswith(".Sh ")]
        self.assertEqual(titles, ["NAME", "SYNOPSIS", "DESCRIPTION", "WORDS", "OPTIONS",
                                  "COMMON OPTIONS", "ENVIRONMENT", "EXIT STATUS", "EXAMPLES",
                                  "SEE ALSO"])


if __name__ == "__main__":
    tap_unittest.main()
