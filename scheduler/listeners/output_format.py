"""The format of lines, a task's and the scheduler's own: for a terminal, a log or a program."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timezone, tzinfo
from typing import Any, Final

from scheduler import clock
from scheduler.errors import InvalidSchedule
from scheduler.text import escape, to_json

OutputFormat = Callable[[str, bytes, bool], bytes]
"""Returns a line of a task's output (key, line, whether it went to stderr) as it is passed on."""
LONGEST_LINE: Final = 64 * 1024
FORGED: Final = re.compile(r"(?<=\n)(?=\d{4}-\d\d-\d\d)")
"""The beginning of a line within a text, such as a traceback, that would look like a line of the log."""


class LineBuffer:
    """Cuts the output of one stream into lines, and returns each whole line in a format."""

    def __init__(self, key: str, output_format: OutputFormat, *, is_error: bool) -> None:
        self._key = key
        self._format = output_format
        self._is_error = is_error
        self._rest = bytearray()

    def feed(self, data: bytes) -> bytes:
        """Return the lines that `data` completes; a very long line is cut."""
        self._rest += data
        *lines, rest = self._rest.split(b"\n")
        while len(rest) > LONGEST_LINE:
            lines.append(rest[:LONGEST_LINE])
            rest = rest[LONGEST_LINE:]
        self._rest = bytearray(rest)
        return b"".join(self._formatted(line) for line in lines)

    def flush(self) -> bytes:
        """Return the last line, which no line break ends."""
        rest, self._rest = self._rest, bytearray()
        return self._formatted(rest) if rest else b""

    def _formatted(self, line: bytearray) -> bytes:
        return self._format(self._key, bytes(line), self._is_error) + b"\n"


def for_terminal(key: str, line: bytes, is_error: bool) -> bytes:  # noqa: ARG001 - a terminal shows both streams
    """Return the line as it is, after the task's key."""
    prefix = f"{escape(key)}: ".encode()
    return line if line.startswith(prefix) else prefix + line


def for_log(key: str, line: bytes, is_error: bool) -> bytes:
    """Return the line for a log: time, stream, task, text with its control characters escaped."""
    text = line.decode("utf-8", "replace").rstrip("\r")
    prefix = f"{key}: "
    return log_line("ERR" if is_error else "OUT", text if text.startswith(prefix) else prefix + text).encode()


def for_json_lines(key: str, line: bytes, is_error: bool) -> bytes:
    """Return the line as a JSON object."""
    text = line.decode("utf-8", "replace").rstrip("\r")
    return json_line("INFO", "output", key=key, stream="stderr" if is_error else "stdout", text=text).encode()


def log_line(level: str, text: str, now: datetime | None = None) -> str:
    """Return a line of a log: '2027-01-31T08:00:00+02:00 INFO SayHi succeeded in 61 ms'."""
    return f"{_time(now)} {level} {FORGED.sub('  ', escape(text))}"


def json_line(level: str, event: str, **values: Any) -> str:
    """Return a JSON object in one line (docs/schemas/line.json)."""
    return to_json({"time": _time(None), "level": level, "event": event, **values}, indent=None)


def _time(now: datetime | None) -> str:
    return (now or clock.real_now()).astimezone(_zone()).isoformat(timespec="seconds")


def _zone() -> tzinfo:
    """Return the app's zone, UTC if the setting is invalid: the line says that, so it must be written."""
    try:
        return clock.default_zone()
    except InvalidSchedule:
        return timezone.utc
