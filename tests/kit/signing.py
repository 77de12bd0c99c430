# SPDX-License-Identifier: Apache-2.0
"""Test cases with signing keys in files, as publishers have them."""
import bundles
import cli


class SigningCase(cli.TestCase):
    """self.keys: SigningKey by name; NAME.key.pem and NAME.pub.pem lie in the folder."""
    NAMES = ("alice", "bob", "carol", "ci", "cron", "oncall", "lead")

    def setUp(self):
        super().setUp()
        self.keys = {name: bundles.SigningKey(name) for name in self.NAMES}
        for name, key in self.keys.items():
            key.write(self.dir / name)

    def publics(self, role, *names):
        return [word for name in names for word in (f"--{role}-key", f"{name}.pub.pem")]

    def init(self, *more, code=cli.OK):
        result = self.run_cli(
            "root", "init", "--app", bundles.APP, *self.publics("root", "alice", "bob", "carol"),
            "--root-threshold", "2", *self.publics("pins", "ci"), *more)
        self.assertExit(result, code)
        return result

    def sign(self, path, *names, code=cli.OK, more=()):
        keys = [word for name in names for word in ("--key", f"{name}.key.pem")]
        result = self.run_cli("sign", path, *keys, *more)
        self.assertExit(result, code)
        return result

    def signed_root(self, *more):
        self.init(*more)
        self.sign("root-1.json", "alice", "bob")
        return self.dir / "root-1.json"
