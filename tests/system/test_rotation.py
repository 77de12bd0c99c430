#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/guide/rotation.md, run from its first command to its last, while clients poll.

The commands are taken from the page. `./issue` is a CA, `./reload` has a real nginx take its new
key, `api.example.com` is that nginx. All the time, clients that were built with bundles of three
ages fetch from it, and from an impostor whose certificate is valid: one refused fetch of the one, or
one accepted fetch of the other, fails the test.
"""
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time

from cryptography import x509

import bundles
import cli
import netcase
import pki
import servers
import tap_unittest
from netcase import HOST

GUIDE = cli.ROOT / "docs/guide/rotation.md"


# --- the page ----------------------------------------------------------------------------------


@dataclasses.dataclass
class Step:
    """A command of the page, and the exit code that the page says it has."""
    heading: str
    command: str
    code: int = 0


def read_steps(text):
    """The commands of all console blocks, in order."""
    heading, found = "", []
    for match in re.finditer(r"^## (.*?)$|^```console\n(.*?)^```", text, re.S | re.M):
        if match[1]:
            heading = match[1]
        else:
            found += read_block(heading, match[2])
    return found


def read_block(heading, block):
    found = []
    lines = iter(block.splitlines())
    for line in lines:
        if not line.startswith("$ "):
            continue
        command = line[2:]
        while command.endswith("\\"):
            command = command[:-1] + next(lines).strip()
        if command == "echo $?":
            found[-1].code = int(next(lines))
        else:
            found.append(Step(heading, command))
    return found


# --- the world ---------------------------------------------------------------------------------


class WebServer(servers.Nginx):
    """nginx with a master, which takes new keys without missing a connection."""

    CONFIG = """
        daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log notice;
        events {{ worker_connections 256; }}
        http {{
          access_log {dir}/access.log combined;
          client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy;
          fastcgi_temp_path {dir}/fastcgi; uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
          server {{
            {listens}
            ssl_protocols TLSv1.2 TLSv1.3;
            {chains}
            location / {{ return 200 'welcome\\n'; }}
          }}
        }}
    """

    def reload(self, chain, key):
        """Take another chain and key; wait until nobody serves the old ones."""
        shutil.copyfile(chain, self.dir / "chain0.pem")
        shutil.copyfile(key, self.dir / "key0.pem")
        before = self.log.count(" exited with code 0")
        self.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: self.log.count(" exited with code 0") > before)

    @property
    def log(self):
        return (self.dir / "error.log").read_text()

    @staticmethod
    def wait_for(seen, seconds=10):
        end = time.monotonic() + seconds
        while not seen():
            if time.monotonic() > end:
                raise TimeoutError("nginx does not take its new key")
            time.sleep(0.02)


class Client(threading.Thread):
    """
    Fetches again and again, from the server and from an impostor, and keeps what went wrong.

    forgets: it has no memory between runs, so it begins with its seed each time
    """

    def __init__(self, name, seed, case, forgets):
        super().__init__(name=name, daemon=True)
        self.seed, self.case, self.forgets = seed, case, forgets
        self.over = threading.Event()
        self.good, self.caught, self.wrong = 0, 0, []

    def fetch(self, server, state):
        return self.case.run_cli("fetch", f"https://{HOST}/", "--seed", self.seed, *self.case.sources,
                                 "--state", state, "--update-wait", "10000", "--connect", server.address,
                                 "--ca", self.case.ca)

    def update(self, state):
        self.case.run_cli("update", "--seed", self.seed, *self.case.sources, "--state", state)

    def run(self):
        states = self.case.dir / "state"
        number = 0
        while not self.over.is_set():
            number += 1
            state = states / f"{self.name}-{number if self.forgets else 0}.db"
            self.meet_server(state)
            if not self.forgets and number % 5 == 0:
                self.update(state)
            # An impostor would use up the updates that a state allows on a mismatch.
            self.meet_impostor(states / f"{self.name}-{number}-impostor.db")
            for path in states.glob(f"{self.name}-{number}*") if number % 2 else ():
                path.unlink(missing_ok=True)
            self.over.wait(0.1)

    def meet_server(self, state):
        result = self.fetch(self.case.server, state)
        if result.code == cli.OK and result.out == "welcome\n":
            self.good += 1
        else:
            self.wrong.append(f"refused the server:\n{result}")

    def meet_impostor(self, state):
        result = self.fetch(self.case.impostor, state)
        if result.code == cli.REFUSED and "mismatch" in result.err:
            self.caught += 1
        else:
            self.wrong.append(f"did not refuse the impostor for its key:\n{result}")


class Rotation(netcase.NetCase):
    def setUp(self):
        super().setUp()
        leaf = self.issue()
        (self.dir / "tls").mkdir()
        leaf.write(self.dir / "tls/chain.pem", chain=True)
        leaf.write_key(self.dir / "tls/key.pem")
        (self.dir / "state").mkdir()
        self.shop = self.dir / "shop"
        self.sources = ("--source", self.shop, "--source", self.dir / "mirror")
        self.write("pass.txt", "correct horse battery staple\n")
        self.server = self.enter(WebServer(leaf))
        self.thief_leaf = self.issue()
        self.impostor = self.enter(servers.Https(servers.context(self.thief_leaf)))
        self.clients = []
        self.addCleanup(self.stop)

    # --- what stands for the reader's place

    def do_issue(self, request, chain):
        csr = x509.load_pem_x509_csr((self.dir / request).read_bytes())
        cert = pki.build(HOST, _Public(csr.public_key(), "ec"), self.issuing.cert.subject,
                         self.issuing.key, names=(HOST,))
        made = pki.Certificate(cert, self.issuing.key, [self.issuing, *self.issuing.issuers])
        made.write(self.dir / chain, chain=True)

    def do_reload(self):
        self.server.reload(self.dir / "tls/chain.pem", self.dir / "tls/key.pem")

    def do_retire(self, index):
        """Take a pin out of the pin-set; what is live now is no backup any more."""
        path = self.dir / "pintle.json"
        document = json.loads(path.read_text())
        pins = document["rules"][0]["pins"]
        del pins[int(index)]
        pins[0].pop("backup", None)
        path.write_text(json.dumps(document, indent=2))

    def do_mirror(self):
        files = sorted(self.shop.rglob("*.json"), key=lambda path: path.name == "latest.json")
        for path in files:
            target = self.dir / "mirror" / path.relative_to(self.shop)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target.with_suffix(".new"))
            target.with_suffix(".new").rename(target)

    def do_clean_cdn(self):
        shutil.rmtree(self.shop)
        shutil.copytree(self.dir / "mirror", self.shop)

    # --- the thief

    def thief_prepares(self):
        document = json.loads((self.dir / "pintle.json").read_text())
        document.update(version=1000, issued=bundles.time(-60), expires=bundles.time(days=80))
        document["rules"][0]["pins"] = [{"spki": self.thief_leaf.pin, "at": "any"}]
        (self.dir / "thief").mkdir()
        (self.dir / "thief/pins-document.json").write_text(json.dumps(document))

    def thief_takes_the_cdn(self):
        envelope = (self.dir / "thief/pins.json").read_bytes()
        payload = (self.dir / "thief/pins-document.json").read_bytes()
        digest = bundles.digest(payload)
        (self.shop / f"pins/{digest}.json").write_bytes(envelope)
        latest = json.loads((self.shop / "latest.json").read_text())
        latest.update(version=1000, pins=digest)
        (self.shop / "latest.json").write_text(json.dumps(latest))

    # --- the walk

    def start(self, seed):
        for forgets in (True, False):
            name = f"{seed.stem}-{'forgetful' if forgets else 'steady'}"
            client = Client(name, seed, self, forgets)
            self.clients.append(client)
            client.start()

    def stop(self):
        for client in self.clients:
            client.over.set()
        for client in self.clients:
            client.join(60)

    def settle(self, rounds=2):
        """Every client has met both servers again."""
        goals = [(client, client.good + client.caught + len(client.wrong) + 2 * rounds)
                 for client in self.clients]
        end = time.monotonic() + 120
        for client, goal in goals:
            while client.good + client.caught + len(client.wrong) < goal:
                self.assertLess(time.monotonic(), end, f"{client.name} stands still")
                time.sleep(0.05)
        self.assertEqual([wrong for client in self.clients for wrong in client.wrong], [])

    def run_step(self, step):
        words = step.command.split()
        if words[0].startswith("./"):
            getattr(self, "do_" + words[0][2:].replace("-", "_"))(*words[1:])
            return
        env = {"PATH": f"{pathlib.Path(cli.BIN).parent}:{os.environ['PATH']}",
               "PINTLE_CA": self.ca, "PINTLE_CONNECT": self.server.address}
        done = cli.run_program(["bash", "-euc", step.command], env=env, cwd=self.dir, home=self.dir)
        self.assertEqual(done.code, step.code, f"{step.heading}\n{done}")

    def test_the_walk_through(self):
        steps = read_steps(GUIDE.read_text())
        self.assertGreater(len(steps), 40)
        seeds = set()
        for step in steps:
            if step.command.startswith("pintle sign thief/"):
                self.thief_prepares()
            self.run_step(step)
            if step.command.startswith("pintle sign thief/"):
                self.thief_takes_the_cdn()
            for seed in set(self.dir.glob("release-*.seed")) - seeds:
                seeds.add(seed)
                self.start(seed)
            if self.clients and ("./reload" in step.command or " publish " in step.command
                                 or step.command.startswith("pintle sign thief/")):
                self.settle()
        self.assertEqual(len(seeds), 3)
        self.settle(3)
        for client in self.clients:
            self.assertGreater(client.good, 5, client.name)
            self.assertGreater(client.caught, 5, client.name)
        # In the end the steady ones are where the last publication is.
        for client in self.clients:
            if not client.forgets:
                result = self.run_cli("update", "--seed", client.seed, "--source", self.shop, "--state",
                                      self.dir / f"state/{client.name}-0.db", "--json")
                self.assertExit(result, cli.OK)
                self.assertEqual(result.json["living"]["epoch"], 2, str(result))


class _Public:
    """A public key that somebody else holds the private half of, as pki.build() takes keys."""

    def __init__(self, public, kind):
        self.public, self.kind = public, kind

    @property
    def private(self):
        return self

    def public_key(self):
        return self.public


if __name__ == "__main__":
    tap_unittest.main()
