"""`schedule:work`: the same tick again and again, whatever the clock does, until it is told to stop."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from contracts.databases import Application

from scheduler import Task
from scheduler.errors import StoreUnavailable
from scheduler.listeners import ConsoleListener
from scheduler.masonite.MasoniteApp import MasoniteApp
from scheduler.Policy import policy_from
from scheduler.runs import Run
from scheduler.Scheduler import Scheduler
from scheduler.Settings import Settings
from scheduler.TaskRegistry import TaskRegistry
from scheduler.Work import Work

from .apps import NOON, App
from .test_spawned import Session, history, started

__all__ = ["started"]

MINUTE = timedelta(minutes=1)


class EveryMinute(Task):
    run_every = "1 minute"
    timezone = "UTC"

    def handle(self) -> None:
        """Nothing."""


class AtFivePast(Task):
    run_cron = "5 12 * * *"
    timezone = "UTC"

    def handle(self) -> None:
        """Nothing."""


class Day:
    """A `schedule:work` whose clock moves on by what `moves` says next, each time it has nothing left to do."""

    def __init__(self, folder: Path, *tasks: type[Task], **policy: object) -> None:
        settings = Settings(store="local", path=str(folder / "scheduler.sqlite3"), policy=policy_from("policy", policy))
        app = MasoniteApp(Application(None, str(folder)))
        registry = TaskRegistry(app.bound, app.call, lambda: ("/nowhere", "nowhere"), settings.policy)
        self.scheduler = Scheduler(registry, app, settings)
        self.scheduler.add(*tasks)
        self.said: list[str] = []
        self.ticks: list[datetime] = []
        self._now = NOON
        self._moves: Iterator[object] = iter(())
        listener = ConsoleListener(self.said.append, self.said.append, talkative=True)
        self._work = Work(self.scheduler, listener, lambda: self._now)
        self._step = self._work.supervisor.step
        self._work.supervisor.step = self.step
        begin_tick = self.scheduler.begin_tick

        def noted(now: datetime, *rest: object) -> int:
            self.ticks.append(now)
            return begin_tick(now, *rest)

        self.scheduler.begin_tick = noted

    def step(self, longest: float) -> None:
        """Let the clock move on in place of waiting for it."""
        if self._work.supervisor.is_idle and not self._work.supervisor.is_stopping:
            self._move()
        else:
            self._step(longest)

    def _move(self) -> None:
        move = next(self._moves, None)
        if isinstance(move, timedelta):
            self._now += move
        elif callable(move):
            move()
        else:
            self._work.supervisor.stop()

    def pass_by(self, *moves: timedelta | Callable[[], None]) -> None:
        """Work while the clock moves on, or something else happens; stop then."""
        self._moves = iter(moves)
        self._work.run()

    def story(self, key: str = "EveryMinute") -> list[tuple[int, str, bool]]:
        """Return the minute, the outcome and whether it was late, of each fire time of a task."""
        runs: list[Run] = sorted(self.scheduler.store.history(keys=[key], limit=1000), key=lambda run: run.fire_time)
        return [(int((run.fire_time - NOON) / MINUTE), run.outcome.value, run.late) for run in runs]


def on_time(*minutes: int) -> list[tuple[int, str, bool]]:
    return [(minute, "succeeded", False) for minute in minutes]


def test_it_ticks_when_it_starts_and_once_in_each_minute(tmp_path: Path) -> None:
    day = Day(tmp_path, EveryMinute)
    day.pass_by(timedelta(seconds=20), timedelta(seconds=39), timedelta(seconds=1), MINUTE)
    assert day.ticks == [NOON, NOON + MINUTE, NOON + 2 * MINUTE]
    assert day.story() == on_time(0, 1, 2)
    assert sum("EveryMinute succeeded in" in line for line in day.said) == 3, "a line for each run"
    assert day.scheduler.store.open_runs() == []


def test_waking_from_a_suspend_is_a_late_tick(tmp_path: Path) -> None:
    day = Day(tmp_path, EveryMinute, AtFivePast)
    day.pass_by(7 * MINUTE)
    assert len(day.ticks) == 2
    assert day.story("AtFivePast") == [(5, "succeeded", True)], "within grace"
    assert day.story() == [*on_time(0), *((minute, "missed", False) for minute in range(1, 7)), *on_time(7)]


def test_what_a_suspend_has_missed_is_caught_up_as_the_task_says(tmp_path: Path) -> None:
    day = Day(tmp_path, EveryMinute, AtFivePast, catch_up="all")
    day.pass_by(60 * MINUTE)
    assert day.story("AtFivePast") == [(5, "succeeded", True)]
    assert day.story() == [*on_time(0), *((minute, "succeeded", True) for minute in range(1, 60)), *on_time(60)]


def test_a_clock_that_is_set_back_runs_nothing_twice_and_goes_on(tmp_path: Path) -> None:
    day = Day(tmp_path, EveryMinute)
    day.pass_by(MINUTE, -2 * MINUTE, MINUTE, MINUTE, MINUTE)
    assert day.ticks == [NOON + number * MINUTE for number in (0, 1, 0, 1, 2)]
    assert day.story() == on_time(0, 1, 2)
    assert sum("was started before" in line for line in day.said) == 2


def test_a_clock_that_is_set_back_within_a_minute_is_no_new_minute(tmp_path: Path) -> None:
    day = Day(tmp_path, EveryMinute)
    day.pass_by(timedelta(seconds=50), timedelta(seconds=-30), timedelta(seconds=30), timedelta(seconds=10))
    assert day.ticks == [NOON, NOON + MINUTE]


def test_a_store_that_is_away_for_a_while_is_waited_for(tmp_path: Path) -> None:
    day = Day(tmp_path, AtFivePast)
    connection = day.scheduler.store.connection

    def lose() -> None:
        def lost(*_: object) -> None:
            raise StoreUnavailable("the store cannot be used (it is away): bring it back")

        connection.rows = connection.change = connection.transaction = lost

    def find() -> None:
        for name in ("rows", "change", "transaction"):
            delattr(connection, name)

    day.pass_by(4 * MINUTE, lose, MINUTE, MINUTE, find, MINUTE)
    assert day.said.count("The store cannot be used (it is away): bring it back.") == 2, "once a minute"
    assert day.story("AtFivePast") == [(5, "succeeded", True)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it(tmp_path: Path, number: int) -> None:
    day = Day(tmp_path, EveryMinute)
    before = signal.getsignal(number)
    day.pass_by(MINUTE, lambda: os.kill(os.getpid(), number), MINUTE)
    assert day.story() == on_time(0, 1)
    assert signal.getsignal(number) is before


def test_tasks_that_cannot_be_used_are_said_once_and_keep_nobody_waiting(tmp_path: Path) -> None:
    class Wrong(EveryMinute):
        run_every = "10 mins"

    day = Day(tmp_path, EveryMinute, Wrong)
    day.pass_by(MINUTE, MINUTE)
    assert sum("10 mins" in line for line in day.said) == 1
    assert day.story() == on_time(0, 1, 2)


# --- the command -----------------------------------------------------------------------------------------------------

TASKS = """
    import os
    import time


    class Quick(Task):
        run_every = "1 minute"

        def handle(self):
            print("hello from", os.getpid())


    class Long(Task):
        run_every = "1 minute"

        def handle(self):
            print("it begins")
            time.sleep(3600)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_what_ran_and_ends_running_tasks_after_stop_grace(
    app: App, started: Callable[..., Session], number: int
) -> None:
    app.tasks(TASKS)
    app.write("config/scheduler.py", 'STOP_GRACE = "0 seconds"\nKILL_GRACE = "1 second"')
    work = started(app, "schedule:work")
    work.wait_for("Running what is due, every minute; Ctrl-C stops.")
    work.wait_for("it begins")
    work.wait_for("Quick succeeded in")
    (said,) = (line for line in work.lines if line.startswith("hello from"))
    assert said != f"hello from {work.process.pid}", "in a process of its own"
    work.process.send_signal(number)
    assert work.process.wait(20) == 0
    runs = history(app.keep_runs())
    assert {name: run["outcome"] for name, run in runs.items()} == {"Quick": "succeeded", "Long": "crashed"}
    assert "told to stop" in runs["Long"]["error"]


def test_schedule_run_with_a_rule_of_seconds_stays_until_its_last_one(app: App) -> None:
    """Half a minute away from the last one, the clock stands still; for the starts themselves it goes on."""
    app.keep_runs().tasks(
        """
        import time


        class Often(Task):
            run_every = "30 seconds"

            def handle(self):
                print("at", self.current_run.fire_time.second, time.monotonic())
        """
    )
    lines = app.craft("schedule:run", at=NOON + timedelta(seconds=29)).exits(0).out.splitlines()
    seconds, moments = zip(*((line.split()[1], float(line.split()[2])) for line in lines), strict=True)
    assert seconds == ("0", "30")
    assert moments[1] - moments[0] >= 0.8
    assert app.craft("schedule:run", at=NOON + timedelta(seconds=50)).exits(0).out == ""
