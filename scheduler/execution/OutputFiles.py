"""The files that a task's output is written to."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import Final

from scheduler.config.TaskOptions import TaskOptions
from scheduler.private_folder import FOLDER, make_folder

OWNER_ONLY: Final = 0o600
FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0)


class OutputFiles:
    """Writes a run's output to its files as it comes. A file is opened when there is something to write.

    Only its owner can read a new file; an existing one keeps its mode. If a file cannot be written, `complain` is
    called once, and nothing else changes. Nothing here waits: only regular files and devices are accepted, not a pipe
    that nobody reads.
    """

    def __init__(self, options: TaskOptions, folder: str, complain: Callable[[str], None]) -> None:
        self._folder = folder
        self._complain = complain
        chosen = ((options.output_to, os.O_TRUNC), (options.append_output_to, 0))
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
        """Close the files: empty after a run that printed nothing, unchanged after one that was skipped."""
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
                _make_folder(os.path.dirname(whole) or ".")
                descriptor = os.open(whole, FLAGS | mode, OWNER_ONLY)
            except (OSError, ValueError) as error:
                self._cannot(path, getattr(error, "strerror", None) or str(error))
                continue
            if stat.S_ISREG(os.fstat(descriptor).st_mode) or whole.startswith("/dev/"):
                self._opened[path] = descriptor
            else:
                os.close(descriptor)
                self._cannot(path, "it is not a file")

    def _cannot(self, path: str, why: str) -> None:
        self._complain(f"its output cannot be written to {path}: {why}")


def _make_folder(folder: str) -> None:
    if os.path.basename(folder) == FOLDER:
        make_folder(folder)
    else:
        os.makedirs(folder, exist_ok=True)
