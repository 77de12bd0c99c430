#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each public header compiles by itself, as C11 and as C++17, and brings nothing but its own names.

PINTLE_CC and PINTLE_CXX name the compilers.
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import tap_unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ["PINTLE_BUILD"])
C = os.environ.get("PINTLE_CC", "cc").split() + ["-std=c11", "-Wstrict-prototypes"]
CXX = os.environ.get("PINTLE_CXX", "c++").split() + ["-std=c++17"]
STRICT = ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef",
          "-Werror"]


NEEDS_CXX = unittest.skipUnless(shutil.which(CXX[0]), f"no C++ compiler: {CXX[0]}")


def headers():
    names = {path.name for path in (ROOT / "include/pintle").glob("*.h")}
    names |= {path.name for path in (BUILD / "include/pintle").glob("*.h")}
    return sorted(names)


def compiles(command, suffix, text, options=None):
    with tempfile.TemporaryDirectory() as directory:
        source = pathlib.Path(directory) / f"header{suffix}"
        source.write_text(text)
        if options is None:
            options = [f"-I{ROOT}/include", f"-I{BUILD}/include"]
        result = subprocess.run(command + STRICT + options + [str(source)],
                                capture_output=True, text=True, check=False)
    return result.returncode == 0, result.stderr


class Headers(unittest.TestCase):
    def assert_each_compiles(self, command, suffix, template):
        self.assertGreater(len(headers()), 10)
        for name in headers():
            with self.subTest(name):
                done, said = compiles(command, suffix, template.format(name=name))
                self.assertTrue(done, said)

    def test_each_compiles_alone_as_c11(self):
        self.assert_each_compiles(C, ".c", "#include <pintle/{name}>\nextern int x;\n")

    @NEEDS_CXX
    def test_each_compiles_alone_as_cxx17(self):
        self.assert_each_compiles(CXX, ".cpp", "#include <pintle/{name}>\nextern int x;\n")

    def test_each_may_be_included_twice(self):
        self.assert_each_compiles(
            C, ".c", "#include <pintle/{name}>\n#include <pintle/{name}>\nextern int x;\n")

    def test_all_compile_together(self):
        text = "".join(f"#include <pintle/{name}>\n" for name in headers()) + "extern int x;\n"
        done, said = compiles(C, ".c", text)
        self.assertTrue(done, said)

    @NEEDS_CXX
    def test_functions_have_c_linkage_in_cxx(self):
        # A second declaration with C linkage contradicts the first unless that has it too.
        text = '#include <pintle/version.h>\nextern "C" const char *pintle_version(void);\n'
        done, said = compiles(CXX, ".cpp", text)
        self.assertTrue(done, said)

    def test_macros_begin_with_the_projects_name(self):
        for name in headers():
            path = ROOT / "include/pintle" / name
            path = path if path.exists() else BUILD / "include/pintle" / name
            macros = re.findall(r"^\s*#\s*define\s+(\w+)", path.read_text(), re.M)
            self.assertEqual([m for m in macros if not m.startswith("PINTLE_")], [], name)

    def test_a_header_that_does_not_stand_alone_is_noticed(self):
        with tempfile.TemporaryDirectory() as directory:
            (pathlib.Path(directory) / "bad.h").write_text("size_t nobody_declared_size_t(void);\n")
            text = "#include <bad.h>\n"
            done, said = compiles(C, ".c", text, [f"-I{directory}"])
        self.assertFalse(done)
        self.assertIn("size_t", said)


if __name__ == "__main__":
    tap_unittest.main()
