#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Updates over hostile channels, broken disks, wrong clocks and sudden deaths: whatever happens, the
newest pin-set that was believed stays in force, and nothing older ever is."""
import contextlib
import json
import os
import pathlib
import queue
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import bundles
import cli
import netcase
import pki
import probe
import servers
import tap_unittest

HOST = "api.example.com"
OLD, NEW, THIRD = 1, 2, 3
YEAR = 365 * 86400
KILLS = int(os.environ.get("PINTLE_KILLS", "100"))


class UpdateCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="pintle-updates-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.signer = bundles.Signer()
        self.old = self.bundle(1, OLD)
        self.new = self.bundle(2, NEW)
        self.seed = self.old.write_seed(self.dir / "app.seed")
        self.state = self.dir / "state/app.db"
        self.source = self.dir / "source"

    def bundle(self, version, key, signer=None, **more):
        rule = bundles.rule(probe.pin(key), match=[HOST])
        return (signer or self.signer).bundle([rule], version, **more)

    def client(self, **options):
        options.setdefault("seed", self.seed)
        options.setdefault("state", self.state)
        options.setdefault("source", self.source)
        client = probe.Probe(**options)
        self.addCleanup(client.__exit__)
        return client

    def serve(self, folder=None, **options):
        server = servers.Folder(folder or self.source, **options)
        self.addCleanup(server.stop)
        return server

    def assertInForce(self, client, version, key):
        self.assertEqual(client.status()["version"], version, client.events)
        self.assertEqual(client.decide(HOST, key)["decision"], "accept")
        self.assertEqual(client.decide(HOST, 99)["decision"], "refuse")

    def assertKept(self, version, key, **options):
        """A client that starts later, without a source."""
        with self.client(source=None, **options) as later:
            self.assertInForce(later, version, key)

    def assertRefused(self, client, status, version=1, key=OLD):
        """The update fails so, and nothing has changed, nor is it after a restart."""
        answer = client.run()
        self.assertEqual((answer["run"], answer["status"]), ("failed", status), answer)
        self.assertEqual(client.told("source")[-1]["status"], status)
        self.assertInForce(client, version, key)
        self.assertKept(version, key)


class Updates(UpdateCase):
    def test_a_newer_version_comes_and_stays(self):
        self.new.write(self.source)
        client = self.client()
        self.assertInForce(client, 1, OLD)
        self.assertEqual(client.run()["run"], "new")
        self.assertInForce(client, 2, NEW)
        self.assertEqual(client.decide(HOST, OLD)["reason"], "mismatch")
        self.assertEqual(client.kinds(), ["started", "updated"])
        self.assertIn("version 2", client.told("updated")[0]["text"])
        self.assertEqual(client.told("updated")[0]["source"], str(self.source))
        self.assertEqual(client.run()["run"], "current")
        self.assertEqual(client.quit(), 0)
        self.assertKept(2, NEW)

    def test_every_kind_of_source(self):
        self.new.write(self.source)
        plain = self.serve()
        authority = pki.Authority("Test Root")
        secure = self.serve(ctx=servers.context(authority.issue("127.0.0.1")))
        ca = authority.write(self.dir / "ca.pem")
        for source in (self.source, f"file://{self.source}", f"{self.source}/", plain.base,
                       f"{plain.base}/", secure.base):
            with self.subTest(source), self.client(source=source, state="", ca=ca) as client:
                self.assertEqual(client.run()["run"], "new", client.events)
                self.assertInForce(client, 2, NEW)

    def test_sources_are_tried_in_turn_until_one_has_everything(self):
        self.new.write(self.source)
        good, bad = self.serve(), self.serve(self.dir / "nothing")
        never = self.serve()
        dead = f"http://127.0.0.1:{servers.free_port()}"
        client = self.client(source=[dead, bad.base, good.base, never.base])
        self.assertEqual(client.run()["run"], "new")
        self.assertEqual([event["status"] for event in client.told("source")], ["E_CONNECT", "E_HTTP"])
        self.assertEqual(never.requests, [])
        self.assertInForce(client, 2, NEW)

    def test_when_all_fail_the_last_one_is_told(self):
        dead = f"http://127.0.0.1:{servers.free_port()}"
        client = self.client(source=[self.dir / "nothing", dead])
        answer = client.run()
        self.assertEqual((answer["run"], answer["status"]), ("failed", "E_CONNECT"))
        self.assertTrue(answer["text"].startswith(dead), answer)
        self.assertEqual(client.status()["failures"], 1)
        self.new.write(self.source)
        self.assertInForce(client, 1, OLD)

    def test_what_is_unchanged_is_not_sent_again(self):
        self.new.write(self.source)
        server = self.serve()
        with self.client(source=server.base) as client:
            client.run()
            count = len(server.requests)
            self.assertEqual(client.run()["run"], "current")
            self.assertEqual([r[:2] for r in server.requests[count:]], [("GET", "latest.json")])
            self.assertIn("If-None-Match", server.requests[-1][2])
        with self.client(source=server.base) as later:
            self.assertEqual(later.run()["run"], "current")
            self.assertIn("If-None-Match", server.requests[-1][2])

    def test_a_validator_does_not_outlive_what_it_stood_for(self):
        self.new.write(self.source)
        server = self.serve()
        with self.client(source=server.base) as client:
            client.run()
        saved = self.state.read_bytes()
        for path in self.state.parent.iterdir():
            path.unlink()
        with self.client(source=server.base) as client:
            self.assertInForce(client, 1, OLD)
            self.assertEqual(client.run()["run"], "new")
        self.assertGreater(len(saved), 0)
        self.assertKept(2, NEW)

    def test_a_chain_of_roots_is_walked(self):
        self.signer.rotate(pins=bundles.keys("pins", 1))
        self.signer.rotate(root=bundles.keys("root", 3))
        self.bundle(3, THIRD).write(self.source)
        client = self.client()
        self.assertEqual(client.run()["run"], "new", client.events)
        self.assertEqual(client.status()["root_version"], 3)
        self.assertInForce(client, 3, THIRD)
        client.quit()
        self.assertKept(3, THIRD)

    def test_what_broke_off_is_gone_on_with(self):
        self.new.write(self.source)
        server = self.serve()
        server.hooks[f"pins/{self.new.pins.digest}.json"] = servers.cut_once()
        client = self.client(source=server.base)
        self.assertEqual(client.run()["run"], "new", client.events)
        self.assertTrue([r for r in server.requests if "Range" in r[2]])
        self.assertInForce(client, 2, NEW)

    def test_what_was_accepted_is_kept_if_a_later_step_is_refused(self):
        bundle = self.bundle(2, NEW, fresh=24)
        bundle.fresh = self.signer.fresh(bundle.pins, signers=[bundles.SigningKey()])
        bundle.write(self.source)
        client = self.client()
        self.assertEqual(client.run()["run"], "new")
        self.assertEqual(client.told("source")[0]["status"], "E_SIGNATURES")
        self.assertInForce(client, 2, NEW)
        client.quit()
        self.assertKept(2, NEW)


class Attacks(UpdateCase):
    """Everything a channel can do to what it carries."""

    def setUp(self):
        super().setUp()
        self.new.write(self.source)
        with self.client() as client:
            self.assertEqual(client.run()["run"], "new")
        shutil.rmtree(self.source)

    def refuses(self, status, **options):
        client = self.client(**options)
        self.assertRefused(client, status, 2, NEW)
        return client

    def test_lower_version(self):
        self.old.write(self.source)
        self.refuses("E_ROLLBACK")

    def test_lower_version_after_the_database_is_lost_but_for_its_twin(self):
        self.state.unlink()
        self.old.write(self.source)
        self.refuses("E_ROLLBACK")

    def test_equal_version_with_other_bytes(self):
        self.bundle(2, THIRD).write(self.source)
        self.refuses("E_EQUIVOCATION")

    def test_lower_epoch(self):
        self.signer.rotate(epoch=2)
        self.bundle(1, THIRD).write(self.source)
        with self.client() as client:
            self.assertEqual(client.run()["run"], "new")
        self.signer.epoch = 1
        self.bundle(9, NEW).write(self.source)
        client = self.client()
        self.assertRefused(client, "E_EPOCH", 1, THIRD)

    def test_roots_with_a_gap(self):
        self.signer.rotate()
        self.signer.rotate()
        bundle = self.bundle(3, THIRD)
        bundle.write(self.source)
        (self.source / "root/2.json").write_bytes((self.source / "root/3.json").read_bytes())
        self.refuses("E_ROOT_VERSION")

    def test_root_signed_by_the_new_keys_only_or_by_the_old_only(self):
        for which in ("new", "old"):
            with self.subTest(which):
                signer = bundles.Signer()
                signer.__dict__.update(self.signer.__dict__, roots=list(self.signer.roots),
                                       keys=dict(self.signer.keys))
                fresh = bundles.keys("root", 3)
                signer.rotate(root=fresh, signers=fresh if which == "new" else self.signer.keys["root"])
                self.bundle(3, THIRD, signer).write(self.source)
                self.refuses("E_SIGNATURES")

    def test_one_key_under_two_ids(self):
        signer = bundles.Signer(pins=(2, 2))
        seed = self.bundle(1, OLD, signer).write_seed(self.dir / "two.seed")
        bundle = self.bundle(2, NEW, signer)
        first, second = signer.keys["pins"]
        sig = bundle.pins.signatures[0][1]
        bundle.pins.signatures = [(first.id, sig), (second.id, sig)]
        bundle.write(self.source)
        client = self.client(seed=seed, state="")
        self.assertEqual(client.run()["status"], "E_SIGNATURES")
        self.assertInForce(client, 1, OLD)

    def test_another_payload_type(self):
        bundle = self.bundle(3, THIRD)
        bundle.pins = bundles.envelope("pins", bundle.pins.payload, self.signer.quorum("pins"),
                                       kind=bundles.payload_type("fresh"))
        bundle.write(self.source)
        self.refuses("E_SIGNATURES")

    def test_another_role(self):
        bundle = self.bundle(3, THIRD)
        bundle.write(self.source)
        pins = self.source / f"pins/{bundle.pins.digest}.json"
        pins.write_bytes(bundle.roots[0].text)
        self.refuses("E_PAYLOAD_TYPE")

    def test_mix_of_an_old_fresh_with_new_pins(self):
        first, second = self.bundle(3, OLD, fresh=24), self.bundle(4, NEW)
        first.write(self.source)
        with self.client() as client:
            self.assertEqual(client.run()["run"], "new")
        second.fresh = first.fresh
        second.write(self.source)
        client = self.client()
        self.assertEqual(client.run()["run"], "new")  # the pins are newer and well signed
        self.assertNotEqual(client.told("source"), [])
        status = client.status()
        self.assertEqual((status["version"], status["stale"]), (4, True))
        self.assertTrue(client.decide(HOST, NEW)["stale"])

    def test_older_fresh_after_a_newer_one(self):
        pins = self.signer.pins([bundles.rule(probe.pin(NEW), match=[HOST])], 3)
        earlier = self.signer.fresh(pins, issued=bundles.time(-7200))
        later = self.signer.fresh(pins, issued=bundles.time(-60))
        bundles.Bundle(self.signer.roots, pins, later).write(self.source)
        with self.client() as client:
            self.assertEqual(client.run()["run"], "new")
        bundles.Bundle(self.signer.roots, pins, earlier).write(self.source)
        client = self.client()
        self.assertRefused(client, "E_ROLLBACK", 3, NEW)

    def test_frozen_channel_is_marked_and_told(self):
        frozen = self.bundle(3, NEW, fresh=2)
        frozen.write(self.source)
        client = self.client()
        self.assertEqual(client.run()["run"], "new")
        self.assertFalse(client.status()["stale"])
        client.clock(3 * 3600)
        answer = client.run()
        self.assertEqual((answer["run"], answer["status"]), ("failed", "E_EXPIRED"))
        self.assertTrue(client.status()["stale"])
        self.assertEqual(len(client.told("stale")), 1)
        verdict = client.decide(HOST, NEW)
        self.assertEqual((verdict["decision"], verdict["stale"]), ("accept", True))
        self.assertEqual(client.decide(HOST, 99)["decision"], "refuse")

    def test_a_frozen_mirror_does_not_hide_one_that_is_not(self):
        frozen = self.bundle(3, NEW, fresh=2)
        frozen.write(self.source)
        other = self.dir / "other"
        later = bundles.Bundle(frozen.roots, frozen.pins,
                               self.signer.fresh(frozen.pins, 24, issued=bundles.time(-30)))
        later.write(other)
        client = self.client(source=[self.source, other])
        self.assertEqual(client.run()["run"], "new")
        client.clock(3 * 3600)
        self.assertEqual(client.run()["run"], "new")
        self.assertFalse(client.status()["stale"])

    def test_bundle_of_another_app(self):
        stranger = bundles.Signer("com.example.other")
        self.bundle(9, THIRD, stranger).write(self.source)
        self.refuses("E_SIGNATURES")
        own = self.bundle(9, THIRD)
        own.pins = self.signer.pins([bundles.rule(probe.pin(THIRD), match=[HOST])], 9,
                                    app="com.example.other")
        own.write(self.source)
        self.refuses("E_APP")

    def test_half_uploaded_directory(self):
        """Each prefix of the upload, over an empty directory and over an old one."""
        self.signer.rotate(pins=bundles.keys("pins", 1))
        newest = self.bundle(3, THIRD, fresh=24)
        files = list(newest.files())
        for before in (None, self.new):
            for count in range(len(files) + 1):
                with self.subTest(before=before is not None, files=count):
                    folder = self.dir / f"part-{before is not None}-{count}"
                    if before is not None:
                        before.write(folder)
                    for path, data in files[:count]:
                        bundles.put(folder / path, data)
                    state = self.dir / f"state-{before is not None}-{count}.db"
                    with self.client(source=folder, state=state) as client:
                        done = client.run()["run"]
                        whole = count == len(files)
                        expected = "new" if whole or before else "failed"
                        self.assertEqual(done, expected, client.events)
                        version, key = (3, THIRD) if whole else (2, NEW) if before else (1, OLD)
                        self.assertInForce(client, version, key)

    def test_files_missing_behind_a_pointer(self):
        """What a mirror has when it copied the pointer first."""
        self.signer.rotate()
        newest = self.bundle(3, THIRD, fresh=24)
        files = list(newest.files())
        for missing in range(len(files) - 1):
            path = files[missing][0]
            if path == "root/1.json":  # it is held already
                continue
            with self.subTest(path):
                folder = self.dir / f"missing-{missing}"
                newest.write(folder)
                (folder / path).unlink()
                state = self.dir / f"state-{missing}.db"
                with self.client(source=folder, state=state) as client:
                    client.run()
                    self.assertEqual(client.told("source")[0]["status"], "E_IO")
                    status = client.status()
                    self.assertIn(status["version"], (1, 3))
                    self.assertEqual(status["version"] == 3, path.startswith("fresh/"))

    def test_redirect_to_a_file_url(self):
        self.bundle(3, THIRD).write(self.source)
        for where in (f"file://{self.source}/latest.json", "gopher://127.0.0.1:70/x", "ftp://127.0.0.1/x"):
            with self.subTest(where):
                server = self.serve()
                server.hooks["latest.json"] = servers.redirect_to(where)
                self.refuses("E_HTTP", source=server.base)

    def test_redirect_that_does_not_end(self):
        server = self.serve()
        server.hooks["*"] = servers.redirect_to(f"{server.base}/latest.json")
        self.refuses("E_HTTP", source=server.base)

    def test_redirect_to_another_server_is_followed(self):
        self.bundle(3, THIRD).write(self.source)
        real, front = self.serve(), self.serve()
        front.hooks["*"] = lambda handler, path, _: servers.redirect_to(f"{real.base}/{path}")(
            handler, path, _)
        client = self.client(source=front.base)
        self.assertEqual(client.run()["run"], "new", client.events)
        self.assertInForce(client, 3, THIRD)

    def test_slow_drip(self):
        self.bundle(3, THIRD).write(self.source)
        server = self.serve()
        server.hooks["latest.json"] = servers.drip
        self.refuses("E_TIMEOUT", source=server.base, timeout=1500)

    def test_slow_drip_of_a_later_file(self):
        bundle = self.bundle(3, THIRD)
        bundle.write(self.source)
        server = self.serve()
        server.hooks[f"pins/{bundle.pins.digest}.json"] = servers.drip
        self.refuses("E_TIMEOUT", source=server.base, timeout=1500)

    def test_a_slow_source_does_not_keep_from_the_next(self):
        self.bundle(3, THIRD).write(self.source)
        server = self.serve()
        server.hooks["*"] = servers.drip
        client = self.client(source=[server.base, self.source], timeout=1000)
        self.assertEqual(client.run()["run"], "new")
        self.assertInForce(client, 3, THIRD)

    def test_endless_body(self):
        bundle = self.bundle(3, THIRD)
        bundle.write(self.source)
        for path in ("latest.json", f"pins/{bundle.pins.digest}.json"):
            with self.subTest(path):
                server = self.serve()
                server.hooks[path] = servers.endless
                self.refuses("E_LIMIT", source=server.base)

    def test_oversized_files_of_a_directory(self):
        bundle = self.bundle(3, THIRD)
        for path, size in (("latest.json", 5000), (f"pins/{bundle.pins.digest}.json", 1600 * 1024)):
            with self.subTest(path):
                bundle.write(self.source)
                (self.source / path).write_bytes(b" " * size)
                self.refuses("E_LIMIT")

    def test_nonsense(self):
        cases = {b"": "E_JSON", b"\0": "E_JSON", b"[]": "E_SCHEMA", b"[" * 3000: "E_JSON",
                 b'{"pintle_latest": 1, "pintle_latest": 1}': "E_JSON",
                 b'{"pintle_latest": 2, "root": 1, "pins": "%s"}' % (b"a" * 64): "E_VERSION",
                 b'{"pintle_latest": 1, "root": 1, "pins": "../../../../etc/passwd"}': "E_SCHEMA"}
        self.source.mkdir()
        for data, status in cases.items():
            with self.subTest(data[:40]):
                (self.source / "latest.json").write_bytes(data)
                self.refuses(status)

    def test_expired_pins(self):
        self.bundle(3, THIRD, issued=bundles.time(days=-30), expires=bundles.time(days=-1)).write(self.source)
        self.refuses("E_EXPIRED")

    def test_unpin_that_lasts_too_long_or_has_one_signature(self):
        for status, options in (("E_UNPIN", {"days": 15}),
                                ("E_SIGNATURES", {"signers": self.signer.keys["unpin"][:1]})):
            with self.subTest(status):
                bundle = self.bundle(2, NEW)
                bundle = bundles.Bundle(self.new.roots, self.new.pins, None,
                                        self.signer.unpin([("api", "off")], **options))
                bundle.write(self.source)
                client = self.refuses(status)
                self.assertFalse(client.decide(HOST, NEW)["unpinned"])

    def test_an_unpin_softens_for_its_time_and_is_told(self):
        bundle = bundles.Bundle(self.new.roots, self.new.pins, None,
                                self.signer.unpin([("api", "report")], days=7))
        bundle.write(self.source)
        client = self.client()
        self.assertEqual(client.run()["run"], "new")
        self.assertEqual(len(client.told("unpinned")), 1)
        verdict = client.decide(HOST, 99)
        self.assertEqual((verdict["decision"], verdict["softened"], verdict["unpinned"]),
                         ("accept", True, True))
        client.clock(8 * 86400)
        self.assertEqual(client.decide(HOST, 99)["decision"], "refuse")
        with self.client(source=None) as later:  # told again at every start, for its time
            self.assertEqual(later.kinds(), ["started", "unpinned"])
        with self.client(source=None, clock=8 * 86400) as later:
            self.assertEqual(later.told("unpinned"), [])

    def test_an_unpin_that_is_over_is_no_reason_to_refuse_the_rest(self):
        bundle = self.bundle(3, THIRD)
        bundle.unpin = self.signer.unpin([("api", "off")], issued=bundles.time(days=-9), days=-2)
        bundle.write(self.source)
        client = self.client()
        self.assertEqual(client.run()["run"], "new")
        self.assertEqual(client.told("source"), [])
        self.assertInForce(client, 3, THIRD)

    def test_a_client_that_ignores_unpins(self):
        bundle = bundles.Bundle(self.new.roots, self.new.pins, None, self.signer.unpin([("api", "off")]))
        bundle.write(self.source)
        client = self.client(ignore_unpin=True)
        self.assertEqual(client.run()["run"], "current", client.events)
        self.assertEqual(client.decide(HOST, 99)["decision"], "refuse")


class Mismatches(UpdateCase):
    def client(self, **options):
        return super().client(mismatches=1, **options)

    def test_a_mismatch_updates_and_is_decided_again(self):
        self.new.write(self.source)
        client = self.client(wait=30000)
        self.assertEqual(client.decide(HOST, NEW)["decision"], "accept")
        self.assertEqual(client.status()["version"], 2)

    def test_without_waiting_the_next_one_has_it(self):
        self.new.write(self.source)
        client = self.client()
        self.assertEqual(client.decide(HOST, NEW)["decision"], "refuse")
        client.wait_for("updated")
        self.assertEqual(client.decide(HOST, NEW)["decision"], "accept")

    def test_a_host_asks_once_a_minute_also_after_restarts(self):
        self.old.write(self.source)
        server = self.serve()
        with self.client(source=server.base, wait=30000) as client:
            self.assertEqual(client.decide(HOST, NEW)["decision"], "refuse")
            count = len(server.requests)
            self.assertGreater(count, 0)
            for _ in range(20):
                self.assertEqual(client.decide(HOST, NEW)["decision"], "refuse")
            self.assertEqual(len(server.requests), count)
        with self.client(source=server.base, wait=30000) as client:
            self.assertEqual(client.decide(HOST, NEW)["decision"], "refuse")
            self.assertEqual(len(server.requests), count)
            client.clock(70)
            client.decide(HOST, NEW)
            self.assertGreater(len(server.requests), count)
            count = len(server.requests)
            client.clock(70 + 70)  # the back-off has doubled
            client.decide(HOST, NEW)
            self.assertEqual(len(server.requests), count)
            client.clock(70 + 140)
            self.new.write(self.source)
            self.assertEqual(client.decide(HOST, NEW)["decision"], "accept")

    def test_a_wait_ends_at_its_time_and_others_are_not_kept(self):
        self.new.write(self.source)
        server = self.serve()
        gate = threading.Event()

        def hold(handler, path, _):
            gate.wait(30)
            handler.serve_file(path)
        server.hooks["latest.json"] = hold
        client = self.client(source=server.base, wait=300)
        self.assertEqual(client.decide(HOST, NEW)["decision"], "refuse")
        self.assertEqual(client.decide(HOST, OLD)["decision"], "accept")
        gate.set()
        client.wait_for("updated")
        self.assertEqual(client.decide(HOST, NEW)["decision"], "accept")

    def test_close_does_not_wait_for_a_server_that_says_nothing(self):
        server = self.serve()
        server.hooks["latest.json"] = lambda handler, path, _: handler.server.over.wait(60)
        client = self.client(source=server.base, timeout=600000)
        client.decide(HOST, NEW)
        deadline = time.monotonic() + 30
        while not server.requests and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(client.quit(), 0)

    def test_update_hosts_that_mismatch_their_own_pins_still_update(self):
        """Every update host is covered by a rule that its certificate breaks."""
        authority = pki.Authority("Test Root")
        ca = authority.write(self.dir / "ca.pem")
        rules = [bundles.rule(probe.pin(OLD), match=[HOST]),
                 bundles.rule(probe.pin(77), match=["127.0.0.1"], rule_id="updates")]
        seed = self.signer.bundle(rules, 1).write_seed(self.dir / "self.seed")
        rules[0] = bundles.rule(probe.pin(NEW), match=[HOST])
        self.signer.bundle(rules, 2).write(self.source)
        server = self.serve(ctx=servers.context(authority.issue("127.0.0.1")))
        client = self.client(seed=seed, source=[server.base, server.base + "/"], ca=ca, wait=30000)
        self.assertEqual(client.decide("127.0.0.1", 5)["reason"], "mismatch")
        client.wait_for("updated")
        self.assertInForce(client, 2, NEW)


class Schedule(UpdateCase):
    def test_a_client_updates_by_itself(self):
        self.new.write(self.source)
        client = self.client(background=True, interval=1)
        client.wait_for("updated")
        self.assertInForce(client, 2, NEW)
        self.bundle(3, THIRD).write(self.source)
        client.wait_for("updated", 2)
        self.assertInForce(client, 3, THIRD)
        self.assertEqual(client.quit(), 0)

    def test_open_waits_for_the_first_update(self):
        self.new.write(self.source)
        client = self.client(wait_on_open=30000)
        self.assertInForce(client, 2, NEW)

    def test_open_does_not_wait_for_longer(self):
        server = self.serve()
        server.hooks["latest.json"] = lambda handler, path, _: handler.server.over.wait(60)
        client = self.client(source=server.base, wait_on_open=200, timeout=600000)
        self.assertInForce(client, 1, OLD)
        self.assertEqual(client.quit(), 0)

    def test_the_end_of_freshness_is_told_when_it_comes(self):
        pins = self.signer.pins([bundles.rule(probe.pin(OLD), match=[HOST])], 1)
        fresh = self.signer.fresh(pins, expires=bundles.time(3))
        seed = bundles.Bundle(self.signer.roots, pins, fresh).write_seed(self.dir / "short.seed")
        client = self.client(seed=seed, background=True, source=None, state="")
        client.wait_for("stale")
        self.assertTrue(client.decide(HOST, OLD)["stale"])

    def test_an_old_seed_is_stale_from_the_start(self):
        seed = self.bundle(1, OLD, issued=bundles.time(days=-400),
                           expires=bundles.time(days=-100)).write_seed(self.dir / "old.seed")
        client = self.client(seed=seed, state="")
        self.assertEqual(client.kinds(), ["started", "stale"])
        self.assertInForce(client, 1, OLD)


class Reports(UpdateCase):
    """Violations reach their collector by themselves."""

    def setUp(self):
        super().setUp()
        self.posted = queue.Queue()
        self.status = 204
        (self.dir / "collector").mkdir()
        self.collector = self.serve(self.dir / "collector")

        def take(handler, path, body):
            handler.answer(b"", self.status)
            self.posted.put((path, json.loads(body)))
        self.collector.hooks["*"] = take

    def reporting(self, *uris, **options):
        rule = bundles.rule(probe.pin(OLD), match=[HOST], report=list(uris or [f"{self.collector.base}/v1"]))
        seed = self.signer.bundle([rule], 1).write_seed(self.dir / "reporting.seed")
        return self.client(seed=seed, source=None, reports=True, background=True, interval=1, **options)

    def test_a_refusal_is_sent_once(self):
        client = self.reporting()
        for _ in range(3):
            client.decide(HOST, 99)
        path, report = self.posted.get(timeout=60)
        self.assertEqual((path, report["hostname"], report["port"]), ("v1", HOST, 443))
        self.assertNotIn("BEGIN CERTIFICATE", json.dumps(report))
        client.decide(HOST, 98)  # another key is another report
        self.posted.get(timeout=60)
        self.assertEqual(client.quit(), 0)
        self.assertTrue(self.posted.empty())

    def test_certificates_only_when_asked_for(self):
        client = self.reporting(certificates=True)
        client.decide(HOST, 99)
        self.assertIn("BEGIN CERTIFICATE", json.dumps(self.posted.get(timeout=60)[1]))

    def test_what_was_kept_is_sent_by_a_later_start(self):
        dead = f"http://127.0.0.1:{servers.free_port()}/v1"
        client = self.reporting(dead, f"{self.collector.base}/v1", state=self.dir / "kept.db")
        client.decide(HOST, 99)
        self.posted.get(timeout=60)
        # The collector has it before the client knows that; a client that ends in between sends it again.
        deadline = time.monotonic() + 60
        while len(self.kept()) > 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        client.quit()
        self.assertEqual(self.kept(), [dead])

    def kept(self):
        listed = cli.run("report", "list", "--state", self.dir / "kept.db", "--json").json["reports"]
        return [report["uri"] for report in listed]

    def test_a_match_is_not_told(self):
        client = self.reporting()
        client.decide(HOST, OLD)
        client.decide("unknown.example.com", OLD)  # refused, but by no rule that names a collector
        client.decide(HOST, 99)
        self.assertEqual(self.posted.get(timeout=60)[1]["hostname"], HOST)
        client.quit()
        self.assertTrue(self.posted.empty())

    def test_a_silent_collector_does_not_keep_a_mismatch_from_its_update(self):
        self.collector.hooks["*"] = lambda handler, path, _: handler.server.over.wait(60)
        rule = bundles.rule(probe.pin(OLD), match=[HOST], report=[f"{self.collector.base}/v1"])
        seed = self.signer.bundle([rule], 1).write_seed(self.dir / "reporting.seed")
        client = self.client(seed=seed, reports=True, background=True, interval=1, timeout=600000,
                             mismatches=1, wait=30000)
        deadline = time.monotonic() + 60
        client.decide(HOST, 99)
        while not self.collector.requests and time.monotonic() < deadline:
            time.sleep(0.01)
        client.clock(3600)
        self.new.write(self.source)
        self.assertEqual(client.decide(HOST, NEW)["decision"], "accept")
        self.assertEqual(client.quit(), 0)

    def test_without_a_database_they_are_lost_and_nothing_else(self):
        client = self.reporting(state="")
        client.decide(HOST, 99)
        self.assertInForce(client, 1, OLD)
        self.assertEqual(client.quit(), 0)
        self.assertTrue(self.posted.empty())


class Storage(UpdateCase):
    """Last good or embedded pins, a report, never an open door, never a lower version."""

    def updated(self):
        self.new.write(self.source)
        with self.client() as client:
            self.assertEqual(client.run()["run"], "new")
        shutil.rmtree(self.source)

    def test_seed_and_database_whichever_is_newer(self):
        self.updated()
        self.assertKept(2, NEW)
        newer = self.bundle(3, THIRD).write_seed(self.dir / "newer.seed")
        self.assertKept(3, THIRD, seed=newer)
        self.assertKept(3, THIRD)  # an older build of the app does not go back

    def test_database_deleted(self):
        self.updated()
        self.state.unlink()
        self.assertKept(2, NEW)

    def test_everything_deleted(self):
        self.updated()
        shutil.rmtree(self.state.parent)
        self.assertKept(1, OLD)

    def test_database_corrupt(self):
        self.updated()
        whole = self.state.read_bytes()
        for damage in (b"", b"garbage" * 1000, whole[:100], whole[:len(whole) // 2],
                       whole[:200] + bytes(len(whole) - 200)):
            with self.subTest(len(damage)):
                self.state.write_bytes(damage)
                with self.client(source=None) as client:
                    self.assertInForce(client, 2, NEW)
                    self.assertTrue(client.status()["storage"])

    def test_twin_corrupt(self):
        self.updated()
        twin = pathlib.Path(f"{self.state}.last")
        for damage in (b"", b"garbage", twin.read_bytes()[:50]):
            twin.write_bytes(damage)
            self.assertKept(2, NEW)

    def test_both_corrupt(self):
        self.updated()
        self.state.write_bytes(b"garbage" * 1000)
        pathlib.Path(f"{self.state}.last").write_bytes(b"garbage")
        with self.client() as client:
            self.assertInForce(client, 1, OLD)
            self.assertEqual(client.told("storage")[0]["status"], "E_STORAGE")
            self.new.write(self.source)
            self.assertEqual(client.run()["run"], "new")
        self.assertKept(2, NEW)

    def test_database_in_place_of_a_directory_or_below_a_file(self):
        self.new.write(self.source)
        (self.dir / "file").write_text("x")
        (self.dir / "folder").mkdir()
        for state in (self.dir / "file/app.db", self.dir / "folder", "/proc/nowhere/app.db"):
            with self.subTest(state), self.client(state=state) as client:
                self.assertInForce(client, 1, OLD)
                self.assertEqual([e["status"] for e in client.told("storage")], ["E_STORAGE"])
                self.assertFalse(client.status()["storage"])
                self.assertEqual(client.run()["run"], "new")
                self.assertInForce(client, 2, NEW)

    def test_full_disk(self):
        """No file may grow: what came stays in force, and is written when there is room again."""
        with self.client(source=None):
            pass
        self.new.write(self.source)
        with self.client(preexec_fn=netcase.limit_file_size(0)) as client:
            self.assertEqual(client.run()["run"], "new")
            self.assertInForce(client, 2, NEW)
            self.assertGreaterEqual(len(client.told("storage")), 1)
            self.assertFalse(client.status()["storage"])
        with self.client() as client:
            self.assertEqual(client.run()["run"], "new")
        self.assertKept(2, NEW)

    def test_tiny_file_system(self):
        """A disk that fills up in the middle."""
        if os.geteuid() != 0:
            self.skipTest("needs root for a tmpfs")
        mount = self.dir / "tiny"
        mount.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", str(mount)],
                              capture_output=True, check=False)
        if done.returncode != 0:
            self.skipTest("cannot mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", str(mount)], check=False)
        state = mount / "app.db"
        with self.client(state=state, source=None):
            pass
        with contextlib.suppress(OSError), open(mount / "ballast", "wb") as ballast:
            while True:
                ballast.write(bytes(4096))
                ballast.flush()
        many = [bundles.rule(probe.pin(NEW), match=[HOST])] + [
            bundles.rule(probe.pin(100 + i), match=[f"h{i}.example.com"], rule_id=f"r{i}") for i in range(300)]
        self.signer.bundle(many, 2).write(self.source)
        with self.client(state=state) as client:
            self.assertEqual(client.run()["run"], "new")
            self.assertInForce(client, 2, NEW)
        with self.client(state=state, source=None) as client:
            self.assertIn(client.status()["version"], (1, 2))
        (mount / "ballast").unlink()
        with self.client(state=state) as client:
            self.assertEqual(client.run()["run"] in ("new", "current"), True)
            self.assertInForce(client, 2, NEW)

    def test_read_only_disk(self):
        self.updated()
        self.bundle(3, THIRD).write(self.source)
        folder = self.state.parent
        if os.geteuid() == 0:
            done = subprocess.run(["mount", "--bind", str(folder), str(folder)], capture_output=True,
                                  check=False)
            if done.returncode != 0:
                self.skipTest("cannot bind a directory")
            self.addCleanup(subprocess.run, ["umount", "-l", str(folder)], check=False)
            subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        else:
            folder.chmod(0o500)
            self.addCleanup(folder.chmod, 0o700)
        with self.client() as client:
            self.assertInForce(client, 2, NEW)
            self.assertEqual(client.run()["run"], "new")
            self.assertInForce(client, 3, THIRD)
            self.assertGreaterEqual(len(client.told("storage")), 1)
        with self.client(source=None) as client:
            self.assertInForce(client, 2, NEW)


class Clocks(UpdateCase):
    def test_ten_years_late(self):
        """Enforced, stale, and what has expired is not believed."""
        self.new.write(self.source)
        client = self.client(clock=10 * YEAR)
        self.assertInForce(client, 1, OLD)
        self.assertTrue(client.decide(HOST, OLD)["stale"])
        self.assertEqual(client.run()["status"], "E_EXPIRED")
        self.assertInForce(client, 1, OLD)
        client.clock(0)
        self.assertEqual(client.run()["run"], "new")
        self.assertInForce(client, 2, NEW)
        self.assertFalse(client.status()["stale"])

    def test_ten_years_early(self):
        """The newest signature says that it is at least so late: what is old then is old."""
        self.new.write(self.source)
        client = self.client(clock=-10 * YEAR)
        self.assertInForce(client, 1, OLD)
        self.assertEqual(client.run()["run"], "new")
        self.assertInForce(client, 2, NEW)
        self.bundle(3, THIRD, issued=bundles.time(days=-90), expires=bundles.time(days=-60)).write(self.source)
        self.assertEqual(client.run()["status"], "E_EXPIRED")
        self.assertInForce(client, 2, NEW)
        client.quit()
        self.assertKept(2, NEW, clock=10 * YEAR)

    def test_a_back_off_noted_under_a_wrong_clock_is_not_waited_for(self):
        self.old.write(self.source)
        with self.client(clock=10 * YEAR, wait=30000, mismatches=1) as client:
            client.decide(HOST, NEW)
        self.new.write(self.source)
        with self.client(wait=30000, mismatches=1) as client:
            self.assertEqual(client.decide(HOST, NEW)["decision"], "accept")


class Processes(UpdateCase):
    def test_two_updating_at_once(self):
        """Twenty rounds; the older of two sources must never win."""
        fast, slow = self.dir / "fast", self.dir / "slow"
        self.old.write(slow)
        clients = [self.client(source=[fast]), self.client(source=[slow])]
        seen = [1, 1]
        for round_number in range(20):
            version = 2 + round_number
            self.bundle(version, NEW).write(fast)
            if round_number % 2:
                self.bundle(version - 1, NEW).write(slow)
            for client in clients:
                client.say("run")
            for index, client in enumerate(clients):
                client.answer("run")
                now = client.status()["version"]
                self.assertGreaterEqual(now, seen[index], f"round {round_number}")
                seen[index] = now
            with self.client(source=None) as third:
                self.assertEqual(third.status()["version"], version)
        self.assertEqual(seen[0], 21)
        self.assertGreaterEqual(seen[1], 20)

    def test_kill_at_every_moment(self):
        """What one start told, a later one has; and it is never less."""
        server = self.serve()
        self.new.write(self.source)
        chance = random.Random(7)
        told, version = 1, 2
        # How long it takes undisturbed, to be killed at any point of that.
        begin = time.monotonic()
        with self.client(source=server.base, state=self.dir / "measure/app.db") as client:
            client.run()
        whole = time.monotonic() - begin
        for kill in range(KILLS):
            process = subprocess.Popen(
                [probe.BIN, "--seed", str(self.seed), "--source", server.base, "--state", str(self.state)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            process.stdin.write(b"run\nstatus\n")
            process.stdin.flush()
            timer = threading.Timer(chance.uniform(0, 1.2 * whole), process.send_signal, [signal.SIGKILL])
            timer.start()
            lines = [line for line in process.stdout]
            timer.join()
            process.wait()
            process.stdin.close()
            process.stdout.close()
            for line in lines:
                document = _parse(line)
                if document.get("event") == "started":
                    self.assertGreaterEqual(_version(document["text"]), told, f"kill {kill}")
                if document.get("event") in ("started", "updated"):
                    told = max(told, _version(document["text"]))
            if kill % 3 == 2:
                version += 1
                self.bundle(version, NEW if version % 2 == 0 else THIRD).write(self.source)
        with self.client(source=server.base) as client:
            self.assertGreaterEqual(client.status()["version"], told)
            client.run()
            self.assertEqual(client.status()["version"], version)
            self.assertTrue(client.status()["storage"])
            self.assertEqual(client.told("storage"), [])


def _parse(line):
    with contextlib.suppress(ValueError):
        return json.loads(line)
    return {}


def _version(text):
    return int(text.split("version ")[1].split(",")[0])


if __name__ == "__main__":
    tap_unittest.main()
