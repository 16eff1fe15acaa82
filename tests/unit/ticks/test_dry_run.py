"""A dry run: what a tick would do, planned as the tick plans it, without changing anything."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from scheduler import Task, clock
from scheduler.diagnosis.DryRun import DryRun
from scheduler.errors import UnknownTask
from scheduler.execution.plan import plan_tick, read_state
from scheduler.runs import Pause, PlannedAction
from scheduler.stores import Claim, Lease, slot_of

from .fake_app import MINUTE, NOON, FakeApp, nothing, process_that_is_gone, task


def at_3(**more: Any) -> type[Task]:
    """A task that is due at three minutes past noon, only once a day."""
    return task(nothing, run_every=None, run_at="12:03", **more)


def raises(*_: object) -> bool:
    raise ValueError("no answer")


def dry_run(app: FakeApp, now: datetime = NOON, at: datetime | None = None, **how: Any) -> list[tuple[str, str]]:
    """What the tick would do, as key and plan; the store is then as it was before."""
    app.listener.events.clear()
    before = _kept(app)
    with clock.standing_at(now):
        DryRun(app.scheduler(), app).report(at, app.listener, **how)
    assert _kept(app) == before
    return [(planned.key, planned.action.value) for planned in plans(app)]


def plans(app: FakeApp) -> list[PlannedAction]:
    return app.listener.of("planned")


def _kept(app: FakeApp) -> tuple[Any, ...]:
    return app.store.history(), app.store.cursors(), app.store.leases(), app.store.ticks()


def test_a_due_task_would_run(app: FakeApp) -> None:
    app.add(task(nothing), task(nothing, "Later", run_every=None, run_at="13:00"))
    app.listener.explains = True
    assert dry_run(app) == [("Job", "run")]
    assert [task.key for task in app.listener.of("not_due")] == ["Later"]


def test_a_dry_run_with_nothing_due_reports_that(app: FakeApp) -> None:
    assert dry_run(app.add(at_3())) == []
    assert app.listener.of("nothing_due") == [None]


def test_a_fire_time_that_was_started_is_left_alone(app: FakeApp) -> None:
    app.add(task(nothing)).tick(inline=True)
    assert dry_run(app) == [("Job", "leave")]


def test_late_fire_times_are_caught_up_and_missed_ones_recorded(app: FakeApp) -> None:
    app.add(at_3(), task(nothing, "All", run_every="2 minutes", catch_up="all")).tick(inline=True)
    assert dry_run(app, now=NOON + 5 * MINUTE) == [("Job", "run_late"), ("All", "run_late"), ("All", "run_late")]
    assert dry_run(app, now=NOON + 20 * MINUTE)[0] == ("Job", "miss")


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [({"environments": "production"}, "environment"), ({"when": lambda _self: False}, "condition")],
)
def test_a_task_whose_conditions_are_not_met_would_be_skipped(app: FakeApp, attributes: dict, reason: str) -> None:
    assert dry_run(app.add(task(nothing, **attributes))) == [("Job", "skip")]
    assert plans(app)[0].as_dict()["skip_reason"] == reason


def test_a_dry_run_in_maintenance_says_skipped(app: FakeApp) -> None:
    app.down = True
    assert dry_run(app.add(task(nothing))) == [("Job", "skip")]


def test_a_task_that_still_runs_would_be_skipped(app: FakeApp) -> None:
    app.add(task(nothing))
    expires = clock.real_now() + MINUTE
    app.store.acquire(Lease("Job", "theirs", "another-machine:4711:99", "web2", 4711, expires), NOON)
    assert dry_run(app) == [("Job", "skip")]
    assert plans(app)[0].detail == "an earlier run has not ended (process 4711 on web2)"


def test_a_dry_run_of_another_time_assumes_that_every_earlier_tick_came(app: FakeApp) -> None:
    app.add(task(nothing, environments="production", when=raises)).tick(inline=True)
    assert dry_run(app, at=NOON + timedelta(days=1)) == [("Job", "run")]
    assert plans(app)[0].detail == "if APP_ENV is production and its when() returns true"


def test_a_dry_run_shows_a_delay_by_jitter(app: FakeApp) -> None:
    dry_run(app.add(task(nothing, jitter="1 hour")))
    assert plans(app)[0].detail.endswith(" later, its jitter")


def test_a_forced_dry_run_runs_every_chosen_task(app: FakeApp) -> None:
    app.add(task(nothing, "A", environments="production"), task(nothing, "B", run_every=None))
    assert dry_run(app, force=True) == [("A", "run"), ("B", "run")]
    assert dry_run(app, names=["B"], force=True) == [("B", "run")]
    with pytest.raises(UnknownTask):
        dry_run(app, names=["C"])


def test_a_should_run_that_raises_is_reported_as_by_the_tick(app: FakeApp) -> None:
    app.add(task(nothing, should_run=raises))
    assert dry_run(app) == []
    assert "no answer" in app.listener.of("found_broken")[0].error


def pending(app: FakeApp, owner: str = "", **more: Any) -> None:
    claim = Claim("Job", slot_of("Job", NOON, more.get("attempt", 1)), NOON, **more)
    app.store.claim([claim], {"Job": NOON + MINUTE}, owner, clock.real_now())


def test_retries_that_are_pending_would_be_started_or_waited_for(app: FakeApp) -> None:
    app.add(at_3())
    pending(app, attempt=2, start_after=clock.real_now() - MINUTE)
    assert dry_run(app, now=NOON + MINUTE) == [("Job", "retry")]
    pending(app, attempt=3, start_after=clock.real_now() + 10 * MINUTE)
    assert dry_run(app, now=NOON + MINUTE) == [("Job", "retry"), ("Job", "wait")]
    assert "attempt 3 starts at" in plans(app)[1].detail


def test_pending_runs_would_be_started_or_missed(app: FakeApp) -> None:
    app.add(at_3(), task(nothing, "Other", run_every=None))
    pending(app)
    assert dry_run(app, now=NOON + MINUTE) == [("Job", "run_late")]
    assert dry_run(app, now=NOON + 20 * MINUTE) == [("Job", "miss"), ("Job", "miss")]
    assert dry_run(app, now=NOON + MINUTE, names=["Other"]) == []


def test_a_run_that_waits_for_its_jitter_is_reported_once(app: FakeApp) -> None:
    app.add(task(nothing))
    pending(app, start_after=clock.real_now() + 2 * MINUTE)
    assert dry_run(app) == [("Job", "wait")]


def test_a_run_whose_process_is_gone_would_be_recorded_as_crashed(app: FakeApp) -> None:
    app.add(at_3())
    pending(app, owner=process_that_is_gone())
    app.store.start(app.store.open_runs()[0], 4711, clock.real_now())
    assert dry_run(app, now=NOON + MINUTE) == [("Job", "record_crash")]
    assert plans(app)[0].detail.startswith("process 4711 on ")


def test_a_run_of_a_task_that_is_no_more_would_be_missed(app: FakeApp) -> None:
    pending(app)
    assert dry_run(app, now=NOON + 20 * MINUTE) == [("Job", "miss")]


def test_a_dry_run_leaves_out_runs_that_others_handle(app: FakeApp) -> None:
    app.add(at_3())
    pending(app, owner="another-machine:4711:99")
    assert dry_run(app, now=NOON + MINUTE) == []


# --- the dry run and the tick have one plan --------------------------------------------------------------------------


def test_a_condition_that_raises_would_let_it_fail(app: FakeApp) -> None:
    assert dry_run(app.add(task(nothing, when=raises))) == [("Job", "fail")]
    assert app.tick(inline=True) == 1


def test_a_tick_does_what_its_dry_run_printed(app: FakeApp) -> None:
    """Late fire times, missed ones, paused tasks, retries and crashes at once: key, fire time and outcome agree."""
    now = clock.floor_minute(clock.real_now())
    app.add(
        task(nothing, "All", catch_up="all"),
        task(nothing, "Latest"),
        task(nothing, "Paused"),
        task(nothing, "Retried", run_every=None),
        task(nothing, "Crashed", run_every=None),
    )
    app.store.pause(Pause("Paused", now - timedelta(hours=1)))
    since = dict.fromkeys(("All", "Latest", "Paused"), now - 3 * MINUTE)
    app.store.claim([Claim("Retried", slot_of("Retried", now, 2), now, attempt=2)], since, "", now)
    (crashed,) = app.store.claim([Claim("Crashed", slot_of("Crashed", now), now)], {}, process_that_is_gone(), now)
    app.store.start(crashed, 4711, now)
    app.store.record_tick("here", now)
    dry_run(app, now=now)
    outcomes = {"run": "succeeded", "run_late": "succeeded", "retry": "succeeded", "miss": "missed"}
    outcomes |= {"skip": "skipped", "record_crash": "crashed"}
    would = sorted((action.key, action.fire_time, outcomes[action.action.value]) for action in plans(app))
    app.tick(now, inline=True)
    assert sorted((run.key, run.fire_time, run.outcome.value) for run in app.listener.runs) == would
    assert len(would) == 14


def test_the_same_question_has_the_same_plan(app: FakeApp) -> None:
    """Planning reads no clock and changes nothing: only its arguments decide."""
    scheduler = app.add(task(nothing, jitter="1 hour"), task(nothing, "Other", run_every="1 hour")).scheduler()
    tasks = scheduler.find()
    state = read_state(app.store, NOON, tasks)
    assert plan_tick(NOON, tasks, state, scheduler.settings) == plan_tick(NOON, tasks, state, scheduler.settings)
    assert app.store.history() == []
