#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Layers 0 to 3 hold no mutable global: their object files have nothing in .data, .bss or the
thread-local sections. Instrumented builds (sanitizers, coverage) add some of their own: skipped."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import tap_unittest

BUILD = pathlib.Path(os.environ["PINTLE_BUILD"])
OBJECTS = BUILD / "src/CMakeFiles/pintle_objects.dir"
FOLDERS = ("base", "pin", "pinset", "engine")
INSTRUMENTED = re.compile(r"__(asan|tsan|ubsan|msan|sanitizer|sancov|gcov|llvm)")
SYMBOL = re.compile(r"^\S+ .{7} (\.(?:data|bss|tdata|tbss)\b(?!\.rel\.ro)\S*|\*COM\*)\t(\S+)\s+(\S+)$",
                    re.M)


def mutable(path):
    """Names of what an object file can write to."""
    out = subprocess.run(["objdump", "-t", str(path)], check=True, capture_output=True,
                         text=True).stdout
    return [name for _, size, name in SYMBOL.findall(out) if int(size, 16) > 0]


def instrumented(path):
    out = subprocess.run(["nm", str(path)], check=True, capture_output=True, text=True).stdout
    return bool(INSTRUMENTED.search(out))


class Globals(unittest.TestCase):
    def setUp(self):
        self.objects = [path for folder in FOLDERS for path in sorted((OBJECTS / folder).glob("*.o"))]
        if any(instrumented(path) for path in self.objects):
            self.skipTest("an instrumented build")

    def test_layers_0_to_3_hold_none(self):
        self.assertGreater(len(self.objects), 20)
        found = {path.name: mutable(path) for path in self.objects if mutable(path)}
        self.assertEqual(found, {})

    def test_a_planted_one_is_found(self):
        for line, names in (("int counter = 1;", ["counter"]), ("static int zero; int *p(void) {"
                             " return &zero; }", ["zero"]), ("_Thread_local int mine;", ["mine"]),
                            ("const int fixed = 1; static const char *const words[] = {\"a\"};"
                             "const char *const *p(void) { return words; }", [])):
            with self.subTest(line), tempfile.TemporaryDirectory() as directory:
                target = pathlib.Path(directory) / "a.o"
                subprocess.run([os.environ.get("PINTLE_CC", "cc"), "-fPIC", "-x", "c", "-c", "-o",
                                str(target), "-"], input=line, text=True, check=True)
                self.assertEqual(mutable(target), names)


if __name__ == "__main__":
    tap_unittest.main()
