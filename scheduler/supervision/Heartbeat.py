"""Telling the store that this process lives."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from scheduler import clock
from scheduler.errors import StoreUnavailable
from scheduler.stores import Store

BEATS_PER_LEASE = 4


class Heartbeat:
    """Renews the leases and the open runs of `owner`, several times within the `lease` they have."""

    def __init__(self, store: Store, owner: str, lease: timedelta) -> None:
        self._store = store
        self._owner = owner
        self._lease = lease
        self._beaten_at = time.monotonic()
        self._beaten_when = clock.real_now()

    def beat(self) -> None:
        """Tell that this process lives, when it is time; at once where the clock was set, or the machine slept."""
        pause = self._lease / BEATS_PER_LEASE
        now = clock.real_now()
        if time.monotonic() - self._beaten_at >= pause.total_seconds() or abs(now - self._beaten_when) >= pause:
            self._store.beat(self._owner, now, self._lease)
            self._beaten_at, self._beaten_when = time.monotonic(), now

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Let a thread beat as long as the block lasts: this one is busy with a task."""
        store = self._store.reopened()
        if store is None:
            yield
            return
        done = threading.Event()

        def beat() -> None:
            while not done.wait(self._lease.total_seconds() / BEATS_PER_LEASE):
                with suppress(StoreUnavailable):
                    store.beat(self._owner, clock.real_now(), self._lease)
            store.close()

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
