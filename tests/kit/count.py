#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Count the TAP lines in a CTest JUnit file.

Usage: count.py FILE LABEL

Prints a line for each test program, the output of those that failed, and at last
"PASSED FAILED SKIPPED". A program that failed without a "not ok" line (a crash, a timeout), and one
that passed without any TAP line, count as one test each.
"""
import re
import sys
import xml.etree.ElementTree as ET

LINE = re.compile(r"^\s*(not ok|ok)\b(.*)$")


def tally(output):
    passed, failed, skips = 0, 0, []
    for line in output.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        if "# SKIP" in match[2].upper():
            skips.append(match[2].strip())
        elif match[1] == "ok":
            passed += 1
        else:
            failed += 1
    return passed, failed, skips


def main():
    path, label = sys.argv[1:3]
    total = [0, 0, 0]
    for case in ET.parse(path).getroot().iter("testcase"):
        output = "".join(node.text or "" for node in case.iter("system-out"))
        passed, failed, skips = tally(output)
        broken = case.get("status") not in ("run", None) or case.find("failure") is not None
        if broken and failed == 0:
            failed = 1
        if not broken and passed + failed + len(skips) == 0:
            passed = 1
        word = "FAIL " if failed or broken else "ok   "
        print(f"{word} {case.get('name')} ({label}): {passed} passed, {failed} failed"
              + (f", {len(skips)} skipped" if skips else ""))
        for skip in skips:
            print(f"      skipped: {skip}")
        if failed:
            print("\n".join("      " + line for line in output.splitlines()[-80:]))
        for index, number in enumerate((passed, failed, len(skips))):
            total[index] += number
    print(*total)


if __name__ == "__main__":
    main()
