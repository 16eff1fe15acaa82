"""Whoever wants to hear of an outcome is told in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from scheduler.errors import StoreUnavailable
from scheduler.listeners import Listener
from scheduler.Policy import in_words
from scheduler.Runner import Runner
from scheduler.runs import Ending, Outcome, Run
from scheduler.stores import Store
from scheduler.supervision.Active import Active
from scheduler.supervision.Workers import Workers
from scheduler.TaskRegistry import RegisteredTask

TELLING_SECONDS = 60.0
"""How long telling everybody of an outcome may take, hooks included."""
TELLERS = 8
"""How many processes tell at once."""


class Tellers:
    """The outcomes that are to be told, and the processes that tell them.

    The console hears of an outcome at once, all others once `start` or `tell_here` is called. `lost_store` hears of a
    store that is away while a streak is forgotten.
    """

    def __init__(
        self,
        store: Store,
        runner: Runner,
        workers: Workers,
        listener: Listener,
        lost_store: Callable[[StoreUnavailable], None],
    ) -> None:
        self._store = store
        self._runner = runner
        self._workers = workers
        self._listener = listener
        self._lost_store = lost_store
        self._untold: list[tuple[RegisteredTask, Ending]] = []
        self.active: list[Active] = []

    @property
    def is_idle(self) -> bool:
        """Whether everything was told."""
        return not (self._untold or self.active)

    def tell(
        self, task: RegisteredTask, run: Run, *, will_be_retried: bool = False, hooks_are_due: bool = False
    ) -> None:
        """Let everybody hear of an outcome that was written down just now; it is said once."""
        begins, since = self._streak(task, run, will_be_retried=will_be_retried)
        self._listener.run_ended(run)
        ending = Ending(run, will_be_retried, begins, since, hooks_are_due)
        if self._runner.is_awaited(task, ending):
            self._untold.append((task, ending))

    def start(self) -> None:
        """Start telling what was not told yet, in one process for each task."""
        while self._untold and len(self.active) < TELLERS:
            task, endings = self._next()
            worker = self._workers.to_tell(task, endings)
            worker.go()
            begins = any(ending.begins_streak for ending in endings)
            self.active.append(Active(task, endings[-1].run, worker, TELLING_SECONDS, begins_streak=begins))

    def see_to_ended(self) -> None:
        """Let the next failure be told in the place of one that nobody could be told of."""
        for active in [active for active in self.active if active.worker.has_ended()]:
            self.active.remove(active)
            report = active.close()
            if active.ended_because is not None:
                seconds = in_words(timedelta(seconds=TELLING_SECONDS))
                notice = f"{active.task.key}: telling of its runs took longer than {seconds} and was ended"
                self._listener.noticed(notice)
            if active.begins_streak and not (report and report["told"]):
                self._forget_streak(active.task)

    def tell_here(self) -> None:
        """Tell in this process what was not told yet."""
        while self._untold:
            task, endings = self._next()
            told = self._runner.tell(task, endings)
            if not told and any(ending.begins_streak for ending in endings):
                self._forget_streak(task)

    def _next(self) -> tuple[RegisteredTask, list[Ending]]:
        task = self._untold[0][0]
        endings = [ending for other, ending in self._untold if other.key == task.key]
        self._untold = [(other, ending) for other, ending in self._untold if other.key != task.key]
        return task, endings

    def _streak(self, task: RegisteredTask, run: Run, *, will_be_retried: bool) -> tuple[bool, datetime | None]:
        """Return whether a streak of failures begins with the run, and since when one had lasted that it ends."""
        if task.policy.notify_on_failure and run.failed and not will_be_retried:
            return self._store.begin_streak(task.claim_key, run), None
        if task.policy.notify_on_failure and run.outcome is Outcome.SUCCEEDED:
            return False, self._store.end_streak(task.claim_key)
        return False, None

    def _forget_streak(self, task: RegisteredTask) -> None:
        try:
            self._store.end_streak(task.claim_key)
        except StoreUnavailable as error:
            self._lost_store(error)
