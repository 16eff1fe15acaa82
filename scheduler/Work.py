"""The same tick again and again, from one long-lived process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from scheduler import clock
from scheduler.announcement import announce
from scheduler.listeners import Listener
from scheduler.Scheduler import Scheduler

MINUTE = timedelta(minutes=1)
LONGEST_SLEEP = 1.0
"""Seconds between two looks at the clock: a clock that was set, and a machine that slept, are noticed within it."""


class Work:
    """Ticks at the start of every minute until it is told to stop, and sees every run to its outcome.

    `now` is the clock. A minute that was slept through, or that the clock jumped over, is caught up by the next tick as
    the tasks' policies say.
    """

    def __init__(self, scheduler: Scheduler, listener: Listener, now: Callable[[], datetime] = clock.real_now) -> None:
        self._scheduler = scheduler
        self._listener = listener
        self._now = now
        self.supervisor = scheduler.supervisor(listener)

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; running tasks then have the settings' `stop_grace` to end."""
        with self.supervisor.stopped_by_signals():
            tasks = self._scheduler.find()
            announce(tasks, self._listener)
            following = clock.floor_minute(self._now())
            while not (self.supervisor.is_stopping and self.supervisor.is_idle):
                now = self._now()
                after = clock.floor_minute(now) + MINUTE
                if now >= following and not self.supervisor.is_stopping:
                    self.supervisor.store_error = None
                    self._scheduler.begin_tick(now, tasks, self._listener, self.supervisor)
                    following = after
                following = min(following, after)
                left = (following - self._now()).total_seconds()
                self.supervisor.step(max(0.0, min(LONGEST_SLEEP, left)))
