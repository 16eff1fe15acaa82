"""The server's own time zone, found as `date` finds it: by TZ, else by /etc/localtime, else UTC."""

from __future__ import annotations

import os
import re
import struct
from datetime import timezone, tzinfo
from io import BytesIO
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scheduler.errors import InvalidSchedule

LOCALTIME: Final = "/etc/localtime"
TIMEZONE_FILE: Final = "/etc/timezone"
FOLDER: Final = "zoneinfo/"
POSIX_RULE: Final = re.compile(
    r"(?P<std><[A-Za-z0-9+-]{3,}>|[A-Za-z]{3,})(?P<offset>[+-]?\d{1,2}(:\d\d){0,2})"
    r"(?P<dst>(<[A-Za-z0-9+-]{3,}>|[A-Za-z]{3,})([+-]?\d{1,2}(:\d\d){0,2})?,[^,\s]+,[^,\s]+)?",
    re.ASCII,
)


def local_timezone(setting: str | None, localtime: str = LOCALTIME, names: str = TIMEZONE_FILE) -> tzinfo:
    """Return the zone that `date` shows, `setting` being TZ; raise `InvalidSchedule` for a TZ that cannot be read.

    `localtime` is the file, mostly a link into the zone database, that holds if TZ is not set. `names` gives its name
    if it is a copy; what it says is believed only if that zone is the same.
    """
    if setting is None:
        return _zone_of_file(localtime, names) if os.path.exists(localtime) else timezone.utc
    name = setting.removeprefix(":")
    if not name:
        return timezone.utc
    if os.path.isabs(name):
        if os.path.isfile(name):
            return _zone_of_file(name, names)
        raise _unreadable(setting, "is not a file")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return _posix_zone(setting)


def _zone_of_file(path: str, names: str) -> tzinfo:
    """Return the zone in a file, by its name in the zone database if it has one there."""
    real = os.path.realpath(path)
    if FOLDER in real:
        name = real.rpartition(FOLDER)[2]
        try:
            return ZoneInfo(name.removeprefix("posix/"))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass  # a copy of the database with other names
    with open(real, "rb") as file:
        content = file.read()
    name = _name_in(names)
    if name and _same_zone(name, content):
        return ZoneInfo(name)
    try:
        return ZoneInfo.from_file(BytesIO(content), key=path)
    except ValueError:
        raise _unreadable(path, "is not a file of a time zone") from None


def _name_in(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _same_zone(name: str, content: bytes) -> bool:
    import zoneinfo  # noqa: PLC0415 - TZPATH may change

    for folder in zoneinfo.TZPATH:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                return file.read() == content
    return False


def _posix_zone(setting: str) -> tzinfo:
    """Return the zone of a rule such as 'CET-1CEST,M3.5.0,M10.5.0/3': a zone's file may end with one."""
    match = POSIX_RULE.fullmatch(setting)
    if match is None:
        raise _unreadable(setting, "is neither a zone's name nor a POSIX rule")
    header = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 4)
    body = struct.pack(">lbb4s", 0, 0, 0, b"UTC\0")
    try:
        return ZoneInfo.from_file(BytesIO((header + body) * 2 + b"\n" + setting.encode() + b"\n"), key=setting)
    except ValueError:
        raise _unreadable(setting, "is not a POSIX rule") from None


def _unreadable(value: str, problem: str) -> InvalidSchedule:
    examples = ("TZ='Europe/Riga'", "TIMEZONE = 'Europe/Riga' in config/scheduler.py")
    return InvalidSchedule("environment", "TZ", value, problem, examples)
