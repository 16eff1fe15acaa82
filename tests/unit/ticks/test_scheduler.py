"""A tick: its claims, its recovery of other runs, and what it does without a store."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_until

from scheduler import Task, clock
from scheduler.errors import OK, STORE_UNAVAILABLE, TASK_FAILED
from scheduler.execution.Supervisor import Supervisor
from scheduler.processes.identity import host_name, this_process
from scheduler.runs import Outcome, Run
from scheduler.stores import Claim, Lease, lease_token, slot_of

from .fake_app import MINUTE, NOON, Away, FakeApp, nothing, process_that_is_gone, task

ELSEWHERE = "another-machine:4711:99"


# --- what is claimed -------------------------------------------------------------------------------------------------


def test_a_fire_time_is_started_by_one_tick(app: FakeApp) -> None:
    app.add(task(nothing))
    app.tick(inline=True)
    app.tick(inline=True)
    assert len(app.listener.runs) == 1
    assert [told.key for told in app.listener.of("claimed_before")] == ["Job"]


def test_fire_times_of_a_long_gap_are_recorded_as_missed(app: FakeApp) -> None:
    """If more than a hundred were missed, the older ones become one entry."""
    app.add(task(nothing))
    app.store.claim([], {"Job": NOON - 200 * MINUTE}, "", NOON)
    assert app.tick(inline=True) == OK
    history = app.store.history(limit=300)
    assert history[0].outcome is Outcome.SUCCEEDED
    missed = [run for run in history if run.outcome is Outcome.MISSED]
    assert {run.detail for run in missed[:-1]} == {"no tick came in time"}
    assert missed[-1].detail == "no tick came in time; nor for any earlier fire time up to 2026-03-03 10:18 UTC"
    assert len(missed) == 101


def test_jitter_delays_each_fire_time_by_the_same_amount(app: FakeApp) -> None:
    app.add(task(nothing, jitter="1 hour"), task(nothing, "Other", jitter="1 hour"))
    starts = []
    for minute in range(2):
        scheduler = app.scheduler()
        scheduler.begin_tick(NOON + minute * MINUTE, scheduler.find(), app.listener, scheduler.supervisor(app.listener))
        waits = {run.key: run.start_after for run in app.store.open_runs()}
        starts.append(waits)
    assert starts[0]["Job"] != starts[0]["Other"]
    runs = app.store.open_runs()
    first, second = (run for run in runs if run.key == "Job")
    assert abs((second.start_after - first.start_after).total_seconds()) < 30, "both ticks were a moment ago"


def test_a_start_that_is_far_off_costs_no_process(app: FakeApp) -> None:
    """Otherwise a jitter longer than the period would pile up waiting processes."""
    app.add(task(nothing, jitter="1 day"))
    now = clock.floor_minute(clock.real_now())
    for minute in range(3):
        assert app.tick(now + minute * MINUTE) == OK
    runs = app.store.open_runs()
    assert [(run.fire_time, run.owner, run.started_at) for run in runs] == [(now + n * MINUTE, "", None) for n in range(3)]


def test_the_tick_before_a_far_off_start_waits_for_it(app: FakeApp) -> None:
    now = clock.real_now()
    fire_time = clock.floor_minute(now) - 9 * MINUTE
    start = now + timedelta(seconds=0.3)
    app.store.claim([Claim("Job", slot_of("Job", fire_time), fire_time, start_after=start)], {}, "", now)
    app.add(task(nothing, run_every="1 year")).tick(now)
    run = app.run()
    assert (run.outcome, run.late) == (Outcome.SUCCEEDED, False)
    assert run.started_at >= start


def test_a_jitter_that_lies_behind_starts_at_once(app: FakeApp) -> None:
    app.add(task(nothing, jitter="1 second"))
    assert app.tick(NOON + timedelta(seconds=30)) == OK
    assert app.run().start_after is None


def test_listeners_know_nothing_due_from_no_tasks(app: FakeApp) -> None:
    assert app.tick() == OK
    assert app.add(task(nothing, run_every="1 year")).tick() == OK
    assert [event for event, _ in app.listener.events] == ["found_nothing", "nothing_due"]


def test_an_explaining_listener_gets_each_next_run(app: FakeApp) -> None:
    app.listener.explains = True
    app.add(task(nothing, "Yearly", run_every="1 year"), task(nothing, "OnDemand", run_every=None), task(nothing))
    app.tick(inline=True)
    assert [told.key for told in app.listener.of("not_due")] == ["Yearly", "OnDemand"]


def test_a_should_run_that_raises_fails_that_task_alone(app: FakeApp) -> None:
    class Moody(Task):
        def should_run(self, date: datetime | None = None) -> bool:
            raise RuntimeError("not today")

        def handle(self) -> None:
            raise AssertionError

    app.listener.explains = True
    assert app.add(Moody, task(nothing)).tick(inline=True) == TASK_FAILED
    (broken,) = app.listener.of("found_broken")
    assert (broken.key, broken.error) == ("Moody", "its should_run() raised RuntimeError: not today")
    assert app.listener.of("not_due") == []
    assert app.run().outcome is Outcome.SUCCEEDED


def test_a_forced_run_has_no_fire_time_and_can_be_repeated(app: FakeApp) -> None:
    app.add(task(nothing, run_every="1 year"), task(nothing, "Other"))
    for _ in range(2):
        assert app.tick(NOON, "Job", force=True, inline=True) == OK
    assert [(run.key, run.fire_time, run.slot) for run in app.listener.runs] == [("Job", None, "")] * 2


def test_runs_that_ended_long_ago_are_forgotten(app: FakeApp) -> None:
    """They are deleted after `keep_days`, by the clock that recorded when they ended."""
    app.settings["keep_days"] = 3
    for number, days in enumerate((2.9, 3.1)):
        ended = clock.real_now() - timedelta(days=days)
        missed = Claim("Job", f"Job@{number}", NOON, outcome=Outcome.MISSED)
        app.store.claim([missed], {}, "somebody", ended)
    app.add(task(nothing)).tick(inline=True)
    assert [run.slot for run in app.store.history() if run.outcome is Outcome.MISSED] == ["Job@0"]


# --- what others have left -------------------------------------------------------------------------------------------


def left_pending(app: FakeApp, key: str = "Job", minutes: int = 0, owner: str | None = None, **more: Any) -> Run:
    """Return a run claimed for a fire time `minutes` after noon, and not started, by a process that is gone."""
    fire_time = NOON + minutes * MINUTE
    slot = slot_of(key, fire_time, more.get("attempt", 1))
    owner = process_that_is_gone() if owner is None else owner
    (run,) = app.store.claim([Claim(key, slot, fire_time, **more)], {}, owner, NOON)
    return run


def left_running(app: FakeApp, owner: str, key: str = "Job", **more: Any) -> Run:
    """A run that was started there, with its lease."""
    run = left_pending(app, key, owner=owner, **more)
    token = lease_token(run.owner, run.id)
    assert app.store.acquire(Lease(key, token, run.owner, host_name(), 4711, NOON + timedelta(days=99999)), NOON)
    assert app.store.start(run, 4711, NOON)
    return run


def outcomes(app: FakeApp) -> dict[int, str]:
    return {run.id: run.outcome.value if run.outcome else "none" for run in app.store.history()}


def test_claims_of_a_dead_process_are_started(app: FakeApp) -> None:
    run = left_pending(app, minutes=-1)
    app.add(task(nothing)).tick(inline=True)
    taken, own = app.listener.runs
    assert (taken.id, taken.late, taken.outcome) == (run.id, True, Outcome.SUCCEEDED)
    assert (own.fire_time, own.late) == (NOON, False)


@pytest.mark.parametrize(("options", "outcome"), [({}, "missed"), ({"catch_up": "latest"}, "succeeded")])
def test_a_dead_process_claim_is_missed_after_grace_without_catch_up(app: FakeApp, options: dict, outcome: str) -> None:
    run = left_pending(app, minutes=-6)
    app.add(task(nothing, **options)).tick(inline=True)
    assert outcomes(app)[run.id] == outcome


def test_a_retry_is_never_too_late(app: FakeApp) -> None:
    run = left_pending(app, minutes=-60, attempt=2, owner="")
    app.add(task(nothing)).tick(inline=True)
    assert outcomes(app)[run.id] == "succeeded"


def test_a_retry_is_not_started_before_its_time(app: FakeApp) -> None:
    later = datetime.now(NOON.tzinfo) + timedelta(hours=1)
    run = left_pending(app, minutes=-1, attempt=2, owner="", start_after=later)
    app.add(task(nothing)).tick(inline=True)
    assert outcomes(app)[run.id] == "none"


def test_claims_of_a_living_process_are_left_alone(app: FakeApp) -> None:
    run = left_pending(app, minutes=-1, owner=ELSEWHERE)
    now = datetime.now(NOON.tzinfo)
    app.store.beat(ELSEWHERE, {run.id: ""}, now, timedelta(minutes=1))
    app.add(task(nothing)).tick(inline=True)
    assert outcomes(app)[run.id] == "none"


def test_a_pending_run_of_a_silent_host_is_started_here(app: FakeApp) -> None:
    run = left_pending(app, minutes=-1, owner=ELSEWHERE)
    app.add(task(nothing)).tick(inline=True)
    assert outcomes(app)[run.id] == "succeeded"


def test_a_pending_run_of_a_removed_task_is_missed_after_grace(app: FakeApp) -> None:
    young, old = left_pending(app, "Removed", minutes=-4), left_pending(app, "Removed", minutes=-6)
    app.add(task(nothing)).tick(inline=True)
    assert (outcomes(app)[young.id], outcomes(app)[old.id]) == ("none", "missed")
    assert app.store.run(old.id).detail == "it was claimed, but nobody started it in time"


def test_a_pending_run_of_another_server_is_that_servers(app: FakeApp) -> None:
    slot = slot_of("Job on db1", NOON - MINUTE)
    app.store.claim([Claim("Job", slot, NOON - MINUTE)], {}, process_that_is_gone(), NOON)
    app.add(task(nothing, on_every_server=True)).tick(inline=True)
    assert [run.fire_time for run in app.listener.runs] == [NOON]


def test_a_tick_of_some_tasks_starts_nothing_of_the_others(app: FakeApp) -> None:
    run = left_pending(app, "Other", minutes=-1)
    app.add(task(nothing), task(nothing, "Other")).tick(NOON, "Job", inline=True)
    assert outcomes(app)[run.id] == "none"


def test_a_run_that_another_tick_takes_over_first_is_left_alone(app: FakeApp) -> None:
    left_pending(app, minutes=-1)
    app.store.adopt = lambda *_: False
    app.add(task(nothing)).tick(inline=True)
    assert [run.fire_time for run in app.listener.runs] == [NOON]


@pytest.mark.parametrize("retries", [0, 1])
def test_a_run_whose_process_is_gone_has_crashed(app: FakeApp, retries: int) -> None:
    """Its lease is released at once, and it is retried if the task has retries."""
    run = left_running(app, process_that_is_gone(), minutes=-1)
    code = app.add(task(nothing, retries=retries)).tick(inline=True)
    assert code == OK, "nothing that this tick ran has failed"
    buried = app.store.run(run.id)
    assert buried.outcome is Outcome.CRASHED
    assert buried.error == f"process 4711 on {host_name()} is gone, and so is its supervisor"
    told = [(run.fire_time, run.outcome) for run in app.listener.runs]
    assert told[0] == (run.fire_time, Outcome.CRASHED)
    assert [fire_time for fire_time, _ in told[1:]] == [NOON, NOON - MINUTE][: 1 + retries], "the retry comes after it"
    assert app.store.open_runs() == []


def test_a_run_of_a_removed_task_whose_process_is_gone_has_crashed(app: FakeApp) -> None:
    run = left_running(app, process_that_is_gone(), "Removed")
    app.add(task(nothing)).tick(inline=True)
    assert outcomes(app)[run.id] == "crashed"
    assert app.store.leases() == []


def test_pending_runs_of_an_earlier_tick_of_this_process_are_kept(app: FakeApp) -> None:
    """In `schedule:work` one supervisor executes many ticks, and knows the runs that it has not started yet."""
    scheduler = app.add(task(nothing, overlap=True)).scheduler()
    supervisor = scheduler.supervisor(app.listener)
    for minute in range(2):
        scheduler.begin_tick(NOON + minute * MINUTE, scheduler.find(), app.listener, supervisor)
    supervisor.run_inline()
    assert [run.fire_time for run in app.listener.runs] == [NOON, NOON + MINUTE]


def test_a_run_this_process_has_forgotten_is_started_by_its_next_tick(app: FakeApp) -> None:
    run = left_pending(app, owner=str(this_process()))
    app.add(task(nothing)).tick(NOON + MINUTE, inline=True)
    assert outcomes(app)[run.id] == "succeeded"


# --- while an app is rolled out, and while a clock is wrong -----------------------------------------------------------


def test_a_server_without_the_task_leaves_its_pending_runs_alone(app: FakeApp) -> None:
    """It does so until no server has checked the task for longer than its grace: then no server has it any more."""
    run = left_pending(app, "New", minutes=-30, attempt=2, owner="")
    app.store.claim([], {"New": NOON}, "", NOON)
    app.add(task(nothing)).tick(inline=True)
    assert outcomes(app)[run.id] == "none"
    app.tick(NOON + 10 * MINUTE, inline=True)
    assert outcomes(app)[run.id] == "missed"


def test_a_clock_that_was_far_ahead_for_a_tick_makes_nothing_start_again(
    app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tick on the wrong day must not prune today's claim."""
    app.settings["keep_days"] = 3
    app.add(task(nothing))
    for moment in (NOON, NOON + timedelta(days=40), NOON):
        monkeypatch.setattr(clock, "real_now", lambda moment=moment: moment)
        app.tick(moment, inline=True)
    assert [run.fire_time for run in app.listener.runs if run.outcome is Outcome.SUCCEEDED].count(NOON) == 1


# --- without a store -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["cursors", "open_runs", "claim"])
def test_a_tick_without_its_store_says_so_and_starts_nothing(app: FakeApp, method: str) -> None:
    app.store = Away(app.store, **{method: 1})
    assert app.add(task(nothing, run_every="1 year")).tick(inline=True) == STORE_UNAVAILABLE
    assert [str(error) for error in app.listener.of("lost_store")] == [f"the store is away when asked to {method}"]


@pytest.mark.parametrize("method", ["prune", "prune_workers"])
def test_history_that_cannot_be_pruned_now_stops_no_tick(app: FakeApp, method: str) -> None:
    app.store = Away(app.store, **{method: 1})
    assert app.add(task(nothing)).tick(inline=True) == OK
    assert app.run().outcome is Outcome.SUCCEEDED
    assert app.listener.of("lost_store") == []


def test_the_cost_per_task_does_not_grow_with_their_number(app: FakeApp) -> None:
    """The cost is counted in statements, since their time depends on the machine."""
    connection = app.store.connection
    execute, executed = connection._execute, []
    connection._execute = lambda sql, values: executed.append(sql) or execute(sql, values)
    counts = []
    for count in (10, 40, 40):
        app.add(*(task(nothing, f"Job{len(counts)}x{number}") for number in range(count)))
        before = len(executed)
        assert app.tick(NOON + len(counts) * MINUTE, inline=True) == OK
        counts.append(len(executed) - before)
    assert counts[2] - counts[1] <= counts[1] - counts[0] <= 40 * 20


def test_pending_runs_cost_nothing_while_all_workers_are_busy(app: FakeApp, tmp_path: Path) -> None:
    app.settings["workers"] = 1
    go = tmp_path / "go"
    scheduler = app.add(task(lambda: wait_until(go.exists))).scheduler()
    (registered,) = scheduler.find().usable
    supervisor = scheduler.supervisor(app.listener)
    with supervisor.stop_on_signals():
        scheduler.begin_tick(NOON, scheduler.find(), app.listener, supervisor)
        supervisor.step(0)
        few = cpu_of_steps(supervisor)
        supervisor._launcher.submit((registered, Run("Job", NOON, id=-number)) for number in range(5000))
        many = cpu_of_steps(supervisor)
        supervisor._launcher.clear()
        go.touch()
        supervisor.finish()
    assert many < 2 * few, f"{1e6 * few:.0f} and {1e6 * many:.0f} microseconds"


def cpu_of_steps(supervisor: Supervisor) -> float:
    """Return the CPU time that a step takes, in seconds: the best of some."""
    times = []
    for _ in range(10):
        begin = time.process_time()
        for _ in range(20):
            supervisor.step(0)
        times.append((time.process_time() - begin) / 20)
    return min(times)


def test_a_tick_catches_up_what_failed_ticks_left(app: FakeApp) -> None:
    app.add(task(nothing, catch_up="all"))
    app.tick(inline=True)
    app.store = Away(app.store, cursors=1, claim=1)
    for minute in (1, 2):
        assert app.tick(NOON + minute * MINUTE, inline=True) == STORE_UNAVAILABLE
    assert app.tick(NOON + 3 * MINUTE, inline=True) == OK
    assert [run.fire_time for run in app.listener.runs] == [NOON + n * MINUTE for n in range(4)]
