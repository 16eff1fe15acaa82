"""`Work` ticks at the start of each minute, whatever its clock does in between."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest

from scheduler.errors import StoreUnavailable
from scheduler.runs import Outcome, Run
from scheduler.Work import Work

from .place import MINUTE, NOON, Away, Place, Told, nothing, task

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def light_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of these tests does not wait."""
    monkeypatch.setattr("scheduler.Work.LONGEST_SLEEP", 0.001)


class Clock:
    """Shows each of its times for a while, and the last one for ever."""

    def __init__(self, *times: datetime) -> None:
        self.times = list(times)
        self.asked = 0

    def __call__(self) -> datetime:
        self.asked += 1
        if self.asked % 12 == 0 and len(self.times) > 1:
            self.times.pop(0)
        return self.times[0]


class StopsAfter(Told):
    """Tells its work to stop once there were so many runs."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def run_ended(self, run: Run) -> None:
        super().run_ended(run)
        if len(self.runs) == self.count:
            self.work.supervisor.stop()


def work(place: Place, count: int, *times: datetime) -> list[datetime]:
    """Work until so many runs have ended, and return their fire times in order."""
    place.told = StopsAfter(count)
    place.told.work = Work(place.scheduler(), place.told, Clock(*times))
    place.told.work.run()
    return sorted(run.fire_time for run in place.told.runs)


def test_it_ticks_at_once_and_at_the_start_of_each_minute(place: Place) -> None:
    place.add(task(nothing, overlap=True))
    times = (NOON, NOON + SECOND, NOON + MINUTE - SECOND, NOON + MINUTE, NOON + 2 * MINUTE)
    assert work(place, 3, *times) == [NOON, NOON + MINUTE, NOON + 2 * MINUTE]


def test_minutes_that_were_slept_through_are_made_up_for(place: Place) -> None:
    place.add(task(nothing, overlap=True, catch_up="all"))
    assert work(place, 4, NOON, NOON + 3 * MINUTE) == [NOON + n * MINUTE for n in range(4)]


def test_a_clock_that_is_set_back_repeats_nothing_and_goes_on_with_new_minutes(place: Place) -> None:
    place.add(task(nothing, overlap=True))
    times = (NOON + MINUTE, NOON - SECOND, NOON, NOON + MINUTE, NOON + 2 * MINUTE)
    assert work(place, 3, *times) == [NOON, NOON + MINUTE, NOON + 2 * MINUTE]


def test_a_clock_that_is_set_back_within_a_minute_makes_it_no_new_one(place: Place) -> None:
    place.add(task(nothing, overlap=True))
    times = (NOON, NOON + 50 * SECOND, NOON + 20 * SECOND, NOON + 50 * SECOND, NOON + MINUTE)
    assert work(place, 2, *times) == [NOON, NOON + MINUTE]
    assert place.told.of("claimed_before") == [], "nobody asked for the same minute twice"


def test_what_runs_when_it_is_told_to_stop_ends_first(place: Place) -> None:
    """The second task is told to stop by what came of the first, and still has its time to end."""
    place.settings["stop_grace"] = MINUTE
    place.add(task(nothing), task(lambda: time.sleep(0.2), "Slow"))
    work(place, 1, NOON)
    assert {run.key: run.outcome for run in place.told.runs} == {"Job": Outcome.SUCCEEDED, "Slow": Outcome.SUCCEEDED}


def test_a_store_that_was_away_for_a_minute_is_asked_again_in_the_next(place: Place) -> None:
    place.add(task(nothing, catch_up="all", overlap=True))
    place.store = Away(place.store, claim=1)
    assert work(place, 1, NOON, NOON + MINUTE) == [NOON + MINUTE]
    assert [type(error) for error in place.told.of("lost_store")] == [StoreUnavailable]


def test_what_is_wrong_with_tasks_is_said_once(place: Place) -> None:
    place.add(task(nothing, overlap=True), "no task")
    work(place, 2, NOON, NOON + MINUTE)
    assert [broken.key for broken in place.told.of("found_broken")] == ["str"]
