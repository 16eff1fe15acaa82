"""Renewing this process's leases and runs in the store."""


from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from scheduler import clock
from scheduler.config.Settings import Settings
from scheduler.errors import StoreUnavailable
from scheduler.stores import Store

BEATS_PER_LEASE = 4


class Heartbeat:
    """Renews the runs of `owner` and their leases, several times within the length of a lease.

    `held` returns the runs to renew: their ids, with the claim key of those that hold a lease.
    `renewed` is called after each renewal with the instant it counts from.
    """

    def __init__(
        self,
        store: Store,
        owner: str,
        settings: Settings,
        held: Callable[[], Mapping[int, str]],
        renewed: Callable[[float], None],
    ) -> None:
        self._store = store
        self._owner = owner
        self._pause = settings.lease / BEATS_PER_LEASE
        self._takeover = settings.takeover
        self._held = held
        self._renewed = renewed
        self._beaten_at = time.monotonic()
        self._beaten_when = clock.real_now()

    def beat(self) -> frozenset[int]:
        """Renew what is held if it is time, at once if the clock was set or the machine slept.

        Return the runs that are no longer the owner's.
        """
        now, at = clock.real_now(), time.monotonic()
        waited = at - self._beaten_at
        if waited < self._pause.total_seconds() and abs(now - self._beaten_when) < self._pause:
            return frozenset()
        held = self._held()
        kept = self._store.beat(self._owner, held, now, self._takeover)
        self._beaten_at, self._beaten_when = at, now
        self._renewed(at)
        return frozenset(held) - kept

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """Let a thread renew what is held while the block lasts: this one is busy with a task."""
        store = self._store.reopened()
        if store is None:
            yield
            return
        done = threading.Event()

        def beat() -> None:
            while not done.wait(self._pause.total_seconds()):
                with suppress(StoreUnavailable):
                    store.beat(self._owner, self._held(), clock.real_now(), self._takeover)
            store.close()

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
