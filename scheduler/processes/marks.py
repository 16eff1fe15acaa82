"""Marks on everything a worker starts, by which its leftovers are told from other processes."""

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
    """Return the processes left in the session of an ended worker; none unless it is certain that they are its own.

    One marked process is enough: while it lives, the number of the session is not given to anybody else.
    """
    if not worker.is_gone():
        return set()
    members = {member for member in tree.members_of(worker.pid) if member.pid != worker.pid}
    return members if any(_is_marked(member.pid, worker) for member in members) else set()


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
