# SPDX-License-Identifier: Apache-2.0
"""Test cases of a publisher: signing keys, a signed root, a server with a live and a backup key."""
import base64
import json

import bundles
import cli
import netcase
import pki


class PublishingCase(netcase.NetCase):
    """self.leaf is what self.server shows; self.backup is proven by backup.csr."""
    NAMES = ("alice", "bob", "ci", "build", "cron", "oncall", "lead")

    def setUp(self):
        super().setUp()
        self.keys = {name: bundles.SigningKey(name) for name in self.NAMES}
        for name, key in self.keys.items():
            key.write(self.dir / name)
        self.leaf, self.backup = self.issue(), pki.Key()
        self.server = self.nginx(self.leaf)
        self.write("backup.csr", pki.request(self.backup, netcase.HOST))
        self.proof = ("--proof", "backup.csr")
        self.document()
        self.make_root()

    def make_root(self, *more, name="root-1.json"):
        roles = {"root": ("alice", "bob"), "pins": ("ci", "build"), "fresh": ("cron",),
                 "unpin": ("oncall", "lead")}
        words = [word for role, names in roles.items() for each in names
                 for word in (f"--{role}-key", f"{each}.pub.pem")]
        (self.dir / name).unlink(missing_ok=True)
        self.ok("root", "init", "--app", "com.example.test", *words, *more, "-o", name)
        self.ok("sign", name, "--key", "alice.key.pem")

    def ok(self, *args):
        result = self.run_cli(*args)
        self.assertExit(result, cli.OK)
        return result

    def document(self, *pins, rules=None, **more):
        """The publisher's pin-set."""
        pins = pins or (self.leaf, self.pin(self.backup, backup=True))
        more = {"version": 1, "hard_ttl_s": 200 * 86400, "overlap_s": 40 * 86400, **more}
        return self.pinset(*(rules or [self.rule(*pins)]), **more)

    def publish(self, *more, code=cli.OK, keys=("ci",), server=None):
        signers = [word for name in keys for word in ("--key", f"{name}.key.pem")]
        first = [] if (self.dir / "shop/root/1.json").exists() else ["--root", "root-1.json"]
        result = self.run_cli("publish", "--dir", "shop", *first, *signers, *more,
                              *self.to(server or self.server))
        self.assertExit(result, code)
        return result

    @property
    def latest(self):
        return json.loads((self.dir / "shop/latest.json").read_text())

    def published(self):
        """The pin-set that clients get."""
        envelope = json.loads((self.dir / f"shop/pins/{self.latest['pins']}.json").read_text())
        return json.loads(base64.b64decode(envelope["payload"]))

    def verify(self, code=cli.OK):
        result = self.run_cli("verify", "shop", "--root", "root-1.json")
        self.assertExit(result, code)
        return result

    def files(self):
        return {str(path.relative_to(self.dir / "shop")): path.read_bytes()
                for path in (self.dir / "shop").rglob("*.json")} if (self.dir / "shop").exists() else {}
