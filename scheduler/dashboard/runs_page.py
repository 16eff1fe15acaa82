"""The history: runs of all tasks or of one, and all of one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scheduler.dashboard.messages import NotThere, Question, Reply
from scheduler.dashboard.rendering import render
from scheduler.dashboard.Source import Source
from scheduler.runs import FAILURES, Outcome

PAGE: Final = 50
GREATEST_NUMBER: Final = 2**63 - 1
DIGITS: Final = len(str(GREATEST_NUMBER))
SHOWN: Final = 40
"""How many characters of an unknown filter are shown."""
ANY_FAILURE: Final = "failures"
FILTERS: Final = (
    (ANY_FAILURE, "All failures"),
    *((outcome.value, outcome.value.replace("_", " ").capitalize()) for outcome in Outcome),
)
"""The values of the filter and their words."""


def runs_page(source: Source, question: Question) -> Reply:
    """Return the latest runs, those of one task or with one outcome if the URL says so."""
    key, outcome = question.query.get("key", ""), question.query.get("outcome", "")
    before = run_number(question.query.get("before", ""))
    outcomes = outcome_named(outcome)
    runs = source.store.browse(key=key or None, outcomes=outcomes, before=before, limit=PAGE + 1)
    return render(
        "runs.html",
        question,
        source,
        "Runs",
        runs=runs[:PAGE],
        older=runs[PAGE - 1].id if len(runs) > PAGE else None,
        is_first_page=before is None,
        wrong=unknown(outcome, [value for value, _ in FILTERS], "outcome"),
        key=key,
        keys=sorted(source.known, key=str.lower),
        known=source.known,
        outcome_filter=outcome if outcomes else "",
        filters=FILTERS,
    )


def run_page(source: Source, question: Question, given: str) -> Reply:
    """Return one run whole, with its output."""
    number = run_number(given)
    run = source.store.run(number) if number is not None else None
    if run is None:
        raise NotThere
    task = source.by_key.get(run.key)
    return render("run.html", question, source, f"Run {run.id}", run=run, task=task, is_known=run.key in source.known)


def unknown(given: str, known: Sequence[str], what: str) -> str:
    """Return the note about an unknown filter in the URL, empty if it is known or missing."""
    return f"There is no {what} {given[:SHOWN]!r}, so all are shown." if given and given not in known else ""


def outcome_named(name: str) -> tuple[Outcome, ...]:
    """Return the outcomes that a filter stands for, none for no filter."""
    if name == ANY_FAILURE:
        return FAILURES
    return tuple(outcome for outcome in Outcome if outcome.value == name)


def run_number(given: str) -> int | None:
    """Return the number of a run, None if the text is not one."""
    if not (given.isascii() and given.isdigit()) or len(given) > DIGITS or int(given) > GREATEST_NUMBER:
        return None
    return int(given)
