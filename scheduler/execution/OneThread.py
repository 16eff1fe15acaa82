"""A guard that lets only one thread of a process in."""

from __future__ import annotations

import os
import threading

from scheduler.errors import AlreadyRunning


class OneThread:
    """A block for one thread of a process at a time, which may enter it again; another one gets `AlreadyRunning`."""

    def __init__(self) -> None:
        self._inside: dict[int, list[int]] = {}
        """The thread that is inside, and how often, by process; a forked child is another process."""

    def __enter__(self) -> None:
        here = threading.get_ident()
        inside = self._inside.setdefault(os.getpid(), [here, 0])  # one atomic step
        if inside[0] != here:
            raise AlreadyRunning(
                "another thread of this process runs the scheduler. Fix: wait until it has ended, or start "
                "`craft schedule:run` as a process of its own"
            )
        inside[1] += 1

    def __exit__(self, *_: object) -> None:
        inside = self._inside[os.getpid()]
        inside[1] -= 1
        if not inside[1]:
            del self._inside[os.getpid()]
