"""Where the app's code called the scheduler, and whether a provider did so while the app starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from types import FrameType

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
REGISTERING = {"register", "boot"}


def call_site() -> str:
    """Return the file and line of the nearest caller outside this package."""
    frame = next(_callers(), None)
    return f"{_shown(frame.f_code.co_filename)}:{frame.f_lineno}" if frame else ""


def is_app_starting() -> bool:
    """Return whether a service provider's `register` or `boot` is among the callers.

    An error there would prevent the whole app from starting, so it is stored and shown by the schedule's commands.
    """
    return any(
        frame.f_code.co_name in REGISTERING and _is_provider(frame.f_locals.get("self")) for frame in _callers()
    )


def _callers() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - what inspect and logging use, without their cost
    while frame is not None:
        if not frame.f_code.co_filename.startswith(PACKAGE):
            yield frame
        frame = frame.f_back


def _is_provider(value: object) -> bool:
    return any(base.__name__ == "Provider" and base.__module__.startswith("masonite.") for base in type(value).__mro__)


def _shown(file: str) -> str:
    try:
        shown = os.path.relpath(file)
    except (OSError, ValueError):
        return file
    return file if shown.startswith("..") else shown
