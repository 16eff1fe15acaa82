"""The actions of users: request a run, pause, resume. A repeated one changes nothing; who did each is recorded.

A requested run is recorded in the store as a pending run, under a slot of its own for each minute. The next
tick, or `schedule:work`, starts it as any other: on a server that runs tasks, as the user that runs them, with its
lease, timeout, output and notifications. The web process starts nothing, so it may be restarted at any time, and need
not have what tasks need.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from scheduler import clock
from scheduler.config.TaskOptions import LOCAL
from scheduler.dashboard.messages import Question, Reply
from scheduler.dashboard.notes import note_query
from scheduler.dashboard.pause_page import pause_page
from scheduler.dashboard.rendering import address
from scheduler.dashboard.Source import Source
from scheduler.dashboard.task_page import task_page
from scheduler.diagnosis.dates import read
from scheduler.errors import UnacceptableValue
from scheduler.rules.durations import duration
from scheduler.runs import EVERYTHING, Pause, Run
from scheduler.stores import Claim
from scheduler.stores.ActionLog import UserAction
from scheduler.tasks.RegisteredTask import RegisteredTask

ASKED: Final = "@asked "
"""The separator between the task's key and the minute in the slot of a requested run."""
REASON_LENGTH: Final = 500
RECENTLY: Final = timedelta(hours=1)
"""How recently a server must have ticked to get a requested run of a task with `on_every_server`."""

Action = Callable[[Source, Question], Reply]


def run_now(source: Source, question: Question) -> Reply:
    """Request a run of a task; one that is requested again within a minute, or while it waits, is the same run."""
    task = source.task(question.form.get("key", ""))
    waiting = _waiting(source, task)
    if waiting is not None:
        return _redirect(question, "waiting", task.key, waiting.id)
    claims = [_claim_on(task, claim_key, source.now, question.who) for claim_key in _claim_keys(source, task)]
    runs = source.store.claim(claims, {}, "", clock.real_now())
    if not runs:
        return _redirect(question, "asked-before", task.key)
    _record(source, question, "asked for a run of", task.key, f"run {runs[0].id}")
    return _redirect(question, "asked", task.key, runs[0].id)


def _claim_on(task: RegisteredTask, claim_key: str, now: datetime, who: str) -> Claim:
    executor = "" if task.options.executor == LOCAL else task.options.executor
    slot, detail = requested_slot(claim_key, now), f"asked for by {who}"
    return Claim(task.key, slot, None, start_after=now, detail=detail, executor=executor)


def requested_slot(claim_key: str, now: datetime) -> str:
    """Return the slot of a run requested at `now`: one a minute."""
    return f"{claim_key}{ASKED}{clock.floor_minute(now):%Y-%m-%dT%H:%MZ}"


def _claim_keys(source: Source, task: RegisteredTask) -> list[str]:
    """Return the keys to claim a run under: the task's key, or one key for each server if all of them run it."""
    if not task.options.on_every_server:
        return [task.claim_key]
    hosts = [host for host, at in source.ticks.items() if source.now - at < RECENTLY]
    return [f"{task.key} on {host}" for host in sorted(hosts)] or [task.claim_key]


def _waiting(source: Source, task: RegisteredTask) -> Run | None:
    runs = source.open_runs.get(task.key, ())
    return next((run for run in runs if ASKED in run.slot and run.started_at is None), None)


def pause(source: Source, question: Question) -> Reply:
    """Pause a task, or all tasks if the form names none and confirms it."""
    key = question.form.get("key", EVERYTHING)
    if key:
        source.task(key)
    elif question.form.get("confirm") != "yes":
        return pause_page(source, question, status=422, wrong="Confirm that all tasks are to be paused.")
    try:
        until = until_from(question.form.get("until", ""))
    except UnacceptableValue as error:
        wrong = f"Until: {error.value!r} {error.problem} (try {' or '.join(error.examples)})."
        page = task_page if key else pause_page
        return page(source, question, status=422, wrong=wrong)
    reason = question.form.get("reason", "").strip()[:REASON_LENGTH]
    held = source.pauses.own(key)
    if held is None or (held.until, held.reason) != (until, reason):
        detail = ", ".join(filter(None, [Pause(key, source.now, until).end(), reason]))
        _record(source, question, "paused", key, detail)
        source.store.pause(Pause(key, source.now, until, reason, question.who))
    return _redirect(question, "paused", key)


def resume(source: Source, question: Question) -> Reply:
    """End the pause of a task, or that of all tasks."""
    key = question.form.get("key", EVERYTHING)
    if source.pauses.own(key) is None:
        return _redirect(question, "not-paused", key)
    _record(source, question, "resumed", key)
    source.store.resume(key, source.now)
    return _redirect(question, "resumed", key)


ACTIONS: Final[dict[str, Action]] = {"run-now": run_now, "pause": pause, "resume": resume}


def until_from(given: str) -> datetime | None:
    """Return when a pause ends, from '2 hours' or a date to come on the app's clock; None for no end.

    Raises `UnacceptableValue` for anything else.
    """
    given = given.strip()
    if not given:
        return None
    try:
        until = clock.now() + duration(given)
    except UnacceptableValue:
        until = read(given, clock.default_zone()).instant
    if until <= clock.now():
        raise UnacceptableValue(given, "is in the past", "'2 hours'", "a date to come")
    return until


def _record(source: Source, question: Question, what: str, key: str, detail: str = "") -> None:
    source.store.record_action(UserAction(source.now, question.who, what, key, detail))


def _redirect(question: Question, code: str, key: str, number: int = 0) -> Reply:
    """Return a redirect to the page of the task, or to the overview, with a signed note."""
    query = note_query(question, code, number)
    return Reply.redirect(address(question, "task", key=key, **query) if key else address(question, **query))
