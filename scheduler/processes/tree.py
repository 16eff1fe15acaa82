"""Process trees: ending with the parent, and ending everything a process has started."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
PR_SET_CHILD_SUBREAPER = 36
START = 19
"""The field of `/proc/*/stat`, counted from the one after the name, that says when the process started."""
ON_LINUX = sys.platform.startswith("linux")


class Member(NamedTuple):
    """One process of a tree; `started` tells it from a later one with the same number."""

    pid: int
    started: str


class _Entry(NamedTuple):
    """What the kernel says of a process."""

    state: str
    parent: int
    session: int
    started: str


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however that ends; it does nothing but on Linux."""
    if not ON_LINUX:
        return
    _control(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def keep_descendants() -> None:
    """Stay the ancestor of everything this process starts, also of what detaches itself; only on Linux."""
    if ON_LINUX:
        _control(PR_SET_CHILD_SUBREAPER, 1)


def members_of(leader: int) -> set[Member]:
    """Return the processes that descend from `leader` or are of its session, itself included; empty but on Linux."""
    entries = _entries()
    return _with_descendants({pid for pid, entry in entries.items() if leader in {pid, entry.session}}, entries)


def members_that(are_chosen: Callable[[int], bool]) -> set[Member]:
    """Return the processes of this machine whose numbers are chosen, with their descendants; empty but on Linux."""
    entries = _entries()
    return _with_descendants({pid for pid in entries if are_chosen(pid)}, entries)


def _with_descendants(found: set[int], entries: dict[int, _Entry]) -> set[Member]:
    grown = True
    while grown:
        more = {pid for pid, entry in entries.items() if entry.parent in found} - found
        found |= more
        grown = bool(more)
    return {Member(pid, entries[pid].started) for pid in found}


def send(members: Iterable[Member], number: int, first: int = 0) -> int:
    """Send a signal to those of `members` that still live, and return how many they were.

    The process `first` gets it before the others: a task whose child ends first takes that for the child's answer, and
    may succeed or fail with it before it gets the signal itself.
    """
    sent = 0
    for member in sorted(members, key=lambda member: member.pid != first):
        entry = _entry(str(member.pid))
        if entry is not None and entry.started == member.started and entry.state not in {"Z", "X"}:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(member.pid, number)
                sent += 1
    return sent


def end_leftovers(leader: int) -> int:
    """Kill what is left of the session of a child that has just ended, and return how many processes that were.

    As long as one of them lives, the number of the leader is not given to a new process: they are the right ones.
    """
    entry = _entry(str(leader))
    if not leader or (entry is not None and entry.state not in {"Z", "X"}):
        return 0
    return send((member for member in members_of(leader) if member.pid != leader), signal.SIGKILL)


def reap_orphans(workers: Collection[int]) -> None:
    """Take the exit codes of processes whose parent has ended, if this is the first process of a container.

    No other process does, so they would stay zombies. The `workers` are left out: their exit codes are taken elsewhere.
    """
    while os.getpid() == 1:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in workers:
            return
        with suppress(ChildProcessError):
            os.waitpid(ended.si_pid, os.WNOHANG)


def set_name(name: bytes) -> None:
    """Give this process another name, at most 15 bytes long; only on Linux."""
    _control(PR_SET_NAME, name)


@lru_cache(maxsize=1)
def c_library() -> Any:
    """Return the C library, loaded once, also for children; None if this Python was built without `ctypes`."""
    try:
        import ctypes  # noqa: PLC0415 - 3 ms, which a tick with nothing due does not need
    except ImportError:
        return None
    return ctypes.CDLL(None)


def _control(option: int, value: int | bytes) -> None:
    """Set an option of this process; without the C library it stays as it is, as on other systems than Linux."""
    library = c_library()
    if library is not None:
        library.prctl(option, value, 0, 0, 0)


def _entries() -> dict[int, _Entry]:
    try:
        names = os.listdir("/proc") if ON_LINUX else []
    except OSError:  # no descriptor left
        return {}
    found = ((int(name), _entry(name)) for name in names if name.isdigit())
    return {pid: entry for pid, entry in found if entry is not None}


def _entry(pid: str) -> _Entry | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return _Entry(fields[0], int(fields[1]), int(fields[3]), fields[START]) if len(fields) > START else None
