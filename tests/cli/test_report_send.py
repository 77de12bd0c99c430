#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle report send: to whom, how often, and when it is given up."""
import json

import cli
import living
import servers
import tap_unittest
from netcase import HOST

URL = f"https://{HOST}/echo"


class ReportSend(living.LivingCase):
    def setUp(self):
        super().setUp()
        self.collector = self.folder(self.dir / "nothing")
        self.posted = []
        self.status = 204

        def take(handler, path, body):
            self.posted.append((path, body, dict(handler.headers.items())))
            handler.answer(b"", self.status)
        self.collector.hooks["*"] = take

    def violate(self, *uris, host=HOST, leaf=None):
        rule = {"match": [host], "report": list(uris or [f"{self.collector.base}/v1"])}
        self.seed.write_bytes(self.bundle(1, self.old, rule=rule).seed)
        server = self.https(leaf or self.issue(host))
        result = self.run_cli("fetch", f"https://{host}:{server.port}/echo", *self.living(), *self.to(server))
        self.assertExit(result, cli.REFUSED)

    def send(self, *args, code=cli.OK, **options):
        result = self.run_cli("report", "send", "--state", self.state, *args, **options)
        self.assertExit(result, code)
        return result

    def left(self):
        return self.run_cli("report", "list", "--state", self.state, "--json").json["reports"]

    def test_a_report_is_posted_once(self):
        self.violate()
        self.assertRegex(self.send().out, rf"^\d+  sent  {self.collector.base}/v1  204\n$")
        path, body, headers = self.posted[0]
        self.assertEqual((path, headers["Content-Type"]), ("v1", "application/json"))
        document = json.loads(body)
        self.assertEqual((document["hostname"], document["port"] > 0), (HOST, True))
        self.assertEqual(self.left(), [])
        self.assertEqual(self.send().out, "")
        self.assertEqual(len(self.posted), 1)

    def test_what_was_sent_is_still_known_as_equal(self):
        leaf = self.issue()
        server = self.https(leaf)
        self.seed.write_bytes(self.bundle(1, self.old, rule={"report": [f"{self.collector.base}/v1"]}).seed)
        for _ in range(2):
            self.assertExit(self.run_cli("fetch", URL, *self.living(), *self.to(server)), cli.REFUSED)
            self.send()
        self.assertEqual(len(self.posted), 1)

    def test_4xx_is_given_up(self):
        self.violate()
        self.status = 403
        self.assertRegex(self.send(code=cli.REFUSED).out, "given-up .* 403\n")
        self.assertEqual(self.left(), [])

    def test_5xx_is_tried_again_later(self):
        self.violate()
        for status in (500, 503, 429, 408, 302):
            self.status = status
            args = () if status == 500 else ("--all",)
            self.assertRegex(self.send(*args, code=cli.UNREACHABLE).out, f"later .* {status}\n")
        self.assertEqual(self.left()[0]["tries"], 5)
        result = self.send()
        self.assertEqual(result.out, "")  # not due yet
        self.assertRegex(result.err, r"1 more to be sent from \d{4}-\S+Z on \(--all sends now\)")
        self.status = 200
        self.assertRegex(self.send("--all").out, "sent .* 200\n")

    def test_a_dead_collector_is_tried_again_and_in_the_end_given_up(self):
        uri = f"http://127.0.0.1:{servers.free_port()}/v1"
        self.violate(uri)
        for number in range(11):
            self.send("--all", code=cli.UNREACHABLE)
            self.assertEqual(self.left()[0]["tries"], number + 1)
        self.send("--all", code=cli.REFUSED)
        self.assertEqual(self.left(), [])

    def test_json(self):
        self.violate(f"{self.collector.base}/v1", f"http://127.0.0.1:{servers.free_port()}/v1")
        reports = self.send("--json", code=cli.UNREACHABLE).json["reports"]
        self.assertEqual([r["result"] for r in reports], ["sent", "later"])
        self.assertEqual(reports[0]["http_status"], 204)
        self.assertNotIn("http_status", reports[1])
        self.assertIn("127.0.0.1", reports[1]["error"])

    def test_the_collector_is_not_pinned_by_the_rule_it_hears_of(self):
        """The rule covers the collector's own host, whose certificate breaks it."""
        secure = self.folder(self.dir / "nothing", ctx=servers.context(self.issue("127.0.0.1")))
        secure.hooks["*"] = self.collector.hooks["*"]
        self.violate(f"{secure.base}/v1", host="127.0.0.1")
        self.assertIn("sent", self.send("--ca", self.ca).out)
        self.assertEqual(json.loads(self.posted[0][1])["hostname"], "127.0.0.1")
        self.assertEqual(self.left(), [])

    def test_a_report_about_the_collector_itself_is_tried_once(self):
        self.status = 503
        self.violate(f"{self.collector.base}/v1", host="127.0.0.1")
        self.assertIn("given-up", self.send(code=cli.REFUSED).out)
        self.assertEqual(self.left(), [])
        self.assertEqual(len(self.posted), 1)

    def test_the_certificate_of_the_collector_counts(self):
        secure = self.folder(self.dir / "nothing", ctx=servers.context(self.rogue.issue("127.0.0.1")))
        self.violate(f"{secure.base}/v1")
        self.assertIn("later", self.send("--ca", self.ca, code=cli.UNREACHABLE).out)
        self.assertEqual(secure.requests, [])

    def test_redirects_are_not_followed(self):
        other = self.folder(self.dir / "nothing")
        self.collector.hooks["*"] = servers.redirect_to(f"{other.base}/v1")
        self.violate()
        self.send(code=cli.UNREACHABLE)
        self.assertEqual(other.requests, [])

    def test_a_slow_collector_is_given_up_for_now(self):
        self.collector.hooks["*"] = lambda handler, path, _: handler.server.over.wait(60)
        self.violate()
        self.send("--timeout", "1", code=cli.UNREACHABLE)

    def test_a_ca_file_that_is_none(self):
        self.violate()
        self.assertFails(cli.INPUT, "nope.pem: No such file", "report", "send", "--state", self.state, "--ca", "nope.pem")
        self.assertEqual(self.left()[0]["tries"], 0)

    def test_usage_and_missing_databases(self):
        self.assertUsage("--state or --app is needed", "report", "send")
        self.assertUsage("exclude each other", "report", "send", "--state", "x", "--app", "y")
        self.assertFails(cli.INPUT, "No such file", "report", "send", "--state", "nowhere.db")


if __name__ == "__main__":
    tap_unittest.main()
