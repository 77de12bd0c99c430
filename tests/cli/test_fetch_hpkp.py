#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle fetch --hpkp: Public-Key-Pins headers are noted within bounds, and obeyed."""
import datetime

import cli
import pki
import servers
import tap_unittest
from learning import LearningCase, needs_clock
from netcase import HOST

BACKUP = pki.Key().pin


def header(*pins, age=3600, more=""):
    """The value of a Public-Key-Pins header."""
    listed = "; ".join(f'pin-sha256="{pin.removeprefix("sha256/")}"' for pin in pins)
    return f"max-age={age}; {listed}{more}"


class HpkpCase(LearningCase):
    def setUp(self):
        super().setUp()
        self.leaf = self.issue()
        self.server = self.https(self.leaf)

    def say(self, *values, name="Public-Key-Pins"):
        self.server.extra = [(name, value) for value in values]

    def note(self, *args, path="/with", **options):
        """What became of the header of the last answer."""
        return self.fetch_json(self.server, "--hpkp", *args, path=path, **options)["hops"][-1].get("hpkp")

    def noted(self, *values, **options):
        self.say(*values)
        note = self.note(**options)
        self.assertEqual(note["action"], "note", note)
        return note

    def ignored(self, why, *values, **options):
        self.say(*values)
        note = self.note(**options)
        self.assertEqual((note["action"], note["why"]), ("ignore", why))
        self.assertEqual(self.entries(), [])

    def change_key(self):
        self.serve(self.server, self.issue(HOST, "www.example.com"))


class Noting(HpkpCase):
    def test_noted_pins_are_enforced(self):
        self.noted(header(self.leaf.pin, BACKUP))
        entry, = self.entries()
        self.assertEqual((entry["host"], entry["from"], entry["at"], entry["pins"]),
                         (HOST, "hpkp", "any", [self.leaf.pin, BACKUP]))
        self.say()
        verdict = self.fetch_json(self.server, "--hpkp")["hops"][0]["verdict"]
        self.assertEqual((verdict["reason"], verdict["learned"]), ("match", True))
        self.change_key()
        self.assertIn("no key that the host has announced", self.refused(self.server, "--hpkp", "-d", "secret").err)

    def test_the_backup_key_is_let_in(self):
        backup = self.issue()
        self.noted(header(self.leaf.pin, backup.pin))
        self.serve(self.server, backup)
        self.say()
        self.assertEqual(self.fetch(self.server, "--hpkp").err, "")

    def test_pins_of_the_ca_survive_another_key(self):
        self.noted(header(self.issuing.pin, BACKUP))
        self.change_key()
        self.assertEqual(self.fetch(self.server, "--hpkp").err, "")

    def test_a_newer_header_takes_the_place_of_the_old(self):
        self.noted(header(self.leaf.pin, BACKUP))
        self.noted(header(self.issuing.pin, BACKUP))
        self.assertEqual(self.entries()[0]["pins"], [self.issuing.pin, BACKUP])

    def test_a_header_on_a_redirect_is_noted(self):
        self.serve(self.server, self.issue(HOST, "www.example.com", key=self.leaf.key))
        self.say(header(self.leaf.pin, BACKUP))
        hops = self.fetch_json(self.server, "--hpkp", "-L",
                               path="/goto?to=https://www.example.com/echo")["hops"]
        self.assertEqual([hop.get("hpkp", {}).get("action") for hop in hops], ["note", None])
        self.assertEqual([entry["host"] for entry in self.entries()], [HOST])

    def test_subdomains_are_included_if_it_says_so(self):
        self.serve(self.server, self.issue("example.com", "www.example.com", key=self.leaf.key))
        self.noted(header(self.leaf.pin, BACKUP, more="; includeSubDomains"), host="example.com")
        self.say()
        self.change_key()
        self.refused(self.server, "--hpkp", host="www.example.com")

    def test_every_port_is_meant(self):
        self.noted(header(self.leaf.pin, BACKUP))
        self.change_key()
        self.refused(self.server, "--hpkp", host=f"{HOST}:8443")

    def test_the_first_header_counts(self):
        self.noted(header(self.leaf.pin, BACKUP), header(self.issuing.pin, BACKUP))
        self.assertEqual(self.entries()[0]["pins"], [self.leaf.pin, BACKUP])
        self.assertAccepted("trust", "forget", "-q", HOST)
        self.ignored("max-age is missing", header(self.leaf.pin, BACKUP).partition(";")[2],
                     header(self.leaf.pin, BACKUP))

    def test_verbose_tells(self):
        self.say(header(self.leaf.pin, BACKUP))
        self.assertRegex(self.fetch(self.server, "--hpkp", "-v", path="/with").err, r"HPKP: note until \d{4}-")


    def test_what_is_kept_is_told_once(self):
        self.say(header(self.leaf.pin, BACKUP))
        told = rf"{HOST}:443: the pins it announces \(HPKP\) are kept until \d{{4}}-"
        self.assertRegex(self.fetch(self.server, "--hpkp", path="/with").err, told)
        self.assertEqual(self.fetch(self.server, "--hpkp", path="/with").err, "")
        self.say(header(self.leaf.pin, pki.Key().pin))
        self.assertRegex(self.fetch(self.server, "--hpkp", path="/with").err, told)

    def test_what_is_ignored_is_told(self):
        self.say(header(self.leaf.pin))
        self.assertIn("the pins it announces (HPKP) are ignored: no pin is a backup",
                      self.fetch(self.server, "--hpkp", path="/with").err)
        self.say("max-age=1; nonsense=")
        self.assertIn("(HPKP) are ignored: a directive's value is missing",
                      self.fetch(self.server, "--hpkp", path="/with").err)


class Bounds(HpkpCase):
    def test_nothing_is_noted_for_more_than_60_days(self):
        note = self.noted(header(self.leaf.pin, BACKUP, age=10 ** 12))
        days = (datetime.datetime.fromisoformat(note["expires"]) - datetime.datetime.now(datetime.timezone.utc)).days
        self.assertIn(days, (59, 60))

    @needs_clock
    def test_pins_end_with_their_max_age(self):
        self.noted(header(self.leaf.pin, BACKUP, age=2 * 86400))
        self.change_key()
        self.say()
        self.refused(self.server, "--hpkp", env=self.later(1))
        self.fetch(self.server, "--hpkp", env=self.later(3))

    def test_a_backup_is_required(self):
        self.ignored("no pin is a backup: all are in the connection's path", header(self.leaf.pin))
        self.ignored("no pin is a backup: all are in the connection's path", header(self.leaf.pin, self.root.pin))

    def test_pins_of_others_only_are_not_noted(self):
        self.ignored("no pin is in the connection's path", header(BACKUP, pki.Key().pin))

    def test_what_is_malformed_is_not_noted(self):
        good = header(self.leaf.pin, BACKUP)
        self.ignored("a directive is there twice", good + "; max-age=1")
        self.ignored("a directive's name is missing", good + ";")

    def test_an_address_is_not_pinned(self):
        self.serve(self.server, self.issue("127.0.0.1"))
        self.ignored("the host is no name", header(self.leaf.pin, BACKUP), host="127.0.0.1")

    def test_a_host_with_a_rule_is_not_pinned(self):
        self.pinset(self.rule(self.leaf.pin))
        self.say(header(self.leaf.pin, BACKUP))
        self.assertEqual(self.note()["why"], "a signed rule covers the host")

    def test_a_rule_comes_before_noted_pins(self):
        self.noted(header(self.leaf.pin, BACKUP), path="/with")
        other = self.issue()
        self.pinset(self.rule(other.pin), app="pintle")
        self.serve(self.server, other)
        self.say()
        self.assertEqual(self.fetch(self.server, "--hpkp").err, "")
        self.serve(self.server, self.leaf)
        self.refused(self.server, "--hpkp")

    def test_plain_http_pins_nothing(self):
        plain = self.enter(servers.Https(None))
        plain.extra = [("Public-Key-Pins", header(self.leaf.pin, BACKUP))]
        result = self.run_cli("fetch", f"http://{HOST}/with", "--connect", plain.address, "--hpkp")
        self.assertExit(result, cli.OK)
        self.assertEqual(self.entries(), [])

    def test_without_the_option_nothing_is_noted(self):
        self.say(header(self.leaf.pin, BACKUP))
        self.fetch(self.server, "--pin", self.leaf.pin, path="/with")
        self.assertEqual(self.entries(), [])

    def test_a_header_behind_the_body_or_in_two_lines_is_not_noted(self):
        value = header(self.leaf.pin, BACKUP)
        answers = [f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Public-Key-Pins\r\n\r\n"
                   f"2\r\nok\r\n0\r\nPublic-Key-Pins: {value}\r\n\r\n",
                   f"HTTP/1.1 103 Early Hints\r\nPublic-Key-Pins: {value}\r\n\r\n"
                   f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]
        for answer in answers:
            ctx = servers.context(self.leaf)
            server = self.enter(servers.Tls(ctx, answer=lambda data, text=answer: text.encode()))
            self.assertNotIn("hpkp", self.fetch_json(server, "--hpkp", "--http1")["hops"][0])
        self.assertEqual(self.entries(), [])


class Forgetting(HpkpCase):
    def test_max_age_0_forgets(self):
        self.noted(header(self.leaf.pin, BACKUP))
        self.say(header(self.leaf.pin, BACKUP, age=0))
        self.assertEqual(self.note(), {"action": "forget"})
        self.assertEqual(self.entries(), [])
        self.change_key()
        self.say()
        self.fetch(self.server, "--hpkp")

    def test_max_age_0_needs_the_pins(self):
        self.noted(header(self.leaf.pin, BACKUP))
        self.say(header(BACKUP, age=0))
        self.assertEqual(self.note()["action"], "ignore")
        self.change_key()
        self.refused(self.server, "--hpkp")

    def test_it_does_not_forget_what_was_learned_on_first_use(self):
        self.fetch(self.server, "--tofu")
        self.noted(header(self.leaf.pin, BACKUP))
        self.say(header(self.leaf.pin, BACKUP, age=0))
        self.note()
        self.assertIn("tofu", [entry["from"] for entry in self.entries()])

    def test_first_use_does_not_step_over_noted_pins(self):
        self.noted(header(self.leaf.pin, BACKUP))
        self.say()
        self.change_key()
        for options in (["--tofu"], ["--tofu", "--hpkp"], ["--tofu", "--tofu-at", "ca"]):
            self.assertIn("no key that the host has announced", self.refused(self.server, *options).err)
        self.pinset(self.rule(trust="tofu"), app="pintle")
        self.assertIn("no key that the host has announced", self.refused(self.server).err)
        self.assertEqual([entry["from"] for entry in self.entries()], ["hpkp"])

    def test_with_both_both_must_hold(self):
        backup = self.issue()
        self.noted(header(self.leaf.pin, backup.pin))
        self.say()
        self.assertIn("first-use", self.fetch(self.server, "--tofu", "--hpkp").err)
        self.assertEqual(self.fetch(self.server, "--tofu", "--hpkp").err, "")
        self.serve(self.server, backup)
        self.assertIn("another key than was learned", self.refused(self.server, "--tofu", "--hpkp").err)

    def test_a_locked_out_user_forgets(self):
        self.noted(header(self.leaf.pin, BACKUP))
        self.change_key()
        self.say()
        self.refused(self.server, "--hpkp")
        self.assertAccepted("trust", "forget", "-q", HOST)
        self.fetch(self.server, "--hpkp")


class Reports(HpkpCase):
    URI = "https://reports.example.net/hpkp"

    def reports(self):
        return self.assertAccepted("report", "list", "--app", "pintle", "--json").json["reports"]

    def test_report_only_passes_and_is_reported(self):
        self.say(header(BACKUP, more=f'; report-uri="{self.URI}"'), name="Public-Key-Pins-Report-Only")
        result = self.fetch(self.server, "--hpkp", path="/with")
        self.assertIn("report-only pins (HPKP) are violated", result.err)
        report, = self.reports()
        self.assertEqual((report["uri"], report["host"], report["reason"]), (self.URI, HOST, "mismatch"))
        document = cli.validate(report["report"])
        self.assertEqual(document["known-pins"], [f'pin-sha256="{BACKUP.removeprefix("sha256/")}"'])
        self.assertEqual((document["pintle"]["decision"], document["pintle"]["softened"]), ("accept", True))
        self.assertEqual(self.entries(), [])

    def test_report_only_that_holds_is_not_reported(self):
        self.say(header(self.leaf.pin), name="Public-Key-Pins-Report-Only")
        self.assertEqual(self.note()["action"], "ignore")
        self.assertEqual(self.fetch(self.server, "--hpkp", path="/with").err, "")

    def test_a_violation_is_reported_where_the_host_said(self):
        self.noted(header(self.leaf.pin, BACKUP, more=f'; report-uri="{self.URI}"'))
        self.change_key()
        self.refused(self.server, "--hpkp")
        report, = self.reports()
        document = cli.validate(report["report"])
        self.assertEqual((report["uri"], document["noted-hostname"], document["pintle"]["decision"]),
                         (self.URI, HOST, "refuse"))
        self.assertEqual(document["validated-certificate-chain"], [])


if __name__ == "__main__":
    tap_unittest.main()
