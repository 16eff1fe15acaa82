"""What is due at a tick: of this minute, late, caught up, or missed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo

import pytest

from scheduler.config.TaskOptions import TaskOptions
from scheduler.execution.due import MISSED_LIMIT, judge
from scheduler.rules import Rule, ZonedMinute, declared_rule
from scheduler.rules.ZonedMinute import HALF_HOUR

UTC = timezone.utc
NOON = datetime(2027, 1, 29, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class A:
    """A task, as far as judging goes."""

    run_every: str = "10 minutes"
    options: TaskOptions = field(default_factory=TaskOptions)
    claim_key: str = "A"
    zone: tzinfo = UTC

    @property
    def rule(self) -> Rule | None:
        return declared_rule("A", {"run_every": self.run_every})


class OnDemand(A):
    @property
    def rule(self) -> None:
        return None


class Raising(A):
    class rule:  # noqa: N801 - stands for an instance
        step = MINUTE
        half_hour = HALF_HOUR

        @staticmethod
        def matches(moment: ZonedMinute) -> bool:
            raise ValueError("no")


def minutes(*numbers: int) -> tuple[datetime, ...]:
    """Minutes before noon, as instants."""
    return tuple(NOON - number * MINUTE for number in numbers)


def judged(
    task: A, since: datetime | None = None, at: datetime = NOON
) -> tuple[tuple[datetime, ...], tuple[datetime, ...]]:
    found, failed = judge([task], at, {"A": since} if since else {})
    assert not failed
    return (found[0].run, found[0].missed) if found else ((), ())


def test_a_task_seen_for_the_first_time_looks_back_at_nothing() -> None:
    assert judged(A()) == ((NOON,), ())
    assert judged(A(), at=NOON + MINUTE) == ((), ())


def test_a_task_judged_up_to_this_minute_is_judged_for_this_minute() -> None:
    assert judged(A(), since=NOON) == ((NOON,), ())
    assert judged(A(), since=NOON + MINUTE, at=NOON + MINUTE) == ((), ())


def test_a_minute_checked_before_is_checked_again() -> None:
    assert judged(A(), since=NOON + MINUTE) == ((NOON,), ())


def test_a_clock_that_went_back_judges_only_its_own_minute() -> None:
    assert judged(A(), since=NOON + timedelta(days=3)) == ((NOON,), ())


def test_nothing_is_due_or_missed_between_fire_times() -> None:
    assert judged(A(), since=NOON + MINUTE, at=NOON + 9 * MINUTE) == ((), ())


def test_a_task_on_demand_is_never_due() -> None:
    assert judged(OnDemand(), since=NOON - timedelta(days=1)) == ((), ())


def test_the_latest_fire_time_within_grace_still_runs() -> None:
    late = NOON + timedelta(minutes=4)
    assert judged(A(), since=NOON - MINUTE, at=late) == ((NOON,), ())


@pytest.mark.parametrize(("lateness", "runs"), [(4, True), (5, True), (6, False)])
def test_both_sides_of_exactly_grace(lateness: int, runs: bool) -> None:
    task = A("1 hour", options=TaskOptions(grace=timedelta(minutes=5)))
    at = NOON + timedelta(minutes=lateness)
    due = judged(task, NOON - MINUTE, at)
    assert due == (((NOON,), ()) if runs else ((), (NOON,)))


def test_a_fire_time_beyond_grace_is_missed() -> None:
    late = NOON + timedelta(minutes=6)
    assert judged(A(), since=NOON - MINUTE, at=late) == ((), (NOON,))


def test_only_the_latest_of_several_late_fire_times_runs() -> None:
    assert judged(A("2 minutes"), since=NOON - 7 * MINUTE, at=NOON + MINUTE) == ((NOON,), minutes(6, 4, 2))


def test_a_fire_time_of_this_minute_takes_the_place_of_late_ones() -> None:
    assert judged(A("2 minutes"), since=NOON - 5 * MINUTE) == ((NOON,), minutes(4, 2))


@pytest.mark.parametrize(
    ("options", "run", "missed"),
    [
        (TaskOptions(catch_up="none"), (), minutes(30, 20, 10)),
        (TaskOptions(catch_up="latest"), minutes(10), minutes(30, 20)),
        (TaskOptions(catch_up="all"), minutes(30, 20, 10), ()),
        (TaskOptions(catch_up="all", catch_up_limit=2), minutes(20, 10), minutes(30)),
        (TaskOptions(catch_up="all", catch_up_limit=0), (), minutes(30, 20, 10)),
        (TaskOptions(grace=timedelta()), (), minutes(30, 20, 10)),
        (TaskOptions(grace=timedelta(minutes=9)), minutes(10), minutes(30, 20)),
    ],
    ids=["none", "latest", "all", "all, 2 at most", "all, 0 at most", "no grace", "within grace"],
)
def test_missed_fire_times_are_caught_up_as_catch_up_says(
    options: TaskOptions, run: tuple[datetime, ...], missed: tuple[datetime, ...]
) -> None:
    assert judged(A(options=options), since=NOON - 35 * MINUTE, at=NOON - MINUTE) == (run, missed)


def test_a_long_absence_is_recorded_one_by_one_only_to_a_limit() -> None:
    found, _ = judge([A("1 minute")], NOON, {"A": NOON - timedelta(days=30)})
    assert found[0].run == (NOON,)
    assert len(found[0].missed) == MISSED_LIMIT + 1
    assert found[0].missed[-1] == NOON - MINUTE
    assert found[0].missed_since == found[0].missed[0] - MINUTE


def test_a_rule_of_seconds_is_due_several_times_in_its_minute() -> None:
    run, missed = judged(A("20 seconds"))
    assert run == (NOON, NOON + timedelta(seconds=20), NOON + timedelta(seconds=40))
    assert missed == ()


def test_a_late_tick_finds_seconds_that_were_missed() -> None:
    run, missed = judged(A("30 seconds"), since=NOON - MINUTE)
    assert run == (NOON, NOON + timedelta(seconds=30))
    assert missed == (NOON - MINUTE, NOON - timedelta(seconds=30))


def test_a_rule_that_raises_stops_no_other() -> None:
    raising, fine = Raising(claim_key="raising"), A()
    found, failed = judge([raising, fine], NOON, {})
    assert [each.task for each in found] == [fine]
    assert [(task, str(error)) for task, error in failed] == [(raising, "no")]


def test_each_zone_has_a_clock_of_its_own() -> None:
    from zoneinfo import ZoneInfo

    riga = A("1 day", zone=ZoneInfo("Europe/Riga"), claim_key="riga")
    utc = A("1 day", claim_key="utc")
    found, _ = judge([riga, utc], datetime(2027, 1, 28, 22, 0, tzinfo=UTC), {})
    assert [each.task for each in found] == [riga]


# -- rules of seconds, met in the middle of a minute --


def seconds_of(at: datetime, since: datetime | None, **options: object) -> tuple[list[int], list[int]]:
    """The seconds that run and that were missed, of a task of one second at a tick at `at`."""
    found, _ = judge([A("1 second", TaskOptions(**options))], NOON, {"A": since} if since else {}, now=at)
    return [time.second for time in found[0].run], [time.second for time in found[0].missed]


def test_a_new_task_of_seconds_does_not_catch_up_its_first_minute() -> None:
    assert seconds_of(NOON + timedelta(seconds=50), None) == (list(range(45, 60)), [])


def test_a_tick_that_starts_a_few_seconds_late_runs_every_second() -> None:
    assert seconds_of(NOON + timedelta(seconds=4), NOON) == (list(range(60)), [])


def test_seconds_before_a_late_tick_are_missed_unless_caught_up() -> None:
    late = NOON + timedelta(seconds=50)
    assert seconds_of(late, NOON) == (list(range(45, 60)), list(range(45)))
    assert seconds_of(late, NOON, catch_up="all") == (list(range(60)), [])
