#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""C: the exported source, compiled as C11 with the libraries of this build, and run against real servers."""
import json
import re

import cli
import formats
import generated
import tap_unittest
from generated import OK

PROBE = r'''
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pintle/openssl.h>
#include <pintle/pintle.h>

enum pintle_status pins_open(struct pintle **out, bool allow_unlisted, struct pintle_error *err);

static const char *reach(SSL_CTX *ctx, const char *host, const char *port, const char *address)
{
    static char word[64];
    struct pintle_error err = {.text = ""};
    BIO *bio = BIO_new_ssl_connect(ctx);
    SSL *ssl = NULL;

    BIO_set_conn_hostname(bio, address);
    BIO_get_ssl(bio, &ssl);
    if (pintle_openssl_set_host(ssl, host, (uint16_t)strtoul(port, NULL, 10), &err) != PINTLE_OK)
        return "host";
    (void)snprintf(word, sizeof(word), "%s", BIO_do_connect(bio) == 1 ? "ok" : "failed");
    if (strcmp(word, "ok") != 0)
        (void)snprintf(word, sizeof(word), "%s", pintle_reason_name(pintle_openssl_get_verdict(ssl)->reason));
    BIO_free_all(bio);
    return word;
}

/* CA UNLISTED [HOST PORT ADDRESS]... */
int main(int argc, char **argv)
{
    struct pintle_error err = {.text = ""};
    struct pintle *engine = NULL;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    char line[200];

    if (pins_open(&engine, argv[2][0] == '1', &err) != PINTLE_OK ||
        SSL_CTX_load_verify_file(ctx, argv[1]) != 1 ||
        pintle_openssl_guard(ctx, engine, &err) != PINTLE_OK) {
        printf("%s\n", err.text);
        return 1;
    }
    fprintf(stderr, "%s\n", pintle_describe(engine, line, sizeof(line)));
    for (int i = 3; i + 2 < argc; i += 3)
        printf("%s\n", reach(ctx, argv[i], argv[i + 1], argv[i + 2]));
    SSL_CTX_free(ctx);
    pintle_free(engine);
    return 0;
}
'''


class C(generated.TestCase):
    def compile(self, *args, compiler="gcc"):
        build = cli.BUILD
        sanitized = re.search(r"^PINTLE_SANITIZE:\w+=(.+)$", (build / "CMakeCache.txt").read_text(), flags=re.M)
        flags = [f"-fsanitize={sanitized[1]}"] if sanitized else []
        command = [compiler, "-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wmissing-prototypes", "-Wconversion", "-Wtrigraphs",
                   "-Werror", *flags, f"-I{cli.ROOT}/include", f"-I{build}/include", *args]
        done = cli.run_program(command, home=self.dir, cwd=self.dir)
        self.assertEqual((done.code, done.out, done.err), (0, "", ""))

    def build(self, document):
        self.write("pins.c", self.export("c", document).text)
        self.write("probe.c", PROBE)
        self.compile("probe.c", "pins.c", "-o", "probe", f"-L{cli.BUILD}/src", f"-Wl,-rpath,{cli.BUILD}/src",
                     "-lpintle-openssl", "-lpintle", "-lssl", "-lcrypto")

    def outcomes(self, hosts, unlisted=True):
        dial = self.dial()
        words = [word for host, port in hosts for word in (host, str(port), dial.get(f"{host}:{port}", dial[""]))]
        done = cli.run_program([self.dir / "probe", self.ca, "1" if unlisted else "0", *words], home=self.dir, cwd=self.dir)
        self.assertEqual(done.code, 0, str(done))
        return done

    def test_connections(self):
        """Nothing is lost: all is as the document says."""
        self.build(self.document())
        expected = self.expected()
        reasons = {"misnamed.example": "name-mismatch", "untrusted.example": "path-invalid"}
        wanted = {where: reasons.get(where[0], outcome) for where, outcome in expected.items()}
        done = self.outcomes(list(expected))
        self.assertEqual(dict(zip(expected, done.out.split())), wanted)
        self.assertIn("enforcing", done.err)
        self.assertEqual(self.export("c", self.document()).losses, [])

    def test_hosts_without_a_rule(self):
        self.build(self.document())
        hosts = [("unlisted.example", 443), ("right.example", 443)]
        self.assertEqual(self.outcomes(hosts).out.split(), [OK, OK])
        self.assertEqual(self.outcomes(hosts, unlisted=False).out.split(), ["no-rule", OK])

    def test_the_document_comes_whole(self):
        """Byte for byte, through either compiler; the digest of sessions is that of the file."""
        labels = [{"spki": formats.key(n), "label": label} for n, label in enumerate([*generated.EVIL, "??=", "\u2028"])]
        document = formats.pinset(formats.rule("api", ["a.example"], labels), app=generated.EVIL_APP, unknown={"a": ["\u00fc", None]})
        for text in (json.dumps(document), json.dumps(document, indent=2, ensure_ascii=False) + "\r\n\n"):
            source = self.export("c", text).text
            self.assertTrue(source.isascii())
            self.write("tell.c", source.replace("#include <pintle/openssl.h>\n", "#include <stdio.h>\n").split("// Make an engine")[0]
                       + "int main(void)\n{\n    return fwrite(pinset, 1, sizeof(pinset) - 1, stdout) != sizeof(pinset) - 1;\n}\n")
            for compiler in ("gcc", "clang"):
                self.compile("tell.c", "-o", "tell", compiler=compiler)
                self.assertEqual(cli.run_program([self.dir / "tell"]).out_bytes, text.encode())

    def test_a_large_document(self):
        """Beyond what C11 asks of compilers, and beyond the limit that documents have by default."""
        for count in (30, 3000):
            rules = [formats.rule(f"r{n}", [f"h{n}.example"], [n, n + 1]) for n in range(count)]
            self.build(formats.pinset(*rules, formats.rule("api", ["right.example"], [1])))
            self.assertEqual(self.outcomes([("right.example", 443)]).out.split(), ["mismatch"])
        self.write("pins.c", self.export("c", formats.pinset(*rules)).text)
        self.compile("-c", "pins.c", compiler="clang")

    def test_lines_are_short(self):
        for indent in (None, 2):
            text = self.export("c", json.dumps(self.document(), indent=indent)).text
            self.assertLessEqual(max(map(len, text.splitlines())), 100)
        self.assertNotIn("pragma", self.export("c", formats.pinset()).text)

    def test_drift(self):
        document = self.document()
        text = self.export("c", document).text
        self.assertEqual(self.drift("c", document, text), [])
        self.assertEqual(self.drift("c", document, text.replace(", version 7.", ", version 6.")), [])
        self.assertEqual(len(self.drift("c", {**document, "version": 8}, text)), 1)

    def test_explained_as_the_same(self):
        told = self.explain("c", self.document(), ["right.example", "x.any.example", "unlisted.example", "off.any.example"])
        for host in told.values():
            self.assertEqual(host["platform"], host["pinset"])


if __name__ == "__main__":
    tap_unittest.main()
