"""`craft schedule:metrics`."""

from __future__ import annotations

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, WrongUsage


class ScheduleMetricsCommand(ScheduleCommand):
    """
    Print the state of the schedule in Prometheus' text format

    schedule:metrics
    """

    def act(self) -> int:
        """Print the metrics and return the exit code."""
        from scheduler import clock
        from scheduler.diagnosis.metrics import MetricsUnavailable, metrics_text

        try:
            self.say(metrics_text(self.scheduler.store, self.scheduler.find(), clock.now()).rstrip("\n"))
        except MetricsUnavailable as error:
            raise WrongUsage(f"{error}.") from None
        return OK
