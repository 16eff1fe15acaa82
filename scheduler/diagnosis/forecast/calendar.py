"""The days and hours on the clock of one zone, clock changes included."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from scheduler.execution.due import MINUTE
from scheduler.rules.ZonedMinute import DAY, UTC, at_wall, clock_change_near, in_utc, offset_of, offsets_at, wall_of

HOUR = 60


class Hour(NamedTuple):
    """An hour of a day on a clock, or a part of it: its minutes from `first` (inclusive) to `last`."""

    day: date
    hour: int
    first: int
    last: int


def whole_minute(instant: datetime) -> datetime:
    """Return the aware `instant` in UTC, rounded up to a whole minute."""
    instant = in_utc(instant)
    floor = instant.replace(second=0, microsecond=0)
    return floor if floor == instant else floor + MINUTE


def day_of(instant: datetime, zone: tzinfo) -> int:
    """Return the ordinal of the day that the clock of `zone` shows at the aware `instant`."""
    return wall_of(instant.astimezone(zone)) // DAY


def midnight(ordinal: int, zone: tzinfo) -> datetime:
    """Return when the day `ordinal` begins on the clock of `zone` (UTC): after the gap, if its 0:00 is skipped."""
    wall = ordinal * DAY
    before, after = offsets_at(wall, zone)
    return at_wall(clock_change_near(wall, before, after, zone).instant if before < after else wall - before, UTC)


def hours_of(start: datetime, length: int, zone: tzinfo) -> Iterator[Hour]:
    """Yield the hours on the clock of `zone` within `length` minutes from `start` (UTC), which is minute 0.

    An hour with a clock change may come in two parts.
    """
    first = 0
    while first < length:
        local = (start + timedelta(minutes=first)).astimezone(zone)
        last = min(first + HOUR - local.minute, length)
        if _offset_on(wall_of(local) // DAY, zone) is None:
            last = next((minute for minute in range(first + 1, last) if _differs(start, minute, local)), last)
        yield Hour(local.date(), local.hour, first, last)
        first = last


def _differs(start: datetime, minute: int, local: datetime) -> bool:
    return offset_of((start + timedelta(minutes=minute)).astimezone(local.tzinfo)) != offset_of(local)


def _offset_on(ordinal: int, zone: tzinfo) -> int | None:
    """Return the offset in minutes that holds all day, or None if it changes on that day or at its midnights."""
    offsets = {*offsets_at(ordinal * DAY, zone), *offsets_at((ordinal + 1) * DAY, zone)}
    return offsets.pop() if len(offsets) == 1 else None
