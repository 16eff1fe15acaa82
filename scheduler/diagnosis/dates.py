"""Dates as people type them."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Final, NamedTuple

from scheduler import clock
from scheduler.errors import UnacceptableValue
from scheduler.rules import zones
from scheduler.rules.durations import duration
from scheduler.rules.times import meant_time
from scheduler.rules.words import time_of_day
from scheduler.rules.ZonedMinute import DAY, UTC, at_wall, clock_change_near, offset_of, offsets_at, wall_of

EXAMPLES: Final = ("'2027-01-31 08:00'", "'2027-01-31'")
DAYS: Final = {"today": 0, "tomorrow": 1, "yesterday": -1}
DAY_FORM: Final = re.compile(rf"\b({'|'.join(DAYS)})\b", re.ASCII | re.IGNORECASE)
AGO: Final = re.compile(r"(.+?)\s+ago", re.ASCII | re.IGNORECASE)
AHEAD: Final = re.compile(r"in\s+(.+)", re.ASCII | re.IGNORECASE)
YEARS: Final = range(2, 9900)
"""The years that are accepted: rules also compute times around a date, and calendars end with 9999."""
FORM: Final = re.compile(
    r"(?:(\d{4})-(\d{1,2})-(\d{1,2}))?"
    r"(?:(?:^|[ T]+)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
    r" *(?:(Z)|([+-])(\d{2}):?(\d{2}))?",
    re.ASCII | re.IGNORECASE,
)


class ParsedDate(NamedTuple):
    """The instant (UTC) that was typed, and a note about it, empty if there is none."""

    instant: datetime
    note: str = ""


def read(text: str, zone: tzinfo) -> ParsedDate:
    """Return the instant of '2027-01-31 08:00', '2027-01-31' (0:00) or '08:00' (today) on the clock of `zone`.

    'today', 'tomorrow' and 'yesterday' stand for a date; 'now', '2 hours ago' and 'in 2 hours' are understood too.

    Seconds may follow, and Z or an offset such as +02:00 instead of the zone. A time that the clock skips stands for
    the first one after the gap, one that it shows twice for the first of both; then there is a note. Raises
    `UnacceptableValue`, with the closest date there is.
    """
    text = text.strip()
    if text.lower() == "now":
        return ParsedDate(clock.now())
    for form, sign in ((AGO, -1), (AHEAD, 1)):
        if length := form.fullmatch(text):
            return ParsedDate(clock.now() + sign * duration(length[1]))
    match = FORM.fullmatch(DAY_FORM.sub(lambda word: _day_of(word[0], zone), text, count=1))
    if match is None or not (match[1] or match[4]):
        meant = meant_time(text)
        raise UnacceptableValue(text, "is not a date", *([repr(meant)] if meant else EXAMPLES))
    today = clock.now().astimezone(zone)
    day = [int(part) for part in match.group(1, 2, 3)] if match[1] else [today.year, today.month, today.day]
    time = [int(part or 0) for part in match.group(4, 5, 6)]
    if (closest := _closest(day, time)) != (day, time):
        raise UnacceptableValue(text, "is not a date", repr(_shown(*closest)))
    if day[0] not in YEARS:
        raise UnacceptableValue(text, "is beyond the calendar", *EXAMPLES)
    face = datetime(*day, *time)  # type: ignore[arg-type]  # noqa: DTZ001 - what the clock shows
    try:
        if match[7] or match[8]:
            return ParsedDate(face.replace(tzinfo=_offset(match)).astimezone(UTC))
        return _on_clock(face, zone)
    except (OverflowError, ValueError):
        raise UnacceptableValue(text, "is beyond the calendar", *EXAMPLES) from None


def _day_of(word: str, zone: tzinfo) -> str:
    """Return the date that 'today', 'tomorrow' or 'yesterday' is on the clock of `zone`."""
    return f"{clock.now().astimezone(zone).date() + timedelta(days=DAYS[word.lower()])}"


def _closest(day: list[int], time: list[int]) -> tuple[list[int], list[int]]:
    """Return the closest day and time there are."""
    year, month = max(day[0], date.min.year), min(max(day[1], 1), 12)
    number = min(max(day[2], 1), monthrange(year, month)[1])
    return [year, month, number], [min(time[0], 23), min(time[1], 59), min(time[2], 59)]


def _shown(day: list[int], time: list[int]) -> str:
    return f"{day[0]:04}-{day[1]:02}-{day[2]:02}" + (f" {time[0]:02}:{time[1]:02}" if any(time) else "")


def _offset(match: re.Match[str]) -> tzinfo:
    if match[7]:
        return UTC
    ahead = timedelta(hours=int(match[9]), minutes=int(match[10]))
    return timezone(ahead if match[8] == "+" else -ahead)


def _on_clock(face: datetime, zone: tzinfo) -> ParsedDate:
    instant = face.replace(tzinfo=zone).astimezone(UTC)
    wall = wall_of(face)
    before, after = offsets_at(wall, zone)
    if before == after:
        return ParsedDate(instant)
    shown, where = f"{time_of_day(wall % DAY)} on {face:%Y-%m-%d}", f"the clock of {zones.name_of(zone)}"
    if before > after:
        second = face.replace(tzinfo=zone, fold=1)
        other = f"'{face:%Y-%m-%d %H:%M}{_sign(offset_of(second))}'"
        return ParsedDate(instant, f"{where} shows {shown} twice; the first time is used. The second one is {other}")
    change = clock_change_near(wall, before, after, zone)
    begins, ends = (time_of_day(each % DAY) for each in (change.wall_before, change.wall_after))
    note = f"{where} never shows {shown}: it goes from {begins} to {ends}, which is used"
    return ParsedDate(at_wall(change.instant, UTC), note)


def _sign(offset: int) -> str:
    return f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
