# SPDX-License-Identifier: Apache-2.0
"""What Android makes of a network security configuration: written from its documentation
(developer.android.com, "Network security configuration") and from ApplicationConfig.getConfigForHostname() and
NetworkSecurityTrustManager.checkPins() of the platform. It reads files with Python's own XML parser."""
import datetime
import xml.etree.ElementTree as ET

import formats


class Model:
    def __init__(self, text):
        self.domains = {}  # name: (with what is below, pin-set element or None)
        for config in ET.fromstring(text.encode()).findall("domain-config"):
            self._add(config, None)

    def _add(self, config, inherited):
        own = config.find("pin-set")
        pins = own if own is not None else inherited
        for domain in config.findall("domain"):
            name = domain.text.strip().lower()
            if name in self.domains:
                raise ValueError(f"{name} has already been specified")
            self.domains[name] = (domain.get("includeSubdomains") == "true", pins)
        for nested in config.findall("domain-config"):
            self._add(nested, pins)

    def config(self, host):
        """An exact name at once, else the longest that reaches below itself."""
        return choose(self.domains, host, lambda found: found[0])

    def answer(self, host, _port):
        found = self.config(host)
        if found is None or found[1] is None or not found[1].findall("pin"):
            return None
        until = found[1].get("expiration")
        if until is not None:
            until = datetime.date.fromisoformat(until).isoformat() + "T00:00:00Z"
        pins = frozenset(("sha256/" + pin.text.strip(), "any") for pin in found[1].findall("pin"))
        return formats.Answer(pins, until)


def choose(table, host, reaches_below):
    if host in table:
        return table[host]
    below = [name for name, found in table.items() if reaches_below(found) and host.endswith("." + name)]
    return table[max(below, key=len)] if below else None


# --- made-up files ----------------------------------------------------------------------------------------

DAYS = [None, None, "2100-01-02", "2101-12-31"]


def random_file(rng, domain, config):
    """Nested domain-config elements; config(rng, parent) makes what stands in one beside domains, as text."""
    names = [".".join(rng.choice("abc") for _ in range(depth)) + f".{middle}.{domain}"
             for middle in ("one", "two") for depth in (1, 2, 3) for _ in range(4)]
    names = sorted({*names, f"one.{domain}", f"two.{domain}"})
    rng.shuffle(names)
    made = []
    while len(names) > 4:
        made.append(_random_config(rng, names, config, 0))
    return "<network-security-config>" + "".join(made) + "</network-security-config>"


def _random_config(rng, names, config, depth):
    parts = [f'<domain includeSubdomains="{rng.choice(["true", "false"])}">{names.pop()}</domain>'
             for _ in range(rng.randint(1, 2))]
    parts.append(config(rng, depth))
    while depth < 3 and len(names) > 2 and rng.random() < 0.5:
        parts.append(_random_config(rng, names, config, depth + 1))
    return "<domain-config>" + "".join(parts) + "</domain-config>"


def random_pin_set(rng, least):
    day = rng.choice(DAYS)
    pins = [f'<pin digest="SHA-256">{formats.bare(formats.key(n))}</pin>' for n in rng.sample(range(9), rng.randint(least, 4))]
    return "<pin-set" + ("" if day is None else f' expiration="{day}"') + ">" + "".join(pins) + "</pin-set>"
