#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every allocation of the network commands fails once: it is told, nothing is half done, and no
connection goes on without its check."""
import json
import os

import cli
import netcase
import pki
import servers
import tap_unittest
from netcase import HOST

SHIM = cli.BUILD / "tests/cli/libpintle_fail_alloc.so"


class Allocations(netcase.NetCase):
    def setUp(self):
        super().setUp()
        if not SHIM.exists():
            self.skipTest("a build with a sanitizer has an allocator of its own")
        self.leaf = self.issue()
        self.pinset(self.rule(self.leaf, self.pin(pki.Key(), backup=True)))

    def fail_each(self, *args, stdin=b"", code=cli.OK, also=cli.INTERNAL):
        """Run again and again, the next allocation failing; yields the results."""
        mark = self.dir / "mark"
        # One by one at first; then every fifth: most of the rest builds the document.
        for number in (*range(1, 120), *range(120, 5000, 5)):
            result = self.run_cli(*args, stdin=stdin, env={
                "LD_PRELOAD": SHIM, "FAIL_AT": number, "FAIL_MARK": mark})
            if not mark.exists():
                self.assertExit(result, code)
                self.assertGreater(number, 3, "the shim saw no allocations")
                return
            mark.unlink()
            self.assertIn(result.code, (code, cli.INTERNAL, also), f"allocation {number}: {result}")
            if result.code == cli.INTERNAL:
                # "callback" is libcurl's word for the guard's failure
                self.assertRegex(result.err, "memory|callback", f"allocation {number}: {result}")
            yield number, result
        self.fail("it never ends")

    def assertWholeOrNothing(self, *args, code=cli.OK):
        """The JSON printed has the members of an undisturbed run, or nothing is printed."""
        whole = members(self.run_cli(*args).json)
        for number, result in self.fail_each(*args, code=code):
            if result.out:
                self.assertEqual(members(result.json), whole, f"allocation {number}")
            elif code == result.code:
                self.fail(f"allocation {number}: success without a document")

    def test_inspect_of_a_server(self):
        server = self.nginx(self.leaf)
        self.assertWholeOrNothing("inspect", HOST, "--json", "-p", "pintle.json", *self.to(server))

    def test_inspect_of_a_file(self):
        self.write("all.pem", self.leaf.chain_pem + self.leaf.key.pem)
        self.assertWholeOrNothing("inspect", "--json", "--pem", "all.pem")

    def test_check_of_a_server(self):
        server = self.nginx(self.leaf)
        self.assertWholeOrNothing("check", "--json", *self.to(server))

    def test_check_with_findings_and_sarif(self):
        self.pinset(self.rule(self.leaf, match=["*.example.com"]))
        whole = json.loads(self.run_cli("check", "--format", "sarif").out)
        for number, result in self.fail_each("check", "--format", "sarif", code=cli.REFUSED):
            if result.code == cli.REFUSED and result.out:
                found = json.loads(result.out)["runs"][0]["results"]
                self.assertEqual([f["ruleId"] for f in found],
                                 [f["ruleId"] for f in whole["runs"][0]["results"]],
                                 f"allocation {number}")

    def test_init_makes_all_or_nothing(self):
        server = self.nginx(self.leaf)
        made = {"new.json", f"{HOST}.backup-key.pem", f"{HOST}.backup-csr.pem"}
        for number, result in self.fail_each("init", HOST, "-o", "new.json", *self.to(server)):
            here = made & set(os.listdir(self.dir))
            self.assertEqual(here, made if result.code == cli.OK else set(),
                             f"allocation {number}")
            for name in here:
                (self.dir / name).unlink()

    def test_connect_sends_nothing_without_a_verdict(self):
        leaf = self.issue()
        with servers.Tls(servers.context(leaf)) as server:
            for number, result in self.fail_each("connect", HOST, *self.to(server), stdin=b"secret",
                                                 code=cli.REFUSED):
                self.assertEqual((result.out, server.received), ("", b""), f"allocation {number}")

    def test_fetch_sends_nothing_without_a_verdict(self):
        with servers.Https(servers.context(self.issue())) as server:
            for number, _ in self.fail_each("fetch", f"https://{HOST}/echo", "-d", "secret",
                                            *self.to(server), code=cli.REFUSED):
                self.assertEqual(server.requests, [], f"allocation {number}")

    def test_fetch_leaves_a_whole_file_or_none(self):
        with servers.Https(servers.context(self.leaf)) as server:
            # Without memory to read the URL there is no rule: a refusal too.
            for number, result in self.fail_each("fetch", f"https://{HOST}/bytes?n=65536", "-o",
                                                 "out", "--json", *self.to(server),
                                                 also=cli.REFUSED):
                there = (self.dir / "out").exists()
                if there:
                    self.assertEqual((self.dir / "out").stat().st_size, 65536)
                    (self.dir / "out").unlink()
                self.assertTrue(there or result.code != cli.OK, f"allocation {number}")


def members(value):
    """The shape of a document: its members, without their values."""
    if isinstance(value, dict):
        return {key: members(member) for key, member in value.items()}
    if isinstance(value, list):
        return [members(item) for item in value]
    return type(value).__name__


if __name__ == "__main__":
    tap_unittest.main()
