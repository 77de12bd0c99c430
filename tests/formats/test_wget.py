#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle export --to wget, with wget itself."""
import subprocess

import formats
import pki
import servers
import tap_unittest

HOST = "localhost"


class Wget(formats.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pki.Authority()
        cls.leaf = cls.root.issue(HOST)
        cls.server = servers.Https(servers.context(cls.leaf))
        cls.addClassCleanup(cls.server.stop)

    def wget(self, text, *args):
        """Run the real wget with a startup file: its exit code."""
        self.write("wgetrc", text)
        ca = self.root.write(self.dir / "ca.pem")
        return subprocess.run(["wget", "-4", "--config=wgetrc", "-q", "-O", "-", "--tries=1", f"--ca-certificate={ca}", *args,
                               self.server.url(HOST)], cwd=self.dir, capture_output=True, check=False,
                              timeout=30, env={"PATH": "/usr/bin:/bin", "HOME": str(self.dir)}).returncode

    def pinset(self, *pins, **more):
        return formats.pinset(formats.rule("api", [HOST], [getattr(p, "pin", p) for p in pins], **more))

    def test_wget_takes_the_right_key_and_refuses_another(self):
        backup = pki.Key()
        self.assertEqual(self.wget(self.export("wget", self.pinset(self.leaf, backup)).text), 0)
        self.assertEqual(self.wget(self.export("wget", self.pinset(backup, self.leaf)).text), 0)
        self.assertEqual(self.wget(self.export("wget", self.pinset(backup, pki.Key())).text), 5)
        self.assertEqual(self.wget(self.export("wget", self.pinset(self.root)).text), 5)

    def test_the_path_is_asked_for_beside_the_pin(self):
        made = self.export("wget", self.pinset(self.leaf, trust="key"))
        self.assertEqual(made.ids(), {"EXP020"})
        rogue = pki.Authority("Rogue Root").write(self.dir / "rogue.pem")
        self.assertEqual(self.wget(made.text, f"--ca-certificate={rogue}"), 5)

    def test_pins_hold_without_a_path_too(self):
        text = self.export("wget", self.pinset(pki.Key())).text
        self.assertEqual(self.wget(text, "--no-check-certificate"), 5)

    def test_the_title_stays_a_comment(self):
        document = {**self.pinset(pki.Key()), "app": 'x\u2028pinnedpubkey = "y"'}
        self.assertEqual(self.wget(self.export("wget", document).text), 5)
        document = {**self.pinset(self.leaf), "app": 'x\u2028pinnedpubkey = "y"'}
        self.assertEqual(self.wget(self.export("wget", document).text), 0)

    def test_check_compares_the_text_but_for_its_title(self):
        document = self.pinset(self.leaf, pki.Key())
        text = self.export("wget", document).text
        self.assertEqual(self.drift("wget", {**document, "version": 8}, text), [])
        told = self.drift("wget", self.pinset(self.leaf), text)
        self.assertEqual(len(told), 1)
        self.assertIn('"pinnedpubkey = sha256//', told[0])

    def test_it_is_not_read(self):
        self.assertUsage("--from", "import", "--from", "wget", "--for", HOST, "x")


if __name__ == "__main__":
    tap_unittest.main()
