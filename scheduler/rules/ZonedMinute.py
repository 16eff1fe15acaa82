"""One minute, as the clock of one time zone shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple

UTC = timezone.utc
MINUTE = timedelta(minutes=1)
DAY = 1440
HALF_HOUR = (1 << 30) - 1


def wall_of(local: datetime) -> int:
    """Return the wall minute that `local` shows: minutes since 0000-12-31 00:00 on its own clock."""
    return local.toordinal() * DAY + local.hour * 60 + local.minute


def at_wall(wall: int, zone: tzinfo | None) -> datetime:
    """Return the datetime whose clock shows the wall minute `wall`."""
    day = date.fromordinal(wall // DAY)
    hour, minute = divmod(wall % DAY, 60)
    return datetime(day.year, day.month, day.day, hour, minute, 0, 0, zone)


def offset_of(local: datetime) -> int:
    """Return how many minutes the clock of the aware `local` is ahead of UTC, rounded down."""
    return _in_minutes(local.utcoffset())


def _in_minutes(offset: timedelta | None) -> int:
    return (offset.days * 86400 + offset.seconds) // 60 if offset else 0


def in_utc(instant: datetime) -> datetime:
    """Return the aware `instant` in UTC as a plain datetime (pendulum's subclass calculates otherwise, and slowly)."""
    if type(instant) is datetime:
        return instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    plain = datetime(
        instant.year, instant.month, instant.day, instant.hour, instant.minute, instant.second, instant.microsecond, UTC
    )
    return plain - (instant.utcoffset() or timedelta())


@dataclass(slots=True)
class ZonedMinute:
    """One minute, as the clock of one time zone shows it.

    `half_hour` has one bit (0-29), the minute within its half hour, or all 30 where clocks have just changed.
    `wall` counts minutes on that clock. `regular` is false where clocks have just changed: `second_pass` is true in an
    hour that the clock shows for the second time, `gap` is how many minutes it skipped immediately before this one.
    """

    minute: int
    half_hour: int
    regular: bool
    ordinal: int
    year: int
    month: int
    day: int
    wall: int
    second_pass: bool
    gap: int

    @staticmethod
    def of(instant: datetime, zone: tzinfo) -> ZonedMinute:
        """Return the minute of the aware `instant` on the clock of `zone`."""
        return _minute_of(in_utc(instant), zone)


@lru_cache(maxsize=64)
def _minute_of(instant: datetime, zone: tzinfo) -> ZonedMinute:
    """Return a minute for `ZonedMinute.of`; cached, since one instant is checked for many tasks."""
    local = instant.astimezone(zone)
    now, before = local.utcoffset(), (instant - MINUTE).astimezone(zone).utcoffset()
    gap = 0 if now == before else max(0, _in_minutes(now) - _in_minutes(before))
    wall = wall_of(local)
    ordinal, minute = divmod(wall, DAY)
    regular = not (gap or local.fold)
    year, month, day = local.year, local.month, local.day
    half_hour = 1 << minute % 30 if regular else HALF_HOUR
    return ZonedMinute(minute, half_hour, regular, ordinal, year, month, day, wall, bool(local.fold), gap)


class ClockChange(NamedTuple):
    """A change of a zone's offset: the UTC minute it happens at, and the wall minutes on either side of it."""

    instant: int
    wall_before: int
    wall_after: int


def offsets_at(wall: int, zone: tzinfo) -> tuple[int, int]:
    """Return the offsets in minutes that may hold at the wall minute `wall`, the earlier pass first.

    They are equal but where clocks change: the first is larger in a repeated interval, smaller in a skipped one.
    """
    first = at_wall(wall, zone)
    before, after = first.utcoffset(), second_pass_of(first).utcoffset()
    minutes = _in_minutes(before)
    return minutes, minutes if before == after else _in_minutes(after)


def second_pass_of(local: datetime) -> datetime:
    """Return the whole minute `local` as the clock shows it for the second time (`replace` is three times slower)."""
    return datetime(local.year, local.month, local.day, local.hour, local.minute, 0, 0, local.tzinfo, fold=1)


def clock_change_near(wall: int, before: int, after: int, zone: tzinfo) -> ClockChange:
    """Return the change of offset from `before` to `after` because of which `wall` is shown twice or never."""
    low, high = wall - max(before, after), wall - min(before, after)
    while high - low > 1:
        middle = (low + high) // 2
        if offset_of(at_wall(middle, UTC).astimezone(zone)) == before:
            low = middle
        else:
            high = middle
    return ClockChange(high, high + before, high + after)
