#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every option of every command refuses what it must; the forms in which options may be written."""
import json
import unittest

import cli
import tap_unittest

DOCUMENT = json.loads(cli.run("help", "--json").out)
COMMANDS = {command["name"]: command for command in DOCUMENT["commands"]}
COMMON = [option for option in DOCUMENT["common_options"] if option["name"] != "help"]


def operands(command):
    """Operands that satisfy the synopsis, so that only the option is at fault."""
    synopsis = command["operands"]
    return [] if synopsis == "" or synopsis.startswith("[") else ["x.invalid"]


def all_options():
    for name, command in COMMANDS.items():
        for option in command["options"] + COMMON:
            yield name, command, option


def bad_values(option):
    """Values that an option must refuse, with what it says."""
    if option["type"] == "choice":
        return [("nonsense", "is not one of"), ("", "is not one of"),
                (option["choices"][0].upper(), "is not one of"),
                (option["choices"][0] + " ", "is not one of")]
    if option["type"] == "number":
        low, high = option["min"], option["max"]
        texts = [low - 1, high + 1, "", "x", f"{low}x", f" {low}", f"+{low}", f"{low}.5", "9" * 40]
        return [(str(text), f"is not a number from {low} to {high}") for text in texts]
    if option["type"] == "file":
        return [("", "the file name is empty")]
    return []


class Refusals(cli.TestCase):
    def test_every_flag_refuses_a_value(self):
        for name, command, option in all_options():
            if option["type"] == "flag":
                with self.subTest(f"{name} --{option['name']}"):
                    self.assertUsage(f"pintle {name}: option --{option['name']} takes no value",
                                     *name.split(), f"--{option['name']}=1", *operands(command))

    def test_every_other_option_needs_a_value(self):
        for name, command, option in all_options():
            if option["type"] == "flag":
                continue
            message = (f"pintle {name}: option --{option['name']} needs a value: "
                       f"{option['metavar']}")
            forms = [f"--{option['name']}"]
            forms += [f"-{option['letter']}"] if "letter" in option else []
            for form in forms:
                with self.subTest(f"{name} {form}"):
                    self.assertUsage(message, *name.split(), *operands(command), form)

    def test_every_option_refuses_bad_values(self):
        for name, command, option in all_options():
            for value, message in bad_values(option):
                with self.subTest(f"{name} --{option['name']}={value}"):
                    result = self.assertUsage(message, *name.split(),
                                              f"--{option['name']}={value}", *operands(command))
                    self.assertIn(f"pintle {name}: option --{option['name']}:", result.err)

    def test_every_variable_refuses_bad_values_and_names_itself(self):
        for name, command, option in all_options():
            bad = bad_values(option) + ([("maybe", "is not one of 1, 0")]
                                        if option["type"] == "flag" else [])
            for value, message in bad:
                if value == "" or "environment" not in option:
                    continue  # an empty variable is unset; some options have none
                with self.subTest(f"{name} {option['environment']}={value}"):
                    result = self.assertUsage(message, *name.split(), *operands(command),
                                              env={option["environment"]: value})
                    self.assertIn(f"{option['environment']}: '", result.err)

    def test_every_command_refuses_an_unknown_option(self):
        for name, command in COMMANDS.items():
            for option in ("--nonsense", "--nonsense=1", "-Z"):
                with self.subTest(f"{name} {option}"):
                    shown = option.split("=")[0]
                    result = self.assertUsage(f"pintle {name}: unknown option {shown}\n",
                                              *name.split(), *operands(command), option)
                    self.assertIn(f"Try 'pintle {name} -h'.\n", result.err)

    def test_every_command_refuses_too_many_operands(self):
        for name, command in COMMANDS.items():
            if "..." in command["operands"]:
                continue
            with self.subTest(name):
                extra = ["surplus"] if command["operands"] else []
                self.assertUsage(f"pintle {name}: one operand too many: 'last'", *name.split(),
                                 *extra, "last")

    def test_every_command_refuses_too_few_operands(self):
        for name, command in COMMANDS.items():
            if command["operands"] and not command["operands"].startswith("["):
                with self.subTest(name):
                    self.assertUsage(f"pintle {name}: missing operand: {command['operands']}",
                                     *name.split())

    def test_abbreviated_names_are_unknown(self):
        result = self.assertUsage("unknown option --for", "pin", "--for=hex")
        self.assertIn("did you mean --form?", result.err)
        self.assertUsage("unknown option --cafile; did you mean --ca?", "check", "--cafile", "ca.pem")

    def test_a_value_is_not_shown_in_the_message_about_an_unknown_option(self):
        result = self.assertUsage("unknown option --passphrase\n", "key", "backup", "h.example",
                                  "--passphrase=sesame")
        self.assertNotIn("sesame", result.err)


class Forms(cli.TestCase):
    """With `pintle pin`, whose output shows which options arrived."""

    @classmethod
    def setUpClass(cls):
        made = cli.run_program(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null",
                                "-subj", "/CN=x", "-outform", "PEM"])
        cls.pem = made.out_bytes

    def setUp(self):
        super().setUp()
        self.file = self.write("c.pem", self.pem)
        self.hex = self.run_cli("pin", "--bare", "--form", "hex", "c.pem").out
        self.assertRegex(self.hex, r"^[0-9a-f]{64}\n$")

    def assertHex(self, *args, **options):
        self.assertEqual(self.assertAccepted("pin", *args, **options).out, self.hex)

    def test_long_and_short_joined_and_apart(self):
        for form in (["--form", "hex"], ["--form=hex"], ["-f", "hex"], ["-fhex"]):
            with self.subTest(form):
                self.assertHex("--bare", *form, "c.pem")

    def test_letters_may_be_joined_and_the_last_may_take_a_value(self):
        for form in (["-bfhex"], ["-bf", "hex"], ["-qbfhex"], ["-bqf", "hex"]):
            with self.subTest(form):
                self.assertHex(*form, "c.pem")

    def test_options_and_operands_mix(self):
        self.assertHex("c.pem", "-b", "--form", "hex")

    def test_common_options_stand_before_or_behind_the_command(self):
        for line in (["-q", "pin"], ["pin", "-q"], ["--quiet", "--color", "never", "pin"],
                     ["--color=always", "pin", "--color=never"]):
            with self.subTest(line):
                result = self.assertAccepted(*line, "-bfhex", "c.pem")
                self.assertEqual(result.out, self.hex)

    def test_two_dashes_end_the_options(self):
        self.write("-b", self.pem)
        self.assertHex("-bfhex", "--", "-b")
        self.assertFails(cli.INPUT, "--json: No such file", "pin", "--", "--json")

    def test_a_lone_dash_is_an_operand(self):
        self.assertHex("-bfhex", "-", stdin=self.pem)

    def test_the_last_of_two_counts(self):
        self.assertHex("-b", "--form", "curl", "--form", "hex", "c.pem")

    def test_the_value_of_an_option_may_begin_with_a_dash(self):
        self.assertUsage("'--json' is not one of", "pin", "--form", "--json", "c.pem")

    def test_help_wins_wherever_it_stands(self):
        for line in (["pin", "-h"], ["pin", "c.pem", "--help"], ["pin", "-bh"], ["pin", "a", "-q", "-h"]):
            with self.subTest(line):
                self.assertTrue(self.assertAccepted(*line).out.startswith("usage: pintle pin "))

    def test_help_as_a_value_or_operand_is_no_help(self):
        for line in (["-h", "pin"], ["-q", "--help", "pin", "a"]):
            self.assertEqual(self.assertAccepted(*line).out, self.assertAccepted("pin", "-h").out)
        self.assertUsage("unknown command 'nosuch'", "-h", "nosuch")
        self.assertUsage("'-h' is not one of", "pin", "--form", "-h")
        self.assertFails(cli.INPUT, "-h: No such file", "pin", "--", "-h")


class Environment(Forms):
    def test_a_variable_stands_in_for_its_option(self):
        self.assertHex("c.pem", env={"PINTLE_FORM": "hex", "PINTLE_BARE": "1"})

    def test_the_command_line_comes_first(self):
        self.assertHex("-b", "--form=hex", "c.pem", env={"PINTLE_FORM": "curl"})

    def test_a_bad_variable_is_no_matter_when_the_option_is_given(self):
        self.assertHex("-bfhex", "c.pem", env={"PINTLE_FORM": "nonsense"})

    def test_an_empty_variable_counts_as_unset(self):
        self.assertHex("-bfhex", "c.pem", env={"PINTLE_JSON": "", "PINTLE_FORM": ""})

    def test_words_for_yes_and_no(self):
        for word in ("1", "true", "yes"):
            self.assertHex("--form=hex", "c.pem", env={"PINTLE_BARE": word})
        for word in ("0", "false", "no"):
            self.assertHex("-bfhex", "c.pem", env={"PINTLE_JSON": word})

    def test_options_before_the_command_have_variables_too(self):
        self.assertUsage("PINTLE_COLOR: 'x' is not one of auto, always, never", "version",
                         env={"PINTLE_COLOR": "x"})

    def test_the_command_line_beats_the_variable_of_an_option_that_it_excludes(self):
        for args in (("publish", "--dir", "absent", "--stage", "s.json"),
                     ("unpin", "--dir", "absent", "--soften", "api", "--reason", "x", "--stage", "u.json"),
                     ("embed", "--dir", "absent", "-o", "new.seed"),
                     ("trust", "list", "--state", "t.db"),
                     ("rotate", "status", "--rule", "api")):
            with self.subTest(args):
                result = self.run_cli(*args, env={"PINTLE_SIGNED": "x", "PINTLE_FRESH": "5", "PINTLE_WITHDRAW": "1",
                                                  "PINTLE_SEED": "x.seed", "PINTLE_PLAN": "x.json",
                                                  "PINTLE_APP": "com.example.other"})
                self.assertNotEqual(result.code, cli.USAGE, result.err)
        self.assertUsage("options --tofu and --pin exclude", "fetch", "https://localhost/", "--tofu", "--pin",
                         "sha256/" + "A" * 43 + "=")

    def test_a_mistake_names_the_variables_that_it_comes_from(self):
        self.assertUsage("options --cert and --key go together (--key is from PINTLE_KEY)", "check",
                         env={"PINTLE_KEY": "client.key.pem"})
        result = self.assertUsage("which hosts are learned (--seed is from PINTLE_SEED)", "fetch", "https://localhost/",
                                  "--tofu", env={"PINTLE_SEED": "x.seed"})
        self.assertNotIn("PINTLE_TOFU", result.err)

    def test_keys_that_sign_have_another_variable_than_keys_of_clients(self):
        self.assertUsage("option --dir", "publish", env={"PINTLE_KEY": "client.key.pem"})
        result = self.run_cli("sign", "absent.json", env={"PINTLE_SIGN_KEY": "a.key.pem b.key.pem"})
        self.assertExit(result, cli.INPUT)
        self.assertIn("absent.json", result.err)

    def test_a_secret_or_hidden_option_has_no_variable(self):
        self.assertAccepted("help", env={"PINTLE_MDOC": "/nonexistent", "PINTLE_HELP": "maybe"})
        self.assertNotIn("Name: value", self.run_cli("fetch", "https://127.0.0.1:1/",
                                                     env={"PINTLE_HEADER": "not-a-header"}).err)
        told = self.assertAccepted("help", "--json", "fetch").out
        self.assertIn("PINTLE_METHOD", told)
        self.assertNotIn("PINTLE_HEADER", told)
        self.assertNotIn("PINTLE_DATA", told)


if __name__ == "__main__":
    tap_unittest.main()
