"""Clocks that are set while ticks come and tasks run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from durability.hosts import Place, minute
from durability.stem import scheduler_of
from scheduler import clock
from scheduler.listeners import JsonListener


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
