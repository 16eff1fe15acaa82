"""One tick after another, from one long-lived process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from scheduler import clock
from scheduler.errors import STORE_UNAVAILABLE
from scheduler.execution.reporting import announce
from scheduler.execution.Scheduler import Scheduler
from scheduler.listeners import Listener
from scheduler.processes.output import drain_output
from scheduler.tasks.Tasks import Tasks

MINUTE = timedelta(minutes=1)
LONGEST_SLEEP = 1.0
"""Seconds between two readings of the clock: a clock change or a machine's sleep is noticed within that time."""
TRY_AGAIN = timedelta(seconds=10)
"""How soon a tick that could not use the store is tried again, if its minute has not ended by then."""


class ScheduleLoop:
    """Ticks at the start of every minute until it is stopped, and sees every run to its outcome.

    `now` is the clock; `each_tick` is called before each tick. If the machine slept or the clock jumped, the next tick
    catches up as the options of the tasks say.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        listener: Listener,
        now: Callable[[], datetime] = clock.real_now,
        each_tick: Callable[[], None] = lambda: None,
        longest_sleep: float = LONGEST_SLEEP,
    ) -> None:
        self._longest_sleep = longest_sleep
        self._each_tick = each_tick
        self._scheduler = scheduler
        self._listener = listener
        self._now = now
        self._minute: datetime | None = None
        self.supervisor = scheduler.supervisor(listener)

    def run(self) -> None:
        """Work until SIGTERM, SIGINT, SIGHUP or SIGQUIT; running tasks then have the settings' `stop_grace` to end."""
        with self.supervisor.stop_on_signals():
            tasks = self._scheduler.find()
            announce(tasks, self._listener)
            following = clock.floor_minute(self._now())
            while not (self.supervisor.is_stopping and self.supervisor.is_idle):
                now = self._now()
                after = clock.floor_minute(now) + MINUTE
                if now >= following and not self.supervisor.is_stopping:
                    is_done = self._tick(now, tasks)
                    following = after if is_done else self._now() + TRY_AGAIN
                following = min(following, after)
                left = (following - self._now()).total_seconds()
                self.supervisor.step(max(0.0, min(self._longest_sleep, left)))
            self.supervisor.report_stop()
        drain_output()

    def _tick(self, now: datetime, tasks: Tasks) -> bool:
        """Make the tick of `now`; return False if the store could not be used, which is reported once a minute."""
        minute = clock.floor_minute(now)
        if minute != self._minute:
            self.supervisor.store_error = None
            self._minute = minute
        self._each_tick()
        return self._scheduler.begin_tick(now, tasks, self._listener, self.supervisor) != STORE_UNAVAILABLE
