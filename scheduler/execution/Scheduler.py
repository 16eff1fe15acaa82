"""One tick: find the tasks, decide which are due, claim and run them, report the outcomes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from scheduler import clock
from scheduler.config.Settings import Settings
from scheduler.errors import OK, STORE_UNAVAILABLE, TASK_FAILED, StoreUnavailable, UnknownTask
from scheduler.execution.conditions import App
from scheduler.execution.Limits import LIMITS, Limits
from scheduler.execution.OneThread import OneThread
from scheduler.execution.plan import plan_tick, read_state
from scheduler.execution.reporting import announce, report_idle, should_run_problem
from scheduler.execution.Runner import Runner
from scheduler.execution.Supervisor import Supervisor
from scheduler.execution.TickExecution import TickExecution
from scheduler.execution.WorkerFactory import RUN, WorkerHost, execute
from scheduler.listeners import ConsoleListener, Listener, RunListener
from scheduler.listeners.ListenerDispatcher import ListenerDispatcher
from scheduler.processes.output import print_error, print_line
from scheduler.runs import CompletedRun, Run
from scheduler.stores import Store
from scheduler.tasks.RegisteredTask import unknown_task
from scheduler.tasks.TaskRegistry import TaskRegistry
from scheduler.tasks.Tasks import Tasks
from scheduler.text import escape


class Host(App, WorkerHost, Protocol):
    """What a scheduler needs from the app."""

    @property
    def base_path(self) -> str:
        """Return the folder of the app."""

    def run_listeners(self, settings: Settings) -> Sequence[RunListener]:
        """Return the listeners that notify by the app's own means."""

    def open_store(self, settings: Settings) -> Store:
        """Return the store that the settings name."""


class Scheduler:
    """The scheduler of an app: finds its tasks and runs its ticks."""

    def __init__(self, registry: TaskRegistry, app: Host, settings: Settings, limits: Limits = LIMITS) -> None:
        self.settings = settings
        self._registry = registry
        self._app = app
        self._limits = limits
        self.dispatcher = ListenerDispatcher(app.run_listeners(settings))
        self._runner = Runner(app, self.dispatcher)
        self._pid = os.getpid()
        self._one_thread = OneThread()
        self._is_for_tests = False
        self.is_typed = False
        """Whether a person at a terminal asked for this process's ticks, and not cron or another service."""
        self.found: Tasks | None = None
        """The tasks that `find` returned last."""

    @cached_property
    def store(self) -> Store:
        """Return the store, opened when it is first needed."""
        return self._app.open_store(self.settings)

    @property
    def tasks(self) -> list[Any]:
        """Return the tasks and task classes that were added."""
        return self._registry.added

    def add(self, *tasks: Any) -> None:
        """Register task classes or instances."""
        self._registry.add(*tasks)

    def forget_inherited(self) -> None:
        """Drop connections that this forked process shares with the process that created the scheduler."""
        if self._pid != os.getpid():
            self._app.after_fork()
            self._pid = os.getpid()

    def find(self) -> Tasks:
        """Return every task of the app."""
        self.found = self._registry.tasks()
        if self._is_for_tests:
            self.found.usable = [task.for_tests() for task in self.found.usable]
        return self.found

    def for_tests(self, store: Store) -> Scheduler:
        """Return a scheduler of the same app and tasks that uses another store, for tests of the app."""
        other = Scheduler(self._registry, self._app, self.settings, self._limits)
        other.store = store
        other._is_for_tests = True
        return other

    def run(self, run_name: str | None = None, force: bool = False) -> int:
        """Run what is due, or only the task `run_name`; with `force` due or not. Return the exit code."""
        listener = ConsoleListener(lambda line: print_line(escape(line)), lambda line: print_error(escape(line)))
        return self.tick(clock.now(), listener, [run_name] if run_name else (), force=force)

    def tick(
        self, now: datetime, listener: Listener, names: Iterable[str] = (), *, force: bool = False, inline: bool = False
    ) -> int:
        """Run every task that is due in the minute of `now`, or only those that `names` name; return the exit code.

        With `force` they run whether they are due or not, with `inline` in this process. Raises `UnknownTask` for an
        unknown name, and `AlreadyRunning` if another thread of this process is running a tick.
        """
        with self._one_thread:
            every = self.find()
            tasks = every.called(names) if names else every
            announce(tasks, listener)
            supervisor = self.supervisor(listener)
            with supervisor.stop_on_signals():
                code = self.begin_tick(now, tasks, listener, supervisor, force=force, every=every, inline=inline)
                if inline or not hasattr(os, "fork"):
                    supervisor.run_inline()
                supervisor.finish()
        if supervisor.store_error:
            return STORE_UNAVAILABLE
        return max(code, TASK_FAILED if supervisor.failed else OK)

    def execute_request(self, what: str, run: Run, completed_runs: Sequence[CompletedRun] = ()) -> dict[str, Any]:
        """Execute a worker's job in this process, which was started for it, and return the report.

        Raises `UnknownTask` if the freshly booted app does not have the task.
        """
        task = next((task for task in self._registry.tasks().usable if task.key == run.key), None)
        if task is None and what == RUN:
            raise UnknownTask(f"the freshly booted app has no task {run.key!r}")
        return execute(what, self._runner, task or unknown_task(run.key), run, completed_runs)

    def supervisor(self, listener: Listener, store: Store | None = None) -> Supervisor:
        """Return a new supervisor, by default for the scheduler's own connection to the store."""
        return Supervisor(store or self.store, self._runner, self.settings, listener, self._app, limits=self._limits)

    def begin_tick(
        self,
        now: datetime,
        tasks: Tasks,
        listener: Listener,
        supervisor: Supervisor,
        *,
        force: bool = False,
        every: Tasks | None = None,
        inline: bool = False,
    ) -> int:
        """Plan the tick at `now` and execute it: `supervisor` starts the runs. Return the exit code so far.

        `every` are all tasks of the app, if `tasks` are only some of them. `inline` runs are not handed to executors.
        """
        every = every or tasks
        try:
            state = read_state(self.store, now, every, cursors=not force)
            supervisor.use_pauses(state.pauses)
            owner, handled = supervisor.owner, supervisor.run_ids
            plan = plan_tick(now, tasks, state, self.settings, every=every, owner=owner, handled=handled, force=force)
            for task, raised in plan.failures:
                listener.found_broken(should_run_problem(task, raised))
            uses_executors = not inline and self.settings.store != "memory"
            TickExecution(
                self.store, supervisor, listener, every, state.read_at,
                uses_executors=uses_executors, is_typed=self.is_typed or force,
            ).execute(plan)  # fmt: skip
            for notice in self.store.take_notices():
                listener.noticed(notice)
            self._prune(state.read_at - timedelta(days=self.settings.keep_days))
        except StoreUnavailable as error:
            supervisor.report_lost_store(error)
            return STORE_UNAVAILABLE
        report_idle(plan, tasks, listener)
        return TASK_FAILED if tasks.broken or plan.failures else OK

    def _prune(self, before: datetime) -> None:
        """Delete what ended before `before`; if the store cannot do so now, a later tick will."""
        with suppress(StoreUnavailable):
            before = self.store.advance_horizon(before)
            self.store.prune(before)
            self.store.prune_workers(before)
