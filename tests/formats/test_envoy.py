#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Envoy and Istio: YAML against the documented grammar of CertificateValidationContext
(envoy/extensions/transport_sockets/tls/v3/common.proto) and of EnvoyFilter (networking.istio.io/v1alpha3)."""
import base64
import copy

import cli
import formats
import tap_unittest
import yaml

CONTEXT = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
ALLOWED = {"trusted_ca", "match_typed_subject_alt_names", "verify_certificate_spki"}


class Envoy(formats.TestCase):
    def setUp(self):
        super().setUp()
        self.document = formats.pinset(
            formats.rule("api", ["**.api.example"], [{"spki": formats.key(1), "at": "leaf"}, {"spki": formats.key(2), "at": "leaf"}]),
            formats.rule("device", ["192.0.2.1"], [{"spki": formats.key(3), "at": "leaf"}], trust="key"),
            formats.rule("ca", ["ca.example"], [{"spki": formats.key(4), "at": "ca"}, 5]))

    def context(self, socket):
        """The validation context of a transport socket that is of the grammar."""
        self.assertEqual(set(socket), {"name", "typed_config"})
        self.assertEqual(socket["name"], "envoy.transport_sockets.tls")
        config = socket["typed_config"]
        self.assertEqual(config["@type"], CONTEXT)
        self.assertLessEqual(set(config), {"@type", "sni", "common_tls_context"})
        self.assertEqual(set(config["common_tls_context"]), {"validation_context"})
        context = config["common_tls_context"]["validation_context"]
        self.assertLessEqual(set(context), ALLOWED)
        for pin in context["verify_certificate_spki"]:
            self.assertEqual(len(pin), 44)
            self.assertEqual(len(base64.b64decode(pin, validate=True)), 32)
        return config.get("sni"), context

    def envoy(self, host):
        return self.context(yaml.safe_load(self.export("envoy", self.document, "--for", host).text)["transport_socket"])

    def test_a_host_by_name(self):
        sni, context = self.envoy("x.api.example")
        self.assertEqual(sni, "x.api.example")
        self.assertEqual(context["match_typed_subject_alt_names"], [{"san_type": "DNS", "matcher": {"exact": "x.api.example"}}])
        self.assertEqual(context["trusted_ca"], {"filename": "/etc/ssl/certs/ca-certificates.crt"})
        self.assertEqual(context["verify_certificate_spki"], [formats.bare(formats.key(n)) for n in (1, 2)])

    def test_a_key_alone_by_address(self):
        sni, context = self.envoy("192.0.2.1")
        self.assertIsNone(sni)
        self.assertEqual(set(context), {"verify_certificate_spki"})

    def test_what_is_lost(self):
        done = self.export("envoy", self.document, "--for", "ca.example")
        self.assertEqual(done.ids(), {"EXP011", "EXP013"})
        self.assertNotIn(formats.bare(formats.key(4)), done.text)
        self.assertEqual(self.export("envoy", self.document, "--for", "192.0.2.1").ids(), set())

    def test_round_trip(self):
        for host in ("x.api.example", "192.0.2.1"):
            first = self.export("envoy", self.document, "--for", host)
            self.assertEqual(self.drift("envoy", self.document, first.text, "--for", host), [])
            made = self.import_("envoy", first.text, "--for", host).pinset
            self.assertEqual(self.export("envoy", {**made, "app": "com.example.shop", "version": 7}, "--for", host).text, first.text)

    def test_a_whole_configuration(self):
        pin = formats.bare(formats.key(1))
        other = {"transport_socket": {"typed_config": {"common_tls_context": {"validation_context": {"trusted_ca": {"filename": "x"}}}}}}
        mine = {"transport_socket": {"typed_config": {"common_tls_context": {"validation_context": {
            "verify_certificate_spki": [pin], "verify_certificate_hash": ["00" * 32]}}}}}
        for clusters, trust in (([other, mine, copy.deepcopy(other)], "key"), ([mine], "key")):
            done = self.import_("envoy", yaml.safe_dump({"static_resources": {"clusters": clusters}}), "--for", "a.example:8443")
            self.assertEqual(done.ids(), {"IMP009", "IMP011"})
            made = done.pinset["rules"][0]
            self.assertEqual((made["trust"], made["ports"], made["match"]), (trust, [8443], ["a.example"]))
        for order in (False, True):
            mine["transport_socket"]["typed_config"]["common_tls_context"]["validation_context"] = dict(sorted(
                {"trusted_ca": {"filename": "x"}, "verify_certificate_spki": [pin]}.items(), reverse=order))
            text = yaml.safe_dump({"clusters": [mine, other]}, sort_keys=False)
            self.assertEqual(self.import_("envoy", text, "--for", "a.example").pinset["rules"][0]["trust"], "pkix")

    def test_two_lists_are_not_joined(self):
        lists = [{"verify_certificate_spki": [formats.bare(formats.key(n))]} for n in (1, 2)]
        self.assertImportFails("envoy", yaml.safe_dump(lists), "input:4:5: another list of pins", "--for", "a.example")

    def test_bad_files(self):
        pin = formats.bare(formats.key(1))
        for text, message in (("", "no verify_certificate_spki"), ("a: b", "no verify_certificate_spki"), ("a: [", "input:"),
                              ("verify_certificate_spki: [AAAA]", "input:1:27: Envoy refuses"),
                              ("verify_certificate_spki: [sha256/" + pin + "]", "Envoy refuses"),
                              ("a: &x [1]\nb: *x\n", "input:2:4: aliases are not read"),
                              ("[" * 100, "input:1:65: is nested too deep"), ("? [a]\n: b\n", "a name is no scalar"),
                              (b"\xff\xfe\x00", "input:")):
            with self.subTest(text):
                self.assertImportFails("envoy", text, message, "--for", "a.example")

    def test_istio_carries_the_same_context(self):
        text = self.export("istio", self.document, "--for", "x.api.example:8443").text
        document = yaml.safe_load(text)
        self.assertEqual((document["apiVersion"], document["kind"]), ("networking.istio.io/v1alpha3", "EnvoyFilter"))
        self.assertRegex(document["metadata"]["name"], r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
        patch, = document["spec"]["configPatches"]
        self.assertEqual(patch["applyTo"], "CLUSTER")
        self.assertEqual(patch["match"], {"context": "SIDECAR_OUTBOUND",
                                          "cluster": {"service": "x.api.example", "portNumber": 8443}})
        self.assertEqual(patch["patch"]["operation"], "MERGE")
        self.assertEqual(self.context(patch["patch"]["value"]["transport_socket"])[1],
                         self.envoy("x.api.example:8443")[1])

    def test_istio_files_do_not_take_each_others_names(self):
        rule = formats.rule("r", ["a.b.example", "a-b.example", "c" * 60 + ".example"], [{"spki": formats.key(1), "at": "leaf"}])
        names = set()
        for host in ("a.b.example", "a-b.example", "a-b.example:8443", "c" * 60 + ".example"):
            name = yaml.safe_load(self.export("istio", formats.pinset(rule), "--for", host).text)["metadata"]["name"]
            self.assertRegex(name, r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
            names.add(name)
        self.assertEqual(len(names), 4)

    def test_istio_is_compared_as_text(self):
        text = self.export("istio", self.document, "--for", "x.api.example").text
        self.assertEqual(self.drift("istio", {**self.document, "version": 8}, text, "--for", "x.api.example"), [])
        changed = text.replace(formats.bare(formats.key(2)), formats.bare(formats.key(9)))
        self.assertEqual(len(self.drift("istio", self.document, changed, "--for", "x.api.example")), 1)
        self.assertUsage("--from", "import", "--from", "istio")


if __name__ == "__main__":
    tap_unittest.main()
