#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle rotate simulate: against closed forms, and against what the plan says must happen."""
import math
import xml.etree.ElementTree

import cli
import tap_unittest

N = 200000
START = ("--start", "2027-01-01", "--clients", str(N), "--days", "120", "--json")


class Simulate(cli.TestCase):
    def simulate(self, *args, code=None):
        result = self.run_cli("rotate", "simulate", *START, *args)
        if code is not None:
            self.assertExit(result, code)
        return result.json

    def assertShare(self, count, share):
        """Within five standard deviations."""
        self.assertLess(abs(count - N * share), 5 * math.sqrt(N * share * (1 - share)) + 1)

    def test_an_exponential_lag_gives_the_closed_form(self):
        document = self.simulate("--deploy", "2027-01-15", "--lag", "exp:7", code=cli.REFUSED)
        for day in (0, 5, 20, 60):
            self.assertShare(document["updated"][day], 1 - math.exp(-day / 7))
        for day in (14, 20, 60):
            self.assertShare(document["locked_out"][day], math.exp(-day / 7))
        self.assertEqual(document["locked_out"][13], 0)
        self.assertEqual(document["worst"]["day"], "2027-01-15")

    def test_a_lognormal_lag_has_its_median(self):
        document = self.simulate("--deploy", "2027-01-11", "--lag", "lognormal:10,1.5")
        self.assertShare(document["updated"][10], 0.5)

    def test_measured_lags(self):
        self.write("lags.csv", "1\n30\r\n\n30.0\n200\n")
        document = self.simulate("--deploy", "2027-01-11", "--lag", "csv:lags.csv")
        self.assertShare(document["updated"][2], 0.25)
        self.assertShare(document["updated"][31], 0.75)
        self.assertShare(document["locked_out"][119], 0.25)

    def test_a_pin_that_is_known_locks_nobody_out(self):
        document = self.simulate("--deploy", "2027-01-02", "--known", code=cli.OK)
        self.assertEqual(set(document["locked_out"]), {0})

    def test_enforcement_ends_lock_out(self):
        document = self.simulate("--deploy", "2027-01-02", "--lag", "exp:1000", "--enforce-until",
                                 "2027-02-01", code=cli.REFUSED)
        self.assertGreater(document["locked_out"][30], 0)
        self.assertEqual(set(document["locked_out"][31:]), {0})

    def test_clocks_that_are_wrong_end_it_earlier_or_later(self):
        document = self.simulate("--deploy", "2027-01-02", "--lag", "exp:100000", "--enforce-until",
                                 "2027-02-01", "--clock-error", "0.2:10")
        self.assertShare(document["locked_out"][25], 0.9)
        self.assertShare(document["locked_out"][35], 0.1)
        self.assertEqual(document["locked_out"][41], 0)

    def test_a_pin_that_retires_before_the_server_changes(self):
        document = self.simulate("--deploy", "2027-03-01", "--retire", "2027-02-01", "--lag", "exp:1")
        self.assertEqual(document["locked_out"][30], 0)
        self.assertShare(document["locked_out"][40], 1 - math.exp(-40))
        self.assertLess(document["locked_out"][60], 10)

    def test_a_frozen_cdn_keeps_everybody_back(self):
        document = self.simulate("--deploy", "2027-01-20", "--lag", "exp:3", "--freeze", "2027-01-01:30")
        self.assertEqual(document["updated"][29], 0)
        self.assertEqual(document["locked_out"][29], N)
        self.assertGreater(document["updated"][31], 0.99 * N)

    def test_refreshing_clients_are_not_locked_out(self):
        document = self.simulate("--deploy", "2027-01-10", "--lag", "exp:1000", "--refresh", "0.9")
        self.assertShare(document["locked_out"][10], 0.1 * math.exp(-10 / 1000))
        document = self.simulate("--deploy", "2027-01-10", "--lag", "exp:1000", "--refresh", "1",
                                 "--freeze", "2027-01-05:20")
        self.assertGreater(document["locked_out"][15], 0.98 * N)
        self.assertEqual(document["locked_out"][24], 0)

    def test_who_is_away_is_not_locked_out_and_does_not_update(self):
        document = self.simulate("--deploy", "2027-01-02", "--lag", "exp:0", "--away", "1:400")
        self.assertEqual(set(document["locked_out"]), {0})
        self.assertShare(document["updated"][119], 1.0)
        document = self.simulate("--publish", "2027-02-10", "--deploy", "2027-02-10", "--lag", "exp:0",
                                 "--away", "1:400")
        self.assertShare(document["updated"][119], 1 - 40 / 120)

    def test_a_stolen_key_is_accepted_until_a_client_knows(self):
        document = self.simulate("--deploy", "2027-01-01", "--known", "--deny", "--lag", "exp:7",
                                 "--steal-key", "2027-01-05")
        self.assertEqual(document["exposed"][3], 0)
        self.assertShare(document["exposed"][10], math.exp(-10 / 7))

    def test_the_same_numbers_give_the_same_fleet(self):
        args = ("--deploy", "2027-01-15", "--away", "0.1:20", "--clock-error", "0.1:5", "--refresh", "0.5")
        first = self.simulate(*args)
        self.assertEqual(self.simulate(*args), first)
        self.assertNotEqual(self.simulate(*args, "--seed-number", "2"), first)

    def test_the_bound_decides(self):
        self.simulate("--deploy", "2027-02-15", "--lag", "exp:7", "--bound", "0.01", code=cli.OK)
        self.simulate("--deploy", "2027-02-15", "--lag", "exp:7", "--bound", "0.0001", code=cli.REFUSED)
        result = self.run_cli("rotate", "simulate", "--deploy", "2027-02-15")
        self.assertIn("nothing bounds a lock-out", result.out)

    def test_the_plot_is_svg_without_scripts(self):
        self.simulate("--deploy", "2027-01-15", "--plot", "fleet.svg")
        root = xml.etree.ElementTree.parse(self.dir / "fleet.svg").getroot()
        names = [element.tag.split("}")[1] for element in root.iter()]
        self.assertEqual(names.count("polyline"), 3)
        self.assertLess(set(names), {"svg", "title", "desc", "rect", "line", "text", "polyline", "x"})
        result = self.run_cli("rotate", "simulate", "--deploy", "2027-01-15", "--plot", "/dev/full")
        self.assertExit(result, cli.INPUT)

    def test_bad_input(self):
        day = ("--deploy", "2027-01-15")
        self.assertUsage("--deploy: is needed", "rotate", "simulate")
        for option, value in (("deploy", "soon"), ("start", "2027-02-30"), ("retire", "2027-1-1"),
                              ("lag", "exp:-1"), ("lag", "uniform:3"), ("lag", "exp:nan"),
                              ("lag", "lognormal:3"), ("away", "2:3"), ("away", "0.5"),
                              ("clock-error", "x:3"), ("freeze", "2027-01-01"), ("freeze", "x:1"),
                              ("refresh", "1.5"), ("bound", "-1"), ("bound", "inf"), ("steal-key", "never"),
                              ("enforce-until", "2027-13-01"), ("publish", "")):
            with self.subTest(f"{option} {value}"):
                self.assertUsage(f"--{option}", "rotate", "simulate", *day, f"--{option}={value}")
        for content, line in (("", 1), ("1\nx\n", 2), ("1\n-2\n", 2), ("1;2\n", 1), ("1\0\n", 1), ("1e9\n", 1)):
            self.write("lags.csv", content)
            with self.subTest(content):
                self.assertFails(cli.INPUT, f"lags.csv:{line}: is no number", "rotate", "simulate", *day,
                                 "--lag", "csv:lags.csv")
        self.assertFails(cli.INPUT, "No such file", "rotate", "simulate", *day, "--lag", "csv:absent.csv")


if __name__ == "__main__":
    tap_unittest.main()
