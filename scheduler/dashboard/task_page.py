"""One task: why it did or did not run, its next fire times, and its history."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from scheduler.config.TaskOptions import DEFAULT, LOCAL, TaskOptions
from scheduler.dashboard import run_charts, time_charts
from scheduler.dashboard.messages import Question, Reply
from scheduler.dashboard.rendering import render
from scheduler.dashboard.runs_page import FILTERS, PAGE, outcome_named, run_number, unknown
from scheduler.dashboard.Source import Source
from scheduler.diagnosis import explanation_text
from scheduler.diagnosis.dates import read
from scheduler.diagnosis.Explainer import Explainer
from scheduler.diagnosis.verdict_text import verdict_of
from scheduler.errors import UnacceptableValue
from scheduler.rules import zones
from scheduler.rules.durations import duration_text
from scheduler.stores.ActionLog import REFUSED_THREADS
from scheduler.tasks.RegisteredTask import RegisteredTask
from scheduler.tasks.Tasks import TaskProblem

COMING: Final = 10
FOR_A_TERMINAL: Final = re.compile(r"\s*`?craft schedule:history \d+`?[^.]*\.|\s*Run craft schedule:run .* to run it\.")
"""What an explanation says of commands that show a run or start one; the page has a link and a button."""
WEEK: Final = timedelta(days=8)


def task_page(source: Source, question: Question, *, status: int = 200, wrong: str = "") -> Reply:
    """Return the page of the task that the URL names; `wrong` says what is wrong with a form that was sent."""
    key = question.query.get("key", "") or question.form.get("key", "")
    problem = source.problem(key)
    if problem is not None:
        return _broken(source, question, problem)
    task = source.task(key)
    return render(
        "task.html",
        question,
        source,
        task.name or key,
        status=status,
        wrong=wrong or unknown(question.query.get("outcome", ""), [value for value, _ in FILTERS], "outcome"),
        form=question.form,
        task=task,
        live="why" not in question.query and not wrong,
        why=_why(source, question, task) if "why" in question.query else None,
        at=question.query.get("at", ""),
        actions=[each for each in source.store.actions(key) if each.what != REFUSED_THREADS],
        **_state(source, task),
        **_history(source, question, key),
    )


def _state(source: Source, task: RegisteredTask) -> dict[str, Any]:
    """Return what is set for the task, what it does now and what is to come."""
    return {
        "rule": task.describe(),
        "zone": zones.name_of(task.zone),
        "options": _options(task.options),
        "pause": source.pauses.own(task.key),
        "paused_with_all": None if task.options.run_when_paused else source.pauses.of_everything(),
        "open_runs": source.open_runs.get(task.key, []),
        "coming": list(islice(source.pauses.coming(task, source.now), COMING)),
    }


def _history(source: Source, question: Question, key: str) -> dict[str, Any]:
    """Return the runs that the URL asks for, and what the charts show of the latest ones."""
    outcome, before = question.query.get("outcome", ""), run_number(question.query.get("before", ""))
    outcomes = outcome_named(outcome)
    runs = source.store.browse(key=key, outcomes=outcomes, before=before, limit=PAGE + 1)
    latest = runs if not outcomes and before is None else source.store.latest_of_each([key], PAGE)[key]
    counts = source.store.count_by_task([key], source.now - WEEK, source.now + timedelta(hours=1))
    return {
        "runs": runs[:PAGE],
        "older": runs[PAGE - 1].id if len(runs) > PAGE else None,
        "outcome_filter": outcome if outcomes else "",
        "filters": FILTERS,
        "is_first_page": before is None,
        "last": next((run for run in latest if run.outcome), None),
        "failing_since": run_charts.failing_since(latest),
        "heat": time_charts.heat_map(counts, source.now, source.zone),
        "dots": run_charts.duration_dots(latest[:PAGE]),
        "durations": run_charts.durations(latest[:PAGE]),
    }


def _broken(source: Source, question: Question, problem: TaskProblem) -> Reply:
    runs = source.store.browse(key=problem.key, limit=PAGE)
    return render("broken.html", question, source, problem.key, problem=problem, runs=runs)


def _why(source: Source, question: Question, task: RegisteredTask) -> Mapping[str, Any]:
    """Return the explanation for the time that the URL names; it calls the task's own conditions."""
    try:
        at = _instant(question.query.get("at", ""), task)
        found = Explainer(source.scheduler, source.app).explain(task, at)
        facts = list(explanation_text.facts_of(found))
        return {
            "verdict": FOR_A_TERMINAL.sub("", verdict_of(found)),
            "facts": [(label, text) for label, text in facts if label != explanation_text.VERDICT],
            "runs": found.record.runs,
        }
    except UnacceptableValue as error:
        return {"wrong": f"{question.query.get('at', '')!r} {error.problem} (try {' or '.join(error.examples)})."}


def _instant(given: str, task: RegisteredTask) -> datetime | None:
    return read(given, task.zone).instant if given.strip() else None


def _options(options: TaskOptions) -> list[tuple[str, str]]:
    """Return what is set for the task otherwise than by default, and what matters most."""
    facts = [
        ("timeout", duration_text(options.timeout) if options.timeout else "none"),
        ("grace", duration_text(options.grace)),
        ("catch_up", options.catch_up),
        ("retries", str(options.retries)),
    ]
    if options.executor != LOCAL:
        facts.append(("executor", options.executor))
    switches = ("overlap", "on_every_server", "run_when_paused")
    facts += [(name, "yes") for name in switches if getattr(options, name) != getattr(DEFAULT, name)]
    return facts
