"""`craft schedule:run`."""

from __future__ import annotations

import os
import re
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from scheduler.commands.TickCommand import TickCommand
from scheduler.errors import OK, WrongUsage
from scheduler.masonite.console import ask, is_interactive, is_quiet, is_terminal
from scheduler.text import counted

if TYPE_CHECKING:
    from scheduler.listeners import Listener


class ScheduleRunCommand(TickCommand):
    """
    Run the scheduled tasks that are due this minute

    schedule:run
        {--t|task=* : Only the task with this container binding, name or class name (repeatable)}
        {--f|force : Run now, even if not due, without checking conditions}
        {--dry-run : Show what this tick would do, without doing it}
        {--at=? : With --dry-run, show the tick of another time, such as '2027-03-28 02:30'}
        {--inline : Run the tasks in this process, for a debugger}
        {--l|log : Write for a log: start each line of a task's output with the time and the task}
        {--j|json : Write one JSON document (docs/schemas/run.json); output of tasks goes to stderr}
        {--json-lines : Write one JSON object per line (docs/schemas/line.json), for log collectors}
    """

    def act(self) -> int:
        """Run one tick and return its exit code."""
        talkative = self.is_on_terminal or self.io.is_verbose()
        asked = any(self.option(name) for name in ("task", "json", "dry-run", "at"))
        if not (talkative or asked) and self.binding.has_nothing_to_do():
            return OK
        self.refuse_two_formats("json", "json-lines", "log")
        from scheduler import clock
        from scheduler.commands.options import date_option, names_option

        names, at = names_option(self), date_option(self, "at", clock.default_zone())
        dry_run = bool(self.option("dry-run"))
        if at and not dry_run:
            raise WrongUsage("--at needs --dry-run: it shows what the tick of another time would do.")
        now = clock.now()
        if self.option("force") and not (names or dry_run) and not self._confirms():
            self.say("Nothing was run.")
            return OK
        if self.option("json"):
            return self._tick_as_json(now, names, at)
        return self._tick_as_text(now, names, at, talkative=bool(talkative or dry_run or names))

    def hint(self, problem: str) -> str:
        """Return how to fix a wrong command line: a task is named by an option."""
        given = re.search("got [\"']?([^\"'.]+)", problem)
        if given and "argument" in problem:
            return f". To run one task, use craft schedule:run --task {given[1]}."
        return super().hint(problem)

    @property
    def is_answer(self) -> bool:
        """Return whether the command exists to print an answer: a document, or what a tick would do."""
        return bool(self.option("json") or self.option("dry-run"))

    @property
    def answers_on_stderr(self) -> bool:
        """Return whether a script runs tasks by name: their output goes to stdout, so messages go to stderr."""
        asks = self.option("dry-run") or self.io.is_verbose()
        return bool(self.option("task")) and not (self.is_on_terminal or asks)

    @property
    def is_log(self) -> bool:
        """Return whether the output is a log: not a terminal, a document or a dry run."""
        answers = self.option("json") or self.option("dry-run")
        return bool(self.option("log")) or (super().is_log and not answers)

    def _tick_as_text(self, now: datetime, names: list[str], at: datetime | None, *, talkative: bool) -> int:
        from scheduler.listeners.output_format import for_log
        from scheduler.processes.output import drain_output

        output_format = for_log if self.option("log") else None
        listener = self.listener(output_format=output_format, talkative=talkative, chosen=names)
        code = self._tick(now, listener, names, at)
        drain_output()
        return code

    def _tick_as_json(self, now: datetime, names: list[str], at: datetime | None) -> int:
        from scheduler import clock
        from scheduler.commands.output import stdout_as_stderr
        from scheduler.listeners import JsonListener
        from scheduler.processes.output import print_document

        listener = JsonListener()
        with stdout_as_stderr():
            code = self._tick(now, listener, names, at)
        if not is_quiet(self.io):
            print_document(listener.document(clock.floor_minute(at or now)))
        return code

    def _confirms(self) -> bool:
        """Ask a person whether to run every task; return True for a script."""
        if not is_interactive(self.io):
            return True
        tasks = self.scheduler.find().usable
        on_demand = sum(task.rule is None for task in tasks)
        more = f", {on_demand} of them only on demand" if on_demand else ""
        return ask(f"Run all {counted(len(tasks), 'task')} now{more}? [y/N] ").lower() in {"y", "yes"}

    def _tick(self, now: datetime, listener: Listener, names: list[str], at: datetime | None) -> int:
        force, inline = bool(self.option("force")), bool(self.option("inline"))
        if not self.option("dry-run"):
            self.scheduler.is_typed = any(map(is_terminal, (sys.stdin, sys.stdout, sys.stderr)))
            code = self.scheduler.tick(now, listener, names, force=force, inline=inline)
            self._refresh_cache()
            return code
        from scheduler.diagnosis.DryRun import DryRun

        return DryRun(self.scheduler, self.app).report(at, listener, names, force=force)

    def _refresh_cache(self) -> None:
        from scheduler.cache.ScheduleCache import PATH

        folder = self.app.base_path
        if self.scheduler.found is None or not os.path.exists(os.path.join(folder, PATH)):
            return
        from scheduler import clock
        from scheduler.cache.building import AppPaths, refresh
        from scheduler.processes.identity import started_at

        settings = self.scheduler.settings
        paths = AppPaths(folder, self.app.store_path())
        reason = refresh(self.scheduler.found, settings, paths, clock.now(), started_at())
        if reason:
            self.warn(f"The cached schedule is no longer used: {reason}.")
