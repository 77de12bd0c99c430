#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle rotate simulate: shares, bounds, attacks, the plot, and what it refuses to read."""
import json
import math
import signal
import subprocess
import time
import xml.etree.ElementTree

import cli
import netcase
import pki
import tap_unittest
from netcase import HOST

OLD, NEW, BACKUP = (pki.Key() for _ in range(3))
START = "2026-12-01"


class SimulateCase(netcase.NetCase):
    def setUp(self):
        super().setUp()
        rule = self.rule(self.pin(OLD, at="leaf"), self.pin(BACKUP, at="leaf", backup=True), enforce_until=None)
        self.pinset(rule, issued="2026-08-01T00:00:00Z", expires="2027-08-01T00:00:00Z", hard_ttl_s=200 * 86400)
        self.make_plan("--to", NEW.pin)

    def make_plan(self, *args):
        result = self.run_cli("rotate", "plan", "--offline", "--start", START, "--json", *args)
        self.plan = self.write("plan.json", result.out)
        return result.json

    def simulate(self, *args, code=cli.OK):
        result = self.run_cli("rotate", "simulate", "--json", "--clients", "20000", *args)
        self.assertExit(result, code)
        return result.json

    def played(self, *args, code=cli.OK):
        return self.simulate("--plan", self.plan, *args, code=code)


class Fleets(SimulateCase):
    def test_a_plan_with_updates_at_the_handshake_locks_nobody_out(self):
        document = self.played()
        self.assertTrue(document["within_bound"])
        self.assertEqual(document["totals"]["locked_out_clients"], 0)
        self.assertGreater(document["totals"]["rescued_clients"], 0)
        self.assertEqual(document["days"][0]["from"], "2026-12-01T00:00:00Z")

    def test_without_them_the_slowest_are_locked_out_as_calculated(self):
        document = self.played("--no-refresh", "--lag-dist", "exp:7", code=cli.REFUSED)
        self.assertAlmostEqual(document["worst"]["share"], math.exp(-3), delta=0.01)
        self.assertEqual(document["worst"]["at"], "2026-12-22T00:00:00Z")
        self.assertEqual(list(document["worst"]["reasons"]), ["late"])
        self.assertAlmostEqual(document["days"][7]["ready"], 1 - math.exp(-1), delta=0.02)

    def test_the_bound_decides_the_exit_code(self):
        never = ("--never", "2%")
        share = self.played(*never, code=cli.REFUSED)["worst"]["share"]
        self.assertAlmostEqual(share, 0.02, delta=0.005)
        self.played(*never, "--bound", "3%")
        self.played(*never, "--bound", f"{share:.9f}")
        self.played(*never, "--bound", "1%", code=cli.REFUSED)

    def test_who_is_never_updated_is_locked_out_until_enforcement_ends(self):
        document = self.played("--never", "1", "--days", "120", "--bound", "1")
        self.assertEqual(document["worst"]["share"], 1)
        self.assertEqual(document["bounds"], [{
            "version": 7, "epoch": 1, "hostile": False, "bounded": True, "from": "2026-12-22T00:00:00Z",
            "until": "2027-02-17T00:00:00Z"}])
        self.assertAlmostEqual(document["totals"]["longest_locked_out_days"], 57, places=6)
        self.assertEqual(document["days"][79]["softened"], 1)

    def test_measured_lags(self):
        lags = self.write("lags.csv", "lag_days\n0\n1.5\n30\nnever\n")
        document = self.played("--no-refresh", "--lag-dist", f"csv:{lags}", code=cli.REFUSED)
        self.assertAlmostEqual(document["worst"]["share"], 0.5, delta=0.02)
        self.assertEqual(set(document["worst"]["reasons"]), {"late", "never-updated"})
        self.assertEqual(document["fleet"]["lag_samples"], 4)

    def test_other_lags_clocks_and_absence(self):
        for lag in ("lognormal:2,1.2", "weibull:3,0.6"):
            self.assertEqual(self.played("--lag-dist", lag)["fleet"]["lag"], lag.split(":")[0])
        document = self.played("--clock-error", "30%:400")
        self.assertGreater(max(day["softened"] for day in document["days"]), 0.05)
        # Without an end of enforcement a clock past `expires` refuses the update that would help.
        self.pinset(self.rule(OLD, enforce_until=None), issued="2026-08-01T00:00:00Z",
                    expires="2027-08-01T00:00:00Z", hard_ttl_s=None)
        self.make_plan("--to", NEW.pin)
        document = self.played("--clock-error", "30%:900", "--bound", "1")
        self.assertEqual(list(document["worst"]["reasons"]), ["clock"])
        document = self.played("--no-refresh", "--away", "50%:40", "--lag-dist", "exp:0.5", "--bound", "1")
        self.assertIn("offline", document["worst"]["reasons"])

    def test_seeds_make_fleets_and_threads_do_not(self):
        args = ("rotate", "simulate", "--plan", self.plan, "--json", "--clients", "5000", "--no-refresh",
                "--clock-error", "10%:90", "--bound", "1")
        first = self.assertAccepted(*args, "--threads", "1").out
        for threads in ("2", "7"):
            self.assertEqual(self.assertAccepted(*args, "--threads", threads).out, first)
        other = json.loads(self.assertAccepted(*args, "--random-seed", "2").out)
        self.assertNotEqual(other["totals"], json.loads(first)["totals"])


class Plans(SimulateCase):
    def test_a_refused_plan_shows_why_it_is(self):
        self.make_plan("--to", NEW.pin, "--deploy", "2026-12-03")
        document = self.played("--no-refresh", "--lag-dist", "exp:4", code=cli.REFUSED)
        self.assertGreater(document["worst"]["share"], 0.5)
        text = self.run_cli("rotate", "simulate", "--plan", self.plan).out
        self.assertIn("`pintle rotate plan` refuses this plan", text)

    def test_a_plan_that_is_not_played_to_its_end_is_not_called_safe(self):
        self.make_plan("--to", NEW.pin, "--lag", "3650", "--margin", "3650")
        self.assertUsage("--days simulates its beginning", "rotate", "simulate", "--plan", self.plan, "--clients", "1")
        result = self.run_cli("rotate", "simulate", "--plan", self.plan, "--clients", "1", "--days", "3650")
        self.assertExit(result, cli.OK)
        self.assertIn("before the plan does", result.err)

    def test_a_plan_is_made_on_the_spot(self):
        document = self.simulate("--to-backup", "--start", START, "--no-refresh")
        self.assertEqual(document["totals"]["locked_out_clients"], 0)

    def test_without_a_plan_nothing_changes(self):
        document = self.simulate("--start", START)
        self.assertEqual(document["events"], [])
        self.assertEqual(document["totals"]["locked_out_clients"], 0)
        result = self.run_cli("rotate", "simulate", "--start", START)
        self.assertIn("no change of keys and no attack is simulated", result.err)
        self.assertEqual(self.run_cli("rotate", "simulate", "--plan", self.plan, "--clients", "9").err, "")

    def test_a_plan_from_elsewhere_is_read_strictly(self):
        good = json.loads(self.plan.read_text())
        self.assertFails(cli.INPUT, "absent.json", "rotate", "simulate", "--plan", "absent.json")
        for name, text in (("syntax", "{"), ("twice", '{"a":1,"a":2}'), ("list", "[]"), ("empty", "{}")):
            with self.subTest(name):
                self.assertFails(cli.INPUT, "bad.json", "rotate", "simulate", "--plan", self.write("bad.json", text))
        for pointer, value in (
                ("schema", "https://pintle.dev/schema/check/1"), ("kind", "other"), ("start", "2026-12-01"),
                ("lag_share", 1), ("lag_share", "x"), ("lag_days", -1), ("margin_days", 1.5), ("feasible", None),
                ("keys/new", "sha256/x"), ("versions", []), ("versions", [{}] * 17), ("versions/0/held", False),
                ("versions/1/published", "2020-01-01T00:00:00Z"), ("versions/1/version", 7),
                ("versions/0/mode", "on"), ("versions/0/hard_ttl_s", 0), ("versions/0/pins/0/spki", 1),
                ("versions/0/pins/0/at", "top"), ("versions/0/pins", {}), ("versions/0/deny", ["x"]),
                ("versions/0/epoch", 0), ("servers", []), ("servers/1/from", "2020-01-01T00:00:00Z"),
                ("steps/0/step", "dance"), ("steps/0/version", 99), ("steps/0/by", 5), ("steps", "x"),
                ("rule", "r" * 65), ("rule", ""), ("rule", "</title><script>"), ("rule", "a\u001b]0;b\u0007"),
                ("app", 7)):
            with self.subTest(pointer):
                document = json.loads(json.dumps(good))
                *path, last = [int(part) if part.isdigit() else part for part in pointer.split("/")]
                target = document
                for part in path:
                    target = target[part]
                target[last] = value
                where = f"/{pointer}" if pointer != "versions/0/deny" else "/versions/0/deny"
                self.assertFails(cli.INPUT, where, "rotate", "simulate", "--plan",
                                 self.write("bad.json", json.dumps(document)))


class Attacks(SimulateCase):
    def test_a_lost_key(self):
        document = self.simulate("--start", START, "--lose-key", "2026-12-10", "--no-refresh")
        self.assertEqual(document["totals"]["locked_out_clients"], 0)
        self.pinset(self.rule(OLD, enforce_until=None), issued="2026-08-01T00:00:00Z",
                    expires="2027-08-01T00:00:00Z")
        document = self.simulate("--start", START, "--lose-key", "2026-12-10", "--no-refresh", code=cli.REFUSED)
        self.assertGreater(document["worst"]["share"], 0.95)
        self.simulate("--start", START, "--lose-key", "2026-12-10")

    def test_a_stolen_key_is_accepted_until_the_answer_has_spread(self):
        document = self.simulate("--start", START, "--steal-key", "2026-12-10", "--react", "2",
                                 "--lag-dist", "exp:3")
        self.assertEqual(document["totals"]["locked_out_clients"], 0)
        self.assertEqual(document["worst_exposed"], {"share": 1, "clients": 20000, "at": "2026-12-10T00:00:00Z"})
        each = document["totals"]["exposed_days"] / 20000
        self.assertAlmostEqual(each, 2 + 1 / 24 + 3, delta=0.1)

    def test_a_stolen_signer_is_recovered_from_and_worth_nothing_where_two_must_sign(self):
        args = ("--start", START, "--steal-signer", "2026-12-10", "--react", "3")
        document = self.simulate(*args, code=cli.REFUSED)
        self.assertEqual(list(document["worst"]["reasons"]), ["hostile"])
        self.assertEqual(document["days"][-1]["locked_out"], 0)
        self.assertIn(True, [bound["hostile"] for bound in document["bounds"]])
        document = self.simulate(*args, "--pins-threshold", "2")
        self.assertEqual(document["totals"]["exposed_clients"], 0)

    def test_a_frozen_source(self):
        document = self.played("--cdn-freeze", "2026-12-01:30", "--lag-dist", "exp:1", code=cli.REFUSED)
        self.assertEqual(document["worst"]["share"], 1)
        self.assertEqual(list(document["worst"]["reasons"]), ["frozen"])
        self.played("--cdn-freeze", "2026-12-02:10", "--lag-dist", "exp:0.01")

    def test_nothing_is_told_of_before_it_happens(self):
        """Counted by the hour, from the start on: the theft is not at the beginning of one."""
        document = self.simulate("--start", "2026-12-01T00:23:00Z", "--steal-key", "2026-12-10", "--react", "2")
        self.assertEqual(document["worst_exposed"]["at"], "2026-12-10T00:00:00Z")

    def test_an_attack_outside_of_the_time_is_wrong_usage(self):
        for option in ("--lose-key", "--steal-key", "--steal-signer"):
            self.assertUsage("is not between", "rotate", "simulate", "--plan", self.plan, option, "2020-01-01")
        self.assertUsage("is not between", "rotate", "simulate", "--plan", self.plan, "--days", "5",
                         "--lose-key", "2026-12-10")


class Output(SimulateCase):
    def test_text(self):
        result = self.run_cli("rotate", "simulate", "--plan", self.plan, "--never", "1%", "--bound", "2%")
        self.assertExit(result, cli.OK)
        for text in ("publish the new key as backup (version 8)", "locked out  at worst", "rescued",
                     "no update ever reaches them", "who stays with version 7: from 2026-12-22 until 2027-02-17",
                     "within the bound of 2 %"):
            self.assertIn(text, result.out)

    def test_the_plot_is_a_picture_with_words_and_without_scripts(self):
        self.run_cli("rotate", "simulate", "--plan", self.plan, "--never", "1%", "--bound", "2%",
                     "--steal-key", "2026-12-10", "--plot", "plot.svg")
        root = xml.etree.ElementTree.fromstring((self.dir / "plot.svg").read_bytes())
        space = "{http://www.w3.org/2000/svg}"
        self.assertEqual(root.tag, f"{space}svg")
        self.assertEqual((root.get("role"), root.get("aria-labelledby")), ("img", "title desc"))
        self.assertEqual(root.find(f"{space}title").text, "Rotation of rule api")
        self.assertIn("stolen", root.find(f"{space}desc").text)
        tags = {element.tag for element in root.iter()}
        self.assertFalse(tags & {f"{space}script", f"{space}foreignObject", f"{space}image"})
        words = {element.text for element in root.iter(f"{space}text")}
        for text in ("locked out", "bound", "100 %", "2026-12-01", "accept a key that an attacker holds"):
            self.assertIn(text, words)
        width, height = map(float, root.get("viewBox").split()[2:])
        for element in root.iter(f"{space}text"):
            self.assertTrue(0 <= float(element.get("x")) <= width and 0 <= float(element.get("y")) <= height)

    def test_a_plot_that_cannot_be_written(self):
        self.assertFails(cli.INPUT, "no/plot.svg", "rotate", "simulate", "--plan", self.plan, "--plot", "no/plot.svg")

    def test_an_interruption_ends_it(self):
        with subprocess.Popen([cli.BIN, "rotate", "simulate", "--plan", str(self.plan), "--clients", "10000000",
                               "--days", "3650", "--threads", "1"], env=cli.environment(self.dir), cwd=self.dir,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=60)
        self.assertIn(process.returncode, (-signal.SIGINT, cli.REFUSED, cli.OK))
        if process.returncode == -signal.SIGINT:
            self.assertEqual(out, b"")


class Input(SimulateCase):
    def test_bad_options(self):
        start = ("rotate", "simulate", "--plan", self.plan)
        for args, message in (
                (("--clients", "0"), "option --clients"), (("--clients", "10000001"), "option --clients"),
                (("--random-seed", "-1"), "option --random-seed"), (("--lag-dist", "gauss:3"), "option --lag-dist"),
                (("--lag-dist", "exp:"), "option --lag-dist"), (("--lag-dist", "lognormal:3"), "option --lag-dist"),
                (("--never", "1.5"), "option --never"), (("--away", "5%"), "option --away"),
                (("--away", "5%:0"), "option --away"), (("--clock-error", "x:3"), "option --clock-error"),
                (("--cdn-freeze", "2026-12-02"), "option --cdn-freeze"), (("--lose-key", "x"), "option --lose-key"),
                (("--steal-key", "x"), "option --steal-key"), (("--steal-signer", "x"), "option --steal-signer"),
                (("--lose-key", "2026-12-10", "--steal-key", "2026-12-10"), "exclude each other"),
                (("--react", "-1"), "option --react"), (("--pins-threshold", "0"), "option --pins-threshold"),
                (("--days", "0"), "option --days"), (("--days", "3651"), "option --days"),
                (("--bound", "2"), "option --bound"), (("--bound", "-1"), "option --bound"),
                (("--plot", "plot.png"), "option --plot"), (("--to", NEW.pin), "--plan excludes --to"),
                (("-p", "pintle.json"), "--plan excludes --pinset"), (("--lag", "14"), "--plan excludes --lag"),
                (("--lag-share", "99%"), "--plan excludes --lag-share"), (("--margin", "0"), "--plan excludes --margin"),
                (("--rule", "api"), "--plan excludes --rule"), (("--host", HOST), "--plan excludes --host"),
                (("--start", START), "--plan excludes --start"), (("--deploy", START), "--plan excludes --deploy")):
            with self.subTest(args):
                self.assertUsage(message, *start, *args)

    def test_options_that_would_change_nothing(self):
        for option, value in (("--from", OLD.pin), ("--new-backup", NEW.pin), ("--deploy", START), ("--since", START),
                              ("--cert-expires", START), ("--emergency", "lost"), ("--order", "deploy-first")):
            with self.subTest(option):
                self.assertUsage(f"option {option} needs --to or --to-backup", "rotate", "simulate", option, value)
        result = self.run_cli("rotate", "simulate", "--plan", self.plan, "--clients", "1", env={"PINTLE_LAG": "30"})
        self.assertExit(result, cli.OK)

    def test_lags_as_programs_write_them(self):
        """All the digits of a double (0.1 + 0.2), and lines that end as on Windows."""
        for text in ("0.30000000000000004\n", "lag_days\r\n3.141592653589793\r\n0\r\n"):
            with self.subTest(text):
                document = self.played("--lag-dist", f"csv:{self.write('lags.csv', text)}")
                self.assertEqual(document["totals"]["locked_out_clients"], 0)

    def test_bad_lags_are_told_with_their_line(self):
        for text, line, what in (("1\n2\nx\n", 3, "neither a number"), ("", 1, "no lag at all"),
                                 ("lag_days\n", 2, "no lag at all"), ("1\n\n2\n", 2, "an empty line"),
                                 ("1,2\n", 1, "neither"), ("-1\n", 1, "neither"), ("1e3\n", 1, "neither"),
                                 ("36501\n", 1, "neither"), ("1\r\n2 \r\n", 2, "neither"), ("nan\n", 1, "neither")):
            with self.subTest(text):
                lags = self.write("lags.csv", text)
                self.assertFails(cli.INPUT, f"lags.csv:{line}: {what}", "rotate", "simulate", "--plan", self.plan,
                                 "--lag-dist", f"csv:{lags}")
        self.assertFails(cli.INPUT, "none.csv", "rotate", "simulate", "--plan", self.plan, "--lag-dist", "csv:none.csv")


if __name__ == "__main__":
    tap_unittest.main()
