"""Marks on everything a worker starts, by which its leftovers are distinguished from other processes."""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from typing import Final

from scheduler.processes import tree
from scheduler.processes.identity import ProcessIdentity, this_process

VARIABLE: Final = "SCHEDULER_WORKER"
"""The environment variable with the identity of the worker: for what it starts as another program."""


def mark_descendants() -> None:
    """Mark every process that this one starts from now on."""
    identity = this_process()
    os.environ[VARIABLE] = str(identity)
    if tree.ON_LINUX:
        os.register_at_fork(after_in_child=lambda: tree.set_name(_fork_name(identity)))


def leftovers_of(worker: ProcessIdentity) -> set[tree.Member]:
    """Return what is left of an ended worker's session, and what has left it; only what is certainly its own.

    One marked process of a session is enough: while it lives, the number of the session is not given to anybody else.
    A process that the worker itself has started knows nothing: its own children have the same mark.
    """
    if _is_marked(os.getpid(), worker) or not worker.is_gone():
        return set()
    marked = tree.members_that(lambda pid: _is_marked(pid, worker))
    members = {member for member in tree.members_of(worker.pid) if member.pid != worker.pid}
    return marked | members if marked & members else marked


def _is_marked(pid: int, worker: ProcessIdentity) -> bool:
    if _read(f"/proc/{pid}/comm").rstrip(b"\n") == _fork_name(worker):
        return True
    return f"{VARIABLE}={worker}".encode() in _read(f"/proc/{pid}/environ").split(b"\0")


def _fork_name(worker: ProcessIdentity) -> bytes:
    """Return the name of a forked copy, whose environment still shows what the scheduler was started with."""
    return f"task {zlib.crc32(str(worker).encode()):08x}".encode()


def _read(path: str) -> bytes:
    with suppress(OSError), open(path, "rb") as file:
        return file.read()
    return b""
