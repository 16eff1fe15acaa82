"""Now, time zones, and pendulum's types at the edge of the package."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from scheduler.config import default_timezone as defaults
from scheduler.config.local_timezone import local_timezone
from scheduler.errors import InvalidSchedule, UnacceptableValue
from scheduler.rules.ZonedMinute import UTC, in_utc
from scheduler.rules.zones import name_of, zone_named
from scheduler.text import counted

if TYPE_CHECKING:
    import pendulum

UNITS = (
    (31_557_600, "year"), (2_629_800, "month"), (604_800, "week"), (86_400, "day"), (3600, "hour"), (60, "minute"),
    (1, "second"),
)  # fmt: skip

HALF_A_DAY = 43_200
DAY_NAMES = {-1: "yesterday", 0: "today", 1: "tomorrow"}


class _State:
    """Time in this process, as far as it differs from the system's clock."""

    standing: datetime | None = None
    shift: timedelta = timedelta()
    default_zone: tzinfo | None = None
    asked: object = None


def now() -> datetime:
    """Return the current time in UTC; inside `standing_at`, the time that stands still."""
    return _State.standing or datetime.now(UTC)


def real_now() -> datetime:
    """Return the time of the system's clock in UTC, whether or not time stands still; inside `shifted_to`, shifted."""
    return datetime.now(UTC) + _State.shift


@contextmanager
def standing_at(instant: datetime) -> Iterator[None]:
    """Let `now` return the aware `instant` as long as the block lasts."""
    previous = _State.standing
    _State.standing = in_utc(instant)
    try:
        yield
    finally:
        _State.standing = previous


@contextmanager
def shifted_to(instant: datetime) -> Iterator[None]:
    """Let `now` stand still at the aware `instant`, and let `real_now` run from there, while the block lasts."""
    previous = _State.shift
    _State.shift = in_utc(instant) - datetime.now(UTC)
    try:
        with standing_at(instant):
            yield
    finally:
        _State.shift = previous


def floor_minute(instant: datetime) -> datetime:
    """Return the aware `instant` in UTC without its seconds."""
    return in_utc(instant).replace(second=0, microsecond=0)


def instant_of(date: datetime | None, zone: tzinfo) -> datetime:
    """Return `date` as an aware datetime: None is now, a naive one shows the clock of `zone`."""
    if date is None:
        return now()
    return naive(date).replace(tzinfo=zone) if date.tzinfo is None else date


def naive(date: datetime) -> datetime:
    """Return the time that the clock of `date` shows, without a zone (pendulum 2 would make it UTC)."""
    return datetime(  # noqa: DTZ001 - a clock's face
        date.year, date.month, date.day, date.hour, date.minute, date.second, date.microsecond, fold=date.fold
    )


def time_text(instant: datetime, zone: tzinfo | None = None, *, seconds: bool = False) -> str:
    """Return an instant as the clock of `zone` (default: the app's) shows it: '2027-01-31 08:00'.

    Seconds are shown if asked for or not 0. The second of two equal times carries the zone's abbreviation.
    """
    local = in_utc(instant).astimezone(zone or default_zone())
    text = f"{local.year:04}-{local.month:02}-{local.day:02} {local.hour:02}:{local.minute:02}"
    if seconds or local.second:
        text += f":{local.second:02}"
    return f"{text} ({local.tzname()})" if local.fold else text


def zoned_text(instant: datetime, text: str = "") -> str:
    """Return the time on the clock of `instant`, or `text`, followed by its zone if this server's time differs."""
    text = text or time_text(instant, instant.tzinfo)
    if instant.tzinfo is None or instant.utcoffset() == in_utc(instant).astimezone(local_zone()).utcoffset():
        return text
    return f"{text} {name_of(instant.tzinfo)}"


def foreign_zone() -> str:
    """Return the name of the app's zone if this server's clock shows another time now, else an empty text."""
    zone, instant = default_zone(), now()
    return "" if instant.astimezone(zone).utcoffset() == instant.astimezone(local_zone()).utcoffset() else name_of(zone)


def distance_text(instant: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """Return how far away an instant is: 'in 15 minutes', '2 hours ago', 'just now'.

    From twelve hours on it is 'today', 'tomorrow' or 'yesterday' if the clock of `zone` says so.
    """
    instant, now = in_utc(instant), in_utc(now)  # Python subtracts what the clocks of one zone show
    seconds = int(abs(instant - now).total_seconds())
    if zone is not None and HALF_A_DAY <= seconds < 4 * HALF_A_DAY:
        days = (instant.astimezone(zone).date() - now.astimezone(zone).date()).days
        if days in DAY_NAMES:
            return DAY_NAMES[days]
    for size, unit in UNITS:
        if seconds >= size:
            words = counted(seconds // size, unit)
            return f"in {words}" if instant > now else f"{words} ago"
    return "just now"


def default_zone() -> tzinfo:
    """Return the zone of tasks that name none: the app's setting, else the server's local zone."""
    if _State.asked is not defaults.timezone_setting:
        name = defaults.timezone_setting()
        try:
            _State.default_zone = zone_named(name) if name else None
        except UnacceptableValue as error:
            raise InvalidSchedule("config/scheduler", "TIMEZONE", name, error.problem, error.examples) from None
        _State.asked = defaults.timezone_setting
    return _State.default_zone or local_zone()


@lru_cache(maxsize=1)
def local_zone() -> tzinfo:
    """Return the server's local zone; raise `InvalidSchedule` for a TZ that cannot be read."""
    if os.name == "nt":
        from pendulum.tz.local_timezone import get_local_timezone  # noqa: PLC0415 - Windows keeps it in its registry

        return zone_named(get_local_timezone())
    return local_timezone(os.environ.get("TZ"))


def as_pendulum(instant: datetime, zone: tzinfo) -> pendulum.DateTime:
    """Return the aware `instant` as pendulum's DateTime on the clock of `zone`.

    Where pendulum's own data has another offset than the system's (pendulum 2 brings data of 2020), the system's wins.
    """
    local = in_utc(instant).astimezone(zone)
    make, its_zone, may_differ = _in_pendulum_terms(zone)
    result = make(
        local.year, local.month, local.day, local.hour, local.minute, local.second, local.microsecond, its_zone,
        fold=local.fold,
    )  # fmt: skip
    if not may_differ or result.utcoffset() == local.utcoffset():
        return result
    import pendulum  # noqa: PLC0415 - see local_zone

    offset = local.utcoffset()
    return _in_pendulum(local, pendulum.timezone(int(offset.total_seconds() if offset else 0)))


def _in_pendulum(local: datetime, zone: tzinfo | None) -> pendulum.DateTime:
    import pendulum  # noqa: PLC0415 - see local_zone

    return pendulum.DateTime(
        local.year, local.month, local.day, local.hour, local.minute, local.second, local.microsecond, zone,
        fold=local.fold,
    )  # fmt: skip


@lru_cache(maxsize=256)
def _in_pendulum_terms(zone: tzinfo) -> tuple[type[pendulum.DateTime], tzinfo, bool]:
    """Return pendulum's DateTime, its zone, and whether that may have another offset (pendulum 2 has its own data)."""
    import pendulum  # noqa: PLC0415 - see local_zone

    try:
        its_zone = pendulum.timezone(name_of(zone))
    except Exception:  # noqa: BLE001 - pendulum 2 and 3 raise different classes for a zone they do not know
        return pendulum.DateTime, pendulum.timezone("UTC"), True
    return pendulum.DateTime, its_zone, not (isinstance(its_zone, ZoneInfo) and isinstance(zone, ZoneInfo))
