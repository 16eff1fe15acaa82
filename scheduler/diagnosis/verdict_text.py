"""The text of an explanation's verdict."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scheduler import clock
from scheduler.clock import time_text
from scheduler.diagnosis.explanation import Explanation, Verdict
from scheduler.listeners.run_text import outcome_text
from scheduler.rules.durations import duration_text
from scheduler.rules.words import listed
from scheduler.text import elapsed, with_location

if TYPE_CHECKING:
    from scheduler.runs import Run


def verdict_of(found: Explanation) -> str:
    """Return the verdict in a sentence or two."""
    sentence = SENTENCES[found.verdict]
    return f"{sentence if isinstance(sentence, str) else sentence(found)} {_since_then(found)}".rstrip()


def _since_then(found: Explanation) -> str:
    """Return why it is not due any more, or not now, if nobody asked about another time."""
    if found.asked:
        return ""
    if found.is_over:
        return "It does not run again: that was its last fire time."
    return f"It is not due now: {listed(found.refused_now)} leaves out this time." if found.refused_now else ""


def _on_demand(found: Explanation) -> str:
    named = shlex.quote(found.task.key)
    return f"It has no rule, so it runs only on demand. Run craft schedule:run --force --task {named} to run it."


def _not_due(found: Explanation) -> str:
    when = "then" if found.asked else "now"
    return f"It is not due {when}: {_why_not_due(found)}."


def _why_not_due(found: Explanation) -> str:
    if found.refused_by:
        return f"{listed(found.refused_by)} leaves out this time"
    return "its rule names other times" if found.task.is_foreseeable else "its should_run() returned false"


def _asking_failed(found: Explanation) -> str:
    what = "It does not run" if found.is_about_now else "It is not known whether it is due then"
    return f"{what}: {found.problem}."


def _would(found: Explanation, does: str) -> str:
    then, which = ("now", "the next") if found.at <= found.now else ("then", "that")
    return f"It is due {then}, and {which} tick {does}: {found.refusal}."


def _due(found: Explanation) -> str:
    ticked = found.record.ticked_at
    if ticked and found.now - ticked <= LATELY:
        return "It is due now: the next tick runs it."
    last = f"The last tick was at {time_text(ticked, found.task.zone)}" if ticked else "The scheduler has never run"
    return f"It is due now: the next tick runs it. {last}; {DOCTOR}."


def _late(found: Explanation) -> str:
    return f"{_not_judged(found)}: the next tick runs it late. {DOCTOR[0].upper()}{DOCTOR[1:]}."


def _will_be_missed(found: Explanation) -> str:
    return f"{_not_judged(found)}: the next tick records it as missed, since its {_forgiven(found, found.now)}."


def _not_judged(found: Explanation) -> str:
    until = found.record.judged_until
    return f"It has not run: no tick has come since {time_text(until, found.task.zone) if until else 'ever'}"


def _forgiven(found: Explanation, noticed: datetime | None) -> str:
    """Return why a fire time that a tick `noticed` late does not run, after 'its'."""
    options = found.task.options
    if noticed is not None and clock.floor_minute(noticed) - found.at <= options.grace:
        return f"catch_up is {options.catch_up!r}, and a later fire time took its place"
    return f"grace is {duration_text(options.grace)} and its catch_up {options.catch_up!r}"


def _no_record(found: Explanation) -> str:
    record = found.record
    if record.judged_until is None:
        came = "no tick has checked this task" if record.ticked_at else "the scheduler has never run"
        return f"It has not run: {came}; {DOCTOR}."
    if record.kept_since and found.at < record.kept_since:
        return "It was due then. Its outcome is no longer known, since history is kept for KEEP_DAYS only."
    return "There is no record of it: ticks had not begun then, or the task was added or changed later."


def _waiting(found: Explanation) -> str:
    run = _run(found)
    if run.is_offered and not (run.start_after and run.start_after > found.now):
        return _waits_for_worker(found, run)
    start = f" until {time_text(run.start_after, found.task.zone)}" if run.start_after else ""
    return f"It is claimed as run {run.id}, attempt {run.attempt}, and waits to be started{start}."


def _waits_for_worker(found: Explanation, run: Run) -> str:
    zone = found.task.zone
    times = {worker.host: time_text(worker.heard_at, zone) for worker in found.record.workers}
    reports = [f"one on {host} last reported at {time}" for host, time in times.items()]
    since = f" since {time_text(run.waiting_since, zone)}" if run.waiting_since else ""
    return (
        f"It is waiting for a worker of {run.executor!r}{since}: run {run.id}, attempt {run.attempt}; "
        f"{', '.join(reports) or 'none has reported'}."
    )


def _running(found: Explanation) -> str:
    run = _run(found)
    since = f" since {time_text(run.started_at, found.task.zone)}" if run.started_at else ""
    return f"It is running{since}: run {run.id}, process {run.pid} on {run.host}."


def _gone(found: Explanation) -> str:
    run = _run(found)
    process = f"process {run.pid} on {run.host}"
    return f"It began as run {run.id}, but {process} is gone: the next tick records it as crashed."


def _ran(found: Explanation) -> str:
    run = _run(found)
    return f"It ran: run {run.id} succeeded in {elapsed(run.seconds)}. {_all_of(run)}"


def _failed(found: Explanation) -> str:
    run = _run(found)
    why = with_location(run.error, run.location)
    return f"It ran: run {run.id} {outcome_text(run)}: {why}. {_all_of(run)}"


def _skipped(found: Explanation) -> str:
    run = _run(found)
    return f"It was skipped: {run.detail}. {_all_of(run)}"


def _missed(found: Explanation) -> str:
    run = _run(found)
    return f"It was missed: {run.detail}; its {_forgiven(found, run.claimed_at)}. {_all_of(run)}"


def _run(found: Explanation) -> Run:
    return found.record.runs[-1]


def _all_of(run: Run) -> str:
    return f"craft schedule:history {run.id} shows all of it."


DOCTOR = "craft schedule:doctor shows whether anything runs the scheduler"
LATELY = timedelta(minutes=2)
SENTENCES: dict[Verdict, str | Callable[[Explanation], str]] = {
    Verdict.ON_DEMAND: _on_demand,
    Verdict.NOT_DUE: _not_due,
    Verdict.UNFORESEEABLE: "This cannot be predicted: its own should_run() decides at that time.",
    Verdict.ASKING_FAILED: _asking_failed,
    Verdict.COMING: "It will run then unless something prevents it.",
    Verdict.DUE: _due,
    Verdict.WOULD_BE_SKIPPED: lambda found: _would(found, "skips it"),
    Verdict.WOULD_FAIL: lambda found: _would(found, "fails it"),
    Verdict.LATE: _late,
    Verdict.WILL_BE_MISSED: _will_be_missed,
    Verdict.WAITING: _waiting,
    Verdict.RUNNING: _running,
    Verdict.GONE: _gone,
    Verdict.RAN: _ran,
    Verdict.FAILED: _failed,
    Verdict.SKIPPED: _skipped,
    Verdict.MISSED: _missed,
    Verdict.NO_RECORD: _no_record,
}
