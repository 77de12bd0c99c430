#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OkHttp: the exported class, compiled with javac and run with Debian's OkHttp 3.13 against real servers. That version
does not know "**.": what it means there is asked of a model; the file in Kotlin is compared with that in Java."""
import itertools
import random
import re
import time

import cli
import formats
import generated
import pki
import servers
import tap_unittest
from generated import MISMATCH, OK, TLS

JARS = "/usr/share/java/okhttp.jar:/usr/share/java/okio.jar"

PROBE = r'''
import java.io.FileInputStream;
import java.net.InetAddress;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Collections;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/** CA URL...: "ok", "mismatch", "tls" for each. */
public class Probe {
  public static void main(String[] args) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry(
        "ca",
        CertificateFactory.getInstance("X.509").generateCertificate(new FileInputStream(args[0])));
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    OkHttpClient client =
        new OkHttpClient.Builder()
            .certificatePinner(Pins.certificatePinner())
            .sslSocketFactory(
                context.getSocketFactory(), (X509TrustManager) factory.getTrustManagers()[0])
            .dns(host -> Collections.singletonList(
                host.contains(":") ? InetAddress.getByName(host) : InetAddress.getByName("127.0.0.1")))
            .build();
    for (int i = 1; i < args.length; i++) {
      try (Response response =
          client.newCall(new Request.Builder().url(args[i]).build()).execute()) {
        System.out.println(response.code() == 200 ? "ok" : "code " + response.code());
      } catch (SSLPeerUnverifiedException e) {
        System.out.println(e.getMessage().startsWith("Certificate pinning failure!") ? "mismatch" : "tls");
      } catch (javax.net.ssl.SSLException e) {
        System.out.println("tls");
      }
    }
  }
}
'''

# "CLASS HOST" lines: does the class pin the host?
FINDER = r'''
import java.util.Collections;
import java.util.Scanner;
import javax.net.ssl.SSLPeerUnverifiedException;
import okhttp3.CertificatePinner;

public class Finder {
  public static void main(String[] args) throws Exception {
    String last = "";
    CertificatePinner pinner = null;
    Scanner in = new Scanner(System.in);
    while (in.hasNext()) {
      String name = in.next();
      if (!name.equals(last)) {
        pinner = (CertificatePinner) Class.forName(name + ".Pins").getMethod("certificatePinner").invoke(null);
        last = name;
      }
      try {
        pinner.check(in.next(), Collections.emptyList());
        System.out.println("free");
      } catch (SSLPeerUnverifiedException e) {
        System.out.println("pinned");
      }
    }
  }
}
'''


class Model:
    """CertificatePinner of OkHttp 4.3 and later (okhttp3/CertificatePinner.kt): every pattern that matches counts, "*." for
    exactly one label, "**." for any number; one pin anywhere suffices. `now` is in milliseconds."""

    def __init__(self, text):
        self.rules, self.ends, until, last = [], {}, None, None
        for line in text.splitlines():
            line = line.strip()
            if match := re.fullmatch(r"if \(now < (\d+)L\) \{ // (\S+)", line):
                until = match[2]
                stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(match[1]) / 1000))
                assert (stamp, match[1][-3:]) == (until, "000")
            elif line == "}":
                until = None
            elif match := re.fullmatch(r"(?:String\[\] (pins\d+) = \{|val (pins\d+) = arrayOf\()", line):
                last = (match[1] or match[2], [])
            elif match := re.fullmatch(r'"(sha256/[A-Za-z0-9+/]{43}=)",?', line):
                last[1].append(match[1])
            elif match := re.fullmatch(r'builder\.add\("([^"]+)", \*?(pins\d+)\);?', line):
                assert match[2] == last[0]
                self.rules.append((match[1].strip("[]"), last[1], until))

    def answer(self, host, _):
        found = [rule for rule in self.rules if formats.covers(rule[0], host)]
        if not found:
            return None
        until = None if any(rule[2] is None for rule in found) else max(rule[2] for rule in found)
        return formats.Answer(frozenset((pin, "any") for rule in found for pin in rule[1]), until)


def known_to_3_13(document):
    """Without patterns that it does not know."""
    for rule in document["rules"]:
        rule["match"] = [pattern.removeprefix("*") if pattern.startswith("**") else pattern for pattern in rule["match"]]
        rule["match"] = sorted({pattern.removeprefix(".") for pattern in rule["match"]})
    return document


class Java(generated.TestCase):
    def javac(self, *names):
        done = cli.run_program(["javac", "-Xlint:all", "-Werror", "-cp", JARS, "-d", "classes", *names], home=self.dir, cwd=self.dir,
                               timeout=100)
        self.assertEqual((done.code, done.out, done.err), (0, "", ""))

    def java(self, *args, stdin=""):
        return cli.run_program(["java", "-cp", f"classes:{JARS}", *args], stdin=stdin, home=self.dir, cwd=self.dir, timeout=100)

    def build(self, document):
        self.write("Pins.java", self.export("okhttp-java", document).text)
        self.write("Probe.java", PROBE)
        self.javac("Pins.java", "Probe.java")

    def outcomes(self, *hosts, server=None):
        urls = [f"https://{f'[{host}]' if ':' in host else host}:{(server or self.good).port}/echo" for host in hosts]
        done = self.java("Probe", self.ca, *urls)
        self.assertEqual((done.code, done.err), (0, ""))
        return done.out.split()

    def test_connections(self):
        """Without the rules that OkHttp cannot have: see what is lost."""
        document = self.document()
        document["rules"] = [rule for rule in document["rules"]
                             if rule["id"] not in ("any", "good", "off", "port", "deny", "report", "misplaced-ca", "misplaced-leaf")]
        self.build(document)
        expected = {host: outcome for (host, port), outcome in self.expected().items()
                    if port == 443 and host not in ("::1", "untrusted.example")}
        for host in expected:
            if host.startswith(("misplaced", "deny")) or host.endswith("any.example"):
                expected[host] = OK
        self.assertEqual(dict(zip(expected, self.outcomes(*expected))), expected)
        self.assertEqual(self.outcomes("untrusted.example", server=self.bad), [TLS])
        self.assertEqual(self.outcomes("RIGHT.example", "WRONG.Example"), [OK, MISMATCH])

    def test_addresses_of_version_6(self):
        """Before 4.5 OkHttp found no certificate good for one; the pin is asked for all the same."""
        self.write("p/Pins.java", "package p;\n" + self.export("okhttp-java", formats.pinset(formats.rule("six", ["::1"], [1]))).text)
        self.write("Finder.java", FINDER)
        self.javac("Finder.java", "p/Pins.java")
        self.assertEqual(self.java("Finder", stdin="p ::1 p ::2 p 0:0::1").out.split(), ["pinned", "free", "free"])

    def test_what_the_server_adds_to_its_chain_does_not_count(self):
        """The pinned CA is in what the server sent, and in no path that is valid."""
        other = pki.Authority("Other CA")
        leaf = self.issuing.issue("right.example")
        leaf.issuers = [*leaf.issuers, other]
        server = self.enter(servers.Https(servers.context(leaf)))
        self.build(formats.pinset(formats.rule("api", ["right.example"], [other.pin])))
        self.assertEqual(self.outcomes("right.example", server=server), [MISMATCH])

    def test_an_old_version_is_told_apart(self):
        """It would pin nothing for "**.", silently."""
        self.build(formats.pinset(formats.rule("any", ["**.any.example"], [1])))
        done = self.java("Probe", self.ca)
        self.assertNotEqual(done.code, 0)
        self.assertIn("IllegalStateException: Patterns with ** need OkHttp 4.3 or later", done.err)

    def test_a_rule_that_has_ended_is_left_out(self):
        def once(end, wait):
            self.build(formats.pinset(formats.rule("api", ["right.example"], [1], enforce_until=end, after="off")))
            before = self.outcomes("right.example")
            time.sleep(wait)
            return before + self.outcomes("right.example")

        generated.about_to_end(once, [MISMATCH, OK], [OK, OK])

    def test_labels_stay_in_their_comments(self):
        pins = [{"spki": formats.key(n), "label": label} for n, label in enumerate(generated.EVIL)]
        self.build(formats.pinset(formats.rule("api", ["right.example"], pins), app=generated.EVIL_APP))
        self.assertEqual(self.outcomes("right.example"), [MISMATCH])

    def test_many_rules(self):
        """More than a method of the JVM has room for."""
        rules = [formats.rule(f"r{n}", [f"h{n}.example"], [n, n + 1]) for n in range(4000)]
        self.build(formats.pinset(*rules, formats.rule("api", ["right.example"], [1])))
        self.assertEqual(self.outcomes("right.example", "h3.example", "free.example")[:1], [MISMATCH])

    def test_hosts_are_pinned_as_explained(self):
        rng, asked, wanted = random.Random(21), [], []
        for index in range(30):
            document = known_to_3_13(formats.random_pinset(rng, with_ports=False))
            if len({p for r in document["rules"] for p in r["match"]}) < sum(len(r["match"]) for r in document["rules"]):
                continue
            self.write(f"p{index}/Pins.java", f"package p{index};\n" + self.export("okhttp-java", document).text)
            for host, told in self.explain("okhttp-java", document, formats.random_hosts(rng, document, 50)).items():
                asked.append(f"p{index} {host}")
                wanted.append("pinned" if told["platform"]["pinned"] else "free")
        self.write("Finder.java", FINDER)
        self.javac("Finder.java", *sorted(self.dir.glob("p*/Pins.java")))
        done = self.java("Finder", stdin="\n".join(asked))
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertGreater(len(asked), 600)
        self.assertEqual(list(zip(asked, done.out.split())), list(zip(asked, wanted)))

    def test_what_is_lost(self):
        told = {loss["rule"]: set() for loss in self.export("okhttp-java", self.document()).losses}
        for loss in self.export("okhttp-java", self.document()).losses:
            told[loss["rule"]].add(loss["id"])
        self.assertEqual(told, {
            "right": {"EXP010"}, "ca": {"EXP010"}, "misplaced-ca": {"EXP010"}, "misplaced-leaf": {"EXP010"}, "good": {"EXP003"},
            "off": {"EXP006"}, "report": {"EXP030"}, "port": {"EXP005"}, "deny": {"EXP015"}, "address-6": {"EXP010"}})


class Both(formats.TestCase):
    """The two languages say the same, and what a model of newer versions says is what is explained."""

    def test_the_model_in_java(self):
        self.check_model("okhttp-java", Model, random.Random(22))

    def test_the_model_in_kotlin(self):
        self.check_model("okhttp-kotlin", Model, random.Random(23))

    def test_kotlin_says_what_java_says(self):
        rng = random.Random(24)
        for _ in range(30):
            document = {**formats.random_pinset(rng, rules=8), "app": generated.EVIL_APP}
            one, other = (self.export(f"okhttp-{name}", document) for name in ("java", "kotlin"))
            self.assertEqual(Model(one.text).rules, Model(other.text).rules)
            self.assertEqual(one.losses, other.losses)

    def test_only_what_is_needed_is_there(self):
        for name in ("okhttp-java", "okhttp-kotlin"):
            plain = self.export(name, formats.pinset(formats.rule("api", ["a.example", "*.a.example"], [1]))).text
            for word in ("Asterisk", "SSLPeerUnverified", "currentTimeMillis", "Part"):
                self.assertNotIn(word, plain)
            stars = self.export(name, formats.pinset(formats.rule("api", ["**.a.example"], [1]))).text
            self.assertEqual(stars.count("requireDoubleAsterisk"), 2)

    def test_lines_end_and_blocks_close(self):
        for name, document in itertools.product(("okhttp-java", "okhttp-kotlin"), (formats.pinset(), formats.pinset(
                formats.rule("api", ["**.a.example"], [1, 2], enforce_until=formats.time(9))))):
            text = self.export(name, document).text
            code = re.sub(r"//.*|/\*\*(.|\n)*?\*/|\"[^\"]*\"", "", text)
            for opening, closing in ("{}", "()", "[]"):
                self.assertEqual(code.count(opening), code.count(closing))
            self.assertNotRegex(text, r"[ \t]\n|\n\n\n|@\w+@")

    def test_drift(self):
        document = formats.pinset(formats.rule("api", ["**.a.example"], [1, 2]))
        for name in ("okhttp-java", "okhttp-kotlin"):
            text = self.export(name, document).text
            self.assertEqual(self.drift(name, {**document, "version": 8}, text), [])
            self.assertEqual(len(self.drift(name, document, "package com.example;\n" + text)), 0)
            self.assertEqual(len(self.drift(name, document, text.replace(formats.key(2), formats.key(3)))), 1)


class Kotlin(formats.TestCase):
    def test_it_compiles(self):
        document = formats.pinset(formats.rule("api", ["**.a.example", "::1"], [1, 2], enforce_until=formats.time(9)),
                                  app=generated.EVIL_APP)
        self.write("Pins.kt", self.export("okhttp-kotlin", document).text)
        done = cli.run_program(["kotlinc", "-cp", JARS, "-d", "classes", "Pins.kt"], home=self.dir, cwd=self.dir, timeout=200)
        self.assertEqual(done.code, 0, str(done))


if __name__ == "__main__":
    tap_unittest.main()
