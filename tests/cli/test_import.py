#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle import: what all formats have in common. Each format has its own test in tests/formats/."""
import cli
import formats
import tap_unittest

PIN = "sha256//" + formats.bare(formats.key(1))


class Import(formats.TestCase):
    def setUp(self):
        super().setUp()
        self.write("curlrc", f'pinnedpubkey = "{PIN}"\n')

    def run_import(self, *args, **options):
        return self.run_cli("import", "--from", "curl", "--for", "api.example.com", *args, **options)

    def test_to_standard_output_is_a_pin_set_that_loads(self):
        result = self.run_import("curlrc")
        self.assertExit(result, cli.OK)
        self.write("pintle.json", result.out)
        self.assertExit(self.run_cli("export", "--to", "curl", "-q"), cli.OK)
        self.assertIn('"app": "imported"', result.out)

    def test_from_standard_input(self):
        text = (self.dir / "curlrc").read_text()
        for args in ((), ("-",)):
            result = self.run_import(*args, stdin=text)
            self.assertExit(result, cli.OK)
            self.assertIn(formats.key(1), result.out)

    def test_the_document_is_as_the_options_say(self):
        made = self.run_import("curlrc", "--json", "--app", "com.example.shop", "--days", "100", "--expires-days", "30").json
        document = made["pinset"]
        self.assertEqual(document["app"], "com.example.shop")
        self.assertEqual(document["hard_ttl_s"], 100 * 86400)
        self.assertEqual(document["version"], 1)
        self.assertEqual(document["expires"][:10], formats.time(30)[:10])

    def test_a_file_that_is_there_is_replaced_with_force_only(self):
        self.write("pintle.json", "mine")
        result = self.run_import("curlrc", "-o", "pintle.json")
        self.assertExit(result, cli.INPUT)
        self.assertEqual((self.dir / "pintle.json").read_text(), "mine")
        self.assertExit(self.run_import("curlrc", "-o", "pintle.json", "--force"), cli.OK)
        self.assertIn(formats.key(1), (self.dir / "pintle.json").read_text())
        self.assertExit(self.run_import("curlrc", "-o", "new.json"), cli.OK)
        self.assertExit(self.run_import("curlrc", "-o", "/dev/full"), cli.INPUT)

    def test_wrong_usage_and_input(self):
        self.assertUsage("--from is needed", "import", "curlrc")
        self.assertUsage("--for is needed", "import", "--from", "curl", "curlrc")
        self.assertUsage("--from", "import", "--from", "windows", "curlrc")
        self.assertFails(cli.USAGE, "a b", "import", "--from", "curl", "--for", "a b", "curlrc")
        self.assertFails(cli.INPUT, "none", "import", "--from", "curl", "--for", "a.example", "none")
        self.assertImportFails("curl", "# nothing\n", "no line with pinnedpubkey", "--for", "a.example")
        self.assertImportFails("curl", 'pinnedpubkey = "key.pem"\n', "input:1: ", "--for", "a.example")


if __name__ == "__main__":
    tap_unittest.main()
