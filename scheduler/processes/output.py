"""The output of the scheduler itself, which never waits for a reader while runs are supervised."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Final

from scheduler.processes.OutputStream import OutputStream

DRAIN_SECONDS: Final = 5.0
"""How long a reader that pauses is waited for when there is nothing left to supervise."""

_streams: dict[str, OutputStream] = {}


def standard_output() -> OutputStream:
    """Return the stream that writes to `sys.stdout`."""
    return _stream("stdout")


def standard_error() -> OutputStream:
    """Return the stream that writes to `sys.stderr`."""
    return _stream("stderr")


def print_line(line: str) -> None:
    """Write a line to the standard output, or drop it."""
    standard_output().write_line(line)


def print_error(line: str) -> None:
    """Write a line to the standard error, or drop it."""
    standard_error().write_line(line)


def output_streams() -> tuple[OutputStream, ...]:
    """Return the streams that were written to."""
    return tuple(_streams.values())


def drain_output() -> None:
    """Write everything that is pending while its reader continues to read."""
    for stream in output_streams():
        stream.drain(DRAIN_SECONDS)


def unwritten_because() -> str:
    """Return why lines on the standard output were lost, empty if none were, or if their reader has stopped reading."""
    stream = _streams.get("stdout")
    return stream.problem if stream else ""


def print_document(text: str) -> None:
    """Write a whole document to the standard output, however slowly it is read: nothing is supervised any more."""
    drain_output()
    with suppress(AttributeError, OSError, ValueError):
        sys.stdout.flush()
    try:
        descriptor = sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):
        print_line(text)
        return
    data = f"{text}\n".encode(sys.stdout.encoding or "utf-8", "backslashreplace")
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError as error:
        standard_output().lose(error)


def _stream(name: str) -> OutputStream:
    current = getattr(sys, name)
    found = _streams.get(name)
    if found is None or found.stream is not current:
        if found is not None:
            found.drain(0.0)
        found = _streams[name] = OutputStream(current)
    return found


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_streams.clear)  # what is pending is the parent's to write
