"""Several rules as one: due whenever any of them is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from functools import reduce
from operator import or_
from typing import Final

from scheduler.rules.Rule import Rule
from scheduler.rules.ZonedMinute import HALF_HOUR, MINUTE, ZonedMinute


class UnionRule:
    """A rule that is due whenever any of `rules` is; a minute that several name is one fire time.

    `words` describe it, if given, instead of the rules' own words.
    """

    step = MINUTE
    half_hour = HALF_HOUR
    __slots__ = ("_words", "rules")

    def __init__(self, rules: Sequence[Rule], words: str = "") -> None:
        self.rules: Final = tuple(rules)
        self._words: Final = words

    def matches(self, moment: ZonedMinute) -> bool:
        """Return whether any of the rules names this minute."""
        return any(rule.matches(moment) for rule in self.rules)

    def next_after(self, after: datetime, zone: tzinfo) -> datetime | None:
        """Return the first fire time (UTC) strictly later than `after` (aware), or None."""
        return min(filter(None, (rule.next_after(after, zone) for rule in self.rules)), default=None)

    def previous_before(self, before: datetime, zone: tzinfo) -> datetime | None:
        """Return the last fire time (UTC) strictly earlier than `before` (aware), or None."""
        return max(filter(None, (rule.previous_before(before, zone) for rule in self.rules)), default=None)

    def named_on(self, ordinal: int) -> int:
        """Return the minutes (bits 0-1439) that any of the rules names on the clock's face on the day `ordinal`."""
        return reduce(or_, (rule.named_on(ordinal) for rule in self.rules))

    def describe(self) -> str:
        """Return the rules in words."""
        return self._words or ", and ".join(rule.describe() for rule in self.rules)
