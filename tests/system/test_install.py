#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An installed pintle serves programs that know it only by pkg-config or find_package()."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import tap_unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["PINTLE_BUILD"])

PROGRAM = r"""
#include <stdio.h>
#include <pintle/openssl.h>
#include <pintle/pintle.h>
#include <pintle/%(header)s.h>

int main(void)
{
    struct pintle_pin pin;
    struct pintle_error err;
    const char *text = "sha256/not-a-pin";
    if (pintle_pin_parse(&pin, text, 16, &err) != PINTLE_E_PIN)
        return 1;
    struct pintle *engine = NULL;
    struct pintle_config config = {.crypto = pintle_openssl_crypto()};
    if (pintle_open(&engine, "/nonexistent/pintle.json", &config, &err) != PINTLE_E_IO)
        return 2;
    puts(pintle_version());
    return 0;
}
"""

UPDATE_PROGRAM = r"""
#include <stddef.h>
#include <pintle/openssl.h>
#include <pintle/update.h>

int main(void)
{
    struct pintle_update_config config = {.state_path = "", .engine = {.crypto = pintle_openssl_crypto()}};
    struct pintle_updater *updater = NULL;
    return pintle_updater_open(&updater, &config, NULL) == PINTLE_E_ENVELOPE ? 0 : 1;
}
"""

UPDATE_CONSUMER = """
cmake_minimum_required(VERSION 3.21)
project(consumer C)
find_package(pintle 0.1 REQUIRED)
foreach(kind IN ITEMS "" "-static")
  add_executable(consumer${kind} main.c)
  target_link_libraries(consumer${kind} PRIVATE pintle::pintle-update${kind} pintle::pintle-openssl${kind})
endforeach()
"""

CONSUMER = """
cmake_minimum_required(VERSION 3.21)
project(consumer C)
find_package(pintle 0.1 REQUIRED)
foreach(kind IN ITEMS "" "-static")
  add_executable(consumer${kind} main.c)
  target_link_libraries(consumer${kind} PRIVATE pintle::pintle-openssl${kind})
endforeach()
"""


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temp = pathlib.Path(tempfile.mkdtemp())
        cls.prefix = cls.temp / "prefix"
        # Installed twice over: the second must change nothing but succeed.
        for _ in range(2):
            run("cmake", "--install", str(BUILD), "--prefix", str(cls.prefix))
        cls.libdir = next(cls.prefix.glob("lib/**/pkgconfig")).parent
        cls.env = dict(os.environ, PKG_CONFIG_PATH=str(cls.libdir / "pkgconfig"),
                       LD_LIBRARY_PATH=str(cls.libdir))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.temp)

    def flags(self, module):
        return run("pkg-config", "--cflags", "--libs", module, env=self.env).split()

    def build(self, header, *flags):
        source, binary = self.temp / "main.c", self.temp / "main"
        source.write_text(PROGRAM % {"header": header})
        run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", str(source), "-o", str(binary), *flags)
        return run(str(binary), env=self.env).strip()

    def test_a_program_builds_by_pkg_config_and_runs(self):
        for module, header in (("pintle-openssl", "openssl"), ("pintle-curl", "curl")):
            with self.subTest(module):
                out = self.build(header, *self.flags(module))
                self.assertEqual(out, run(self.prefix / "bin/pintle", "version", env=self.env)
                                 .split()[1])

    def test_a_program_with_an_updater_builds_by_pkg_config_and_runs(self):
        source, binary = self.temp / "update.c", self.temp / "update"
        source.write_text(UPDATE_PROGRAM)
        run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", str(source), "-o", str(binary),
            *self.flags("pintle-update"), *self.flags("pintle-openssl"))
        run(str(binary), env=self.env)

    def test_a_cmake_project_finds_the_package_shared_and_static(self):
        self.consume("consumer", PROGRAM % {"header": "openssl"}, CONSUMER)

    def test_a_cmake_project_finds_the_updater_shared_and_static(self):
        self.consume("update-consumer", UPDATE_PROGRAM, UPDATE_CONSUMER)

    def consume(self, name, program, project):
        folder = self.temp / name
        folder.mkdir()
        (folder / "main.c").write_text(program)
        (folder / "CMakeLists.txt").write_text(project)
        run("cmake", "-S", str(folder), "-B", str(folder / "build"),
            f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("cmake", "--build", str(folder / "build"))
        for kind in ("", "-static"):
            run(str(folder / f"build/consumer{kind}"), env=self.env)

    def test_the_program_the_manual_and_the_completions_are_there(self):
        wanted = ["bin/pintle", "share/man/man1/pintle.1", "share/man/man1/pintle-check.1",
                  "share/man/man1/pintle-key-backup.1",
                  "share/bash-completion/completions/pintle",
                  "share/zsh/site-functions/_pintle",
                  "share/fish/vendor_completions.d/pintle.fish",
                  "share/doc/pintle/LICENSE", "include/pintle/pintle.h",
                  "include/pintle/version.h"]
        missing = [path for path in wanted if not (self.prefix / path).is_file()]
        self.assertEqual(missing, [])

    def test_the_core_library_needs_no_tls_library(self):
        needed = run("readelf", "-d", str(self.libdir / "libpintle.so"))
        for library in ("libssl", "libcrypto", "libcurl", "libgnutls"):
            self.assertNotIn(library, needed)


if __name__ == "__main__":
    tap_unittest.main()
