#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle export --to curl and import --from curl, with curl itself."""
import subprocess

import cli
import formats
import netcase
import pki
import servers
import tap_unittest

HOST = "api.example.com"


def curl_pin(pin):
    return "sha256//" + formats.bare(getattr(pin, "pin", pin))


class Curl(formats.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pki.Authority()
        cls.leaf = cls.root.issue(HOST)
        cls.server = servers.Https(servers.context(cls.leaf))
        cls.addClassCleanup(cls.server.stop)
        cls.good = curl_pin(cls.leaf)
        cls.bad = curl_pin(formats.key(1))

    def curl(self, text, *args, trusted=True):
        """Run the real curl with a configuration file: its exit code."""
        self.write("curlrc", text)
        words = ["curl", "-q", "-sS", "-K", "curlrc", "--connect-to", f"{HOST}:443:127.0.0.1:{self.server.port}"]
        if trusted:
            words += ["--cacert", self.root.write(self.dir / "ca.pem")]
        return subprocess.run([*words, *args, f"https://{HOST}/echo"], cwd=self.dir, capture_output=True,
                              check=False, timeout=30).returncode

    def pinset(self, *pins, **more):
        return formats.pinset(formats.rule("api", [HOST], [getattr(p, "pin", p) for p in pins], **more))

    # --- writing ---------------------------------------------------------------------------------

    def test_curl_takes_the_right_key_and_refuses_another(self):
        backup = pki.Key()
        self.assertEqual(self.curl(self.export("curl", self.pinset(self.leaf, backup)).text), 0)
        self.assertEqual(self.curl(self.export("curl", self.pinset(backup, self.leaf)).text), 0)
        self.assertEqual(self.curl(self.export("curl", self.pinset(backup, pki.Key())).text), 90)
        self.assertEqual(self.curl(self.export("curl", self.pinset(self.root)).text), 90)

    def test_the_path_is_asked_for_beside_the_pin(self):
        text = self.export("curl", self.pinset(self.leaf)).text
        self.assertEqual(self.curl(text, trusted=False), 60)
        made = self.export("curl", self.pinset(self.leaf, trust="key"))
        self.assertIn("EXP020", made.ids())
        self.assertEqual(self.curl(made.text, trusted=False), 60)

    def test_only_pins_that_can_be_the_leafs_are_written(self):
        made = self.export("curl", formats.pinset(formats.rule("api", [HOST], [
            {"spki": formats.key(1), "at": "leaf"}, {"spki": formats.key(2), "at": "ca"},
            {"spki": formats.key(3), "at": "any"}])))
        self.assertEqual(made.text.splitlines()[-1],
                         f'pinnedpubkey = "{curl_pin(formats.key(1))};{curl_pin(formats.key(3))}"')
        self.assertEqual(made.ids(), {"EXP011", "EXP013"})

    def test_the_title_stays_a_comment(self):
        document = {**self.pinset(self.leaf), "app": 'x\u2028pinnedpubkey = "y" --insecure'}
        self.assertEqual(self.curl(self.export("curl", document).text), 0)

    def test_what_was_exported_is_what_is_imported(self):
        _, made, _ = self.assertRoundTrip("curl", self.pinset(self.leaf, pki.Key()), "--for", HOST)
        self.assertEqual([p["spki"] for p in made["rules"][0]["pins"]][0], self.leaf.pin)
        self.assertEqual(made["rules"][0]["match"], [HOST])

    # --- reading: the import and curl itself agree on what a line means ---------------------------

    def lines(self):
        """Lines in which the good pin may or may not count."""
        good, bad = self.good, self.bad
        return {
            "plain": f"pinnedpubkey = {good}", "quoted": f'pinnedpubkey = "{good}"', "colon": f"pinnedpubkey:{good}",
            "separators": f"pinnedpubkey = : = {good}", "blank": f"pinnedpubkey {good}", "upper": f"PINNEDPUBKEY={good}",
            "short": f"pinnedp = {good}", "shortest": f"pi {good}", "indent": f" \t\f pinnedpubkey\f{good}",
            "dash": f"--pinnedpubkey {good}", "dash quoted": f'--pinnedpubkey "{good}"', "crlf": f"pinnedpubkey={good}\r\n",
            "crlf quoted": f'pinnedpubkey="{good}"\r\n', "escapes": f'pinnedpubkey = "\\s\\ha256//{good[8:]}"',
            "open": f'pinnedpubkey = "{good}', "behind": f'pinnedpubkey = "{good}" and more', "quotes": f'pinnedpubkey="{good}""',
            "comment": f"pinnedpubkey = {good} # key", "in comment": f"pinnedpubkey = {good}#key",
            "second": f'pinnedpubkey = "{bad};{good}"', "last": f"pinnedpubkey={bad}\npinnedpubkey={good}",
            "not last": f"pinnedpubkey={good}\npinnedpubkey={bad}", "blank in list": f'pinnedpubkey = "{bad}; {good}"',
            "cut list": f"pinnedpubkey {bad} ; {good}", "single": f"pinnedpubkey = '{good}'", "bad": f"pinnedpubkey = {bad}",
            "list ends": f'pinnedpubkey = "{good};"', "list begins": f'pinnedpubkey = ";{good}"',
            "empty item": f'pinnedpubkey = "{bad};;{good}"', "file item": f'pinnedpubkey = "{good};file.pem"',
            "file then pin": f'pinnedpubkey = "{bad};file.pem;{good}"', "cut": 'pinnedpubkey = "sha256//AAAA"',
            "cut then pin": f'pinnedpubkey = "sha256//AAAA;{good}"', "no padding": f'pinnedpubkey = "{good[:-1]}"',
            "loose bits": f"pinnedpubkey = {good[:-2]}{chr(ord(good[-2]) + 1)}=", "blank behind": f'pinnedpubkey = "{good} "',
            "upper hash": f"pinnedpubkey = SHA256//{good[8:]}", "empty": 'pinnedpubkey = ""',
            "tab escape": f'pinnedpubkey = "{good}\\t"',
        }

    def unpinned(self):
        """Lines that look like pins, and that curl passes over."""
        good = self.good
        return {
            "BOM": f"\ufeffpinnedpubkey = {good}", "equals": f"--pinnedpubkey={good}", "one dash": f"-pinnedpubkey {good}",
            "comment": f"# pinnedpubkey = {good}", "slash": f"/pinnedpubkey = {good}", "star": f"* pinnedpubkey = {good}",
            "no value": "pinnedpubkey", "no": "no-pinnedpubkey", "old line": f"x\rpinnedpubkey={good}",
            "proxy": f"proxy-pinnedpubkey = {good}",
        }

    def test_import_reads_lines_as_curl_does(self):
        for name, text in self.lines().items():
            with self.subTest(name):
                code = self.curl(text)
                self.assertIn(code, (0, 90))
                self.write("input", text)
                result = self.run_cli("import", "--from", "curl", "--for", HOST, "--json", "input")
                taken = result.code == cli.OK and any(
                    p["spki"] == self.leaf.pin for p in result.json["pinset"]["rules"][0]["pins"])
                self.assertEqual(taken, code == 0, result.err)

    def test_lines_that_curl_passes_over_pin_nothing(self):
        for name, text in self.unpinned().items():
            with self.subTest(name):
                self.assertEqual(self.curl(text.replace(self.good, self.bad)), 0)
                self.assertImportFails("curl", text, "input: no line with pinnedpubkey", "--for", HOST)

    def test_what_is_passed_over_is_told(self):
        def told(text):
            return [(n["id"], n.get("line"), n.get("detail")) for n in self.import_("curl", text, "--for", HOST).notes]

        line = f"pinnedpubkey = {self.good}\n"
        self.assertEqual(told(line), [])
        self.assertEqual(told(f"--pinnedpubkey={self.bad}\n" + line)[0], ("IMP001", 1, f"--pinnedpubkey={self.bad}"))
        self.assertEqual(told(f"\n# x\nproxy-pinnedpubkey={self.bad}\n{line}")[0], ("IMP001", 3, "proxy-pinnedpubkey"))
        self.assertEqual(told(line + line)[0], ("IMP012", 2, "pinnedpubkey: the last one counts"))
        self.assertEqual(told(f'pinnedpubkey = "sha256//AAAA;{self.good}"')[0], ("IMP001", 1, "sha256//AAAA matches no key"))

    def test_insecure_asks_for_the_key_alone(self):
        for line in ("insecure", "--insecure", "-k", "-k # always"):
            with self.subTest(line):
                self.assertEqual(self.curl(f"{line}\npinnedpubkey = {self.good}", trusted=False), 0)
                self.assertEqual(self.curl(f"{line}\npinnedpubkey = {self.bad}", trusted=False), 90)
                made = self.import_("curl", f"{line}\npinnedpubkey = {self.good}", "--for", HOST)
                self.assertEqual(made.pinset["rules"][0]["trust"], "key")
                self.assertIn("IMP011", made.ids())
        self.assertEqual(self.drift("curl", self.pinset(self.leaf), f"-k\npinnedpubkey = {self.good}"),
                         [f"{HOST}:443: asks for the key alone"])

    def test_command_lines_out_of_scripts(self):
        good, bad = self.good, self.bad
        for text, pins in ((f"--pinnedpubkey '{bad};{good}'", 2), (f"curl --pinnedpubkey '{bad};{good}' https://x/", 2),
                           (f'curl -s -o "a b" --pinnedpubkey "{bad};{good}"|jq .\n', 2),
                           (f"curl \\\n  --pinnedpubkey '{good}' \\\n  https://x/\n", 1),
                           (f"curl --pinnedpubkey {good};{bad}", 1), (f"curl -o --x\\'y --pinnedpubkey '{good}'", 1),
                           (f"curl 'x --pinnedpubkey {bad}' --pinnedpubkey={bad} --pinnedpubkey \"{good}\"", 1),
                           (f"{bad};{good}", 2), (f"  '{bad};{good}'\n", 2), (f"# mine\n{good}\r\n", 1)):
            with self.subTest(text):
                made = self.import_("curl", text, "--for", HOST).pinset["rules"][0]
                self.assertEqual(len(made["pins"]), pins)
                self.assertIn(self.leaf.pin, [p["spki"] for p in made["pins"]])
                self.assertEqual(made["trust"], "pkix")

    # --- what is refused -------------------------------------------------------------------------

    def test_bad_files(self):
        for text, message in (("", "input: no line with pinnedpubkey"), ("url = x\n", "no line with pinnedpubkey"),
                              (f"{self.good}\nurl = x\n", "no line with pinnedpubkey"),
                              ("\npinnedpubkey = key.pem\n", "input:2: curl reads this as the name of a key file, not as a pin: key.pem"),
                              (f"pinnedpubkey = '{self.good}'", "input:1: curl reads this as the name of a key file"),
                              ('pinnedpubkey = "sha256//AAAA"', "input:1: curl accepts no key with this: sha256//AAAA"),
                              (f"pinnedpubkey={self.good}\nnext\nurl = y", "input:2: another request begins"),
                              ("x\0y", "input: holds a NUL"),
                              (b"\xff\xfep\0i\0n\0", "holds a NUL")):
            with self.subTest(text):
                self.assertImportFails("curl", text, message, "--for", HOST)


if __name__ == "__main__":
    tap_unittest.main()
