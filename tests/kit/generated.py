# SPDX-License-Identifier: Apache-2.0
"""Formats that are source code: a pin-set that asks for everything, the servers it is for, and what is to come out.

    class Go(generated.TestCase):
        def test_connections(self):
            outcomes = run(self.export("go", self.document()).text, sorted(self.expected()))
            self.assertOutcomes(outcomes)
"""
import contextlib
import datetime
import random
import socket
import threading

import formats
import netcase
import servers

OK, MISMATCH, DENIED, TLS = "ok", "mismatch", "denied", "tls"

# Labels and apps that would break out of a comment or a string.
EVIL = ["2026 key", "--><pin>", "*/ }", "\\u000a x", "$x ${y}", '"; evil', 'a""" evil', "??/", "Schlüssel", "'; DROP", "\\", "`x`"]
EVIL_APP = 'x # coding: utf_7 */ } """ ${y} \\u000a ??/'


def pipe(one, other):
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    for end in (one, other):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def proxy(address):
    """An HTTP proxy that takes every CONNECT to one address."""
    def script(server, peer):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += peer.recv(1)
        server.keep(head)
        with socket.create_connection(address) as upstream:
            peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            threading.Thread(target=pipe, args=(upstream, peer), daemon=True).start()
            pipe(peer, upstream)
    return script


class TestCase(formats.TestCase, netcase.NetCase):
    """One server with a certificate for all names, one that nobody vouches for, and rules that want this and that."""

    NAMES = ["right.example", "wrong.example", "ca.example", "misplaced-ca.example", "misplaced-leaf.example", "root.example",
             "one.example", "x.one.example", "y.x.one.example", "any.example", "x.any.example", "y.x.any.example",
             "good.any.example", "off.any.example", "ended.example", "report.example", "port.example", "deny.example",
             "unlisted.example", "127.0.0.1", "::1"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leaf = cls.issuing.issue(*cls.NAMES)
        cls.imposter = cls.rogue.issue("untrusted.example", key=cls.leaf.key)

    def setUp(self):
        super().setUp()
        self.good = self.enter(servers.Https(servers.context(self.leaf)))
        self.bad = self.enter(servers.Https(servers.context(self.imposter)))

    def document(self, **members):
        leaf, ca, root = self.leaf.pin, self.issuing.pin, self.root.pin

        def rule(name, match, *pins, **more):
            made = [{"spki": pin, "at": at, "label": random.Random(name).choice(EVIL)} for pin, at in pins]
            return formats.rule(name, [match], made, **more)

        return formats.pinset(
            rule("right", "right.example", (leaf, "leaf"), (formats.key(1), "any")),
            rule("wrong", "wrong.example", (formats.key(1), "any"), (formats.key(2), "any")),
            rule("ca", "ca.example", (ca, "ca")),
            rule("misplaced-ca", "misplaced-ca.example", (ca, "leaf")),
            rule("misplaced-leaf", "misplaced-leaf.example", (leaf, "ca")),
            rule("root", "root.example", (root, "any")),
            rule("one", "*.one.example", (formats.key(1), "any")),
            rule("any", "**.any.example", (formats.key(1), "any")),
            rule("good", "good.any.example", (leaf, "any")),
            rule("off", "off.any.example", mode="off"),
            rule("ended", "ended.example", (formats.key(1), "any"), enforce_until=formats.time(-1), after="off"),
            rule("report", "report.example", (formats.key(1), "any"), mode="report"),
            rule("port", "port.example", (formats.key(1), "any"), ports=[8443]),
            rule("deny", "deny.example", (leaf, "any"), deny=[ca]),
            rule("misnamed", "misnamed.example", (leaf, "any")),
            rule("untrusted", "untrusted.example", (leaf, "any")),
            rule("address", "127.0.0.1", (formats.key(1), "any")),
            rule("address-6", "::1", (leaf, "leaf")), **{"app": EVIL_APP, **members})

    def expected(self):
        """{(host, port): outcome}, where a platform can say all that the document does."""
        made = {(name, 443): OK for name in self.NAMES}
        for name in ("wrong", "misplaced-ca", "misplaced-leaf", "x.one", "any", "x.any", "y.x.any"):
            made[f"{name}.example", 443] = MISMATCH
        made["port.example", 8443] = MISMATCH
        made["127.0.0.1", 443] = MISMATCH
        made["deny.example", 443] = DENIED
        made["misnamed.example", 443] = TLS
        made["untrusted.example", 443] = TLS
        return made

    def dial(self):
        """Where hosts are on loopback, by "host:port"; "" is all others."""
        return {"": f"127.0.0.1:{self.good.port}", "untrusted.example:443": f"127.0.0.1:{self.bad.port}"}

    def requested(self):
        """The hosts that a request came through to."""
        return {seen["headers"]["host"].removesuffix(":443") for seen in self.good.requests + self.bad.requests}

    # --- what is found for hosts

    def check_finder(self, name, ask, rng, rounds=30, hosts=60, losses=(), **limits):
        """ask([(text, [(host, port)])]) gives for each [Answer or None]: as --explain and the pin-set say."""
        made = []
        for _ in range(rounds):
            document = pinned_document(rng, **limits)
            exported = self.export(name, document)
            self.assertLessEqual(exported.ids() & (formats.HOST_LOSSES | formats.KEY_LOSSES), set(losses))
            asked = [(host, port) for host in formats.random_hosts(rng, document, hosts) for port in (443, 8443)]
            made.append((document, exported, asked))
        answers = ask([(exported.text, asked) for _, exported, asked in made])
        for (document, exported, asked), given in zip(made, answers, strict=True):
            told = self.explain(name, document, [f"{host}:{port}" for host, port in asked])
            for (host, port), answer, platform in zip(asked, given, told.values(), strict=True):
                self.assertSameAnswer(answer, platform["platform"], f"{host}:{port}", document, exported)
                if port == 443:
                    self.assertToldOrSame(answer, document, host, exported)

    def random_documents(self, count, seed=1):
        rng = random.Random(seed)
        return [{**formats.random_pinset(rng, rules=8), "app": EVIL_APP} for _ in range(count)]


def pinned_document(rng, **limits):
    """One whose rules have pins left, unless they ask for none: a rule that nothing can meet is not written."""
    while True:
        document = formats.random_pinset(rng, rules=8, **limits)
        if all(formats.active_pins(rule) or formats.mode_now(rule) == "off" for rule in document["rules"]):
            return document


def answer(found):
    """An Answer from what a generated program printed of a rule."""
    if found is None or found["exempt"]:
        return None
    pins = frozenset(("sha256/" + key, at) for key, at in found["pins"])
    return formats.Answer(pins, found["until"] or None, "report" if found["report"] else "enforce")


def about_to_end(try_it, wanted, too_late):
    """What changes while a program runs: try_it(time, seconds) is given when it does and how long that is; once more with
    more time if the program came too late to see both sides of it."""
    for seconds in (4, 15, 60):
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds + 1)
        outcomes = try_it(end.strftime("%Y-%m-%dT%H:%M:%SZ"), seconds + 2)
        if outcomes != too_late:
            break
    if outcomes != wanted:
        raise AssertionError(f"{outcomes}, not {wanted}")
