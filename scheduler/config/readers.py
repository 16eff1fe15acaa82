"""Readers of option and setting values: each returns the value or raises `UnacceptableValue`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from scheduler.errors import UnacceptableValue
from scheduler.rules.durations import DURATION_EXAMPLES, duration

CATCH_UP: Final = ("none", "latest", "all")
BACKOFF: Final = ("none", "exponential")
STORES: Final = ("local", "database", "memory")
SLACK: Final = "https://hooks.slack.com"
"""The beginning of a Slack webhook, by which Masonite knows one."""
MOST: Final = 1_000_000
MOST_DAYS: Final = 36_500
MOST_RETRY_DELAYS: Final = 100


def flag(value: object) -> bool:
    """Return True or False."""
    if not isinstance(value, bool):
        raise UnacceptableValue(value, "is neither True nor False", "True", "False")
    return value


def count(value: object) -> int:
    """Return a whole number, 0 or more."""
    return _whole_number(value, 0, MOST, "0", "3")


def at_least_one(value: object) -> int:
    """Return a whole number, 1 or more."""
    return _whole_number(value, 1, MOST, "8", "30")


def days(value: object) -> int:
    """Return a number of days, 1 or more."""
    return _whole_number(value, 1, MOST_DAYS, "8", "30")


def _whole_number(value: object, least: int, most: int, *examples: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UnacceptableValue(value, f"is not a whole number, {least} or more", *examples)
    if value > most:
        raise UnacceptableValue(value, f"is more than {most}", *examples)
    return value


def length(value: object) -> timedelta:
    """Return a duration; None and False are none at all."""
    return timedelta() if value is None or value is False else duration(value)


def limit(value: object) -> timedelta | None:
    """Return a duration longer than 0, or None for no limit."""
    if value is None or value == "none":
        return None
    found = duration(value)
    if not found:
        raise UnacceptableValue(value, "leaves no time at all; None means no limit", *DURATION_EXAMPLES)
    return found


def at_least_a_second(value: object) -> timedelta:
    """Return a duration of a second or more."""
    found = duration(value)
    if found < timedelta(seconds=1):
        raise UnacceptableValue(value, "is shorter than a second", "'60 seconds'")
    return found


def retry_delays(value: object) -> tuple[timedelta, ...]:
    """Return one delay for all retries, or one for each; the last one is used for all further retries."""
    if value is None or value is False:
        return (timedelta(),)
    if isinstance(value, (list, tuple)):
        if not 0 < len(value) <= MOST_RETRY_DELAYS:
            problem = "is empty" if not value else f"has more than {MOST_RETRY_DELAYS} delays"
            raise UnacceptableValue(value, problem, "'1 minute'", "('1 minute', '5 minutes')")
        return tuple(duration(each) for each in value)
    return (duration(value),)


def backoff(value: object) -> str:
    """Return how the delay grows with each retry."""
    return "none" if value is None or value is False else _one_of(value, BACKOFF, "'exponential'", "None")


def catch_up(value: object) -> str:
    """Return which missed fire times still run."""
    return _one_of(value, CATCH_UP, "'latest'", "'all'")


def store(value: object) -> str:
    """Return the kind of a store."""
    return _one_of(value, STORES, "'local'", "'database'")


def _one_of(value: object, choices: tuple[str, ...], *examples: str) -> str:
    if not isinstance(value, str) or value not in choices:
        *others, last = (repr(choice) for choice in choices)
        raise UnacceptableValue(value, f"is not one of {', '.join(others)} and {last}", *examples)
    return value


def text(value: object) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise UnacceptableValue(value, "is not a text", "'scheduler'")
    return value


def executor(value: object) -> str:
    """Return the name of an executor; whether it exists is checked later."""
    if not isinstance(value, str) or not value:
        raise UnacceptableValue(value, "is not the name of an executor", "'local'", "'reports'")
    return value


def path(value: object) -> str:
    """Return the path of a file, from a text or a `pathlib.Path`."""
    found = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(found, str) or not found.strip() or "\0" in found or found.endswith("/"):
        raise UnacceptableValue(value, "is not the path of a file", "'.scheduler/import.log'", "None")
    return found


def folder(value: object) -> str:
    """Return the path of a folder other than the app's own, without a slash at its end."""
    found = os.path.normpath(value) if isinstance(value, (str, os.PathLike)) and value else "."
    if not isinstance(found, str) or found.strip() in {"", ".", "..", "/"} or "\0" in found:
        raise UnacceptableValue(value, "is not the path of a folder of its own", "'.scheduler'", "'/var/lib/blog'")
    return found


def optional_path(value: object) -> str | None:
    """Return the path of a file, or None."""
    return None if value is None or value is False else path(value)


def recipients(value: object) -> tuple[Any, ...]:
    """Return whom to notify, each once: mail addresses, Slack channels, webhooks, notification classes."""
    if value is None or value is False:
        return ()
    several = (value,) if isinstance(value, (str, type)) or not isinstance(value, Iterable) else tuple(value)
    for one in several:
        if not (_is_notification(one) or (isinstance(one, str) and _is_recipient(one))):
            problem = f"{one!r} is not a mail address, a Slack channel, a webhook or a notification class"
            raise UnacceptableValue(value, problem, "'ops@example.com'", "'#ops'")
    return tuple(dict.fromkeys(several))


def _is_notification(one: object) -> bool:
    """Return whether it is a notification class of Masonite, which has a method `via`."""
    return isinstance(one, type) and callable(getattr(one, "via", None))


def _is_recipient(one: str) -> bool:
    if one.startswith((SLACK, "#")):
        return len(one) > 1 and not re.search(r"\s", one)
    if "://" in one:
        return _is_url(one)
    return re.fullmatch(r"[^@\s,<>]+@[^@\s,<>]+", one) is not None


def url(value: object) -> str | None:
    """Return an http(s) URL, or None."""
    if value is None or value is False:
        return None
    if not isinstance(value, str) or not _is_url(value):
        raise UnacceptableValue(value, "is not an http(s) URL", "'https://hc-ping.com/your-uuid'", "None")
    return value


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_whole and text.isascii() and not re.search(r"[\x00-\x20]", text)
