"""`craft schedule:run`."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, WrongUsage

if TYPE_CHECKING:
    from scheduler.listeners import Listener


class ScheduleRunCommand(ScheduleCommand):
    """
    Run the scheduled tasks that are due this minute

    schedule:run
        {--t|task=* : Only the task with this container binding, name or class name (repeatable)}
        {--f|force : Run now, due or not}
        {--dry-run : Only say what this tick would do}
        {--at=? : With --dry-run, what the tick of another time would do, such as '2027-03-28 02:30'}
        {--inline : Run the tasks in this process, for a debugger}
        {--j|json : Say what happened as JSON; what tasks print goes to stderr}
    """

    def act(self) -> int:
        """Run one tick and return its exit code."""
        talkative = sys.stdout.isatty() or self.io.is_verbose()
        names = self.option("task") or []
        asked = names or self.option("json") or self.option("dry-run") or self.option("at")
        if not (talkative or asked) and self.binding.has_nothing_to_do():
            return OK
        return self._run(talkative=talkative)

    def _run(self, *, talkative: bool) -> int:
        from scheduler import clock
        from scheduler.commands.options import date_option, names_option
        from scheduler.commands.output import stdout_as_stderr
        from scheduler.listeners import ConsoleListener, JsonListener

        names, at = names_option(self), date_option(self, "at", clock.default_zone())
        rehearsed = bool(self.option("dry-run"))
        if at and not rehearsed:
            raise WrongUsage("--at asks what the tick of another time would do: it goes with --dry-run.")
        now = clock.now()
        if not self.option("json"):
            verbose = bool(self.io.is_verbose())
            talkative = talkative or rehearsed
            people = ConsoleListener(self.say, self.complain, talkative=talkative, verbose=verbose, chosen=names)
            return self._tick(now, people, names, at)
        listener = JsonListener()
        with stdout_as_stderr():
            code = self._tick(now, listener, names, at)
        self.say(listener.document(clock.floor_minute(at or now)))
        return code

    def _tick(self, now: datetime, listener: Listener, names: list[str], at: datetime | None) -> int:
        force, inline = bool(self.option("force")), bool(self.option("inline"))
        if not self.option("dry-run"):
            code = self.scheduler.tick(now, listener, names, force=force, inline=inline)
            self._look_after_cache()
            return code
        from scheduler.Inquiry import Inquiry

        return Inquiry(self.scheduler, self.app).rehearse(at, listener, names, force=force)

    def _look_after_cache(self) -> None:
        from scheduler.ScheduleCache import PATH

        folder = self.app.base_path
        if self.scheduler.found is None or not os.path.exists(os.path.join(folder, PATH)):
            return
        from scheduler import clock
        from scheduler.caching import Place, look_after
        from scheduler.process import started_at

        settings = self.scheduler.settings
        place = Place(folder, self.app.store_path(settings.path))
        reason = look_after(self.scheduler.found, settings, place, clock.now(), started_at())
        if reason:
            self.complain(f"The schedule's cache is not used any more: {reason}.")
