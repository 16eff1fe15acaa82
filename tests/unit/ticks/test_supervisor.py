"""Each run has a process of its own: how it ends, and what it prints."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from waiting import wait_until

from scheduler import clock
from scheduler.errors import STORE_UNAVAILABLE, AlreadyRunning
from scheduler.events import ScheduledTaskFinished
from scheduler.execution.Limits import Limits
from scheduler.execution.Supervisor import Supervisor
from scheduler.listeners import EventListener
from scheduler.processes import Worker
from scheduler.processes.identity import ProcessIdentity, host_name, this_process
from scheduler.runs import Outcome, Run, SkipReason
from scheduler.stores import Lease, memory_store

from .fake_app import MINUTE, MOMENT, NOON, Away, FakeApp, RecordingListener, nothing, task

HOUR = timedelta(hours=1)


def sleeps() -> None:
    time.sleep(60)


def is_deaf() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)


def is_killed_by(number: int) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


# --- how a run ends --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("handle", [sleeps, is_deaf])
def test_a_run_that_lasts_too_long_is_ended(app: FakeApp, handle: Callable[[], None]) -> None:
    """It gets SIGTERM, and SIGKILL if it ignores that."""
    assert app.add(task(handle, timeout=MOMENT)).tick() == 1
    run = app.run()
    assert run.outcome is Outcome.TIMED_OUT
    assert run.error == "it was ended after its timeout of 0.1 seconds"


@pytest.mark.parametrize(
    ("handle", "error"),
    [
        (is_killed_by(signal.SIGKILL), "its process was killed by signal 9 (SIGKILL)"),
        (is_killed_by(40), "its process was killed by signal 40 (unknown)"),
        (lambda: os._exit(7), "its process ended with exit code 7 before it had finished"),
        (lambda: os._exit(0), "its process ended with exit code 0 before it had finished"),
    ],
    ids=["SIGKILL", "a signal without a name", "exit code 7", "exit code 0"],
)
def test_a_process_that_ends_before_its_task_does_has_crashed(
    app: FakeApp, handle: Callable[[], None], error: str
) -> None:
    assert app.add(task(handle), task(nothing, "Other")).tick() == 1
    runs = {run.key: run for run in app.listener.runs}
    assert (runs["Job"].outcome, runs["Job"].error) == (Outcome.CRASHED, error)
    assert runs["Other"].outcome is Outcome.SUCCEEDED


def test_a_worker_that_somebody_else_waited_for_has_crashed(app: FakeApp) -> None:
    """A library that reaps unknown children takes the exit code away; a report still counts if there is one."""
    supervisor = working(app.add(task(sleeps)))
    (active,) = supervisor._active
    os.kill(active.worker.pid, signal.SIGKILL)
    os.waitpid(active.worker.pid, 0)
    finish(supervisor)
    assert app.run().error == "its process ended with exit code 255 before it had finished"


def test_a_run_that_says_how_it_ended_is_believed_though_it_was_late(app: FakeApp) -> None:
    """It got the signal to end when it had just finished."""

    def finishes_when_told() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        print("ready")
        signal.sigwait({signal.SIGTERM})

    app.settings["kill_grace"] = HOUR
    supervisor = working(app.add(task(finishes_when_told)))
    (active,) = supervisor._active
    for _ in range(1000):
        supervisor.step(0.05)
        if b"ready" in active.output:
            break
    active.deadline = time.monotonic()
    finish(supervisor)
    assert app.run().outcome is Outcome.SUCCEEDED


def working(app: FakeApp) -> Supervisor:
    """A supervisor whose runs have all begun."""
    scheduler = app.scheduler()
    supervisor = scheduler.supervisor(app.listener)
    scheduler.begin_tick(NOON, scheduler.find(), app.listener, supervisor)
    supervisor.step(0)
    assert supervisor._active
    return supervisor


def finish(supervisor: Supervisor) -> None:
    patience = time.monotonic() + 30
    while not supervisor.is_idle:
        assert time.monotonic() < patience
        supervisor.step(0.01)


# --- stopped ---------------------------------------------------------------------------------------------------------


def test_a_stop_ends_what_runs_and_leaves_the_rest_to_the_next_tick(app: FakeApp) -> None:
    """This is what a SIGTERM to craft does; runs have `stop_grace` to end by themselves."""

    def stops_its_parent() -> None:
        os.kill(os.getppid(), signal.SIGTERM)
        time.sleep(60)

    app.settings["workers"] = 1
    assert app.add(task(stops_its_parent), task(nothing, "Later")).tick() == 1
    assert app.run().outcome is Outcome.CRASHED
    assert app.run().error == "it was ended because the scheduler was stopped"
    (left,) = app.store.open_runs()
    assert (left.key, left.owner, left.started_at) == ("Later", "", None)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert app.tick() == 0
    assert [run.outcome for run in app.listener.runs] == [Outcome.CRASHED, Outcome.SUCCEEDED]


def test_a_run_that_ends_by_itself_within_the_grace_has_succeeded(app: FakeApp) -> None:
    def stops_its_parent() -> None:
        os.kill(os.getppid(), signal.SIGINT)

    app.settings["stop_grace"] = HOUR
    assert app.add(task(stops_its_parent)).tick() == 0
    assert app.run().outcome is Outcome.SUCCEEDED


def test_a_second_stop_signal_ends_runs_at_once(app: FakeApp) -> None:
    app.settings["stop_grace"] = HOUR
    supervisor = working(app.add(task(sleeps)))
    supervisor.stop()
    supervisor.stop()
    finish(supervisor)
    assert app.run().outcome is Outcome.CRASHED


def test_a_stop_is_reported_before_it_takes_effect(app: FakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal may come at any moment, here in the middle of a step, and the run may end within that step."""
    app.settings["stop_grace"] = timedelta(minutes=1)
    supervisor = working(app.add(task(sleeps)))
    (active,) = supervisor._active
    supervisor.stop()
    with monkeypatch.context() as signal_now:
        signal_now.setattr(Worker, "take_problems", lambda _: supervisor.stop() or [])
        supervisor.step(0)
    assert len(app.listener.of("stopping")) == (1 if active.ended_because is None else 2)
    finish(supervisor)
    assert app.listener.of("stopping") == [1, 1]
    assert app.run().outcome is Outcome.CRASHED


def test_a_failure_is_not_tried_again_here_once_it_stops(app: FakeApp) -> None:
    supervisor = working(app.add(task(sleeps, retries=1)))
    supervisor.stop()
    finish(supervisor)
    (retry,) = app.store.open_runs()
    assert (retry.attempt, retry.owner) == (2, "")


# --- hooks of runs that could not call them --------------------------------------------------------------------------


def noting(path: Path, **more: object) -> dict[str, object]:
    def note(what: str) -> None:
        with path.open("a") as file:
            file.write(f"{what}\n")

    def failed(_self: object, run: Run) -> None:
        note(f"{run.outcome.value}: {run.error}")

    return {"failed": failed, "after": lambda _self: note("after"), **more}


def test_the_hooks_of_a_killed_run_are_called_in_another_process(app: FakeApp, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    assert app.add(task(is_killed_by(9), **noting(notes))).tick() == 1
    assert notes.read_text().splitlines() == ["crashed: its process was killed by signal 9 (SIGKILL)", "after"]


def test_a_hook_that_never_ends_is_ended(app: FakeApp) -> None:
    app.limits = Limits(notifying=0.1)
    assert app.add(task(is_killed_by(9), failed=lambda _self, _run: sleeps())).tick() == 1
    assert app.run().outcome is Outcome.CRASHED


def test_a_listener_that_hangs_is_ended_and_reported(app: FakeApp) -> None:
    app.limits = Limits(notifying=1.0)
    app.listeners = [EventListener(lambda event: [("Sleeper", sleeps)] * isinstance(event, ScheduledTaskFinished))]
    started = time.monotonic()
    assert app.add(task(nothing)).tick() == 0
    assert app.listener.of("noticed") == ["Job: the notifications of its runs took longer than 1 second and were ended"]
    assert time.monotonic() - started < 30


def test_a_task_that_can_be_built_only_once_reports_missing_hooks(
    app: FakeApp, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    built = tmp_path / "built"

    def build(_self: object) -> None:
        if built.exists():
            raise RuntimeError("built before")
        built.touch()

    app.add(task(is_killed_by(9), **noting(tmp_path / "notes", __init__=build))).tick()
    assert "Job: its constructor raised RuntimeError: built before" in capfd.readouterr().err
    assert not (tmp_path / "notes").exists()


# --- tried again -----------------------------------------------------------------------------------------------------


def fails_until(file: Path) -> Callable[[], None]:
    def handle() -> None:
        if not file.exists():
            file.touch()
            raise RuntimeError("not yet")

    return handle


def test_a_failure_is_tried_again_at_once(app: FakeApp, tmp_path: Path) -> None:
    assert app.add(task(fails_until(tmp_path / "tried"), retries=2)).tick() == 1
    assert [(run.attempt, run.outcome.value) for run in app.listener.runs] == [(1, "failed"), (2, "succeeded")]
    assert app.store.open_runs() == []


def test_a_retry_is_late_only_if_its_first_attempt_was(app: FakeApp, tmp_path: Path) -> None:
    """A task can then skip late runs without giving up its retries."""
    app.add(task(fails_until(tmp_path / "tried"), retries=1)).tick()
    assert [(run.attempt, run.late) for run in app.listener.runs] == [(1, False), (2, False)]


def test_a_retry_that_comes_in_a_moment_is_waited_for(app: FakeApp, tmp_path: Path) -> None:
    app.add(task(fails_until(tmp_path / "tried"), retries=1, retry_delay=timedelta(milliseconds=300))).tick()
    first, second = app.listener.runs
    assert second.started_at - first.ended_at >= timedelta(milliseconds=300)


def test_a_retry_that_comes_later_is_left_to_a_later_tick(app: FakeApp, tmp_path: Path) -> None:
    assert app.add(task(fails_until(tmp_path / "tried"), retries=1, retry_delay="2 minutes")).tick() == 1
    (retry,) = app.store.open_runs()
    assert (retry.attempt, retry.owner) == (2, "")
    assert retry.start_after - app.run().ended_at == timedelta(minutes=2)


# --- one after the other ---------------------------------------------------------------------------------------------


def test_at_most_workers_tasks_run_at_once(app: FakeApp) -> None:
    app.settings["workers"] = 2
    app.add(*(task(lambda: time.sleep(0.05), f"Job{n}") for n in range(5)))
    supervisor = working(app)
    most = 0
    while not supervisor.is_idle:
        most = max(most, len(supervisor._active))
        supervisor.step()
    assert most == 2
    assert len(app.listener.runs) == 5


def test_fire_times_of_one_task_run_one_after_the_other(app: FakeApp) -> None:
    app.add(task(lambda: time.sleep(0.02), catch_up="all"))
    app.store.claim([], {"Job": NOON - 2 * MINUTE}, "", NOON)
    assert app.tick() == 0
    runs = app.listener.runs
    assert [run.fire_time for run in runs] == [NOON - 2 * MINUTE, NOON - MINUTE, NOON]
    assert all(one.ended_at <= next_one.started_at for one, next_one in pairwise(runs))


def test_a_fire_time_that_comes_while_the_task_still_runs_here_is_skipped(app: FakeApp, tmp_path: Path) -> None:
    """In `schedule:work` one supervisor executes many ticks, and the queue of a slow task must not grow for ever."""
    app.add(task(lambda: wait_until((tmp_path / "end").exists)))
    scheduler = app.scheduler()
    supervisor = scheduler.supervisor(app.listener)
    now = clock.floor_minute(clock.real_now())
    for minute in range(3):
        scheduler.begin_tick(now + minute * MINUTE, scheduler.find(), app.listener, supervisor)
        supervisor.step(0)
    (tmp_path / "end").touch()
    finish(supervisor)
    assert {run.fire_time: run.skip_reason for run in app.listener.runs} == {
        now: None,
        now + MINUTE: SkipReason.STILL_RUNNING,
        now + 2 * MINUTE: SkipReason.STILL_RUNNING,
    }
    pid = next(run.pid for run in app.listener.runs if run.outcome is Outcome.SUCCEEDED)
    assert app.listener.runs[0].detail == f"an earlier run has not ended (process {pid} on {host_name()})"


def held_by_another(app: FakeApp, key: str = "Job") -> None:
    owner = str(this_process())
    assert app.store.acquire(Lease(key, "another#1", owner, "db1", 4711, clock.real_now() + HOUR), NOON)


def test_a_task_that_still_runs_elsewhere_is_skipped(app: FakeApp) -> None:
    held_by_another(app)
    assert app.add(task(nothing)).tick() == 0
    run = app.run()
    assert (run.outcome, run.skip_reason) == (Outcome.SKIPPED, SkipReason.STILL_RUNNING)
    assert run.detail == "an earlier run has not ended (process 4711 on db1)"


def test_a_run_is_skipped_even_if_the_lease_holder_ended_meanwhile(app: FakeApp) -> None:
    held_by_another(app)
    app.store.leases = list
    app.add(task(nothing)).tick()
    assert app.run().detail == "an earlier run has not ended"


def test_an_inline_run_is_skipped_while_the_lease_is_held(app: FakeApp) -> None:
    held_by_another(app)
    app.add(task(nothing), task(nothing, "Free")).tick(inline=True)
    assert {run.key: run.outcome.value for run in app.listener.runs} == {"Job": "skipped", "Free": "succeeded"}


def test_a_task_that_may_overlap_takes_no_lease(app: FakeApp) -> None:
    held_by_another(app)
    assert app.add(task(nothing, overlap=True)).tick() == 0
    assert app.run().outcome is Outcome.SUCCEEDED


def test_a_lease_is_renewed_while_its_task_runs(app: FakeApp, tmp_path: Path) -> None:
    app.settings["lease"] = MOMENT
    supervisor = working(app.add(task(lambda: wait_until((tmp_path / "end").exists))))
    (first,) = app.store.leases()
    while (renewed := app.store.leases()) and renewed[0].expires_at == first.expires_at:
        supervisor.step()
    assert renewed
    (tmp_path / "end").touch()
    finish(supervisor)
    assert app.store.leases() == []


# --- what they print -------------------------------------------------------------------------------------------------


def test_stdout_and_stderr_are_passed_on_and_their_end_is_kept(app: FakeApp, capfd: pytest.CaptureFixture[str]) -> None:
    def chatters() -> None:
        print("a" * 70_000)
        print("the last word", file=sys.stderr)

    app.add(task(chatters)).tick()
    passed_on = capfd.readouterr()
    assert (len(passed_on.out), passed_on.err) == (70_001, "the last word\n")
    output = app.store.run(app.run().id).output
    assert len(output) == 64 * 1024
    assert output.endswith("a\nthe last word\n")


def test_a_stream_that_takes_text_only_gets_text(app: FakeApp) -> None:
    with redirect_stdout(io.StringIO()) as shown:
        app.add(task(lambda: os.write(1, b"\xff and text"))).tick()
    assert shown.getvalue() == "\ufffd and text"


def test_a_stream_that_is_closed_stops_nothing(app: FakeApp) -> None:
    closed = io.StringIO()
    closed.close()
    with redirect_stdout(closed):
        scheduler = app.add(task(lambda: os.write(1, b"text"))).scheduler()
        supervisor = scheduler.supervisor(app.listener)
        sys.stdout = sys.__stdout__
        scheduler.begin_tick(NOON, scheduler.find(), app.listener, supervisor)
        supervisor.step(0)
        sys.stdout = closed
        finish(supervisor)
    assert app.run().outcome is Outcome.SUCCEEDED
    assert app.store.run(app.run().id).output == "text"


# --- a store that goes away ------------------------------------------------------------------------------------------


def test_an_outcome_is_kept_until_the_store_is_back(app: FakeApp) -> None:
    app.store = Away(app.store, finish=3)
    supervisor = working(app.add(task(nothing)))
    finish(supervisor)
    assert supervisor.store_error
    assert app.run().outcome is Outcome.SUCCEEDED
    assert app.store.open_runs() == []
    assert len(app.listener.of("lost_store")) == 1, "it is said once"


def test_an_outcome_is_given_up_if_the_store_stays_away(app: FakeApp) -> None:
    app.limits = Limits(saving=-1.0)
    app.store = Away(app.store, finish=9)
    assert app.add(task(nothing)).tick() == STORE_UNAVAILABLE
    assert app.store.left["finish"] == 8
    assert len(app.store.open_runs()) == 1, "the next tick says that it crashed"


@pytest.mark.parametrize("method", ["acquire", "hand_over", "start"])
def test_a_start_that_cannot_be_recorded_does_not_happen(app: FakeApp, tmp_path: Path, method: str) -> None:
    """Its worker already waits for the go signal, and is killed; the run stays pending."""
    app.store = Away(app.store, **{method: 1})
    assert app.add(task((tmp_path / "ran").touch)).tick() == STORE_UNAVAILABLE
    assert not (tmp_path / "ran").exists()
    (pending,) = app.store.open_runs()
    assert pending.started_at is None


def test_a_run_that_another_process_has_taken_is_not_started(app: FakeApp, tmp_path: Path) -> None:
    """It was taken over between claim and start: it is not started here, and its lease is released."""
    start = app.store.start

    def too_late(run, pid, now):
        assert app.store.adopt(run, "another", now)
        return start(run, pid, now)

    app.store.start = too_late
    assert app.add(task((tmp_path / "ran").touch)).tick() == 0
    assert not (tmp_path / "ran").exists()
    assert app.store.leases() == []
    assert app.store.open_runs()[0].owner == "another"
    app.store = memory_store()
    app.store.start = lambda *_: False
    assert app.tick(inline=True) == 0
    assert not (tmp_path / "ran").exists()


def test_a_stop_while_the_store_is_away_forgets_what_waits(app: FakeApp) -> None:
    """The pending run stays in the store, where the next tick finds it."""
    scheduler = app.add(task(nothing)).scheduler()
    scheduler.store = Away(app.store, adopt=1)
    supervisor = scheduler.supervisor(app.listener)
    scheduler.begin_tick(NOON, scheduler.find(), app.listener, supervisor)
    supervisor.stop()
    supervisor.step(0)
    assert supervisor.is_idle
    assert len(app.store.open_runs()) == 1


def test_a_run_whose_lease_cannot_be_renewed_is_ended_and_says_so(app: FakeApp, tmp_path: Path) -> None:
    """Other machines use the store, and one of them may have started the task by then."""
    app.settings |= {"lease": timedelta(seconds=0.5)}
    app.store = Away(app.store, beat=1000)
    app.store.crosses_machines = True
    app.add(task(sleeps), task(sleeps, "Overlapping", overlap=True, timeout="3 seconds"))
    assert app.tick() == STORE_UNAVAILABLE
    runs = {run.key: run for run in app.listener.runs}
    assert runs["Job"].outcome is Outcome.CRASHED
    assert runs["Job"].error.startswith("it was ended because its lease could not be renewed for ")
    assert runs["Overlapping"].outcome is Outcome.TIMED_OUT


# --- where it cannot fork --------------------------------------------------------------------------------------------


def test_a_process_with_threads_starts_a_fresh_interpreter(
    app: FakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fork would copy locks that other threads hold. The app is booted again from the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wsgi.py").write_text(
        "class App:\n"
        "    run = None\n\n"
        "    def make(self, name):\n"
        "        self.scheduler = self\n"
        "        return self\n\n"
        "    def execute_request(self, what, run, endings):\n"
        "        detail = f'{what} {run.key} {run.fire_time} {run.attempt} {run.late}'\n"
        "        found = dict.fromkeys(('error', 'location', 'traceback'), '')\n"
        "        return {**found, 'skip_reason': None, 'outcome': 'succeeded', 'detail': detail}\n\n\n"
        "application = App()\n"
    )
    assert beside_another_thread(app.add(task(nothing))) == 0
    assert app.run().detail == "run Job 2026-03-03 12:00:00+00:00 1 False"


def beside_another_thread(app: FakeApp) -> int:
    """A tick in the main thread, with another one that waits."""
    done = threading.Event()
    other = threading.Thread(target=done.wait, daemon=True)
    other.start()
    try:
        return app.tick()
    finally:
        done.set()
        other.join()


def test_a_tick_in_another_thread_leaves_signals_alone() -> None:
    """Only the main thread may handle them."""
    codes = []

    def tick() -> None:
        app = FakeApp(listener=RecordingListener()).add(task(nothing))
        codes.append(app.tick(inline=True))

    kept = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    thread.join()
    assert codes == [0]
    assert signal.getsignal(signal.SIGTERM) is kept


def test_a_run_is_done_here_for_a_fresh_interpreter(app: FakeApp) -> None:
    done = app.add(task(nothing)).scheduler().execute_request("run", Run("Job", NOON))
    assert done["outcome"] == "succeeded"
    assert app.store.history() == []


def test_the_run_knows_where_it_runs(app: FakeApp) -> None:
    def tells() -> None:
        print(os.getpid())

    app.add(task(tells)).tick()
    run = app.store.run(app.run().id)
    assert run.output == f"{run.pid}\n"
    assert run.pid != os.getpid()
    assert run.host == host_name()


def test_two_supervisors_of_one_process_are_two_owners(app: FakeApp) -> None:
    """A tick in another thread must not take this one's runs for abandoned runs of its own."""
    scheduler = app.scheduler()
    owners = {scheduler.supervisor(app.listener).owner for _ in range(2)}
    assert len(owners) == 2
    assert {str(ProcessIdentity.parse(owner)) for owner in owners} == {str(this_process())}


def test_a_second_tick_in_another_thread_is_one_clear_error(app: FakeApp) -> None:
    scheduler = app.add(task(nothing)).scheduler()
    errors = []

    def tick() -> None:
        try:
            scheduler.tick(NOON, app.listener)
        except AlreadyRunning as error:
            errors.append(str(error))

    class OtherThread(type(app.listener)):
        def run_ended(self, run: Run, *, will_be_retried: bool = False) -> None:
            thread = threading.Thread(target=tick)
            thread.start()
            thread.join()

    assert scheduler.tick(NOON, OtherThread(), inline=True) == 0
    assert errors[0].startswith("another thread of this process runs the scheduler. Fix: ")
    assert len(errors) == 1
    assert [run.outcome for run in app.store.history()] == [Outcome.SUCCEEDED]
    assert scheduler.tick(NOON + MINUTE, app.listener, inline=True) == 0, "it is free again"


def test_a_tick_within_a_tick_of_one_thread_is_allowed(app: FakeApp) -> None:
    """A task that is run inline may run others."""
    inner = FakeApp().add(task(nothing))
    scheduler = inner.scheduler()
    with scheduler._one_thread:
        assert scheduler.tick(NOON, inner.listener, inline=True) == 0
