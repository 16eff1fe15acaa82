"""Log files that the shell or systemd opened for us, and that another program rotates."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from typing import Final

STREAMS: Final = (1, 2)


class LogFiles:
    """The files behind stdout and stderr, if they are files; their names come from `/proc`.

    Without `/proc` nothing is reopened: there, let the rotation copy and truncate the file.
    """

    def __init__(self) -> None:
        for stream in STREAMS:
            _append(stream)
        self._paths = {stream: path for stream in STREAMS if (path := _path_of(stream))}

    def reopen_rotated(self) -> None:
        """Open files again that were renamed or removed; if that fails, continue writing to the old file."""
        for stream, path in self._paths.items():
            if _is_same(stream, path):
                continue
            with suppress(OSError):
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
                mode = stat.S_IMODE(os.fstat(stream).st_mode)
                descriptor = os.open(path, flags, mode)
                for each in (sys.stdout, sys.stderr):
                    with suppress(OSError, ValueError):
                        each.flush()
                os.dup2(descriptor, stream)
                os.close(descriptor)


def _append(stream: int) -> None:
    """Append to a file that the shell opened with `>`, so that truncating it leaves no gap."""
    with suppress(ImportError, OSError):
        import fcntl  # there is none on Windows

        if stat.S_ISREG(os.fstat(stream).st_mode):
            fcntl.fcntl(stream, fcntl.F_SETFL, fcntl.fcntl(stream, fcntl.F_GETFL) | os.O_APPEND)


def _path_of(stream: int) -> str:
    """Return the path of the file that a stream is, empty if it is not a regular file or no longer has a name."""
    try:
        path = os.readlink(f"/proc/self/fd/{stream}")
        return path if stat.S_ISREG(os.fstat(stream).st_mode) and _is_same(stream, path) else ""
    except OSError:
        return ""


def _is_same(stream: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(stream), os.stat(path))
    except OSError:
        return False
