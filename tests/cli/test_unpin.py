#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pintle unpin: the emergency brake, which takes two people and ends by itself."""
import cli
import publishing
import tap_unittest


class Unpin(publishing.PublishingCase):
    def setUp(self):
        super().setUp()
        self.publish(*self.proof, "--fresh", "24", keys=("ci", "cron"))

    def unpin(self, *more, keys=("oncall", "lead"), code=cli.OK):
        signers = [word for name in keys for word in ("--key", f"{name}.key.pem")]
        result = self.run_cli("unpin", "--dir", "shop", *signers, *more)
        self.assertExit(result, code)
        return result

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
        self.unpin("--withdraw")
        self.assertIn("unpin", self.latest)
        self.verify()

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


if __name__ == "__main__":
    tap_unittest.main()
