"""`craft schedule:explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, TASK_FAILED

if TYPE_CHECKING:
    from datetime import datetime

    from scheduler.TaskRegistry import RegisteredTask


class ScheduleExplainCommand(ScheduleCommand):
    """
    Say why a task did or did not run, and when it will

    schedule:explain
        {task : The task: its container binding, name or class name}
        {--at=? : About this minute on the task's clock, such as '2027-03-28 02:30' (the last time it was due)}
        {--j|json : As JSON}
    """

    def act(self) -> int:
        """Explain the task and return the exit code."""
        import json

        from scheduler.commands.output import stdout_as_stderr
        from scheduler.Inquiry import Inquiry
        from scheduler.listeners import explanation_text

        tasks = self.scheduler.find().called([str(self.argument("task"))])
        as_json = bool(self.option("json"))
        documents = []
        for task in tasks.usable:
            at = self._at(task)
            with stdout_as_stderr():
                explanation = Inquiry(self.scheduler, self.app).explain(task, at)
            if as_json:
                documents.append(explanation_text.as_dict(explanation))
            else:
                self.say("\n".join(explanation_text.as_text(explanation)))
        for broken in tasks.broken:
            documents.append(explanation_text.broken_as_dict(broken))
            if not as_json:
                self.say("\n".join(explanation_text.broken_as_text(broken)))
        if as_json:
            self.say(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2, ensure_ascii=False))
        return TASK_FAILED if tasks.broken else OK

    def _at(self, task: RegisteredTask) -> datetime | None:
        from scheduler.commands.options import date_option

        return date_option(self, "at", task.zone)
