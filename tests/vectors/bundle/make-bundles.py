#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the vectors of signed bundles: index.json, envelopes/ and seeds/.

Every status below was put down by hand from docs/spec/bundle.md, none by asking a program. Keys come
from seeds of one repeated byte and Ed25519 is deterministic, so a run changes nothing that is the
same. Run it here, commit what it writes. Needs python3-cryptography.
"""
import base64
import datetime
import hashlib
import json
import pathlib
import shutil

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HERE = pathlib.Path(__file__).parent
APP = "com.example.shop"
INT64_MAX = 2**63 - 1
NOW = datetime.datetime(2026, 11, 21)
ABOUT = [
    "Vectors for docs/spec/bundle.md, which says how to use them. Written by make-bundles.py.",
    "cases: start from the root envelope `anchor`, apply the steps in order; `state` is what holds then.",
    "seeds: start from the seed alone (`start`), and take it back into a client that has only `anchor` (`restore`).",
]


def time(days=0, seconds=0):
    return (NOW + datetime.timedelta(days=days, seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text):
    return int((datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ") - datetime.datetime(1970, 1, 1)).total_seconds())


# --- keys -----------------------------------------------------------------------------------------

class Key:
    def __init__(self, name):
        self.name, self.seed = name, name.encode() * 32
        self.private = Ed25519PrivateKey.from_private_bytes(self.seed)
        public = self.private.public_key()
        self.public = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()

    def record(self, alg="ed25519"):
        return {"id": self.id, "alg": alg, "public": b64(self.public), "label": self.name}


def record_of(public):
    """Of a key that nobody needs to have made."""
    spki = bytes.fromhex("302a300506032b6570032100") + public
    return {"id": hashlib.sha256(spki).hexdigest(), "alg": "ed25519", "public": b64(public)}


KEYS = {name: Key(name) for name in "rstxyzopqabfguvw"}


def b64(data):
    return base64.b64encode(data).decode()


# --- payloads -------------------------------------------------------------------------------------

def root(version=1, epoch=1, app=APP, issued=0, days=365, roles=None, algs=None, **more):
    """Roles are (threshold, names of keys)."""
    given = {"root": (2, "rst"), "pins": (2, "opq"), "fresh": (1, "f"), "unpin": (2, "uvw")} | (roles or {})
    given = {role: who for role, who in given.items() if who}
    names = list(dict.fromkeys("".join(keys for _, keys in given.values())))
    return {"pintle_root": 1, "app": app, "version": version, "epoch": epoch,
            "issued": time(issued), "expires": time(issued + days),
            "keys": [KEYS[name].record((algs or {}).get(name, "ed25519")) for name in names],
            "roles": {role: {"threshold": threshold, "keys": [KEYS[name].id for name in keys]}
                      for role, (threshold, keys) in given.items()}} | more


def pin(name):
    return {"spki": "sha256/" + b64(hashlib.sha256(name.encode()).digest())}


def pins(version=1, epoch=1, app=APP, issued=0, days=30, **more):
    return {"pintle": 1, "app": app, "epoch": epoch, "version": version, "issued": time(issued),
            "expires": time(issued + days),
            "rules": [{"id": "api", "match": ["api.example.com"],
                       "pins": [pin("live"), pin("backup") | {"backup": True}]}]} | more


def fresh(of, version=None, epoch=None, app=APP, issued=0, days=2, **more):
    return {"pintle_fresh": 1, "app": app, "epoch": of["epoch"] if epoch is None else epoch,
            "version": of["version"] if version is None else version, "pins": digest(of),
            "issued": time(issued), "expires": time(issued + days)} | more


def unpin(serial=1, epoch=1, app=APP, issued=0, days=7, rules=(("api", "report"),), **more):
    return {"pintle_unpin": 1, "app": app, "epoch": epoch, "serial": serial, "issued": time(issued),
            "expires": time(issued + days), "reason": "backup key lost",
            "rules": [{"id": id, "mode": mode} for id, mode in rules]} | more


def as_bytes(payload):
    if isinstance(payload, bytes):
        return payload
    if isinstance(payload, str):
        return payload.encode()
    return (json.dumps(payload) + "\n").encode()


def digest(payload):
    return hashlib.sha256(as_bytes(payload)).hexdigest()


# --- envelopes ------------------------------------------------------------------------------------

def type_of(role):
    return f"application/vnd.pintle.{role}+json"


def encode(payload_type, payload):
    return b"DSSEv1 %d %s %d %s" % (len(payload_type), payload_type.encode(), len(payload), payload)


class Envelope:
    """One signature for each item of `by`: a key's name, or (name, name of the key it says it is of);
    None as the second says nothing."""

    def __init__(self, role, payload, by, payload_type=None, signed=None):
        self.role, self.said, self.payload = role, payload, as_bytes(payload)
        self.type = payload_type or type_of(role)
        message = signed or encode(self.type, self.payload)
        self.signatures = []
        for who in by:
            name, hint = who if isinstance(who, tuple) else (who, who)
            self.signatures.append((KEYS[hint].id if hint else "", KEYS[name].private.sign(message)))
        self.text = self.format()

    def format(self):
        signatures = [{"keyid": id, "sig": b64(sig)} for id, sig in self.signatures]
        return json.dumps({"payloadType": self.type, "payload": b64(self.payload), "signatures": signatures},
                          indent=2) + "\n"

    def written(self, old, new, count=1):
        """As another text."""
        assert old in self.text, old
        self.text = self.text.replace(old, new, count)
        return self

    def with_payload(self, text):
        """With other base64."""
        return self.written(b64(self.payload), text)

    def record(self):
        out = bytes([("root", "pins", "fresh", "unpin").index(self.role), len(self.signatures)])
        out += len(self.payload).to_bytes(4, "big")
        for id, sig in self.signatures:
            out += (bytes.fromhex(id) if id else bytes(32)) + sig
        return out + self.payload


files = {}


def store(name, envelope):
    text = envelope if isinstance(envelope, str) else envelope.text
    assert files.setdefault(f"envelopes/{name}.json", text) == text, f"two of the name {name}"
    return f"envelopes/{name}.json"


# --- what a client believes -----------------------------------------------------------------------

class State:
    """Kept from the steps that are marked OK: it judges nothing."""

    def __init__(self, anchor):
        self.roots = [anchor]
        self.held = {}
        self.marks = {"epoch": anchor.said["epoch"], "version": 0, "digest": "0" * 64, "unpin": 0,
                      "clock_floor": anchor.said["issued"]}

    def raise_floor(self, at):
        self.marks["clock_floor"] = max(self.marks["clock_floor"], at)

    def take(self, envelope, now, drops):
        said = envelope.said
        if envelope.role == "root":
            if said["version"] > self.roots[-1].said["version"]:
                self.roots.append(envelope)
            if said["epoch"] > self.marks["epoch"]:
                self.marks = State(envelope).marks
            self.raise_floor(said["issued"])
        else:
            if envelope.role == "pins" and digest(said) != self.marks["digest"]:
                self.held.pop("fresh", None)
            self.held[envelope.role] = envelope
            self.raise_floor(min(said["issued"], now) if envelope.role != "pins" else said["issued"])
        if envelope.role == "pins":
            self.marks |= {"version": said["version"], "digest": digest(said)}
        if envelope.role == "unpin":
            self.marks |= {"unpin": said["serial"]}
        for role in drops:
            self.held.pop(role, None)

    def describe(self):
        pins_held, fresh_held, unpin_held = (self.held.get(role) for role in ("pins", "fresh", "unpin"))
        return {"root": self.roots[-1].said["version"], "marks": self.marks,
                "pins": digest(pins_held.said) if pins_held else None,
                "fresh_until": fresh_held.said["expires"] if fresh_held else None,
                "unpin": unpin_held.said["serial"] if unpin_held else None}


# --- cases ----------------------------------------------------------------------------------------

cases = []


class Step:
    def __init__(self, name, envelope, status="OK", day=0, drops=(), role=None, append_spaces=0):
        self.name, self.envelope, self.status, self.day = name, envelope, status, day
        self.drops, self.append_spaces = drops, append_spaces
        self.role = role or envelope.role


def case(name, about, *steps, anchor=None, ignore_unpin=False):
    anchor_name, anchor = anchor or ("root-1", ROOT1)
    state = State(anchor)
    written = []
    for step in steps:
        out = {"role": step.role, "envelope": store(step.name, step.envelope), "now": time(step.day),
               "status": step.status}
        if step.append_spaces:
            out["append_spaces"] = step.append_spaces
        written.append(out)
        if step.status == "OK":
            state.take(step.envelope, time(step.day), step.drops)
    assert all(step.status == "OK" for step in steps[:-1]), name
    out = {"name": name, "about": about, "anchor": store(anchor_name, anchor)}
    if ignore_unpin:
        out["ignore_unpin"] = True
    cases.append(out | {"steps": written, "state": state.describe()})


# Documents that many cases share. P2 is pins of version 2, and so on.
ROOT1 = Envelope("root", root(), "rs")
P = {version: Envelope("pins", pins(version), "op") for version in (1, 2, 3)}
first = Step("pins-1", P[1])
second = Step("pins-2", P[2])
fresh1 = Step("fresh-1", Envelope("fresh", fresh(pins(1)), "f"))
unpin1 = Step("unpin-1", Envelope("unpin", unpin(), "uv"))


def refuse(name, about, status, envelope, before=(first,), anchor=None, **step):
    case(name, about, *before, Step(name, envelope, status, **step), anchor=anchor)


def accept(name, about, envelope, before=(first,), **step):
    case(name, about, *before, Step(name, envelope, **step))


# - what is accepted
case("pins-first", "The first pins of a new client.", first)
case("pins-newer", "A higher version replaces the pins in force.", first, second)
case("pins-skip", "Versions of pins may leave gaps.", first, Step("pins-3", P[3]))
case("pins-again", "The same pins again.", first, first)
accept("pins-resigned", "The same payload, signed by another two of the keys.",
       Envelope("pins", pins(1), "pq"))
for two in ("op", "oq", "pq", "qp"):
    accept(f"two-of-three-{two}", "Any two of the three keys make the threshold, in any order.",
           Envelope("pins", pins(2), two))
accept("three-of-three", "More signatures than need be.", Envelope("pins", pins(2), "opq"))
accept("strangers-beside", "Signatures of unknown keys are passed over.", Envelope("pins", pins(2), "xoyp"))
accept("no-hints", "A key id may be empty: the keys are tried.",
       Envelope("pins", pins(2), [("o", None), ("p", None)]))
accept("wrong-hints", "A key id is but a hint: these two are swapped.",
       Envelope("pins", pins(2), [("o", "p"), ("p", "o")]))
accept("keyid-missing", "A signature without the member keyid.",
       Envelope("pins", pins(2), [("o", None), "p"]).written('"keyid": "",\n      ', ""))
accept("escaped-slashes", "Some writers put '/' as '\\/' into JSON strings.",
       Envelope("pins", pins(2, x="???~~~???"), "op").written("/", "\\/", -1))
accept("pins-no-epoch", "Pins without an epoch are of epoch 1.",
       Envelope("pins", {k: v for k, v in pins(2).items() if k != "epoch"}, "op"))
accept("unknown-members", "Members that nobody knows are ignored, in envelopes and payloads.",
       Envelope("fresh", fresh(pins(1), new={"a": [1, None]}), "f").written("{", '{"new": 1.5,'))
case("fresh", "A statement about the pins in force.", first, fresh1)
case("fresh-renewed", "A later statement replaces it.", first, fresh1,
     Step("fresh-renewed", Envelope("fresh", fresh(pins(1), issued=1), "f"), day=1))
case("fresh-ends-with-its-pins", "New pins end the statement about the old ones.", first, fresh1, second)
case("fresh-moves-no-clock", "issued in the future: the clock floor does not go beyond the clock.", first,
     Step("fresh-future", Envelope("fresh", fresh(pins(1), issued=9), "f"), day=1))
case("unpin", "Two signatures soften a rule for a week.", first, unpin1)
case("unpin-off", "To off, for 14 days.", first,
     Step("unpin-off", Envelope("unpin", unpin(days=14, rules=[("api", "off"), ("www", "report")]), "vw")))
case("unpin-withdrawn", "A higher serial without rules.", first, unpin1,
     Step("unpin-withdrawn", Envelope("unpin", unpin(2, rules=()), "uw")))
accept("unpin-a-day-ahead", "A day is left to clocks that are wrong. The clock floor stays.",
       Envelope("unpin", unpin(issued=1), "uv"))
accept("unpin-behind-the-floor", "The clock says 2016; what counts is the clock floor, which the pins raised to a day before.",
       Envelope("unpin", unpin(issued=2), "uv"), before=(Step("pins-1-later", Envelope("pins", pins(1, issued=1), "op")),),
       day=-3650)
case("unpin-again", "The same unpin again.", first, unpin1, unpin1)

ROOT2 = Envelope("root", root(2, roles={"root": (2, "xyz"), "pins": (1, "ab")}), "rsxy")
root2 = Step("root-2-new-keys", ROOT2)
case("rotation", "Root 2 brings other root and pins keys, signed by the old threshold and the new.",
     first, root2, Step("pins-2-by-a", Envelope("pins", pins(2), "a")))
case("rotation-twice", "Root 3 is signed by the keys of root 2 alone, which are its own.", first, root2,
     Step("root-3", Envelope("root", root(3, roles={"root": (2, "xyz"), "pins": (1, "ab")}), "yz")))
case("rotation-partly", "One key replaced: r and s stay, x comes for t. Two of both sets suffice.", first,
     Step("root-2-partly", Envelope("root", root(2, roles={"root": (2, "rsx")}), "rs")))
case("root-again", "The current root again, with other signatures: nothing changes.", first,
     Step("root-1-again", Envelope("root", root(), "st")))
case("root-expired-in-chain", "Root 2 expired before it was seen; root 3 is current.", first,
     Step("root-2-short", Envelope("root", root(2, days=1), "rs"), day=100),
     Step("root-3-after-short", Envelope("root", root(3, issued=90), "rs"), day=100),
     Step("pins-issued-90", Envelope("pins", pins(2, issued=90), "op"), day=100))
THIEF = Step("pins-int64-max", Envelope("pins", pins(INT64_MAX, issued=300), "op"))
RECOVERY = Step("root-2-epoch-2", Envelope("root", root(2, epoch=2, issued=1, roles={"pins": (2, "abx")}), "rs"))
case("epoch-recovery", "Stolen pins keys used up every version and put the clock 300 days ahead; root 2 takes other "
     "keys and raises the epoch.", first, THIEF, RECOVERY,
     Step("pins-epoch-2", Envelope("pins", pins(1, epoch=2, issued=2), "ab"), day=2))
case("epoch-keeps-pins", "The pins of the old epoch hold until there are new ones; marks and clock floor start anew.",
     first, THIEF, RECOVERY)
case("epoch-ends-statements", "Fresh and unpin statements end with their epoch.", first, fresh1, unpin1,
     Step("root-2-epoch-2-same-keys", Envelope("root", root(2, epoch=2), "rs"), drops=("fresh", "unpin")))
case("statements-outlive-root", "A new root with the same fresh and unpin keys ends neither statement.", first, fresh1,
     unpin1, root2)
case("unpin-ends-with-its-keys", "A root that takes other unpin keys ends an unpin of the old ones.", first, unpin1,
     Step("root-2-unpin-keys", Envelope("root", root(2, roles={"unpin": (2, "wxy")}), "rs"), drops=("unpin",)))
case("fresh-ends-with-its-key", "A root that takes another fresh key ends what the old one said.", first, fresh1,
     Step("root-2-fresh-key", Envelope("root", root(2, roles={"fresh": (1, "g")}), "rs"), drops=("fresh",)))
ALG_ROOT = ("root-1-unknown-alg", Envelope("root", root(roles={"pins": (2, "opq")}, algs={"q": "ml-dsa-65"}), "rs"))
case("unknown-algorithm-beside", "A key of an algorithm that is not known takes its place; the others suffice.",
     Step("pins-1-op", Envelope("pins", pins(1), "op")), anchor=ALG_ROOT)

# - envelopes
ODD = pins(2, x="???~~~???")  # its base64 holds a '/'
refuse("envelope-json", "No JSON.", "E_JSON", Envelope("pins", pins(2), "op").written("{", "{{"))
refuse("envelope-duplicate", "A member twice.", "E_JSON",
       Envelope("pins", pins(2), "op").written('"payload"', '"payload": "e30K",\n  "payload"'))
refuse("envelope-duplicate-escaped", "A member twice, once with an escape in its name.", "E_JSON",
       Envelope("pins", pins(2), "op").written('"payload"', '"payl\\u006fad": "e30K",\n  "payload"'))
refuse("envelope-trailing", "Something behind the document.", "E_JSON",
       Envelope("pins", pins(2), "op").written("]\n}", "]\n} {}"))
refuse("envelope-deep", "33 objects and arrays inside one another.", "E_JSON",
       Envelope("pins", pins(2), "op").written("{", '{"x": ' + "[" * 32 + "]" * 32 + ","))
accept("envelope-not-too-deep", "32 objects and arrays inside one another.",
       Envelope("pins", pins(2), "op").written("{", '{"x": ' + "[" * 31 + "]" * 31 + ","))
refuse("envelope-oversized", "More than 1 572 864 bytes.", "E_LIMIT", P[2], append_spaces=1536 * 1024)
refuse("envelope-no-type", "No payloadType.", "E_ENVELOPE",
       Envelope("pins", pins(2), "op").written('"payloadType"', '"payload_type"'))
refuse("envelope-payload-number", "The payload is no string.", "E_ENVELOPE",
       Envelope("pins", "", "op").written('"payload": ""', '"payload": 1'))
refuse("envelope-base64-url", "Base64 of another alphabet.", "E_ENVELOPE",
       Envelope("pins", ODD, "op").with_payload(b64(as_bytes(ODD)).replace("/", "_")))
refuse("envelope-base64-bits", "Base64 with a surplus bit set: the same bytes, written otherwise.", "E_ENVELOPE",
       Envelope("fresh", b"{}", "f").written('"e30="', '"e31="'), role="fresh")
refuse("envelope-base64-padding", "Base64 without padding.", "E_ENVELOPE",
       Envelope("fresh", b"{}", "f").written('"e30="', '"e30"'))
refuse("envelope-base64-newline", "Base64 in lines.", "E_ENVELOPE",
       Envelope("fresh", b"{}", "f").written('"e30="', '"e30=\\n"'))
short = Envelope("pins", pins(2), "op")
refuse("envelope-signature-63", "A signature of 63 bytes.", "E_ENVELOPE",
       Envelope("pins", pins(2), "op").written(b64(short.signatures[0][1]), b64(short.signatures[0][1][:63])))
refuse("envelope-signature-65", "A signature of 65 bytes.", "E_ENVELOPE",
       Envelope("pins", pins(2), "op").written(b64(short.signatures[0][1]), b64(short.signatures[0][1] + b"\0")))
refuse("envelope-33-signatures", "More than 32 signatures.", "E_LIMIT", Envelope("pins", pins(2), "o" * 33))
accept("envelope-32-signatures", "32 signatures, the last two good.",
       Envelope("pins", pins(2), "x" * 15 + "y" * 15 + "op"))

refuse("envelope-keyid-control", "A control character in a key id, though that is but a hint.", "E_ENVELOPE",
       Envelope("pins", pins(2), "op").written(KEYS["o"].id, "a\\tb"))
refuse("envelope-big-integer", "An integer beyond 64 bits, in a member that nobody knows.", "E_JSON",
       Envelope("pins", pins(2), "op").written("{", '{"new": 9223372036854775808,'))
refuse("envelope-big-real", "A number beyond a double, in a member that nobody knows.", "E_JSON",
       Envelope("pins", pins(2), "op").written("{", '{"new": 1e400,'))
oversized = Envelope("fresh", as_bytes(fresh(pins(1))).ljust(16385), "f")
refuse("order-signature-payload", "The form of the signatures before the payload's length.", "E_ENVELOPE",
       oversized.written(b64(oversized.signatures[0][1]), "AAAA"))

# - payload types
refuse("type-of-another-role", "A fresh statement where pins are asked for, signed by the pins keys too.",
       "E_PAYLOAD_TYPE", Envelope("fresh", fresh(pins(1)), "fop"), role="pins")
refuse("type-foreign", "A payload type of somebody else.", "E_PAYLOAD_TYPE",
       Envelope("pins", pins(2), "op", payload_type="application/vnd.in-toto+json"))
refuse("type-not-signed", "Signatures over the same payload under another type.", "E_SIGNATURES",
       Envelope("pins", pins(2), "op", signed=encode(type_of("fresh"), as_bytes(pins(2)))))
refuse("type-long-lengths", "Signatures over an encoding with a leading zero in a length.", "E_SIGNATURES",
       Envelope("pins", pins(2), "op", signed=encode(type_of("pins"), as_bytes(pins(2))).replace(b" ", b" 0", 1)))

# - signatures
refuse("unsigned", "No signatures at all.", "E_SIGNATURES", Envelope("pins", pins(2), ""))
refuse("one-signature", "One of the two that are needed.", "E_SIGNATURES", Envelope("pins", pins(2), "o"))
refuse("one-key-twice", "The signature of one key twice.", "E_SIGNATURES", Envelope("pins", pins(2), "oo"))
refuse("one-key-two-ids", "The signature of one key under the ids of two.", "E_SIGNATURES",
       Envelope("pins", pins(2), ["o", ("o", "p")]))
refuse("one-key-no-hint", "The signature of one key with and without its id.", "E_SIGNATURES",
       Envelope("pins", pins(2), ["o", ("o", None)]))
refuse("foreign-keys", "Signed by keys that the root does not have.", "E_SIGNATURES", Envelope("pins", pins(2), "xy"))
refuse("foreign-keys-known-ids", "By such keys, under the ids of the pins keys.", "E_SIGNATURES",
       Envelope("pins", pins(2), [("x", "o"), ("y", "p")]))
refuse("keys-of-another-role", "Pins signed by root keys.", "E_SIGNATURES", Envelope("pins", pins(2), "rs"))
changed = Envelope("pins", pins(2), "op")
refuse("payload-changed", "The payload was changed after it was signed.", "E_SIGNATURES",
       Envelope("pins", pins(2), "op").with_payload(b64(changed.payload.replace(b"api.", b"bpi."))))
refuse("signature-changed", "One bit of a signature is wrong.", "E_SIGNATURES",
       Envelope("pins", pins(2), "op").written(b64(changed.signatures[1][1]),
                                               b64(bytes([changed.signatures[1][1][0] ^ 1]) + changed.signatures[1][1][1:])))
refuse("unknown-algorithm", "One of the two keys is of an algorithm that is not known: it does not count, even with a good "
       "Ed25519 signature.", "E_SIGNATURES", Envelope("pins", pins(1), "oq"), before=(), anchor=ALG_ROOT)
refuse("algorithm-in-message", "An envelope names no algorithm; one that does is not listened to.", "E_SIGNATURES",
       Envelope("pins", pins(2), "o").written('"sig"', '"alg": "none",\n      "sig"'))
refuse("old-keys-after-rotation", "Pins signed by keys that root 2 replaced.", "E_SIGNATURES",
       Envelope("pins", pins(2), "op"), before=(first, root2))
refuse("no-such-role", "Unpin keys that no root names: there is no unpin role.", "E_SIGNATURES",
       Envelope("unpin", unpin(), "uv"),
       before=(first, Step("root-2-no-unpin", Envelope("root", root(2, roles={"unpin": None}), "rs"))))
refuse("unverified-is-unread", "Neither signed nor JSON: the signatures are at fault, the payload is not read.",
       "E_SIGNATURES", Envelope("pins", b"\xff{", "o"))

# - payloads
for role, keys in (("root", "rs"), ("pins", "op"), ("fresh", "f"), ("unpin", "uv")):
    good = {"root": root(2), "pins": pins(2), "fresh": fresh(pins(1)), "unpin": unpin()}[role]
    kind = {"pins": "pintle"}.get(role, f"pintle_{role}")
    text = json.dumps(good)
    refuse(f"{role}-json", "Signed, but no JSON.", "E_JSON", Envelope(role, b"{", keys))
    refuse(f"{role}-utf-8", "Signed, but no UTF-8.", "E_JSON", Envelope(role, b'{"x": "\xff"}', keys))
    refuse(f"{role}-duplicate", "A member twice.", "E_JSON",
           Envelope(role, text.replace('"epoch": 1', '"epoch": 1, "epoch": 1', 1), keys))
    refuse(f"{role}-deep", "33 objects and arrays inside one another.", "E_JSON",
           Envelope(role, text.replace("{", '{"x": ' + "[" * 32 + "]" * 32 + ", ", 1), keys))
    refuse(f"{role}-real", "A number that is no integer, in a member that nobody knows.", "E_JSON",
           Envelope(role, text.replace("{", '{"x": 1.0, ', 1), keys))
    refuse(f"{role}-no-app", "A member is missing.", "E_SCHEMA", Envelope(role, {k: v for k, v in good.items() if k != "app"}, keys))
    refuse(f"{role}-version-of-format", "Another version of the format.", "E_VERSION", Envelope(role, good | {kind: 2}, keys))
    refuse(f"{role}-big-integer", "An integer beyond 64 bits is no JSON, before the version of the format is looked at.", "E_JSON",
           Envelope(role, json.dumps(good | {kind: 2}).replace("{", '{"x": 9223372036854775808, ', 1), keys))
    refuse(f"{role}-crit-65", "More than 64 names.", "E_SCHEMA", Envelope(role, good | {"crit": ["app"] * 65}, keys))
    accept(f"{role}-crit-crit", "crit may name itself, which needs no understanding.", Envelope(role, good | {"crit": ["crit", kind]}, keys))
    refuse(f"{role}-crit", "A critical member that is not understood.", "E_CRIT",
           Envelope(role, good | {"crit": ["new"], "new": 1}, keys))
    refuse(f"{role}-time", "A day that does not exist.", "E_TIME", Envelope(role, good | {"issued": "2026-11-31T00:00:00Z"}, keys))
    refuse(f"{role}-expires-when-issued", "It ends when it begins.", "E_SCHEMA", Envelope(role, good | {"expires": good["issued"]}, keys))
    refuse(f"{role}-app", "For another app.", "E_APP", Envelope(role, good | {"app": "com.example.other"}, keys))
refuse("root-oversized", "A root of more than 65 536 bytes.", "E_LIMIT", Envelope("root", as_bytes(root(2)).ljust(65537), "rs"))
refuse("fresh-oversized", "A fresh statement of more than 16 384 bytes.", "E_LIMIT",
       Envelope("fresh", as_bytes(fresh(pins(1))).ljust(16385), "f"))
refuse("unpin-oversized", "An unpin of more than 16 384 bytes.", "E_LIMIT", Envelope("unpin", as_bytes(unpin()).ljust(16385), "uv"))

# - roots
refuse("root-old-keys-only", "Root 2 with new keys, signed by the old ones only.", "E_SIGNATURES",
       Envelope("root", root(2, roles={"root": (2, "xyz")}), "rst"))
refuse("root-new-keys-only", "Root 2 with new keys, signed by the new ones only.", "E_SIGNATURES",
       Envelope("root", root(2, roles={"root": (2, "xyz")}), "xyz"))
refuse("root-one-new-key", "Signed by the old threshold and one of the two new keys.", "E_SIGNATURES",
       Envelope("root", root(2, roles={"root": (2, "xyz")}), "rsx"))
refuse("root-threshold-raised", "Root 2 asks for three signatures and has two.", "E_SIGNATURES",
       Envelope("root", root(2, roles={"root": (3, "rst")}), "rs"))
refuse("root-skips", "Root 3 follows no root 1.", "E_ROOT_VERSION", Envelope("root", root(3), "rs"))
refuse("root-skips-rotation", "Root 3 without the root 2 that brought its keys.", "E_SIGNATURES",
       Envelope("root", root(3, roles={"root": (2, "xyz")}), "xyz"))
refuse("root-int64-max", "The last version there is.", "E_ROOT_VERSION", Envelope("root", root(INT64_MAX), "rs"))
refuse("root-back", "Root 1 after root 2.", "E_ROOT_VERSION", Envelope("root", root(), "rs"),
       before=(first, Step("root-2", Envelope("root", root(2), "rs"))))
refuse("root-equivocation", "Another root 1.", "E_EQUIVOCATION", Envelope("root", root(days=300), "rs"))
refuse("root-lower-epoch", "Root 3 of a lower epoch.", "E_EPOCH", Envelope("root", root(3, roles={"pins": (2, "abx")}), "rs"),
       before=(first, RECOVERY))
refuse("root-id-of-another-key", "A key under an id that is not its own.", "E_SCHEMA",
       Envelope("root", root(2) | {"keys": [KEYS["r"].record() | {"id": KEYS["x"].id}] + root(2)["keys"][1:]}, "rs"))
for name, small in (("neutral", "01" + "00" * 31), ("neutral-signed", "01" + "00" * 30 + "80"), ("order-4", "00" * 32),
                    ("order-8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
                    ("unreduced", "ee" + "ff" * 30 + "7f")):
    refuse(f"root-small-order-{name}", "A key for which anybody can sign.", "E_SCHEMA",
           Envelope("root", root(2) | {"keys": root(2)["keys"] + [record_of(bytes.fromhex(small))]}, "rs"))
refuse("root-key-twice", "A key listed twice in a role.", "E_SCHEMA", Envelope("root", root(2, roles={"pins": (2, "oo")}), "rs"))
refuse("root-key-record-twice", "A key listed twice.", "E_SCHEMA",
       Envelope("root", root(2) | {"keys": root(2)["keys"] + [KEYS["r"].record("ed448")]}, "rs"))
refuse("root-threshold-0", "A threshold of 0.", "E_SCHEMA", Envelope("root", root(2, roles={"pins": (0, "op")}), "rs"))
refuse("root-threshold-4-of-3", "A threshold above the number of keys.", "E_SCHEMA", Envelope("root", root(2, roles={"pins": (4, "opq")}), "rs"))
refuse("root-threshold-unusable", "A threshold above the number of usable keys.", "E_SCHEMA",
       Envelope("root", root(2, roles={"pins": (2, "op")}, algs={"o": "rsa"}), "rs"))
refuse("root-unpin-threshold-1", "One signature may not unpin.", "E_SCHEMA", Envelope("root", root(2, roles={"unpin": (1, "uvw")}), "rs"))
refuse("root-no-pins-role", "Nobody may sign pins.", "E_SCHEMA", Envelope("root", root(2, roles={"pins": None}), "rs"))
refuse("root-unknown-key", "A role with a key that is not listed.", "E_SCHEMA",
       Envelope("root", root(2) | {"keys": root(2)["keys"][1:]}, "st"))
refuse("root-65-keys", "More than 64 keys.", "E_LIMIT",
       Envelope("root", root(2) | {"keys": root(2)["keys"] + [{"id": f"{i:064x}", "alg": "none"} for i in range(55)]}, "rs"))
refuse("root-17-keys-of-a-role", "More than 16 keys for a role.", "E_LIMIT",
       Envelope("root", root(2) | {"roles": root(2)["roles"] | {"pins": {"threshold": 1, "keys": [f"{i:064x}" for i in range(17)]}}}, "rs"))
refuse("order-keys-threshold", "Too many keys before a threshold above their number.", "E_LIMIT",
       Envelope("root", root(2) | {"roles": root(2)["roles"] | {"pins": {"threshold": 99, "keys": [f"{i:064x}" for i in range(17)]}}}, "rs"))

# - pins
refuse("pins-rollback", "A lower version.", "E_ROLLBACK", P[1], before=(first, second))
refuse("pins-equivocation", "The same version with other bytes.", "E_EQUIVOCATION", Envelope("pins", pins(1, days=31), "op"))
refuse("pins-equivocation-by-space", "The same version with one space more.", "E_EQUIVOCATION",
       Envelope("pins", as_bytes(pins(1)) + b" ", "op"))
refuse("pins-expired", "They expired in this second.", "E_EXPIRED", P[2], day=30)
refuse("pins-root-expired", "The current root has expired.", "E_EXPIRED", Envelope("pins", pins(2, issued=364), "op"), day=365)
refuse("pins-clock-set-back", "The clock says 2016, but newer pins were seen: these have expired.", "E_EXPIRED",
       Envelope("pins", pins(4), "op"), before=(Step("pins-3-later", Envelope("pins", pins(3, issued=40), "op")),), day=-3650)
refuse("pins-lower-epoch", "Pins of the epoch before.", "E_EPOCH", Envelope("pins", pins(9), "ab"), before=(first, RECOVERY))
refuse("pins-higher-epoch", "Pins of an epoch that no root has begun.", "E_EPOCH", Envelope("pins", pins(2, epoch=2), "op"))
refuse("pins-epoch-stolen-keys", "After the recovery the stolen keys sign nothing.", "E_SIGNATURES",
       Envelope("pins", pins(2, epoch=2), "op"), before=(first, THIEF, RECOVERY))
refuse("pins-after-int64-max", "After a version that ran away nothing is newer.", "E_ROLLBACK", P[2], before=(first, THIEF))
refuse("order-app-epoch", "Of several faults the first in order is named: the app.", "E_APP",
       Envelope("pins", pins(1, epoch=7, app="x"), "op"), day=400)
refuse("order-epoch-expired", "The epoch before the root's end.", "E_EPOCH", Envelope("pins", pins(1, epoch=7, days=40), "op"), day=400)
refuse("order-rollback-expired", "The version before its own end.", "E_ROLLBACK", P[1], before=(first, second), day=60)

# - fresh
refuse("fresh-old-with-new-pins", "A statement about the pins before.", "E_MISMATCH", Envelope("fresh", fresh(pins(1)), "f"),
       before=(first, second))
refuse("fresh-new-with-old-pins", "A statement about pins that have not come yet.", "E_MISMATCH",
       Envelope("fresh", fresh(pins(2)), "f"))
refuse("fresh-other-digest", "About the version in force, with other bytes.", "E_MISMATCH",
       Envelope("fresh", fresh(pins(1, days=31)), "f"))
refuse("fresh-other-version", "The digest of the pins in force, another version.", "E_MISMATCH",
       Envelope("fresh", fresh(pins(1), version=2), "f"))
refuse("fresh-without-pins", "There are no pins yet.", "E_MISMATCH", Envelope("fresh", fresh(pins(1)), "f"), before=())
refuse("fresh-expired", "It has expired.", "E_EXPIRED", Envelope("fresh", fresh(pins(1)), "f"), day=2)
refuse("fresh-rollback", "Issued before the one in force.", "E_ROLLBACK",
       Envelope("fresh", fresh(pins(1), issued=-1, days=9), "f"), before=(first, fresh1))
refuse("fresh-epoch", "Of another epoch.", "E_EPOCH", Envelope("fresh", fresh(pins(1), epoch=2), "f"))
refuse("fresh-by-pins-keys", "Signed by the pins keys.", "E_SIGNATURES", Envelope("fresh", fresh(pins(1)), "op"))

# - unpin
refuse("unpin-one-signature", "One of the two that are needed.", "E_SIGNATURES", Envelope("unpin", unpin(), "u"))
refuse("unpin-one-key-two-ids", "One key under two ids.", "E_SIGNATURES", Envelope("unpin", unpin(), ["u", ("u", "v")]))
refuse("unpin-tightens", "It wants a rule enforced.", "E_UNPIN",
       Envelope("unpin", unpin(rules=[("www", "off"), ("api", "enforce")]), "uv"))
refuse("unpin-too-long", "14 days and a second.", "E_UNPIN",
       Envelope("unpin", unpin() | {"expires": time(14, 1)}, "uv"))
refuse("unpin-future", "Issued a day and a second ahead of the clock: it would soften for longer than it may.", "E_UNPIN",
       Envelope("unpin", unpin() | {"issued": time(1, 1)}, "uv"))
refuse("unpin-unknown-mode", "A mode that is none.", "E_SCHEMA", Envelope("unpin", unpin(rules=[("api", "none")]), "uv"))
refuse("unpin-rule-twice", "A rule named twice.", "E_SCHEMA", Envelope("unpin", unpin(rules=[("api", "off"), ("api", "report")]), "uv"))
refuse("unpin-257-rules", "More than 256 rules.", "E_LIMIT", Envelope("unpin", unpin(rules=[(f"r{i}", "off") for i in range(257)]), "uv"))
refuse("unpin-rollback", "A lower serial.", "E_ROLLBACK", unpin1.envelope,
       before=(first, Step("unpin-2", Envelope("unpin", unpin(2, rules=()), "uv"))))
refuse("unpin-equivocation", "The same serial with other bytes.", "E_EQUIVOCATION",
       Envelope("unpin", unpin(rules=[("api", "off")]), "uv"), before=(first, unpin1))
refuse("unpin-expired", "It has expired.", "E_EXPIRED", Envelope("unpin", unpin(), "uv"), day=7)
refuse("unpin-epoch", "Of another epoch.", "E_EPOCH", Envelope("unpin", unpin(epoch=2), "uv"))
case("unpin-ignored", "A client that was built to ignore unpins.", first,
     Step("unpin-1", unpin1.envelope, "E_UNSUPPORTED"), ignore_unpin=True)

# --- seeds ----------------------------------------------------------------------------------------

seeds = []
seed_files = {}
MAGIC = b"pintle seed 1\n"


def seed(name, about, data, start="OK", restore="OK", refused=0, held=(), marks_of=None):
    """held: the envelopes that are in force after a restore into a client of root 1."""
    seed_files[f"seeds/{name}.seed"] = data
    state = State(ROOT1)
    for envelope in held:
        state.take(envelope, state.marks["clock_floor"], ())
    out = {"name": name, "about": about, "seed": f"seeds/{name}.seed", "anchor": store("root-1", ROOT1), "start": start,
           "restore": restore}
    if restore == "OK":
        out |= {"refused": refused, "state": state.describe()}
    seeds.append(out)


def pack(*envelopes):
    return MAGIC + b"".join(envelope.record() for envelope in envelopes)


F1, U1 = fresh1.envelope, unpin1.envelope
# A seed does not move the clock by statements, so those of these vectors are as old as their pins.
seed("pins", "A root and pins.", pack(ROOT1, P[1]), held=[P[1]])
seed("all", "Everything there can be.", pack(ROOT1, P[1], F1, U1), held=[P[1], F1, U1])
seed("root-only", "No pins yet.", pack(ROOT1))
seed("rotated", "Pins signed under root 1, and a root 2 with other pins keys.", pack(ROOT1, ROOT2, P[1]), held=[ROOT2, P[1]])
seed("epochs", "Pins of epoch 1, and a root of epoch 2: they hold and leave no marks.",
     pack(ROOT1, RECOVERY.envelope, THIEF.envelope))
seeds[-1]["state"] = {"root": 2, "marks": State(RECOVERY.envelope).marks, "pins": digest(THIEF.envelope.said),
                      "fresh_until": None, "unpin": None}
seed("expired", "That it expired long ago does not matter.", pack(ROOT1, Envelope("pins", pins(1, days=1), "op")),
     held=[Envelope("pins", pins(1, days=1), "op")])
seed("anchor-again", "A restore passes over roots that the client has; a start takes the first for the anchor.",
     pack(ROOT1, ROOT1, P[1]), held=[P[1]])
seed("root-gap", "Root 2 is missing.", pack(ROOT1, Envelope("root", root(3), "rs"), P[1]), "E_ROOT_VERSION", refused=1, held=[P[1]])
seed("one-signature", "The pins are not signed by enough.", pack(ROOT1, Envelope("pins", pins(1), "o")), "E_SIGNATURES", refused=1)
seed("no-json", "The pins are no JSON.", pack(ROOT1, Envelope("pins", b"{", "op")), "E_JSON", refused=1)
seed("fresh-older", "A fresh statement about older pins is passed over.", pack(ROOT1, P[2], F1), held=[P[2]])
seed("fresh-mismatch", "The fresh statement is about pins that are not there.",
     pack(ROOT1, P[1], Envelope("fresh", fresh(pins(2)), "f")), "E_MISMATCH", refused=1, held=[P[1]])
seed("unpin-too-long", "The unpin lasts too long.", pack(ROOT1, P[1], Envelope("unpin", unpin(days=15), "uv")), "E_UNPIN",
     refused=1, held=[P[1]])
seed("other-app", "A root of another app.", pack(Envelope("root", root(app="com.example.other"), "rs"), P[1]), "E_APP", held=[P[1]])
seed("magic", "Another version of the format.", b"pintle seed 2\n" + ROOT1.record(), "E_ENVELOPE", "E_ENVELOPE")
seed("empty", "No bytes.", b"", "E_ENVELOPE", "E_ENVELOPE")
seed("no-records", "No root.", MAGIC, "E_ENVELOPE", "E_ENVELOPE")
seed("truncated", "The last byte is missing.", pack(ROOT1, P[1])[:-1], "E_ENVELOPE", "E_ENVELOPE")
seed("trailing", "A byte too many.", pack(ROOT1, P[1]) + b"\0", "E_ENVELOPE", "E_ENVELOPE")
seed("pins-first", "Roots come first.", pack(P[1], ROOT1), "E_ENVELOPE", "E_ENVELOPE")
seed("pins-twice", "Two pins.", pack(ROOT1, P[1], P[2]), "E_ENVELOPE", "E_ENVELOPE")
seed("order", "unpin before fresh.", pack(ROOT1, P[1], U1, F1), "E_ENVELOPE", "E_ENVELOPE")
seed("role-4", "A role that there is not.", pack(ROOT1, P[1]) + bytes([4, 0, 0, 0, 0, 0]), "E_ENVELOPE", "E_ENVELOPE")
seed("33-signatures", "More than 32 signatures.", pack(ROOT1) + bytes([1, 33, 0, 0, 0, 0]) + bytes(33 * 96), "E_LIMIT", "E_LIMIT")
seed("oversized-payload", "A payload longer than its role allows.", pack(ROOT1) + bytes([2, 0, 0, 0, 64, 1]) + bytes(16385),
     "E_LIMIT", "E_LIMIT")


# --- writing --------------------------------------------------------------------------------------

def lines(items):
    """One to a line, so that a change shows."""
    return "[\n" + ",\n".join("  " + json.dumps(item, ensure_ascii=False) for item in items) + "\n ]"


def main():
    names = [item["name"] for item in cases]
    assert len(names) == len(set(names))
    for folder in ("envelopes", "seeds"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
        (HERE / folder).mkdir()
    for name, text in files.items():
        (HERE / name).write_text(text)
    for name, data in seed_files.items():
        (HERE / name).write_bytes(data)
    keys = [{"name": key.name, "seed": key.seed.hex(), "public": b64(key.public), "id": key.id} for key in KEYS.values()]
    (HERE / "index.json").write_text(
        f'{{"pintle_bundle_vectors": 1,\n "about": {lines(ABOUT)},\n "app": "{APP}",\n "keys": {lines(keys)},\n'
        f' "cases": {lines(cases)},\n "seeds": {lines(seeds)}}}\n')
    print(f"{len(cases)} cases, {len(seeds)} seeds, {len(files)} envelopes")


main()
