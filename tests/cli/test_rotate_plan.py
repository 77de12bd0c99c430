#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle rotate plan: dates that lock nobody out, or a refusal that says which ones would."""
import re

import cli
import netcase
import pki
import tap_unittest
from netcase import HOST

START = ("--start", "2027-01-01")


class Plan(netcase.NetCase):
    def setUp(self):
        super().setUp()
        self.live, self.backup, self.new = pki.Key(), pki.Key(), pki.Key()
        self.pins()

    def pins(self, *extra, **more):
        self.pinset(self.rule(self.live, self.pin(self.backup, backup=True), *extra,
                              enforce_until="2028-01-01T00:00:00Z"), **more)

    def plan(self, *args):
        return self.assertAccepted("rotate", "plan", *START, "--json", *args).json

    def dates(self, *args):
        return [step["date"][:10] for step in self.plan(*args)["steps"]]

    def test_the_backup_may_be_deployed_at_once(self):
        document = self.plan()
        self.assertEqual((document["pin"], document["known"]), (self.backup.pin, True))
        self.assertEqual(self.dates(), ["2027-01-01", "2027-01-01", "2027-01-08", "2027-02-07"])
        self.assertEqual(self.dates("--deploy", "2027-03-01")[1], "2027-03-01")

    def test_a_new_key_waits_for_the_fleet(self):
        self.write("new.csr", pki.request(self.new, HOST))
        for name in ("new.csr", self.new.pin):
            with self.subTest(name):
                self.assertEqual(self.dates("--to", name),
                                 ["2027-01-01", "2027-02-07", "2027-02-14", "2027-03-16"])
        self.assertEqual(self.dates("--to", self.new.pin, "--update-lag", "10", "--margin", "0"),
                         ["2027-01-01", "2027-01-11", "2027-01-11", "2027-01-21"])

    def test_the_overlap_keeps_the_old_pin_longer(self):
        self.pins(overlap_s=60 * 86400)
        self.assertEqual(self.dates()[3], "2027-03-09")

    def test_dates_that_lock_out_are_refused(self):
        for args, message in ((("--deploy", "2027-02-06"), "a new key on 2027-02-06 locks out"),
                              (("--cert-expires", "2027-02-01"), "the certificate ends on 2027-02-01")):
            with self.subTest(message):
                result = self.assertFails(cli.REFUSED, message, "rotate", "plan", *START, "--to",
                                          self.new.pin, *args)
                self.assertIn("a backup whose pin clients have", result.err)
        self.plan("--to", self.new.pin, "--deploy", "2027-02-07", "--cert-expires", "2027-02-07")
        self.assertFails(cli.REFUSED, "the certificate ends", "rotate", "plan", *START, "--cert-expires",
                         "2026-12-31")

    def test_a_retired_pin_is_not_known(self):
        self.pins(self.pin(self.new, until="2026-12-01T00:00:00Z"))
        self.assertFalse(self.plan("--to", self.new.pin)["known"])
        self.pins(self.pin(self.new, until="2027-12-01T00:00:00Z"))
        self.assertTrue(self.plan("--to", self.new.pin)["known"])

    def test_enforcement_that_ends_before_is_told(self):
        result = self.run_cli("rotate", "plan", *START, "--deploy", "2028-02-01")
        self.assertExit(result, cli.OK)
        self.assertIn("enforces until", result.err)
        self.assertRegex(result.out, r"(?m)^2028-02-01  deploy ")

    def test_the_calendar_is_one(self):
        result = self.assertAccepted("rotate", "plan", *START, "--form", "ics")
        again = self.assertAccepted("rotate", "plan", "--start", "2027-01-05", "--form", "ics")
        text = result.out_bytes
        self.assertEqual(text.count(b"\n"), text.count(b"\r\n"))
        self.assertLessEqual(max(map(len, text.split(b"\r\n"))), 75)
        unfolded = text.replace(b"\r\n ", b"").decode()
        stack = []
        for line in unfolded.split("\r\n")[:-1]:
            name, _, value = line.partition(":")
            self.assertRegex(name, r"^[A-Z]+(;[A-Z]+=[A-Z]+)?$")
            if name == "BEGIN":
                stack.append(value)
            elif name == "END":
                self.assertEqual(stack.pop(), value)
        self.assertEqual(stack, [])
        self.assertEqual(re.findall(r"DTSTART;VALUE=DATE:(\d+)", unfolded),
                         ["20270101", "20270101", "20270108", "20270207"])
        self.assertEqual(unfolded.count("TRIGGER:-P1D"), 4)
        ids = re.findall(r"UID:(\S+)", unfolded)
        self.assertEqual(len(set(ids)), 4)
        self.assertEqual(re.findall(r"UID:(\S+)", again.out.replace("\r\n ", "")), ids)

    def test_wrong_usage_and_bad_input(self):
        self.assertUsage("no rule 'web'", "rotate", "plan", "--rule", "web")
        for option in ("start", "deploy", "cert-expires"):
            self.assertUsage(f"--{option}: a date is written", "rotate", "plan", f"--{option}=soon")
        self.assertFails(cli.INPUT, "neither a pin nor a file", "rotate", "plan", "--to", "absent.pem")
        self.pinset(self.rule(self.live), self.rule(self.new, match=["b.example.com"], rule_id="b"))
        self.assertUsage("has 2 rules", "rotate", "plan")
        self.assertUsage("has no backup pin", "rotate", "plan", "--rule", "b")
        self.assertFails(cli.INPUT, "No such file", "rotate", "plan", "-p", "absent.json")


if __name__ == "__main__":
    tap_unittest.main()
