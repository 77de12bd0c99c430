# SPDX-License-Identifier: Apache-2.0
"""Signed bundles for tests, made without pintle: keys, roots, pin-sets, seeds and published folders.

    signer = bundles.Signer("com.example.test")     root 2 of 3, pins 1 of 1, fresh 1 of 1, unpin 2 of 3
    bundle = signer.bundle(rules, version=7)        root, pins and, if there is such a role, fresh
    bundle.seed                                     bytes, as `pintle embed --format seed` writes them
    bundle.write(folder)                            a source, as `pintle publish` writes it
    for path, data in bundle.files(): …             the same, file by file in the order of upload

    newer = signer.bundle(rules, version=8, fresh=48, unpin=[("api", "off")])
    signer.rotate(pins=bundles.keys("pins", 1))     root N+1, signed by the old and the new keys
    signer.rotate(epoch=2)

For hostile ones, every step can be had alone and with other keys: payload(), envelope(), Bundle(...).
"""
import base64
import dataclasses
import datetime
import hashlib
import json
import os
import pathlib
import struct

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

APP = "com.example.test"
ROLES = ("root", "pins", "fresh", "unpin")


def time(seconds=0, days=0):
    """RFC 3339, so far from now."""
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days, seconds=seconds)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


class SigningKey:
    """An Ed25519 key. label: as in a root. id: SHA-256 of its SubjectPublicKeyInfo, in hex."""

    def __init__(self, label=""):
        self.label = label
        self.private = ed25519.Ed25519PrivateKey.generate()
        public = self.private.public_key()
        self.public = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        spki = public.public_bytes(serialization.Encoding.DER,
                                   serialization.PublicFormat.SubjectPublicKeyInfo)
        self.id = hashlib.sha256(spki).hexdigest()
        self.pem = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()).decode()
        self.public_pem = public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    def record(self):
        record = {"id": self.id, "alg": "ed25519", "public": base64.b64encode(self.public).decode()}
        return {**record, "label": self.label} if self.label else record

    def write(self, prefix):
        """PREFIX.key.pem and PREFIX.pub.pem, as `pintle key new`; returns both paths."""
        private, public = pathlib.Path(f"{prefix}.key.pem"), pathlib.Path(f"{prefix}.pub.pem")
        private.write_text(self.pem)
        private.chmod(0o600)
        public.write_text((f"label: {self.label}\n" if self.label else "") + self.public_pem)
        return private, public


def keys(label, count):
    return [SigningKey(f"{label} {number + 1}") for number in range(count)]


# --- envelopes -------------------------------------------------------------------------------


def payload(document):
    """A document as the bytes that are signed."""
    return document if isinstance(document, bytes) else json.dumps(document, indent=2).encode()


def digest(data):
    return hashlib.sha256(data).hexdigest()


def payload_type(role):
    return f"application/vnd.pintle.{role}+json"


def signed_bytes(kind, data):
    """DSSE's pre-authentication encoding."""
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(data), data)


def sign(kind, data, signers):
    return [(key.id, key.private.sign(signed_bytes(kind, data))) for key in signers]


@dataclasses.dataclass
class Envelope:
    """One envelope. signatures: (key id in hex or "", 64 bytes)."""
    role: str
    payload: bytes
    signatures: list

    @property
    def digest(self):
        return digest(self.payload)

    @property
    def document(self):
        return json.loads(self.payload)

    @property
    def text(self):
        return json.dumps({
            "payloadType": payload_type(self.role),
            "payload": base64.b64encode(self.payload).decode(),
            "signatures": [{"keyid": key_id, "sig": base64.b64encode(sig).decode()}
                           for key_id, sig in self.signatures]}).encode() + b"\n"

    @property
    def record(self):
        """As a seed holds it."""
        head = struct.pack(">BBI", ROLES.index(self.role), len(self.signatures), len(self.payload))
        body = b"".join((bytes.fromhex(key_id) or bytes(32)) + sig for key_id, sig in self.signatures)
        return head + body + self.payload


def envelope(role, document, signers, kind=None):
    """Sign a document for a role; kind: another payload type to sign."""
    data = payload(document)
    return Envelope(role, data, sign(kind or payload_type(role), data, signers))


# --- bundles ---------------------------------------------------------------------------------


def put(path, data):
    """Replaced whole, never half there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(data)
    temporary.rename(path)


@dataclasses.dataclass
class Bundle:
    """Envelopes that belong together. roots: from the anchor on."""
    roots: list
    pins: Envelope
    fresh: Envelope = None
    unpin: Envelope = None

    @property
    def seed(self):
        rest = [part for part in (self.pins, self.fresh, self.unpin) if part is not None]
        return b"pintle seed 1\n" + b"".join(part.record for part in [*self.roots, *rest])

    @property
    def version(self):
        return self.pins.document["version"]

    @property
    def latest(self):
        root, pins = self.roots[-1].document, self.pins.document
        document = {"pintle_latest": 1, "app": root["app"], "root": root["version"],
                    "epoch": pins.get("epoch", 1), "version": pins["version"], "pins": self.pins.digest}
        for name in ("fresh", "unpin"):
            part = getattr(self, name)
            if part is not None:
                document[name] = part.digest
        return document

    def files(self, latest=None):
        """(path, bytes) in the order of upload: the pointer last. latest: members to change in it."""
        for root in self.roots:
            yield f"root/{root.document['version']}.json", root.text
        for name in ("pins", "fresh", "unpin"):
            part = getattr(self, name)
            if part is not None:
                yield f"{name}/{part.digest}.json", part.text
        yield "latest.json", json.dumps({**self.latest, **(latest or {})}).encode() + b"\n"

    def write(self, folder, latest=None):
        for path, data in self.files(latest):
            put(pathlib.Path(folder) / path, data)
        return pathlib.Path(folder)

    def write_seed(self, path):
        pathlib.Path(path).write_bytes(self.seed)
        return pathlib.Path(path)


def rule(*pins, match=("api.example.com",), rule_id="api", **more):
    """A rule; a pin is "sha256/…", something with .pin, or a whole object."""
    return {"id": rule_id, "match": list(match), "mode": "enforce",
            "pins": [pin if isinstance(pin, dict) else {"spki": getattr(pin, "pin", pin), "at": "any"}
                     for pin in pins], **more}


class Signer:
    """Whoever holds the keys of an app: they, the chain of roots, and what can be signed with them."""

    def __init__(self, app=APP, root=(2, 3), pins=(1, 1), fresh=(1, 1), unpin=(2, 3), **more):
        self.app = app
        self.epoch = more.pop("epoch", 1)
        self.thresholds = {"root": root[0], "pins": pins[0]}
        self.keys = {"root": keys("root", root[1]), "pins": keys("pins", pins[1])}
        for name, pair in (("fresh", fresh), ("unpin", unpin)):
            if pair is not None:
                self.thresholds[name], self.keys[name] = pair[0], keys(name, pair[1])
        self.roots = [self.root_envelope(self.root_document(**more), self.quorum("root"))]

    def quorum(self, role):
        """As many keys as have to sign."""
        return self.keys[role][:self.thresholds[role]]

    def root_document(self, version=1, issued=None, expires=None, **more):
        every = {key.id: key for role in self.keys.values() for key in role}
        return {"pintle_root": 1, "app": self.app, "version": version, "epoch": self.epoch,
                "issued": issued or time(days=-30), "expires": expires or time(days=365),
                "keys": [key.record() for key in every.values()],
                "roles": {role: {"threshold": self.thresholds[role], "keys": [key.id for key in many]}
                          for role, many in self.keys.items()}, **more}

    @staticmethod
    def root_envelope(document, signers):
        unique = list({key.id: key for key in signers}.values())
        return envelope("root", document, unique)

    @property
    def anchor(self):
        return self.roots[0]

    def rotate(self, epoch=None, thresholds=None, signers=None, **roles):
        """The next root, with other keys for the roles named. signers: instead of both quorums."""
        old = self.quorum("root")
        self.keys.update(roles)
        self.thresholds.update(thresholds or {})
        self.epoch = epoch or self.epoch
        document = self.root_document(self.roots[-1].document["version"] + 1, issued=time(days=-1))
        signers = old + self.quorum("root") if signers is None else signers
        self.roots.append(self.root_envelope(document, signers))
        return self.roots[-1]

    def pins(self, rules, version=1, signers=None, **more):
        document = {"pintle": 1, "app": self.app, "epoch": self.epoch, "version": version,
                    "issued": time(days=-1), "expires": time(days=90), "rules": list(rules), **more}
        return envelope("pins", document, signers or self.quorum("pins"))

    def fresh(self, pins, hours=24, signers=None, **more):
        """pins: the envelope that is said to be the newest."""
        document = {"pintle_fresh": 1, "app": self.app, "epoch": pins.document.get("epoch", 1),
                    "version": pins.document["version"], "pins": pins.digest,
                    "issued": time(-60), "expires": time(hours * 3600), **more}
        return envelope("fresh", document, signers or self.quorum("fresh"))

    def unpin(self, rules, serial=1, days=7, signers=None, **more):
        """rules: (id, mode)."""
        document = {"pintle_unpin": 1, "app": self.app, "epoch": self.epoch, "serial": serial,
                    "issued": time(-60), "expires": time(days=days), "reason": "test",
                    "rules": [{"id": rule_id, "mode": mode} for rule_id, mode in rules], **more}
        return envelope("unpin", document, signers or self.quorum("unpin"))

    def bundle(self, rules, version=1, fresh=24, unpin=None, **more):
        """All that goes together. fresh: for how many hours, 0 for no statement; unpin: rules."""
        pins = self.pins(rules, version, **more)
        statement = self.fresh(pins, fresh) if fresh and "fresh" in self.keys else None
        return Bundle(list(self.roots), pins, statement,
                      None if unpin is None else self.unpin(unpin))
