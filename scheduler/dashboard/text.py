"""Times, durations and text from outside, as the pages show them."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from typing import Final

from scheduler.text import elapsed, escape, mask_secrets

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86400
WEEK: Final = 7
LONGEST_NUMBER: Final = 6
ANSI: Final = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
"""The escape sequences that colour a terminal or set its title."""


def took(seconds: float | None) -> str:
    """Return how long something took, empty for None."""
    return "" if seconds is None else elapsed(seconds)


def distance(instant: datetime, now: datetime) -> str:
    """Return how far away an instant is: 'in 4 min', '2 h ago', '<1 min ago'."""
    seconds = abs((instant - now).total_seconds())
    sizes = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"))
    words = next((f"{int(seconds // size)} {unit}" for size, unit in sizes if seconds >= size), "<1 min")
    return f"in {words}" if instant > now else f"{words} ago"


def moment(instant: datetime, now: datetime, zone: tzinfo, *, seconds: bool = False) -> str:
    """Return an instant on the clock of `zone`, the day left out for today: '8:05', 'Fri 8:05', '31 Jan 8:05'."""
    local, today = instant.astimezone(zone), now.astimezone(zone)
    time = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    days = (local.date() - today.date()).days
    if days == 0:
        return time
    if abs(days) < WEEK:
        return f"{'yesterday' if days == -1 else 'tomorrow' if days == 1 else f'{local:%a}'} {time}"
    return f"{local.day} {local:%b} {time}" if local.year == today.year else f"{local.day} {local:%b %Y} {time}"


def full(instant: datetime, zone: tzinfo) -> str:
    """Return an instant whole: 'Fri 2027-01-31 08:00:00 +01:00'."""
    local = instant.astimezone(zone)
    offset = f"{local:%z}"
    return f"{local:%a %Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:5]}"


def plain(text: str) -> str:
    """Return other people's text without colours and secrets, and with what nobody could see made visible."""
    return mask_secrets(printed(text))


def printed(text: str) -> str:
    """Return what a task printed without colours, and with what nobody could see made visible."""
    return escape(ANSI.sub("", text))


def page_number(given: str) -> int:
    """Return the number of the page in a URL, 1 if the text is not one."""
    return max(1, int(given)) if given.isascii() and given.isdigit() and len(given) <= LONGEST_NUMBER else 1
