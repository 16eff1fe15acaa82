"""One tick: which tasks there are, whose minute it is, claim and run those, tell what came of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from scheduler import clock
from scheduler.announcement import announce, explain_idle, raised_when_asked
from scheduler.claims import claims_on
from scheduler.conditions import App
from scheduler.due import MINUTE, Due, judge
from scheduler.errors import OK, STORE_UNAVAILABLE, TASK_FAILED, StoreUnavailable, UnknownTask
from scheduler.listeners import ConsoleListener, Listener, RunListener
from scheduler.process import host_name
from scheduler.recovery import recover
from scheduler.Runner import Runner
from scheduler.runs import Ending, Pauses, Run
from scheduler.Settings import Settings
from scheduler.stores import Claim, Store
from scheduler.supervision import Supervisor, done
from scheduler.TaskRegistry import RegisteredTask, TaskRegistry, Tasks, unknown_task
from scheduler.Teller import Teller


class Host(App, Protocol):
    """What a scheduler needs of the app."""

    @property
    def base_path(self) -> str:
        """The folder of the app."""

    def run_listeners(self, settings: Settings) -> Sequence[RunListener]:
        """Return who else is told of runs, with the app's own means."""

    def after_fork(self) -> None:
        """Forget what a forked child must not share with its parent: connections to databases."""

    def open_store(self, settings: Settings) -> Store:
        """Return the store that the settings name."""


class Scheduler:
    """What `application.make("scheduler")` returns."""

    def __init__(self, registry: TaskRegistry, app: Host, settings: Settings) -> None:
        self.settings = settings
        self._registry = registry
        self._app = app
        self.teller = Teller(app.run_listeners(settings))
        self._runner = Runner(app, self.teller)
        self.found: Tasks | None = None
        """What `find` returned last."""

    @cached_property
    def store(self) -> Store:
        """The store, opened when it is first needed."""
        return self._app.open_store(self.settings)

    @property
    def tasks(self) -> list[Any]:
        """The tasks and task classes that were added."""
        return self._registry.added

    def add(self, *tasks: Any) -> None:
        """Register task classes or instances."""
        self._registry.add(*tasks)

    def find(self) -> Tasks:
        """Return every task of the app."""
        self.found = self._registry.tasks()
        return self.found

    def run(self, run_name: str | None = None, force: bool = False) -> int:
        """Run what is due, or only the task that `run_name` calls; with `force` due or not. Return the exit code."""
        listener = ConsoleListener(_print, _print_error)
        return self.tick(clock.now(), listener, [run_name] if run_name else (), force=force)

    def tick(
        self, now: datetime, listener: Listener, names: Iterable[str] = (), *, force: bool = False, inline: bool = False
    ) -> int:
        """Run every task that is due in the minute of `now`, or only those that `names` call; return the exit code.

        With `force` they run whether they are due or not, with `inline` in this process. Raises `UnknownTask` for a
        name that calls no task.
        """
        every = self.find()
        tasks = every.called(names) if names else every
        announce(tasks, listener)
        supervisor = self.supervisor(listener)
        with supervisor.stopped_by_signals():
            code = self.begin_tick(now, tasks, listener, supervisor, force=force, every=every)
            if inline or not hasattr(os, "fork"):
                supervisor.run_inline()
            while not supervisor.is_idle:
                supervisor.step()
        if supervisor.store_error:
            return STORE_UNAVAILABLE
        return max(code, TASK_FAILED if supervisor.failed else OK)

    def do_here(self, what: str, run: Run, endings: Sequence[Ending] = ()) -> dict[str, Any]:
        """Do in this process what a worker is for: `run` it, or `tell` `endings` of its task; return what it reports.

        Raises `UnknownTask` where the app, booted anew, has no such task to run.
        """
        task = next((task for task in self._registry.tasks().usable if task.key == run.key), None)
        if task is None and what == "run":
            raise UnknownTask(f"the app, booted anew, has no task {run.key!r}")
        return done(what, self._runner, task or unknown_task(run.key), run, endings)

    def supervisor(self, listener: Listener) -> Supervisor:
        """Return what sees runs to their outcome."""
        app = self._app
        return Supervisor(self.store, self._runner, self.settings, listener, app.after_fork, folder=app.base_path)

    def begin_tick(
        self,
        now: datetime,
        tasks: Tasks,
        listener: Listener,
        supervisor: Supervisor,
        *,
        force: bool = False,
        every: Tasks | None = None,
    ) -> int:
        """Judge and claim what is due of `tasks` and hand it to `supervisor`; return the exit code so far.

        `every` are all tasks of the app, where `tasks` are only some of them.
        """
        minute = clock.floor_minute(now)
        try:
            cursors = {} if force else self.store.cursors(before=minute)
            pauses = supervisor.pauses(now)
            with clock.standing_at(minute):
                due, failed = (
                    ([], []) if force else judge(tasks.usable, minute, cursors, pauses.of if pauses else None)
                )
        except StoreUnavailable as error:
            listener.lost_store(error)
            return STORE_UNAVAILABLE
        for task, raised in failed:
            listener.found_broken(raised_when_asked(task, raised))
        try:
            chosen = {task.key for task in tasks.usable}
            recover(self.store, every or tasks, chosen, supervisor, minute=minute, settings=self.settings)
            if force:
                self._force(tasks, supervisor)
            else:
                raised_in = {task.key for task, _ in failed}
                judged = [task for task in tasks.usable if task.rule is not None and task.key not in raised_in]
                self._claim(judged, due, now, supervisor, listener, pauses=pauses)
            self.store.prune(clock.real_now() - timedelta(days=self.settings.keep_days))
        except StoreUnavailable as error:
            listener.lost_store(error)
            return STORE_UNAVAILABLE
        if tasks.usable and not (due or failed or force):
            listener.nothing_due()
        if listener.explains and not force:
            told = {each.task.claim_key for each in due} | {task.claim_key for task, _ in failed}
            explain_idle((task for task in tasks.usable if task.claim_key not in told), minute, listener)
        return TASK_FAILED if tasks.broken or failed else OK

    def _claim(
        self,
        judged: list[RegisteredTask],
        due: Sequence[Due],
        now: datetime,
        supervisor: Supervisor,
        listener: Listener,
        *,
        pauses: Pauses,
    ) -> None:
        """Claim everything that is due of the `judged` tasks; what somebody else has claimed is theirs."""
        by_key = {task.key: task for task in judged}
        by_claim_key = {task.claim_key: task for task in judged}
        claims = [claim for each in due for claim in claims_on(by_claim_key[each.task.claim_key], each, now, pauses)]
        cursors = dict.fromkeys(by_claim_key, clock.floor_minute(now) + MINUTE)
        runs = self.store.claim(claims, cursors, supervisor.owner, clock.real_now(), ticked=host_name())
        won = {(run.key, run.fire_time) for run in runs}
        for claim in claims:
            if claim.outcome is None and claim.fire_time and (claim.key, claim.fire_time) not in won:
                listener.claimed_before(by_key[claim.key], claim.fire_time.astimezone(by_key[claim.key].zone))
        for run in runs:
            if run.outcome is not None:
                supervisor.tell(by_key[run.key], run)
        supervisor.submit([(by_key[run.key], run) for run in runs if run.outcome is None])

    def _force(self, tasks: Tasks, supervisor: Supervisor) -> None:
        """Claim a run without a fire time, and so without a slot, of every task."""
        by_key = {task.key: task for task in tasks.usable}
        claims = [Claim(task.key, None, None) for task in tasks.usable]
        runs = self.store.claim(claims, {}, supervisor.owner, clock.real_now(), ticked=host_name())
        supervisor.submit([(by_key[run.key], run) for run in runs])


def _print(line: str) -> None:
    print(line)  # noqa: T201 - a person reads it


def _print_error(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - a person reads it
