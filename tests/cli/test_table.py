#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""commands.def, the sources, help, manual, completions and tests tell the same story."""
import json
import re
import unittest

import cli
import tap_unittest

ROW = re.compile(r'^CLI_COMMAND\((\w+), \w+, "([^"]+)", "([^"]*)", "([^"]+)"\)$', flags=re.M)
ROWS = ROW.findall((cli.ROOT / "cli/commands.def").read_text())

# Options that may hold credentials, or give up their protection: no variable stands in for them.
SECRETS = {("fetch", "header"), ("fetch", "data"), ("key new", "insecure-no-passphrase")}


def table():
    """The commands as `pintle help --json` tells them, by name."""
    document = json.loads(cli.run("help", "--json").out)
    return {command["name"]: command for command in document["commands"]}, document


def words(text):
    return " ".join(text.split())


def section(page, title):
    """The text of a section of a manual page as a terminal would show it."""
    text = cli.run_program(["mandoc", "-Tascii", "-O", "width=200", page]).out
    text = re.sub(r".\x08", "", text)
    found = re.search(rf"^{title}\n(.*?)(?=^\S|\Z)", text, flags=re.S | re.M)
    return found[1] if found else ""


def page(name):
    return cli.BUILD / f"cli/pintle-{name.replace(' ', '-')}.1"


class Table(cli.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.commands, cls.document = table()

    def test_every_row_has_its_source_prose_and_test(self):
        self.assertGreaterEqual(len(ROWS), 10)
        for identifier, name, _, _ in ROWS:
            with self.subTest(name):
                source = (cli.ROOT / f"cli/cmd_{identifier}.c").read_text()
                self.assertRegex(source, rf"\benum cli_exit cmd_{identifier}\(int argc, char \*\*argv\)")
                self.assertRegex(source, rf"\bconst struct opt_spec opts_{identifier}\[\]")
                dashed = name.replace(" ", "-")
                self.assertTrue((cli.ROOT / f"docs/man/pintle-{dashed}.mdoc").exists())
                self.assertTrue((cli.ROOT / f"tests/cli/test_{identifier}.py").exists())
                listed = (cli.ROOT / "tests/cli/CMakeLists.txt").read_text()
                self.assertRegex(listed, rf"\b{identifier}\b")
                self.assertIn(f"### {name}\n", (cli.ROOT / "docs/spec/cli.md").read_text())

    def test_no_source_or_prose_is_without_a_row(self):
        identifiers = {f"cmd_{row[0]}.c" for row in ROWS}
        pages = {f"pintle-{row[1].replace(' ', '-')}.mdoc" for row in ROWS} | {"pintle.mdoc"}
        self.assertEqual({p.name for p in (cli.ROOT / "cli").glob("cmd_*.c")}, identifiers)
        self.assertEqual({p.name for p in (cli.ROOT / "docs/man").glob("*.mdoc")}, pages)

    def test_the_program_has_the_rows_of_the_table(self):
        told = [(c["name"], c["operands"], c["summary"]) for c in self.document["commands"]]
        self.assertEqual(told, [row[1:] for row in ROWS])
        self.assertEqual(self.run_cli("help", "--commands").lines, [row[1] for row in ROWS])

    def test_the_table_as_json_fits_its_schema(self):
        cli.validate(self.document)

    def test_the_overview_shows_every_command_with_its_summary(self):
        shown = self.assertAccepted("-h").out
        for _, name, _, summary in ROWS:
            self.assertRegex(shown, rf"(?m)^  {name} +{re.escape(summary)}$")

    def test_the_order_of_options_is_alphabetical_or_grouped_but_names_and_letters_are_unique(self):
        common = self.document["common_options"]
        for name, command in self.commands.items():
            with self.subTest(name):
                options = command["options"] + common
                names = [option["name"] for option in options]
                letters = [option["letter"] for option in options if "letter" in option]
                self.assertEqual(len(names), len(set(names)))
                self.assertEqual(len(letters), len(set(letters)))

    def test_the_same_option_means_the_same_everywhere(self):
        seen = {}
        for command in self.commands.values():
            for option in command["options"]:
                # Where one command takes one file, another may take several.
                several = option["name"] in ("key", "root") and option["type"] == "list"
                kind = "file" if several else option["type"]
                # Pins are rotated from one key to another, and exported from one format to another.
                kind = "string" if option["name"] in ("from", "to") and kind == "choice" else kind
                key = (option.get("letter"), kind)
                self.assertEqual(seen.setdefault(option["name"], key), key, option["name"])
        letters = {}
        for name, (letter, _) in seen.items():
            if letter:
                self.assertEqual(letters.setdefault(letter, name), name)

    def test_the_same_variable_means_the_same_everywhere(self):
        seen = {}
        for command in self.commands.values():
            for option in command["options"]:
                # A key that signs is no key of a client.
                several = option["name"] == "root" and option["type"] == "list"
                key = (option["name"], "file" if several else option["type"])
                variable = option.get("environment")
                if variable:
                    self.assertEqual(seen.setdefault(variable, key), key, command["name"])

    def test_help_texts_are_one_line_in_lower_case_without_a_full_stop(self):
        for command in self.commands.values():
            self.assertFalse(command["summary"].endswith("."), command["summary"])
            for option in command["options"]:
                self.assertRegex(option["help"], r"^(?![A-Z][a-z])[^\n]*[^.\n]$", option["name"])
                self.assertLess(len(option["help"]), 110, option["name"])


class Manual(cli.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.commands, cls.document = table()

    def test_every_page_is_clean_for_mandoc(self):
        for name in ["", *(f"-{c.replace(' ', '-')}" for c in self.commands)]:
            with self.subTest(name):
                result = cli.run_program(["mandoc", "-Tlint", "-Wwarning",
                                          cli.BUILD / f"cli/pintle{name}.1"])
                self.assertEqual((result.code, result.out, result.err), (0, "", ""))

    def test_usage_is_the_synopsis_of_the_page(self):
        for name in self.commands:
            with self.subTest(name):
                usage = self.assertAccepted(*name.split(), "-h").out
                usage = usage.split("\n\n")[0].removeprefix("usage: ")
                self.assertEqual(words(usage), words(section(page(name), "SYNOPSIS")))

    def test_every_option_is_in_usage_and_page(self):
        for name, command in self.commands.items():
            usage = self.run_cli(*name.split(), "-h").out
            shown = section(page(name), "OPTIONS") + section(page(name), "COMMON OPTIONS")
            for option in command["options"] + self.document["common_options"]:
                with self.subTest(f"{name} --{option['name']}"):
                    flag = f"--{option['name']}"
                    flag += f" {option['metavar']}" if "metavar" in option else ""
                    if "letter" in option:
                        flag = f"-{option['letter']}, {flag}"
                    self.assertRegex(usage, rf"(?m)^ +{re.escape(flag)}( |$)")
                    self.assertRegex(shown, rf"(?m)^ +{re.escape(flag)}( |$)")

    def test_every_variable_is_in_long_help_and_page(self):
        for name, command in self.commands.items():
            told = self.run_cli("help", *name.split()).out
            shown = section(page(name), "ENVIRONMENT")
            for option in command["options"] + self.document["common_options"]:
                if option["name"] == "help" or (name, option["name"]) in SECRETS:
                    self.assertNotIn("environment", option)
                    continue
                with self.subTest(f"{name} --{option['name']}"):
                    self.assertRegex(told, rf"(?m)^  {option['environment']} ")
                    self.assertRegex(shown, rf"(?m)^ +{option['environment']}$")

    def test_references_between_pages_lead_to_pages(self):
        for path in (cli.ROOT / "docs/man").glob("*.mdoc"):
            for other in re.findall(r"\.Xr (pintle\S*) 1", path.read_text()):
                self.assertTrue((cli.BUILD / f"cli/{other}.1").exists(), f"{path.name}: {other}")

    def test_long_help_holds_the_usage(self):
        for name in self.commands:
            usage = self.run_cli(*name.split(), "-h").out
            self.assertTrue(self.run_cli("help", *name.split()).out.startswith(usage), name)


class ExitCodes(cli.TestCase):
    def told(self):
        return {(row["code"], row["meaning"]) for row in
                json.loads(self.run_cli("help", "--json").out)["exit_codes"]}

    def test_specification_and_program_agree(self):
        spec = (cli.ROOT / "docs/spec/cli.md").read_text()
        rows = re.findall(r"^\| (\d+) \| (.*) \|$", spec, flags=re.M)
        self.assertEqual({(int(code), text) for code, text in rows}, self.told())

    def test_header_and_program_agree(self):
        header = (cli.ROOT / "cli/cli.h").read_text()
        codes = re.findall(r"^    CLI_\w+ = (\d+),? +/\*", header, flags=re.M)
        self.assertEqual({int(code) for code in codes}, {code for code, _ in self.told()})

    def test_the_manual_lists_them(self):
        for code, meaning in self.told():
            shown = words(section(cli.BUILD / "cli/pintle.1", "EXIT STATUS"))
            self.assertIn(f"{code} {meaning[0].upper()}{meaning[1:]}.", shown)


class Schemas(cli.TestCase):
    def test_every_schema_is_valid_names_itself_and_is_linked_from_the_specification(self):
        import jsonschema
        spec = (cli.ROOT / "docs/spec/cli.md").read_text()
        paths = sorted(cli.SCHEMAS.glob("*.schema.json"))
        self.assertGreaterEqual(len(paths), 4)
        for path in paths:
            with self.subTest(path.name):
                schema = json.loads(path.read_text())
                jsonschema.Draft202012Validator.check_schema(schema)
                name = path.name.removesuffix(".schema.json")
                self.assertEqual(schema["$id"], f"{cli.SCHEMA_URI}{name}/1")
                self.assertEqual(schema["properties"]["schema"], {"const": schema["$id"]})
                self.assertIn(f"schema/{path.name}", spec)


if __name__ == "__main__":
    tap_unittest.main()
