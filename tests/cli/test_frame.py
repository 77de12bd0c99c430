#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `pintle` does around its commands: dispatch, colour, output that cannot be written, signals."""
import json
import os
import pty
import select
import signal
import subprocess
import unittest

import cli
import tap_unittest

ESCAPE = "\033["


class Dispatch(cli.TestCase):
    def test_without_arguments_shows_the_overview_and_fails(self):
        result = self.run_cli()
        self.assertExit(result, cli.USAGE)
        self.assertEqual(result.out, "")
        self.assertEqual(result.err, self.run_cli("-h").out)

    def test_the_overview_fits_a_terminal(self):
        lines = self.assertAccepted("-h").lines
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertLessEqual(len(lines), 55)

    def test_help_in_all_its_spellings(self):
        overview = self.assertAccepted("-h").out
        for line in (["--help"], ["help"], ["-q", "-h"], ["help", "-h"]):
            with self.subTest(line):
                out = self.assertAccepted(*line).out
                if line != ["help", "-h"]:
                    self.assertEqual(out, overview)

    def test_version_in_all_its_spellings(self):
        version = self.assertAccepted("version").out
        self.assertTrue(version.startswith("pintle "))
        for flag in ("-V", "--version"):
            self.assertEqual(self.assertAccepted(flag).out, version)

    def test_an_unknown_command_is_refused(self):
        self.assertUsage("pintle: unknown command 'frobnicate'\n", "frobnicate")

    def test_an_unknown_command_names_its_neighbour(self):
        for typed, meant in (("fetsh", "fetch"), ("chekc", "check"), ("vresion", "version"),
                             ("inspct", "inspect"), ("kee", "key backup"), ("pinn", "pin"),
                             ("pni", "pin")):
            with self.subTest(typed):
                self.assertUsage(f"unknown command '{typed}'; did you mean '{meant}'?", typed)

    def test_a_command_of_two_words_needs_both(self):
        result = self.assertUsage("usage: pintle key COMMAND", "key")
        self.assertIn("key backup", result.err)
        self.assertUsage("unknown command 'key bakcup'; did you mean 'key backup'?", "key", "bakcup")
        self.assertUsage("unknown command 'key zzzzzz'\n", "key", "zzzzzz")
        self.assertUsage("unknown command 'backup'", "backup")

    def test_the_first_word_of_two_has_help(self):
        for line in (["key", "-h"], ["key", "--help"], ["help", "key"]):
            with self.subTest(line):
                self.assertIn("key backup", self.assertAccepted(*line).out)

    def test_what_stands_before_a_command_is_checked(self):
        self.assertUsage("pintle: unknown option --json\n", "--json", "version")
        self.assertUsage("pintle: unknown option -b\n", "-b", "pin")
        self.assertUsage("pintle: option --color needs a value: WHEN", "--color")
        self.assertUsage("pintle: option --color: 'pin' is not one of", "--color", "pin")

    def test_text_from_outside_is_made_harmless(self):
        cases = {"\033[31mred": "\\x1b[31mred", "a\rb": "a\\x0db", "\u202eabc": "\\xe2\\x80\\xaeabc",
                 "\x9b1m": "\\xc2\\x9b1m", "b\u00fccher": "b\u00fccher", "\x7f": "\\x7f"}
        for text, shown in cases.items():
            with self.subTest(shown):
                result = self.assertUsage("", text)
                self.assertIn(f"'{shown}'", result.err)
        result = self.run_cli(b"\xff\xfe")
        self.assertIn("'\\xff\\xfe'", result.err)

    def test_very_long_text_is_cut(self):
        result = self.assertUsage("…'", "x" * 100000)
        self.assertLess(len(result.err), 2000)


def on_terminal(*args, env=None, home):
    """Run pintle with stdout and stderr on a terminal; returns what it showed."""
    master, slave = pty.openpty()
    shown = b""
    env = {"TERM": "xterm-256color", **(env or {})}
    with subprocess.Popen([cli.BIN, *args], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                          cwd=home, env=cli.environment(home, env)) as process:
        os.close(slave)
        while select.select([master], [], [], 30)[0]:
            try:
                piece = os.read(master, 4096)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            shown += piece
        process.wait(30)
    os.close(master)
    return shown.decode()


class Color(cli.TestCase):
    def shown(self, *args, **env):
        return on_terminal(*args, env=env, home=self.dir)

    def test_a_terminal_has_colour(self):
        self.assertIn(ESCAPE, self.shown("-h"))
        self.assertIn(ESCAPE, self.shown("frobnicate"))

    def test_a_pipe_has_none(self):
        self.assertNotIn(ESCAPE, self.run_cli("-h", env={"TERM": "xterm"}).out)

    def test_always_colours_a_pipe_and_never_bleaches_a_terminal(self):
        self.assertIn(ESCAPE, self.run_cli("--color=always", "-h").out)
        self.assertIn(ESCAPE, self.run_cli("--color=always", "frobnicate").err)
        self.assertNotIn(ESCAPE, self.shown("--color=never", "-h"))

    def test_no_color_bleaches_a_terminal_unless_it_is_empty(self):
        self.assertNotIn(ESCAPE, self.shown("-h", NO_COLOR="1"))
        self.assertIn(ESCAPE, self.shown("-h", NO_COLOR=""))

    def test_asking_for_colour_comes_before_no_color(self):
        self.assertIn(ESCAPE, self.shown("--color=always", "-h", NO_COLOR="1"))
        self.assertIn(ESCAPE, self.shown("-h", NO_COLOR="1", PINTLE_COLOR="always"))

    def test_the_variable_is_overruled_by_the_option(self):
        self.assertNotIn(ESCAPE, self.shown("--color=never", "-h", PINTLE_COLOR="always"))

    def test_a_dumb_terminal_has_none(self):
        self.assertNotIn(ESCAPE, self.shown("-h", TERM="dumb"))
        self.assertNotIn(ESCAPE, self.shown("-h", TERM=None))

    def test_every_style_ends_where_it_began(self):
        for line in (["-h"], ["pin", "-h"], ["help", "pin"]):
            out = self.run_cli("--color=always", *line).out
            self.assertEqual(out.count("\033[1m"), out.count("\033[0m"))
            self.assertNotRegex(out, r"\033\[0m\033\[0m")


class Output(cli.TestCase):
    def shell(self, script):
        return cli.run_program(["bash", "-c", script], env={"P": cli.BIN}, home=self.dir)

    def test_a_full_disk_is_told(self):
        for line in ("version", "-h", "help --json", "completion bash", "pin -h"):
            with self.subTest(line):
                result = self.shell(f"$P {line} > /dev/full")
                self.assertExit(result, cli.INPUT)
                self.assertEqual(result.err, "pintle: standard output: No space left on device\n")

    def test_a_closed_pipe_is_a_silent_failure(self):
        for line in ("version", "help --json", "completion zsh"):
            with self.subTest(line):
                result = self.shell(f"set +o pipefail; $P {line} | true; sleep 0; echo ${{PIPESTATUS[0]}}")
                self.assertIn(result.out, (f"{cli.INPUT}\n", f"{cli.OK}\n"))
                self.assertEqual(result.err, "")

    def test_a_reader_that_is_gone_for_certain_is_noticed(self):
        read, write = os.pipe()
        os.close(read)
        for line in (["version"], ["help", "--json"], ["completion", "zsh"]):
            with self.subTest(line):
                result = self.run_cli(*line, stdout=write)
                self.assertExit(result, cli.INPUT)
                self.assertEqual(result.err, "")
        os.close(write)

    def test_no_file_takes_the_number_of_a_closed_standard_stream(self):
        fifo = self.dir / "fifo"
        os.mkfifo(fifo)
        process = subprocess.Popen(["bash", "-c", 'exec "$0" pin fifo <&- >&- 2>&-', cli.BIN],
                                   cwd=self.dir, env=cli.environment(self.dir))
        self.addCleanup(process.wait)
        with open(fifo, "wb"):  # waits until it is being read
            for number in (0, 1, 2):
                self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{number}"), "/dev/null")
        self.assertEqual(process.wait(30), cli.INPUT)

    def test_a_closed_standard_output_is_told(self):
        result = self.shell("$P version >&-")
        self.assertExit(result, cli.INPUT)
        self.assertIn("standard output: Bad file descriptor", result.err)

    def test_a_closed_standard_input_is_told(self):
        result = self.shell("$P pin <&-")
        self.assertExit(result, cli.INPUT)
        self.assertIn("standard input: Bad file descriptor", result.err)

    def test_a_closed_standard_error_harms_nothing(self):
        result = self.shell("$P key backup h.example 2>&-")
        self.assertExit(result, cli.OK)
        self.assertNotIn("pintle:", (self.dir / "h.example.backup-key.pem").read_text())

    def test_a_failure_keeps_its_own_exit_code(self):
        self.write("pintle.json", json.dumps({
            "pintle": 1, "app": "a", "version": 1, "issued": "2026-01-01T00:00:00Z",
            "expires": "2026-01-02T00:00:00Z",
            "rules": [{"id": "a", "match": ["a.example"], "pins": [
                {"spki": "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}]}]}))
        result = self.shell("$P check --offline > /dev/full")
        self.assertExit(result, cli.REFUSED)
        self.assertIn("standard output: No space left", result.err)

    def test_quiet_keeps_advice_away_and_errors_not(self):
        self.assertNotEqual(self.run_cli("key", "backup", "a.example").err, "")
        self.assertAccepted("-q", "key", "backup", "b.example")
        self.assertFails(cli.INPUT, "nothere: No such file", "-q", "pin", "nothere")


class Signals(cli.TestCase):
    def start(self, *args):
        process = subprocess.Popen([cli.BIN, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=cli.environment(self.dir),
                                   cwd=self.dir)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def wait_for_read(self, process):
        """Until it reads its standard input: its wait channel tells, where the kernel lets us see."""
        path = f"/proc/{process.pid}/syscall"
        for _ in range(500):
            try:
                number = open(path, encoding="ascii").read().split()[0]
            except OSError:
                self.skipTest("cannot see what another process waits for")
            if number == "0":  # read(2) on x86-64
                return
            select.select([], [], [], 0.01)
        self.skipTest("never seen reading")

    def test_reading_from_a_silent_pipe_ends_by_the_signal(self):
        if os.uname().machine != "x86_64":
            self.skipTest("knows the system call numbers of x86-64 only")
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start("pin")
            self.wait_for_read(process)
            process.send_signal(number)
            self.assertEqual(process.wait(30), -number)


if __name__ == "__main__":
    tap_unittest.main()
