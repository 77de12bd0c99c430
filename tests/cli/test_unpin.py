#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle unpin: the emergency brake, which takes two people and ends by itself."""
import cli
import learning
import publishing
import tap_unittest


class Unpin(publishing.PublishingCase):
    def setUp(self):
        super().setUp()
        self.publish(*self.proof, "--fresh", "24", keys=("ci", "cron"))

    def test_two_people_soften_a_rule(self):
        result = self.unpin("--soften", "api", "--reason", "all keys lost", "--days", "3")
        self.assertIn("published unpin 1 in shop", result.out)
        self.assertIn("without a pin", result.err)
        self.assertIn("signed by oncall, lead", self.verify().out)
        self.assertIn("fresh", self.latest)
        document = self.unpin("--soften", "api", "--mode", "off", "--reason", "again", "--json").json
        self.assertEqual((document["serial"], document["written"]), (2, True))

    def test_it_is_withdrawn(self):
        self.unpin("--soften", "api", "--reason", "x")
        self.assertIn("softens api to report: x", self.verify().out)
        result = self.unpin("--withdraw")
        self.assertIn("withdrawn: no rule is softened any more (unpin 2", result.out)
        self.assertNotIn("in force", result.out)
        self.assertIn("unpin", self.latest)
        self.assertIn("withdraws what was softened", self.verify().out)
        document = self.ok("verify", "shop", "--root", "root-1.json", "--json").json
        unpin = [each for each in document["envelopes"] if each["role"] == "unpin"][0]
        self.assertEqual((unpin["softens"], unpin["reason"]), ([], "withdrawn"))

    def test_nothing_is_published_where_nothing_is_to_be_withdrawn(self):
        before = self.files()
        self.assertIn("nothing to withdraw", self.unpin("--withdraw").out)
        document = self.unpin("--withdraw", "--json").json
        self.assertEqual((document["written"], document["withdraws"]), (False, True))
        self.assertEqual(self.files(), before)
        self.unpin("--soften", "api", "--reason", "x")
        document = self.unpin("--withdraw", "--json").json
        self.assertEqual((document["serial"], document["written"], document["softens"]), (2, True, []))
        before = self.files()
        self.assertIn("nothing to withdraw", self.unpin("--withdraw").out)
        self.assertEqual(self.files(), before)

    def test_a_rule_that_nobody_hears_of_is_told(self):
        result = self.unpin("--soften", "api", "--reason", "x")
        self.assertIn('rule api has no "report"', result.err)
        self.document(rules=[self.rule(self.leaf, self.pin(self.backup, backup=True),
                                       report=["https://reports.example.com/"])], version=2)
        self.publish(*self.proof, "--bump")
        self.assertNotIn('no "report"', self.unpin("--soften", "api", "--reason", "x").err)

    def test_one_signature_is_not_enough(self):
        before = self.files()
        result = self.unpin("--soften", "api", "--reason", "x", keys=("lead",), code=cli.INPUT)
        self.assertIn("signed by 1 of the 2", result.err)
        self.assertEqual(self.files(), before)
        self.unpin("--soften", "api", "--reason", "x", "--stage", "u.json", keys=("lead",))
        self.assertEqual(self.files(), before)
        self.ok("sign", "u.json", "--key", "oncall.key.pem")
        self.unpin("--signed", "u.json", keys=())
        self.assertIn("unpin", self.latest)

    def test_what_is_refused(self):
        self.assertIn("no rule 'apl'", self.unpin("--soften", "apl", "--reason", "x", code=cli.INPUT).err)
        self.assertIn("role unpin", self.unpin("--soften", "api", "--reason", "x", keys=("ci",),
                                               code=cli.INPUT).err)
        for message, args in (("--dir is needed", ()), ("either --soften or", ("--dir", "shop")),
                              ("either --soften or", ("--dir", "x", "--soften", "a", "--withdraw")),
                              ("--reason is needed", ("--dir", "x", "--soften", "a")),
                              ("--key is needed", ("--dir", "x", "--soften", "a", "--reason", "b")),
                              ("--days", ("--dir", "x", "--days", "15")),
                              ("stands for", ("--dir", "x", "--signed", "y", "--withdraw"))):
            self.assertUsage(message, "unpin", *args)
        self.assertUsage("--mode", "unpin", "--mode", "enforce")
        self.assertFails(cli.INPUT, "none: No such file or directory", "unpin", "--dir", "none", "--withdraw", "--key",
                         "lead.key.pem")

    def test_a_staged_file_is_not_overwritten(self):
        self.unpin("--soften", "api", "--reason", "x", "--stage", "u.json", keys=("lead",))
        content = (self.dir / "u.json").read_bytes()
        result = self.unpin("--soften", "api", "--reason", "y", "--stage", "u.json", keys=(), code=cli.INPUT)
        self.assertIn("u.json", result.err)
        self.assertEqual((self.dir / "u.json").read_bytes(), content)

    def test_it_is_staged_without_a_key_too(self):
        self.unpin("--soften", "api", "--reason", "x", "--stage", "u.json", keys=())
        for name in ("oncall", "lead"):
            self.unpin("--signed", "u.json", keys=(), code=cli.INPUT)
            self.ok("sign", "u.json", "--key", f"{name}.key.pem")
        self.unpin("--signed", "u.json", keys=())
        self.assertIn("unpin", self.latest)


class Later(publishing.PublishingCase):
    """Emergencies come long after root and pins, and not once only."""

    def client(self, name):
        """What a client that starts from this seed says after an update."""
        result = self.run_cli("update", "--seed", name, "--source", "shop", "--state", f"{name}.db")
        self.assertExit(result, cli.OK)
        return result

    def old_directory(self):
        self.age_root(30)
        self.document(issued=self.time(-20))
        self.publish(*self.proof)

    def test_the_directory_goes_on_while_one_is_in_force(self):
        self.old_directory()
        self.unpin("--soften", "api", "--reason", "all keys lost")
        self.ok("publish", "--dir", "shop", "--fresh", "24", "--key", "cron.key.pem")
        self.publish(*self.proof, "--bump", "--fresh", "24", keys=("ci", "cron"))
        self.assertIn("unpin", self.latest)
        self.unpin("--withdraw")
        self.assertIn("accepted  unpin  2", self.verify().out)

    @learning.needs_clock
    def test_serials_grow_when_the_last_one_is_over(self):
        self.old_directory()
        for _ in range(2):
            self.unpin("--soften", "api", "--reason", "x", "--days", "3")
        self.publish(*self.proof, "--bump", env=learning.LearningCase.later(20))
        document = self.unpin("--soften", "api", "--reason", "again", "--json",
                              env=learning.LearningCase.later(21)).json
        self.assertEqual(document["serial"], 3)

    def test_serials_grow_when_other_keys_sign(self):
        self.publish(*self.proof)
        for reason in ("x", "y"):
            self.unpin("--soften", "api", "--reason", reason)
        self.ok("embed", "--dir", "shop", "-o", "old.seed")
        self.ok("root", "rotate", "--root", "root-1.json", "--unpin-key", "alice.pub.pem", "--unpin-key",
                "bob.pub.pem", "-o", "root-2.json")
        self.ok("sign", "root-2.json", "--key", "alice.key.pem")
        self.publish(*self.proof, "--root", "root-2.json", "--bump", "--fresh", "24", keys=("ci", "cron"))
        document = self.unpin("--soften", "api", "--reason", "z", "--json", keys=("alice", "bob")).json
        self.assertEqual(document["serial"], 3)
        self.assertIn("1 unpinned", self.client("old.seed").out)

    def test_serials_that_nobody_believed_do_not_count(self):
        self.publish(*self.proof)
        self.unpin("--soften", "api", "--reason", "x", "--stage", "u.json", keys=("lead",))
        text = (self.dir / "u.json").read_text()
        self.write(f"shop/unpin/{'0' * 64}.json", text)
        self.write(f"shop/unpin/{'1' * 64}.json", "no envelope")
        self.assertEqual(self.unpin("--soften", "api", "--reason", "x", "--json").json["serial"], 1)


if __name__ == "__main__":
    tap_unittest.main()
