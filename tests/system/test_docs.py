#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the documents say is so: links lead somewhere, C compiles, commands and options exist, ids are listed."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import tap_unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["PINTLE_BUILD"])
BIN = os.environ["PINTLE_BIN"]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

# Fragments in the guides stand inside a function of this shape.
PRELUDE = r"""
#include <stdio.h>
#include <stdlib.h>
#include <pintle/pintle.h>
#include <pintle/openssl.h>
#include <pintle/curl.h>
#include <pintle/update.h>
int fail(const char *text);
int example(SSL_CTX *ctx, SSL *ssl, CURL *easy, struct pintle *shared, struct pintle_error *shared_err);
int fail(const char *text)
{
    return text ? 1 : 0;
}
"""


def blocks(path, language):
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(), flags=re.S | re.M)


def as_program(block):
    if re.search(r"^\w.*\bmain\(", block, flags=re.M):
        return block
    includes = "".join(line + "\n" for line in block.splitlines() if line.startswith("#include"))
    body = "\n".join(line for line in block.splitlines() if not line.startswith("#include"))
    given = "" if "pintle_open(" in body else "struct pintle *engine = shared;\n"
    given += "" if "struct pintle_error err" in body else "struct pintle_error err = *shared_err;\n"
    return (PRELUDE + includes + "int example(SSL_CTX *ctx, SSL *ssl, CURL *easy, struct pintle *shared,\n"
            "            struct pintle_error *shared_err)\n{\n"
            "(void)ctx; (void)ssl; (void)easy; (void)shared; (void)shared_err;\n"
            + given + body + "\n(void)engine; (void)err; return 0;\n}\n")


class Docs(unittest.TestCase):
    def test_relative_links_lead_to_files(self):
        dead = []
        for path in DOCS:
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
                if "://" not in target and not (path.parent / target).exists():
                    dead.append(f"{path.relative_to(ROOT)}: {target}")
        self.assertEqual(dead, [])

    def test_c_in_the_documents_compiles(self):
        count = 0
        for path in DOCS:
            for block in blocks(path, "c"):
                count += 1
                with tempfile.NamedTemporaryFile("w", suffix=".c") as source:
                    source.write(as_program(block))
                    source.flush()
                    result = subprocess.run(
                        ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                         f"-I{ROOT}/include", f"-I{BUILD}/include", source.name],
                        capture_output=True, text=True)
                self.assertEqual(result.returncode, 0,
                                 f"{path.relative_to(ROOT)}:\n{block}\n{result.stderr}")
        self.assertGreaterEqual(count, 3)

    def test_commands_in_the_documents_exist(self):
        known = subprocess.run([BIN, "help", "--commands"], capture_output=True, text=True,
                               check=True).stdout.split("\n")
        words = {name.split()[0] for name in known if name}
        unknown = []
        for path in DOCS:
            for command in re.findall(r"^(?:    |\$ )(?:sudo )?pintle ([a-z]+)", path.read_text(), flags=re.M):
                if command not in words:
                    unknown.append(f"{path.relative_to(ROOT)}: pintle {command}")
        self.assertEqual(unknown, [])

    def test_options_in_the_documents_exist(self):
        """In examples, in prose between backticks, and in what help and headers say of other commands."""
        table = json.loads(subprocess.run([BIN, "help", "--json"], capture_output=True, check=True).stdout)
        common = {option["name"] for option in table["common_options"]}
        options = {command["name"]: common | {option["name"] for option in command["options"]}
                   for command in table["commands"]}
        texts = {path: path.read_text().replace("\\\n", " ") for path in
                 [*DOCS, *ROOT.glob("include/**/*.h"), *ROOT.glob("cli/*.[ch]"), *ROOT.glob("examples/*.c")]}
        texts |= {path: re.sub(r"\\e\n", " ", path.read_text()).replace("\\-", "-")
                  for path in ROOT.glob("docs/man/*.mdoc")}
        unknown, count = [], 0
        for path, text in texts.items():
            for line in re.findall(r"(?:^ {4}|[`(]|\$ )pintle ([a-z][^`|;>)\n]*)", text, flags=re.M):
                words = line.split()
                name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in options), None)
                for option in re.findall(r"(?<=\s)--([a-z][a-z0-9-]*)", line) if name else ():
                    count += 1
                    if option not in options[name]:
                        unknown.append(f"{path.relative_to(ROOT)}: pintle {name} --{option}")
        self.assertEqual(unknown, [])
        self.assertGreater(count, 100)

    def test_every_finding_reason_and_status_is_documented(self):
        spec = "".join(path.read_text() for path in (ROOT / "docs/spec").glob("*.md"))
        findings = re.findall(r"PIN\d{3}", (ROOT / "src/pinset/findings.def").read_text())
        reasons = re.findall(r"X\((\w+), \d+,", (ROOT / "include/pintle/verdict.h").read_text())
        missing = [name for name in {*findings} if name not in spec]
        missing += [name for name in reasons if f"`{name.lower().replace('_', '-')}`" not in spec]
        self.assertEqual(sorted(missing), [])

    def test_every_finding_of_the_documents_exists(self):
        table = (ROOT / "src/pinset/findings.def").read_text()
        for path in DOCS:
            for finding in set(re.findall(r"PIN\d{3}", path.read_text())):
                self.assertIn(finding, table, str(path))

    def test_no_trailing_marks_of_unfinished_work(self):
        found = []
        for path in [*DOCS, *ROOT.glob("src/**/*.[ch]"), *ROOT.glob("cli/*.[ch]")]:
            if re.search(r"\bTODO\b|\bFIXME\b|\bXXX\b", path.read_text()):
                found.append(str(path.relative_to(ROOT)))
        self.assertEqual(found, [])


if __name__ == "__main__":
    tap_unittest.main()
