"""The output of processes that a task leaves running: it is read and discarded, so that they can continue."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress


def discard_output(descriptor: int) -> None:
    """Start a small process that reads a pipe until no process has it open for writing.

    Without a reader, a writing process would be killed by SIGPIPE; if nothing is read, it would block.
    """
    program = shutil.which("cat", path=os.defpath)
    if program is None:
        return
    os.set_blocking(descriptor, True)
    with suppress(OSError):  # no process is left: do as if the program were missing
        reader = subprocess.Popen(  # noqa: S603 - a program of the system
            [program], stdin=descriptor, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            cwd="/",
        )  # fmt: skip
        reader.returncode = 0  # nobody waits for it: it ends when its input does
        _readers.append(reader.pid)


_readers: list[int] = []


def forget_ended_readers() -> None:
    """Take the exit codes of readers that have ended, which would stay zombies."""
    for pid in _readers[:]:
        try:
            ended = os.waitpid(pid, os.WNOHANG)[0] != 0
        except ChildProcessError:
            ended = True
        if ended:
            _readers.remove(pid)
