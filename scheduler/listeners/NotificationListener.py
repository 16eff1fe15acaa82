"""Tells people: when a task begins to fail, and when it has recovered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from scheduler import clock
from scheduler.listeners.account import in_a_line, in_full, in_words
from scheduler.listeners.RunListener import Telling, Told
from scheduler.Policy import SLACK
from scheduler.runs import Ending, Run

SECONDS: Final = 20.0

Send = Callable[[str, str, str], object]
"""Sends somebody a message: to whom, its subject, its text."""


class NotificationListener:
    """Sends those whom a task names in `notify_on_failure` one message for a streak of failures, and one for its end.

    A failure that will be tried again is not told yet. Each of them is told apart, and given up after a while.
    """

    def __init__(self, mail: Send, slack: Send) -> None:
        self._mail = mail
        self._slack = slack

    def at_start(self, task: Told, run: Run) -> Iterable[Telling]:  # noqa: ARG002 - see Returns
        """Return nothing: nobody is written to because something starts."""
        return ()

    def at_end(self, task: Told, ending: Ending) -> Iterable[Telling]:
        """Return a telling for each recipient, if a streak of failures begins or ends."""
        run = ending.run
        if ending.begins_streak:
            subject, text = _subject(run, in_words(run)), f"{in_a_line(run)}\n\n{in_full(run)}"
        elif ending.failing_since is not None:
            subject = _subject(run, "has recovered")
            text = f"{in_a_line(run)}. It had failed since {_shown(ending.failing_since)}.\n\n{in_full(run)}"
        else:
            return
        for recipient in task.policy.notify_on_failure:
            is_slack = recipient.startswith((SLACK, "#"))
            send = self._slack if is_slack else self._mail
            yield _telling(send, recipient, subject, text)


def _telling(send: Send, recipient: str, subject: str, text: str) -> Telling:
    whom = "the webhook of Slack" if recipient.startswith(SLACK) else recipient
    return Telling(whom, lambda: send(recipient, subject, text), SECONDS, is_notice=True)


def _subject(run: Run, what: str) -> str:
    where = f" on {run.host}" if run.host else ""
    return " ".join(f"{run.key} {what}{where}".split())


def _shown(instant: datetime) -> str:
    return f"{instant.astimezone(clock.default_zone()):%Y-%m-%d %H:%M:%S}"
