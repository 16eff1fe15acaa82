"""Each run has a process of its own: how it ends, what it prints, and what is done to it."""

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

from scheduler import clock
from scheduler.errors import STORE_UNAVAILABLE
from scheduler.process import host_name, this_process
from scheduler.runs import Outcome, Run, SkipReason
from scheduler.stores import Lease, memory_store
from scheduler.supervision import Supervisor

from .place import MINUTE, MOMENT, NOON, Away, Place, Told, nothing, task

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
def test_a_run_that_lasts_too_long_is_ended(place: Place, handle: Callable[[], None]) -> None:
    """With SIGTERM, and with SIGKILL if it does not listen."""
    assert place.add(task(handle, timeout=MOMENT)).tick() == 1
    run = place.run()
    assert run.outcome is Outcome.TIMED_OUT
    assert run.error == "it was ended after its timeout of 0.1 seconds"


@pytest.mark.parametrize(
    ("handle", "error"),
    [
        (is_killed_by(signal.SIGKILL), "its process was killed by signal 9 (SIGKILL)"),
        (is_killed_by(40), "its process was killed by signal 40 (unknown)"),
        (lambda: os._exit(7), "its process ended with exit code 7 before it had finished"),
    ],
    ids=["SIGKILL", "a signal without a name", "os._exit"],
)
def test_a_process_that_ends_before_its_task_does_has_crashed(
    place: Place, handle: Callable[[], None], error: str
) -> None:
    assert place.add(task(handle), task(nothing, "Other")).tick() == 1
    runs = {run.key: run for run in place.told.runs}
    assert (runs["Job"].outcome, runs["Job"].error) == (Outcome.CRASHED, error)
    assert runs["Other"].outcome is Outcome.SUCCEEDED


def test_a_worker_that_somebody_else_waited_for_has_crashed(place: Place) -> None:
    """A library that reaps children it knows nothing of takes the exit code away; the report counts where there is one."""
    supervisor = working(place.add(task(sleeps)))
    (active,) = supervisor._active
    os.kill(active.worker.pid, signal.SIGKILL)
    os.waitpid(active.worker.pid, 0)
    finish(supervisor)
    assert place.run().error == "its process ended with exit code 255 before it had finished"


def test_a_run_that_says_how_it_ended_is_believed_though_it_was_late(place: Place) -> None:
    """It was told to end when it had just finished."""

    def finishes_when_told() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        print("ready")
        signal.sigwait({signal.SIGTERM})

    place.settings["kill_grace"] = HOUR
    supervisor = working(place.add(task(finishes_when_told)))
    (active,) = supervisor._active
    for _ in range(1000):
        supervisor.step(0.05)
        if b"ready" in active.output:
            break
    active.deadline = time.monotonic()
    finish(supervisor)
    assert place.run().outcome is Outcome.SUCCEEDED


def working(place: Place) -> Supervisor:
    """A supervisor whose runs have all begun."""
    scheduler = place.scheduler()
    supervisor = scheduler.supervisor(place.told)
    scheduler.begin_tick(NOON, scheduler.find(), place.told, supervisor)
    supervisor.step(0)
    assert supervisor._active
    return supervisor


def finish(supervisor: Supervisor) -> None:
    patience = time.monotonic() + 30
    while not supervisor.is_idle:
        assert time.monotonic() < patience
        supervisor.step(0.01)


# --- told to stop ----------------------------------------------------------------------------------------------------


def test_a_stop_ends_what_runs_and_leaves_the_rest_to_the_next_tick(place: Place) -> None:
    """A SIGTERM to craft; runs have `stop_grace` to end by themselves."""

    def stops_its_parent() -> None:
        os.kill(os.getppid(), signal.SIGTERM)
        time.sleep(60)

    place.settings["workers"] = 1
    assert place.add(task(stops_its_parent), task(nothing, "Later")).tick() == 1
    assert place.run().outcome is Outcome.CRASHED
    assert place.run().error == "it was ended because the scheduler was told to stop"
    (left,) = place.store.open_runs()
    assert (left.key, left.owner, left.started_at) == ("Later", "", None)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert place.tick() == 0
    assert [run.outcome for run in place.told.runs] == [Outcome.CRASHED, Outcome.SUCCEEDED]


def test_a_run_that_ends_by_itself_within_the_grace_has_succeeded(place: Place) -> None:
    def stops_its_parent() -> None:
        os.kill(os.getppid(), signal.SIGINT)

    place.settings["stop_grace"] = HOUR
    assert place.add(task(stops_its_parent)).tick() == 0
    assert place.run().outcome is Outcome.SUCCEEDED


def test_told_twice_it_ends_them_at_once(place: Place) -> None:
    place.settings["stop_grace"] = HOUR
    supervisor = working(place.add(task(sleeps)))
    supervisor.stop()
    supervisor.stop()
    finish(supervisor)
    assert place.run().outcome is Outcome.CRASHED


def test_a_failure_is_not_tried_again_here_once_it_stops(place: Place) -> None:
    supervisor = working(place.add(task(sleeps, retries=1)))
    supervisor.stop()
    finish(supervisor)
    (retry,) = place.store.open_runs()
    assert (retry.attempt, retry.owner) == (2, "")


# --- hooks of runs that could not call them --------------------------------------------------------------------------


def noting(path: Path, **more: object) -> dict[str, object]:
    def note(what: str) -> None:
        with path.open("a") as file:
            file.write(f"{what}\n")

    def failed(_self: object, run: Run) -> None:
        note(f"{run.outcome.value}: {run.error}")

    return {"failed": failed, "after": lambda _self: note("after"), **more}


def test_the_hooks_of_a_killed_run_are_called_in_another_process(place: Place, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    assert place.add(task(is_killed_by(9), **noting(notes))).tick() == 1
    assert notes.read_text().splitlines() == ["crashed: its process was killed by signal 9 (SIGKILL)", "after"]


def test_a_hook_that_never_ends_is_ended(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.supervision.Tellers.TELLING_SECONDS", 0.1)
    assert place.add(task(is_killed_by(9), failed=lambda _self, _run: sleeps())).tick() == 1
    assert place.run().outcome is Outcome.CRASHED


def test_a_task_that_can_be_built_only_once_is_said_to_miss_its_hooks(
    place: Place, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    built = tmp_path / "built"

    def build(_self: object) -> None:
        if built.exists():
            raise RuntimeError("built before")
        built.touch()

    place.add(task(is_killed_by(9), **noting(tmp_path / "notes", __init__=build))).tick()
    assert "Job: its constructor raised RuntimeError: built before" in capfd.readouterr().err
    assert not (tmp_path / "notes").exists()


# --- tried again -----------------------------------------------------------------------------------------------------


def fails_until(file: Path) -> Callable[[], None]:
    def handle() -> None:
        if not file.exists():
            file.touch()
            raise RuntimeError("not yet")

    return handle


def test_a_failure_is_tried_again_at_once(place: Place, tmp_path: Path) -> None:
    assert place.add(task(fails_until(tmp_path / "tried"), retries=2)).tick() == 1
    assert [(run.attempt, run.outcome.value) for run in place.told.runs] == [(1, "failed"), (2, "succeeded")]
    assert place.store.open_runs() == []


def test_a_retry_that_comes_in_a_moment_is_waited_for(place: Place, tmp_path: Path) -> None:
    place.add(task(fails_until(tmp_path / "tried"), retries=1, retry_delay=timedelta(milliseconds=300))).tick()
    first, second = place.told.runs
    assert second.started_at - first.ended_at >= timedelta(milliseconds=300)


def test_a_retry_that_comes_later_is_left_to_a_later_tick(place: Place, tmp_path: Path) -> None:
    assert place.add(task(fails_until(tmp_path / "tried"), retries=1, retry_delay="2 minutes")).tick() == 1
    (retry,) = place.store.open_runs()
    assert (retry.attempt, retry.owner) == (2, "")
    assert retry.start_after - place.run().ended_at == timedelta(minutes=2)


# --- one after the other ---------------------------------------------------------------------------------------------


def test_at_most_so_many_run_at_once(place: Place) -> None:
    place.settings["workers"] = 2
    place.add(*(task(lambda: time.sleep(0.05), f"Job{n}") for n in range(5)))
    supervisor = working(place)
    most = 0
    while not supervisor.is_idle:
        most = max(most, len(supervisor._active))
        supervisor.step()
    assert most == 2
    assert len(place.told.runs) == 5


def test_fire_times_of_one_task_run_one_after_the_other(place: Place) -> None:
    place.add(task(lambda: time.sleep(0.02), catch_up="all"))
    place.store.claim([], {"Job": NOON - 2 * MINUTE}, "", NOON)
    assert place.tick() == 0
    runs = place.told.runs
    assert [run.fire_time for run in runs] == [NOON - 2 * MINUTE, NOON - MINUTE, NOON]
    assert all(one.ended_at <= next_one.started_at for one, next_one in pairwise(runs))


def test_a_fire_time_that_comes_while_the_task_still_runs_here_is_skipped(place: Place) -> None:
    """As in `schedule:work`, where one supervisor sees many ticks: no slow task has a queue that grows for ever."""
    place.add(task(lambda: time.sleep(0.3)))
    scheduler = place.scheduler()
    supervisor = scheduler.supervisor(place.told)
    now = clock.floor_minute(clock.real_now())
    for minute in range(3):
        scheduler.begin_tick(now + minute * MINUTE, scheduler.find(), place.told, supervisor)
        supervisor.step(0)
    while not supervisor.is_idle:
        supervisor.step()
    assert {run.fire_time: run.skip_reason for run in place.told.runs} == {
        now: None,
        now + MINUTE: SkipReason.STILL_RUNNING,
        now + 2 * MINUTE: SkipReason.STILL_RUNNING,
    }
    pid = next(run.pid for run in place.told.runs if run.outcome is Outcome.SUCCEEDED)
    assert place.told.runs[0].detail == f"an earlier run has not ended (process {pid} on {host_name()})"


def held_by_another(place: Place, key: str = "Job") -> None:
    owner = str(this_process())
    assert place.store.acquire(Lease(key, "another#1", owner, "db1", 4711, NOON + 10000 * HOUR), NOON)


def test_a_task_that_still_runs_elsewhere_is_skipped(place: Place) -> None:
    held_by_another(place)
    assert place.add(task(nothing)).tick() == 0
    run = place.run()
    assert (run.outcome, run.skip_reason) == (Outcome.SKIPPED, SkipReason.STILL_RUNNING)
    assert run.detail == "an earlier run has not ended (process 4711 on db1)"


def test_it_is_skipped_too_when_it_has_ended_before_anybody_could_say_who_it_was(place: Place) -> None:
    held_by_another(place)
    place.store.leases = list
    place.add(task(nothing)).tick()
    assert place.run().detail == "an earlier run has not ended"


def test_run_inline_it_is_skipped_as_well(place: Place) -> None:
    held_by_another(place)
    place.add(task(nothing), task(nothing, "Free")).tick(inline=True)
    assert {run.key: run.outcome.value for run in place.told.runs} == {"Job": "skipped", "Free": "succeeded"}


def test_a_task_that_may_overlap_takes_no_lease(place: Place) -> None:
    held_by_another(place)
    assert place.add(task(nothing, overlap=True)).tick() == 0
    assert place.run().outcome is Outcome.SUCCEEDED


def test_its_lease_is_renewed_while_it_runs(place: Place) -> None:
    place.settings["lease"] = MOMENT
    supervisor = working(place.add(task(lambda: time.sleep(0.5))))
    (first,) = place.store.leases()
    while (renewed := place.store.leases()) and renewed[0].expires_at == first.expires_at:
        supervisor.step()
    assert renewed
    finish(supervisor)
    assert place.store.leases() == []


# --- what they print -------------------------------------------------------------------------------------------------


def test_both_streams_are_passed_on_and_their_end_is_kept(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    def chatters() -> None:
        print("a" * 70_000)
        print("the last word", file=sys.stderr)

    place.add(task(chatters)).tick()
    passed_on = capfd.readouterr()
    assert (len(passed_on.out), passed_on.err) == (70_001, "the last word\n")
    output = place.store.run(place.run().id).output
    assert len(output) == 64 * 1024
    assert output.endswith("a\nthe last word\n")


def test_a_stream_that_takes_text_only_gets_text(place: Place) -> None:
    with redirect_stdout(io.StringIO()) as shown:
        place.add(task(lambda: os.write(1, b"\xff and text"))).tick()
    assert shown.getvalue() == "\ufffd and text"


def test_a_stream_that_is_closed_stops_nothing(place: Place) -> None:
    closed = io.StringIO()
    closed.close()
    with redirect_stdout(closed):
        scheduler = place.add(task(lambda: os.write(1, b"text"))).scheduler()
        supervisor = scheduler.supervisor(place.told)
        sys.stdout = sys.__stdout__
        scheduler.begin_tick(NOON, scheduler.find(), place.told, supervisor)
        supervisor.step(0)
        sys.stdout = closed
        finish(supervisor)
    assert place.run().outcome is Outcome.SUCCEEDED
    assert place.store.run(place.run().id).output == "text"


# --- a store that goes away ------------------------------------------------------------------------------------------


def test_an_outcome_is_kept_until_the_store_is_back(place: Place) -> None:
    place.store = Away(place.store, finish=3)
    supervisor = working(place.add(task(nothing)))
    finish(supervisor)
    assert supervisor.store_error
    assert place.run().outcome is Outcome.SUCCEEDED
    assert place.store.open_runs() == []
    assert len(place.told.of("lost_store")) == 1, "it is said once"


def test_but_not_for_ever(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.supervision.Outcomes.SAVING_TRIES_SECONDS", -1.0)
    place.store = Away(place.store, finish=9)
    assert place.add(task(nothing)).tick() == STORE_UNAVAILABLE
    assert place.store.left["finish"] == 8
    assert len(place.store.open_runs()) == 1, "the next tick says that it crashed"


@pytest.mark.parametrize("method", ["acquire", "hand_over", "start"])
def test_what_cannot_be_noted_is_not_started(place: Place, tmp_path: Path, method: str) -> None:
    """Its worker is there already, waits to be let go, and is killed; the run stays pending."""
    place.store = Away(place.store, **{method: 1})
    assert place.add(task((tmp_path / "ran").touch)).tick() == STORE_UNAVAILABLE
    assert not (tmp_path / "ran").exists()
    (pending,) = place.store.open_runs()
    assert pending.started_at is None


def test_a_run_that_somebody_else_has_taken_is_theirs(place: Place, tmp_path: Path) -> None:
    """Between the claim and the start: it is not started here, and its lease is given back."""
    start = place.store.start

    def too_late(run, pid, now):
        assert place.store.adopt(run, "another", now)
        return start(run, pid, now)

    place.store.start = too_late
    assert place.add(task((tmp_path / "ran").touch)).tick() == 0
    assert not (tmp_path / "ran").exists()
    assert place.store.leases() == []
    assert place.store.open_runs()[0].owner == "another"
    place.store = memory_store()
    place.store.start = lambda *_: False
    assert place.tick(inline=True) == 0
    assert not (tmp_path / "ran").exists()


def test_a_stop_while_the_store_is_away_forgets_what_waits(place: Place) -> None:
    """It stays in the store, and the next tick finds it there."""
    scheduler = place.add(task(nothing)).scheduler()
    scheduler.store = Away(place.store, adopt=1)
    supervisor = scheduler.supervisor(place.told)
    scheduler.begin_tick(NOON, scheduler.find(), place.told, supervisor)
    supervisor.stop()
    supervisor.step(0)
    assert supervisor.is_idle
    assert len(place.store.open_runs()) == 1


# --- where it cannot fork --------------------------------------------------------------------------------------------


def test_beside_other_threads_a_fresh_interpreter_is_started(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fork would take over locks that other threads hold. The app is booted anew from the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wsgi.py").write_text(
        "class App:\n"
        "    run = None\n\n"
        "    def make(self, name):\n"
        "        self.scheduler = self\n"
        "        return self\n\n"
        "    def do_here(self, what, run, endings):\n"
        "        detail = f'{what} {run.key} {run.fire_time} {run.attempt} {run.late}'\n"
        "        found = dict.fromkeys(('skip_reason', 'error', 'location', 'traceback'), '')\n"
        "        return {**found, 'outcome': 'succeeded', 'detail': detail}\n\n\n"
        "application = App()\n"
    )
    assert beside_another_thread(place.add(task(nothing))) == 0
    assert place.run().detail == "run Job 2026-03-03 12:00:00+00:00 1 False"


def beside_another_thread(place: Place) -> int:
    """A tick in the main thread, with another one that waits."""
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        return place.tick()
    finally:
        done.set()
        other.join()


def test_in_another_thread_a_tick_leaves_signals_alone() -> None:
    """Only the main thread may handle them."""
    codes = []

    def tick() -> None:
        place = Place(told=Told()).add(task(nothing))
        codes.append(place.tick(inline=True))

    kept = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=tick)
    thread.start()
    thread.join()
    assert codes == [0]
    assert signal.getsignal(signal.SIGTERM) is kept


def test_a_run_is_done_here_for_a_fresh_interpreter(place: Place) -> None:
    done = place.add(task(nothing)).scheduler().do_here("run", Run("Job", NOON))
    assert done["outcome"] == "succeeded"
    assert place.store.history() == []


def test_the_run_knows_where_it_runs(place: Place) -> None:
    def tells() -> None:
        print(os.getpid())

    place.add(task(tells)).tick()
    run = place.store.run(place.run().id)
    assert run.output == f"{run.pid}\n"
    assert run.pid != os.getpid()
    assert run.host == host_name()
