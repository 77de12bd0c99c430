# SPDX-License-Identifier: Apache-2.0
"""A program with an updater (updater_probe.c), driven from Python.

    with probe.Probe(seed=path, source=[folder], state=path) as client:
        client.run()["run"]             "new", "current", "failed"
        client.status()["version"]
        client.decide("api.example.com", 3)["decision"]
        client.wait_for("stale")        the next such event
        client.events                   all so far
"""
import base64
import contextlib
import hashlib
import json
import os
import pathlib
import queue
import subprocess
import threading

BUILD = pathlib.Path(os.environ.get("PINTLE_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build/dev"))
BIN = str(BUILD / "tests/kit/updater_probe")
WAIT_S = 60


def pin(key):
    """The pin of key number `key` of decide(): an Ed25519 key that is that number (fake_cert.c)."""
    spki = bytes.fromhex("302a300506032b6570032100") + bytes(28) + key.to_bytes(4, "big")
    return "sha256/" + base64.b64encode(hashlib.sha256(spki).digest()).decode()


class Failed(Exception):
    """It did not open; .status is why."""

    def __init__(self, answer):
        super().__init__(f"{answer['open']}: {answer['text']}")
        self.status = answer["open"]


class Probe:
    """Options as of updater_probe, with "_" for "-"; source may be a list. state="" is none."""

    def __init__(self, preexec_fn=None, wrapper=(), env=None, **options):
        command = [*wrapper, BIN]
        for name, value in options.items():
            for item in value if isinstance(value, (list, tuple)) else [value]:
                if item is not None:
                    command += [f"--{name.replace('_', '-')}", str(int(item) if isinstance(item, bool) else item)]
        self.events, self.answers = [], queue.Queue()
        self.arrived = threading.Condition()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        preexec_fn=preexec_fn, env=env)
        self.over = False
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.opened = self.answer("open")
        if self.opened["open"] != "OK":
            self.kill()
            raise Failed(self.opened)

    def _read(self):
        for line in self.process.stdout:
            document = json.loads(line)
            if "event" not in document:
                self.answers.put(document)
                continue
            with self.arrived:
                self.events.append(document)
                self.arrived.notify_all()
        self.answers.put({"end": True})
        with self.arrived:
            self.over = True
            self.arrived.notify_all()

    def say(self, line):
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def answer(self, member):
        document = self.answers.get(timeout=WAIT_S)
        if member not in document:
            raise AssertionError(f"{document} instead of {member}")
        return document

    def ask(self, line, member):
        self.say(line)
        return self.answer(member)

    def run(self):
        return self.ask("run", "run")

    def status(self):
        return self.ask("status", "version")

    def decide(self, host, *keys):
        return self.ask(f"decide {host} {','.join(map(str, keys))}", "decision")

    def clock(self, seconds):
        self.say(f"clock {int(seconds)}")

    def kinds(self):
        return [event["event"] for event in self.events]

    def told(self, kind):
        return [event for event in self.events if event["event"] == kind]

    def wait_for(self, kind, count=1):
        """Wait until so many of these events have come; the last of them."""
        with self.arrived:
            found = self.arrived.wait_for(lambda: self.over or len(self.told(kind)) >= count, WAIT_S)
        if not found or len(self.told(kind)) < count:
            raise AssertionError(f"no {kind} among {self.events}")
        return self.told(kind)[count - 1]

    def quit(self):
        self.ask("quit", "closed")
        return self.process.wait(WAIT_S)

    def kill(self):
        self.process.kill()
        self.process.wait(WAIT_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(WAIT_S)
        finally:
            self.process.kill()
            self.reader.join(WAIT_S)
            self.process.stdout.close()
