"""Rules of starting, ending and recording runs that are easily lost in a change of the code."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from waiting import is_alive, wait_until

from scheduler import clock
from scheduler.config.Settings import Settings
from scheduler.errors import STORE_UNAVAILABLE, StoreUnavailable
from scheduler.execution.claims import jitter_of
from scheduler.execution.due import judge
from scheduler.execution.Heartbeat import Heartbeat
from scheduler.execution.OutcomeRecorder import OutcomeRecorder
from scheduler.execution.plan import plan_tick, read_state
from scheduler.listeners.ListenerDispatcher import ListenerDispatcher
from scheduler.listeners.RunListener import Delivery
from scheduler.processes.identity import host_name
from scheduler.runs import CompletedRun, Outcome, Pause, Run, SkipReason
from scheduler.stores import Claim, Lease, slot_of

from .fake_app import (
    MINUTE,
    MOMENT,
    NOON,
    Away,
    FakeApp,
    nothing,
    process_that_is_gone,
    task,
)

HOUR = timedelta(hours=1)


def left_by_another(app: FakeApp, *keys: str, **claim: Any) -> list[Run]:
    """Pending runs, a minute old, of a process that is gone."""
    fire_time = NOON - MINUTE
    claims = [Claim(key, slot_of(key, fire_time), fire_time, **claim) for key in keys]
    runs: list[Run] = app.store.claim(claims, {}, process_that_is_gone(), NOON)
    return runs


# --- descriptors, threads and processes ------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_a_timeout_ends_a_daemon_that_has_detached_itself(app: FakeApp, tmp_path: Path) -> None:
    note = tmp_path / "pid"

    def detaches() -> None:
        detach = "import os, time; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0)"
        code = f"{detach}; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
        time.sleep(600)

    scheduler = app.add(task(detaches, timeout=HOUR)).scheduler()
    supervisor = scheduler.supervisor(app.listener)
    scheduler.begin_tick(NOON, scheduler.find(), app.listener, supervisor)
    wait_until(lambda: supervisor.step(0.05) or (note.exists() and note.read_text()))
    (active,) = supervisor._active
    active.deadline = time.monotonic()
    supervisor.finish()
    assert app.run().outcome is Outcome.TIMED_OUT
    wait_until(lambda: not is_alive(int(note.read_text())))


def test_kill_grace_is_the_time_between_sigterm_and_sigkill(app: FakeApp) -> None:
    def is_deaf() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("deaf")
        time.sleep(600)

    app.settings["kill_grace"] = HOUR
    scheduler = app.add(task(is_deaf)).scheduler()
    supervisor = scheduler.supervisor(app.listener)
    scheduler.begin_tick(NOON, scheduler.find(), app.listener, supervisor)
    wait_until(lambda: supervisor.step(0.05) or b"deaf" in supervisor._active[0].output)
    (active,) = supervisor._active
    active.deadline = time.monotonic()
    supervisor.step(0.05)
    supervisor.step(0.05)
    assert active.kill_at is not None
    assert 3500 < active.kill_at - time.monotonic() <= 3600
    assert is_alive(active.worker.pid)
    active.kill_at = time.monotonic()
    supervisor.finish()
    assert app.run().outcome is Outcome.TIMED_OUT


def test_the_heartbeat_thread_of_an_inline_run_ends_with_it() -> None:
    beats: list[datetime] = []

    class Store:
        def reopened(self) -> Store:
            return self

        def beat(self, owner: str, held: Any, now: datetime, takeover: timedelta) -> None:
            beats.append(now)

        def close(self) -> None:
            closed.set()

    closed = threading.Event()
    before = threading.active_count()
    with Heartbeat(Store(), "owner", Settings(lease=timedelta(milliseconds=4)), dict, lambda _: None).renewing():
        wait_until(lambda: len(beats) > 1)
    assert closed.is_set()
    assert threading.active_count() == before


# --- one run does not hold up others ---------------------------------------------------------------------------------


def test_a_run_that_waits_for_its_jitter_does_not_hold_up_the_next_one(app: FakeApp) -> None:
    scheduler = app.add(task(nothing, "Early"), task(nothing, "Later")).scheduler()
    supervisor = scheduler.supervisor(app.listener)
    tasks = {each.key: each for each in scheduler.find().usable}
    claims = [
        Claim("Early", "early", NOON, start_after=clock.real_now() + HOUR),
        Claim("Later", "later", NOON),
    ]
    runs = app.store.claim(claims, {}, supervisor.owner, NOON)
    supervisor.submit([(tasks[run.key], run) for run in runs])
    wait_until(lambda: supervisor.step(0.05) or app.listener.runs)
    assert app.run().key == "Later"


def test_recovery_handles_every_run_that_others_left(app: FakeApp) -> None:
    """The first run has a live process, the second has crashed, and the third is started now."""
    app.add(task(nothing, "Mine"), task(nothing, "Crashed"), task(nothing, "Left"))
    scheduler = app.scheduler()
    live = scheduler.supervisor(app.listener).owner
    claim = Claim("Mine", slot_of("Mine", NOON - MINUTE), NOON - MINUTE)
    app.store.claim([claim], {}, live, clock.real_now())
    crashed, _ = left_by_another(app, "Crashed", "Left")
    app.store.start(crashed, 4711, NOON)
    app.tick(NOON)
    outcomes = {(run.key, run.fire_time): run.outcome for run in app.listener.runs}
    assert outcomes[("Crashed", NOON - MINUTE)] is Outcome.CRASHED
    assert outcomes[("Left", NOON - MINUTE)] is Outcome.SUCCEEDED
    assert ("Mine", NOON - MINUTE) not in outcomes


def test_a_pause_that_comes_while_a_run_waits_keeps_it_from_starting(app: FakeApp, tmp_path: Path) -> None:
    scheduler = app.add(task((tmp_path / "ran").touch)).scheduler()
    supervisor = scheduler.supervisor(app.listener)
    (registered,) = scheduler.find().usable
    start_after = clock.real_now() + MOMENT
    (run,) = app.store.claim([Claim("Job", "it", NOON, start_after=start_after)], {}, supervisor.owner, NOON)
    supervisor.submit([(registered, run)])
    supervisor.step(0)
    assert supervisor._launcher.pending
    app.store.pause(Pause("Job", NOON - MINUTE, None, "deploy", "ann@web1"))
    supervisor.finish()
    assert app.run().skip_reason is SkipReason.PAUSED
    assert not (tmp_path / "ran").exists()


# --- what is called for which outcome --------------------------------------------------------------------------------


@pytest.mark.parametrize("inline", [True, False])
def test_hooks_are_not_called_for_missed_and_paused_runs(app: FakeApp, tmp_path: Path, inline: bool) -> None:
    def note(name: str) -> Any:
        return lambda _self, *_run: (tmp_path / name).touch()

    hooks = {name: note(name) for name in ("before", "after", "failed", "succeeded")}
    app.add(task(nothing, "Missed", **hooks, grace="0 seconds"), task(nothing, "Paused", **hooks))
    app.store.pause(Pause("Paused", NOON - HOUR, None, "", ""))
    left_by_another(app, "Missed")
    app.store.pause(Pause("Missed", NOON, None, "", ""))
    app.tick(NOON, inline=inline)
    outcomes = {(run.key, run.outcome) for run in app.listener.runs}
    assert {("Missed", Outcome.MISSED), ("Paused", Outcome.SKIPPED)} <= outcomes
    assert list(tmp_path.iterdir()) == []


def test_a_run_empties_its_output_file_and_a_skipped_one_keeps_it(app: FakeApp, tmp_path: Path) -> None:
    app.folder = str(tmp_path)
    file = tmp_path / "out.log"
    file.write_text("of the last run")
    app.add(task(nothing, output_to="out.log"))
    app.down = True
    app.tick(NOON)
    assert (app.run().outcome, file.read_text()) == (Outcome.SKIPPED, "of the last run")
    app.down = False
    app.tick(NOON + MINUTE)
    assert file.read_text() == ""


def test_an_outcome_that_cannot_be_saved_blocks_and_drops_no_other(app: FakeApp) -> None:
    scheduler = app.add(task(nothing, "First"), task(nothing, "Second"), task(nothing, "Third")).scheduler()
    supervisor = scheduler.supervisor(app.listener)
    saved: list[str] = []

    def finish(run: Run, *_: Any, **__: Any) -> bool:
        if run.key == "First":
            raise StoreUnavailable("it takes no run of this task")
        saved.append(run.key)
        return True

    app.store.finish = finish
    recorder = OutcomeRecorder(
        app.store, app.listener, supervisor._launcher, supervisor._notifications,
        lost_store=lambda _error: None, seconds=60.0, monotonic=lambda: 1000.0,
    )  # fmt: skip
    for each in scheduler.find().usable:
        recorder.add(each, Run(each.key, NOON, outcome=Outcome.SUCCEEDED))
    for _ in range(3):
        recorder.save()
    assert saved == ["Second", "Third"]
    assert [run.key for run in recorder.runs] == ["First"]


def test_an_outcome_that_the_store_refuses_is_shown(app: FakeApp) -> None:
    app.store.finish = lambda *_, **__: False
    app.add(task(nothing)).tick()
    assert app.run().outcome is Outcome.SUCCEEDED


def test_output_of_an_inline_run_is_kept(app: FakeApp, capsys: pytest.CaptureFixture[str]) -> None:
    app.add(task(lambda: print("a line"))).tick(inline=True)
    assert app.store.run(app.run().id).output == "a line\n"
    assert capsys.readouterr().out == "a line\n"


# --- when, and how late ----------------------------------------------------------------------------------------------


def test_jitter_does_not_delay_a_run_that_is_late_already(app: FakeApp) -> None:
    scheduler = app.add(task(nothing, jitter="1 hour", catch_up="all")).scheduler()
    tasks = scheduler.find()
    app.store.claim([], {"Job": NOON - MINUTE}, "", NOON)
    late, now = plan_tick(NOON, tasks, read_state(app.store, NOON, tasks), scheduler.settings).actions
    assert (late.fire_time, late.start_after) == (NOON - MINUTE, None)
    assert now.fire_time == NOON
    assert now.start_after is not None


def test_jitter_spreads_starts_over_the_whole_of_its_length(app: FakeApp) -> None:
    app.add(*(task(nothing, f"Job{number}", jitter="1 hour") for number in range(200)))
    delays = [jitter_of(each) for each in app.scheduler().find().usable]
    assert min(delays) < 6 * MINUTE
    assert 54 * MINUTE < max(delays) < HOUR


def test_all_runs_of_a_busy_task_are_given_back_once(
    app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.floor_minute(clock.real_now())
    app.store.acquire(Lease("Job", "token", "another process", "another host", 1, now + HOUR), now)
    app.store.claim([], {"Job": now - 5 * MINUTE}, "", now)
    given_back: list[datetime | None] = []
    adopt = app.store.adopt
    monkeypatch.setattr(app.store, "adopt", lambda run, *how: given_back.append(run.fire_time) or adopt(run, *how))
    assert app.add(task(nothing, catch_up="all")).tick(now) == 0
    assert [run.owner for run in app.store.open_runs()] == [""] * 6
    assert given_back == [now - number * MINUTE for number in range(5, -1, -1)]


@pytest.mark.parametrize(("seconds", "late"), [(0, False), (-1, True)])
def test_a_run_with_jitter_is_late_if_its_start_is(app: FakeApp, seconds: int, late: bool) -> None:
    fire_time, start = NOON - 2 * MINUTE, NOON + timedelta(seconds=seconds)
    claim = Claim("Job", slot_of("Job", fire_time), fire_time, start_after=start)
    app.store.claim([claim], {}, process_that_is_gone(), NOON)
    app.add(task(nothing)).tick()
    assert [run.late for run in app.listener.runs if run.fire_time == fire_time] == [late]


def test_a_start_more_than_a_minute_away_is_left_to_a_later_tick(app: FakeApp) -> None:
    now = clock.real_now()
    fire_time = clock.floor_minute(now)
    start = now + timedelta(seconds=90)
    app.store.claim([Claim("Job", slot_of("Job", fire_time), fire_time, start_after=start)], {}, "", now)
    app.add(task(nothing, run_every="1 year")).tick(now)
    assert app.listener.runs == []
    assert [run.owner for run in app.store.open_runs()] == [""]


@pytest.mark.parametrize(("grace", "outcome"), [(10 * MINUTE, "run"), (10 * MINUTE - MOMENT, "missed")])
def test_a_fire_time_exactly_grace_ago_still_runs(app: FakeApp, grace: timedelta, outcome: str) -> None:
    (registered,) = app.add(task(nothing, run_every="1 day", run_at="11:50", grace=grace)).scheduler().find().usable
    ((due,), _) = judge([registered], NOON, {"Job": NOON - HOUR})
    assert (due.run or due.missed) == (NOON - 10 * MINUTE,)
    assert bool(due.run) is (outcome == "run")


@pytest.mark.parametrize(("grace", "outcome"), [("1 minute", Outcome.SUCCEEDED), ("59 seconds", Outcome.MISSED)])
def test_a_claim_that_others_left_exactly_grace_ago_still_runs(app: FakeApp, grace: str, outcome: Outcome) -> None:
    app.add(task(nothing, grace=grace))
    (left,) = left_by_another(app, "Job")
    app.tick(NOON)
    assert {run.id: run.outcome for run in app.listener.runs}[left.id] is outcome


@pytest.mark.parametrize("late", [True, False])
def test_a_retry_is_as_late_as_its_first_attempt(app: FakeApp, late: bool) -> None:
    def fails() -> None:
        raise RuntimeError("it went wrong")

    app.add(task(fails, retries=1, retry_delay="0 seconds", catch_up="all", overlap=True, run_every="1 hour"))
    if late:
        app.store.claim([], {"Job": NOON - 2 * HOUR + MINUTE}, "", NOON)
    app.tick(NOON + 30 * MINUTE if late else NOON)
    attempts = [(run.attempt, run.late) for run in app.listener.runs if run.fire_time == NOON]
    assert attempts == [(1, late), (2, late)]


def test_a_run_that_starts_within_its_own_minute_is_not_late(app: FakeApp) -> None:
    app.add(task(nothing)).tick(NOON + timedelta(seconds=59))
    assert app.run().late is False


def test_a_pending_run_has_no_process_no_host_and_no_end(app: FakeApp) -> None:
    (run,) = left_by_another(app, "Job")
    for pending in (run, *app.store.open_runs(), app.store.run(run.id)):
        assert (pending.pid, pending.host, pending.started_at, pending.ended_at) == (0, "", None, None)
        assert pending.outcome is None


# --- a store that goes away ------------------------------------------------------------------------------------------


def test_the_first_outcome_is_tried_for_as_long_as_any_other(app: FakeApp) -> None:
    scheduler = app.add(task(nothing, "First"), task(nothing, "Second")).scheduler()
    supervisor = scheduler.supervisor(app.listener)
    tasks = {each.key: each for each in scheduler.find().usable}
    seconds = [1000.0]
    recorder = OutcomeRecorder(
        Away(app.store, finish=1000), app.listener, supervisor._launcher, supervisor._notifications,
        lost_store=lambda _error: None, seconds=60.0, monotonic=lambda: seconds[0],
    )  # fmt: skip
    for key in ("First", "Second"):
        recorder.add(tasks[key], Run(key, NOON, outcome=Outcome.SUCCEEDED))
        seconds[0] += 30
    recorder.save()  # 60 and 30 seconds old
    assert sorted(run.key for run in recorder.runs) == ["First", "Second"]
    seconds[0] += 1
    recorder.save()
    assert [run.key for run in recorder.runs] == ["Second"]
    seconds[0] += 30
    recorder.save()
    assert recorder.runs == []


def test_a_store_that_is_away_while_a_streak_is_forgotten_is_reported(app: FakeApp) -> None:
    def fails() -> None:
        raise RuntimeError("it went wrong")

    app.store = Away(app.store, end_streak=1)
    app.add(task(fails, notify_on_failure="ann@example.com"))
    app.listeners = [Unreachable()]
    assert app.tick() == STORE_UNAVAILABLE
    assert len(app.listener.of("lost_store")) == 1


class Unreachable:
    """A recipient that cannot be reached."""

    def at_start(self, *_: Any) -> list[Delivery]:
        return []

    def at_end(self, *_: Any) -> list[Delivery]:
        return [Delivery("ann@example.com", self.fail, is_notice=True)]

    def fail(self) -> None:
        raise OSError("no route to host")


@pytest.mark.parametrize("reached", [[True, True], [True, False], [False, True]])
def test_one_failed_notification_among_several_counts(app: FakeApp, reached: list[bool]) -> None:
    supervisor = app.add(task(nothing)).scheduler().supervisor(app.listener)
    runner, answers = supervisor._runner, iter(reached)
    runner._dispatcher = SimpleNamespace(ended=lambda *_: next(answers))
    runs = [CompletedRun(Run("Job", NOON, outcome=Outcome.FAILED), False, True, None, False)] * 2
    assert runner.notify(app.scheduler().find().usable[0], runs) is all(reached)


def test_pending_runs_are_kept_while_others_run_and_the_store_is_away(app: FakeApp, tmp_path: Path) -> None:
    go = tmp_path / "go"
    app.settings["workers"] = 1
    scheduler = app.add(task(lambda: wait_until(go.exists), "Active"), task(nothing, "Waiting")).scheduler()
    supervisor = scheduler.supervisor(app.listener)
    scheduler.begin_tick(NOON, scheduler.find(), app.listener, supervisor)
    supervisor.step(0)
    assert [active.run.key for active in supervisor._active] == ["Active"]
    away = Away(app.store, acquire=1)
    supervisor._launcher._store = away
    go.touch()
    wait_until(lambda: supervisor.step(0.05) or not supervisor._active)
    supervisor.finish()
    assert away.left["acquire"] == 0
    assert supervisor.store_error is not None
    assert [run.key for run in app.listener.runs] == ["Active"]
    assert [run.key for run in app.store.open_runs()] == ["Waiting"]


def test_make_scheduler_run_does_not_force(app: FakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON + MINUTE)
    scheduler = app.add(task(nothing, run_every="1 hour")).scheduler()
    assert scheduler.run() == 0
    assert app.store.history() == []
    assert scheduler.run(force=True) == 0
    assert [run.host for run in app.store.history()] == [host_name()]


def test_all_listeners_are_notified_after_a_test_of_one_kind() -> None:
    listeners = [Unreachable(), Unreachable()]
    dispatcher = ListenerDispatcher(listeners)
    with pytest.raises(KeyError), dispatcher.only(dict):
        assert dispatcher._listeners == []
        raise KeyError
    assert dispatcher._listeners == listeners
