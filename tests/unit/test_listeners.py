"""What is said of each event: to cron's mail, to a person at a terminal, to one who wants to know more, to a program."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from scheduler.errors import StoreUnavailable
from scheduler.listeners import ConsoleListener, JsonListener, Listener
from scheduler.runs import Outcome, Run, SkipReason
from scheduler.TaskRegistry import Broken, RegisteredTask

NOON = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)


class Job:
    """Only its name is told."""


JOB = RegisteredTask("Job", Job, None, timezone.utc)
RUN = Run("Job", NOON, id=7, started_at=NOON, ended_at=NOON + timedelta(milliseconds=61), outcome=Outcome.SUCCEEDED)
FAILED = replace(
    RUN,
    outcome=Outcome.FAILED,
    ended_at=NOON + timedelta(seconds=2),
    error="ValueError: no",
    location="app/tasks/Job.py:5",
    traceback="Traceback\nValueError: no\n",
)
SKIPPED = replace(RUN, outcome=Outcome.SKIPPED, skip_reason=SkipReason.CONDITION, detail="its when() said no")
BROKEN = Broken("Job", "it has no handle()", "app/tasks/Job.py:5", "Traceback\n")

#: An event; then what is written under cron, on a terminal, and with -v.
EVENTS: list[tuple[Callable[[Listener], None], str, str, str]] = [
    (lambda to: to.noticed("two of a name"), "! Notice: two of a name.", *["! Notice: two of a name."] * 2),
    (
        lambda to: to.found_broken(BROKEN),
        *["! Job is broken: it has no handle() (app/tasks/Job.py:5)"] * 2,
        "! Job is broken: it has no handle() (app/tasks/Job.py:5)\n! Traceback",
    ),
    (lambda to: to.found_nothing(), "", *["There are no tasks yet: `craft task SayHi` writes one."] * 2),
    (lambda to: to.nothing_due(), "", "Nothing is due.", ""),
    (lambda to: to.run_ended(RUN), "", *["Job succeeded in 61 ms"] * 2),
    (lambda to: to.run_ended(replace(RUN, attempt=2)), "", *["Job succeeded in 61 ms (attempt 2)"] * 2),
    (
        lambda to: to.run_ended(FAILED),
        *["! Job failed after 2.0 s: ValueError: no (app/tasks/Job.py:5)"] * 2,
        "! Job failed after 2.0 s: ValueError: no (app/tasks/Job.py:5)\n! Traceback\nValueError: no",
    ),
    (lambda to: to.run_ended(SKIPPED), "", *["Job skipped: its when() said no"] * 2),
    (
        lambda to: to.claimed_before(JOB, NOON),
        "",
        *["Job was started before for 12:00; --force runs it again"] * 2,
    ),
    (lambda to: to.lost_store(StoreUnavailable("it is away")), *["! It is away."] * 3),
]


def said(event: Callable[[Listener], None], **how: bool) -> str:
    lines: list[str] = []
    event(ConsoleListener(lines.append, lambda line: lines.append(f"! {line}"), **how))
    return "\n".join(lines)


@pytest.mark.parametrize(("event", "under_cron", "on_a_terminal", "verbose"), EVENTS)
def test_what_a_person_reads(
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
    assert said(lambda to: to.not_due(JOB, None)) == "Job is not due: only on demand"
    assert said(lambda to: to.not_due(JOB, NOON)) == "Job is not due: only on demand; next at 2026-03-03 12:00"


def test_a_process_that_stays_does_not_say_of_each_minute_that_it_was_idle() -> None:
    assert said(lambda to: to.nothing_due(), talkative=True, tells_idle=False) == ""


def test_a_program_gets_everything_in_one_document() -> None:
    listener = JsonListener()
    for event, *_ in EVENTS:
        event(listener)
    listener.not_due(JOB, None)
    listener.not_due(JOB, NOON)
    document = json.loads(listener.document(NOON))
    assert document["minute"] == "2026-03-03T12:00:00+00:00"
    assert [run["outcome"] for run in document["runs"]] == ["succeeded", "succeeded", "failed", "skipped"]
    assert document["runs"][2]["seconds"] == 2
    assert document["runs"][3]["skip_reason"] == "condition"
    assert document["broken"][0]["location"] == "app/tasks/Job.py:5"
    assert [task["next_run"] for task in document["not_due"]] == [None, "2026-03-03T12:00:00+00:00"]
    assert document["claimed_before"] == [{"key": "Job", "fire_time": "2026-03-03T12:00:00+00:00"}]
    assert (document["notices"], document["errors"]) == (["two of a name"], ["it is away"])
