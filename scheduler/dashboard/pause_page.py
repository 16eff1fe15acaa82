"""The page that asks before everything is paused."""

from __future__ import annotations

from scheduler.dashboard.messages import Question, Reply
from scheduler.dashboard.rendering import render
from scheduler.dashboard.Source import Source


def pause_page(source: Source, question: Question, *, status: int = 200, wrong: str = "") -> Reply:
    """Return the form; `wrong` says what is wrong with one that was sent."""
    return render(
        "pause.html",
        question,
        source,
        "Pause all tasks",
        status=status,
        wrong=wrong,
        live=False,
        pause=source.pauses.of_everything(),
        exceptions=[task.key for task in source.tasks.usable if task.options.run_when_paused],
        total=len(source.tasks.usable),
        form=question.form,
    )
