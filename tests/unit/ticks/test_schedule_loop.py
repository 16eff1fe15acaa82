"""`ScheduleLoop` ticks at the start of each minute, even if its clock jumps."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from scheduler.errors import StoreUnavailable
from scheduler.execution.ScheduleLoop import ScheduleLoop
from scheduler.runs import Outcome, Run

from .fake_app import MINUTE, NOON, Away, FakeApp, RecordingListener, nothing, task

SECOND = timedelta(seconds=1)


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


class StopsAfter(RecordingListener):
    """Stops the loop after `count` runs."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def run_ended(self, run: Run, *, will_be_retried: bool = False) -> None:
        super().run_ended(run)
        if len(self.runs) == self.count:
            self.work.supervisor.stop()


def work(app: FakeApp, count: int, *times: datetime) -> list[datetime]:
    """Run the loop until `count` runs have ended, and return their fire times in order."""
    app.listener = StopsAfter(count)
    app.listener.work = ScheduleLoop(app.scheduler(), app.listener, Clock(*times), longest_sleep=0.001)
    app.listener.work.run()
    return sorted(run.fire_time for run in app.listener.runs)


def test_the_loop_ticks_at_once_and_at_the_start_of_each_minute(app: FakeApp) -> None:
    app.add(task(nothing, overlap=True))
    times = (NOON, NOON + SECOND, NOON + MINUTE - SECOND, NOON + MINUTE, NOON + 2 * MINUTE)
    assert work(app, 3, *times) == [NOON, NOON + MINUTE, NOON + 2 * MINUTE]


def test_minutes_that_were_slept_through_are_made_up_for(app: FakeApp) -> None:
    app.add(task(nothing, overlap=True, catch_up="all"))
    assert work(app, 4, NOON, NOON + 3 * MINUTE) == [NOON + n * MINUTE for n in range(4)]


def test_a_clock_set_back_repeats_nothing_and_runs_new_minutes(app: FakeApp) -> None:
    app.add(task(nothing, overlap=True))
    times = (NOON + MINUTE, NOON - SECOND, NOON, NOON + MINUTE, NOON + 2 * MINUTE)
    assert work(app, 3, *times) == [NOON, NOON + MINUTE, NOON + 2 * MINUTE]


def test_a_clock_that_is_set_back_within_a_minute_makes_it_no_new_one(app: FakeApp) -> None:
    app.add(task(nothing, overlap=True))
    times = (NOON, NOON + 50 * SECOND, NOON + 20 * SECOND, NOON + 50 * SECOND, NOON + MINUTE)
    assert work(app, 2, *times) == [NOON, NOON + MINUTE]
    assert app.listener.of("claimed_before") == [], "nobody asked for the same minute twice"


def test_a_stop_waits_for_the_running_tasks(app: FakeApp) -> None:
    """The stop comes when the first task has ended; the second one still has its time to end."""
    app.settings["stop_grace"] = MINUTE
    app.add(task(nothing), task(lambda: time.sleep(0.2), "Slow"))
    work(app, 1, NOON)
    assert {run.key: run.outcome for run in app.listener.runs} == {"Job": Outcome.SUCCEEDED, "Slow": Outcome.SUCCEEDED}


def test_a_store_that_was_away_for_a_minute_is_asked_again_in_the_next(app: FakeApp) -> None:
    app.add(task(nothing, catch_up="all", overlap=True))
    app.store = Away(app.store, claim=1)
    assert work(app, 1, NOON, NOON + MINUTE) == [NOON + MINUTE]
    assert [type(error) for error in app.listener.of("lost_store")] == [StoreUnavailable]


def test_a_store_that_is_away_for_a_moment_costs_no_minute(app: FakeApp) -> None:
    app.add(task(nothing, overlap=True))
    app.store = Away(app.store, claim=2)
    assert work(app, 1, NOON, NOON + 10 * SECOND, NOON + 20 * SECOND) == [NOON]
    assert len(app.listener.of("lost_store")) == 1, "it is said once a minute"


def test_a_store_that_stays_away_is_reported_every_minute(app: FakeApp) -> None:
    app.add(task(nothing, overlap=True))
    app.store = Away(app.store, claim=3)
    assert work(app, 1, NOON, NOON + 10 * SECOND, NOON + MINUTE, NOON + MINUTE + 10 * SECOND) == [NOON + MINUTE]
    assert len(app.listener.of("lost_store")) == 2


def test_problems_of_tasks_are_reported_once(app: FakeApp) -> None:
    app.add(task(nothing, overlap=True), "no task")
    work(app, 2, NOON, NOON + MINUTE)
    assert [broken.key for broken in app.listener.of("found_broken")] == ["str"]
