"""The guardian's process: it reads commands, and ends workers whose lease is not renewed in time.

It works even if the scheduler that started it is stopped.
"""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress
from typing import Final, NoReturn

from scheduler.processes import tree
from scheduler.processes.identity import process_identity

PIPE_BYTES: Final = 65536
LAST_STANDARD: Final = 2
"""The descriptor of standard error, the last of the standard streams."""


class _Guarded:
    """A worker as the guardian sees it."""

    def __init__(self, pid: int, started: str, renewed_at: float) -> None:
        self.pid = pid
        self._started = started
        self.renewed_at = renewed_at
        self.kill_at: float | None = None

    def send(self, number: int) -> None:
        """Send a signal to the worker, if it is still the same process, and to its descendants."""
        if process_identity(self.pid).started != self._started:
            return
        members = tree.members_of(self.pid)
        if members:
            tree.send(members, number, first=self.pid)
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def watch(commands: int, answers: int, lease: float, kill_grace: float) -> None:
    """Be the guardian: follow `commands` until they end, and end workers in time."""
    guarded: dict[int, _Guarded] = {}
    unread = b""
    poll = select.poll()
    poll.register(commands, select.POLLIN)
    while True:
        instants = [each.renewed_at + lease if each.kill_at is None else each.kill_at for each in guarded.values()]
        wait = max(0.0, min(instants) - time.monotonic()) * 1000 if instants else None
        if not poll.poll(wait):
            _end_lapsed(guarded, answers, lease, kill_grace)
            continue
        data = os.read(commands, PIPE_BYTES)  # before any worker is ended: the guardian itself may have been stopped
        if not data:
            for each in guarded.values():
                each.send(signal.SIGKILL)
            return
        *lines, unread = (unread + data).split(b"\n")
        for line in lines:
            _follow(line.decode().split(), guarded)


def _end_lapsed(guarded: dict[int, _Guarded], answers: int, lease: float, kill_grace: float) -> None:
    """End the workers whose lease was not renewed in time, and kill those that did not end on SIGTERM."""
    now = time.monotonic()
    for each in guarded.values():
        if each.kill_at is not None and now >= each.kill_at:
            each.send(signal.SIGKILL)
            each.kill_at = now + kill_grace
        elif each.kill_at is None and now >= each.renewed_at + lease:
            each.kill_at = now + kill_grace
            with suppress(OSError):
                os.write(answers, f"ended {each.pid}\n".encode())
            each.send(signal.SIGTERM)


def _follow(words: list[str], guarded: dict[int, _Guarded]) -> None:
    match words:
        case ["guard", pid, started, renewed_at]:
            guarded[int(pid)] = _Guarded(int(pid), started, float(renewed_at))
        case ["renew", renewed_at]:
            for each in guarded.values():
                each.renewed_at = max(each.renewed_at, float(renewed_at))
        case ["release", pid]:
            guarded.pop(int(pid), None)


def main(arguments: list[str]) -> NoReturn:
    """Be the guardian in a fresh interpreter."""
    commands, answers, lease, kill_grace = arguments
    be_guardian(int(commands), int(answers), float(lease), float(kill_grace))


def be_guardian(commands: int, answers: int, lease: float, kill_grace: float) -> NoReturn:
    """Watch from a session of its own, with all other descriptors closed; never return."""
    try:
        with suppress(OSError):
            os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        signal.set_wakeup_fd(-1)
        _close_all_but(commands, answers)
        watch(commands, answers, lease, kill_grace)
    finally:
        os._exit(0)


def _close_all_but(*kept: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(LAST_STANDARD + 1):
        os.dup2(null, standard)
    try:
        opened = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        opened = list(range(LAST_STANDARD + 1, 256))
    for descriptor in opened:
        if descriptor > LAST_STANDARD and descriptor not in kept:
            with suppress(OSError):
                os.close(descriptor)
