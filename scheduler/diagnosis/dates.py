"""Dates as people type them."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Final, NamedTuple

from scheduler import clock
from scheduler.errors import UnacceptableValue
from scheduler.rules.Moment import DAY, UTC, at_wall, offset_of, offsets_at, seam_near, wall_of
from scheduler.rules.words import clock as time_shown

EXAMPLES: Final = ("'2027-01-31 08:00'", "'2027-01-31'")
YEARS: Final = range(2, 9900)
"""Rules are asked for times around a date, and calendars end with 9999."""
FORM: Final = re.compile(
    r"(?:(\d{4})-(\d{1,2})-(\d{1,2}))?"
    r"(?:(?:^|[ T]+)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
    r" *(?:(Z)|([+-])(\d{2}):?(\d{2}))?",
    re.ASCII | re.IGNORECASE,
)


class Typed(NamedTuple):
    """What was typed: the instant (UTC), and what should be said about it, empty if nothing."""

    instant: datetime
    note: str = ""


def read(text: str, zone: tzinfo) -> Typed:
    """Return the instant of '2027-01-31 08:00', '2027-01-31' (0:00) or '08:00' (today) on the clock of `zone`.

    Seconds may follow, and Z or an offset such as +02:00 in place of the zone. A time that the clock skips stands for
    the first one after the gap, one that it shows twice for the first of both; then there is a note. Raises
    `UnacceptableValue`, with the closest date there is.
    """
    match = FORM.fullmatch(text.strip())
    if match is None or not (match[1] or match[4]):
        raise UnacceptableValue(text, "is no date", *EXAMPLES)
    today = clock.now().astimezone(zone)
    day = [int(part) for part in match.group(1, 2, 3)] if match[1] else [today.year, today.month, today.day]
    time = [int(part or 0) for part in match.group(4, 5, 6)]
    if (closest := _closest(day, time)) != (day, time):
        raise UnacceptableValue(text, "is no date", repr(_shown(*closest)))
    if day[0] not in YEARS:
        raise UnacceptableValue(text, "is beyond what a calendar holds", *EXAMPLES)
    face = datetime(*day, *time)  # type: ignore[arg-type]  # noqa: DTZ001 - what the clock shows
    try:
        if match[7] or match[8]:
            return Typed(face.replace(tzinfo=_offset(match)).astimezone(UTC))
        return _on_clock(face, zone)
    except (OverflowError, ValueError):
        raise UnacceptableValue(text, "is beyond what a calendar holds", *EXAMPLES) from None


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


def _on_clock(face: datetime, zone: tzinfo) -> Typed:
    instant = face.replace(tzinfo=zone).astimezone(UTC)
    wall = wall_of(face)
    before, after = offsets_at(wall, zone)
    if before == after:
        return Typed(instant)
    shown, where = f"{time_shown(wall % DAY)} on {face:%Y-%m-%d}", f"the clock of {clock.name_of(zone)}"
    if before > after:
        second = face.replace(tzinfo=zone, fold=1)
        other = f"'{face:%Y-%m-%d %H:%M}{_sign(offset_of(second))}'"
        return Typed(instant, f"{where} shows {shown} twice: the first time is meant; {other} is the second")
    seam = seam_near(wall, before, after, zone)
    begins, ends = (time_shown(each % DAY) for each in (seam.wall_before, seam.wall_after))
    note = f"{where} never shows {shown}: it goes from {begins} to {ends}, which is meant"
    return Typed(at_wall(seam.instant, UTC), note)


def _sign(offset: int) -> str:
    return f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
