"""What commands have in common: options, and refusing wrong usage."""

from __future__ import annotations

from typing import Any

from scheduler.errors import WRONG_USAGE
from scheduler.masonite.console import write_error

WITHOUT_VALUE = (True, "null")
"""What Masonite 5 and 4 give for an option that wants a value and has none."""


def refuse(command: Any, message: str) -> int:
    """Say what is wrong with the command line and return the exit code for it."""
    write_error(command.io, message)
    return WRONG_USAGE
