"""The note about the last action, passed in the URL and signed."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from scheduler.dashboard.messages import Question

NOTES: Final = {
    "asked": "Run {number} waits for the next tick, which starts it.",
    "waiting": "Run {number} is already waiting for the next tick.",
    "asked-before": "A run was already asked for in this minute.",
    "paused": "Paused. What is already running continues.",
    "resumed": "Resumed.",
    "not-paused": "It was not paused.",
}


def note_query(question: Question, code: str, number: int = 0) -> dict[str, str]:
    """Return the values for the URL of the page that is shown after an action."""
    note = f"{code}.{number}"
    return {"note": note, "mark": _mark(question, note)}


def note_of(question: Question) -> str:
    """Return what the last action of this user did, empty if the URL has no note or its signature is wrong."""
    note = question.query.get("note", "")
    if not note or not hmac.compare_digest(_mark(question, note).encode(), question.query.get("mark", "").encode()):
        return ""
    code, _, number = note.partition(".")
    return NOTES.get(code, "").format(number=number)


def _mark(question: Question, note: str) -> str:
    return hmac.new(question.token.encode(), note.encode(), hashlib.sha256).hexdigest()[:16]
