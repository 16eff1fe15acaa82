"""Masonite's events, logs, mail, Slack and notifications, as the scheduler uses them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from scheduler.errors import SchedulerError
from scheduler.listeners.web import for_slack
from scheduler.processes.identity import host_name

LONGEST_LINE = 240
"""How many characters a line of a mail has; each takes four bytes at most."""


class NotSent(SchedulerError):
    """Something could not be sent; the message says what to change."""


def events_of(application: Any) -> Callable[[object], Iterator[tuple[str, Callable[[], object]]]]:
    """Return a function that returns the listeners of an event: the name of each, and what calls it."""

    def listeners(event: object) -> Iterator[tuple[str, Callable[[], object]]]:
        events = application.make("event") if application.has("event") else None
        known = getattr(events, "events", None)
        for listener in list(known.get(type(event), ())) if isinstance(known, dict) else ():
            yield getattr(listener, "__name__", type(listener).__name__), _fire(events, listener, event)

    return listeners


def _fire(events: Any, listener: Any, event: object) -> Callable[[], object]:
    """Fire for one listener alone: if a listener raises, Masonite calls none of those after it."""
    alone = copy.copy(events)
    alone.events = {type(event): [listener]}
    return lambda: alone.fire(event)


def log_of(application: Any, channel: str | None) -> Callable[[str, str], object]:
    """Return a function that writes to a channel of config/logging.py, which Masonite 5 has."""

    def log(level: str, text: str) -> None:
        if not application.has("logger"):
            raise NotSent("the app has no logger: list Masonite 5's LoggingProvider in config/providers.py")
        application.make("logger").channel(channel).log(level, text)

    return log


def mail_of(application: Any) -> Callable[[str, str, str], object]:
    """Return a function that sends a mail as the app does."""

    def send(recipient: str, subject: str, text: str) -> None:
        if not application.has("mail"):
            raise NotSent("the app has no mail: list Masonite's MailProvider in config/providers.py")
        from masonite.mail import Mailable  # noqa: PLC0415 - only if there is something to send

        mail = application.make("mail")
        options = mail.get_config_options()
        kept = dict(options)
        sender = application.make("config").get("mail.from_email") or kept.get("from") or f"scheduler@{host_name()}"
        try:
            mail.mailable(Mailable().to(recipient).from_(sender).subject(subject).text(_with_short_lines(text))).send()
        finally:
            options.update(kept)  # Masonite takes the sender out of its own configuration

    return send


def slack_of(application: Any) -> Callable[[str, str, str], object]:
    """Return a function that sends a message to a Slack channel as the app's notifications do."""

    def send(recipient: str, subject: str, text: str) -> None:
        manager = _notifications_of(application)
        from masonite.notification import Notification, SlackMessage  # noqa: PLC0415 - see above

        class ScheduledTask(Notification):
            def to_slack(self, notifiable: Any) -> Any:  # noqa: ARG002 - Masonite's own signature
                return SlackMessage().text(for_slack(f"{subject}\n{text}")).without_markdown()

        manager.route("slack", recipient).send(ScheduledTask())

    return send


def notify_with(application: Any) -> Callable[[type, Any], object]:
    """Return a function that sends one of the app's own notification classes, created with the run.

    It goes to what its method `notifiables()` returns, or else to a notifiable without routes: then the notification's
    messages name their recipients.
    """

    def notify(kind: type, run: Any) -> None:
        manager = _notifications_of(application)
        notification = kind(run)
        whom = getattr(notification, "notifiables", None)
        manager.send(whom() if callable(whom) else manager.route("scheduler", run.key), notification)

    return notify


def _notifications_of(application: Any) -> Any:
    if not application.has("notification"):
        raise NotSent("the app has no notifications: list Masonite's NotificationProvider in config/providers.py")
    return application.make("notification")


def _with_short_lines(text: str) -> str:
    """Return `text` with its very long lines broken: mail servers refuse lines of more than 998 bytes."""
    return "\n".join(
        line[start : start + LONGEST_LINE]
        for line in text.split("\n")
        for start in range(0, max(len(line), 1), LONGEST_LINE)
    )
