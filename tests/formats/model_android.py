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
        if host in self.domains:
            return self.domains[host]
        below = [name for name, (wide, _) in self.domains.items() if wide and host.endswith("." + name)]
        return self.domains[max(below, key=len)] if below else None

    def answer(self, host, _port):
        found = self.config(host)
        if found is None or found[1] is None or not found[1].findall("pin"):
            return None
        until = found[1].get("expiration")
        if until is not None:
            until = datetime.date.fromisoformat(until).isoformat() + "T00:00:00Z"
        pins = frozenset(("sha256/" + pin.text.strip(), "any") for pin in found[1].findall("pin"))
        return formats.Answer(pins, until)
