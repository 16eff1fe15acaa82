"""Which process this is, and whether another one is gone."""

from __future__ import annotations

import os
import socket
import time
from functools import lru_cache
from typing import NamedTuple

ZOMBIE = "zombie"
"""The start of a process that has ended and was not waited for yet."""


class ProcessIdentity(NamedTuple):
    """A process that no other one, now or later, on this machine or another, is mistaken for.

    `machine` changes with every boot and differs between containers; `started` tells a process from a later one that
    was given the same number.
    """

    machine: str
    pid: int
    started: str

    def __str__(self) -> str:
        """Return what is kept in a store."""
        return f"{self.machine}:{self.pid}:{self.started}"

    @classmethod
    def parse(cls, text: str) -> ProcessIdentity | None:
        """Return the process that `text` stands for, None where it stands for none."""
        machine, _, rest = text.partition(":")
        pid, _, started = rest.partition(":")
        return cls(machine, int(pid), started.partition(":")[0]) if pid.isdigit() else None

    def is_gone(self) -> bool:
        """Tell whether the process was one of this machine and has ended; False where that cannot be known."""
        if self.machine != this_machine():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass
        started = _start_of(self.pid)
        return started == ZOMBIE or bool(self.started and started and started != self.started)


def this_process() -> ProcessIdentity:
    """Return the process that asks."""
    return identity_of(os.getpid())


def identity_of(pid: int) -> ProcessIdentity:
    """Return the process of this machine with the number `pid`."""
    return ProcessIdentity(this_machine(), pid, _start_of(pid))


def is_gone(owner: str) -> bool:
    """Tell whether the process that `owner` stands for was one of this machine and has ended."""
    identity = ProcessIdentity.parse(owner)
    return identity is not None and identity.is_gone()


def started_at() -> float:
    """Return when this process started (seconds since 1970), to some hundredths of a second and never too early.

    Where the system does not tell, the time it has calculated is counted back.
    """
    start = _start_of(os.getpid())
    if not start.isdigit():
        return time.time() - time.process_time()
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return booted + (int(start) + 1) / os.sysconf("SC_CLK_TCK")


@lru_cache(maxsize=1)
def host_name() -> str:
    """Return the name people know this machine by."""
    return socket.gethostname()


def user_name() -> str:
    """Return the user that asks, and on which host: 'anna@web1'."""
    import getpass  # noqa: PLC0415 - hardly ever

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may know the user's number only
        user = str(os.getuid())
    return f"{user}@{host_name()}"


@lru_cache(maxsize=1)
def this_machine() -> str:
    """Return what tells this boot of this machine, or this container, from all others."""
    boot = _read("/proc/sys/kernel/random/boot_id").strip()
    try:
        namespace = os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        namespace = ""
    return "-".join(filter(None, (host_name().replace(":", "_"), boot[:8], namespace)))


def _start_of(pid: int) -> str:
    """Return when a process started, in the kernel's own count; empty where the system does not tell, or it is dead.

    A zombie, ended but not yet waited for, runs no more: it is told apart by a start of its own.
    """
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if not fields:
        return ""
    return ZOMBIE if fields[0] in {"Z", "X"} else fields[19]


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
