"""Many runs at once: each in a process of its own, with leases, timeouts and outcomes."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from scheduler import clock
from scheduler.errors import StoreUnavailable
from scheduler.listeners import Listener
from scheduler.OutputFiles import OutputFiles
from scheduler.process import host_name, this_process
from scheduler.Runner import Runner
from scheduler.runs import Pauses, Run
from scheduler.Settings import Settings
from scheduler.stores import Store
from scheduler.supervision.Active import Active, listen
from scheduler.supervision.Heartbeat import Heartbeat
from scheduler.supervision.inline import run_here
from scheduler.supervision.Outcomes import Outcomes
from scheduler.supervision.Starter import Starter
from scheduler.supervision.Tellers import Tellers
from scheduler.supervision.Workers import Workers
from scheduler.TaskRegistry import RegisteredTask

POLL_SECONDS = 0.05


class Supervisor:
    """Starts the runs it is given, at most `settings.workers` at once, and sees each to its outcome.

    Call `submit`, then `step` until `is_idle`; `stop` makes it start nothing more. Runs of one task that may not
    overlap come one after the other. Whoever wants to hear of an outcome is told in a process of its own, once it is
    written down. `folder` is the app's.
    """

    def __init__(
        self,
        store: Store,
        runner: Runner,
        settings: Settings,
        listener: Listener,
        after_fork: Callable[[], None],
        *,
        folder: str = "",
    ) -> None:
        self._store = store
        self._runner = runner
        self._settings = settings
        self._listener = listener
        self._folder = folder
        self.owner = str(this_process())
        workers = Workers(runner, after_fork)
        self._heartbeat = Heartbeat(store, self.owner, settings.lease)
        self._tellers = Tellers(store, runner, workers, listener, self._lost_store)
        self._starter = Starter(store, settings, workers, self._tellers, self._files, owner=self.owner)
        self._outcomes = Outcomes(store, listener, self._starter, self._tellers, self._lost_store)
        self._active: list[Active] = []
        self._stop_at: float | None = None
        self.store_error: StoreUnavailable | None = None

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing left to do."""
        return not (self._starter.waiting or self._active or self._outcomes.runs) and self._tellers.is_idle

    @property
    def is_stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._starter.is_stopping

    @property
    def failed(self) -> bool:
        """Whether any run failed."""
        return self._outcomes.failed

    def knows(self, run: Run) -> bool:
        """Tell whether it sees to the run: it waits, is active, or its outcome is still to be written down."""
        waiting = [other for _, other in self._starter.waiting]
        active = [active.run for active in self._active]
        return any(other.id == run.id for other in (*waiting, *active, *self._outcomes.runs))

    def submit(self, runs: Sequence[tuple[RegisteredTask, Run]]) -> None:
        """Take on pending runs of this owner."""
        self._starter.waiting += runs

    def pauses(self, now: datetime) -> Pauses:
        """Return the pauses there are in the store, as seen at `now`."""
        return self._starter.pauses(now)

    def skips_paused(self, task: RegisteredTask, run: Run) -> bool:
        """Skip the run if its task is paused, and tell whether it is; what was forced is not kept back."""
        return self._starter.skips_paused(task, run)

    def tell(
        self, task: RegisteredTask, run: Run, *, will_be_retried: bool = False, hooks_are_due: bool = False
    ) -> None:
        """Let everybody hear of an outcome that was written down just now; it is said once."""
        self._tellers.tell(task, run, will_be_retried=will_be_retried, hooks_are_due=hooks_are_due)

    def stop(self) -> None:
        """Start nothing more; running tasks have `stop_grace` to end, called again they are ended at once."""
        grace = 0.0 if self.is_stopping else self._settings.stop_grace.total_seconds()
        self._stop_at = time.monotonic() + grace
        self._starter.is_stopping = True

    @contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT call `stop` as long as the block lasts; only in the main thread, as Python has it."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        kept = {number: signal.signal(number, lambda *_: self.stop()) for number in (signal.SIGTERM, signal.SIGINT)}
        kept[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler or signal.SIG_DFL)  # None is a handler that is not Python's

    def step(self, longest: float = 1.0) -> None:
        """Start what can be started, and handle what happens within `longest` seconds; it waits for nothing else."""
        was_idle = self.is_idle
        try:
            if self._active or self._starter.waiting:
                self._heartbeat.beat()
            if self.is_stopping:
                self._starter.give_back()
            self._starter.start_ready(self._active)
        except StoreUnavailable as error:
            self._lost_store(error)
        if was_idle or not self.is_idle:
            listen((*self._active, *self._tellers.active), self._patience(longest))
        for active in self._active:
            active.enforce_limits(self._settings.kill_grace, self._stop_at)
        for teller in self._tellers.active:
            teller.enforce_limits(self._settings.kill_grace)
        for active in [active for active in self._active if active.worker.has_ended()]:
            self._active.remove(active)
            self._outcomes.add_ended(active)
        self._tellers.see_to_ended()
        self._outcomes.save()
        self._tellers.start()

    def run_inline(self) -> None:
        """Run everything submitted in this process, one after the other: for debuggers and tests."""
        waiting = self._starter.waiting
        with self._heartbeat.beating():
            while waiting:
                task, run = waiting.pop(0)
                if not self._starter.may_start(task, run):
                    continue
                started = replace(run, started_at=clock.real_now(), host=host_name(), pid=os.getpid())
                if self._store.start(run, started.pid, clock.now()):
                    self._outcomes.add(task, run_here(self._runner, task, started, self._files(task)))
                self._outcomes.save()
                self._tellers.tell_here()
            self._tellers.tell_here()

    def _patience(self, longest: float) -> float:
        """Return how long to wait for something to happen."""
        patience = longest
        if self._active or self._tellers.active:
            patience = min(patience, POLL_SECONDS)
        waiting = self._starter.waiting
        starts = [run.start_after for _, run in waiting if run.start_after]
        if waiting and not self._active:
            soonest = min(starts, default=clock.real_now())
            patience = min(patience, max(0.0, (soonest - clock.real_now()).total_seconds()))
        return patience

    def _files(self, task: RegisteredTask) -> OutputFiles | None:
        if task.policy.output_to is None and task.policy.append_output_to is None:
            return None
        return OutputFiles(task.policy, self._folder, lambda why: self._listener.noticed(f"{task.key}: {why}"))

    def _lost_store(self, error: StoreUnavailable) -> None:
        if self.store_error is None:
            self._listener.lost_store(error)
        self.store_error = error
        if not self._active and not self._outcomes.runs:
            self._starter.waiting.clear()
