# SPDX-License-Identifier: Apache-2.0
"""Pin-sets as other platforms write them: making them, exporting them, and asking what they mean.

    class Android(formats.TestCase):
        def test_it(self):
            pinset = formats.pinset(formats.rule("api", ["**.example.com"], [1, 2]))
            done = self.export("android", pinset)      done.text, done.losses, done.ids()
            made = self.import_("android", done.text)  made.pinset, made.notes, made.ids()

A *model* of a platform is a class that reads an exported file with Python's own parsers: model(text), and
model.answer(host, port) is None where the platform asks for no pin, or an Answer. TestCase.check_model() compares
it with `pintle export --explain`, and both with what the pin-set means, on generated pin-sets and hosts.
"""
import base64
import dataclasses
import datetime
import hashlib
import json

import cli

# Kinds of losses by which keys or hosts may differ from the pin-set; losses.def.
HOST_LOSSES = {"EXP001", "EXP002", "EXP003", "EXP004", "EXP005", "EXP006", "EXP007", "EXP008",
               "EXP009"}
KEY_LOSSES = {"EXP010", "EXP011", "EXP012", "EXP013", "EXP016", "EXP022", "EXP030"}

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def time(days=0, hours=0):
    """A time of the pin-set document, from now on."""
    return (NOW + datetime.timedelta(days=days, hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def key(n):
    """The n-th made-up pin."""
    return "sha256/" + base64.b64encode(hashlib.sha256(b"key %d" % n).digest()).decode()


def bare(pin):
    """The base64 of a pin alone."""
    return pin.removeprefix("sha256/")


def rule(name, match, pins, **members):
    """A rule. pins: numbers of key(), pins, or objects; ends in a year unless members say otherwise."""
    made = [{"spki": key(p)} if isinstance(p, int) else {"spki": p} if isinstance(p, str) else p for p in pins]
    return {"id": name, "match": match, "pins": made, **members}


def pinset(*rules, **members):
    return {"pintle": 1, "app": "com.example.shop", "version": 7, "issued": time(-1), "expires": time(90),
            **members, "rules": list(rules)}


# --- what a pin-set means: docs/spec/pin-set.md, again -------------------------------------------------------

def split(pattern):
    """The literal suffix of a pattern and its kind: 0 exact, 1 one label, 2 any."""
    if pattern.startswith("**."):
        return pattern[3:], 2
    if pattern.startswith("*."):
        return pattern[2:], 1
    return pattern, 0


def covers(pattern, host):
    suffix, kind = split(pattern)
    if kind == 0:
        return host == suffix
    if kind == 2 and host == suffix:
        return True
    if not host.endswith("." + suffix):
        return False
    return kind == 2 or host[:-len(suffix) - 1].count(".") == 0


def find(document, host, port=443):
    """The rule that holds: the longest suffix, then exact, *., **., then the one that names the port."""
    best, best_rank = None, None
    for candidate in document["rules"]:
        ports = candidate.get("ports")
        if ports and port not in ports:
            continue
        for pattern in candidate["match"]:
            if covers(pattern, host):
                suffix, kind = split(pattern)
                rank = (len(suffix), -kind, bool(ports))
                if best_rank is None or rank > best_rank:
                    best, best_rank = candidate, rank
    return best


def mode_now(candidate):
    """The mode of a rule today (there is no hard_ttl_s in the pin-sets made here)."""
    until = candidate.get("enforce_until")
    if until and until <= time():
        return candidate.get("after", "report")
    return candidate.get("mode", "enforce")


def active_pins(candidate):
    return [p for p in candidate["pins"] if p.get("until", "9") > time()]


# --- made-up pin-sets -------------------------------------------------------------------------------------

def random_host(rng):
    """Few labels of few names, so that patterns meet."""
    labels = [rng.choice("abc") for _ in range(rng.randint(0, 2))]
    return ".".join(labels + [rng.choice(["one", "two", "three"]), "example"])


def random_pattern(rng):
    return rng.choice(["", "", "*.", "**."]) + random_host(rng)


def random_pin(rng, positions=("any", "leaf", "ca")):
    pin = {"spki": key(rng.randint(1, 12)), "at": rng.choice(positions)}
    if rng.random() < 0.3:
        pin["label"] = rng.choice(["2026 key", "--><pin>", "*/ }", "\\u000a x", "$x ${y}", '"; evil', "Schlüssel"])
    if rng.random() < 0.1:
        pin["until"] = time(rng.choice([-5, 30]))
    return pin


def random_rule(rng, index, patterns, ports, positions):
    made = {"id": f"rule-{index}", "match": patterns,
            "mode": rng.choices(["enforce", "report", "off"], [6, 1, 1])[0],
            "trust": rng.choices(["pkix", "key"], [5, 1])[0]}
    if ports:
        made["ports"] = ports
    pins = {p["spki"]: p for p in (random_pin(rng, positions) for _ in range(rng.randint(1, 4)))}
    made["pins"] = [] if made["mode"] == "off" else list(pins.values())
    if rng.random() < 0.4:
        made["enforce_until"] = rng.choice([time(200), time(200)[:10] + "T00:00:00Z", time(-3)])
        made["after"] = rng.choice(["report", "off"])
    if rng.random() < 0.2:
        made["report"] = ["https://reports.example/v1"]
    if rng.random() < 0.1:
        made["deny"] = [key(99)]
    return made


def random_pinset(rng, rules=6, positions=("any", "leaf", "ca"), with_ports=True):
    """A pin-set that loads: no pattern stands twice for one port."""
    made, taken = [], set()
    for index in range(rng.randint(1, rules)):
        ports = sorted(rng.sample([443, 8443], rng.randint(1, 2))) if with_ports and rng.random() < 0.3 else []
        wanted = {random_pattern(rng) for _ in range(rng.randint(1, 3))}
        patterns = sorted(p for p in wanted if not any((p, q) in taken for q in ports or [0]))
        if patterns:
            taken |= {(p, q) for p in patterns for q in ports or [0]}
            made.append(random_rule(rng, index, patterns, ports, positions))
    return pinset(*made)


def random_hosts(rng, document, count):
    """Hosts at, below and beside the patterns."""
    suffixes = [split(p)[0] for r in document["rules"] for p in r["match"]] or ["one.example"]
    hosts = set()
    while len(hosts) < count:
        host = rng.choice(suffixes) if rng.random() < 0.8 else random_host(rng)
        hosts.add(".".join([rng.choice("abcxyz") for _ in range(rng.randint(0, 3))] + [host]))
    return sorted(hosts)


# --- results ----------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Answer:
    """What a platform demands at a host. pins: {(spki, at)}; until: a time or None."""
    pins: frozenset
    until: str | None = None
    mode: str = "enforce"


@dataclasses.dataclass
class Exported:
    text: str
    json: dict

    @property
    def losses(self):
        return self.json["losses"]

    def ids(self, rule_id=None):
        return {loss["id"] for loss in self.losses if rule_id in (None, loss["rule"])}


@dataclasses.dataclass
class Imported:
    json: dict

    @property
    def pinset(self):
        return self.json["pinset"]

    @property
    def notes(self):
        return self.json["notes"]

    def ids(self):
        return {note["id"] for note in self.notes}


class TestCase(cli.TestCase):
    """Exports and imports in a folder of the test's own."""

    def save(self, document, name="pintle.json"):
        return self.write(name, document if isinstance(document, (str, bytes)) else json.dumps(document))

    def export(self, name, document, *args):
        self.save(document)
        result = self.run_cli("export", "--to", name, "--json", *args)
        self.assertExit(result, cli.OK)
        return Exported(result.json.get("file", ""), result.json)

    def import_(self, name, text, *args):
        self.write("input", text)
        result = self.run_cli("import", "--from", name, "--json", *args, "input")
        self.assertExit(result, cli.OK)
        return Imported(result.json)

    def assertImportFails(self, name, text, message, *args, code=cli.INPUT):
        """The import is refused: that exit code, the message on stderr, nothing on stdout."""
        self.write("input", text)
        return self.assertFails(code, message, "import", "--from", name, *args, "input")

    def explain(self, name, document, hosts, *args):
        """{host: what --explain says of it}; hosts may name a port."""
        self.save(document)
        asked = [word for host in hosts for word in ("--explain", host)]
        result = self.run_cli("export", "--to", name, "--json", *asked, *args)
        self.assertExit(result, cli.OK)
        return dict(zip(hosts, result.json["hosts"]))

    def drift(self, name, document, text, *args):
        """The texts of what --check finds."""
        self.save(document)
        self.write("there", text)
        result = self.run_cli("export", "--to", name, "--json", "--check", "there", *args)
        self.assertExit(result, cli.REFUSED if result.json["drift"] else cli.OK)
        return [d["text"] for d in result.json["drift"]]

    def assertRoundTrip(self, name, document, *args):
        """What was exported, imported and exported again is the same file, and does not drift."""
        first = self.export(name, document, *args)
        self.assertEqual(self.drift(name, document, first.text, *args), [])
        made = self.import_(name, first.text, *args).pinset
        again = self.export(name, {**made, "app": document["app"], "version": document["version"]}, *args)
        self.assertEqual(self.drift(name, made, first.text, *args), [])
        return first, made, again

    # --- models -------------------------------------------------------------------------------------------

    def writable_pinset(self, name, rng, domain="example", **limits):
        """A made-up pin-set of which something can be written; its hosts end in `domain`."""
        while True:
            document = json.loads(json.dumps(random_pinset(rng, **limits)).replace('.example"', f'.{domain}"'))
            self.save(document)
            result = self.run_cli("export", "--to", name, "--json")
            if result.code == cli.OK:
                return document
            self.assertExit(result, cli.INPUT)
            self.assertIn("no rule of the pin-set can be written", result.err)

    def check_model(self, name, model, rng, rounds=40, hosts=60, **limits):
        """A model, --explain and the pin-set agree wherever no loss was told."""
        compared = 0
        for _ in range(rounds):
            document = self.writable_pinset(name, rng, **limits)
            exported = self.export(name, document)
            platform = model(exported.text)
            asked = random_hosts(rng, document, hosts)
            for host, told in self.explain(name, document, asked).items():
                answer = platform.answer(host, 443)
                self.assertSameAnswer(answer, told["platform"], host, document, exported)
                self.assertToldOrSame(answer, document, host, exported)
                compared += 1
        self.assertEqual(compared, rounds * hosts)

    def assertSameAnswer(self, answer, told, host, document, exported):
        context = f"{host}\n{exported.text}\n{json.dumps(document)}"
        self.assertEqual(answer is not None, told["pinned"], context)
        if answer is not None:
            self.assertEqual(answer.pins, {(p["spki"], p["at"]) for p in told["pins"]}, context)
            self.assertEqual(answer.until, told.get("until"), context)
            self.assertEqual(answer.mode, told["mode"], context)

    def assertToldOrSame(self, answer, document, host, exported):
        """Keys differ from the pin-set's only where a loss of that kind was told."""
        held = find(document, host)
        context = f"{host}\n{exported.text}\n{json.dumps(document)}\n{exported.losses}"
        wanted = set()
        if held is not None and mode_now(held) != "off":
            wanted = {p["spki"] for p in active_pins(held)}
        got = {spki for spki, _ in answer.pins} if answer is not None else set()
        if wanted == got:
            return
        # What should not be pinned at all is by another rule, which then is told of.
        told = exported.ids(held["id"]) if wanted else exported.ids()
        self.assertTrue(told & (HOST_LOSSES | KEY_LOSSES), context)
