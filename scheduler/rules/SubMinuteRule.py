"""Several times within every minute that another rule names."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Final

from scheduler.rules.Moment import MINUTE, Moment, in_utc
from scheduler.rules.Rule import Rule


class Seconds:
    """A rule that is due every `step` seconds, a divisor of 60, within the minutes that `minutes` names."""

    __slots__ = ("half_hour", "minutes", "step", "words")

    def __init__(self, step: int, minutes: Rule, words: str) -> None:
        self.step: Final = timedelta(seconds=step)
        self.minutes: Final = minutes
        self.half_hour: Final = minutes.half_hour
        self.words: Final = words

    def matches(self, moment: Moment) -> bool:
        """Tell whether the rule names fire times within this minute."""
        return self.minutes.matches(moment)

    def next_after(self, after: datetime, zone: tzinfo) -> datetime | None:
        """Return the first fire time (UTC) strictly later than `after` (aware), or None where there is none."""
        after = in_utc(after)
        minute = after.replace(second=0, microsecond=0)
        following = minute + ((after - minute) // self.step + 1) * self.step
        if following - minute < MINUTE and self.matches(Moment.of(minute, zone)):
            return following
        return self.minutes.next_after(minute, zone)

    def previous_before(self, before: datetime, zone: tzinfo) -> datetime | None:
        """Return the last fire time (UTC) strictly earlier than `before` (aware), or None where there is none."""
        before = in_utc(before)
        minute = before.replace(second=0, microsecond=0)
        steps = -(-(before - minute) // self.step)
        if steps and self.matches(Moment.of(minute, zone)):
            return minute + (steps - 1) * self.step
        previous = self.minutes.previous_before(minute, zone)
        return previous + MINUTE - self.step if previous else None

    def named_on(self, ordinal: int) -> int:
        """Return the minutes (bits 0-1439) within which there are fire times on the day `ordinal`."""
        return self.minutes.named_on(ordinal)

    def describe(self) -> str:
        """Return the rule in words."""
        return self.words
