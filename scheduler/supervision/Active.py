"""A worker that lives: what it prints, how long it may last, and ending it."""

from __future__ import annotations

import select
import signal
import sys
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from scheduler.isolation import Worker
from scheduler.OutputFiles import OutputFiles
from scheduler.runs import Outcome, Run
from scheduler.TaskRegistry import RegisteredTask

OUTPUT_KEPT = 64 * 1024
PIPE_HOLDS = 1024 * 1024
"""More than this nothing that has ended can have left in a pipe (Linux's limit): somebody else still writes."""
BOOT_SECONDS = 60.0
"""How long a fresh interpreter may take to boot the app."""


class Active:
    """A run, or the telling of some, whose worker lives; its `limit` of seconds counts from when that has begun.

    `before` are seconds that it may take to tell of its start, and that do not count.
    """

    def __init__(
        self,
        task: RegisteredTask,
        run: Run,
        worker: Worker,
        limit: float | None,
        files: OutputFiles | None = None,
        *,
        before: float = 0.0,
        begins_streak: bool = False,
    ) -> None:
        self.task = task
        self.run = run
        self.worker = worker
        self.limit = limit
        self.deadline: float | None = None
        self._before = before
        self._times_begun = 0
        self._allow()
        self.kill_at: float | None = None
        self.ended_because: Outcome | None = None
        self.files = files
        self.begins_streak = begins_streak
        self.output = bytearray()

    def enforce_limits(self, kill_grace: timedelta, stop_at: float | None = None) -> None:
        """End it if it has lasted too long, or if it is `stop_at`; `kill_grace` later it is killed."""
        now = time.monotonic()
        if self.worker.times_begun > self._times_begun:
            self._times_begun = self.worker.times_begun
            self._allow()
        if self.kill_at is not None:
            if now >= self.kill_at:
                self.worker.send(signal.SIGKILL)
        elif self.deadline is not None and now >= self.deadline:
            self._end(Outcome.TIMED_OUT, kill_grace)
        elif stop_at is not None and now >= stop_at:
            self._end(Outcome.CRASHED, kill_grace)

    def close(self) -> dict[str, Any] | None:
        """Pass on what the ended worker printed last and let go of it; return what it reported, None if nothing.

        What processes it left behind print later, is theirs.
        """
        for descriptor in (self.worker.output, self.worker.errors):
            left = PIPE_HOLDS
            while left > 0 and descriptor in self.worker.descriptors and (data := self.pass_on(descriptor)):
                left -= len(data)
        report = self.worker.report()
        if self.ended_because is not None:
            self.worker.send(signal.SIGKILL)
        self.worker.close()
        return report

    def pass_on(self, descriptor: int) -> bytes:
        """Show what its worker printed, keep the end of it, and write all of it to the files that are for it."""
        stream = sys.stderr if descriptor == self.worker.errors else sys.stdout
        data = self.worker.read(descriptor)
        if data:
            if self.files is not None:
                self.files.write(data)
            self.output += data
            del self.output[: max(0, len(self.output) - OUTPUT_KEPT)]
            _write(stream, data)
        return data

    def _allow(self) -> None:
        """Count its limit from now on; it begins once it has booted, if it must, and again once it has told of that."""
        is_booting = self.worker.boots and not self._times_begun
        seconds = max(self.limit or 0.0, BOOT_SECONDS) if is_booting else self.limit
        before = 0.0 if self._times_begun > self.worker.boots else self._before
        self.deadline = None if seconds is None else time.monotonic() + seconds + before

    def _end(self, because: Outcome, kill_grace: timedelta) -> None:
        self.ended_because = because
        self.kill_at = time.monotonic() + kill_grace.total_seconds()
        self.worker.send(signal.SIGTERM)


def listen(actives: Iterable[Active], patience: float) -> None:
    """Pass on what the workers print; wait for it no longer than `patience` seconds, and that long without workers."""
    listened = {descriptor: active for active in actives for descriptor in active.worker.descriptors}
    if not listened:
        if patience:
            time.sleep(patience)
        return
    poll = select.poll()
    for descriptor in listened:
        poll.register(descriptor, select.POLLIN)
    for descriptor, _ in poll.poll(patience * 1000):
        listened[descriptor].pass_on(descriptor)


def _write(stream: Any, data: bytes) -> None:
    """Write bytes to a stream as they are; a test's stream may take text only."""
    try:
        if hasattr(stream, "buffer"):
            stream.flush()
            stream.buffer.write(data)
            stream.buffer.flush()
        else:
            stream.write(data.decode("utf-8", "replace"))
            stream.flush()
    except (OSError, ValueError):
        pass
