# SPDX-License-Identifier: Apache-2.0
"""Programs at a terminal: what they show is waited for, what they ask is typed."""
import fcntl
import os
import pty
import select
import subprocess
import termios
import time

import cli


class Terminal:
    """A program that has standard streams, and if `controlling` also /dev/tty, at a terminal."""

    def __init__(self, command, folder, env=None, controlling=True):
        self.master, self.slave = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=self.slave, stdout=self.slave, stderr=self.slave,
            cwd=folder, env=cli.environment(folder, env), start_new_session=True,
            preexec_fn=self._control if controlling else None)

    def _control(self):
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

    @property
    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def type(self, text):
        os.write(self.master, text.encode())

    def wait(self, text, count=1, seconds=30):
        """Wait until the text was shown so many times; returns all that was shown since the last."""
        end = time.monotonic() + seconds
        while self.shown.count(text) < count:
            if not self._read(max(0, end - time.monotonic())):
                raise AssertionError(f"never showed {text!r}: {self.shown!r}")
        shown, self.shown = self.shown, ""
        return shown

    def _read(self, seconds):
        ready = bool(select.select([self.master], [], [], seconds)[0])
        if ready:
            self.shown += os.read(self.master, 4096).decode(errors="replace")
        return ready

    def finish(self, seconds=30):
        """Wait for its end; returns its exit code and what it showed last."""
        code = self.process.wait(seconds)
        while self._read(0):
            pass
        return code, self.shown

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)
