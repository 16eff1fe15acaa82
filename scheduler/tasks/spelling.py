"""Attributes of a task that look like misspelt options: close to one of ours, or a common word for one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from scheduler.config.TaskOptions import OPTIONS
from scheduler.rules import ATTRIBUTES
from scheduler.rules.Frequencies import Frequencies
from scheduler.Task import Task
from scheduler.tasks.failures import relative
from scheduler.tasks.inspection import class_of, is_class, is_own

OURS: Final = (*ATTRIBUTES, *OPTIONS, "name", "environments", "run_in_maintenance", "current_run")
HOOKS: Final = ("handle", "before", "succeeded", "failed", "after", "should_run")
KNOWN: Final = frozenset((*OURS, *HOOKS))
METHODS: Final = {name for cls in (Task, Frequencies) for name, member in vars(cls).items() if callable(member)}
SYNONYMS: Final = {
    "time_zone": "timezone", "tz": "timezone", "zone_name": "timezone",
    "environment": "environments", "env": "environments", "envs": "environments", "run_in_environments": "environments",
    "run_in_environment": "environments",
    "retry": "retries", "max_retries": "retries", "max_attempts": "retries", "max_tries": "retries", "tries": "retries",
    "attempts": "retries", "retry_count": "retries", "retry_times": "retries",
    "retry_after": "retry_delay", "retry_interval": "retry_delay", "retry_wait": "retry_delay",
    "default_retry_delay": "retry_delay", "retry_backoff_max": "retry_delay_limit", "backoff": "retry_backoff",
    "time_limit": "timeout", "max_runtime": "timeout", "run_timeout": "timeout", "max_run_time": "timeout",
    "without_overlapping": "overlap", "allow_overlap": "overlap", "overlapping": "overlap", "no_overlap": "overlap",
    "max_instances": "overlap", "grace_period": "grace", "misfire_grace_time": "grace", "catchup": "catch_up",
    "notify": "notify_on_failure", "notify_on_fail": "notify_on_failure", "notify_on_error": "notify_on_failure",
    "ping": "ping_url", "log_to": "output_to", "output_file": "output_to", "append_output": "append_output_to",
    "send_output_to": "output_to", "run_on_every_server": "on_every_server", "on_all_servers": "on_every_server",
    "on_one_server": "on_every_server", "even_in_maintenance_mode": "run_in_maintenance",
    "run_in_maintenance_mode": "run_in_maintenance", "run_days": "run_on", "run_on_days": "run_on", "run_day": "run_on",
    "run_time": "run_at", "run_times": "run_at", "run_at_time": "run_at", "days_of_month": "run_on_days_of_month",
    "run_twice_daily": "twice_daily", "run_until_date": "run_until", "run_start": "run_from", "run_end": "run_until",
    "start_date": "run_from", "end_date": "run_until", "cron_expression": "run_cron", "crontab": "run_cron",
    "run_daily": "run_every = '1 day'", "run_hourly": "run_every = '1 hour'", "run_monthly": "run_every = '1 month'",
    "run_yearly": "run_every = '1 year'", "run_quarterly": "run_every = '1 quarter'",
    "run_minutely": "run_every = '1 minute'", "run_every_day": "run_every = '1 day'",
    "run_every_week": "run_every = '1 week'", "run_every_month": "run_every = '1 month'",
    "run_weekdays": "run_on = 'weekdays'", "run_on_weekdays": "run_on = 'weekdays'",
    "run_weekends": "run_on = 'weekends'",
}  # fmt: skip
"""Words that other schedulers, or most people, use for our options."""
SKIPS: Final = ("skip", "skip_if", "skip_when", "should_skip")
INSTEAD_OF_SKIP: Final = "def when(self), which returns false to skip a run"
IN_CLASS: Final = {
    "every": "run_every", "at": "run_at", "daily_at": "run_at", "cron": "run_cron", "on": "run_on",
    "between": "run_between", "not_between": "run_not_between", "at_twice": "twice_daily",
    "twice_daily_at": "twice_daily", "once": "run_once", "until": "run_until", "starting": "run_from",
    "except_on": "run_except", "in_timezone": "timezone", "in_environments": "environments", "named": "name",
    "on_days_of_month": "run_on_days_of_month", "hourly": "run_every = '1 hour'", "daily": "run_every = '1 day'",
    "weekly": "run_every = '1 week'", "monthly": "run_every = '1 month'", "yearly": "run_every = '1 year'",
    "quarterly": "run_every = '1 quarter'", "weekdays": "run_on = 'weekdays'", "weekends": "run_on = 'weekends'",
    "retry": "retries", "on_executor": "executor",
    **dict.fromkeys(SKIPS, INSTEAD_OF_SKIP),
}  # fmt: skip
"""Methods that are easily taken for attributes, with the attribute to write instead."""
HOOK_SYNONYMS: Final = {
    "on_failure": "failed", "on_fail": "failed", "on_error": "failed", "on_exception": "failed",
    "run_if": "when", "run_when": "when", "only_if": "when",
    "on_success": "succeeded", "on_start": "before", "on_end": "after", "on_finish": "after", "on_complete": "after",
}  # fmt: skip
"""The names of our hooks in other schedulers."""
ALIKE: Final = 0.85
SHORTEST: Final = 5


def misspelt(target: Any) -> Iterator[str]:
    """Return a notice for each attribute of a task that looks like a misspelt option, with its place."""
    cls = class_of(target)
    for home in cls.__mro__:
        if is_own(home) or home is object:
            break
        yield from _misspelt_in(vars(home), home)
    if not is_class(target):
        yield from _misspelt_in({name: value for name, value in vars(target).items() if name not in vars(cls)}, cls)


def _misspelt_in(attributes: Mapping[str, object], home: type) -> Iterator[str]:
    for name, value in attributes.items():
        if name in KNOWN or name.startswith("_"):
            continue
        if right := _right_name(name, value):
            place = _place(home, name)
            where = f" ({place})" if place else ""
            yield f"{home.__name__}.{name} is not an option of a task and is ignored{where}: write {right}"


def _right_name(name: str, value: object) -> str:
    if inspect.isroutine(value):
        if name in SKIPS and not _takes_condition(value):
            return INSTEAD_OF_SKIP
        found = "" if name in METHODS else HOOK_SYNONYMS.get(name) or closest(name, HOOKS)
        return f"{found}()" if found else ""
    if name in IN_CLASS and not callable(value):
        return IN_CLASS[name]
    if name in METHODS or isinstance(value, property):
        return ""
    return SYNONYMS.get(name.lower()) or closest(name.lower(), OURS)


def _takes_condition(method: Callable[..., Any]) -> bool:
    """Return whether a method takes more than `self`, as ours does that it may override."""
    try:
        return len(inspect.signature(method).parameters) > 1
    except (TypeError, ValueError):
        return True


@lru_cache(maxsize=1024)
def closest(name: str, known: tuple[str, ...]) -> str:
    """Return the known name that differs from `name` by a slip of the finger, or an empty text."""
    if len(name) < SHORTEST:
        return ""
    from difflib import SequenceMatcher  # noqa: PLC0415 - most tasks have no attributes but ours

    best, score = "", ALIKE
    for each in known:
        if len(each) < SHORTEST:
            continue
        if sorted(each) == sorted(name):
            return each
        if each[0] != name[0]:
            continue
        ratio = SequenceMatcher(None, name, each).ratio()
        if ratio >= score and not _is_plural(name, each):
            best, score = each, ratio
    return best


def _is_plural(name: str, each: str) -> bool:
    return name == each + "s" and each in {"handle", "name", "grace"}


def _place(home: type, name: str) -> str:
    try:
        lines, first = inspect.getsourcelines(home)
        file = relative(inspect.getsourcefile(home) or "")
    except (OSError, TypeError):
        return ""
    for number, line in enumerate(lines):
        text = line.strip()
        if text.startswith((f"{name} ", f"{name}=", f"{name}:", f"def {name}(", f"async def {name}(", f"self.{name}")):
            return f"{file}:{first + number}"
    return f"{file}:{first}"
