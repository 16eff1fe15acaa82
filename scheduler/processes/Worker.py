"""A child process for one task: its pipes, its end, and ending it with everything it started."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from typing import Any

from scheduler.processes import tree
from scheduler.processes.worker_process import BEGUN, END_OF_PROBLEM, GO

CHUNK = 65536
UNKNOWN_STATUS = 255
"""The status of a process whose exit code something else has taken."""


class Worker:
    """A child process that waits for the go signal, works, reports one JSON object and ends.

    It leads a session of its own. `output` and `errors` are the ends to read its output from, -1 once they are closed.
    A worker that `boots` needs a while before it can begin.
    """

    def __init__(self, pid: int, go: int, result: int, output: int, errors: int, *, boots: bool = False) -> None:
        self.pid = pid
        self.boots = boots
        self.output = output
        self.errors = errors
        self.status: int | None = None
        self._go = go
        self._result = result
        self._report = b""
        self._problems_taken = 0
        self._members: set[tree.Member] = set()
        self.end = _pidfd(pid)
        """Readable once the process has ended; -1 if the system has no such descriptor."""
        for descriptor in (result, output, errors):
            os.set_blocking(descriptor, False)

    @property
    def descriptors(self) -> list[int]:
        """Return the descriptors of the pipes that may have data."""
        return [fd for fd in (self._result, self.output, self.errors) if fd >= 0]

    @property
    def is_ending(self) -> bool:
        """Return whether it has closed its result pipe and so ends within moments."""
        return self._result < 0 and self.status is None

    @property
    def times_begun(self) -> int:
        """Return how often it has restarted its time limit."""
        return self._report.count(BEGUN)

    def go(self) -> None:
        """Let it begin."""
        with suppress(BrokenPipeError):
            os.write(self._go, GO)
        self._close_go()

    def read(self, descriptor: int) -> bytes:
        """Return what it printed there since the last time; keep its report, and forget an end that is closed."""
        try:
            data = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return b""
        if not data:
            self._forget(descriptor)
        if descriptor == self._result:
            self._report += data
            return b""
        return data

    def has_ended(self) -> bool:
        """Return whether the process has ended, without waiting."""
        if self.status is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                self.status = UNKNOWN_STATUS
            else:
                self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None

    def report(self) -> dict[str, Any] | None:
        """Return its report, or None if it ended before it could report."""
        while self._result >= 0:
            before = len(self._report)
            self.read(self._result)
            if len(self._report) == before:
                break
        try:
            return dict(json.loads(self._report.rpartition(END_OF_PROBLEM)[2]))
        except ValueError:
            return None

    def take_problems(self) -> list[str]:
        """Return the problems that it has reported since the last time."""
        new = self._report.split(END_OF_PROBLEM)[self._problems_taken : -1]
        self._problems_taken += len(new)
        return [str(json.loads(problem)) for problem in new]

    def send(self, number: int) -> None:
        """Send a signal to it and to everything it has started, detached or not, now or at an earlier signal."""
        self._members |= tree.members_of(self.pid)
        if self._members:
            tree.send(self._members, number, first=self.pid)
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """Kill it before it has begun, and forget it."""
        self.send(signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        self.close()

    def close(self) -> None:
        """Close all its descriptors."""
        self._close_go()
        for descriptor in self.descriptors:
            self._forget(descriptor)
        if self.end >= 0:
            os.close(self.end)
            self.end = -1

    def _close_go(self) -> None:
        if self._go >= 0:
            os.close(self._go)
            self._go = -1

    def _forget(self, descriptor: int) -> None:
        os.close(descriptor)
        if descriptor == self.output:
            self.output = -1
        elif descriptor == self.errors:
            self.errors = -1
        else:
            self._result = -1


def _pidfd(pid: int) -> int:
    """Return a descriptor of the process that becomes readable at its end, -1 if there can be none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return -1
