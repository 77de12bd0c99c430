# SPDX-License-Identifier: Apache-2.0
"""What iOS and macOS make of NSPinnedDomains, as the system's own source says it: parseNSPinnedDomains() in
Security/OSX/sec/Security/SecPolicy.c, and Apple's reference of the Information Property List ("NSPinnedDomains",
"NSIncludesSubdomains", "NSPinnedLeafIdentities", "NSPinnedCAIdentities")."""
import base64
import binascii
import plistlib

import formats

LISTS = {"NSPinnedLeafIdentities": "leaf", "NSPinnedCAIdentities": "ca"}


def decoded(text):
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


class Model:
    def __init__(self, text):
        whole = plistlib.loads(text.encode() if isinstance(text, str) else text)
        self.domains = whole["NSAppTransportSecurity"]["NSPinnedDomains"]

    def lists(self, host):
        """{position: digests}; a position is there if one entry that covers the host has its list."""
        found = {}
        host = host.removesuffix(".").lower()
        parent = host.partition(".")[2]
        for name, entry in self.domains.items():
            if not isinstance(entry, dict):
                continue
            if name.lower() != host and not (entry.get("NSIncludesSubdomains") is True and parent and name.lower() == parent):
                continue
            for key, position in LISTS.items():
                if key in entry:
                    items = entry[key] if isinstance(entry[key], list) else []
                    texts = [i.get("SPKI-SHA256-BASE64") for i in items if isinstance(i, dict)]
                    found.setdefault(position, set()).update(d for d in map(decoded, filter(lambda t: isinstance(t, str), texts)) if d)
        return found

    def answer(self, host, _port):
        lists = self.lists(host)
        if not lists:
            return None
        return formats.Answer(frozenset(("sha256/" + base64.b64encode(digest).decode(), position)
                                        for position, digests in lists.items() for digest in digests))
