"""Several times within every minute that another rule names."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Final

from scheduler.rules.Rule import Rule
from scheduler.rules.ZonedMinute import HALF_HOUR, MINUTE, ZonedMinute, in_utc


class SubMinuteRule:
    """A rule that is due every `step` seconds, a divisor of 60, within the minutes that `minutes` names."""

    half_hour = HALF_HOUR
    __slots__ = ("minutes", "step", "words")

    def __init__(self, step: int, minutes: Rule, words: str) -> None:
        self.step: Final = timedelta(seconds=step)
        self.minutes: Final = minutes
        self.words: Final = words

    def matches(self, moment: ZonedMinute) -> bool:
        """Return whether the rule names fire times within this minute."""
        return self.minutes.matches(moment)

    def next_after(self, after: datetime, zone: tzinfo) -> datetime | None:
        """Return the first fire time (UTC) strictly later than `after` (aware), or None."""
        after = in_utc(after)
        minute = after.replace(second=0, microsecond=0)
        next_step = minute + ((after - minute) // self.step + 1) * self.step
        if next_step - minute < MINUTE and self.matches(ZonedMinute.of(minute, zone)):
            return next_step
        return self.minutes.next_after(minute, zone)

    def previous_before(self, before: datetime, zone: tzinfo) -> datetime | None:
        """Return the last fire time (UTC) strictly earlier than `before` (aware), or None."""
        before = in_utc(before)
        minute = before.replace(second=0, microsecond=0)
        steps = -(-(before - minute) // self.step)
        if steps and self.matches(ZonedMinute.of(minute, zone)):
            return minute + (steps - 1) * self.step
        previous = self.minutes.previous_before(minute, zone)
        return previous + MINUTE - self.step if previous else None

    def named_on(self, ordinal: int) -> int:
        """Return the minutes (bits 0-1439) within which there are fire times on the day `ordinal`."""
        return self.minutes.named_on(ordinal)

    def describe(self) -> str:
        """Return the rule in words."""
        return self.words
