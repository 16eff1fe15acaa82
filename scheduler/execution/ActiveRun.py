"""A worker that is alive: its output, its time limit, and ending it."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from scheduler.execution.OutputFiles import OutputFiles
from scheduler.listeners.output_format import LineBuffer, OutputFormat
from scheduler.processes import Worker
from scheduler.processes.leftovers import discard_output
from scheduler.processes.output import output_streams, standard_error, standard_output
from scheduler.processes.OutputStream import OutputStream
from scheduler.runs import Outcome, Run
from scheduler.tasks.RegisteredTask import RegisteredTask

OUTPUT_KEPT = 64 * 1024
PIPE_HOLDS = 1024 * 1024
"""The most that an ended process can have left in a pipe (Linux's limit): if there is more, another process writes."""
BOOT_SECONDS = 60.0
"""How long a fresh interpreter may take to boot the app."""


class ActiveRun:
    """A run, or the notifications of some, whose worker is alive. Its `limit` of seconds counts from its beginning.

    `before` are seconds for the start's notifications, which do not count.
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
        output_format: OutputFormat | None = None,
    ) -> None:
        self.task = task
        self.run = run
        self.worker = worker
        self.limit = limit
        self.deadline: float | None = None
        self._before = before
        self._times_begun = 0
        self._set_deadline()
        self.kill_at: float | None = None
        self.ended_because: Outcome | None = None
        self.end_error = ""
        self.files = files
        self.begins_streak = begins_streak
        self.output = bytearray()
        self._lines = {
            descriptor: LineBuffer(task.key, output_format, is_error=descriptor == worker.errors)
            for descriptor in (worker.output, worker.errors)
            if output_format
        }

    @property
    def next_limit(self) -> float | None:
        """Return when `enforce_limits` has something to do next, on the monotonic clock; None if never."""
        return self.deadline if self.kill_at is None else self.kill_at

    def enforce_limits(self, kill_grace: timedelta, stop_at: float | None = None) -> None:
        """End it if it has lasted too long, or once it is `stop_at`; kill it `kill_grace` later."""
        now = time.monotonic()
        if self.worker.times_begun > self._times_begun:
            self._times_begun = self.worker.times_begun
            self._set_deadline()
        if self.kill_at is not None:
            if now >= self.kill_at:
                self.worker.send(signal.SIGKILL)
        elif self.deadline is not None and now >= self.deadline:
            self.end(Outcome.TIMED_OUT, kill_grace)
        elif stop_at is not None and now >= stop_at:
            self.end(Outcome.CRASHED, kill_grace, "it was ended because the scheduler was stopped")

    def close(self) -> dict[str, Any] | None:
        """Pass on the last output of the ended worker, release it, and return its report, None if there is none.

        Processes that it left behind continue. Their output is discarded.
        """
        for descriptor in (self.worker.output, self.worker.errors):
            left = PIPE_HOLDS
            while left > 0 and descriptor in self.worker.descriptors and (data := self.pass_on(descriptor)):
                left -= len(data)
        for descriptor, lines in self._lines.items():
            self._stream(descriptor).write(lines.flush())
        report = self.worker.report()
        if self.ended_because is not None:
            self.worker.send(signal.SIGKILL)
        else:
            for descriptor in (self.worker.output, self.worker.errors):
                if descriptor >= 0:
                    discard_output(descriptor)
        self.worker.close()
        return report

    def pass_on(self, descriptor: int) -> bytes:
        """Show new output of its worker, keep the end of it, and write all of it to the task's files."""
        stream = self._stream(descriptor)
        data = self.worker.read(descriptor)
        if data:
            if self.files is not None:
                self.files.write(data)
            self.output += data
            del self.output[: max(0, len(self.output) - OUTPUT_KEPT)]
            stream.write(self._lines[descriptor].feed(data) if self._lines else data)
        return data

    def _stream(self, descriptor: int) -> OutputStream:
        return standard_error() if descriptor == self.worker.errors else standard_output()

    def _set_deadline(self) -> None:
        """Count its limit from now on: once it has booted, if it must, and again after the start's notifications."""
        is_booting = self.worker.boots and not self._times_begun
        seconds = max(self.limit or 0.0, BOOT_SECONDS) if is_booting else self.limit
        before = 0.0 if self._times_begun > self.worker.boots else self._before
        self.deadline = None if seconds is None else time.monotonic() + seconds + before

    def end(self, because: Outcome, kill_grace: timedelta, error: str = "") -> None:
        """End it with SIGTERM, and kill it `kill_grace` later; the first reason is its outcome and `error`."""
        if self.ended_because is not None:
            return
        self.ended_because = because
        self.end_error = error
        self.kill_at = time.monotonic() + kill_grace.total_seconds()
        self.worker.send(signal.SIGTERM)


def wait_for_output(actives: Iterable[ActiveRun], wakeup: int, seconds: float) -> None:
    """Wait at most `seconds` for output or the end of a worker, or for `wakeup`; pass on the output.

    A worker's output waits as long as the reader of ours is slow; a reader that has stopped is not waited for.
    """
    streams = output_streams()
    is_full = any(stream.is_full for stream in streams)
    watched = {
        descriptor: active
        for active in actives
        for descriptor in active.worker.descriptors
        if not is_full or descriptor not in {active.worker.output, active.worker.errors}
    }
    poll = select.poll()
    for descriptor in (*watched, *(active.worker.end for active in actives), wakeup):
        if descriptor >= 0:
            poll.register(descriptor, select.POLLIN)
    for stream in streams:
        if stream.descriptor >= 0:
            poll.register(stream.descriptor, select.POLLOUT)
    for descriptor, _ in poll.poll(max(0.0, seconds) * 1000):
        if descriptor in watched:
            watched[descriptor].pass_on(descriptor)
        elif descriptor == wakeup:
            with suppress(BlockingIOError):
                os.read(wakeup, 512)
    for stream in streams:
        stream.flush()
