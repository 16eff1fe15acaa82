"""Now, time zones, and pendulum's types at the edge of the package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from scheduler import defaults
from scheduler.errors import InvalidSchedule, UnacceptableValue
from scheduler.rules.Moment import UTC, Moment, in_utc

if TYPE_CHECKING:
    import pendulum

ZONE_EXAMPLES = ("'Europe/Riga'", "'UTC'")


class _State:
    """What a process knows about time beside the system's clock."""

    standing: datetime | None = None
    default_zone: tzinfo | None = None
    asked: object = None
    read_from: datetime | None = None
    moments: dict[tzinfo, Moment] = {}  # noqa: RUF012 - replaced as a whole, never shared between two instants


def now() -> datetime:
    """Return the current time in UTC; inside `standing_at`, the time that stands still."""
    return _State.standing or datetime.now(UTC)


def real_now() -> datetime:
    """Return what the system's clock says in UTC, whether or not time stands still."""
    return datetime.now(UTC)


@contextmanager
def standing_at(instant: datetime) -> Iterator[None]:
    """Let `now` return the aware `instant` as long as the block lasts."""
    previous = _State.standing
    _State.standing = in_utc(instant)
    try:
        yield
    finally:
        _State.standing = previous


def floor_minute(instant: datetime) -> datetime:
    """Return the aware `instant` in UTC without its seconds."""
    return in_utc(instant).replace(second=0, microsecond=0)


def moment_of(instant: datetime, zone: tzinfo) -> Moment:
    """Return the minute of the aware `instant` on the clock of `zone`; each zone reads an instant once."""
    if instant is not _State.read_from:
        _State.read_from, _State.moments = instant, {}
    moment = _State.moments.get(zone)
    if moment is None:
        moment = _State.moments[zone] = Moment.of(instant, zone)
    return moment


def instant_of(date: datetime | None, zone: tzinfo) -> datetime:
    """Return `date` as an aware datetime: None is now, a naive one shows the clock of `zone`."""
    if date is None:
        return now()
    return naive(date).replace(tzinfo=zone) if date.tzinfo is None else date


def naive(date: datetime) -> datetime:
    """Return what the clock of `date` shows, as a plain datetime without a zone (pendulum 2 would make it UTC)."""
    return datetime(  # noqa: DTZ001 - a clock's face
        date.year, date.month, date.day, date.hour, date.minute, date.second, date.microsecond, fold=date.fold
    )


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
    """Return the server's local zone, UTC where it cannot be told."""
    from pendulum.tz.local_timezone import get_local_timezone  # noqa: PLC0415 - 50 ms, needed only here and for dates

    try:
        return zone_named(get_local_timezone())
    except UnacceptableValue:
        return UTC


def zone_named(value: object) -> tzinfo:
    """Return the zone of an IANA name ('Europe/Riga') or of any tzinfo, pendulum's included.

    Raises `UnacceptableValue` for anything else, with the closest names there are.
    """
    if isinstance(value, tzinfo):
        name = getattr(value, "key", None) or getattr(value, "name", None)
        try:
            return ZoneInfo(name) if isinstance(name, str) else value
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return value
    if not isinstance(value, str):
        raise UnacceptableValue(value, f"{type(value).__name__} is no time zone", *ZONE_EXAMPLES)
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        from difflib import get_close_matches  # noqa: PLC0415 - only for somebody who has mistyped

        close = [repr(name) for name in get_close_matches(value, sorted(available_timezones()), n=2)]
        others = [name for name in ZONE_EXAMPLES if name not in close]
        raise UnacceptableValue(value, f"unknown time zone {value!r}", *(close + others)[:2]) from None


def name_of(zone: tzinfo) -> str:
    """Return the name of a zone: the IANA name where it has one."""
    return str(getattr(zone, "key", None) or getattr(zone, "name", None) or zone)


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
