#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom: the layers of docs/ARCHITECTURE.md, kept by reading every #include and the
calls by which a library would reach out of its arguments."""
import pathlib
import re
import tempfile
import unittest

import tap_unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]

# Folder under src/, or program: its layer. Siblings of one layer do not include each other.
LAYERS = {
    "base": 0,
    "pin": 1, "json": 1,
    "pinset": 2, "bundle": 2, "ct": 2, "revoke": 2, "e2ee": 2, "attest": 2, "shield": 2,
    "engine": 3,
    "tls/openssl": 4, "tls/gnutls": 4, "tls/mbedtls": 4, "tls/wolfssl": 4, "tls/curl": 4, "os": 4,
}
PROGRAMS = ("cli", "proxy", "preload", "lab", "collector")

# Public header: the folder that implements it.
PUBLIC = {
    "status.h": "base", "time.h": "base", "version.h": "base",
    "pin.h": "pin", "host.h": "pin", "verdict.h": "pin", "rule.h": "pin",
    "pinset.h": "pinset", "bundle.h": "bundle",
    "engine.h": "engine", "hpkp.h": "engine",
    "app.h": "os", "update.h": "os",
    "openssl.h": "tls/openssl", "client.h": "tls/openssl", "x509.h": "tls/openssl",
    "sign.h": "tls/openssl",
    "curl.h": "tls/curl",
}
# For users only: brings in everything that needs no TLS library.
UMBRELLA = "pintle.h"

# First part of a library's header path: where it may be included.
TLS_LIBRARIES = {
    "openssl": ("src/tls/openssl/", "src/tls/curl/", "include/pintle/openssl.h"),
    # libcurl is also the HTTP client of updates and of our programs.
    "curl": ("src/tls/curl/", "include/pintle/curl.h", "src/os/http.c", "src/os/http_transfer.h") + tuple(f"{p}/" for p in PROGRAMS),
    "gnutls": ("src/tls/gnutls/", "include/pintle/gnutls.h"),
    "mbedtls": ("src/tls/mbedtls/", "include/pintle/mbedtls.h"),
    "psa": ("src/tls/mbedtls/",),
    "wolfssl": ("src/tls/wolfssl/", "include/pintle/wolfssl.h"),
}
# Public headers that a sibling of the same layer may include: the adapter for libcurl stands on the
# one for OpenSSL, and os/ waits on sockets in the way of client.h, which names no TLS library.
PUBLIC_SIBLINGS = {("tls/curl", "openssl.h"), ("os", "client.h")}

# All of the C library that layers 0 to 3 may use: nothing here asks the system, but for the few
# functions in FORBIDDEN_CALLS. ctype.h depends on the locale and so is not among them.
PURE_HEADERS = {"assert.h", "errno.h", "inttypes.h", "limits.h", "stdalign.h", "stdarg.h", "stdatomic.h",
                "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h"}
# inet_pton() and inet_ntop() turn text into bytes and back.
PURE_EXCEPTIONS = {"src/pin/host.c": {"arpa/inet.h", "netinet/in.h", "sys/socket.h"}}
JSON_FROM = 2
FORBIDDEN_CALLS = re.compile(
    r"(?<![.>\w])((?:secure_)?getenv|setenv|system|exit|_Exit|quick_exit|abort|atexit|assert|s?rand|random|"
    r"printf|vprintf|fprintf|vfprintf|puts|fputs|putchar|perror|fopen|fdopen|tmpfile|remove|rename|"
    r"time|clock|gettimeofday|setlocale|strtod|atof)\s*\(")

COMMENT = re.compile(r"/\*.*?\*/", re.S)
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)


def folder_of(path):
    """The folder of LAYERS that a path under src/ lies in, or None."""
    parts = path.split("/")
    for count in (2, 1):
        folder = "/".join(parts[:count])
        if folder in LAYERS and len(parts) > count:
            return folder
    return None


class File:
    def __init__(self, root, path):
        self.root, self.name = root, path.relative_to(root).as_posix()
        self.text = COMMENT.sub("", path.read_text(encoding="utf-8"))
        top, _, rest = self.name.partition("/")
        self.program = top if top in PROGRAMS else None
        self.public = rest.removeprefix("pintle/") if top == "include" else None
        if self.public is not None:
            self.folder = PUBLIC.get(self.public.removesuffix(".in"))
        else:
            self.folder = folder_of(rest) if top == "src" else None
        self.layer = LAYERS.get(self.folder)

    def breaches(self):
        if self.public == UMBRELLA:
            yield from self.umbrella_breaches()
            return
        if self.program is None and self.folder is None:
            yield "belongs to no layer"
            return
        for kind, target in INCLUDE.findall(self.text):
            what = self.judge(kind, target)
            if what:
                yield f"{target}: {what}"
        if self.layer is not None and self.layer <= 3:
            for call in FORBIDDEN_CALLS.findall(STRING.sub('""', self.text)):
                yield f"{call}(): layers 0 to 3 reach nothing but their arguments"

    def umbrella_breaches(self):
        for _, target in INCLUDE.findall(self.text):
            folder = PUBLIC.get(target.removeprefix("pintle/"))
            if folder is None or folder.startswith("tls/"):
                yield f"{target}: is not for programs without a TLS library"

    def judge(self, kind, target):
        if target.endswith(".c"):
            return "is not a header"
        if ".." in target.split("/"):
            return "is a path out of the folder"
        if target.startswith("pintle/"):
            return self.judge_public(target.removeprefix("pintle/"))
        if kind == "<":
            return self.judge_system(target)
        return self.judge_internal(target)

    def judge_public(self, header):
        if self.program:
            return None
        if header not in PUBLIC:
            return "is not for the library itself" if header == UMBRELLA else "belongs to no layer"
        if (self.folder, header) in PUBLIC_SIBLINGS:
            return None
        return self.judge_folder(PUBLIC[header])

    def judge_folder(self, folder):
        if folder == self.folder:
            return None
        if LAYERS[folder] > self.layer:
            return f"layer {self.layer} includes layer {LAYERS[folder]}"
        if LAYERS[folder] == self.layer:
            return f"siblings of layer {self.layer}"
        return None

    def judge_internal(self, target):
        if (self.root / self.name).parent.joinpath(target).is_file():
            return None
        if self.public is not None:
            return "is not a public header"
        folder = folder_of(target)
        if folder is None or not (self.root / "src" / target).is_file():
            return "is not found from src/"
        if self.program:
            return None if folder == "os" else "programs use include/pintle/ and os/ only"
        return self.judge_folder(folder)

    def judge_system(self, target):
        library = target.split("/")[0] if "/" in target else None
        if library in TLS_LIBRARIES:
            if self.name.startswith(TLS_LIBRARIES[library]):
                return None
            return f"{library} is known in {TLS_LIBRARIES[library][0]} only"
        if self.layer is None or self.layer > 3 or target in PURE_HEADERS:
            return None
        if target in PURE_EXCEPTIONS.get(self.name, ()):
            return None
        if target == "jansson.h" and (self.layer >= JSON_FROM or self.folder == "json"):
            return None
        return "layers 0 to 3 reach nothing but their arguments"


def files(root):
    for top in ("src", "include") + PROGRAMS:
        for path in sorted((root / top).rglob("*")):
            if path.suffix in (".c", ".h", ".in", ".def") and path.is_file():
                yield File(root, path)


def check(root):
    return [f"{file.name}: {what}" for file in files(root) for what in file.breaches()]


# file, line in it, what check() must say ("" for nothing)
PLANTED = (
    ("src/base/a.c", '#include "pin/match.h"', "pin/match.h: layer 0 includes layer 1"),
    ("src/pin/a.c", '#include "pinset/set.h"', "pinset/set.h: layer 1 includes layer 2"),
    ("src/pin/a.c", "#include <pintle/engine.h>", "pintle/engine.h: layer 1 includes layer 3"),
    ("src/pinset/a.c", '#include "bundle/b.h"', "bundle/b.h: siblings of layer 2"),
    ("src/engine/a.c", '#include "os/file.h"', "os/file.h: layer 3 includes layer 4"),
    ("src/engine/a.c", "#include <pintle/app.h>", "pintle/app.h: layer 3 includes layer 4"),
    ("src/engine/a.c", "#include <openssl/ssl.h>",
     "openssl/ssl.h: openssl is known in src/tls/openssl/ only"),
    ("src/os/a.c", "  #  include <openssl/ssl.h>",
     "openssl/ssl.h: openssl is known in src/tls/openssl/ only"),
    ("src/os/a.c", "#include <curl/curl.h>", "curl/curl.h: curl is known in src/tls/curl/ only"),
    ("src/os/a.c", '#include "tls/openssl/conn.h"', "tls/openssl/conn.h: siblings of layer 4"),
    ("src/tls/curl/a.c", '#include "tls/openssl/conn.h"',
     "tls/openssl/conn.h: siblings of layer 4"),
    ("src/tls/openssl/a.c", "#include <pintle/curl.h>", "pintle/curl.h: siblings of layer 4"),
    ("src/pin/a.c", "#include <time.h>",
     "time.h: layers 0 to 3 reach nothing but their arguments"),
    ("src/pin/a.c", "#include <jansson.h>",
     "jansson.h: layers 0 to 3 reach nothing but their arguments"),
    ("src/pin/a.c", "#include <arpa/inet.h>",
     "arpa/inet.h: layers 0 to 3 reach nothing but their arguments"),
    ("src/engine/a.c", "x = getenv(y);",
     "getenv(): layers 0 to 3 reach nothing but their arguments"),
    ("src/pin/a.c", "abort ();", "abort(): layers 0 to 3 reach nothing but their arguments"),
    ("src/pin/a.c", "assert(x);", "assert(): layers 0 to 3 reach nothing but their arguments"),
    ("src/pin/a.c", "x = time(NULL);", "time(): layers 0 to 3 reach nothing but their arguments"),
    ("src/os/a.c", "#include <pintle/x509.h>", "pintle/x509.h: siblings of layer 4"),
    ("src/pin/a.c", "#include <pintle/pintle.h>",
     "pintle/pintle.h: is not for the library itself"),
    ("src/pin/a.c", "#include <pintle/odd.h>", "pintle/odd.h: belongs to no layer"),
    ("src/pin/a.c", '#include "host.c"', "host.c: is not a header"),
    ("src/pin/a.c", '#include "../base/error.h"', "../base/error.h: is a path out of the folder"),
    ("src/pin/a.c", '#include "base/nowhere.h"', "base/nowhere.h: is not found from src/"),
    ("src/odd/a.c", "", "belongs to no layer"),
    ("src/a.c", "", "belongs to no layer"),
    ("include/pintle/odd.h", "", "belongs to no layer"),
    ("include/pintle/pin.h", "#include <pintle/engine.h>",
     "pintle/engine.h: layer 1 includes layer 3"),
    ("include/pintle/pin.h", '#include "base/error.h"', "base/error.h: is not a public header"),
    ("include/pintle/engine.h", "#include <openssl/ssl.h>",
     "openssl/ssl.h: openssl is known in src/tls/openssl/ only"),
    ("include/pintle/pintle.h", "#include <pintle/openssl.h>",
     "pintle/openssl.h: is not for programs without a TLS library"),
    ("cli/a.c", '#include "base/error.h"',
     "base/error.h: programs use include/pintle/ and os/ only"),
    ("cli/a.c", "#include <openssl/ssl.h>",
     "openssl/ssl.h: openssl is known in src/tls/openssl/ only"),
    ("cli/a.c", '#include "b.c"', "b.c: is not a header"),
    ("cli/a.c", '#include "proxy/p.h"', "proxy/p.h: is not found from src/"),
    # What is allowed
    ("src/base/a.c", '#include "base/error.h"', ""),
    ("src/pin/a.c", '#include "base/error.h"', ""),
    ("src/pin/host.c", "#include <arpa/inet.h>", ""),
    ("src/pinset/a.c", "#include <jansson.h>", ""),
    ("src/engine/a.c", '#include "pinset/set.h"', ""),
    ("src/engine/a.c", 'x = "getenv(";', ""),
    ("src/engine/a.c", "engine->clock(x); y.time(z); pintle_get_time(e); static_assert(1);", ""),
    ("src/os/a.c", "#include <pintle/client.h>", ""),
    ("src/engine/a.c", "/* #include <openssl/ssl.h>\n exit() */", ""),
    ("src/os/a.c", "#include <time.h>\nexit(0);", ""),
    ("src/tls/openssl/a.c", "#include <openssl/ssl.h>", ""),
    ("src/tls/curl/a.c", "#include <openssl/ssl.h>\n#include <curl/curl.h>", ""),
    ("src/tls/curl/a.c", "#include <pintle/openssl.h>", ""),
    ("include/pintle/version.h.in", "#include <pintle/status.h>", ""),
    ("cli/a.c", '#include "os/file.h"\n#include <pintle/openssl.h>\n#include "cli.h"', ""),
)
SURROUNDINGS = ("src/base/error.h", "src/pin/match.h", "src/pinset/set.h", "src/bundle/b.h",
                "src/os/file.h", "src/tls/openssl/conn.h", "cli/cli.h", "proxy/p.h")


def plant(directory, name, line):
    root = pathlib.Path(directory)
    for other in SURROUNDINGS + (name,):
        (root / other).parent.mkdir(parents=True, exist_ok=True)
        (root / other).write_text("")
    (root / name).write_text(f"/* SPDX */\n{line}\n")
    return check(root)


class Layers(unittest.TestCase):
    def test_no_file_breaks_a_rule(self):
        self.assertEqual(check(ROOT), [])

    def test_every_folder_was_read(self):
        names = [file.name for file in files(ROOT)]
        for part in ("src/base/", "src/pin/", "src/pinset/", "src/engine/", "src/os/",
                     "src/tls/openssl/", "src/tls/curl/", "include/pintle/", "cli/"):
            self.assertTrue(any(name.startswith(part) for name in names), part)

    def test_planted_breaches_are_found_and_nothing_else(self):
        for name, line, said in PLANTED:
            with self.subTest(f"{name}: {line}"), tempfile.TemporaryDirectory() as directory:
                self.assertEqual(plant(directory, name, line), [f"{name}: {said}"] if said else [])


if __name__ == "__main__":
    tap_unittest.main()
