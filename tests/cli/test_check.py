#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle check: what it finds in pin-sets and at servers, how it says it and how it exits."""
import json
import os
import signal
import subprocess
import time

import cli
import netcase
import pki
import servers
import tap_unittest
from netcase import HOST, OTHER_PIN

BACKUP = pki.Key()


class CheckCase(netcase.NetCase):
    def backup(self, key=BACKUP, **more):
        return self.pin(key, backup=True, **more)

    def check(self, *args, code, **options):
        """The document of a check with this exit code."""
        result = self.run_cli("check", "--json", *args, **options)
        self.assertExit(result, code)
        return result.json

    def assertFinds(self, expected, code, *args, **options):
        """Exactly these ids, in any order; returns the document."""
        document = self.check(*args, code=code, **options)
        found = [finding["id"] for finding in document["findings"]]
        self.assertEqual(sorted(set(found)), sorted(expected), document["findings"])
        return document

    def results(self, document):
        return [shake["result"] for server in document["servers"] for shake in server["handshakes"]]


class Live(CheckCase):
    def test_live_and_backup_pin_are_clean(self):
        leaf = self.issue()
        self.pinset(self.rule(leaf, self.backup()))
        document = self.assertFinds([], cli.OK, *self.to(self.nginx(leaf)))
        self.assertEqual(self.results(document), ["match"])
        self.assertEqual(document["servers"][0]["handshakes"][0]["verdict"]["pin"], 0)

    def test_rsa_and_ecdsa_chains_are_both_compared(self):
        ec, rsa = self.issue(), self.issue(kind="rsa")
        self.pinset(self.rule(ec, rsa, self.backup()))
        document = self.assertFinds([], cli.OK, *self.to(self.nginx(ec, rsa)))
        self.assertEqual(self.results(document), ["match", "match"])

    def test_another_key_is_a_mismatch(self):
        leaf = self.issue()
        self.pinset(self.rule(OTHER_PIN, self.backup()))
        document = self.assertFinds(["PIN101"], cli.REFUSED, *self.to(self.nginx(leaf)))
        detail = next(f["detail"] for f in document["findings"] if f["id"] == "PIN101")
        self.assertIn(leaf.pin, detail)

    def test_one_unpinned_chain_of_two_is_told_as_such(self):
        ec, rsa = self.issue(), self.issue(kind="rsa")
        self.pinset(self.rule(ec, self.backup()))
        self.assertFinds(["PIN101", "PIN110"], cli.REFUSED, *self.to(self.nginx(ec, rsa)))

    def test_report_mode_softens_nothing_here(self):
        self.pinset(self.rule(OTHER_PIN, self.backup(), mode="report", report=["https://r.example/"]))
        document = self.check(*self.to(self.nginx()), code=cli.REFUSED)
        self.assertIn("PIN101", [finding["id"] for finding in document["findings"]])
        self.assertTrue(document["servers"][0]["handshakes"][0]["verdict"]["softened"])

    def test_a_rule_that_is_off_has_no_mismatch(self):
        self.pinset(self.rule(OTHER_PIN, self.backup(), mode="off", enforce_until=None, after=None))
        document = self.check("--fail-on", "error", *self.to(self.nginx()), code=cli.OK)
        self.assertEqual(self.results(document), ["off"])

    def test_a_retired_pin_matches_no_longer(self):
        leaf = self.issue()
        server = self.nginx(leaf)
        self.pinset(self.rule(OTHER_PIN, self.pin(leaf, until=self.time(-1)), self.backup()))
        document = self.assertFinds(["PIN022", "PIN101"], cli.REFUSED, *self.to(server))
        chain = document["servers"][0]["handshakes"][0]["verdict"]["chain"]
        self.assertEqual(chain[0]["note"], "retired")
        self.pinset(self.rule(self.pin(leaf, until=self.time(40)), self.backup()))
        self.assertFinds([], cli.OK, *self.to(server))

    def test_a_retired_pin_is_not_missed_at_the_server(self):
        leaf = self.issue()
        self.pinset(self.rule(leaf, self.pin(OTHER_PIN, until=self.time(-1)), self.backup()))
        self.assertFinds(["PIN022"], cli.REFUSED, *self.to(self.nginx(leaf)))

    def test_what_clients_learn_is_not_judged(self):
        leaf = self.issue()
        server = self.nginx(leaf)
        for trust in ("tofu", "tofu-key"):
            self.pinset(self.rule(trust=trust))
            document = self.assertFinds(["PIN031"], cli.OK, *self.to(server))
            self.assertEqual(self.results(document), ["memory"])
            self.assertIn("skip " + HOST, self.run_cli("check", *self.to(server)).out)
            self.pinset(self.rule(leaf, self.backup(), trust=trust))
            document = self.assertFinds([], cli.OK, *self.to(server))
            self.assertEqual(self.results(document), ["match"])
            self.pinset(self.rule(deny=[leaf.pin], trust=trust))
            self.assertFinds(["PIN031", "PIN111"], cli.REFUSED, *self.to(server))
        self.pinset(self.rule(trust="tofu"))
        self.assertFinds(["PIN031", "PIN106"], cli.TLS, "--connect", server.address)

    def test_a_denied_key_is_told(self):
        leaf = self.issue()
        self.pinset(self.rule(leaf, self.backup(), deny=[self.issuing.pin]))
        self.assertFinds(["PIN111"], cli.REFUSED, *self.to(self.nginx(leaf)))

    def test_a_backup_in_use_is_told_with_what_to_do(self):
        key = pki.Key()
        self.pinset(self.rule(OTHER_PIN, self.backup(key)))
        server = self.nginx(self.issue(key=key))
        self.assertFinds(["PIN102", "PIN112"], cli.REFUSED, *self.to(server))
        advice = self.run_cli("check", *self.to(server)).out.partition("next:")[2]
        told = [advice.find(text) for text in (
            "rotated to its backup key", f"pintle key backup --add {HOST}", 'drop "backup"',
            "remove the old", 'raise "version"')]
        self.assertEqual((told, told.count(-1)), (sorted(told), 0), advice)

    def test_a_new_backup_is_not_asked_for_again_when_there_is_one(self):
        key = pki.Key()
        self.pinset(self.rule(OTHER_PIN, self.backup(key), self.backup()))
        server = self.nginx(self.issue(key=key))
        self.assertFinds(["PIN102", "PIN112"], cli.REFUSED, *self.to(server))
        out = self.run_cli("check", *self.to(server)).out
        self.assertIn('"backup" from the pin that is live now and remove the old pin', out)
        self.assertNotIn("pintle key backup", out)

    def test_quiet_gives_no_advice(self):
        self.pinset(self.rule(OTHER_PIN))
        self.assertIn("next:", self.run_cli("check", "--offline").out)
        result = self.run_cli("check", "--offline", "-q")
        self.assertExit(result, cli.REFUSED)
        self.assertIn("PIN001", result.out)
        self.assertNotIn("next:", result.out)

    def test_a_renewed_certificate_with_the_same_key_is_clean(self):
        leaf = self.issue()
        self.pinset(self.rule(leaf, self.backup()))
        self.assertFinds([], cli.OK, *self.to(self.nginx(self.issue(key=leaf.key))))

    def test_a_leaf_that_drifted_behind_a_ca_pin_is_told(self):
        self.pinset(self.rule(self.pin(OTHER_PIN, "leaf"), self.pin(self.issuing, "ca"),
                              self.backup()))
        self.assertFinds(["PIN108", "PIN112"], cli.REFUSED, *self.to(self.nginx()))

    def test_pins_under_one_ca_alone_are_told(self):
        self.pinset(self.rule(self.pin(self.issuing, "ca"),
                              self.pin(self.root, "ca", backup=True)))
        self.assertFinds(["PIN102", "PIN107"], cli.REFUSED, *self.to(self.nginx()))

    def test_a_certificate_that_ends_soon_is_told_within_the_days_asked_for(self):
        leaf = self.issue(days=20)
        self.pinset(self.rule(leaf, self.backup()))
        server = self.nginx(leaf)
        self.assertFinds(["PIN103"], cli.REFUSED, *self.to(server))
        self.assertFinds([], cli.OK, "--within", "10", *self.to(server))

    def test_one_day_is_one_day(self):
        leaf = self.issue(days=1.5)
        self.pinset(self.rule(leaf, self.backup()))
        out = self.run_cli("check", *self.to(self.nginx(leaf))).out
        self.assertRegex(out, r"  1 day left\n")
        self.assertIn("(1 day)", out)

    def test_an_expired_certificate_is_an_invalid_path_alone(self):
        leaf = self.issue(days=-2)
        self.pinset(self.rule(leaf, self.backup()))
        self.assertFinds(["PIN106"], cli.TLS, *self.to(self.nginx(leaf)))

    def test_a_weak_key_is_told(self):
        leaf = self.issue(kind="rsa1024")
        with servers.Tls(servers.context(leaf, weak=True)) as server:
            self.pinset(self.rule(leaf, self.backup(), trust="key"))
            self.assertFinds(["PIN104"], cli.REFUSED, *self.to(server))
            self.pinset(self.rule(leaf, self.backup()))
            self.assertFinds(["PIN104", "PIN106"], cli.REFUSED, *self.to(server))

    def test_a_pinned_key_in_another_position_does_not_match(self):
        leaf = self.issue()
        self.pinset(self.rule(self.pin(leaf, "ca"), self.backup()))
        self.assertFinds(["PIN101"], cli.REFUSED, *self.to(self.nginx(leaf)))

    def test_trust_key_needs_no_path(self):
        leaf = pki.self_signed("device")
        server = self.nginx(leaf)
        self.pinset(self.rule(leaf, self.backup(), trust="key"))
        self.assertFinds([], cli.OK, "--connect", server.address)


class PathAndReach(CheckCase):
    def test_an_invalid_path_alone_exits_4(self):
        leaf = self.issue()
        self.pinset(self.rule(leaf, self.backup()))
        server = self.nginx(leaf)
        self.assertFinds(["PIN106"], cli.TLS, "--connect", server.address)

    def test_another_hosts_certificate_exits_4(self):
        leaf = self.issue("other.example.com")
        self.pinset(self.rule(leaf, self.backup()))
        self.assertFinds(["PIN106"], cli.TLS, *self.to(self.nginx(leaf)))

    def test_an_unreachable_server_alone_exits_3(self):
        self.pinset(self.rule(OTHER_PIN, self.backup()))
        document = self.assertFinds(["PIN105"], cli.UNREACHABLE, "--connect",
                                    f"127.0.0.1:{servers.free_port()}")
        self.assertEqual(self.results(document), ["unreachable"])

    def test_a_name_without_an_address_exits_3(self):
        self.pinset(self.rule(OTHER_PIN, self.backup(), match=["a" * 63 + ".invalid"]))
        document = self.assertFinds(["PIN105"], cli.UNREACHABLE, "--timeout", "5")
        self.assertIn("error", document["servers"][0])

    def test_hostile_servers_are_unreachable_or_fail_in_tls(self):
        self.pinset(self.rule(OTHER_PIN, self.backup()))
        for script, code, word in [(servers.silent, cli.UNREACHABLE, "unreachable"),
                                   (servers.dripping, cli.UNREACHABLE, "unreachable"),
                                   (servers.closing, cli.TLS, "tls"),
                                   (servers.plain_http, cli.TLS, "tls")]:
            with self.subTest(script.__name__):
                document = self.assertFinds(["PIN105"], code, "--timeout", "1", "--connect",
                                            self.script(script).address)
                self.assertEqual(self.results(document), [word])

    @netcase.needs_namespaces
    def test_every_address_of_a_name_is_compared(self):
        good = self.issue()
        one = self.nginx(good, hosts=("127.0.0.2",))
        self.nginx(self.issue(), hosts=("127.0.0.3",), port=one.port)
        self.pinset(self.rule(good, self.backup(), ports=[one.port]))
        result = self.run_named({HOST: ["127.0.0.2", "127.0.0.3", "127.0.0.4"]}, "check", "--json",
                                "--ca", self.ca)
        self.assertExit(result, cli.REFUSED)
        shakes = {shake["address"]: shake["result"]
                  for shake in result.json["servers"][0]["handshakes"]}
        self.assertEqual(shakes, {f"127.0.0.2:{one.port}": "match",
                                  f"127.0.0.3:{one.port}": "mismatch",
                                  f"127.0.0.4:{one.port}": "unreachable"})
        self.assertEqual({finding["id"] for finding in result.json["findings"]},
                         {"PIN101", "PIN105", "PIN110"})

    @netcase.needs_namespaces
    def test_an_address_without_a_route_is_no_finding_while_another_answers(self):
        good = self.issue()
        one = self.nginx(good)
        self.pinset(self.rule(good, self.backup(), ports=[one.port]))
        names = {HOST: ["127.0.0.1", "2001:db8::1"]}
        result = self.run_named(names, "check", "--json", "--ca", self.ca, "--timeout", "3")
        shakes = [shake["result"] for shake in result.json["servers"][0]["handshakes"]]
        if shakes[-1] == "unreachable":
            self.skipTest("this machine has a route to the documentation network")
        self.assertExit(result, cli.OK)
        self.assertEqual(sorted(shakes), ["match", "no-route"])

    def test_a_mismatch_weighs_more_than_the_rest(self):
        port = servers.free_port()
        self.pinset(self.rule(OTHER_PIN, self.backup()),
                    self.rule(OTHER_PIN, self.backup(), match=["127.0.0.1"], rule_id="gone",
                              ports=[port]))
        server = self.nginx()
        self.assertFinds(["PIN101"], cli.REFUSED, "--rule", "api", *self.to(server))
        self.assertFinds(["PIN105"], cli.UNREACHABLE, "--rule", "gone")

    def test_an_interrupt_ends_it_by_that_signal(self):
        server = self.script(servers.silent)
        self.pinset(self.rule(OTHER_PIN, self.backup()))
        process = subprocess.Popen([cli.BIN, "check", "--connect", server.address], cwd=self.dir,
                                   env=cli.environment(self.dir), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        while server.connections == 0:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out), (-signal.SIGINT, b""))

    def test_starttls_is_spoken_first(self):
        leaf = self.issue()
        self.pinset(self.rule(leaf, self.backup(), ports=None))
        with servers.Starttls("smtp", servers.context(leaf)) as server:
            document = self.assertFinds([], cli.OK, "--starttls", "smtp", *self.to(server))
            self.assertEqual(document["servers"][0]["port"], 25)


class Rules(CheckCase):
    def test_patterns_with_stars_are_checked_by_the_hosts_named(self):
        leaf = self.issue("*.example.com")
        self.pinset(self.rule(leaf, self.backup(), match=["*.example.com"]))
        server = self.nginx(leaf)
        document = self.assertFinds(["PIN109"], cli.OK)
        self.assertEqual(document["servers"], [])
        self.assertFinds([], cli.OK, "--host", "a.example.com", *self.to(server))
        wrong = self.nginx(self.issue("*.example.com"))
        self.assertFinds(["PIN101"], cli.REFUSED, "--host", "a.example.com", *self.to(wrong))

    def test_a_host_no_rule_covers_exits_1(self):
        self.pinset(self.rule(OTHER_PIN, self.backup()))
        self.assertFails(cli.REFUSED, "no rule covers x.example:443", "check", "--host",
                         "x.example")
        self.assertFails(cli.REFUSED, f'no rule covers {HOST}:8443; rule "api" covers port 443 only',
                         "check", "--host", f"{HOST}:8443")

    def test_one_rule_may_be_chosen(self):
        leaf = self.issue()
        self.pinset(self.rule(leaf, self.backup()),
                    self.rule(OTHER_PIN, match=["b.example"], rule_id="b"))
        self.assertFinds([], cli.OK, "--rule", "api", *self.to(self.nginx(leaf)))
        self.assertFinds(["PIN001"], cli.REFUSED, "--rule", "b", "--offline")
        self.assertUsage("no rule 'c'", "check", "--rule", "c")

    def test_a_more_specific_rule_takes_the_server_over(self):
        leaf = self.issue()
        self.pinset(self.rule(OTHER_PIN, self.backup(), ports=None, rule_id="wide"),
                    self.rule(leaf, self.backup(), rule_id="narrow"))
        document = self.check(*self.to(self.nginx(leaf)), code=cli.OK)
        self.assertEqual([server["rule"] for server in document["servers"]], ["narrow"])

    def test_every_port_of_a_rule_is_looked_at(self):
        self.pinset(self.rule(OTHER_PIN, self.backup(), ports=[443, 8443]))
        document = self.check("--connect", f"127.0.0.1:{servers.free_port()}",
                              code=cli.UNREACHABLE)
        self.assertEqual([server["port"] for server in document["servers"]], [443, 8443])


class Lint(CheckCase):
    def lint(self, expected, code, *rules, args=(), **more):
        self.pinset(*rules, **more)
        return self.assertFinds(expected, code, "--offline", *args)

    def test_the_document_alone(self):
        self.lint([], cli.OK, self.rule(OTHER_PIN, self.backup()))
        self.lint(["PIN001"], cli.REFUSED, self.rule(OTHER_PIN))
        self.lint(["PIN002", "PIN027"], cli.REFUSED,
                  self.rule(OTHER_PIN, self.backup(), enforce_until=None), hard_ttl_s=None)
        self.lint(["PIN004"], cli.REFUSED,
                  self.rule(OTHER_PIN, self.backup(), enforce_until=self.time(-1)))
        self.lint(["PIN005"], cli.REFUSED,
                  self.rule(OTHER_PIN, self.backup(), enforce_until=self.time(20)))
        self.lint(["PIN007"], cli.REFUSED, self.rule(OTHER_PIN, self.backup()), expires=20)
        self.lint(["PIN009"], cli.REFUSED, self.rule(OTHER_PIN, OTHER_PIN, self.backup()))
        self.lint(["PIN011"], cli.REFUSED,
                  self.rule(self.pin(OTHER_PIN, "leaf"), self.backup(at="leaf")))

    def test_placeholders_are_errors(self):
        filler = "sha256/" + "A" * 43 + "="
        self.lint(["PIN008"], cli.REFUSED, self.rule(OTHER_PIN, filler, self.backup()))

    def test_public_suffixes_are_errors_and_unknown_names_are_not(self):
        self.lint(["PIN013"], cli.REFUSED,
                  self.rule(OTHER_PIN, self.backup(), match=["**.co.uk"]))
        self.lint([], cli.OK, self.rule(OTHER_PIN, self.backup(), match=["localhost", "**.lan"]))

    def test_the_days_ahead_are_chosen(self):
        rule = self.rule(OTHER_PIN, self.backup(), enforce_until=self.time(20))
        self.lint([], cli.OK, rule, args=("--within", "10"))
        self.lint(["PIN005"], cli.REFUSED, rule, args=("--within", "25"))

    def test_fail_on_chooses_what_counts(self):
        warning = self.rule(OTHER_PIN, self.backup(), enforce_until=self.time(20))
        error = self.rule(OTHER_PIN)
        info = self.rule(OTHER_PIN, self.backup(), mode="report")
        for rule, by_error, by_warning, by_info in [(error, 1, 1, 1), (warning, 0, 1, 1),
                                                    (info, 0, 0, 1)]:
            self.pinset(rule)
            for severity, code in [("error", by_error), ("warning", by_warning),
                                   ("info", by_info)]:
                result = self.run_cli("check", "--offline", "--fail-on", severity)
                self.assertExit(result, code)

    def test_a_document_without_hard_ttl_is_told_for_information(self):
        rule = self.rule(OTHER_PIN, self.backup())
        self.lint(["PIN027"], cli.OK, rule, hard_ttl_s=None)
        self.lint(["PIN027"], cli.REFUSED, rule, hard_ttl_s=None, args=("--fail-on", "info"))
        self.lint(["PIN028"], cli.REFUSED, rule, hard_ttl_s=90 * 86400)

    def test_the_hard_end_bounds_a_rule(self):
        rule = self.rule(OTHER_PIN, self.backup(), enforce_until=None)
        self.lint([], cli.OK, rule)
        self.lint(["PIN005", "PIN007"], cli.REFUSED, rule, expires=15, hard_ttl_s=20 * 86400)
        self.lint(["PIN004", "PIN006"], cli.REFUSED, rule, issued=self.time(-30), expires=-20,
                  hard_ttl_s=20 * 86400)

    def test_pins_that_end_are_told(self):
        retiring = self.pin(OTHER_PIN, until=self.time(20))
        key = self.pin(pki.Key())
        self.lint(["PIN023"], cli.REFUSED, self.rule(key, retiring, self.backup()))
        self.lint([], cli.OK, self.rule(key, retiring, self.backup()), args=("--within", "19"))
        self.lint(["PIN023", "PIN024"], cli.REFUSED, self.rule(retiring, self.backup()))
        self.lint(["PIN022"], cli.REFUSED,
                  self.rule(key, self.pin(OTHER_PIN, until=self.time(-1)), self.backup()))

    def test_no_connection_is_made_offline(self):
        server = self.script(servers.silent)
        self.pinset(self.rule(OTHER_PIN, self.backup()))
        self.assertAccepted("check", "--offline", "--connect", server.address)
        self.assertEqual(server.connections, 0)


class Format(CheckCase):
    def test_text_tells_server_pin_and_summary(self):
        leaf = self.issue()
        self.pinset(self.rule(self.pin(leaf, label="2026"), self.backup()))
        out = self.assertAccepted("check", *self.to(self.nginx(leaf))).out
        self.assertRegex(out, rf"(?m)^  ok   {HOST}:443 at 127.0.0.1:\d+  EC P-256  "
                              r"live pin 0 \(2026\) as the server's key  (89|90) days left$")
        self.assertIn("clean: 0 errors, 0 warnings; 1 server looked at", out)

    def test_text_tells_when_rules_and_pins_end(self):
        until = self.time(40)
        self.pinset(self.rule(self.pin(OTHER_PIN), self.pin(pki.Key(), until=until, label="old"),
                              self.backup(), trust="tofu-key", learn_days=1, enforce_until=None),
                    epoch=3, issued="2026-01-01T00:00:00Z", hard_ttl_s=200 * 365 * 86400)
        out = self.assertAccepted("check", "--offline", "--fail-on", "error").out
        self.assertRegex(out, r"(?m)^pintle.json: app com.example.test, epoch 3, version 7, ")
        self.assertRegex(out, r"(?m)^rule api  enforce until 2225-11-14, 3 pins, "
                              r"trusts the key alone, learns the server's key on first use "
                              r"for 1 day$")
        self.assertRegex(out, rf"(?m)^  pin 1 \(old\)  matches until {until}$")

    def test_json_tells_rules_and_pins_with_their_ends(self):
        until = self.time(40)
        rule = self.rule(self.pin(OTHER_PIN, until=until, label="old"), self.backup(at="ca"),
                         trust="tofu", learn_at="ca")
        self.pinset(rule,
                    self.rule(OTHER_PIN, rule_id="b", match=["b.example"], mode="off",
                              enforce_until=None, after=None), overlap_s=86400)
        document = self.check("--offline", "--fail-on", "error", code=cli.OK)
        self.assertEqual((document["epoch"], document["hard_ttl_s"], document["overlap_s"]),
                         (1, 380 * 86400, 86400))
        self.assertEqual(document["rules"], [
            {"id": "api", "mode": "enforce", "trust": "tofu", "learn_at": "ca", "learn_days": 90,
             "ends": rule["enforce_until"], "pins": [
                 {"pin": OTHER_PIN, "at": "any", "backup": False, "until": until, "label": "old"},
                 {"pin": BACKUP.pin, "at": "ca", "backup": True}]},
            {"id": "b", "mode": "off", "trust": "pkix",
             "pins": [{"pin": OTHER_PIN, "at": "any", "backup": False}]}])
        only = self.check("--offline", "--rule", "b", code=cli.OK)
        self.assertEqual([rule["id"] for rule in only["rules"]], ["b"])

    def test_text_tells_each_finding_with_its_fix(self):
        self.pinset(self.rule(OTHER_PIN))
        result = self.run_cli("check", "--offline")
        self.assertIn("error   PIN001 no backup pin", result.out)
        self.assertIn("fix:", result.out)
        self.assertIn("not clean: 1 error, 0 warnings; no server looked at (--offline)", result.out)

    def test_a_terminal_is_shown_signs_colours_and_progress(self):
        leaf = self.issue()
        self.pinset(self.rule(leaf, self.backup()))
        command = [cli.BIN, "check", *self.to(self.nginx(leaf))]
        for language, mark in (("C.UTF-8", "\u2713"), ("C", "ok")):
            env = cli.environment(self.dir, {"TERM": "xterm", "LC_ALL": language})
            code, shown = netcase.run_on_terminal(command, env, self.dir)
            self.assertEqual(code, cli.OK, shown)
            self.assertIn(f"\033[1;32m{mark}", shown)
            self.assertIn(f"checking {HOST}:443 (1 of 1)", shown)

    def test_labels_cannot_paint_the_terminal(self):
        leaf = self.issue()
        self.pinset(self.rule(self.pin(leaf, label="a\u202eb\u009b31m"), self.backup()))
        out = self.run_cli("check", *self.to(self.nginx(leaf)), "--color=never").out_bytes
        for bad in ("\u202e".encode(), "\u009b".encode(), b"\x1b"):
            self.assertNotIn(bad, out)

    def test_sarif_is_valid_and_points_into_the_file(self):
        self.pinset(self.rule(OTHER_PIN, self.backup(), rule_id="first", match=["a.example"]),
                    self.rule(OTHER_PIN, rule_id="second", match=["b.example"]),
                    name="my pins.json")
        result = self.run_cli("check", "--format", "sarif", "--offline", "-p", "my pins.json")
        self.assertExit(result, cli.REFUSED)
        document = json.loads(result.out)
        self.assertEqual(document["version"], "2.1.0")
        run = document["runs"][0]
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        self.assertEqual(len(rules), len(set(rules)))
        finding = run["results"][0]
        self.assertEqual((finding["ruleId"], finding["level"]), ("PIN001", "error"))
        self.assertEqual(rules[finding["ruleIndex"]], "PIN001")
        place = finding["locations"][0]["physicalLocation"]
        self.assertEqual(place["artifactLocation"]["uri"], "my%20pins.json")
        lines = (self.dir / "my pins.json").read_text().splitlines()
        self.assertIn('"second"', lines[place["region"]["startLine"] - 1])

    def test_sarif_levels_are_those_of_the_standard(self):
        self.pinset(self.rule(OTHER_PIN, match=["*.example.com"], mode="report"))
        document = json.loads(self.run_cli("check", "--format", "sarif").out)
        levels = {result["level"] for result in document["runs"][0]["results"]}
        self.assertLessEqual(levels, {"error", "warning", "note"})
        self.assertIn("note", levels)

    def test_an_unreadable_sarif_path_has_an_absolute_uri(self):
        path = self.pinset(self.rule(OTHER_PIN))
        document = json.loads(self.run_cli("check", "--format=sarif", "--offline", "-p", path).out)
        place = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
        self.assertEqual(place["artifactLocation"]["uri"], f"file://{path}")


class Input(CheckCase):
    def test_the_default_pin_set_is_here_or_in_the_configuration(self):
        self.assertFails(cli.INPUT, "pintle.json", "check", "--offline")
        self.write(".config/pintle/pintle.json",
                   self.pinset(self.rule(OTHER_PIN), name="x.json").read_bytes())
        self.assertExit(self.run_cli("check", "--offline"), cli.REFUSED)
        self.pinset(self.rule(OTHER_PIN, self.backup()))
        self.assertExit(self.run_cli("check", "--offline"), cli.OK)

    def test_malformed_pin_sets_exit_5_and_say_where(self):
        for name, text, message in [
                ("syntax", "{\n  oops", ":2:"), ("duplicate", '{"pintle": 1, "pintle": 1}', ""),
                ("version", '{"pintle": 2}', "2"), ("nesting", "[" * 100000, ""),
                ("bytes", b'{"pintle": "\xff"}', ""), ("empty", "", "")]:
            with self.subTest(name):
                self.write("bad.json", text)
                self.assertFails(cli.INPUT, "bad.json" + message if message.startswith(":")
                                 else message, "check", "-p", "bad.json")

    def test_a_pin_set_of_300_mb_is_refused_unread(self):
        with open(self.dir / "big.json", "wb") as big:
            big.truncate(300 * 1000 * 1000)
        begun = time.monotonic()
        self.assertFails(cli.INPUT, "big.json", "check", "-p", "big.json")
        self.assertLess(time.monotonic() - begun, 20)

    def test_a_folder_is_no_pin_set(self):
        self.assertFails(cli.INPUT, "", "check", "-p", ".")

    def test_output_that_cannot_be_written_exits_5(self):
        self.pinset(self.rule(OTHER_PIN, self.backup()))
        for form in ("text", "json", "sarif"):
            with self.subTest(form), open("/dev/full", "wb") as full:
                result = self.run_cli("check", "--offline", "--format", form, stdout=full)
                self.assertExit(result, cli.INPUT)
            read, write = os.pipe()
            os.close(read)
            with os.fdopen(write, "wb") as closed:
                result = self.run_cli("check", "--offline", "--format", form, stdout=closed)
                self.assertExit(result, cli.INPUT)

    def test_wrong_options_exit_2(self):
        self.pinset(self.rule(OTHER_PIN))
        for args in [("--format", "xml"), ("--fail-on", "never"), ("--within", "-1"),
                     ("--within", "3651"), ("--host", "a..b"), ("--connect", "x:0"), ("operand",),
                     ("--cert", "x")]:
            with self.subTest(args):
                self.assertUsage("", "check", *args)


if __name__ == "__main__":
    tap_unittest.main()
