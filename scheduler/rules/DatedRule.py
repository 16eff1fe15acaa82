"""A rule within dates: from a first minute, up to a last one, and not on some days."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Final

from scheduler.rules.dates import LAST_MINUTE, NO_DAYS, ExcludedDays, date_text
from scheduler.rules.Rule import Rule
from scheduler.rules.ZonedMinute import (
    DAY,
    HALF_HOUR,
    UTC,
    ZonedMinute,
    at_wall,
    clock_change_near,
    in_utc,
    offsets_at,
    wall_of,
)

JUST = timedelta(microseconds=1)
SEARCHED: Final = 4000
"""Fire times on days to leave out, one after the other, that a search passes before it gives up: ten years of days."""


class DatedRule:
    """Another rule between two wall minutes (both included, None is no limit) and not on some days."""

    half_hour = HALF_HOUR
    __slots__ = ("excluded", "first", "last", "rule", "step", "words")

    def __init__(
        self,
        rule: Rule,
        *,
        first: int | None = None,
        last: int | None = None,
        excluded: ExcludedDays = NO_DAYS,
        words: str = "",
    ) -> None:
        self.rule: Final = rule
        self.first: Final = first
        self.last: Final = last
        self.excluded: Final = excluded
        self.step: Final = rule.step
        self.words: Final = words

    def describe(self) -> str:
        """Return the rule in words."""
        if self.words:
            return self.words + self.excluded.describe()
        text = self.rule.describe()
        if self.first is not None:
            text += f" from {date_text(self.first)}"
        if self.last is not None:
            text += f" until {date_text(self.last, whole_day=LAST_MINUTE)}"
        return text + self.excluded.describe()

    def matches(self, moment: ZonedMinute) -> bool:
        """Return whether the rule names this minute; raises what a function of the app's raises."""
        if not self._is_within(moment.wall) or not self.rule.matches(moment):
            return False
        return not self.excluded.contain(moment.ordinal)

    def next_after(self, after: datetime, zone: tzinfo) -> datetime | None:
        """Return the first fire time (UTC) strictly later than `after` (aware), or None."""
        after = in_utc(after)
        if self.first is not None:
            after = max(after, first_instant(self.first, zone) - JUST)
        end = None if self.last is None else last_instant(self.last, zone)
        for _ in range(SEARCHED):
            found = self.rule.next_after(after, zone)
            if found is None or (end is not None and found > end):
                return None
            wall = wall_of(found.astimezone(zone))
            day = wall // DAY
            if self._leaves_out(day):
                after = max(found, first_instant((day + 1) * DAY, zone) - JUST)
            elif self._is_within(wall):
                return found
            else:
                after = found
        return None

    def previous_before(self, before: datetime, zone: tzinfo) -> datetime | None:
        """Return the last fire time (UTC) strictly earlier than `before` (aware), or None."""
        before = in_utc(before)
        if self.last is not None:
            before = min(before, last_instant(self.last, zone) + JUST)
        start = None if self.first is None else first_instant(self.first, zone)
        for _ in range(SEARCHED):
            found = self.rule.previous_before(before, zone)
            if found is None or (start is not None and found < start):
                return None
            wall = wall_of(found.astimezone(zone))
            day = wall // DAY
            if self._leaves_out(day):
                before = min(found, first_instant(day * DAY, zone))
            elif self._is_within(wall):
                return found
            else:
                before = found
        return None

    def named_on(self, ordinal: int) -> int:
        """Return the minutes (bits 0-1439) that the rule names on the clock's face on the day `ordinal`."""
        if self._leaves_out(ordinal):
            return 0
        minutes = self.rule.named_on(ordinal)
        if self.first is not None and ordinal * DAY < self.first:
            minutes = minutes >> (first := self.first - ordinal * DAY) << first if ordinal == self.first // DAY else 0
        if self.last is not None and ordinal * DAY + LAST_MINUTE > self.last:
            minutes &= (2 << self.last - ordinal * DAY) - 1 if ordinal == self.last // DAY else 0
        return minutes

    def _is_within(self, wall: int) -> bool:
        return (self.first is None or self.first <= wall) and (self.last is None or wall <= self.last)

    def _leaves_out(self, ordinal: int) -> bool:
        """Return whether a day is left out, as far as it can be foreseen: a function that raises leaves none out."""
        try:
            return self.excluded.contain(ordinal)
        except Exception:  # noqa: BLE001 - the app's function; `matches` lets it raise, where a tick reports it
            return False


def foreseeable(rule: Rule) -> Rule:
    """Return a rule that names all minutes that may be due, whatever the app's functions answer later."""
    if not isinstance(rule, DatedRule) or not rule.excluded.asks:
        return rule
    excluded = ExcludedDays(rule.excluded.dates)
    return DatedRule(rule.rule, first=rule.first, last=rule.last, excluded=excluded, words=rule.words)


def first_instant(wall: int, zone: tzinfo) -> datetime:
    """Return the first instant (UTC) from which on the clock of `zone` shows the wall minute `wall`, or a later one."""
    before, after = offsets_at(wall, zone)
    skipped = before < after
    return at_wall(clock_change_near(wall, before, after, zone).instant if skipped else wall - before, UTC)


def last_instant(wall: int, zone: tzinfo) -> datetime:
    """Return the last instant (UTC) at which the clock of `zone` shows the wall minute `wall`, or an earlier one."""
    before, after = offsets_at(wall, zone)
    if before < after:
        return at_wall(clock_change_near(wall, before, after, zone).instant, UTC) - JUST
    return at_wall(wall - after, UTC) + timedelta(minutes=1) - JUST
