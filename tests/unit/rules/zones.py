"""Time zones that change their clocks in every way there is, and the instants at which they do."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo

UTC = timezone.utc

PLAIN = ("UTC", "Asia/Kathmandu")
"""No changes; Kathmandu is 5:45 ahead."""

HOURLY = ("Europe/Riga", "America/New_York", "America/St_Johns", "Pacific/Chatham", "Europe/Dublin")
"""Shifts of one hour, some of them from and to odd offsets; Dublin's winter time is its "summer" time in reverse."""

AT_MIDNIGHT = (
    "Africa/Cairo",
    "America/Asuncion",
    "America/Havana",
    "Asia/Beirut",
    "America/Sao_Paulo",
    "Asia/Amman",
    "Asia/Tehran",
)
"""The hour from 0:00 is skipped, or the one before midnight repeated: days without a 0:00, and days with two."""

ODD = (
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Asia/Pyongyang",
)
"""Thirty minutes, two hours, a pause for Ramadan, a day that never was, one shown twice, a new standard time."""

ZONES = PLAIN + HOURLY + AT_MIDNIGHT + ODD


@cache
def changes(name: str) -> tuple[datetime, ...]:
    """Return the instants (UTC) between 2009 and 2033 at which the clock of a zone changes, and two of Kwajalein's."""
    spans = [(datetime(2009, 1, 1, tzinfo=UTC), datetime(2033, 1, 1, tzinfo=UTC))]
    if name == "Pacific/Kwajalein":  # 30 September 1969 was shown almost twice, 21 August 1993 never
        spans += [(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)) for year in (1969, 1993)]
    zone = ZoneInfo(name)
    found = []
    for begin, end in spans:
        day = begin
        while day < end:
            following = day + timedelta(days=7)
            if day.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
                found.append(_first_change(day, following, zone))
            day = following
    return tuple(found)


def _first_change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) // 2
        middle = middle.replace(second=0, microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
