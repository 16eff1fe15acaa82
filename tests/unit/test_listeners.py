"""The lines for each event: in cron's mail, on a terminal, with `-v`, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from scheduler.errors import StoreUnavailable
from scheduler.listeners import ConsoleListener, JsonLinesListener, JsonListener, Listener
from scheduler.listeners.run_text import full_text, waiting_text
from scheduler.rules import read_schedule
from scheduler.runs import Action, Outcome, PlannedAction, Run, SkipReason
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.tasks.Tasks import TaskProblem

NOON = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)


class Job:
    """Only its name is told."""


JOB = RegisteredTask("Job", Job, None, timezone.utc)
RUN = Run("Job", NOON, id=7, started_at=NOON, ended_at=NOON + timedelta(milliseconds=61), outcome=Outcome.SUCCEEDED)
OFFERED = Run("Job", NOON, id=7, executor="reports", claimed_at=NOON)
FAILED = replace(
    RUN,
    outcome=Outcome.FAILED,
    ended_at=NOON + timedelta(seconds=2),
    error="ValueError: no",
    location="app/tasks/Job.py:5",
    traceback="Traceback\nValueError: no\n",
)
SKIPPED = replace(RUN, outcome=Outcome.SKIPPED, skip_reason=SkipReason.CONDITION, detail="its when() returned false")
BROKEN = TaskProblem("Job", "it has no handle()", "app/tasks/Job.py:5", "Traceback\n")

#: An event; then what is written under cron, on a terminal, and with -v.
EVENTS: list[tuple[Callable[[Listener], None], str, str, str]] = [
    (lambda to: to.noticed("two of a name"), "! Notice: two of a name.", *["! Notice: two of a name."] * 2),
    (
        lambda to: to.found_broken(BROKEN),
        *["! Job is broken: it has no handle() (app/tasks/Job.py:5)"] * 2,
        "! Job is broken: it has no handle() (app/tasks/Job.py:5)\n! Traceback",
    ),
    (lambda to: to.found_nothing(), "", *["There are no tasks yet. Run craft task SayHi to create one."] * 2),
    (lambda to: to.nothing_due(), "", "Nothing is due.", ""),
    (lambda to: to.run_ended(RUN), "", *["Job succeeded in 61 ms"] * 2),
    (lambda to: to.run_ended(replace(RUN, attempt=2)), "", *["Job succeeded in 61 ms (attempt 2)"] * 2),
    (
        lambda to: to.run_ended(FAILED),
        *["! Job failed after 2.0 s: ValueError: no (app/tasks/Job.py:5)"] * 2,
        "! Job failed after 2.0 s: ValueError: no (app/tasks/Job.py:5)\n! Traceback\nValueError: no",
    ),
    (lambda to: to.run_ended(SKIPPED), "", *["Job skipped: its when() returned false"] * 2),
    (
        lambda to: to.claimed_before(JOB, NOON, RUN),
        "",
        *["Job already ran for 12:00. Use --force to run it again."] * 2,
    ),
    (lambda to: to.lost_store(StoreUnavailable("it is away")), *["! It is away."] * 3),
]


def said(event: Callable[[Listener], None], **how: bool) -> str:
    lines: list[str] = []
    event(ConsoleListener(lines.append, lambda line: lines.append(f"! {line}"), **how))
    return "\n".join(lines)


@pytest.mark.parametrize(("event", "under_cron", "on_a_terminal", "verbose"), EVENTS)
def test_lines_on_a_terminal_under_cron_and_with_v(
    event: Callable[[Listener], None], under_cron: str, on_a_terminal: str, verbose: str
) -> None:
    """Lines with a `!` go to standard error."""
    assert said(event) == under_cron
    assert said(event, talkative=True) == on_a_terminal
    assert said(event, verbose=True) == verbose


def test_why_tasks_are_not_due_is_for_those_who_ask() -> None:
    quiet, chosen, verbose = (
        ConsoleListener(print, print, **how)
        for how in ({"chosen": ["Job"]}, {"chosen": ["Job"], "talkative": True}, {"verbose": True})
    )
    assert (quiet.explains, chosen.explains, verbose.explains) == (False, True, True)
    assert said(lambda to: to.not_due(JOB, None)) == "Job is not due: only on demand; run it with --force"
    hourly = RegisteredTask("Job", Job, read_schedule("Job", {"run_every": "1 hour"}).rule, timezone.utc)
    assert said(lambda to: to.not_due(hourly, NOON)) == "Job is not due: every hour; next run 2026-03-03 12:00"


def test_times_of_a_task_name_its_zone_if_this_server_has_another(monkeypatch: pytest.MonkeyPatch) -> None:
    hourly = RegisteredTask("Job", Job, read_schedule("Job", {"run_every": "1 hour"}).rule, timezone.utc)
    in_tokyo = NOON.astimezone(ZoneInfo("Asia/Tokyo"))
    assert said(lambda to: to.not_due(hourly, in_tokyo)).endswith("next run 2026-03-03 21:00 Asia/Tokyo")
    planned = PlannedAction("Job", Action.RUN, in_tokyo)
    assert said(lambda to: to.planned(planned)) == "Job would run for 2026-03-03 21:00 Asia/Tokyo"
    assert said(lambda to: to.claimed_before(JOB, in_tokyo, RUN), talkative=True).startswith("Job already ran for 21:00 Asia/Tokyo.")


MISSED = replace(RUN, outcome=Outcome.MISSED, started_at=None, detail="no tick came in time")


def test_a_missed_fire_time_is_named_to_those_who_ask_for_more() -> None:
    assert said(lambda to: to.run_ended(MISSED), talkative=True) == ""
    assert said(lambda to: to.run_ended(MISSED), verbose=True) == "! Job missed 2026-03-03 12:00: no tick came in time"


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (lambda to: to.run_ended(RUN), "INFO"),
        (lambda to: to.run_ended(SKIPPED), "INFO"),
        (lambda to: to.run_ended(FAILED), "ERROR"),
        (lambda to: to.run_ended(FAILED, will_be_retried=True), "WARNING"),
        (lambda to: to.run_ended(MISSED), "WARNING"),
        (lambda to: to.noticed("two of a name"), "WARNING"),
        (lambda to: to.found_broken(BROKEN), "ERROR"),
        (lambda to: to.lost_store(StoreUnavailable("it is away")), "ERROR"),
        (lambda to: to.stopping(2, timedelta(seconds=30)), "INFO"),
    ],
)
def test_levels_of_lines_are_those_of_log_records(event: Callable[[Listener], None], level: str) -> None:
    lines: list[str] = []
    levels = {name: lambda _, name=name: lines.append(name) for name in ("INFO", "ERROR", "WARNING")}
    event(ConsoleListener(levels["INFO"], levels["ERROR"], warn=levels["WARNING"], verbose=True))
    event(JsonLinesListener(lambda line: lines.append(json.loads(line)["level"]), verbose=True))
    assert set(lines) == {level}


def test_a_run_that_waits_for_a_worker_is_reported_to_people_once() -> None:
    assert said(lambda to: to.offered(OFFERED), talkative=True) == "Job waits for a worker of 'reports': run 7"
    assert said(lambda to: to.offered(OFFERED, is_new=False), talkative=True, verbose=True) == ""
    lines: list[str] = []
    for is_new in (True, False):
        JsonLinesListener(lines.append).offered(OFFERED, is_new=is_new)
    assert len(lines) == 1


def test_a_run_whose_start_is_delayed_waits_for_a_worker_since_no_later_time() -> None:
    retry = replace(OFFERED, attempt=2, start_after=NOON + timedelta(hours=2))
    assert waiting_text(OFFERED) == "it is waiting for a worker of 'reports' since 2026-03-03 12:00"
    assert waiting_text(retry) == "it is waiting for a worker of 'reports', not before 2026-03-03 14:00"
    assert waiting_text(RUN) == ""
    assert "Waiting:    for a worker since 2026-03-03 12:00" in full_text(OFFERED)
    assert "Waiting:    for a worker" in full_text(retry)
    assert "Not before: 2026-03-03 14:00:00" in full_text(retry)


@pytest.mark.parametrize(
    ("running", "grace", "words"),
    [
        (0, 30, "Stopping: nothing is running."),
        (1, 30, "Stopping: waiting up to 30 seconds for 1 run to end. Stop again to end it now."),
        (2, 300, "Stopping: waiting up to 5 minutes for 2 runs to end. Stop again to end them now."),
        (2, None, "Ending 2 runs now."),
        (0, None, "Stopping now."),
    ],
)
def test_a_stop_says_how_long_it_waits(running: int, grace: int | None, words: str) -> None:
    length = timedelta(seconds=grace) if grace else None
    assert said(lambda to: to.stopping(running, length)) == words


def test_a_process_that_stays_gives_no_hint_for_another_command() -> None:
    def event(to: Listener) -> None:
        to.claimed_before(JOB, NOON, RUN)

    assert said(event, talkative=True, reports_idle=False) == "Job already ran for 12:00."
    assert ConsoleListener(print, print, talkative=True, reports_idle=False).reports_handled


def test_seconds_of_one_minute_that_another_server_ran_are_one_line() -> None:
    def event(to: Listener) -> None:
        for seconds in range(0, 120, 10):
            to.claimed_before(JOB, NOON + timedelta(seconds=seconds), RUN)

    assert said(event, talkative=True, reports_idle=False) == "Job already ran for 12:00.\nJob already ran for 12:01."


def test_a_process_that_stays_does_not_say_of_each_minute_that_it_was_idle() -> None:
    assert said(lambda to: to.nothing_due(), talkative=True, reports_idle=False) == ""


def test_a_program_gets_everything_in_one_document() -> None:
    listener = JsonListener()
    for event, *_ in EVENTS:
        event(listener)
    listener.offered(OFFERED)
    listener.offered(OFFERED, is_new=False)
    listener.not_due(JOB, None)
    listener.not_due(JOB, NOON)
    document = json.loads(listener.document(NOON))
    assert document["minute"] == "2026-03-03T12:00:00+00:00"
    assert [run["outcome"] for run in document["runs"]] == ["succeeded", "succeeded", "failed", "skipped"]
    assert document["runs"][2]["seconds"] == 2
    assert document["runs"][3]["skip_reason"] == "condition"
    assert document["broken"][0]["location"] == "app/tasks/Job.py:5"
    assert [task["next_run"] for task in document["not_due"]] == [None, "2026-03-03T12:00:00+00:00"]
    assert document["already_run"] == [{"key": "Job", "fire_time": "2026-03-03T12:00:00+00:00", "run_id": 7}]
    assert document["handed_over"] == [
        {
            "key": "Job", "fire_time": "2026-03-03T12:00:00+00:00", "attempt": 1, "executor": "reports",
            "waiting_since": "2026-03-03T12:00:00+00:00", "run_id": 7,
        }
    ] * 2  # fmt: skip
    assert (document["notices"], document["errors"]) == (["two of a name"], ["it is away"])
