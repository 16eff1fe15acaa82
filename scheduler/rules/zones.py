"""Time zones by name."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from scheduler.errors import UnacceptableValue

ZONE_EXAMPLES = ("'Europe/Riga'", "'UTC'")


def zone_named(value: object) -> tzinfo:
    """Return the zone of an IANA name ('Europe/Riga') or of any tzinfo, pendulum's included.

    Raises `UnacceptableValue` for anything else, with the closest names there are.
    """
    if isinstance(value, tzinfo):
        name = getattr(value, "key", None) or getattr(value, "name", None)
        try:
            return ZoneInfo(name) if isinstance(name, str) else value
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return value
    if not isinstance(value, str):
        raise UnacceptableValue(value, f"{type(value).__name__} is not a time zone", *ZONE_EXAMPLES)
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        from difflib import get_close_matches  # noqa: PLC0415 - only for somebody who has mistyped

        close = [repr(name) for name in get_close_matches(value, sorted(available_timezones()), n=2)]
        others = [name for name in ZONE_EXAMPLES if name not in close]
        raise UnacceptableValue(value, f"unknown time zone {value!r}", *(close + others)[:2]) from None


def name_of(zone: tzinfo) -> str:
    """Return the name of a zone: the IANA name where it has one."""
    return str(getattr(zone, "key", None) or getattr(zone, "name", None) or zone)
