"""`craft schedule:run`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import datetime
from typing import TYPE_CHECKING

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK

if TYPE_CHECKING:
    from scheduler.listeners import Listener


class ScheduleRunCommand(ScheduleCommand):
    """
    Run the scheduled tasks that are due this minute

    schedule:run
        {--t|task=* : Only the task with this container binding, name or class name (repeatable)}
        {--f|force : Run now, due or not}
        {--inline : Run the tasks in this process, for a debugger}
        {--j|json : Say what happened as JSON; what tasks print goes to stderr}
    """

    def act(self) -> int:
        """Run one tick and return its exit code."""
        talkative = sys.stdout.isatty() or self.io.is_verbose()
        names = self.option("task") or []
        if not (talkative or names or self.option("json")) and self.binding.has_nothing_to_do():
            return OK
        return self._run(talkative=talkative)

    def _run(self, *, talkative: bool) -> int:
        from scheduler import clock
        from scheduler.commands.options import names_option
        from scheduler.listeners import ConsoleListener, JsonListener

        names = names_option(self)
        now = clock.now()
        if not self.option("json"):
            verbose = bool(self.io.is_verbose())
            people = ConsoleListener(self.say, self.complain, talkative=talkative, verbose=verbose, chosen=names)
            return self._tick(now, people, names)
        listener = JsonListener()
        with _stdout_as_stderr():
            code = self._tick(now, listener, names)
        self.say(listener.document(clock.floor_minute(now)))
        return code

    def _tick(self, now: datetime, listener: Listener, names: list[str]) -> int:
        force, inline = bool(self.option("force")), bool(self.option("inline"))
        return self.scheduler.tick(now, listener, names, force=force, inline=inline)


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
