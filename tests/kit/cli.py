# SPDX-License-Identifier: Apache-2.0
"""Run pintle in tests, away from the environment and the home of whoever runs them.

    result = cli.run("pin", "--json", path, stdin=b"", env={"PINTLE_FORM": "hex"})
    result.code, result.out, result.err          text
    result.out_bytes, result.json                raw, and parsed and checked against its schema

Derive test cases from cli.TestCase: it has a temporary folder (self.dir) in which programs run and
to which HOME and XDG_* point, and the assertions that CLI tests repeat.
"""
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PINTLE_BUILD", ROOT / "build/dev"))
BIN = os.environ.get("PINTLE_BIN", str(BUILD / "cli/pintle"))
SCHEMAS = ROOT / "docs/spec/schema"
SCHEMA_URI = "https://pintle.dev/schema/"

# The CLI contract, DESIGN.md section 4.
OK, REFUSED, USAGE, UNREACHABLE, TLS, INPUT, INTERNAL = 0, 1, 2, 3, 4, 5, 70

# Variables that change what a program does or says.
_SCRUBBED = re.compile(r"^(PINTLE_.*|XDG_.*|LC_.*|LANG|LANGUAGE|NO_COLOR|TERM|COLUMNS|HOME|SSL_CERT_.*|"
                       r".*_proxy|.*_PROXY|OPENSSL_CONF|CURL_.*|SSLKEYLOGFILE)$")


def environment(home, extra=None):
    """The caller's environment without what could change a result; extra=None values unset."""
    env = {key: value for key, value in os.environ.items() if not _SCRUBBED.match(key)}
    env.update(HOME=str(home), LC_ALL="C.UTF-8", TERM="dumb",
               XDG_CONFIG_HOME=f"{home}/.config", XDG_STATE_HOME=f"{home}/.state",
               XDG_CACHE_HOME=f"{home}/.cache", XDG_DATA_HOME=f"{home}/.data")
    for key, value in (extra or {}).items():
        if value is None:
            env.pop(key, None)
        else:
            env[key] = str(value)
    return env


def _strict(schema):
    """The schema without the room it leaves for members of later versions."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        strict.setdefault("additionalProperties", False)
    return strict


def validate(document):
    """Check a JSON document against the schema that it names, which must describe every member of
    it; returns the document."""
    uri = document["schema"]
    if not uri.startswith(SCHEMA_URI):
        raise AssertionError(f"a schema of somebody else: {uri}")
    name, version = uri[len(SCHEMA_URI):].split("/")
    path = SCHEMAS / f"{name}.schema.json"
    schema = json.loads(path.read_text())
    if schema["$id"] != uri:
        raise AssertionError(f"{path} is {schema['$id']}, not {uri} (version {version})")
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.FormatChecker()
    jsonschema.Draft202012Validator(_strict(schema), format_checker=checker).validate(document)
    return document


@dataclasses.dataclass
class Result:
    args: list
    code: int
    out_bytes: bytes
    err_bytes: bytes

    @property
    def out(self):
        return self.out_bytes.decode("utf-8", "backslashreplace")

    @property
    def err(self):
        return self.err_bytes.decode("utf-8", "backslashreplace")

    @property
    def json(self):
        return validate(json.loads(self.out))

    @property
    def lines(self):
        return self.out.splitlines()

    def __str__(self):
        words = " ".join(map(str, self.args))
        return f"$ {words}\n{self.out}--- stderr, exit {self.code}\n{self.err}"


def run_program(command, stdin=b"", env=None, cwd=None, home=None, timeout=60, **popen):
    """Run any program in the scrubbed environment. Without `home` an empty one is made for it."""
    if isinstance(stdin, str):
        stdin = stdin.encode()
    temp = None if home else tempfile.mkdtemp(prefix="pintle-home-")
    home = home or temp
    try:
        if hasattr(stdin, "fileno"):
            popen["stdin"] = stdin
        else:
            popen["input"] = stdin
        popen.setdefault("stdout", subprocess.PIPE)
        popen.setdefault("stderr", subprocess.PIPE)
        done = subprocess.run([word if isinstance(word, bytes) else str(word) for word in command], env=environment(home, env),
                              cwd=str(cwd or home), timeout=timeout, **popen)
    finally:
        if temp:
            shutil.rmtree(temp, ignore_errors=True)
    return Result(list(command), done.returncode, done.stdout or b"", done.stderr or b"")


def run(*args, **options):
    """Run pintle; options as for run_program()."""
    return run_program([BIN, *args], **options)


class TestCase(unittest.TestCase):
    """A folder of its own for each test, and what CLI tests assert again and again."""
    maxDiff = None

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="pintle-test-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def run_cli(self, *args, **options):
        options.setdefault("home", self.dir)
        options.setdefault("cwd", self.dir)
        return run(*args, **options)

    def write(self, name, content, mode=None):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        if mode is not None:
            path.chmod(mode)
        return path

    def assertExit(self, result, code):
        self.assertEqual(result.code, code, str(result))
        self.assertNotIn("Sanitizer", result.err, str(result))

    def assertAccepted(self, *args, **options):
        """Exit 0 and nothing on stderr; returns the result."""
        result = self.run_cli(*args, **options)
        self.assertExit(result, OK)
        self.assertEqual(result.err, "", str(result))
        return result

    def assertFails(self, code, message, *args, **options):
        """That exit code, nothing on stdout, the message somewhere on stderr; returns the result."""
        result = self.run_cli(*args, **options)
        self.assertExit(result, code)
        self.assertEqual(result.out, "", str(result))
        self.assertIn(message, result.err, str(result))
        return result

    def assertUsage(self, message, *args, **options):
        """Wrong usage: exit 2, the message on stderr, nothing on stdout."""
        return self.assertFails(USAGE, message, *args, **options)
