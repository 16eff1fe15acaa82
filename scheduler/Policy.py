"""How a task is run, beside when: what it may take, what becomes of late, missed and failed runs, who is told."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from scheduler.errors import InvalidSchedule, UnacceptableValue

CATCH_UP: Final = ("none", "latest", "all")
UNITS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
LONGEST: Final = 3653 * 86400
EXAMPLES: Final = ("'90 seconds'", "'5 minutes'")


@dataclass(frozen=True, slots=True)
class Policy:
    """How a task is run; each field is an attribute of the task, or else, if it can be, of `config/scheduler.py`."""

    overlap: bool = False
    timeout: timedelta | None = timedelta(hours=24)
    grace: timedelta = timedelta(minutes=5)
    catch_up: str = "none"
    catch_up_limit: int = 100
    retries: int = 0
    retry_delay: timedelta = timedelta()
    jitter: timedelta = timedelta()
    on_every_server: bool = False
    notify_on_failure: tuple[str, ...] = ()
    run_when_paused: bool = False
    ping_url: str | None = None
    output_to: str | None = None
    append_output_to: str | None = None


FIELDS: Final = tuple(field.name for field in fields(Policy))
OF_ONE_TASK: Final = ("run_when_paused", "ping_url", "output_to", "append_output_to")
"""What can be said of one task only, and not of all of them."""
METHODS: Final = ("output_to", "append_output_to")
"""What is an attribute in a class and else a method, which keeps what it is told under this name and a `_` before."""
DEFAULT: Final = Policy()
SLACK: Final = "https://hooks.slack.com"
"""What Masonite knows a webhook of Slack by."""


def policy_of(title: str, task: object, defaults: Policy = DEFAULT) -> Policy:
    """Return how `task` (called `title` in messages) is run; raise `InvalidSchedule` for a value without meaning."""
    values = {name: getattr(task, name) for name in FIELDS if hasattr(task, name)}
    for name in METHODS:
        if callable(values.get(name)):
            values[name] = getattr(task, f"_{name}", ...)
    return policy_from(title, values, defaults)


def policy_from(title: str, values: Mapping[str, Any], defaults: Policy = DEFAULT) -> Policy:
    """Return the policy that `values` give, with `defaults` for those that are `...` or not there."""
    if all(value is ... for value in values.values()):
        return defaults
    result = {name: getattr(defaults, name) for name in FIELDS}
    for name, value in values.items():
        if value is ...:
            continue
        try:
            result[name] = _READERS[name](value)
        except UnacceptableValue as error:
            raise InvalidSchedule(title, name, value, error.problem, error.examples) from None
    return Policy(**result)


def duration(value: object) -> timedelta:
    """Return '90 seconds', '5 minutes', '24 hours' or a timedelta as a timedelta of 0 or more."""
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        if seconds < 0:
            raise UnacceptableValue(value, "is negative", *EXAMPLES)
        return _bounded(value, seconds)
    match = (
        re.fullmatch(r"\s*([0-9]{1,9})\s*([a-z]+?)s?\s*", value.lower(), re.ASCII)
        if isinstance(value, str) and value.isascii()
        else None
    )
    if match is None or match[2] not in UNITS:
        raise UnacceptableValue(value, "is no duration", *EXAMPLES)
    return _bounded(value, int(match[1]) * UNITS[match[2]])


def _bounded(value: object, seconds: float) -> timedelta:
    if seconds > LONGEST:
        raise UnacceptableValue(value, "is longer than ten years", *EXAMPLES)
    return timedelta(seconds=seconds)


def in_words(length: timedelta) -> str:
    """Return a duration as `duration` reads it: '90 seconds', '24 hours'."""
    seconds = length.total_seconds()
    for unit, size in reversed(UNITS.items()):
        if seconds >= size and seconds % size == 0 and unit not in {"week", "day"}:
            count = int(seconds // size)
            return f"{count} {unit}" + ("s" if count != 1 else "")
    return f"{seconds:g} seconds"


def _maybe_duration(value: object) -> timedelta | None:
    if value is None or value == "none":
        return None
    limit = duration(value)
    if not limit:
        raise UnacceptableValue(value, "leaves no time at all; None is no limit", *EXAMPLES)
    return limit


def _short_duration(value: object) -> timedelta:
    return timedelta() if value is None or value is False else duration(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise UnacceptableValue(value, "is either True or False", "True", "False")
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UnacceptableValue(value, "is no whole number, 0 or more", "0", "3")
    return value


def _catch_up(value: object) -> str:
    if value not in CATCH_UP:
        raise UnacceptableValue(value, "is none of 'none', 'latest' and 'all'", "'latest'", "'all'")
    return str(value)


def _recipients(value: object) -> tuple[str, ...]:
    if value is None or value is False:
        return ()
    several = (value,) if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)
    for one in several:
        if not isinstance(one, str) or not _is_recipient(one):
            raise UnacceptableValue(
                value, f"{one!r} is no mail address, Slack channel or webhook of Slack", "'ops@example.com'", "'#ops'"
            )
    return tuple(dict.fromkeys(several))


def _is_recipient(text: str) -> bool:
    if text.startswith((SLACK, "#")):
        return len(text) > 1 and not re.search(r"\s", text)
    return re.fullmatch(r"[^@\s,<>]+@[^@\s,<>]+", text) is not None


def _url(value: object) -> str | None:
    if value is None or value is False:
        return None
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        is_whole = parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not isinstance(value, str) or not is_whole or not value.isascii() or re.search(r"[\x00-\x20]", value):
        raise UnacceptableValue(value, "is no web address", "'https://hc-ping.com/your-uuid'", "None")
    return value


def _path(value: object) -> str | None:
    if value is None or value is False:
        return None
    text = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(text, str) or not text.strip() or "\0" in text or text.endswith("/"):
        raise UnacceptableValue(value, "is no path of a file", "'storage/logs/import.log'", "None")
    return text


_READERS: Final = {
    "overlap": _flag,
    "timeout": _maybe_duration,
    "grace": _short_duration,
    "catch_up": _catch_up,
    "catch_up_limit": _count,
    "retries": _count,
    "retry_delay": _short_duration,
    "jitter": _short_duration,
    "on_every_server": _flag,
    "notify_on_failure": _recipients,
    "run_when_paused": _flag,
    "ping_url": _url,
    "output_to": _path,
    "append_output_to": _path,
}
