"""`craft schedule:run`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import datetime

from masonite.commands import Command

from scheduler import clock
from scheduler.commands.options import WITHOUT_VALUE, WrongUsage, refusing
from scheduler.listeners import ConsoleListener, JsonListener, Listener
from scheduler.masonite.console import write_error, write_line
from scheduler.Scheduler import Scheduler


class ScheduleRunCommand(Command):
    """
    Run the scheduled tasks that are due this minute

    schedule:run
        {--t|task=* : Only the task with this container binding, name or class name (repeatable)}
        {--f|force : Run now, due or not}
        {--inline : Run the tasks in this process, for a debugger}
        {--j|json : Say what happened as JSON; what tasks print goes to stderr}
    """

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self._scheduler = scheduler

    @refusing
    def handle(self) -> int:
        """Run one tick and return its exit code."""
        names = self.option("task") or []
        if any(name in WITHOUT_VALUE for name in names):
            raise WrongUsage("--task needs a name: --task SayHi. `craft schedule:list` shows those there are.")
        now = clock.now()
        return self._run_for_programs(now, names) if self.option("json") else self._run_for_people(now, names)

    def _run_for_people(self, now: datetime, names: list[str]) -> int:
        listener = ConsoleListener(
            lambda line: write_line(self.io, line),
            lambda line: write_error(self.io, line),
            talkative=sys.stdout.isatty(),
            verbose=self.io.is_verbose(),
        )
        return self._tick(now, listener, names)

    def _run_for_programs(self, now: datetime, names: list[str]) -> int:
        listener = JsonListener()
        with _stdout_as_stderr():
            code = self._tick(now, listener, names)
        write_line(self.io, listener.document(clock.floor_minute(now)))
        return code

    def _tick(self, now: datetime, listener: Listener, names: list[str]) -> int:
        force, inline = bool(self.option("force")), bool(self.option("inline"))
        return self._scheduler.tick(now, listener, names, force=force, inline=inline)


@contextmanager
def _stdout_as_stderr() -> Iterator[None]:
    """Send what tasks and their child processes print to the error output, as long as the block lasts."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
