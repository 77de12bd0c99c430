# SPDX-License-Identifier: Apache-2.0
"""Run the unittest cases of a file and print TAP, one line for each test method.

At the end of a test file:

    if __name__ == "__main__":
        tap_unittest.main()

Arguments choose tests by a part of their names; -v prints the time taken. The name in a TAP line is Class: and the method's words. A failed subTest fails its method.
"""
import sys
import time
import unittest


def _name(test):
    case = type(test).__name__
    method = getattr(test, "_testMethodName", None)
    if method is None:  # the set-up of a class or module
        return str(test)
    return f"{case}: {method.removeprefix('test_').replace('_', ' ')}"


class _Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0
        self.complaints = []
        self.reason = None

    def startTest(self, test):
        super().startTest(test)
        self.complaints, self.reason = [], None

    def _complain(self, test, err):
        self.complaints.append(self._exc_info_to_string(err, test))
        if not isinstance(test, unittest.TestCase) or not hasattr(test, "_testMethodName"):
            self._print(test)  # a failed set-up has no stopTest

    def addError(self, test, err):
        super().addError(test, err)
        self._complain(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._complain(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.complaints.append(f"{subtest.id()} {subtest._subDescription()}\n"
                                   + self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.reason = reason
        if not hasattr(test, "_testMethodName"):
            self._print(test)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.complaints.append("succeeded, and should not have")

    def stopTest(self, test):
        super().stopTest(test)
        self._print(test)

    def _print(self, test):
        self.number += 1
        word = "not ok" if self.complaints else "ok"
        skip = f" # SKIP {self.reason}" if self.reason and not self.complaints else ""
        print(f"{word} {self.number} - {_name(test)}{skip}")
        for complaint in self.complaints:
            for line in complaint.rstrip().splitlines():
                print(f"# {line}")
        sys.stdout.flush()
        self.complaints, self.reason = [], None


def _tests(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _tests(item)
        else:
            yield item


def main():
    parts = [argument for argument in sys.argv[1:] if argument != "-v"]
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    if parts:
        suite = unittest.TestSuite(test for test in _tests(suite)
                                   if any(part in test.id() for part in parts))
    result = _Result()
    begun = time.monotonic()
    suite.run(result)
    print(f"1..{result.number}")
    if "-v" in sys.argv:
        print(f"# {time.monotonic() - begun:.1f} s")
    # A file without a test proves nothing.
    sys.exit(0 if result.wasSuccessful() and result.number > 0 else 1)
