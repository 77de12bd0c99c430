#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle completion, in the shells themselves."""
import json
import shutil
import unittest

import cli
import tap_unittest
import terminal as tty

DOCUMENT = json.loads(cli.run("help", "--json").out)
COMMANDS = {command["name"]: command for command in DOCUMENT["commands"]}
COMMON = DOCUMENT["common_options"]
FIRST_WORDS = sorted({name.split()[0] for name in COMMANDS})


def open_shell(command, folder):
    return tty.Terminal(command, folder, controlling=False, env={
        "TERM": "xterm", "PS1": "% ", "HISTFILE": "/dev/null", "INPUTRC": "/dev/null",
        "COLUMNS": "200", "LINES": "50"})


class ShellCase(cli.TestCase):
    shell = None

    def setUp(self):
        super().setUp()
        self.path = shutil.which(self.shell)
        if self.path is None:
            self.skipTest(f"{self.shell} is not installed")
        self.script = self.write(f"pintle.{self.shell}", self.assertAccepted("completion", self.shell).out)
        for name in ("alpha.pem", "beta file.pem"):
            self.write(f"files/{name}", "")

    def complete(self, line):
        raise NotImplementedError

    def completed_line(self, *lines):
        """What each line becomes when Tab is pressed behind it at a terminal."""
        raise NotImplementedError


class EveryShell:
    """The same expectations for every shell; complete(line) lists the candidates for its last word."""

    def test_the_shell_reads_it_without_complaint(self):
        result = cli.run_program([self.path, "-n", self.script], home=self.dir)
        self.assertEqual((result.code, result.out, result.err), (0, "", ""))

    def test_first_words(self):
        self.assertEqual(sorted(set(self.complete("pintle "))), FIRST_WORDS)
        self.assertEqual(self.complete("pintle vers"), ["version"])
        self.assertEqual(self.complete("pintle --color never vers"), ["version"])
        self.assertEqual(self.complete("pintle -q vers"), ["version"])

    def test_the_second_word_of_a_command(self):
        self.assertEqual(self.complete("pintle key "), ["backup", "new", "show"])
        self.assertEqual(self.complete("pintle -q key b"), ["backup"])

    def test_every_option_of_every_command(self):
        for name, command in COMMANDS.items():
            found = set(self.complete(f"pintle {name} --"))
            wanted = {f"--{option['name']}" for option in command["options"] + COMMON}
            self.assertEqual({word.rstrip("=") for word in found}, wanted, name)

    def test_the_options_of_one_command_are_not_offered_to_another(self):
        self.assertNotIn("--passphrase-file", self.complete("pintle pin --"))

    def test_options_before_the_command(self):
        found = {word.rstrip("=") for word in self.complete("pintle --")}
        self.assertEqual(found, {"--version", *(f"--{option['name']}" for option in COMMON)})

    def test_every_choice_behind_its_option(self):
        for name, command in COMMANDS.items():
            for option in command["options"]:
                if "choices" not in option:
                    continue
                spellings = [f"--{option['name']} "]
                spellings += [f"-{option['letter']} "] if "letter" in option else []
                for spelling in spellings:
                    with self.subTest(f"{name} {spelling}"):
                        self.assertEqual(sorted(self.complete(f"pintle {name} {spelling}")),
                                         sorted(option["choices"]))

    def test_choices_are_narrowed(self):
        self.assertEqual(self.complete("pintle pin --form cu"), ["curl"])
        self.assertEqual(self.complete("pintle key backup --type rsa-4"), ["rsa-4096"])
        self.assertEqual(self.complete("pintle pin --color n"), ["never"])

    def test_operands_that_are_words(self):
        self.assertEqual(sorted(self.complete("pintle completion ")), ["bash", "fish", "zsh"])
        self.assertEqual(sorted(set(self.complete("pintle help "))), FIRST_WORDS)

    def test_operands_that_are_files(self):
        self.assertIn("files/alpha.pem", self.complete("pintle pin files/al"))
        self.assertIn("files/alpha.pem", self.complete("pintle pin --bare files/al"))

    def test_option_values_that_are_files(self):
        self.assertIn("files/alpha.pem", self.complete("pintle key backup --passphrase-file files/al"))

    def test_nothing_is_offered_where_nothing_is_known(self):
        self.assertEqual(self.complete("pintle key backup "), [])
        self.assertEqual(self.complete("pintle frobnicate "), [])

    def test_hidden_options_stay_hidden(self):
        self.assertNotIn("mdoc", self.script.read_text())


class AtTheTerminal:
    """Shells whose completion shows only at a terminal."""
    LINES = {
        "pintle vers": "pintle version",
        "pintle key b": "pintle key backup",
        "pintle pin --bar": "pintle pin --bare",
        "pintle pin --form cur": "pintle pin --form curl",
        "pintle pin -f cur": "pintle pin -f curl",
        "pintle pin --form=cur": "pintle pin --form=curl",
        "pintle completion fi": "pintle completion fish",
        "pintle help comp": "pintle help completion",
        "pintle pin files/alp": "pintle pin files/alpha.pem",
        "pintle pin files/bet": "pintle pin files/beta file.pem",
        "pintle key backup --out files/alp": "pintle key backup --out files/alpha.pem",
    }

    def test_lines_are_completed_at_a_terminal(self):
        terminal = self.terminal()
        self.addCleanup(terminal.close)
        for line, completed in self.LINES.items():
            with self.subTest(line):
                # Ctrl-A goes to the start of the line: it is printed instead of run.
                terminal.type(f"{line}\t\x01print_it \r")
                shown = terminal.wait("<<<")
                self.assertIn(f">>>{completed}<<<", shown)


class Bash(ShellCase, EveryShell, AtTheTerminal):
    shell = "bash"

    def complete(self, line):
        script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()\n'
                  '_pintle; printf "%s\\n" "${COMPREPLY[@]}"')
        # As readline splits: at blanks and at "=".
        words = line.replace("=", " = ").split(" ")
        result = cli.run_program([self.path, "--norc", "-c", script, "bash", self.script, *words],
                                 home=self.dir)
        self.assertEqual((result.code, result.err), (0, ""))
        return [word for word in result.lines if word]

    def terminal(self):
        terminal = open_shell([self.path, "--norc", "--noprofile", "-i"], self.dir)
        terminal.type("source ./pintle.bash; bind 'set bell-style none'; "
                      "print_it() { printf '>%s<%s\\n' \">>$*\" '<<'; }; echo rea''dy\r")
        terminal.wait("ready")
        return terminal

    def test_a_value_behind_an_equals_sign(self):
        self.assertEqual(self.complete("pintle pin --form=cu"), ["curl"])
        self.assertEqual(sorted(self.complete("pintle pin --form=")),
                         ["base64", "curl", "hex", "hpkp", "pintle"])

    def test_it_is_registered(self):
        result = cli.run_program([self.path, "--norc", "-c", 'source "$1"; complete -p pintle', "bash",
                                  self.script], home=self.dir)
        self.assertEqual(result.out, "complete -F _pintle pintle\n")


class Zsh(ShellCase, AtTheTerminal):
    shell = "zsh"

    def terminal(self):
        terminal = open_shell([self.path, "-f", "-i"], self.dir)
        terminal.type("bindkey -e; autoload -Uz compinit; compinit -u -D; source ./pintle.zsh; "
                      "print_it() { printf '>%s<%s\\n' \">>$*\" '<<' }; echo rea''dy\r")
        terminal.wait("ready")
        return terminal

    def test_the_shell_reads_it_without_complaint(self):
        result = cli.run_program([self.path, "-n", self.script], home=self.dir)
        self.assertEqual((result.code, result.out, result.err), (0, "", ""))

    def test_it_works_autoloaded_from_a_directory_of_functions(self):
        self.script.rename(self.dir / "files/_pintle")
        terminal = open_shell([self.path, "-f", "-i"], self.dir)
        self.addCleanup(terminal.close)
        terminal.type("bindkey -e; fpath=(./files $fpath); autoload -Uz compinit; compinit -u -D; "
                      "print_it() { printf '>%s<%s\\n' \">>$*\" '<<' }; echo rea''dy\r")
        terminal.wait("ready")
        terminal.type("pintle key ba\t\x01print_it \r")
        self.assertIn(">>>pintle key backup<<<", terminal.wait("<<<"))

    def test_a_value_glued_to_its_letter(self):
        terminal = self.terminal()
        self.addCleanup(terminal.close)
        terminal.type("pintle pin -fcur\t\x01print_it \r")
        self.assertIn(">>>pintle pin -fcurl<<<", terminal.wait("<<<"))

    def test_every_option_of_every_command_is_completed(self):
        terminal = self.terminal()
        self.addCleanup(terminal.close)
        for name, command in COMMANDS.items():
            names = [option["name"] for option in command["options"] + COMMON]
            for option in names:
                begun = option[:-1]
                if sum(other.startswith(begun) for other in names) > 1:
                    continue  # needs its last letter to be told from others
                with self.subTest(f"{name} --{option}"):
                    terminal.type(f"pintle {name} --{begun}\t\x01print_it \r")
                    shown = terminal.wait("<<<")
                    self.assertRegex(shown, rf">>>pintle {name} --{option}=?<<<")

    def test_every_choice_of_every_option_is_completed(self):
        terminal = self.terminal()
        self.addCleanup(terminal.close)
        for name, command in COMMANDS.items():
            for option in command["options"]:
                choices = option.get("choices", [])
                for choice in choices:
                    if sum(other.startswith(choice[:-1]) for other in choices) > 1:
                        continue
                    with self.subTest(f"{name} --{option['name']} {choice}"):
                        line = f"pintle {name} --{option['name']} {choice}"
                        terminal.type(f"{line[:-1]}\t\x01print_it \r")
                        self.assertIn(f">>>{line}<<<", terminal.wait("<<<"))

    def test_hidden_options_stay_hidden(self):
        self.assertNotIn("mdoc", self.script.read_text())


class Fish(ShellCase, EveryShell):
    shell = "fish"

    def complete(self, line):
        result = cli.run_program([self.path, "--no-config", "-c", 'source $argv[1]; complete -C $argv[2]',
                                  self.script, line], home=self.dir)
        self.assertEqual((result.code, result.err), (0, ""))
        return [word.split("\t")[0] for word in result.lines]

    def test_a_value_behind_an_equals_sign(self):
        self.assertEqual(self.complete("pintle pin --form=cu"), ["--form=curl"])

    def test_options_and_commands_are_described(self):
        result = cli.run_program([self.path, "--no-config", "-c", 'source $argv[1]; complete -C $argv[2]',
                                  self.script, "pintle insp"], home=self.dir)
        self.assertEqual(result.out, f"inspect\t{COMMANDS['inspect']['summary']}\n")


class Command(cli.TestCase):
    def test_other_shells_are_refused(self):
        self.assertUsage("no completions for 'tcsh': bash, zsh and fish are known", "completion", "tcsh")
        self.assertUsage("no completions for ''", "completion", "")

    def test_the_build_made_them_too(self):
        for shell, name in (("bash", "pintle.bash"), ("zsh", "_pintle"), ("fish", "pintle.fish")):
            self.assertEqual((cli.BUILD / "cli" / name).read_text(),
                             self.assertAccepted("completion", shell).out)


if __name__ == "__main__":
    tap_unittest.main()
