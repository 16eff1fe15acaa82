"""`craft schedule:doctor`."""

from __future__ import annotations

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, TASK_FAILED


class ScheduleDoctorCommand(ScheduleCommand):
    """
    Check everything the scheduler needs, and show how to fix what is wrong

    schedule:doctor
        {--j|json : Write JSON (docs/schemas/doctor.json)}
    """

    def act(self) -> int:
        """Show the findings and return the exit code."""
        from scheduler.commands.output import stdout_as_stderr
        from scheduler.diagnosis.doctor import CheckContext, Health, examine
        from scheduler.diagnosis.finding_table import as_json, as_text

        with stdout_as_stderr():
            findings = examine(CheckContext(lambda: self.scheduler, self.app))
        healthy = all(finding.health is not Health.WRONG for finding in findings)
        if self.option("json"):
            self.say(as_json(findings, healthy=healthy))
        else:
            self.show(as_text(findings, **self.layout()))
        return OK if healthy else TASK_FAILED
