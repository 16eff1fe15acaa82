"""When the next attempt of a failed run may start."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from scheduler import Task
from scheduler.config.TaskOptions import read_options
from scheduler.execution.claims import retry_of
from scheduler.runs import Outcome, Run
from scheduler.Task import schedule_of
from scheduler.tasks.RegisteredTask import RegisteredTask

NOON = datetime(2027, 1, 29, 12, tzinfo=timezone.utc)


class Import(Task):
    run_every = "1 hour"
    timezone = "UTC"


def task_with(**options: object) -> RegisteredTask:
    return RegisteredTask("Import", Import, *schedule_of(Import), read_options("Import", options))


def wait_after(attempt: int, **options: object) -> timedelta | None:
    task = task_with(**options)
    run = Run("Import", NOON, attempt=attempt, outcome=Outcome.FAILED, ended_at=NOON, slot=f"Import@{NOON}")
    claim = retry_of(task, run)
    return claim and claim.start_after - NOON


def test_each_retry_waits_for_its_own_delay_and_the_last_one_is_the_last() -> None:
    delays = ("1 minute", "5 minutes", "30 minutes")
    waits = [wait_after(attempt, retry_delay=delays) for attempt in (1, 2, 3, 4)]
    assert waits == [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), None]


@pytest.mark.parametrize(("attempt", "minutes"), [(1, 2), (2, 4), (3, 8), (4, 10), (5, 10)])
def test_an_exponential_backoff_is_the_same_for_every_server(attempt: int, minutes: int) -> None:
    options = {"retries": 9, "retry_delay": "2 minutes", "retry_backoff": "exponential", "retry_delay_limit": "10 minutes"}
    waits = {wait_after(attempt, **options) for _ in range(3)}
    assert len(waits) == 1
    assert 0.8 * timedelta(minutes=minutes) <= waits.pop() <= timedelta(minutes=minutes)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.TIMED_OUT, Outcome.CRASHED])
def test_a_forced_run_is_not_retried(outcome: Outcome) -> None:
    assert retry_of(task_with(retries=3), Run("Import", None, outcome=outcome, ended_at=NOON)) is None
    assert retry_of(task_with(retries=3), Run("Import", NOON, outcome=outcome, ended_at=NOON)) is not None
