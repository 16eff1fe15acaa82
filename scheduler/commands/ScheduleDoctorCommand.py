"""`craft schedule:doctor`."""

from __future__ import annotations

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, TASK_FAILED


class ScheduleDoctorCommand(ScheduleCommand):
    """
    Look whether all is well: ticks, store, tasks, clocks, log, locks

    schedule:doctor
        {--j|json : As JSON}
    """

    def act(self) -> int:
        """Show what was found and return the exit code."""
        from scheduler.commands.output import stdout_as_stderr
        from scheduler.doctor import Health, Surroundings, examine
        from scheduler.listeners.finding_table import as_json, as_text

        with stdout_as_stderr():
            findings = examine(Surroundings(lambda: self.scheduler, self.app))
        healthy = all(finding.health is not Health.WRONG for finding in findings)
        self.say(as_json(findings, healthy=healthy) if self.option("json") else "\n".join(as_text(findings)))
        return OK if healthy else TASK_FAILED
