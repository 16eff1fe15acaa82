"""Tells a person, or the mail that cron sends them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from scheduler.listeners.account import in_a_line
from scheduler.listeners.Listener import Described, Failed
from scheduler.runs import Outcome, Plan, Planned, Run

WOULD = {
    Plan.RUN: "would run",
    Plan.RUN_LATE: "would run late",
    Plan.RETRY: "would be tried again",
    Plan.SKIP: "would be skipped",
    Plan.FAIL: "would fail",
    Plan.MISS: "would be missed",
    Plan.LEAVE: "would be left alone",
    Plan.WAIT: "would go on waiting",
    Plan.BURY: "would be written down as crashed",
}


class ConsoleListener:
    """Writes a line per event.

    Failures always go to `error`. A line per run goes to `out` if `talkative` (a person is watching); why tasks are not
    due only if `verbose` or if they were `chosen`, whole tracebacks and what was missed only if `verbose`; that nothing
    is due at all, only if `tells_idle`.
    """

    def __init__(
        self,
        out: Callable[[str], None],
        error: Callable[[str], None],
        *,
        talkative: bool = False,
        verbose: bool = False,
        chosen: Collection[str] = (),
        tells_idle: bool = True,
    ) -> None:
        self._out = out
        self._error = error
        self._talkative = talkative or verbose
        self._verbose = verbose
        self._chosen = bool(chosen)
        self._tells_idle = tells_idle

    @property
    def explains(self) -> bool:
        """Whether it wants to hear of tasks that are not due."""
        return self._verbose or (self._talkative and self._chosen)

    def noticed(self, notice: str) -> None:
        """Say what should be mended."""
        self._error(f"Notice: {notice}.")

    def found_broken(self, broken: Failed) -> None:
        """Say which task is broken, why and where."""
        self._fail(f"{broken.key} is broken: {broken.error}", broken)

    def found_nothing(self) -> None:
        """Say how to make a first task."""
        if self._talkative:
            self._out("There are no tasks yet: `craft task SayHi` writes one.")

    def nothing_due(self) -> None:
        """Say that the minute has no work."""
        if self._talkative and self._tells_idle and not self.explains:
            self._out("Nothing is due.")

    def not_due(self, task: Described, following: datetime | None) -> None:
        """Say why a task does not run now."""
        coming = f"; next at {following:%Y-%m-%d %H:%M}" if following else ""
        self._out(f"{task.key} is not due: {task.describe()}{coming}")

    def run_ended(self, run: Run) -> None:
        """Say what came of a run."""
        if run.failed:
            self._fail(in_a_line(run), run)
        elif self._verbose or (self._talkative and run.outcome is not Outcome.MISSED):
            self._out(in_a_line(run))

    def planned(self, planned: Planned) -> None:
        """Say what the tick would do."""
        time = f" for {planned.fire_time:%Y-%m-%d %H:%M}" if planned.fire_time else ""
        detail = f": {planned.detail}" if planned.detail else ""
        self._out(f"{planned.key} {WOULD[planned.plan]}{time}{detail}")

    def claimed_before(self, task: Described, fire_time: datetime) -> None:
        """Say that this fire time has been taken care of."""
        if self._talkative:
            self._out(f"{task.key} was started before for {fire_time:%H:%M}; --force runs it again")

    def lost_store(self, error: Exception) -> None:
        """Say why nothing can be run, and the mend."""
        self._error(f"{str(error)[0].upper()}{str(error)[1:]}.")

    def _fail(self, line: str, failed: Failed) -> None:
        place = f" ({failed.location})" if failed.location else ""
        self._error(line + place)
        if self._verbose and failed.traceback:
            self._error(failed.traceback.rstrip())
