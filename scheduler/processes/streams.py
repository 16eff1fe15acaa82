"""The standard streams of a process."""

from __future__ import annotations

import os
import sys
from typing import Any


def open_missing_streams() -> None:
    """Connect a standard stream that was closed when the process started to the null device.

    Otherwise the next file or pipe would get its number, and everything printed would be written to it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number: this one
        if getattr(sys, name) is None:
            setattr(sys, name, _writable(number) if number else _readable())


def redirect_streams(output: int, errors: int) -> None:
    """Let this process print to two pipes and read nothing."""
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (output, 1), (errors, 2)):
        os.dup2(source, target)
        os.close(source)
    replace_streams()


def read_input() -> str:
    """Read the standard input to its end and return it; later readers get nothing."""
    with open(0, encoding="utf-8", closefd=False) as file:
        text = file.read()
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return text


def replace_streams() -> None:
    """Give this process streams that pass on each line at once and can write any character."""
    sys.stdin = _readable()
    sys.stdout = _writable(1)
    sys.stderr = _writable(2)


def _readable() -> Any:
    return open(0, closefd=False, encoding="utf-8")


def _writable(descriptor: int) -> Any:
    return open(descriptor, "w", buffering=1, closefd=False, encoding="utf-8", errors="backslashreplace")
