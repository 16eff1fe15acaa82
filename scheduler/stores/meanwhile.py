"""Other work of a thread while it waits for a database."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

PAUSE_SECONDS: Final = 0.1
"""How long a thread waits for a database before it does other work."""


class _Work(threading.local):
    """The work of a thread of the process `pid`: a forked child must not do it."""

    call: Callable[[], None] | None = None
    pid = 0


_work = _Work()


@contextmanager
def meanwhile(call: Callable[[], None]) -> Iterator[None]:
    """Call `call` several times a second while this thread waits for a database in the block; it must not use one."""
    previous = (_work.call, _work.pid)
    _work.call, _work.pid = call, os.getpid()
    try:
        yield
    finally:
        _work.call, _work.pid = previous


def see_to_work() -> None:
    """Do the other work of this thread, if it has some."""
    if _work.call is not None and _work.pid == os.getpid():
        _work.call()


def wait_until_ready(descriptor: int, events: int, give_up: float) -> bool:
    """Wait until a descriptor has one of the `events` of `poll`; return False if it is `give_up` before."""
    poll = select.poll()
    poll.register(descriptor, events)
    while not poll.poll(max(0.0, min(PAUSE_SECONDS, give_up - time.monotonic())) * 1000):
        see_to_work()
        if time.monotonic() >= give_up:
            return False
    return True
