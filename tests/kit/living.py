# SPDX-License-Identifier: Apache-2.0
"""Test cases of commands with an app whose pins are signed: keys, a seed, a source, servers."""
import bundles
import netcase
import servers
from netcase import HOST

REPORT_URI = "https://reports.example.net/v1"


class LivingCase(netcase.NetCase):
    """self.seed is version 1 with self.old pinned for HOST, self.state where its database goes."""

    def setUp(self):
        super().setUp()
        self.signer = bundles.Signer()
        self.old, self.new = self.issue(), self.issue()
        self.state = self.dir / "state/app.db"
        self.source = self.dir / "source"
        self.seed = self.bundle(1, self.old).write_seed(self.dir / "app.seed")

    def bundle(self, version, leaf, signer=None, rule=None, **more):
        rules = [bundles.rule(leaf, **{"match": [HOST], **(rule or {})})]
        return (signer or self.signer).bundle(rules, version, **more)

    def publish(self, *args, **more):
        self.bundle(*args, **more).write(self.source)

    def https(self, leaf=None):
        return self.enter(servers.Https(servers.context(leaf or self.issue())))

    def folder(self, folder=None, **options):
        return self.enter(servers.Folder(folder or self.source, **options))

    def living(self, *sources):
        """The options of an updater."""
        return ("--seed", self.seed, "--state", self.state,
                *(word for source in sources for word in ("--source", source)))
