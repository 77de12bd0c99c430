#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle version."""
import re
import unittest

import cli
import tap_unittest


class Version(cli.TestCase):
    def test_the_first_line_is_ours_and_the_build_system_agrees(self):
        first = self.assertAccepted("version").lines[0]
        project = (cli.ROOT / "CMakeLists.txt").read_text()
        self.assertEqual(first, "pintle " + re.search(r"VERSION (\d+\.\d+\.\d+)", project)[1])

    def test_every_library_has_a_version(self):
        libraries = self.assertAccepted("version").lines[1:]
        self.assertEqual([line.split()[0] for line in libraries],
                         ["openssl", "libcurl", "jansson", "libidn2", "libpsl", "sqlite"])
        for line in libraries:
            self.assertRegex(line, r"^  \w+ +\d+\.\d+[0-9a-z.]*$")

    def test_openssl_is_the_one_that_is_loaded(self):
        told = self.run_cli("version", "--json").json["libraries"]["openssl"]
        self.assertIn(f"OpenSSL {told} ", cli.run_program(["openssl", "version"]).out)

    def test_json_says_the_same(self):
        document = self.assertAccepted("version", "--json").json
        lines = self.run_cli("version").lines
        self.assertEqual(f"pintle {document['version']}", lines[0])
        self.assertEqual(document["libraries"], dict(line.split() for line in lines[1:]))


if __name__ == "__main__":
    tap_unittest.main()
