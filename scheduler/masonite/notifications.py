"""Masonite's events, logs, mail and Slack, as the scheduler uses them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from scheduler.errors import SchedulerError
from scheduler.process import host_name


class NotSent(SchedulerError):
    """Something could not be sent; the message says what to change."""


def events_of(application: Any) -> Callable[[object], Iterator[tuple[str, Callable[[], object]]]]:
    """Return what gives the listeners of an event, each by its name and what lets it hear the event."""

    def listeners(event: object) -> Iterator[tuple[str, Callable[[], object]]]:
        events = application.make("event") if application.has("event") else None
        known = getattr(events, "events", None)
        for listener in list(known.get(type(event), ())) if isinstance(known, dict) else ():
            yield getattr(listener, "__name__", type(listener).__name__), _fire(events, listener, event)

    return listeners


def _fire(events: Any, listener: Any, event: object) -> Callable[[], object]:
    """Fire for one listener alone, since Masonite lets none after it hear an event if it raises."""
    alone = copy.copy(events)
    alone.events = {type(event): [listener]}
    return lambda: alone.fire(event)


def log_of(application: Any, channel: str | None) -> Callable[[str, str], object]:
    """Return what writes to a channel of config/logging.py, which Masonite 5 has."""

    def log(level: str, text: str) -> None:
        if not application.has("logger"):
            raise NotSent("the app has no logger: list Masonite 5's LoggingProvider in config/providers.py")
        application.make("logger").channel(channel).log(level, text)

    return log


def mail_of(application: Any) -> Callable[[str, str, str], object]:
    """Return what sends a mail as the app does."""

    def send(recipient: str, subject: str, text: str) -> None:
        if not application.has("mail"):
            raise NotSent("the app has no mail: list Masonite's MailProvider in config/providers.py")
        from masonite.mail import Mailable  # noqa: PLC0415 - only where there is something to tell

        mail = application.make("mail")
        options = mail.get_config_options()
        kept = dict(options)
        sender = application.make("config").get("mail.from_email") or kept.get("from") or f"scheduler@{host_name()}"
        try:
            mail.mailable(Mailable().to(recipient).from_(sender).subject(subject).text(text)).send()
        finally:
            options.update(kept)  # Masonite takes the sender out of its own configuration

    return send


def slack_of(application: Any) -> Callable[[str, str, str], object]:
    """Return what sends a message to a channel or a webhook of Slack as the app's notifications do."""

    def send(recipient: str, subject: str, text: str) -> None:
        if not application.has("notification"):
            raise NotSent("the app has no notifications: list Masonite's NotificationProvider in config/providers.py")
        from masonite.notification import Notification, SlackMessage  # noqa: PLC0415 - see above

        class ScheduledTask(Notification):
            def to_slack(self, notifiable: Any) -> Any:  # noqa: ARG002 - Masonite's own signature
                return SlackMessage().text(_for_slack(f"{subject}\n{text}")).without_markdown()

        try:
            application.make("notification").route("slack", recipient).send(ScheduledTask())
        except Exception as error:  # noqa: BLE001 - it is raised again without the secret in a webhook
            words = f"{type(error).__name__}: {error}"
            for secret in (recipient.partition("slack.com")[2], urlsplit(recipient).path):
                words = words.replace(secret, "/…") if secret else words
            raise NotSent(words) from None

    return send


def _for_slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
