"""What to tell a person about an exception in their code."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
import traceback
from typing import NamedTuple

LONGEST = 1000
"""How much of an exception's text is told; all of it is in the traceback."""
HERE = os.path.dirname(os.path.abspath(__file__))


class Failure(NamedTuple):
    """An exception in one line, the file and line of the user's code it came from, and its whole traceback."""

    error: str
    location: str
    traceback: str


def described(error: BaseException) -> Failure:
    """Return what to tell about `error`; the location is relative to the working directory, the app's."""
    whole = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return Failure(_one_line(error), _location(error), whole)


def _one_line(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it called sys.exit({'' if error.code is None else repr(error.code)}); return from handle() instead"
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    text = " ".join(str(error).split())
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


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
    if file.startswith(("<", HERE + os.sep)):
        return False
    return not any(file.startswith(folder + os.sep) for folder in _libraries())


def _libraries() -> list[str]:
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {*getattr(site, "getsitepackages", list)(), sys.base_prefix + os.sep + "lib"}
    return [folder for folder in folders if folder]


def relative(file: str) -> str:
    """Return a path as a person in the app's folder reads it."""
    shown = os.path.relpath(file)
    return file if shown.startswith("..") else shown
