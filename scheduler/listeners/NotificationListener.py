"""Notify people: when a task begins to fail, when it has recovered, and of each success if they asked for that."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from scheduler.clock import time_text
from scheduler.config.readers import SLACK
from scheduler.listeners.run_text import OUTPUT_SENT, details, outcome_text, summary
from scheduler.listeners.RunListener import Delivery, NotifiableTask
from scheduler.listeners.web import post, run_body, slack_body
from scheduler.runs import CompletedRun, Outcome, Run
from scheduler.text import one_line

SECONDS: Final = 20.0
OUTPUT_MAILED: Final = 64 * 1024

Send = Callable[[str, str, str], object]
"""Sends a message: recipient, subject, text."""
Notify = Callable[[type, Run], object]
"""Sends one of the app's own notifications about a run."""
Post = Callable[[str, bytes, float], object]
"""Posts JSON to a URL, within some seconds."""


class NotificationListener:
    """Notifies the recipients in `notify_on_failure` and `notify_on_success`.

    A streak of failures is one message, and so is its end. A failure that will be retried is not reported yet. Each
    recipient is a delivery of its own, given up after 20 seconds.
    """

    def __init__(self, mail: Send, slack: Send, notify: Notify, post: Post = post) -> None:
        self._mail = mail
        self._slack = slack
        self._notify = notify
        self._post = post

    def at_start(self, task: NotifiableTask, run: Run) -> Iterable[Delivery]:  # noqa: ARG002 - see Returns
        """Return nothing: nobody is notified of a start."""
        return ()

    def at_end(self, task: NotifiableTask, completed: CompletedRun) -> Iterable[Delivery]:
        """Return a delivery for each recipient who is to be notified of the outcome."""
        run = completed.run
        told: tuple[Any, ...] = ()
        if completed.begins_streak or completed.failing_since is not None:
            told = task.options.notify_on_failure
            what = outcome_text(run) if completed.begins_streak else "has recovered"
            since = completed.failing_since
            sentence = f" It had failed since {time_text(since, seconds=True)}." if since else ""
            for recipient in told:
                yield self._delivery(recipient, what, sentence, run, is_notice=True)
        if run.outcome is Outcome.SUCCEEDED:
            for recipient in task.options.notify_on_success:
                if recipient not in told:
                    yield self._delivery(recipient, "succeeded", "", run)

    def _delivery(self, recipient: Any, what: str, since: str, run: Run, *, is_notice: bool = False) -> Delivery:
        """Return the delivery of one message to one recipient."""
        whom, send = self._channel(recipient, what, since, run)
        return Delivery(whom, send, SECONDS, is_notice=is_notice)

    def _channel(self, recipient: Any, what: str, since: str, run: Run) -> tuple[str, Callable[[], object]]:
        """Return a recipient's name, and the function that sends the message through the recipient's channel."""
        subject = _subject(run, what)
        if inspect.isclass(recipient):
            return recipient.__name__, lambda: self._notify(recipient, run)
        if recipient.startswith("#"):
            text = _text(run, since, OUTPUT_SENT)
            return recipient, lambda: self._slack(recipient, subject, text)
        if recipient.startswith(SLACK):
            text = f"{subject}\n{_text(run, since, OUTPUT_SENT)}"
            return "the webhook of Slack", lambda: self._post(recipient, slack_body(text), SECONDS)
        if recipient.startswith(("http://", "https://")):
            document = {"event": what.removeprefix("has ").replace(" ", "_"), "subject": subject, "run": run.as_dict()}
            whom = f"the webhook at {urlsplit(recipient).hostname}"
            return whom, lambda: self._post(recipient, run_body(document), SECONDS)
        text = _text(run, since, OUTPUT_MAILED)
        return recipient, lambda: self._mail(recipient, subject, text)


def _text(run: Run, since: str, output: int) -> str:
    return f"{summary(run)}{'.' if since else ''}{since}\n\n{details(run, output)}"


def _subject(run: Run, what: str) -> str:
    where = f" on {run.host}" if run.host else ""
    return one_line(" ".join(f"{run.key} {what}{where}".split()))
