"""Which process this is, and whether another one is alive or gone."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, TypeVar

T = TypeVar("T")
ENDING_THREAD_TRIES = 10
ZOMBIE = "zombie"
"""The start of a process that has ended and was not waited for yet."""

BY_HAND = " (by hand)"
"""The suffix of a host's name in the record of ticks that a person typed, as opposed to cron or a service."""


class ProcessIdentity(NamedTuple):
    """The identity of one process: no other process, now or later, on this machine or another, has the same.

    `machine` changes with every boot and differs between containers, also from a container that is started again;
    `started` tells a process from a later one with the same number.
    """

    machine: str
    pid: int
    started: str

    def __str__(self) -> str:
        """Return the text that stores record."""
        return f"{self.machine}:{self.pid}:{self.started}"

    @classmethod
    def parse(cls, text: str) -> ProcessIdentity | None:
        """Return the process named by `text`, which may have more to it at its end, or None."""
        machine, _, rest = text.partition(":")
        pid, _, started = rest.partition(":")
        return cls(machine, int(pid), started.partition(":")[0]) if pid.isdigit() and int(pid) else None

    @property
    def is_of_this_machine(self) -> bool:
        """Return whether this process can check it: never if the system does not tell boots and containers apart."""
        return self.machine == this_machine() and _distinguishes_machines()

    def is_gone(self) -> bool:
        """Return whether the process was one of this machine and has ended; False if that cannot be known."""
        if not self.is_of_this_machine:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass
        started = _start_of(self.pid)
        return started == ZOMBIE or bool(self.started and started and started != self.started)

    def is_alive(self) -> bool:
        """Return whether this machine can see the process alive: the same one, start time included."""
        return bool(self.is_of_this_machine and self.started and self.started == _start_of(self.pid))


def this_process() -> ProcessIdentity:
    """Return the identity of this process."""
    return process_identity(os.getpid())


def process_identity(pid: int) -> ProcessIdentity:
    """Return the identity of the process of this machine with the number `pid`."""
    return ProcessIdentity(this_machine(), pid, _start_of(pid))


def is_gone(owner: str) -> bool:
    """Return whether the process `owner` was one of this machine and has ended."""
    identity = ProcessIdentity.parse(owner)
    return identity is not None and identity.is_gone()


def is_alive(owner: str) -> bool:
    """Return whether this machine can see the process `owner` alive."""
    identity = ProcessIdentity.parse(owner)
    return identity is not None and identity.is_alive()


def started_at() -> float:
    """Return when this process started (seconds since 1970), to some hundredths of a second and never too early.

    If the system does not say, the processor time it has used is subtracted from now.
    """
    start = _start_of(os.getpid())
    if not start.isdigit():
        return time.time() - time.process_time()
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return booted + (int(start) + 1) / os.sysconf("SC_CLK_TCK")


@lru_cache(maxsize=1)
def host_name() -> str:
    """Return the host name of this machine."""
    return socket.gethostname()


def typed_on_this_host() -> str:
    """Return the name under which ticks are recorded that a person typed on this machine."""
    return f"{host_name()}{BY_HAND}"


def unattended(ticks: Mapping[str, T]) -> dict[str, T]:
    """Return the ticks of hosts that tick by themselves: those that a person typed prove nothing about cron."""
    return {host: at for host, at in ticks.items() if not host.endswith(BY_HAND)}


def user_name() -> str:
    """Return the current user and the host: 'anna@web1'."""
    import getpass  # noqa: PLC0415 - hardly ever

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may know the user's number only
        user = str(os.getuid())
    return f"{user}@{host_name()}"


@lru_cache(maxsize=1)
def this_machine() -> str:
    """Return an id of this boot of this machine, or of this start of this container."""
    parts = (host_name().replace(":", "_"), *_marks_of_machine())
    return "-".join(filter(None, parts))


def _marks_of_machine() -> tuple[str, str, str]:
    """Return the boot, the process namespace and the start of its first process, each empty if it cannot be read."""
    boot = _read("/proc/sys/kernel/random/boot_id").strip()
    try:
        namespace = os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        namespace = ""
    return boot[:8], namespace, _start_of(1) if namespace else ""


@lru_cache(maxsize=1)
def _distinguishes_machines() -> bool:
    """Return whether the system tells one boot and one container from another; not without `/proc`."""
    boot, namespace, _ = _marks_of_machine()
    return bool(boot and namespace)


def count_threads() -> int:
    """Return how many threads this process has, those of C libraries included if the system reports them."""
    found = threading.active_count()
    for _ in range(ENDING_THREAD_TRIES):
        try:
            found = len(os.listdir("/proc/self/task"))
        except OSError:
            break
        if found == 1 or threading.active_count() > 1:
            break
        time.sleep(0.001)  # the system may still be ending a thread that Python has done with
    return found


def _start_of(pid: int) -> str:
    """Return when a process started, in the kernel's own count; empty if the system does not tell, or it is dead.

    A zombie, ended but not yet waited for, no longer runs: its start is `ZOMBIE`.
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
