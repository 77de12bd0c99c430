#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Go: the exported package, compiled with Debian's Go and run against real servers."""
import json
import random

import cli
import formats
import generated
import pki
import servers
import tap_unittest
from generated import MISMATCH, OK, TLS

# Requests to hosts on loopback. What it is asked for comes as JSON, what it saw goes as JSON.
PROBE = r'''
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"example.com/probe/pins"
)

type order struct {
	CA, Proxy, Wait string
	Dial            map[string]string
	URLs            []string
	Insecure, Raw   bool
	Resume, DialTLS bool
	ServerName      string
}

func word(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, pins.ErrMismatch):
		return "mismatch"
	case errors.Is(err, pins.ErrDenied):
		return "denied"
	case errors.Is(err, pins.ErrUnverified):
		return "unverified"
	}
	text := err.Error()
	if strings.Contains(text, "x509:") {
		return "tls"
	}
	return text
}

func raw(target *url.URL, address string, config *tls.Config) string {
	connection, err := tls.Dial("tcp", address, config)
	if err != nil {
		return word(err)
	}
	defer connection.Close()
	return "ok"
}

func main() {
	var asked order
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pem, _ := os.ReadFile(asked.CA)
	pool.AppendCertsFromPEM(pem)
	reported := []string{}
	pins.Report = func(err error) { reported = append(reported, err.Error()) }
	where := func(address string) string {
		if found := asked.Dial[address]; found != "" {
			return found
		}
		return asked.Dial[""]
	}
	base := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, InsecureSkipVerify: asked.Insecure},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if strings.HasPrefix(address, "proxy.example:") {
				address = asked.Proxy
			} else {
				address = where(address)
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
		ForceAttemptHTTP2: true,
	}
	if asked.Proxy != "" {
		base.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.example:8080"})
	}
	base.TLSClientConfig.ServerName = asked.ServerName
	if asked.DialTLS {
		base.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			return tls.Dial(network, where(address), &tls.Config{InsecureSkipVerify: true})
		}
	}
	if asked.Resume {
		base.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(8)
		base.DisableKeepAlives = true
	}
	client := &http.Client{Transport: pins.NewTransport(base)}
	outcomes := []string{}
	resumed := []bool{}
	for _, text := range asked.URLs {
		target, _ := url.Parse(text)
		port := target.Port()
		if port == "" {
			port = "443"
		}
		if asked.Raw {
			number := uint16(443)
			if port == "8443" {
				number = 8443
			}
			config := pins.Config(&tls.Config{RootCAs: pool}, target.Hostname(), number)
			outcomes = append(outcomes, raw(target, where(net.JoinHostPort(target.Hostname(), port)), config))
			continue
		}
		response, err := client.Get(text)
		if err == nil {
			resumed = append(resumed, response.TLS.DidResume)
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
		outcomes = append(outcomes, word(err))
		if wait, err := time.ParseDuration(asked.Wait); err == nil {
			time.Sleep(wait)
		}
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{"outcomes": outcomes, "reported": reported, "resumed": resumed})
}
'''

# What packages find for hosts: find() is theirs, so each tells by a function of its own.
TELL = r'''
package pins

func Tell(host string, port uint16) map[string]any {
	found, err := find(host, port)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	if found == nil {
		return nil
	}
	pins := [][2]string{}
	for _, pin := range found.pins {
		pins = append(pins, [2]string{pin.key, [...]string{"any", "leaf", "ca"}[pin.at]})
	}
	return map[string]any{"exempt": found.exempt, "report": found.report, "until": found.until, "pins": pins}
}
'''


class Go(generated.TestCase):
    def go(self, *args, stdin="", cwd=None):
        env = {"GOCACHE": str(cli.BUILD / "go-cache"), "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local",
               "GOPATH": str(self.dir / "go")}
        return cli.run_program(args, stdin=stdin, env=env, home=self.dir, cwd=cwd or self.dir, timeout=200)

    def build(self, text, main=PROBE, **others):
        self.write("go.mod", "module example.com/probe\n\ngo 1.19\n")
        self.write("pins/pins.go", text)
        for name, content in others.items():
            self.write(name.replace("__", "/") + ".go", content)
        self.write("main.go", main)
        done = self.go("go", "build", "-o", "probe", ".")
        self.assertEqual(done.code, 0, str(done))

    def ask(self, urls, **order):
        order = {"CA": str(self.ca), "Dial": self.dial(), "URLs": urls, **order}
        done = self.go(self.dir / "probe", stdin=json.dumps(order))
        self.assertEqual(done.code, 0, str(done))
        return json.loads(done.out)

    @staticmethod
    def url(host, port=443):
        host = f"[{host}]" if ":" in host else host
        return f"https://{host}/echo" if port == 443 else f"https://{host}:{port}/echo"

    def test_connections(self):
        self.build(self.export("go", self.document()).text)
        expected = self.expected()
        urls = [self.url(*where) for where in expected]
        for raw in (False, True):
            done = self.ask(urls, Raw=raw)
            self.assertEqual(dict(zip(expected, done["outcomes"])), expected)
            self.assertEqual(len(done["reported"]), 1)
            self.assertIn("report.example", done["reported"][0])
        self.assertEqual(self.requested(), {f"[{h}]" if ":" in h else h for (h, _), is_ in expected.items() if is_ == OK})

    def test_other_ways_to_write_a_host(self):
        self.build(self.export("go", self.document()).text)
        urls = ["https://WRONG.Example/", "https://wrong.example./", "https://right.example.:443/", "https://[0:0::1]/",
                "https://wr\u00f6ng.example/", "https://y.x.ANY.example/"]
        done = self.ask(urls)["outcomes"]
        self.assertEqual(done[:4] + done[5:], [MISMATCH, MISMATCH, OK, OK, MISMATCH])
        self.assertIn("write it in ASCII", done[4])

    def test_resumed_connections_are_judged_too(self):
        self.build(self.export("go", self.document()).text)
        done = self.ask([self.url(h) for h in ("right.example", "right.example", "unlisted.example", "unlisted.example",
                                               "wrong.example", "wrong.example")], Resume=True)
        self.assertEqual(done["outcomes"], [OK, OK, OK, OK, MISMATCH, MISMATCH])
        self.assertEqual(done["resumed"], [False, True, False, True])

    def test_a_session_does_not_outlive_its_pins(self):
        """Made while the rule had not yet ended is one thing; the other way round, a pin that ends is asked for again."""
        def once(end, wait):
            pin = {"spki": self.leaf.pin, "until": end}
            self.build(self.export("go", formats.pinset(formats.rule("api", ["right.example"], [pin, 1]))).text)
            return self.ask([self.url("right.example")] * 2, Resume=True, Wait=f"{wait}s")["outcomes"]

        generated.about_to_end(once, [OK, MISMATCH], [MISMATCH, MISMATCH])

    def test_enforcement_ends_while_the_program_runs(self):
        def once(end, wait):
            rule = formats.rule("api", ["right.example"], [1], enforce_until=end, after="off")
            self.build(self.export("go", formats.pinset(rule)).text)
            return self.ask([self.url("right.example")] * 2, Wait=f"{wait}s")["outcomes"]

        generated.about_to_end(once, [MISMATCH, OK], [OK, OK])

    def test_no_verification_is_no_way_around(self):
        self.build(self.export("go", self.document()).text)
        done = self.ask([self.url(h) for h in ("right.example", "unlisted.example", "untrusted.example")], Insecure=True)
        self.assertEqual(done["outcomes"], ["unverified", OK, "unverified"])

    def test_a_transport_that_would_not_look(self):
        """Its own way to dial, or its own name for every server, is not used for pinned hosts."""
        self.build(self.export("go", self.document()).text)
        hosts = ["right.example", "wrong.example", "untrusted.example"]
        self.assertEqual(self.ask([self.url(h) for h in hosts], DialTLS=True)["outcomes"], [OK, MISMATCH, TLS])
        hosts = ["right.example", "misnamed.example"]
        self.assertEqual(self.ask([self.url(h) for h in hosts], ServerName="root.example")["outcomes"], [OK, TLS])

    def test_through_a_proxy(self):
        self.build(self.export("go", self.document()).text)
        proxy = self.script(generated.proxy(("127.0.0.1", self.good.port)))
        urls = [self.url("right.example"), self.url("wrong.example"), self.url("port.example", 8443), self.url("port.example")]
        self.assertEqual(self.ask(urls, Proxy=proxy.address)["outcomes"], [OK, MISMATCH, MISMATCH, OK])
        self.assertIn(b"CONNECT port.example:8443 ", proxy.received)

    def test_a_redirect_to_a_pinned_host(self):
        self.build(self.export("go", self.document()).text)
        to = "https://{}/redirect?to=https%3A%2F%2Fwrong.example%2Fecho"
        self.assertEqual(self.ask([to.format("right.example"), to.format("unlisted.example")])["outcomes"], [MISMATCH, MISMATCH])

    def test_every_chain_that_can_be_verified_counts(self):
        """Two roots vouch for the issuing CA; the pin is that of the second."""
        other = pki.Authority("Other Root")
        twin = pki.Authority("Test Issuing CA", own_key=self.issuing.key, parent=other)
        leaf = self.issuing.issue("right.example")
        leaf.issuers = [self.issuing, twin]
        server = self.enter(servers.Https(servers.context(leaf)))
        self.write("ca.pem", self.root.pem + other.pem)
        for pins, outcome in (([other.pin], OK), ([self.root.pin], OK), ([self.rogue.pin], MISMATCH)):
            self.build(self.export("go", formats.pinset(formats.rule("api", ["right.example"], pins))).text)
            done = self.ask([self.url("right.example")], Dial={"": server.address})
            self.assertEqual(done["outcomes"], [outcome])

    def test_hosts_are_found_as_explained(self):
        def ask(packages):
            names = [f"p{index}" for index in range(len(packages))]
            imports = "".join(f'\t{name} "example.com/probe/{name}"\n' for name in names)
            tells = "".join(f"\t{name}.Tell,\n" for name in names)
            main = ('package main\n\nimport (\n\t"encoding/json"\n\t"os"\n' + imports + ')\n\nvar tells = []func(string, uint16) '
                    'map[string]any{\n' + tells + '''}

func main() {
	var asked [][]struct {
		Host string
		Port uint16
	}
	json.NewDecoder(os.Stdin).Decode(&asked)
	told := [][]map[string]any{}
	for i, hosts := range asked {
		told = append(told, nil)
		for _, one := range hosts {
			told[i] = append(told[i], tells[i](one.Host, one.Port))
		}
	}
	json.NewEncoder(os.Stdout).Encode(told)
}
''')
            sources = {f"{name}__pins": text for name, (text, _) in zip(names, packages)}
            self.build(packages[0][0], main, **sources, **{f"{name}__tell": TELL for name in names})
            asked = [[{"Host": host, "Port": port} for host, port in hosts] for _, hosts in packages]
            done = self.go(self.dir / "probe", stdin=json.dumps(asked))
            return [[generated.answer(found) for found in told] for told in json.loads(done.out)]

        self.check_finder("go", ask, random.Random(11))

    def test_it_is_formatted_and_vetted(self):
        for index, document in enumerate([self.document(), formats.pinset(), *self.random_documents(30)]):
            self.write(f"v{index}/pins.go", self.export("go", document).text)
        done = self.go("gofmt", "-l", ".")
        self.assertEqual((done.code, done.out, done.err), (0, "", ""))
        self.write("go.mod", "module example.com/probe\n\ngo 1.19\n")
        done = self.go("go", "vet", "./v0", "./v1", "./v2")
        self.assertEqual((done.code, done.out, done.err), (0, "", ""))

    def test_what_is_lost(self):
        self.assertEqual(self.export("go", self.document()).ids(), set())
        lost = formats.pinset(formats.rule("api", ["a.example"], [1], trust="key", report=["https://reports.example/"]),
                              formats.rule("tofu", ["b.example"], [2], trust="tofu"))
        self.assertEqual(self.export("go", lost).ids(), {"EXP020", "EXP022", "EXP040"})

    def test_drift(self):
        document = self.document()
        text = self.export("go", document).text
        self.assertEqual(self.drift("go", {**document, "version": 8, "app": "other"}, text), [])
        self.assertEqual(len(self.drift("go", document, text.replace("leaf", "ca", 1))), 1)
        self.assertEqual(len(self.drift("go", document, text + "\n")), 1)


if __name__ == "__main__":
    tap_unittest.main()
