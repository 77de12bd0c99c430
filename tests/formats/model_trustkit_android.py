# SPDX-License-Identifier: Apache-2.0
"""What TrustKit for Android makes of a network security configuration, on Android 7 and later: written from its
documentation (docs/getting-started.md) and from TrustKitConfigurationParser, DomainPinningPolicy,
TrustKitConfiguration.getPolicyForHostname() and PinningTrustManager.checkServerTrusted(). The platform compares the
pins; the policy of the library says whether a mismatch counts. Without a policy the platform has the last word."""
import re
import xml.etree.ElementTree as ET

import formats
import model_android


class Policy:
    """What a domain-config says, or else one around it."""

    def __init__(self, config, parent):
        domain = config.findall("domain")[-1]
        trustkit = config.findall("trustkit-config")[-1:]
        own = config.find("pin-set")
        attribute = lambda name: trustkit[0].get(name) if trustkit else None
        inherit = lambda own, name: own if own is not None else getattr(parent, name, None)
        self.hostname = domain.text
        self.subdomains = inherit(domain.get("includeSubdomains"), "subdomains")
        self.pins = {pin.text for pin in own.findall("pin")} if own is not None else getattr(parent, "pins", None)
        self.enforce = inherit(attribute("enforcePinning"), "enforce")
        self.quiet = inherit(attribute("disableDefaultReportUri"), "quiet")
        self.reports = inherit([uri.text for uri in trustkit[0].findall("report-uri")] if trustkit else None, "reports")
        self.check()

    def check(self):
        if not re.fullmatch(r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?",
                            self.hostname):
            raise ValueError(f"Tried to pin an invalid domain: {self.hostname}")
        if len(self.pins) < 2:
            raise ValueError("Less than two pins were supplied")


class Model:
    def __init__(self, text):
        self.platform = model_android.Model(text)
        self.policies = {}
        for config in ET.fromstring(text.encode()).findall("domain-config"):
            self._add(config, None)
        if not self.policies:
            raise ValueError("Policy contains 0 domains to pin")

    def _add(self, config, parent):
        policy = Policy(config, parent)
        if policy.hostname in self.policies:
            raise ValueError("Policy contains the same domain defined twice")
        self.policies[policy.hostname] = policy
        for nested in config.findall("domain-config"):
            self._add(nested, policy)

    def policy(self, host):
        return model_android.choose(self.policies, host, lambda policy: policy.subdomains == "true")

    def answer(self, host, port):
        demanded = self.platform.answer(host, port)
        policy = self.policy(host)
        if demanded is not None and policy is not None and policy.enforce != "true":
            return formats.Answer(demanded.pins, demanded.until, "report")
        return demanded

    def reports(self, host):
        """Where a mismatch is reported to, the makers of the library aside."""
        policy = self.policy(host)
        return sorted(policy.reports or []) if policy is not None and self.platform.answer(host, 443) else []
