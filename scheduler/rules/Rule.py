"""A rule names fire times: whole minutes of one clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, datetime, timedelta, tzinfo
from math import gcd, lcm
from typing import Final, Protocol

from scheduler.rules import bits
from scheduler.rules.Calendar import LAST_ORDINAL, calendar_of
from scheduler.rules.Days import EVERY_DAY, Days
from scheduler.rules.ZonedMinute import (
    DAY,
    HALF_HOUR,
    MINUTE,
    UTC,
    ZonedMinute,
    at_wall,
    clock_change_near,
    in_utc,
    offset_of,
    offsets_at,
    wall_of,
)

WHOLE_DAY: Final = (1 << DAY) - 1


class Rule(Protocol):
    """When something is due: immutable, and without a clock of its own."""

    @property
    def step(self) -> timedelta:
        """Return how far apart the fire times within one minute are; a minute where there is only one."""

    @property
    def half_hour(self) -> int:
        """Return which minutes of any half hour (bits 0-29) it may name: most rules are judged by this alone."""

    def matches(self, moment: ZonedMinute) -> bool:
        """Return whether the rule names this minute."""

    def next_after(self, after: datetime, zone: tzinfo) -> datetime | None:
        """Return the first fire time (UTC) strictly later than `after` (aware), or None."""

    def previous_before(self, before: datetime, zone: tzinfo) -> datetime | None:
        """Return the last fire time (UTC) strictly earlier than `before` (aware), or None."""

    def named_on(self, ordinal: int) -> int:
        """Return the minutes (bits 0-1439) that the rule names on the clock's face on the day `ordinal`."""

    def describe(self) -> str:
        """Return the rule in words."""


class Recurrence:
    """Minutes of the day on days of the calendar.

    `times` are minutes of the day (bits 0-1439). With a `period` (minutes) they are instead repeated with it from
    0001-01-01 00:00 on, and then `window` says which minutes of the day count. A `wild` recurrence repeats through
    the hours and so follows real minutes when clocks change; any other happens once for each day it names, as in
    cronie: https://github.com/cronie-crond/cronie (cron.8, "Daylight Saving Time and other time changes").
    """

    step = MINUTE
    __slots__ = ("calendar", "half_hour", "period", "times", "wild", "window", "words")

    def __init__(
        self,
        times: int,
        words: str | Callable[[], str],
        *,
        days: Days = EVERY_DAY,
        wild: bool,
        period: int = DAY,
        window: int = WHOLE_DAY,
    ) -> None:
        if DAY % period == 0:
            times, period = _repeated(times, period) & window, DAY
        elif not any(
            _repeated(times, period) << first & window for first in range(0, min(period, DAY), gcd(period, DAY))
        ):
            times, period = 0, DAY
        self.times: Final = times if period == DAY else _repeated(times, period)
        self.half_hour: Final = _within_half_hour(self.times) if period == DAY else HALF_HOUR
        self.calendar: Final = calendar_of(days)
        self.wild: Final = wild
        self.period: Final = period
        self.window: Final = window
        self.words: Final = words

    @property
    def days(self) -> Days:
        """Return the days of the calendar."""
        return self.calendar.days

    def describe(self) -> str:
        """Return the rule in words."""
        return self.words if isinstance(self.words, str) else self.words()

    def matches(self, moment: ZonedMinute) -> bool:
        """Return whether the rule names this minute."""
        if not self.half_hour & moment.half_hour:
            return False  # nearly always; looking into the 1,440 bits of a day takes several times as long
        if not (moment.regular or self.wild):
            return self._matches_after_change(moment)
        if not self._times_on(moment.ordinal) >> moment.minute & 1:
            return False
        calendar = self.calendar
        return calendar.names_every_day or bool(calendar.in_month(moment.year, moment.month) >> moment.day & 1)

    def _matches_after_change(self, moment: ZonedMinute) -> bool:
        """Return whether a rule that is not wild names a minute of a second pass, or the first one after a gap."""
        if moment.second_pass:
            return False
        named = self._next_wall(moment.wall - moment.gap)
        return named is not None and named <= moment.wall

    def next_after(self, after: datetime, zone: tzinfo) -> datetime | None:
        """Return the first fire time (UTC) strictly later than `after` (aware), or None."""
        if after.year >= MAXYEAR:
            return None
        after = in_utc(after)
        local = after.astimezone(zone)
        shown = wall_of(local)
        wall = self._next_wall(shown + 1)
        if wall is None and not self.wild:
            return None
        if wall is not None and not local.fold:
            before, after_change = offsets_at(wall, zone)
            if before == after_change and (not self.wild or (wall - shown < DAY and before == offset_of(local))):
                return at_wall(wall - before, UTC)
        return self._next_across_change(after, local, zone)

    def _next_across_change(self, after: datetime, local: datetime, zone: tzinfo) -> datetime | None:
        """Search where clocks may change between `after` and the next fire time."""
        shown = wall_of(local)
        if self.wild and not local.fold:
            shown = self._begin_of_second_pass(shown, zone)
        while (wall := self._next_wall(shown + 1)) is not None:
            shown = wall
            before, after_change = offsets_at(wall, zone)
            instant = wall - before
            if before < after_change:
                change = clock_change_near(wall, before, after_change, zone)
                if self.wild:
                    shown = change.wall_after - 1
                    continue
                instant = change.instant
            elif before > after_change and self.wild and at_wall(instant, UTC) <= after:
                instant = wall - after_change
            found = at_wall(instant, UTC)
            if found > after:
                return found
        return None

    def _begin_of_second_pass(self, wall: int, zone: tzinfo) -> int:
        """Return where to continue after `wall`: after a first pass, at the beginning of the second one."""
        before, after = offsets_at(wall, zone)
        if before <= after:
            return wall
        change = clock_change_near(wall, before, after, zone)
        next_wall = self._next_wall(wall + 1)
        return wall if next_wall is not None and next_wall < change.wall_before else change.wall_after - 1

    def previous_before(self, before: datetime, zone: tzinfo) -> datetime | None:
        """Return the last fire time (UTC) strictly earlier than `before` (aware), or None."""
        if before.year <= MINYEAR:
            return None
        before = in_utc(before)
        if before.second or before.microsecond:
            before = before.replace(second=0, microsecond=0) + MINUTE
        start, local = wall_of(before), before.astimezone(zone)
        shown = wall_of(local)
        if local.fold:
            shown = self._end_of_first_pass(shown, zone)
        while (wall := self._previous_wall(shown - 1)) is not None:
            shown = wall
            before_change, after = offsets_at(wall, zone)
            instant = wall - before_change
            if before_change < after:
                change = clock_change_near(wall, before_change, after, zone)
                if self.wild:
                    shown = change.wall_before
                    continue
                instant = change.instant
            elif self.wild and wall - after < start:
                instant = wall - after
            if instant < start:
                return at_wall(instant, UTC)
        return None

    def _end_of_first_pass(self, wall: int, zone: tzinfo) -> int:
        """Return where to continue backwards from `wall` in a second pass: before it, at the end of the first one."""
        change = clock_change_near(wall, *offsets_at(wall, zone), zone)
        named = self._previous_wall(wall - 1) if self.wild else None
        return wall if named is not None and named >= change.wall_after else change.wall_before

    def named_on(self, ordinal: int) -> int:
        """Return the minutes (bits 0-1439) that the rule names on the clock's face on the day `ordinal`."""
        calendar = self.calendar
        return self._times_on(ordinal) if calendar.names_every_day or calendar.contain(ordinal) else 0

    def _times_on(self, ordinal: int) -> int:
        if self.period == DAY:
            return self.times
        first = -(ordinal * DAY) % self.period
        return self.times << first & self.window if first < DAY else 0

    def _next_wall(self, wall: int) -> int | None:
        """Return the first wall minute from `wall` on that the rule names on the clock's face."""
        ordinal, minute = divmod(wall, DAY)
        if self.period == DAY:
            return self._next_daily(wall, ordinal, minute)
        day = self.calendar.next_from(ordinal) if self.times else None
        for _ in range(self._turns()):
            if day is None:
                break
            times = self._times_on(day)
            if day == ordinal:
                times = times >> minute << minute
            if times:
                return day * DAY + bits.lowest(times)
            day = self.calendar.next_from(self._later_turn(day))
        return None

    def _next_daily(self, wall: int, ordinal: int, minute: int) -> int | None:
        """Return what `_next_wall` does for a rule whose times are those of every named day."""
        if not self.times:
            return None
        later = self.times >> minute
        day = self.calendar.next_from(ordinal if later else ordinal + 1)
        if day is None:
            return None
        return wall + bits.lowest(later) if day == ordinal else day * DAY + bits.lowest(self.times)

    def _previous_wall(self, wall: int) -> int | None:
        """Return the last wall minute up to `wall` that the rule names on the clock's face."""
        ordinal, minute = divmod(wall, DAY)
        day = self.calendar.previous_from(ordinal) if self.times else None
        for _ in range(self._turns()):
            if day is None:
                break
            times = self._times_on(day)
            if day == ordinal:
                times &= (2 << minute) - 1
            if times:
                return day * DAY + bits.highest(times)
            day = self.calendar.previous_from(self._earlier_turn(day))
        return None

    def _turns(self) -> int:
        """Return how many named days to look at: after that, days of the week and minutes of the day recur together."""
        if self.period == DAY:
            return 2
        if self.days.depends_on_month:
            return LAST_ORDINAL
        return lcm(self.period, 7 * DAY) // max(self.period, DAY) + 2

    def _later_turn(self, day: int) -> int:
        """Return the first day after `day` in which a period begins (any day, where periods are shorter than one)."""
        return -((day + 1) * -DAY // self.period) * self.period // DAY

    def _earlier_turn(self, day: int) -> int:
        return (day * DAY - 1) // self.period * self.period // DAY


def _repeated(pattern: int, period: int) -> int:
    """Return `pattern` once every `period` minutes, as often as it fits in a day."""
    return sum(pattern << start for start in range(0, DAY, period)) & WHOLE_DAY if period < DAY else pattern


def _within_half_hour(times: int) -> int:
    """Return the minutes (bits 0-29) that `times` names in any half hour."""
    for half in (720, 360, 180, 90):
        times |= times >> half
    return (times | times >> 30 | times >> 60) & HALF_HOUR
