"""Many runs at once: each in a process of its own, with leases, timeouts and outcomes."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from scheduler import clock
from scheduler.config.Settings import Settings
from scheduler.errors import StoreUnavailable
from scheduler.execution.ActiveRun import ActiveRun, wait_for_output
from scheduler.execution.HandOver import HandOver
from scheduler.execution.Heartbeat import Heartbeat
from scheduler.execution.inline import run_here
from scheduler.execution.Limits import Limits
from scheduler.execution.NotificationQueue import NotificationQueue
from scheduler.execution.OutcomeRecorder import OutcomeRecorder
from scheduler.execution.OutputFiles import OutputFiles
from scheduler.execution.RunLauncher import RunLauncher
from scheduler.execution.Runner import Runner
from scheduler.execution.WorkerFactory import WorkerFactory, WorkerHost
from scheduler.listeners import Listener
from scheduler.processes import stop_on_signals
from scheduler.processes.Guardian import Guardian
from scheduler.processes.identity import host_name, this_process
from scheduler.processes.leftovers import forget_ended_readers
from scheduler.processes.output import drain_output
from scheduler.processes.streams import open_missing_streams
from scheduler.processes.tree import reap_orphans
from scheduler.rules.durations import duration_text
from scheduler.runs import Outcome, Pauses, Run
from scheduler.stores import Store
from scheduler.stores.meanwhile import meanwhile
from scheduler.tasks.RegisteredTask import RegisteredTask

STEP_SECONDS = 1.0
"""The longest wait of a step: a clock change or a machine's sleep is noticed within that time."""
BLIND_SECONDS = 0.05
"""The longest wait if the end of a worker cannot wake this process, and between two tries of what failed."""
ENDING_SECONDS = 0.001
"""The longest wait for a worker that has closed its pipe and is about to end."""

STOPS_REPORTED = 2
"""How many stop signals have an effect: the second one ends all runs."""

LOST = "it was ended because another scheduler had taken it over, after this one did not renew its lease in time"
"""The error of a run that this process no longer owns."""

_numbers = itertools.count(1)


class SupervisorHost(WorkerHost, Protocol):
    """What a supervisor needs from the app."""

    @property
    def base_path(self) -> str:
        """Return the folder of the app."""


class Supervisor:
    """Executes runs, at most `settings.workers` at once, until the outcome of each is recorded.

    For one run or many: `submit` pending runs of this `owner`, then `finish`, or call `step` until `is_idle`. `stop`
    makes it start nothing more. Runs of one task that may not overlap come one after the other. Once an outcome is
    recorded, a process of its own sends the notifications.
    """

    def __init__(
        self,
        store: Store,
        runner: Runner,
        settings: Settings,
        listener: Listener,
        host: SupervisorHost,
        *,
        limits: Limits,
    ) -> None:
        open_missing_streams()
        self._store = store
        self._runner = runner
        self._settings = settings
        self._listener = listener
        self._host = host
        self.owner = f"{this_process()}:{next(_numbers)}"
        workers, lost = WorkerFactory(runner, host), self._lost_store
        lease, kill_grace = settings.lease.total_seconds(), settings.kill_grace.total_seconds()
        self._guardian = Guardian(lease, kill_grace, is_needed=store.crosses_machines)
        self._heartbeat = Heartbeat(store, self.owner, settings, self._held, self._guardian.renew)
        self._notifications = NotificationQueue(store, runner, workers, listener, lost, seconds=limits.notifying)
        self._launcher = RunLauncher(
            store, settings, workers, self._notifications, self._files, guardian=self._guardian, owner=self.owner,
            starting_seconds=limits.starting, output_format=listener.output_format,
        )  # fmt: skip
        self._outcomes = OutcomeRecorder(
            store, listener, self._launcher, self._notifications, lost, seconds=limits.saving
        )
        self._hand_over = HandOver(workers, listener, limits.handing_over)
        self._active: list[ActiveRun] = []
        self._inline: dict[int, str] = {}
        self._stop_at: float | None = None
        self._stops = self._stops_reported = 0
        self._wakeup = -1
        self.store_error: StoreUnavailable | None = None

    @property
    def is_idle(self) -> bool:
        """Return whether there is nothing left to do."""
        is_done = not (self._launcher.pending or self._active or self._outcomes.runs)
        return is_done and self._notifications.is_idle and self._hand_over.is_idle

    @property
    def is_stopping(self) -> bool:
        """Return whether `stop` was called."""
        return self._launcher.is_stopping

    @property
    def failed(self) -> bool:
        """Return whether any run failed."""
        return self._outcomes.failed

    @property
    def run_ids(self) -> frozenset[int]:
        """Return the ids of its runs: pending, active, or with an outcome that is not recorded yet."""
        pending = (run for _, run in (*self._launcher.pending, *self._hand_over.waiting))
        active = (active.run for active in self._active)
        return frozenset(run.id for run in (*pending, *active, *self._outcomes.runs))

    def submit(self, runs: Sequence[tuple[RegisteredTask, Run]]) -> None:
        """Accept pending runs: it starts those of this owner, and hands offered ones to their executors."""
        self._launcher.submit(each for each in runs if not each[1].is_offered)
        self._hand_over.submit(each for each in runs if each[1].is_offered)

    def use_pauses(self, pauses: Pauses) -> None:
        """Apply these pauses, which were just read, when starting runs."""
        self._launcher.use_pauses(pauses)

    def notify(
        self, task: RegisteredTask, run: Run, *, will_be_retried: bool = False, hooks_are_due: bool = False
    ) -> None:
        """Notify listeners, once, of an outcome that was just recorded."""
        self._notifications.notify(task, run, will_be_retried=will_be_retried, hooks_are_due=hooks_are_due)

    def stop(self) -> None:
        """Start nothing more. Running tasks have `stop_grace` to end; a second call ends them at once."""
        grace = 0.0 if self.is_stopping else self._settings.stop_grace.total_seconds()
        self._stop_at = time.monotonic() + grace
        self._launcher.is_stopping = True
        self._stops += 1

    def report_stop(self) -> None:
        """Report that it is stopping, and later that runs are ended now; the signal's handler must not write."""
        if self._stops > self._stops_reported and self._stops_reported < STOPS_REPORTED:
            grace = self._settings.stop_grace if self._stops == 1 else None
            self._stops_reported = self._stops
            self._listener.stopping(len(self._active), grace or None)

    @contextmanager
    def stop_on_signals(self) -> Iterator[None]:
        """Stop on SIGTERM, SIGINT, SIGHUP or SIGQUIT while the block lasts; only in the main thread.

        Within it, runs are supervised also while the store does not answer.
        """
        with stop_on_signals(self.stop) as wakeup, meanwhile(self._attend):
            self._wakeup = wakeup
            try:
                yield
            finally:
                self._wakeup = -1

    def finish(self) -> None:
        """Wait until every submitted run has an outcome, and write the rest of the output."""
        while not self.is_idle:
            self.step()
        drain_output()

    def step(self, longest: float = STEP_SECONDS) -> None:
        """Start the runs that can start, and handle what happens within `longest` seconds."""
        was_idle = self.is_idle
        self.report_stop()
        self._start_runs()
        self._hand_over.start(clock.real_now())
        if was_idle or not self.is_idle:
            actives = (*self._active, *self._notifications.active, *self._hand_over.active)
            wait_for_output(actives, self._wakeup, self._seconds_to_wait(longest))
        self._enforce_limits()
        self._collect_ended()
        self._notifications.finish_ended()
        self._hand_over.finish_ended()
        self._outcomes.save()
        self._notifications.start()
        if not self._active:
            self._guardian.close()
        forget_ended_readers()
        reap_orphans([active.worker.pid for active in (*self._active, *self._notifications.active)])

    def run_inline(self) -> None:
        """Run everything submitted in this process, one after the other: for debuggers and tests."""
        with self._heartbeat.renewing():
            while self._launcher.pending:
                task, run = self._launcher.take_first()
                if not self._launcher.may_start(task, run):
                    continue
                now, process = clock.real_now(), this_process()
                started = replace(run, started_at=now, host=host_name(), pid=process.pid, process=str(process))
                if self._launcher.begin(task, run, process, now):
                    self._inline = {run.id: "" if task.options.overlap else task.claim_key}
                    self._outcomes.add(task, run_here(self._runner, task, started, self._files(task)))
                self._outcomes.save()
                self._notifications.notify_here()
            self._notifications.notify_here()
            self._hand_over.hand_over_here(clock.real_now())

    def _start_runs(self) -> None:
        """Renew the leases and start the runs that can start, or give pending ones back if it is stopping."""
        try:
            if not self.is_idle:
                self._give_up(self._heartbeat.beat())
            if self.is_stopping:
                self._hand_over.clear()
                self._launcher.give_back()
            for active in self._launcher.start_ready(self._active):
                self._active.append(active)
        except StoreUnavailable as error:
            self._lost_store(error)

    def _attend(self) -> None:
        """Do what must not wait for the store: pass on output, end runs in time, report that it is stopping."""
        wait_for_output((*self._active, *self._notifications.active, *self._hand_over.active), -1, 0.0)
        self._enforce_limits()

    def _enforce_limits(self) -> None:
        """End what has run for too long, and report a stop before it takes effect: a signal may come at any moment."""
        stop_at = self._stop_at
        self.report_stop()
        for active in self._active:
            self._report_problems(active)
            active.enforce_limits(self._settings.kill_grace, stop_at)
        for sending in (*self._notifications.active, *self._hand_over.active):
            sending.enforce_limits(self._settings.kill_grace)

    def _collect_ended(self) -> None:
        """Take the outcomes of workers that have ended."""
        for active in [active for active in self._active if active.worker.has_ended()]:
            self._active.remove(active)
            if self._guardian.release(active.worker.pid):
                active.end(Outcome.CRASHED, self._settings.kill_grace, self._lapsed())
            self._outcomes.add_ended(active)
            self._report_problems(active)

    def _report_problems(self, active: ActiveRun) -> None:
        """Report problems that are not the run's own, such as a monitor that could not be notified of its start."""
        for problem in active.worker.take_problems():
            self._listener.noticed(problem)

    def _held(self) -> dict[int, str]:
        """Return the runs whose heartbeat it renews, with the claim key of those that hold their task's lease."""
        pending = [run for _, run in self._launcher.pending]
        held = {run.id: "" for run in (*pending, *self._outcomes.runs)}
        running = (active for active in self._active if not active.task.options.overlap)
        held |= {active.run.id: "" for active in self._active}
        return held | {active.run.id: active.task.claim_key for active in running} | self._inline

    def _lapsed(self) -> str:
        """Return the error of a run that the guardian has ended."""
        lease = duration_text(self._settings.lease)
        return f"it was ended because its lease could not be renewed for {lease}: another scheduler may have taken it"

    def _give_up(self, lost: frozenset[int]) -> None:
        """Drop pending runs that others have taken over, and end running ones."""
        self._launcher.forget(lost)
        for active in self._active:
            if active.run.id in lost:
                active.end(Outcome.CRASHED, self._settings.kill_grace, LOST)

    def _seconds_to_wait(self, longest: float) -> float:
        """Return how long to wait for something to happen."""
        actives = (*self._active, *self._notifications.active, *self._hand_over.active)
        waits = [longest, STEP_SECONDS]
        if any(active.worker.is_ending and active.worker.end < 0 for active in actives):
            waits.append(ENDING_SECONDS)
        elif actives and (self._wakeup < 0 or any(active.worker.end < 0 for active in actives)):
            waits.append(BLIND_SECONDS)
        if self._outcomes.runs or self._notifications.is_blocked:
            waits.append(BLIND_SECONDS)
        now = time.monotonic()
        limits = [active.next_limit for active in actives]
        if any(active.kill_at is None for active in self._active):
            limits.append(self._stop_at)
        waits += [limit - now if limit > now else BLIND_SECONDS for limit in limits if limit is not None]
        return max(0.0, min(*waits, self._seconds_to_start()))

    def _seconds_to_start(self) -> float:
        """Return how long to wait until a pending run can start, if it only waits for its time.

        While all workers are busy, none can: then thousands of pending runs are not looked at.
        """
        now = clock.real_now()
        is_full = len(self._active) >= self._settings.workers
        pending = [run for _, run in (*(() if is_full else self._launcher.pending), *self._hand_over.waiting)]
        starts = [(run.start_after - now).total_seconds() if run.start_after else 0.0 for run in pending]
        coming = [start for start in starts if start > 0]
        if len(coming) < len(starts) and not self._active:
            coming.append(BLIND_SECONDS)
        return min(coming, default=STEP_SECONDS)

    def _files(self, task: RegisteredTask) -> OutputFiles | None:
        if task.options.output_to is None and task.options.append_output_to is None:
            return None
        folder = self._host.base_path
        return OutputFiles(task.options, folder, lambda why: self._listener.noticed(f"{task.key}: {why}"))

    def report_lost_store(self, error: StoreUnavailable) -> None:
        """Report that the store cannot be used, unless that was reported since `store_error` was set to None."""
        if self.store_error is None:
            self._listener.lost_store(error)
        self.store_error = error

    def _lost_store(self, error: StoreUnavailable) -> None:
        self.report_lost_store(error)
        if not self._active and not self._outcomes.runs:
            self._launcher.clear()
