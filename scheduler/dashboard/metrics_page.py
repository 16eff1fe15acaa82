"""`metrics`: what `craft schedule:metrics` prints."""

from __future__ import annotations

from scheduler.dashboard.messages import Question, Reply
from scheduler.dashboard.Source import Source
from scheduler.diagnosis.metrics import CONTENT_TYPE, MetricsUnavailable, metrics_text

UNAVAILABLE = 503


def metrics_page(source: Source, question: Question) -> Reply:
    """Return the metrics, or how to install what they need."""
    del question
    try:
        return Reply(200, metrics_text(source.store, source.tasks, source.now).encode(), CONTENT_TYPE)
    except MetricsUnavailable as error:
        return Reply.text(UNAVAILABLE, f"{error}.")
