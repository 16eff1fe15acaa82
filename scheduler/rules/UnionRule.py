"""Several rules as one: due whenever any of them is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from functools import reduce
from operator import or_
from typing import Final

from scheduler.rules.Moment import MINUTE, Moment
from scheduler.rules.Rule import Rule


class AnyOf:
    """A rule that is due whenever any of `rules` is; a minute that several name is one fire time."""

    step = MINUTE
    __slots__ = ("half_hour", "rules")

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules: Final = tuple(rules)
        self.half_hour: Final = reduce(or_, (rule.half_hour for rule in rules))

    def matches(self, moment: Moment) -> bool:
        """Tell whether any of the rules names this minute."""
        return any(rule.matches(moment) for rule in self.rules)

    def next_after(self, after: datetime, zone: tzinfo) -> datetime | None:
        """Return the first fire time (UTC) strictly later than `after` (aware), or None where there is none."""
        return min(filter(None, (rule.next_after(after, zone) for rule in self.rules)), default=None)

    def previous_before(self, before: datetime, zone: tzinfo) -> datetime | None:
        """Return the last fire time (UTC) strictly earlier than `before` (aware), or None where there is none."""
        return max(filter(None, (rule.previous_before(before, zone) for rule in self.rules)), default=None)

    def named_on(self, ordinal: int) -> int:
        """Return the minutes (bits 0-1439) that any of the rules names on the clock's face on the day `ordinal`."""
        return reduce(or_, (rule.named_on(ordinal) for rule in self.rules))

    def describe(self) -> str:
        """Return the rules in words."""
        return ", and ".join(rule.describe() for rule in self.rules)
