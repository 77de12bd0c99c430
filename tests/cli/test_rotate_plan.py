#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle rotate plan: dates, refusals, formats, and what it asks the servers."""
import datetime
import json

import cli
import ics
import netcase
import pki
import publishing
import servers
import tap_unittest
from netcase import HOST

OLD, NEW, BACKUP, NEXT = (pki.Key() for _ in range(4))
START = "2026-12-01"


def steps(document):
    return {step["step"]: step["from"][:10] for step in document["steps"]}


def ids(document, member):
    return [note["id"] for note in document[member]]


class PlanCase(netcase.NetCase):
    def setUp(self):
        super().setUp()
        self.document(self.keyed())

    def keyed(self, **more):
        """A rule with a live and a backup pin."""
        return self.rule(self.pin(OLD, at="leaf"), self.pin(BACKUP, at="leaf", backup=True, label="slot 2"),
                         enforce_until=None, **more)

    def document(self, *rules, **more):
        more = {"issued": "2026-08-01T00:00:00Z", "expires": "2027-08-01T00:00:00Z",
                "hard_ttl_s": 200 * 86400, **more}
        return self.pinset(*rules, **more)

    def plan(self, *args, code=cli.OK, offline=True):
        fixed = ("--offline", "--start", START) if offline else ()
        result = self.run_cli("rotate", "plan", "--json", *fixed, *args)
        self.assertExit(result, code)
        return result.json


class Since(PlanCase):
    """How long clients have had the rule is one thing, from when on their version counts another."""
    def test_the_worst_case_counts_from_the_issue(self):
        self.document(self.keyed(), issued="2026-11-20T00:00:00Z", hard_ttl_s=90 * 86400)
        worst = self.plan("--to", NEW.pin)["worst_case"]
        self.assertEqual((worst["from"][:10], worst["until"][:10]), ("2026-12-22", "2027-02-18"))
        for since in ("2024-12-01", "2026-11-28"):
            with self.subTest(since):
                document = self.plan("--to", NEW.pin, "--since", since)
                self.assertEqual(document["worst_case"], worst)
                self.assertNotIn("ends-in-step", ids(document, "warnings"))

    def test_the_next_version_is_good_for_as_long_as_this_one(self):
        rule = self.rule(self.pin(OLD, at="leaf"), enforce_until="2027-11-20T00:00:00Z")
        self.document(rule, issued="2026-11-20T00:00:00Z", expires="2027-02-20T00:00:00Z", hard_ttl_s=None)
        plain = self.plan("--to", NEW.pin)["versions"][1:]
        self.assertEqual(plain[0]["enforce_until"], "2027-12-01T00:00:00Z")
        self.assertEqual(self.plan("--to", NEW.pin, "--since", "2024-12-01")["versions"][1:], plain)


class Dates(PlanCase):
    def test_a_new_key_is_published_waited_for_deployed_watched_and_the_old_one_retired(self):
        document = self.plan("--to", NEW.pin)
        self.assertEqual(document["kind"], "new-key")
        self.assertTrue(document["feasible"])
        self.assertEqual(steps(document), {
            "publish-backup": "2026-12-01", "deploy": "2026-12-22", "watch": "2026-12-22",
            "new-backup": "2026-12-29", "retire": "2026-12-29", "remove": "2027-01-12"})
        self.assertEqual([v["version"] for v in document["versions"]], [7, 8, 9, 10])
        self.assertEqual([v["held"] for v in document["versions"]], [True, False, False, False])
        retired = {pin["spki"]: pin for pin in document["versions"][2]["pins"]}
        self.assertEqual(retired[OLD.pin]["until"], "2027-01-12T00:00:00Z")
        self.assertNotIn("backup", retired[NEW.pin])
        self.assertNotIn(OLD.pin, [pin["spki"] for pin in document["versions"][3]["pins"]])
        self.assertEqual(document["worst_case"], {
            "version": 7, "bounded": True, "from": "2026-12-22T00:00:00Z", "until": "2027-02-17T00:00:00Z"})

    def test_a_backup_is_deployed_at_once(self):
        document = self.plan("--to-backup", "--new-backup", NEXT.pin)
        self.assertEqual(document["kind"], "backup")
        self.assertEqual(steps(document), {"deploy": "2026-12-01", "watch": "2026-12-01",
                                           "retire": "2026-12-08", "remove": "2026-12-22"})
        self.assertNotIn("worst_case", document)
        last = {pin["spki"]: pin for pin in document["versions"][-1]["pins"]}
        self.assertTrue(last[NEXT.pin]["backup"])

    def test_a_backup_that_is_new_in_the_pin_set_is_waited_for(self):
        self.document(self.keyed(), issued="2026-11-25T00:00:00Z")
        document = self.plan("--to-backup")
        self.assertEqual(steps(document)["deploy"], "2026-12-16")
        self.assertIn("recent", ids(document, "warnings"))
        self.assertEqual(steps(self.plan("--to-backup", "--since", "2026-09-01"))["deploy"], START)

    def test_lag_margin_and_deploy_move_the_dates(self):
        self.assertEqual(steps(self.plan("--to", NEW.pin, "--lag", "30", "--margin", "0"))["deploy"], "2026-12-31")
        self.assertEqual(steps(self.plan("--to", NEW.pin, "--deploy", "2027-01-05"))["deploy"], "2027-01-05")
        document = self.plan("--to", NEW.pin, "--deploy", "2027-01-05T13:30:00Z", "--lag-share", "0.999")
        self.assertEqual(document["steps"][1]["from"], "2027-01-05T13:30:00Z")
        self.assertEqual(document["lag_share"], 0.999)

    def test_the_overlap_of_the_pin_set_is_kept(self):
        self.document(self.keyed(), overlap_s=40 * 86400)
        self.assertEqual(steps(self.plan("--to", NEW.pin))["remove"], "2027-02-07")

    def test_a_bound_that_ends_in_the_middle_of_a_step_is_told(self):
        self.document(self.keyed(), hard_ttl_s=140 * 86400)
        document = self.plan("--to", NEW.pin)
        note = next(n["text"] for n in document["warnings"] if n["id"] == "ends-in-step")
        self.assertIn("2026-12-19 (hard_ttl_s)", note)
        self.assertIn('"publish-backup"', note)
        rule = self.keyed()
        self.document({**rule, "enforce_until": "2026-12-25T00:00:00Z"})
        note = next(n["text"] for n in self.plan("--to", NEW.pin)["warnings"] if n["id"] == "ends-in-step")
        self.assertIn("2026-12-25 (enforce_until)", note)

    def test_a_rule_without_a_bound_is_told(self):
        self.document(self.keyed(), hard_ttl_s=None)
        document = self.plan("--to", NEW.pin)
        self.assertIn("unbounded", ids(document, "warnings"))
        self.assertFalse(document["worst_case"]["bounded"])


class Refusals(PlanCase):
    def test_a_certificate_that_ends_before_the_wait_is_over(self):
        document = self.plan("--to", NEW.pin, "--cert-expires", "2026-12-21", code=cli.REFUSED)
        self.assertFalse(document["feasible"])
        self.assertEqual(ids(document, "refused"), ["certificate-ends"])
        self.assertEqual(ids(document, "possible"),
                         ["renew", "backup-sooner", "to-backup", "refresh", "report-mode"])
        self.assertIn("2026-11-30", document["possible"][1]["text"])
        self.assertTrue(self.plan("--to", NEW.pin, "--cert-expires", "2026-12-22")["feasible"])

    def test_a_deployment_before_the_wait_is_over(self):
        document = self.plan("--to", NEW.pin, "--deploy", "2026-12-21", code=cli.REFUSED)
        self.assertEqual(ids(document, "refused"), ["too-early"])
        self.assertIn("2026-12-22", document["possible"][0]["text"])
        self.assertTrue(self.plan("--to", NEW.pin, "--deploy", "2026-12-22")["feasible"])

    def test_a_denied_key_and_pins_that_end(self):
        self.document(self.keyed(deny=[NEW.pin]))
        self.assertIn("denied", ids(self.plan("--to", NEW.pin, code=cli.REFUSED), "refused"))
        self.document(self.rule(self.pin(OLD, until="2026-12-10T00:00:00Z"), enforce_until=None))
        self.assertIn("old-key-ends", ids(self.plan("--to", NEW.pin, code=cli.REFUSED), "refused"))

    def test_text_and_calendar_say_so_too(self):
        args = ("rotate", "plan", "--offline", "--start", START, "--to", NEW.pin, "--deploy", "2026-12-03")
        result = self.run_cli(*args)
        self.assertExit(result, cli.REFUSED)
        self.assertIn("refused        on 2026-12-03", result.out)
        self.assertIn("possible       deploy on 2026-12-22 or later", result.out)
        self.assertFails(cli.REFUSED, "refused: on 2026-12-03", *args, "--format", "ics")


class Texts(PlanCase):
    def test_shares_are_written_as_they_were_given(self):
        out = self.run_cli("rotate", "plan", "--json", "--offline", "--to", NEW.pin, "--lag-share", "98.6%").out
        self.assertIn('"lag_share": 0.986,', out)

    def test_json_is_no_calendar(self):
        self.assertUsage("--json and --format ics exclude", "rotate", "plan", "--offline", "--to", NEW.pin, "--json",
                         "--format", "ics")
        self.assertAccepted("rotate", "plan", "--offline", "--to", NEW.pin, "--json", env={"PINTLE_FORMAT": "ics"})

    def test_a_second_backup_is_a_reserve(self):
        def text(*args):
            return [step["text"] for step in self.plan(*args)["steps"] if step["step"] == "new-backup"][0]
        self.assertIn(f"has in reserve only {BACKUP.pin}.", text("--to", NEW.pin))
        self.assertIn("has no reserve.", text("--to-backup"))


class Emergencies(PlanCase):
    def test_a_lost_key_is_replaced_by_the_backup_today(self):
        document = self.plan("--to-backup", "--emergency", "lost")
        self.assertEqual(document["kind"], "lost")
        self.assertEqual(steps(document)["deploy"], START)
        self.assertEqual(steps(document)["retire"], START)
        self.assertNotIn("worst_case", document)

    def test_a_stolen_key_is_denied_when_the_servers_have_changed(self):
        document = self.plan("--to-backup", "--emergency", "stolen")
        when = {step["step"]: step["from"] for step in document["steps"]}
        self.assertLess(when["deploy"], when["deny"])
        self.assertEqual(document["versions"][-1]["deny"], [OLD.pin])
        self.assertNotIn("orders", document)

    def test_without_a_successor_the_orders_are_weighed(self):
        document = self.plan("--to", NEW.pin, "--emergency", "stolen")
        orders = {order["order"]: order for order in document["orders"]}
        self.assertTrue(orders["deploy-first"]["chosen"])
        self.assertEqual(steps(document)["deploy"], START)
        self.assertIn("lock-out", ids(document, "warnings"))
        self.assertGreater(orders["publish-first"]["exposed_days"], 21)
        document = self.plan("--to", NEW.pin, "--emergency", "stolen", "--order", "publish-first")
        self.assertEqual(steps(document)["deploy"], "2026-12-22")


class Calendar(PlanCase):
    def calendar(self, *args):
        result = self.assertAccepted("rotate", "plan", "--offline", "--to", NEW.pin, "--format", "ics",
                                     "--start", START, *args)
        return ics.parse(result.out_bytes)

    def test_it_holds_every_step_with_an_alarm(self):
        events = self.calendar()
        planned = self.plan("--to", NEW.pin)["steps"]
        self.assertEqual([e["SUMMARY"] for e in events], [f"api: {step['title']}" for step in planned])
        self.assertEqual([e["DESCRIPTION"] for e in events], [step["text"] for step in planned])
        for event, step in zip(events, planned):
            self.assertEqual(event["DTSTART"].strftime("%Y-%m-%dT%H:%M:%SZ"), step["from"])
            self.assertEqual(len(event.alarms), 1)

    def test_a_calendar_takes_the_plan_that_was_made_last(self):
        """Also if its first step is earlier than that of the plan before: RFC 5545, section 3.8.7.2."""
        before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        for start in ("2027-03-01", START, "2026-01-01"):
            for event in self.calendar("--start", start):
                self.assertTrue(before <= event["DTSTAMP"] <= datetime.datetime.now(datetime.timezone.utc))

    def test_it_is_no_invitation(self):
        """PUBLISH asks for an ORGANIZER in each event: RFC 5546, section 3.2.1."""
        result = self.run_cli("rotate", "plan", "--offline", "--to", NEW.pin, "--format", "ics", "--start", START)
        self.assertNotIn("METHOD", result.out)

    def test_names_stay_when_dates_change_and_differ_when_keys_do(self):
        first = [event["UID"] for event in self.calendar()]
        self.assertEqual(first, [event["UID"] for event in self.calendar("--lag", "40")])
        other = self.assertAccepted("rotate", "plan", "--offline", "--to", NEXT.pin, "--format", "ics",
                                    "--start", START)
        self.assertFalse(set(first) & {event["UID"] for event in ics.parse(other.out_bytes)})

    def test_characters_stay_whole_where_lines_are_folded(self):
        for letters in range(1, 40):
            self.document(self.keyed(), app="a" * letters + "ü,;ö" * 30)
            self.calendar()

    def test_the_reader_is_strict(self):
        good = self.assertAccepted("rotate", "plan", "--offline", "--to", NEW.pin, "--format", "ics",
                                   "--start", START).out_bytes
        for bad in (good.replace(b"\r\n", b"\n"), good.replace(b"\r\n ", b""), good[:-2],
                    good.replace(b"DTSTAMP", b"DTSTAMPX", 1), good.replace(b"END:VALARM\r\n", b"", 1),
                    good.replace(b"000000Z", b"000000", 1), good.replace(b"VERSION:2.0", b"VERSION:1.0")):
            with self.assertRaises((ics.Error, KeyError)):
                ics.parse(bad)


class Servers(PlanCase):
    def test_the_key_in_use_and_the_end_of_its_certificate_come_from_the_servers(self):
        leaf = self.issue(key=OLD, days=10)
        self.document(self.keyed(), issued=self.time(-60), expires=self.time(300))
        document = self.plan("--to", NEW.pin, *self.to(self.nginx(leaf)), offline=False, code=cli.REFUSED)
        self.assertEqual(ids(document, "refused"), ["certificate-ends"])
        self.assertEqual(document["certificate_ends"][:10], self.time(10)[:10])
        document = self.plan("--to-backup", *self.to(self.nginx(leaf)), offline=False)
        self.assertTrue(document["feasible"])

    def test_which_of_several_live_pins_is_replaced_is_seen(self):
        other = pki.Key()
        self.document(self.rule(self.pin(other, at="leaf"), self.pin(OLD, at="leaf"), enforce_until=None),
                      issued=self.time(-60), expires=self.time(300))
        document = self.plan("--to", NEW.pin, *self.to(self.nginx(self.issue(key=OLD))), offline=False)
        self.assertEqual(document["keys"]["old"], OLD.pin)
        self.assertUsage("rule api has 2 live pins: say which with --from", "rotate", "plan", "--offline",
                         "--to", NEW.pin)
        both = self.nginx(self.issue(key=OLD), self.issue(kind="rsa", key=None))
        self.plan("--to", NEW.pin, *self.to(both), offline=False)

    def test_servers_that_show_no_pinned_key_or_none_at_all(self):
        self.assertFails(cli.REFUSED, "no server of rule api shows a key that is pinned", "rotate", "plan",
                         "--to", NEW.pin, *self.to(self.nginx()))
        result = self.run_cli("rotate", "plan", "--to", NEW.pin, "--connect",
                              f"127.0.0.1:{servers.free_port()}", "--ca", self.ca)
        self.assertExit(result, cli.UNREACHABLE)
        self.assertIn("--offline", result.err)

    def test_a_path_that_nobody_vouches_for_makes_no_plan(self):
        self.document(self.keyed(), issued=self.time(-60), expires=self.time(300))
        server = self.nginx(self.issue(key=OLD))
        result = self.run_cli("rotate", "plan", "--to-backup", "--connect", server.address)
        self.assertExit(result, cli.TLS)
        self.assertEqual(result.out, "")
        self.assertIn("--ca", result.err)
        self.document(self.rule(self.pin(OLD, at="leaf"), self.pin(BACKUP, at="leaf", backup=True), trust="key",
                                enforce_until=None), issued=self.time(-60), expires=self.time(300))
        self.assertExit(self.run_cli("rotate", "plan", "--to-backup", "--connect", server.address), cli.OK)

    def test_an_emergency_asks_nobody(self):
        self.run_cli("rotate", "plan", "--to-backup", "--emergency", "lost", "--connect",
                     f"127.0.0.1:{servers.free_port()}")
        self.assertExit(self.run_cli("rotate", "plan", "--to-backup", "--emergency", "lost", "--connect",
                                     f"127.0.0.1:{servers.free_port()}"), cli.OK)


class Published(publishing.PublishingCase):
    """The plan begins from what clients have, whatever pintle.json says by now."""

    def setUp(self):
        super().setUp()
        self.age_root(60)
        self.document(issued=self.time(-10))
        self.publish(*self.proof)
        for _ in range(2):
            self.publish(*self.proof, "--bump")

    def plan(self, *args):
        result = self.run_cli("rotate", "plan", "--json", "--offline", *args)
        self.assertExit(result, cli.OK)
        return result.json

    def test_versions_are_those_that_are_published(self):
        document = self.plan("--dir", "shop", "--to", NEW.pin)
        self.assertEqual((document["published"], document["file"]), (True, "shop"))
        self.assertIn("Publish version 4,", document["steps"][0]["text"])
        self.assertEqual(document["worst_case"]["version"], 3)
        self.assertFalse(self.plan("--to", NEW.pin)["published"])

    def test_a_key_that_every_version_has_locks_nobody_out(self):
        for args in (("--emergency", "lost"), ()):
            document = self.plan("--dir", "shop", "--to", "backup.csr", *args)
            self.assertEqual([each for each in ids(document, "warnings") if each in ("recent", "lock-out")], [])
            self.assertNotIn("worst_case", document)
        self.assertIn("recent", ids(self.plan("--to", "backup.csr"), "warnings"))

    def test_a_key_that_old_versions_lack_locks_those_out(self):
        self.document(self.leaf, self.pin(self.backup, backup=True), self.pin(NEW, backup=True), version=4,
                      issued=self.time(0))
        self.publish(*self.proof, "--accept-risk", "PIN103", "--accept-risk", "PIN113", code=cli.USAGE)
        self.publish(*self.proof)
        self.publish(*self.proof, "--bump")
        document = self.plan("--dir", "shop", "--to", NEW.pin, "--emergency", "lost")
        self.assertEqual(document["worst_case"]["version"], 3)
        self.assertIn("lock-out", ids(document, "warnings"))

    def test_people_are_told_what_a_plan_is_from(self):
        self.assertIn("unpublished", ids(self.plan("--to", NEW.pin), "warnings"))
        result = self.assertAccepted("rotate", "plan", "--offline", "--to", NEW.pin)
        self.assertIn("--dir plans from what clients have", " ".join(result.out.split()))
        result = self.run_cli("rotate", "plan", "--offline", "--to", NEW.pin, "--dir", "shop")
        self.assertIn(" in shop ", result.out)
        self.assertNotIn("--dir", result.out)


class Input(PlanCase):
    def test_keys_come_from_pins_certificates_requests_and_public_keys(self):
        request = self.write("new.csr.pem", pki.request(NEW, HOST))
        leaf = self.issue(key=NEW)
        chain = leaf.write(self.dir / "chain.pem", chain=True)
        for text in (NEW.pin, request, chain, NEW.pin.replace("sha256/", "sha256//")):
            document = self.plan("--to", text)
            self.assertEqual(document["keys"]["new"], NEW.pin)
            proven = "unproven" not in ids(document, "warnings")
            self.assertEqual(proven, text in (request, chain))

    def test_bad_options(self):
        start = ("rotate", "plan", "--offline")
        for args, message in (
                ((), "say what the new key is"),
                (("--to", NEW.pin, "--to-backup"), "exclude each other"),
                (("--to", "sha256/short"), "option --to"),
                (("--to", OLD.pin), "the new key is the one in use"),
                (("--to", NEW.pin, "--from", NEXT.pin), "has no such pin"),
                (("--to", NEW.pin, "--new-backup", NEW.pin), "no reserve"),
                (("--to", NEW.pin, "--start", "tomorrow"), "option --start: 'tomorrow' is no date"),
                (("--to", NEW.pin, "--deploy", "2026-02-30"), "option --deploy"),
                (("--to", NEW.pin, "--start", "9999-12-31"), "option --start: is too far ahead"),
                (("--to", NEW.pin, "--start", START, "--deploy", "2036-11-30"), "is more than 3650 days after the start"),
                (("--to", NEW.pin, "--cert-expires", "2026"), "option --cert-expires"),
                (("--to", NEW.pin, "--since", "x"), "option --since"),
                (("--to", NEW.pin, "--lag", "-1"), "option --lag"),
                (("--to", NEW.pin, "--lag", "3651"), "option --lag"),
                (("--to", NEW.pin, "--lag-share", "99"), "option --lag-share"),
                (("--to", NEW.pin, "--lag-share", "100%"), "option --lag-share"),
                (("--to", NEW.pin, "--margin", "x"), "option --margin"),
                (("--to", NEW.pin, "--emergency", "fire"), "option --emergency"),
                (("--to", NEW.pin, "--emergency", "lost", "--deploy", START), "exclude each other"),
                (("--to", NEW.pin, "--order", "deploy-first"), "needs --emergency stolen"),
                (("--to", NEW.pin, "--format", "xml"), "option --format"),
                (("--to", NEW.pin, "--rule", "web"), "no rule 'web'")):
            with self.subTest(args):
                self.assertUsage(message, *start, *args)

    def test_an_overlap_that_no_plan_can_wait_for(self):
        self.document(self.keyed(), overlap_s=3650 * 86400)
        self.plan("--to", NEW.pin)
        self.document(self.keyed(), overlap_s=253402300799)
        self.assertFails(cli.INPUT, "overlap_s is more than 3650 days", "rotate", "plan", "--offline", "--to", NEW.pin)

    def test_bad_files_and_hosts(self):
        start = ("rotate", "plan", "--offline")
        self.assertFails(cli.INPUT, "nothing.pem", *start, "--to", "nothing.pem")
        self.assertFails(cli.INPUT, "junk.pem", *start, "--to", self.write("junk.pem", "junk"))
        self.assertFails(cli.INPUT, "two.pem", *start, "--to",
                         self.write("two.pem", NEW.pem + NEXT.pem))
        self.assertFails(cli.REFUSED, "no rule covers", *start, "--to", NEW.pin, "--host", "www.example.org")
        self.assertFails(cli.INPUT, "absent.json", *start, "--to", NEW.pin, "-p", "absent.json")
        self.document(self.rule(OLD, enforce_until=None))
        self.assertFails(cli.REFUSED, "has no backup pin", *start, "--to-backup")

    def test_one_of_several_rules_is_named(self):
        self.document(self.keyed(), self.rule(OLD, match=["b.example.com"], rule_id="b", enforce_until=None))
        start = ("rotate", "plan", "--offline", "--to", NEW.pin)
        self.assertUsage("has 2 rules", *start)
        self.assertEqual(self.plan("--to", NEW.pin, "--rule", "b")["rule"], "b")
        self.assertEqual(self.plan("--to", NEW.pin, "--host", "b.example.com")["rule"], "b")

    def test_too_many_pins(self):
        pins = [self.pin(OLD)] + [self.pin(pki.Key(), backup=True) for _ in range(62)]
        self.document(self.rule(*pins, enforce_until=None))
        self.assertFails(cli.INPUT, "too many for a plan", "rotate", "plan", "--offline", "--to", NEW.pin)

    def test_the_same_question_has_the_same_answer(self):
        args = ("rotate", "plan", "--offline", "--to", NEW.pin, "--start", START)
        for form in ("text", "json", "ics"):
            first = self.assertAccepted(*args, "--format", form).out_bytes
            self.assertEqual(first, self.assertAccepted(*args, "--format", form).out_bytes)
        self.assertEqual(json.loads(self.assertAccepted(*args, "--json").out)["start"], "2026-12-01T00:00:00Z")


if __name__ == "__main__":
    tap_unittest.main()
