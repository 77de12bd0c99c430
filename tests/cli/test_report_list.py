#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle report list: what waits to be sent."""
import cli
import living
import tap_unittest
from netcase import HOST

URL = f"https://{HOST}/echo"
URIS = ["https://reports.example.net/v1", "https://second.example.net/v1"]


class ReportList(living.LivingCase):
    def setUp(self):
        super().setUp()
        self.seed.write_bytes(self.bundle(1, self.old, rule={"report": URIS}).seed)

    def violate(self, leaf=None):
        result = self.run_cli("fetch", URL, *self.living(), *self.to(self.https(leaf or self.new)))
        self.assertExit(result, cli.REFUSED)

    def list(self, *args, **options):
        return self.assertAccepted("report", "list", "--state", self.state, *args, **options)

    def test_nothing_yet(self):
        self.assertExit(self.run_cli("fetch", URL, *self.living(), *self.to(self.https(self.old))), cli.OK)
        self.assertEqual(self.list().out, "")
        self.assertEqual(self.list("--json").json["reports"], [])

    def test_one_for_each_uri(self):
        self.violate()
        lines = self.list().lines
        self.assertEqual(len(lines), 2)
        for line, uri in zip(lines, URIS):
            self.assertRegex(line, rf"^\d+  \d{{4}}-\d\d-\d\dT[\d:]+Z  {HOST}:443  mismatch  {uri}$")

    def test_json_holds_what_is_sent(self):
        self.violate()
        reports = self.list("--json").json["reports"]
        self.assertEqual([report["uri"] for report in reports], URIS)
        self.assertEqual(reports[0]["report"]["hostname"], HOST)
        self.assertEqual(reports[0]["report"]["port"], 443)
        self.assertEqual((reports[0]["tries"], reports[0]["repeats"]), (0, 0))
        self.assertNotIn("BEGIN CERTIFICATE", self.list("--json").out)

    def test_equal_ones_are_kept_once(self):
        for _ in range(3):
            self.violate()
        reports = self.list("--json").json["reports"]
        self.assertEqual([report["repeats"] for report in reports], [2, 2])
        self.assertIn("and 2 more like it", self.list().out)
        self.violate(self.issue())  # another key
        self.assertEqual(len(self.list().lines), 4)

    def test_a_match_is_no_violation(self):
        self.assertExit(self.run_cli("fetch", URL, *self.living(), *self.to(self.https(self.old))), cli.OK)
        self.assertEqual(self.list().out, "")

    def test_the_apps_own_database(self):
        result = self.run_cli("fetch", URL, "--seed", self.seed, *self.to(self.https(self.new)))
        self.assertExit(result, cli.REFUSED)
        self.assertEqual(len(self.assertAccepted("report", "list", "--app", "com.example.test").lines), 2)
        self.assertFails(cli.INPUT, "No such file", "report", "list", "--app", "com.example.other")

    def test_a_database_that_is_not_there_is_not_made(self):
        self.assertFails(cli.INPUT, "No such file", "report", "list", "--state", "nowhere.db")
        self.assertFalse((self.dir / "nowhere.db").exists())

    def test_usage(self):
        self.assertUsage("--state or --app is needed", "report", "list")
        self.assertUsage("exclude each other", "report", "list", "--state", "x", "--app", "y")


if __name__ == "__main__":
    tap_unittest.main()
