"""Self-fencing: starting the guardian, a process that ends workers whose lease is not renewed, and its commands."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from typing import Final

from scheduler.processes.guardian_process import PIPE_BYTES, be_guardian
from scheduler.processes.identity import count_threads, process_identity

NOBODY: Final = -1

_commands: set[int] = set()
"""The descriptors that send commands to guardians: children of this process must not keep them open."""


class Guardian:
    """Ends guarded workers `lease` seconds after their last renewal: with SIGTERM, then SIGKILL `kill_grace` later.

    It is not needed if only this machine uses the store, where no run of a live process is taken over. All instants
    are those of `time.monotonic`. The process is started for the first worker, and ends with `close`, or
    with this process: then it kills what it guards.
    """

    def __init__(self, lease: float, kill_grace: float, *, is_needed: bool = True) -> None:
        self._is_needed = is_needed
        self._limits = (lease, kill_grace)
        self._pid = NOBODY
        self._to, self._from = -1, -1
        self._guarded: dict[int, str] = {}
        self._said = b""

    def guard(self, pid: int, renewed_at: float) -> None:
        """Guard the worker `pid` from now on, whose lease was taken at `renewed_at`.

        Raises `OSError` if the system has no process or descriptor left.
        """
        if not self._is_needed:
            return
        self._guarded[pid] = process_identity(pid).started
        self._send_command(f"guard {pid} {self._guarded[pid]} {renewed_at}", starts=True)

    def renew(self, renewed_at: float) -> None:
        """Report that the leases of all guarded workers were renewed."""
        if self._guarded:
            with suppress(OSError):  # it was killed, and no process is left for a new one: try again next time
                self._send_command(f"renew {renewed_at}", starts=True)

    def release(self, pid: int) -> bool:
        """Stop guarding a worker that has ended; return whether the guardian has ended it."""
        if self._guarded.pop(pid, None) is None:
            return False
        with suppress(OSError):
            self._said += os.read(self._from, PIPE_BYTES)
        self._send_command(f"release {pid}", starts=False)
        return f"ended {pid}\n".encode() in self._said

    def close(self) -> None:
        """End the guardian, if there is one."""
        if self._pid == NOBODY:
            return
        for descriptor in (self._to, self._from):
            os.close(descriptor)
        _commands.discard(self._to)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)
        self._pid, self._to, self._from, self._said = NOBODY, -1, -1, b""

    def _send_command(self, line: str, *, starts: bool) -> None:
        if self._pid == NOBODY and starts:
            self._start()
        try:
            os.write(self._to, f"{line}\n".encode())
        except BlockingIOError:  # the guardian is stopped too: it reads earlier commands when it continues
            return
        except OSError:
            self.close()
            if starts:  # it was killed: start another one
                self._start()

    def _start(self) -> None:
        """Start the process, and let it guard all workers that this one guards."""
        opened: list[int] = []
        try:
            for _ in range(2):
                opened += os.pipe()
            commands, self._to, self._from, answers = opened
            _commands.add(self._to)
            for descriptor in (self._to, self._from):
                os.set_blocking(descriptor, False)
            self._pid = self._start_process(commands, answers)
        except OSError:
            _commands.discard(self._to)
            for descriptor in opened:
                os.close(descriptor)
            self._to, self._from = -1, -1
            raise
        os.close(commands)
        os.close(answers)
        for pid, started in self._guarded.items():
            os.write(self._to, f"guard {pid} {started} {time.monotonic()}\n".encode())

    def _start_process(self, commands: int, answers: int) -> int:
        """Start a process that watches, by forking this one if that is safe; return its number."""
        if hasattr(os, "fork") and count_threads() == 1:
            pid = os.fork()
            if not pid:
                be_guardian(commands, answers, *self._limits)
            return pid
        code = "import sys; from scheduler.processes.guardian_process import main; main(sys.argv[1:])"
        arguments = [str(value) for value in (commands, answers, *self._limits)]
        process = subprocess.Popen(  # noqa: S603 - this interpreter, and arguments of our own
            [sys.executable, "-c", code, *arguments], pass_fds=(commands, answers), stdin=subprocess.DEVNULL
        )
        process.returncode = 0  # it is waited for by its number
        return process.pid


def _close_commands() -> None:
    for descriptor in _commands:
        with suppress(OSError):
            os.close(descriptor)
    _commands.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_commands)
