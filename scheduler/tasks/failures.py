"""An exception in the user's code: its text, where it came from, its traceback."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
import traceback
from types import TracebackType
from typing import NamedTuple

from scheduler.runs import LONGEST_TRACEBACK, shorten
from scheduler.text import mask_secrets

LONGEST = 1000
"""How many characters of an exception's text are shown; the traceback has more of it."""
OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Failure(NamedTuple):
    """An exception in one line, the file and line of the user's code it came from, and its traceback."""

    error: str
    location: str
    traceback: str


def describe_failure(error: BaseException) -> Failure:
    """Return the text of an exception, with secrets masked. The location is relative to the working directory.

    The traceback begins in the user's code, if the error came from there.
    """
    own = None if isinstance(error, SyntaxError) else error.__traceback__
    whole = "".join(traceback.format_exception(type(error), error, _from_users_code(error.__traceback__) or own))
    return Failure(mask_secrets(_one_line(error)), _location(error), mask_secrets(shorten(whole, LONGEST_TRACEBACK)))


def _from_users_code(entry: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the first frame of the user's code on, None if there is none."""
    while entry is not None and not _is_users(entry.tb_frame.f_code.co_filename):
        entry = entry.tb_next
    return entry


def _one_line(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return _exit_text(error)
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    try:
        text = " ".join(str(error).split())
    except BaseException:  # noqa: BLE001 - the exception is the user's, and so is its __str__
        text = "(its text cannot be shown: its __str__ raises)"
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _exit_text(error: SystemExit) -> str:
    try:
        code = "" if error.code is None else repr(error.code)
    except BaseException:  # noqa: BLE001 - the code is the user's, and so is its __repr__
        code = "…"
    return f"SystemExit: sys.exit({code}) was called; return, or raise an error, instead"


def _location(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{relative(error.filename)}:{error.lineno}"
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    users = [frame for frame in frames if _is_users(frame[0])]
    if not users:
        return ""
    file, line = users[-1]
    return f"{relative(file)}:{line}"


def _is_users(file: str) -> bool:
    if file.startswith(("<", OURS)):
        return False
    return not any(file.startswith(folder + os.sep) for folder in _libraries())


def _libraries() -> list[str]:
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {*getattr(site, "getsitepackages", list)(), sys.base_prefix + os.sep + "lib"}
    return [folder for folder in folders if folder]


def relative(file: str) -> str:
    """Return a path as a person in the app's folder reads it."""
    try:
        shown = os.path.relpath(file)
    except OSError:  # the working directory is gone
        return file
    return file if shown.startswith("..") else shown
