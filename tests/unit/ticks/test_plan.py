"""A tick is one plan, made with one look at the clock; the tick executes it, a dry run and `explain` show the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from scheduler import clock
from scheduler.diagnosis.DryRun import DryRun
from scheduler.diagnosis.Explainer import Explainer
from scheduler.execution import plan as plans
from scheduler.execution.plan import plan_tick, read_state
from scheduler.runs import Action, Pause
from scheduler.stores import Claim, slot_of

from .fake_app import MINUTE, NOON, FakeApp, nothing, process_that_is_gone, task


class Ticking(datetime):
    """A clock that moves by an hour each time it is read."""

    looks = 0

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        cls.looks += 1
        return datetime.now(tz) + timedelta(hours=cls.looks)


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> type[Ticking]:
    Ticking.looks = 0
    monkeypatch.setattr(clock, "datetime", Ticking)
    return Ticking


@pytest.fixture
def busy() -> FakeApp:
    """An app in which one tick has to start, to delay, to skip, to record as missed and as crashed."""
    place = FakeApp()
    place.add(task(nothing, "Due"), task(nothing, "Jitter", jitter="50 seconds"), task(nothing, "Paused"))
    place.add(task(nothing, "Missed"), task(nothing, "Crashed", retries=0))
    place.store.pause(Pause("Paused", NOON - MINUTE, None))
    place.store.claim([], dict.fromkeys(("Due", "Jitter", "Paused", "Crashed"), NOON), "", NOON)
    claim = Claim("Crashed", slot_of("Crashed", NOON - MINUTE), NOON - MINUTE)
    (run,) = place.store.claim([claim], {"Missed": NOON - 3 * MINUTE}, process_that_is_gone(), NOON - MINUTE)
    place.store.start(run, 4711, NOON - MINUTE)
    return place


@contextmanager
def plans_made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[plans.TickPlan]]:
    made = []

    def record(*args: Any, **options: Any) -> plans.TickPlan:
        made.append(plan_tick(*args, **options))
        return made[-1]

    with monkeypatch.context() as patched:
        for module in ("execution.Scheduler", "diagnosis.DryRun", "diagnosis.Explainer"):
            patched.setattr(f"scheduler.{module}.plan_tick", record)
        yield made


class Recording:
    """A supervisor that starts nothing and keeps the runs it is given."""

    owner = "web1:1:1"
    run_ids = frozenset[int]()

    def __init__(self) -> None:
        self.runs: list[Any] = []

    def submit(self, runs: list[Any]) -> None:
        self.runs += [run for _, run in runs]

    def __getattr__(self, method: str) -> Any:
        return lambda *_, **__: None


def begin(place: FakeApp) -> Recording:
    scheduler, supervisor = place.scheduler(), Recording()
    scheduler.begin_tick(NOON, scheduler.find(), place.listener, supervisor)
    return supervisor


def test_the_clock_is_read_once_for_a_plan_and_its_claims(busy: FakeApp, ticking: type[Ticking]) -> None:
    runs = begin(busy).runs
    assert ticking.looks == 1
    assert {run.key for run in runs} == {"Due", "Jitter", "Missed", "Crashed"}
    assert len({run.claimed_at for run in busy.store.open_runs()}) == 1
    (jitter,) = (run for run in runs if run.key == "Jitter")
    assert timedelta() < jitter.start_after - jitter.claimed_at <= timedelta(seconds=50)


def test_planning_reads_no_clock_and_changes_nothing(busy: FakeApp, ticking: type[Ticking]) -> None:
    tasks = busy.scheduler().find()
    state = read_state(busy.store, NOON, tasks)
    before, looks = busy.store.history(), ticking.looks
    plan = plan_tick(NOON, tasks, state, busy.scheduler().settings)
    assert ticking.looks == looks
    assert busy.store.history() == before
    assert {action.action for action in plan.actions} >= {Action.RUN, Action.SKIP, Action.MISS, Action.RECORD_CRASH}


def test_a_tick_a_dry_run_and_explain_make_the_same_plan(busy: FakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    with plans_made(monkeypatch) as made, clock.standing_at(NOON):
        dry_run = DryRun(busy.scheduler(), busy).plan(None, busy.scheduler().find())
        for each in busy.scheduler().find().usable:
            Explainer(busy.scheduler(), busy).explain(each, None)
        begin(busy)
    assert len(made) == 1 + len(busy.tasks) + 1
    assert [each.key for each in dry_run.actions] == [each.key for each in made[-1].actions]
    for plan in made[1:-1]:
        (key,) = (each.key for each in plan.judged)
        assert seen(plan, key) == seen(dry_run, key) == seen(made[-1], key) != []


def seen(plan: plans.TickPlan, key: str) -> list[tuple[Action, datetime | None]]:
    return [(action.action, action.fire_time) for action in plan.actions if action.key == key]
