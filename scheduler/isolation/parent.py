"""Ending with the parent process."""

from __future__ import annotations

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however that ends; it does nothing but on Linux."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes  # noqa: PLC0415 - 3 ms, and only in a child

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def end_leftovers(leader: int) -> int:
    """Kill what is left of the session of a process that has ended, and return how many processes that were.

    As long as one of them lives, the number of the leader is not given to a new process: they are the right ones.
    """
    if not sys.platform.startswith("linux") or os.path.exists(f"/proc/{leader}"):
        return 0
    ended = 0
    for name in os.listdir("/proc"):
        if name.isdigit() and _session_of(name) == leader:
            try:
                os.kill(int(name), signal.SIGKILL)
                ended += 1
            except (ProcessLookupError, PermissionError):
                pass
    return ended


def _session_of(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[3])
    except (OSError, ValueError, IndexError):
        return -1
