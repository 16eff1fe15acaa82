"""All minutes of a long period in which any rule is due, as the bits of one integer.

While the offset of a zone does not change, a rule names the same minutes of each day as on the clock's face, so the
bytes of whole days are joined. Only around clock changes are rules asked for one fire time after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import groupby

from scheduler.rules import Rule
from scheduler.rules.ZonedMinute import DAY, UTC, at_wall, offset_of, wall_of

STEP = 180
"""How many minutes are searched at once for a clock change: no clock changes twice within them."""

MINUTE = timedelta(minutes=1)
JUST_BEFORE = timedelta(microseconds=1)


def due_minutes(schedules: Iterable[tuple[Rule, tzinfo]], start: datetime, count: int) -> int:
    """Return in which of `count` minutes any rule has fire times: bit 0 is `start` (UTC, a whole minute)."""
    rules: dict[tzinfo, list[Rule]] = {}
    for rule, zone in schedules:
        rules.setdefault(zone, []).append(rule)
    found = 0
    for zone, its_rules in rules.items():
        found |= _in_zone(its_rules, zone, wall_of(start), count)
    return found & (1 << count) - 1


def _in_zone(rules: Sequence[Rule], zone: tzinfo, start: int, count: int) -> int:
    found = 0
    for first, length, offset in _even_parts(zone, start, count):
        if offset is None:
            found |= _one_by_one(rules, zone, start + first, length) << first
        else:
            found |= _on_even_clock(rules, start + first + offset, length) << first
    return found


@lru_cache(maxsize=64)
def _even_parts(zone: tzinfo, start: int, count: int) -> list[tuple[int, int, int | None]]:
    """Return the parts of a period: where each begins, its length, and its offset, or None if clocks change in it.

    The result is cached, since the same period is computed for many rules.
    """
    parts = []
    for offset, steps in groupby(range(0, count, STEP), lambda step: _offset_from(start + step, zone)):
        first, *others = steps
        parts.append((first, (len(others) + 1) * STEP, offset))
    return parts


def _offset_from(minute: int, zone: tzinfo) -> int | None:
    """Return the clock's offset in the step that begins with a minute of UTC, or None if clocks change in it."""
    before, first, last = (at_wall(at, UTC).astimezone(zone) for at in (minute - 1, minute, minute + STEP - 1))
    offset = first.utcoffset()
    return offset_of(first) if before.utcoffset() == offset == last.utcoffset() and not first.fold else None


def _on_even_clock(rules: Sequence[Rule], start: int, length: int) -> int:
    """Return the minutes that the rules name on a clock that shows the wall minute `start` and then runs evenly."""
    named = bytearray()
    for ordinal in range(start // DAY, (start + length - 1) // DAY + 1):
        minutes = 0
        for rule in rules:
            minutes |= rule.named_on(ordinal)
        named += minutes.to_bytes(DAY // 8, "little")
    return int.from_bytes(named, "little") >> start % DAY & (1 << length) - 1


def _one_by_one(rules: Sequence[Rule], zone: tzinfo, start: int, length: int) -> int:
    found = 0
    begin = at_wall(start, UTC)
    end = begin + length * MINUTE
    for rule in rules:
        instant = rule.next_after(begin - JUST_BEFORE, zone)
        while instant is not None and instant < end:
            minute = (instant - begin) // MINUTE
            found |= 1 << minute
            instant = rule.next_after(begin + (minute + 1) * MINUTE - JUST_BEFORE, zone)
    return found
