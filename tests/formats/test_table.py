#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""formats.def, the sources, fuzz targets, tests and docs/formats.md tell the same story."""
import re

import cli
import formats
import tap_unittest

ROW = re.compile(r'^FORMAT\((\w+), "([^"]+)", (BOTH|EXPORT|IMPORT)\)$', flags=re.M)
ROWS = ROW.findall((cli.ROOT / "cli/formats/formats.def").read_text())
PAGE = (cli.ROOT / "docs/formats.md").read_text()


def source(path):
    return (cli.ROOT / path).read_text()


class Table(formats.TestCase):
    def test_the_program_has_the_rows_of_the_table(self):
        told = self.assertAccepted("export", "--to", "list", "--json").json["formats"]
        ways = {(True, True): "BOTH", (True, False): "EXPORT", (False, True): "IMPORT"}
        self.assertEqual([(f["name"], ways[f["export"], f["import"]]) for f in told], [row[1:] for row in ROWS])

    def test_every_row_has_its_source_test_and_fuzz_target(self):
        tests = "".join(path.read_text() for path in (cli.ROOT / "tests/formats").glob("test_*.py") if path.name != "test_table.py")
        for identifier, name, way in ROWS:
            with self.subTest(name):
                self.assertIn(f"const struct format format_{identifier} =", "".join(
                    path.read_text() for path in (cli.ROOT / "cli/formats").glob("*.c")))
                self.assertIn(f'"{name}"', tests)
                if way != "EXPORT":
                    self.assertIn(f"format_{identifier}", source(f"fuzz/format_{identifier}.c"))
                    self.assertTrue(any((cli.ROOT / f"fuzz/corpus/format_{identifier}").iterdir()))

    def test_every_row_has_its_paragraph(self):
        self.assertEqual(re.findall(r"^### `([^`]+)`$", PAGE, flags=re.M), [row[1] for row in ROWS])

    def test_the_table_of_the_documentation_is_that_of_the_program(self):
        shown = re.search(r"<!-- table -->\n(.*?)<!-- end -->", PAGE, flags=re.S)
        self.assertEqual(shown[1], self.assertAccepted("export", "--to", "list", "--markdown").out)

    def test_ids_are_unique_and_stay(self):
        """What has been given out keeps its meaning: scripts name these ids."""
        for table, prefix, known in (("losses.def", "EXP", 25), ("notes.def", "IMP", 14)):
            ids = re.findall(rf'"({prefix}\d{{3}})"', source(f"cli/formats/{table}"))
            self.assertEqual(len(ids), len(set(ids)))
            self.assertEqual(ids, sorted(ids))
            self.assertGreaterEqual(len(ids), known)

    def test_every_loss_and_note_that_is_documented_exists(self):
        known = set(re.findall(r'"((?:EXP|IMP)\d{3})"', source("cli/formats/losses.def") + source("cli/formats/notes.def")))
        self.assertLessEqual(set(re.findall(r"\b(?:EXP|IMP)\d{3}\b", PAGE)), known)


if __name__ == "__main__":
    tap_unittest.main()
