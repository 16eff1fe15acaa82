"""The clock changes near a time, and the fire times that they skip or repeat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from scheduler.execution.due import MINUTE
from scheduler.rules import Recurrence, Rule, UnionRule, bits
from scheduler.rules.DatedRule import DatedRule
from scheduler.rules.SubMinuteRule import SubMinuteRule
from scheduler.rules.ZonedMinute import DAY, ClockChange, offset_of, wall_of

NEAR = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Change:
    """A clock change near the time, and the times that the rule names and that are skipped or repeated there."""

    clock_change: ClockChange
    fixed: tuple[int, ...] = ()
    wild: tuple[int, ...] = ()

    @property
    def skips(self) -> bool:
        """Return whether times are skipped, not repeated."""
        return self.clock_change.wall_after > self.clock_change.wall_before


def changes_near(at: datetime, zone: tzinfo, rule: Rule) -> Iterator[Change]:
    """Yield the clock changes within a day of `at`, with the times that the rule names there."""
    instant = at - NEAR
    while instant < at + NEAR:
        before, after = offset_of(instant.astimezone(zone)), offset_of((instant + HOUR).astimezone(zone))
        if before != after:
            change = _clock_change_in(instant, before, after, zone)
            yield Change(change, tuple(_named(rule, change, wild=False)), tuple(_named(rule, change, wild=True)))
        instant += HOUR


def _clock_change_in(instant: datetime, before: int, after: int, zone: tzinfo) -> ClockChange:
    """Return the clock change in the hour that begins at `instant`."""
    minutes = (instant + minute * MINUTE for minute in range(1, 61))
    changed = wall_of(next(minute for minute in minutes if offset_of(minute.astimezone(zone)) != before))
    return ClockChange(changed, changed + before, changed + after)


def _named(rule: Rule, change: ClockChange, *, wild: bool) -> Iterator[int]:
    """Yield the wall minutes named by the rule that are skipped or repeated."""
    low, high = sorted((change.wall_before, change.wall_after))
    times = 0
    for part in _parts(rule):
        if part.wild is wild:
            for day in range(low // DAY, (high - 1) // DAY + 1):
                shift = day * DAY - low
                named = part.named_on(day)
                times |= named << shift if shift > 0 else named >> -shift
    for minute in bits.members(times & (1 << high - low) - 1):
        yield low + minute


def _parts(rule: Rule) -> list[Recurrence]:
    """Return the recurrences that a rule is made of."""
    if isinstance(rule, UnionRule):
        return [part for each in rule.rules for part in _parts(each)]
    if isinstance(rule, SubMinuteRule):
        return _parts(rule.minutes)
    if isinstance(rule, DatedRule):
        return _parts(rule.rule)
    return [rule] if isinstance(rule, Recurrence) else []
