# SPDX-License-Identifier: Apache-2.0
"""What TrustKit for iOS makes of TSKConfiguration, as its documentation (TSKTrustKitConfig.h) and its source say it:
parse_configuration.m (what raises an exception), configuration_utils.m (which entry counts), TSKPinningValidator.m (what an
end and an exclusion mean)."""
import base64
import binascii
import datetime
import plistlib

import formats

EXCLUDE = "kSKExcludeSubdomainFromParentPolicy"  # as the constant is spelled
SUFFIXES = {"com", "net", "org", "co.uk", "uk"}  # what is needed of the Public Suffix List


class Refused(Exception):
    """The exception that ends the app."""


def registry(name):
    labels = name.split(".")
    for at in range(len(labels)):
        if ".".join(labels[at:]) in SUFFIXES:
            return ".".join(labels[at:])
    raise Refused(f"invalid domain {name}")


def digest(text):
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error:
        value = b""
    if len(value) != 32:
        raise Refused(f"invalid pin {text}")
    return value


def day(text):
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


class Model:
    def __init__(self, text, today=None):
        whole = plistlib.loads(text.encode() if isinstance(text, str) else text)
        self.today = today or datetime.datetime.now(datetime.timezone.utc).date()
        self.domains = whole["TSKConfiguration"]["TSKPinnedDomains"]
        if not self.domains:
            raise Refused("no pinned domains")
        for name, entry in self.domains.items():
            self.check(name, entry)

    def check(self, name, entry):
        suffix = registry(name)
        if entry.get(EXCLUDE):
            if len(entry) > 1:
                raise Refused("additional configuration keys")
            if self.key("a" + name) is None:
                raise Refused("no policy for a parent domain")
            return
        if entry.get("TSKIncludeSubdomains") and suffix == name:
            raise Refused("includeSubdomains for a domain suffix")
        pins = {digest(p) for p in entry.get("TSKPublicKeyHashes", [])}
        if len(pins) < (2 if entry.get("TSKEnforcePinning", True) else 1):
            raise Refused("less pins than needed")

    def key(self, host):
        if host in self.domains:
            return host
        wider = [n for n, e in self.domains.items() if e.get("TSKIncludeSubdomains") and host.endswith("." + n)]
        return max(wider, key=len, default=None)

    def answer(self, host, _port):
        name = self.key(host)
        if name is None:
            return None
        entry = self.domains[name]
        ends = day(entry.get("TSKExpirationDate", ""))
        if entry.get(EXCLUDE) or (ends is not None and ends <= self.today):
            return None
        return formats.Answer(frozenset(("sha256/" + p, "any") for p in entry["TSKPublicKeyHashes"]),
                              ends and f"{ends}T00:00:00Z", "enforce" if entry.get("TSKEnforcePinning", True) else "report")
