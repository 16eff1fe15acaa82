"""Clocks that are set while ticks come and tasks run."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from durability.clocks import FakedApp, wander, wander_by_cron, wander_while_working, why_not
from durability.harness import Harness, minute
from durability.prefork_server import scheduler_of
from scheduler import clock
from scheduler.execution import plan
from scheduler.listeners import JsonListener


@pytest.fixture
def faked_app(folder: Path, missing) -> FakedApp:
    """An app whose processes see a clock of our own."""
    return missing(why_not()) if why_not() else FakedApp(folder)


@pytest.mark.once
def test_ticks_on_a_jumping_clock_agree_with_a_simple_model(harness: Harness) -> None:
    assert wander(harness, Random(1), 60) == []


@pytest.mark.once
def test_a_clock_that_goes_back_and_forth_between_runs_of_craft(faked_app: FakedApp) -> None:
    assert wander_by_cron(faked_app, Random(5), 6) == []


@pytest.mark.once
def test_a_clock_that_goes_back_and_forth_under_a_craft_that_lives_on(faked_app: FakedApp) -> None:
    assert wander_while_working(faked_app, Random(4), 8) == []


@pytest.mark.parametrize("step", [timedelta(minutes=10), timedelta(minutes=-10)])
def test_a_heartbeat_follows_at_once_after_a_clock_change_or_sleep(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    """Otherwise the next tick would find no heartbeat for ten minutes, and record its runs as crashed."""
    harness.add("a", jitter="50 seconds")  # a start that is more than a minute away is left to a later tick
    monkeypatch.setattr(plan, "jitter_of", lambda task: task.options.jitter)  # and not the part of it that is this host's
    scheduler, listener = scheduler_of(harness.order(0)), JsonListener()
    supervisor = scheduler.supervisor(listener)
    assert scheduler.begin_tick(minute(0), scheduler.find(), listener, supervisor) == 0
    before = heard(harness)
    supervisor.step(0)
    assert heard(harness) == before
    was = clock.real_now()
    monkeypatch.setattr(clock, "real_now", lambda: was + step)
    supervisor.step(0)
    assert heard(harness) == was + step
    scheduler.store.close()


def heard(harness: Harness) -> datetime:
    """Return the last heartbeat of the one open run."""
    (run,) = harness.store.open_runs()
    return run.heartbeat_at
