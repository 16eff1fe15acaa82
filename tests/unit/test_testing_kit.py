"""The kit users test their schedules with, tested."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from scheduler import Task, clock
from scheduler.testing import assert_due, assert_not_due, assert_runs, frozen


class Nightly(Task):
    run_at = "2:30"
    timezone = "Europe/Riga"

    def handle(self) -> None:
        """Nothing."""


def test_assert_due_takes_text_on_the_tasks_own_clock() -> None:
    assert_due(Nightly, "2027-01-29 02:30")
    assert_due(Nightly, "2027-01-29 2:30")
    assert_due(Nightly(), datetime(2027, 1, 29, 0, 30, tzinfo=timezone.utc))


def test_assert_due_says_when_the_task_runs_instead() -> None:
    with pytest.raises(AssertionError) as raised:
        assert_due(Nightly, "2027-01-29 03:30")
    assert "Nightly is not due at 2027-01-29 03:30" in str(raised.value)
    assert "after is 2027-01-30 02:30" in str(raised.value)


def test_assert_not_due_fails_if_the_task_is_due() -> None:
    assert_not_due(Nightly, "2027-01-29 03:30")
    with pytest.raises(AssertionError, match="Nightly is due at"):
        assert_not_due(Nightly, "2027-01-29 02:30")


def test_assert_runs_knows_about_skipped_hours() -> None:
    """Riga's clocks go from 3:00 to 4:00 on 28 March 2027."""

    class AtThree(Nightly):
        run_at = "3:15"

    assert_runs(AtThree, ("2027-03-27", "2027-03-30"), ["2027-03-27 03:15", "2027-03-28 04:00", "2027-03-29 03:15"])


def test_assert_runs_says_what_differs() -> None:
    with pytest.raises(AssertionError) as raised:
        assert_runs(Nightly, ("2027-01-29", "2027-01-31"), ["2027-01-29 02:30", "2027-01-29 14:30"])
    assert "not expected 2027-01-30 02:30" in str(raised.value)
    assert "missing 2027-01-29 14:30" in str(raised.value)


def test_the_clock_stands_still_while_it_is_frozen() -> None:
    before = datetime.now(timezone.utc)
    with frozen("2027-01-29 02:30"):
        first = clock.now()
        assert clock.now() == first
        assert first.astimezone(clock.default_zone()).strftime("%Y-%m-%d %H:%M:%S") == "2027-01-29 02:30:00"
    assert before <= clock.now() <= datetime.now(timezone.utc)


@pytest.mark.parametrize(
    ("at", "error", "message"),
    [
        (5, TypeError, "5 is not a time: pass a datetime or text such as '2027-03-28 02:30'"),
        (None, TypeError, "None is not a time"),
        ("9999-12-31 23:59", ValueError, "9999-12-31 23:59:00 is beyond the calendar"),
        ("yesterday", ValueError, "'yesterday' is not a time: write it as '2027-03-28 02:30'"),
    ],
)
def test_a_wrong_time_is_explained(at: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        assert_due(Nightly, at)
    with pytest.raises(error, match=message), frozen(at):
        pass


@pytest.mark.parametrize("task", ["Nightly", 5, None, int])
def test_an_object_that_is_not_a_task_is_a_clear_error(task: object) -> None:
    with pytest.raises(TypeError, match="is not a task: pass a task class or a task"):
        assert_due(task, "2027-01-29 02:30")


def test_a_date_is_its_midnight() -> None:
    assert_not_due(Nightly, datetime(2027, 1, 29).date())
    assert_runs(Nightly, (datetime(2027, 1, 29).date(), "2027-01-31"), ["2027-01-29 02:30", "2027-01-30 02:30"])


@pytest.mark.parametrize(
    ("between", "error", "message"),
    [
        ("2027", TypeError, "'2027' is not a window: pass two times, such as"),
        (5, TypeError, "5 is not a window"),
        (("2027-01-29",), TypeError, r"\('2027-01-29',\) is not a window"),
        (("2027-01-31", "2027-01-29"), ValueError, "ends at '2027-01-29', which is not after its start, '2027-01-31'"),
    ],
)
def test_a_wrong_window_is_explained_and_never_passes(between: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        assert_runs(Nightly, between, [])


@pytest.mark.parametrize("expected", ["2027-01-29 02:30", 5, None])
def test_expected_times_that_are_no_list_are_explained(expected: object) -> None:
    with pytest.raises(TypeError, match="is not a list of times: pass one, such as"):
        assert_runs(Nightly, ("2027-01-29", "2027-01-31"), expected)


def test_expected_times_may_come_in_any_order() -> None:
    assert_runs(Nightly, ("2027-01-29", "2027-01-31"), ["2027-01-30 02:30", "2027-01-29 02:30"])
