"""Pauses: which fire times they cover, for which tasks, and what is due while they last."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler import Task, clock
from scheduler.config.TaskOptions import TaskOptions, read_options
from scheduler.execution.due import Due, judge
from scheduler.rules import zones
from scheduler.runs import EVERYTHING, Pause, Pauses
from scheduler.Task import schedule_of
from scheduler.tasks.RegisteredTask import RegisteredTask

NOON = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def task(**options: Any) -> RegisteredTask:
    class Import(Task):
        run_every = options.pop("run_every", "1 minute")
        timezone = "UTC"

    rule, zone = schedule_of(Import)
    return RegisteredTask("Import", Import, rule, zone, read_options("Import", options, TaskOptions()))


# -- what comes behind it --


def test_coming_fire_times_leave_out_paused_ones() -> None:
    pauses = Pauses([Pause("Import", after(2), after(4.5)), Pause(EVERYTHING, after(7))], NOON)
    assert list(pauses.coming(task(), NOON)) == [after(1), after(5), after(6)]
    goes_on = pauses.coming(task(run_when_paused=True), after(5))
    assert [next(goes_on) for _ in range(3)] == [after(6), after(7), after(8)]


# -- what a pause covers --


@pytest.mark.parametrize(("minutes", "covered"), [(-0.1, False), (0, True), (9.9, True), (10, False), (11, False)])
def test_a_pause_lasts_from_its_beginning_on_and_to_before_its_end(minutes: float, covered: bool) -> None:
    assert Pause("Import", NOON, after(10)).covers(after(minutes)) is covered


def test_a_pause_without_an_end_lasts() -> None:
    assert Pause("Import", NOON).covers(after(10**6))


def test_a_task_is_paused_by_its_own_key_or_with_everything() -> None:
    mine, all_of_it, other = Pause("Import", NOON), Pause(EVERYTHING, NOON), Pause("Other", NOON)
    assert Pauses([other], NOON).of(task()) is None
    assert Pauses([other, all_of_it], NOON).of(task()) is all_of_it
    assert Pauses([all_of_it, mine], NOON).of(task()) is mine, "its own says more"


def test_run_when_paused_ignores_the_pause_of_all_and_not_its_own() -> None:
    mine, all_of_it = Pause("Import", NOON), Pause(EVERYTHING, NOON)
    assert Pauses([all_of_it], NOON).of(task(run_when_paused=True)) is None
    assert Pauses([all_of_it, mine], NOON).of(task(run_when_paused=True)) is mine


def test_an_app_may_have_no_pauses() -> None:
    assert not Pauses([], NOON)
    assert Pauses([Pause("Import", after(-9), after(-5))], NOON), "an ended one still says what was kept back"


def test_a_pause_describes_who_until_when_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "default_zone", lambda: zones.zone_named("Europe/Riga"))
    assert Pause("Import", NOON).describe() == "paused"
    assert Pause("Import", NOON, after(60), "too slow", "anna@web1").describe() == "paused by anna@web1 until 2026-03-03 15:00: too slow"
    assert Pause(EVERYTHING, NOON, None, "", "anna@web1").describe() == "all tasks are paused by anna@web1"


# -- what is due --


def judged(pauses: list[Pause], since: datetime | None, now: datetime, **options: Any) -> tuple[list[float], list[float], list[float]]:
    """Return the minutes that run, that were missed and that are paused, in the tick at `now`."""
    minute = now.replace(second=0, microsecond=0)
    cursors = {"Import": since} if since else {}
    (due,), _ = judge([task(**options)], minute, cursors, Pauses(pauses, now).of)
    return tuple([(instant - NOON) / timedelta(minutes=1) for instant in some] for some in (due.run, due.missed, due.paused))


def test_a_fire_time_during_a_pause_is_paused() -> None:
    assert judged([Pause("Import", NOON)], None, after(1)) == ([], [], [1])
    assert judged([Pause("Import", after(1.5))], None, after(1.6)) == ([], [], [1]), "it begins after the minute has"


def test_a_paused_minute_stays_paused_in_a_tick_after_the_pause() -> None:
    assert judged([Pause("Import", NOON, after(1.5))], None, after(1.6)) == ([], [], [1])
    assert judged([Pause("Import", NOON, after(1))], None, after(1)) == ([1], [], [])


def test_fire_times_of_seconds_are_paused_too() -> None:
    _, _, paused = judged([Pause("Import", NOON)], None, after(1), run_every="30 seconds")
    assert paused == [1, 1.5]


@pytest.mark.parametrize(
    ("options", "run", "missed"),
    [
        ({"catch_up": "none"}, [5], [0, 3, 4]),
        ({"catch_up": "latest"}, [5], [0, 3, 4]),
        ({"catch_up": "all"}, [0, 3, 4, 5], []),
    ],
)
def test_a_late_tick_leaves_out_what_fell_into_a_pause(options: dict[str, Any], run: list[float], missed: list[float]) -> None:
    pauses = [Pause("Import", after(0.5), after(2.5))]
    assert judged(pauses, NOON, after(5), **options) == (run, missed, [1, 2])


def test_the_latest_that_is_caught_up_is_the_latest_that_was_not_paused() -> None:
    """Every two minutes: 0 and 2 were lost, 2 while it was paused."""
    pauses = [Pause("Import", after(1), after(2.5))]
    assert judged(pauses, NOON, after(3), run_every="2 minutes", catch_up="latest") == ([0], [], [2])


def test_fire_times_lost_before_a_pause_do_not_start_during_it() -> None:
    """Within grace it would have run late; an older one was missed anyway."""
    pauses = [Pause("Import", after(10))]
    assert judged(pauses, after(1), after(11), run_every="4 minutes", catch_up="latest") == ([], [4], [8])


def test_nothing_changes_without_pauses() -> None:
    every = [task()]
    due, _ = judge(every, NOON, {"Import": after(-2)}, Pauses([], NOON).of)
    assert due == judge(every, NOON, {"Import": after(-2)})[0] == [Due(every[0], (NOON,), (after(-2), after(-1)))]
