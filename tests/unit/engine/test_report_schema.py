# SPDX-License-Identifier: Apache-2.0
"""Reports fit docs/spec/schema/report.schema.json, every member of them; the program given prints one of every kind."""
import json
import subprocess
import sys
import unittest

import cli
import tap_unittest

PROGRAM = sys.argv.pop()


class Reports(unittest.TestCase):
    def setUp(self):
        out = subprocess.run([PROGRAM, "--print"], stdout=subprocess.PIPE, check=True).stdout
        self.reports = [cli.validate(json.loads(line)) for line in out.splitlines()]

    def test_every_kind_is_there(self):
        reasons = {report["pintle"]["reason"] for report in self.reports}
        self.assertLessEqual({"mismatch", "denied", "name-mismatch", "internal", "first-use", "memory", "no-host"},
                             reasons)
        self.assertEqual(len(self.reports), 20)

    def test_certificates_are_there_only_on_request(self):
        chains = [report["served-certificate-chain"] + report["validated-certificate-chain"]
                  for report in self.reports]
        self.assertFalse(any(chains[:10]))
        self.assertTrue(any(chains[10:]))

    def test_the_members_of_rfc_7469_are_all_there(self):
        wanted = ["date-time", "hostname", "port", "effective-expiration-date", "include-subdomains", "noted-hostname",
                  "served-certificate-chain", "validated-certificate-chain", "known-pins"]
        for report in self.reports:
            self.assertEqual([name for name in report if name in wanted], wanted)


if __name__ == "__main__":
    tap_unittest.main()
