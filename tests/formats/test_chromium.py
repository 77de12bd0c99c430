#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle export --to chromium and import --from chromium, with Chromium itself."""
import subprocess
import tempfile

import cli
import formats
import pki
import servers
import tap_unittest

HOST = "localhost"
FLAG = "--ignore-certificate-errors-spki-list="


class Chromium(formats.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alone = pki.self_signed(HOST)
        cls.root = pki.Authority()
        cls.issuing = cls.root.intermediate()
        cls.leaf = cls.issuing.issue("other.example")
        cls.server = servers.Https(servers.context(cls.alone))
        cls.addClassCleanup(cls.server.stop)
        cls.with_chain = servers.Https(servers.context(cls.leaf))
        cls.addClassCleanup(cls.with_chain.stop)

    def loads(self, text, server=None):
        """Open a page in the real Chromium with this list, in a profile of its own: true if it was shown."""
        server = server or self.server
        before = len(server.requests)
        with tempfile.TemporaryDirectory(prefix="pintle-chromium-", ignore_cleanup_errors=True) as profile:
            shown = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                                    "--disable-background-networking", "--disable-dev-shm-usage", f"--user-data-dir={profile}",
                                    FLAG + text, "--dump-dom", server.url(HOST)],
                                   capture_output=True, text=True, check=True, timeout=120).stdout
        asked = len(server.requests) > before
        self.assertEqual(asked, '"method": "GET"' in shown or "&quot;method&quot;" in shown)
        return asked

    def pinset(self, *pins, **more):
        return formats.pinset(formats.rule("api", [HOST], [getattr(p, "pin", p) for p in pins], **more))

    # --- writing ---------------------------------------------------------------------------------

    def test_chromium_shows_the_page_with_the_right_key_and_not_with_another(self):
        backup = pki.Key()
        self.assertTrue(self.loads(self.export("chromium", self.pinset(backup, self.alone)).text))
        self.assertFalse(self.loads(self.export("chromium", self.pinset(backup, pki.Key())).text))

    def test_a_key_anywhere_in_the_chain_as_served_excuses_all_of_it(self):
        self.assertTrue(self.loads(self.export("chromium", self.pinset(self.issuing)).text, self.with_chain))
        self.assertFalse(self.loads(self.export("chromium", self.pinset(self.root)).text, self.with_chain))
        made = self.export("chromium", self.pinset(self.issuing))
        self.assertEqual(made.ids(), {"EXP021", "EXP023", "EXP024"})

    def test_the_file_is_the_list(self):
        text = self.export("chromium", self.pinset(formats.key(1), formats.key(2))).text
        self.assertEqual(text, formats.bare(formats.key(1)) + "," + formats.bare(formats.key(2)) + "\n")

    def test_what_was_exported_is_what_is_imported(self):
        first, made, again = self.assertRoundTrip("chromium", self.pinset(self.alone, pki.Key(), trust="key"), "--for", HOST)
        self.assertEqual(first.text, again.text)
        self.assertEqual(made["rules"][0]["trust"], "key")

    # --- reading ---------------------------------------------------------------------------------

    def test_import_reads_lists_as_chromium_does(self):
        good, bad = formats.bare(self.alone.pin), formats.bare(formats.key(1))
        for text in (f" {bad} ,\t{good} \n", f"{bad},\n{good}", f"junk,,{good}",
                     f"{bad};{good}", f"sha256/{good}", good[:-1], good[:-2] + chr(ord(good[-2]) + 1) + "="):
            with self.subTest(text):
                self.write("input", text)
                result = self.run_cli("import", "--from", "chromium", "--for", HOST, "--json", "input")
                taken = result.code == cli.OK and any(
                    p["spki"] == self.alone.pin for p in result.json["pinset"]["rules"][0]["pins"])
                self.assertEqual(taken, self.loads(text))

    def test_the_flag_and_its_quotes_may_stand_before_it(self):
        pins = formats.bare(formats.key(1)) + "," + formats.bare(formats.key(2))
        for text in (pins, FLAG + pins, f'{FLAG}"{pins}"\n', f"'{FLAG}{pins}'", f'"{pins}"'):
            with self.subTest(text):
                made = self.import_("chromium", text, "--for", HOST)
                self.assertEqual([p["spki"] for p in made.pinset["rules"][0]["pins"]], [formats.key(1), formats.key(2)])
                self.assertEqual(made.ids(), {"IMP017"})

    def test_what_is_passed_over_is_told(self):
        made = self.import_("chromium", f"junk,\n x y ,{formats.bare(formats.key(1))}", "--for", HOST)
        self.assertEqual([(n["id"], n.get("line"), n.get("detail")) for n in made.notes][1:],
                         [("IMP001", 1, "junk"), ("IMP001", 1, "x y")])

    def test_bad_files(self):
        for text in ("", " \n", "junk", ",,,", "\0", FLAG, '"', f"{FLAG}'"):
            with self.subTest(text):
                self.assertImportFails("chromium", text, "input: no base64 of a SHA-256 among what commas separate", "--for", HOST)


if __name__ == "__main__":
    tap_unittest.main()
