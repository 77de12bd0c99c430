#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/update_client.c, and the same program in the guide."""
import cli
import living
import tap_unittest

CLIENT = cli.BUILD / "examples/update_client"


class Example(living.LivingCase):
    def setUp(self):
        super().setUp()
        self.old, self.new = self.issue("localhost"), self.issue("localhost")
        self.seed.write_bytes(self.localhost(1, self.old).seed)

    def localhost(self, version, leaf):
        return self.signer.bundle([living.bundles.rule(leaf, match=["localhost"])], version)

    def run_client(self, leaf):
        server = self.https(leaf)
        result = cli.run_program([CLIENT, self.seed, self.source, self.state, "localhost", server.port, self.ca],
                                 home=self.dir)
        return server, result

    def test_a_pinned_server_is_asked(self):
        _, result = self.run_client(self.old)
        self.assertExit(result, 0)
        self.assertIn("HTTP/1.1 404", result.out)
        self.assertIn("pins started: enforcing 1 of 1 rules, version 1", result.err)

    def test_another_server_is_not(self):
        server, result = self.run_client(self.new)
        self.assertExit(result, 1)
        self.assertEqual((result.out, server.requests), ("", []))

    def test_after_an_update_it_is(self):
        self.localhost(2, self.new).write(self.source)
        _, result = self.run_client(self.new)
        self.assertExit(result, 0)
        self.assertIn("pins updated: enforcing 1 of 1 rules, version 2", result.err)

    def test_the_guide_shows_this_program(self):
        guide = (cli.ROOT / "docs/guide/updates.md").read_text()
        self.assertIn((cli.ROOT / "examples/update_client.c").read_text(), guide)


if __name__ == "__main__":
    tap_unittest.main()
