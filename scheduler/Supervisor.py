"""Many runs at once: each in a process of its own, with leases, timeouts and outcomes."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from scheduler import clock, printed
from scheduler.errors import StoreUnavailable
from scheduler.isolation import Worker, fork_worker, packed, packed_endings, spawn_worker
from scheduler.listeners import Listener
from scheduler.OutputFiles import OutputFiles
from scheduler.Policy import in_words
from scheduler.process import host_name, identity_of, this_process
from scheduler.Runner import Runner
from scheduler.runs import Ending, Outcome, Pauses, Run, SkipReason
from scheduler.Settings import Settings
from scheduler.stores import Claim, Lease, Store, lease_token, slot_of
from scheduler.TaskRegistry import RegisteredTask

OUTPUT_KEPT = 64 * 1024
BEATS_PER_LEASE = 4
POLL_SECONDS = 0.05
SAVING_TRIES_SECONDS = 60.0
TELLING_SECONDS = 60.0
"""How long telling everybody of an outcome may take, hooks included."""
TELLERS = 8
"""How many processes tell at once."""
PAUSES_SECONDS = 1.0
"""How old what is known of pauses may be when a run starts."""
BOOT_SECONDS = 60.0
"""How long a fresh interpreter may take to boot the app."""
RETRIED_HERE = timedelta(minutes=1)
"""A retry that comes sooner than this is waited for, any other is left to a later tick."""


class Active:
    """A run, or the telling of some, whose worker lives; its `limit` of seconds counts from when that has begun."""

    def __init__(
        self,
        task: RegisteredTask,
        run: Run,
        worker: Worker,
        limit: float | None,
        files: OutputFiles | None = None,
        *,
        begins_streak: bool = False,
    ) -> None:
        self.task = task
        self.run = run
        self.worker = worker
        self.limit = limit
        self.deadline: float | None = None
        self.has_begun = False
        self._allow(max(limit or 0.0, BOOT_SECONDS) if worker.boots else limit)
        self.kill_at: float | None = None
        self.ended_because: Outcome | None = None
        self.files = files
        self.begins_streak = begins_streak
        self.output = bytearray()

    def look(self) -> None:
        """Notice that its worker has begun."""
        if not self.has_begun and self.worker.has_begun:
            self.has_begun = True
            self._allow(self.limit)

    def _allow(self, seconds: float | None) -> None:
        self.deadline = None if seconds is None else time.monotonic() + seconds

    def keep(self, data: bytes) -> None:
        """Keep the end of what it printed, and write all of it to the files that are for it."""
        if self.files is not None:
            self.files.write(data)
        self.output += data
        del self.output[: max(0, len(self.output) - OUTPUT_KEPT)]


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
        self._after_fork = after_fork
        self._folder = folder
        self.owner = str(this_process())
        self._waiting: list[tuple[RegisteredTask, Run]] = []
        self._active: list[Active] = []
        self._unsaved: list[tuple[RegisteredTask, Run, bool]] = []
        self._untold: list[tuple[RegisteredTask, Ending]] = []
        self._tellers: list[Active] = []
        self._pauses = Pauses((), clock.now())
        self._pauses_read_at = -PAUSES_SECONDS
        self._unsaved_since = 0.0
        self._beaten_at = time.monotonic()
        self._beaten_when = clock.real_now()
        self._stop_at: float | None = None
        self.failed = False
        self.store_error: StoreUnavailable | None = None

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing left to do."""
        return not (self._waiting or self._active or self._unsaved or self._untold or self._tellers)

    @property
    def is_stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stop_at is not None

    def knows(self, run: Run) -> bool:
        """Tell whether it sees to the run: it waits, is active, or its outcome is still to be written down."""
        known = [other for _, other in self._waiting] + [other for _, other, _ in self._unsaved]
        return any(other.id == run.id for other in (*known, *(active.run for active in self._active)))

    def submit(self, runs: Sequence[tuple[RegisteredTask, Run]]) -> None:
        """Take on pending runs of this owner."""
        self._waiting += runs

    def pauses(self, now: datetime) -> Pauses:
        """Return the pauses there are in the store, as seen at `now`."""
        self._pauses = Pauses(self._store.pauses(), now)
        self._pauses_read_at = time.monotonic()
        return self._pauses

    def tell(
        self, task: RegisteredTask, run: Run, *, will_be_retried: bool = False, hooks_are_due: bool = False
    ) -> None:
        """Let everybody hear of an outcome that was written down just now; it is said once."""
        begins, since = self._streak(task, run, will_be_retried=will_be_retried)
        self._listener.run_ended(run)
        ending = Ending(run, will_be_retried, begins, since, hooks_are_due)
        if self._runner.is_awaited(task, ending):
            self._untold.append((task, ending))

    def stop(self) -> None:
        """Start nothing more; running tasks have `stop_grace` to end, called again they are ended at once."""
        grace = 0.0 if self.is_stopping else self._settings.stop_grace.total_seconds()
        self._stop_at = time.monotonic() + grace

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
                signal.signal(number, handler)

    def step(self, longest: float = 1.0) -> None:
        """Start what can be started, and handle what happens within `longest` seconds; it waits for nothing else."""
        was_idle = self.is_idle
        try:
            self._beat()
            if self.is_stopping:
                self._give_back()
            self._start_ready()
        except StoreUnavailable as error:
            self._lost_store(error)
        if was_idle or not self.is_idle:
            self._listen(self._patience(longest))
        self._enforce_limits()
        for active in [active for active in self._active if active.worker.has_ended()]:
            self._active.remove(active)
            self._ended(active)
        for teller in [teller for teller in self._tellers if teller.worker.has_ended()]:
            self._tellers.remove(teller)
            self._has_told(teller)
        self._save()
        self._start_telling()

    def run_inline(self) -> None:
        """Run everything submitted in this process, one after the other: for debuggers and tests."""
        with self._beating():
            while self._waiting:
                task, run = self._waiting.pop(0)
                if not self._may_start(task, run):
                    continue
                started = replace(run, started_at=clock.real_now(), host=host_name(), pid=os.getpid())
                if self._store.start(run, started.pid, clock.now()):
                    self._conclude(task, self._run_here(task, started))
                self._save()
                self._tell_here()
            self._tell_here()

    @contextmanager
    def _beating(self) -> Iterator[None]:
        """Let a thread beat as long as the block lasts: this one is busy with a task."""
        store = self._store.reopened()
        if store is None:
            yield
            return
        done = threading.Event()

        def beat() -> None:
            while not done.wait(self._settings.lease.total_seconds() / BEATS_PER_LEASE):
                with suppress(StoreUnavailable):
                    store.beat(self.owner, clock.real_now(), self._settings.lease)
            store.close()

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    # -- starting --

    def _start_ready(self) -> None:
        """Start what can be started; what the store fails at stays where it is."""
        now = clock.real_now()
        position = 0
        while position < len(self._waiting) and len(self._active) < self._settings.workers and not self.is_stopping:
            task, run = self._waiting[position]
            if (run.start_after and run.start_after > now) or self._must_wait_for_itself(task):
                position += 1
                continue
            if self._may_start(task, run):
                self._launch(task, run)
            del self._waiting[position]

    def _must_wait_for_itself(self, task: RegisteredTask) -> bool:
        return not task.policy.overlap and any(active.task.key == task.key for active in self._active)

    def _may_start(self, task: RegisteredTask, run: Run) -> bool:
        """Take the task's lease; where somebody else has it, or the task is paused, the run is skipped.

        A retry for which somebody else has the lease is left to a later tick.
        """
        if self.skips_paused(task, run):
            return False
        if task.policy.overlap:
            return True
        now = clock.real_now()
        token = lease_token(self.owner, run.id)
        lease = Lease(task.claim_key, token, self.owner, host_name(), os.getpid(), now + self._settings.lease)
        if self._store.acquire(lease, now):
            return True
        if run.attempt > 1:
            self._store.adopt(run, "", now)
            return False
        held = next((lease for lease in self._store.leases() if lease.key == task.claim_key), None)
        where = f" (process {held.pid} on {held.host})" if held else ""
        self._skip(task, run, SkipReason.STILL_RUNNING, f"an earlier run has not ended{where}")
        return False

    def skips_paused(self, task: RegisteredTask, run: Run) -> bool:
        """Skip the run if its task is paused, and tell whether it is; what was forced is not kept back."""
        if run.fire_time is None:
            return False
        if time.monotonic() - self._pauses_read_at >= PAUSES_SECONDS:
            self.pauses(clock.now())
        pause = self._pauses.of(task)
        if pause is None:
            return False
        self._skip(task, run, SkipReason.PAUSED, pause.describe())
        return True

    def _skip(self, task: RegisteredTask, run: Run, reason: SkipReason, detail: str) -> None:
        ended_at = clock.real_now()
        skipped = replace(run, outcome=Outcome.SKIPPED, skip_reason=reason, detail=detail, ended_at=ended_at)
        if self._store.finish(skipped):
            self.tell(task, skipped)

    def _launch(self, task: RegisteredTask, run: Run) -> None:
        started = replace(run, started_at=clock.real_now(), host=host_name())
        worker = self._worker("run", task, started, [])
        identity = str(identity_of(worker.pid))
        started = replace(started, pid=worker.pid)
        may_start = False
        try:
            if not task.policy.overlap:
                self._store.hand_over(task.claim_key, lease_token(self.owner, run.id), identity, worker.pid)
            may_start = self._store.start(run, worker.pid, started.started_at or clock.real_now())
        finally:
            if not may_start:
                worker.send(signal.SIGKILL)
                os.waitpid(worker.pid, 0)
                worker.close()
        if not may_start:
            self._release(task, run)
            return
        worker.go()
        limit = task.policy.timeout
        self._active.append(Active(task, started, worker, limit.total_seconds() if limit else None, self._files(task)))

    def _worker(self, what: str, task: RegisteredTask, run: Run, endings: Sequence[Ending]) -> Worker:
        """Return a worker for `what`: forked, unless threads of this process could leave locks behind in the child."""
        if hasattr(os, "fork") and _threads() == 1:
            return fork_worker(lambda: done(what, self._runner, task, run, endings), self._after_fork)
        return spawn_worker([what, packed(run)], packed_endings(endings) if endings else "")

    # -- while they run --

    def _beat(self) -> None:
        """Tell that this process lives, when it is time; at once where the clock was set, or the machine slept."""
        if not self._active and not self._waiting:
            return
        pause = self._settings.lease / BEATS_PER_LEASE
        now = clock.real_now()
        if time.monotonic() - self._beaten_at >= pause.total_seconds() or abs(now - self._beaten_when) >= pause:
            self._store.beat(self.owner, now, self._settings.lease)
            self._beaten_at, self._beaten_when = time.monotonic(), now

    def _patience(self, longest: float) -> float:
        """Return how long to wait for something to happen."""
        patience = longest
        if self._active or self._tellers:
            patience = min(patience, POLL_SECONDS)
        starts = [run.start_after for _, run in self._waiting if run.start_after]
        if self._waiting and not self._active:
            soonest = min(starts, default=clock.real_now())
            patience = min(patience, max(0.0, (soonest - clock.real_now()).total_seconds()))
        return patience

    def _listen(self, patience: float) -> None:
        workers = {fd: active for active in (*self._active, *self._tellers) for fd in active.worker.descriptors}
        if not workers:
            if patience:
                time.sleep(patience)
            return
        poll = select.poll()
        for descriptor in workers:
            poll.register(descriptor, select.POLLIN)
        for descriptor, _ in poll.poll(patience * 1000):
            self._pass_on(workers[descriptor], descriptor)

    def _pass_on(self, active: Active, descriptor: int) -> bytes:
        stream = sys.stderr if descriptor == active.worker.errors else sys.stdout
        data = active.worker.read(descriptor)
        if data:
            active.keep(data)
            _write(stream, data)
        return data

    def _drain(self, active: Active) -> None:
        """Pass on what an ended worker printed last; what processes it left behind print later, is theirs."""
        for descriptor in (active.worker.output, active.worker.errors):
            while descriptor in active.worker.descriptors and self._pass_on(active, descriptor):
                pass

    def _enforce_limits(self) -> None:
        now = time.monotonic()
        for active in (*self._active, *self._tellers):
            active.look()
            if active.kill_at is not None:
                if now >= active.kill_at:
                    active.worker.send(signal.SIGKILL)
            elif active.deadline is not None and now >= active.deadline:
                self._end(active, Outcome.TIMED_OUT)
            elif self._stop_at is not None and now >= self._stop_at and active in self._active:
                self._end(active, Outcome.CRASHED)

    def _end(self, active: Active, because: Outcome) -> None:
        active.ended_because = because
        active.kill_at = time.monotonic() + self._settings.kill_grace.total_seconds()
        active.worker.send(signal.SIGTERM)

    # -- outcomes --

    def _ended(self, active: Active) -> None:
        self._drain(active)
        report = active.worker.report()
        if active.ended_because is not None:
            active.worker.send(signal.SIGKILL)
        active.worker.close()
        run = replace(active.run, ended_at=clock.real_now(), output=active.output.decode("utf-8", "replace"))
        status = active.worker.status or 0
        if active.ended_because is Outcome.TIMED_OUT and report is None:
            limit = active.task.policy.timeout
            run = replace(
                run,
                outcome=Outcome.TIMED_OUT,
                error=f"it was ended after its timeout of {in_words(limit) if limit else None}",
            )
        elif report is not None:
            run = _with_report(run, report)
        elif active.ended_because is Outcome.CRASHED:
            run = replace(run, outcome=Outcome.CRASHED, error="it was ended because the scheduler was told to stop")
        else:
            run = replace(run, outcome=Outcome.CRASHED, error=_crash(status))
        if active.files is not None:
            active.files.close(ran=run.outcome is not Outcome.SKIPPED)
        self._conclude(active.task, run, hooks_are_due=report is None)

    def _conclude(self, task: RegisteredTask, run: Run, *, hooks_are_due: bool = False) -> None:
        self._unsaved.append((task, run, hooks_are_due))
        self._unsaved_since = self._unsaved_since or time.monotonic()
        self.failed = self.failed or run.failed

    def _save(self) -> None:
        """Write down outcomes, release leases, arrange retries; where the store is away, try again for a while."""
        while self._unsaved:
            task, run, hooks_are_due = self._unsaved[0]
            retry = retry_of(task, run)
            try:
                recorded = self._store.finish(run, retry)
                self._release(task, run)
                if retry and recorded:
                    self._take_up(task, retry)
                if recorded:
                    self.tell(task, run, will_be_retried=retry is not None, hooks_are_due=hooks_are_due)
                else:
                    self._listener.run_ended(run)
            except StoreUnavailable as error:
                self._lost_store(error)
                if time.monotonic() - self._unsaved_since > SAVING_TRIES_SECONDS:
                    self._unsaved.clear()
                return
            self._unsaved.pop(0)
        self._unsaved_since = 0.0

    def _take_up(self, task: RegisteredTask, retry: Claim) -> None:
        """Wait here for a retry that comes soon; any other is left to a later tick."""
        if task.policy.retry_delay >= RETRIED_HERE or self.is_stopping:
            return
        for run in self._store.open_runs():
            is_it = (run.key, run.fire_time, run.attempt, run.owner) == (retry.key, retry.fire_time, retry.attempt, "")
            if is_it and self._store.adopt(run, self.owner, clock.real_now()):
                self._waiting.append((task, replace(run, owner=self.owner)))

    # -- telling --

    def _streak(self, task: RegisteredTask, run: Run, *, will_be_retried: bool) -> tuple[bool, datetime | None]:
        """Return whether a streak of failures begins with the run, and since when one had lasted that it ends."""
        if task.policy.notify_on_failure and run.failed and not will_be_retried:
            return self._store.begin_streak(task.claim_key, run), None
        if task.policy.notify_on_failure and run.outcome is Outcome.SUCCEEDED:
            return False, self._store.end_streak(task.claim_key)
        return False, None

    def _start_telling(self) -> None:
        """Start telling what was not told yet, in one process for each task."""
        while self._untold and len(self._tellers) < TELLERS:
            task, endings = self._next_to_tell()
            run, begins = endings[-1].run, any(ending.begins_streak for ending in endings)
            worker = self._worker("tell", task, run, endings)
            worker.go()
            self._tellers.append(Active(task, run, worker, TELLING_SECONDS, begins_streak=begins))

    def _next_to_tell(self) -> tuple[RegisteredTask, list[Ending]]:
        task = self._untold[0][0]
        endings = [ending for other, ending in self._untold if other.key == task.key]
        self._untold = [(other, ending) for other, ending in self._untold if other.key != task.key]
        return task, endings

    def _has_told(self, teller: Active) -> None:
        """Let the next failure be told in the place of one that nobody could be told of."""
        self._drain(teller)
        report = teller.worker.report()
        if teller.ended_because is not None:
            teller.worker.send(signal.SIGKILL)
            seconds = in_words(timedelta(seconds=TELLING_SECONDS))
            self._listener.noticed(f"{teller.task.key}: telling of its runs took longer than {seconds} and was ended")
        teller.worker.close()
        if teller.begins_streak and not (report and report["told"]):
            self._forget_streak(teller.task)

    def _tell_here(self) -> None:
        while self._untold:
            task, endings = self._next_to_tell()
            told = self._runner.tell(task, endings)
            if not told and any(ending.begins_streak for ending in endings):
                self._forget_streak(task)

    def _forget_streak(self, task: RegisteredTask) -> None:
        try:
            self._store.end_streak(task.claim_key)
        except StoreUnavailable as error:
            self._lost_store(error)

    # -- output --

    def _files(self, task: RegisteredTask) -> OutputFiles | None:
        if task.policy.output_to is None and task.policy.append_output_to is None:
            return None
        return OutputFiles(task.policy, self._folder, lambda why: self._listener.noticed(f"{task.key}: {why}"))

    def _run_here(self, task: RegisteredTask, run: Run) -> Run:
        """Run in this process; what Python prints is kept where anybody is to be sent it."""
        files = self._files(task)
        if not (files or task.policy.notify_on_failure or task.policy.ping_url):
            return self._runner.run(task, run)
        kept = bytearray()

        def take(data: bytes) -> None:
            kept.extend(data)
            del kept[: max(0, len(kept) - OUTPUT_KEPT)]
            if files:
                files.write(data)

        with printed.taken(take):
            ended = self._runner.run(task, run)
        if files:
            files.close(ran=ended.outcome is not Outcome.SKIPPED)
        return replace(ended, output=kept.decode("utf-8", "replace"))

    def _release(self, task: RegisteredTask, run: Run) -> None:
        if not task.policy.overlap:
            self._store.release(task.claim_key, lease_token(self.owner, run.id))

    def _give_back(self) -> None:
        """Leave what was not started to the next tick."""
        while self._waiting:
            _, run = self._waiting[0]
            self._store.adopt(run, "", clock.real_now())
            self._waiting.pop(0)

    def _lost_store(self, error: StoreUnavailable) -> None:
        if self.store_error is None:
            self._listener.lost_store(error)
        self.store_error = error
        if not self._active and not self._unsaved:
            self._waiting.clear()


def claim_key_of(task: RegisteredTask, run: Run) -> str:
    """Return what the claims and the lease of a run are kept under: those of another server, where each has its own."""
    return run.slot.rpartition("@")[0] or task.claim_key


def retry_of(task: RegisteredTask, run: Run) -> Claim | None:
    """Return the claim on the attempt that follows a failed run, None where there is to be none."""
    if not run.failed or run.attempt > task.policy.retries or run.fire_time is None:
        return None
    attempt = run.attempt + 1
    start = (run.ended_at or clock.real_now()) + task.policy.retry_delay
    slot = slot_of(claim_key_of(task, run), run.fire_time, attempt)
    return Claim(task.key, slot, run.fire_time, late=True, attempt=attempt, start_after=start)


def _threads() -> int:
    """Return how many threads this process has, those of libraries written in C too where the system tells."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


def done(
    what: str, runner: Runner, task: RegisteredTask, run: Run, endings: Sequence[Ending] = ()
) -> dict[str, Any]:
    """Do in a worker what it is for, to `run` or to `tell` the endings, and return what it reports."""
    if what == "tell":
        return {"told": runner.tell(task, endings)}
    run = runner.run(task, replace(run, pid=os.getpid()))
    return {
        "outcome": run.outcome.value if run.outcome else None,
        "skip_reason": run.skip_reason.value if run.skip_reason else None,
        "detail": run.detail,
        "error": run.error,
        "location": run.location,
        "traceback": run.traceback,
    }


def _with_report(run: Run, report: dict[str, Any]) -> Run:
    reason = report["skip_reason"]
    return replace(
        run,
        outcome=Outcome(report["outcome"]),
        skip_reason=SkipReason(reason) if reason else None,
        detail=report["detail"],
        error=report["error"],
        location=report["location"],
        traceback=report["traceback"],
    )


def _crash(status: int) -> str:
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = "unknown"
        return f"its process was killed by signal {-status} ({name})"
    return f"its process ended with exit code {status} before it had finished"


def _write(stream: Any, data: bytes) -> None:
    """Write bytes to a stream as they are; a test's stream may take text only."""
    try:
        if hasattr(stream, "buffer"):
            stream.flush()
            stream.buffer.write(data)
            stream.buffer.flush()
        else:
            stream.write(data.decode("utf-8", "replace"))
            stream.flush()
    except (OSError, ValueError):
        pass
