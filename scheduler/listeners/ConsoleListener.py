"""Report a tick to a person: on a terminal, or in the mail that cron sends."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from scheduler.clock import zoned_text
from scheduler.listeners.Listener import Described, Problem
from scheduler.listeners.output_format import OutputFormat
from scheduler.listeners.run_text import handled_text, offered_text, stopping_text, summary
from scheduler.runs import Action, Outcome, PlannedAction, Run
from scheduler.text import escape, mask_secrets, one_line, with_location

WOULD = {
    Action.RUN: "would run",
    Action.RUN_LATE: "would run late",
    Action.RETRY: "would be retried",
    Action.SKIP: "would be skipped",
    Action.FAIL: "would fail",
    Action.MISS: "would be missed",
    Action.LEAVE: "would be left alone",
    Action.WAIT: "would keep waiting",
    Action.RECORD_CRASH: "would be recorded as crashed",
}


class ConsoleListener:
    """Writes a line per event.

    Failures always go to `error`. A line per run goes to `out` if `talkative` (a person is watching). Tasks that are
    not due are reported only if `verbose` or if they were `chosen`; tracebacks and missed fire times only if `verbose`;
    an idle minute only if `reports_idle`. Notices go to `warn` (default: `error`).
    """

    def __init__(
        self,
        out: Callable[[str], None],
        error: Callable[[str], None],
        *,
        talkative: bool = False,
        verbose: bool = False,
        chosen: Collection[str] = (),
        reports_idle: bool = True,
        warn: Callable[[str], None] | None = None,
        output_format: OutputFormat | None = None,
    ) -> None:
        self.output_format = output_format
        self._warn = warn or error
        self._out = out
        self._error = error
        self._talkative = talkative or verbose
        self._verbose = verbose
        self._chosen = bool(chosen)
        self._reports_idle = reports_idle
        self._handled: dict[str, datetime] = {}
        """The minute in which each task's last fire time was that another tick has claimed."""

    @property
    def reports_handled(self) -> bool:
        """Return whether tasks are reported whose fire time was claimed before."""
        return self._talkative

    @property
    def explains(self) -> bool:
        """Return whether tasks that are not due are reported."""
        return self._verbose or (self._talkative and self._chosen)

    def noticed(self, notice: str) -> None:
        """Report something that should be fixed."""
        self._warn(_line(f"Notice: {notice}."))

    def found_broken(self, broken: Problem) -> None:
        """Report which task is broken, why and where."""
        self._fail(with_location(f"{broken.key} is broken: {broken.error}", broken.location), broken.traceback)

    def found_nothing(self) -> None:
        """Say how to create a first task."""
        if self._talkative:
            self._out("There are no tasks yet. Run craft task SayHi to create one.")

    def nothing_due(self) -> None:
        """Report an idle minute."""
        if self._talkative and self._reports_idle and not self.explains:
            self._out("Nothing is due.")

    def not_due(self, task: Described, next_run: datetime | None) -> None:
        """Report why a task does not run now."""
        then = f"; next run {zoned_text(next_run)}" if next_run else ""
        if task.is_on_demand:
            then = "; run it with --force"
        self._out(_line(f"{task.key} is not due: {task.describe()}{then}"))

    def offered(self, run: Run, *, is_new: bool = True) -> None:
        """Report a new run that waits for a worker."""
        if self._talkative and is_new:
            self._out(_line(offered_text(run)))

    def run_ended(self, run: Run, *, will_be_retried: bool = False) -> None:
        """Report the outcome of a run."""
        if run.failed:
            line = summary(run, will_be_retried=will_be_retried)
            self._fail(line, run.traceback, self._warn if will_be_retried else self._error)
        elif run.outcome is Outcome.MISSED:
            if self._verbose:
                self._warn(summary(run))
        elif self._talkative:
            self._out(summary(run))

    def planned(self, planned: PlannedAction) -> None:
        """Report what the tick would do."""
        time = f" for {zoned_text(planned.fire_time)}" if planned.fire_time else ""
        detail = f": {planned.detail}" if planned.detail else ""
        self._out(_line(f"{planned.key} {WOULD[planned.action]}{time}{detail}"))

    def claimed_before(self, task: Described, fire_time: datetime, run: Run | None) -> None:
        """Report that an earlier tick handled this fire time, once for all seconds of a minute."""
        minute = fire_time.replace(second=0, microsecond=0)
        if self._talkative and self._handled.get(task.key) != minute:
            self._handled[task.key] = minute
            self._out(_line(handled_text(task.key, fire_time, run, hints=self._reports_idle)))

    def stopping(self, running: int, grace: timedelta | None) -> None:
        """Say that nothing more starts, and how long it waits for what runs."""
        self._out(stopping_text(running, grace))

    def lost_store(self, error: Exception) -> None:
        """Report why nothing can be run, and how to fix it."""
        self._error(_line(f"{str(error)[0].upper()}{str(error)[1:]}."))

    def _fail(self, line: str, traceback: str, write: Callable[[str], None] | None = None) -> None:
        write = write or self._error
        write(_line(line))
        if self._verbose and traceback:
            write(escape(mask_secrets(traceback)).rstrip())


def _line(text: str) -> str:
    return one_line(mask_secrets(text))
