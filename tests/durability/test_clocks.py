"""Clocks that are set while ticks come and tasks run."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from durability.clocks import FakedApp, wander, wander_by_cron, wander_while_working, why_not
from durability.hosts import Place, minute
from durability.stem import scheduler_of
from scheduler import clock
from scheduler.listeners import JsonListener


@pytest.fixture
def faked_app(folder: Path, missing) -> FakedApp:
    """An app whose processes see a clock of our own."""
    return missing(why_not()) if why_not() else FakedApp(folder)


@pytest.mark.once
def test_ticks_by_a_clock_that_goes_back_and_forth_run_what_a_plain_model_says(place: Place) -> None:
    assert wander(place, Random(1), 60) == []


@pytest.mark.once
def test_a_clock_that_goes_back_and_forth_between_runs_of_craft(faked_app: FakedApp) -> None:
    assert wander_by_cron(faked_app, Random(5), 6) == []


@pytest.mark.once
def test_a_clock_that_goes_back_and_forth_under_a_craft_that_lives_on(faked_app: FakedApp) -> None:
    assert wander_while_working(faked_app, Random(4), 8) == []


@pytest.mark.parametrize("step", [timedelta(minutes=10), timedelta(minutes=-10)])
def test_a_scheduler_says_that_it_lives_as_soon_as_its_clock_was_set_or_its_machine_slept(
    place: Place, monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    """Else whoever ticks next would find that it has said nothing for ten minutes, and take its runs for dead."""
    place.add("a", jitter="50 minutes")
    scheduler, listener = scheduler_of(place.order(0)), JsonListener()
    supervisor = scheduler.supervisor(listener)
    assert scheduler.begin_tick(minute(0), scheduler.find(), listener, supervisor) == 0
    (before,) = place.store.heartbeats().values()
    supervisor.step(0)
    assert list(place.store.heartbeats().values()) == [before]
    was = clock.real_now()
    monkeypatch.setattr(clock, "real_now", lambda: was + step)
    supervisor.step(0)
    assert list(place.store.heartbeats().values()) == [was + step]
    scheduler.store.close()
