"""The files that a task wants its output in."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import Final

from scheduler.Policy import Policy

OWNER_ONLY: Final = 0o600
FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0)


class OutputFiles:
    """Takes what a run prints, as it comes; a file is opened when there is something to write.

    A new file is for its owner alone, since tasks print what they like; one that is there keeps its mode. What cannot
    be written is told to `complain`, once for each file, and changes nothing. Nothing here waits: a file that is no
    file, such as a pipe that nobody reads, is refused.
    """

    def __init__(self, policy: Policy, folder: str, complain: Callable[[str], None]) -> None:
        self._folder = folder
        self._complain = complain
        chosen = ((policy.output_to, os.O_TRUNC), (policy.append_output_to, 0))
        self._closed = {path: mode for path, mode in chosen if path is not None}
        self._opened: dict[str, int] = {}

    def write(self, data: bytes) -> None:
        """Add `data` to the files."""
        self._open()
        for path, descriptor in list(self._opened.items()):
            try:
                left = data
                while left:
                    left = left[os.write(descriptor, left) :]
            except OSError as error:
                os.close(self._opened.pop(path))
                self._cannot(path, error.strerror or str(error))

    def close(self, *, ran: bool) -> None:
        """Close the files; a run that printed nothing leaves an empty one, one that was skipped the last run's."""
        if ran:
            self._open()
        while self._opened:
            os.close(self._opened.popitem()[1])
        self._closed.clear()

    def _open(self) -> None:
        while self._closed:
            path, mode = self._closed.popitem()
            whole = os.path.join(self._folder, path)
            try:
                os.makedirs(os.path.dirname(whole) or ".", exist_ok=True)
                descriptor = os.open(whole, FLAGS | mode, OWNER_ONLY)
            except (OSError, ValueError) as error:
                self._cannot(path, getattr(error, "strerror", None) or str(error))
                continue
            if stat.S_ISREG(os.fstat(descriptor).st_mode) or whole.startswith("/dev/"):
                self._opened[path] = descriptor
            else:
                os.close(descriptor)
                self._cannot(path, "it is no file")

    def _cannot(self, path: str, why: str) -> None:
        self._complain(f"its output cannot be written to {path}: {why}")
