"""`craft schedule:explain`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, TASK_FAILED, UnknownTask
from scheduler.text import to_json

if TYPE_CHECKING:
    from datetime import datetime

    from scheduler.tasks.RegisteredTask import RegisteredTask
    from scheduler.tasks.Tasks import Tasks


class ScheduleExplainCommand(ScheduleCommand):
    """
    Explain why a task did or did not run, and when it will

    schedule:explain
        {task : The task (its container binding, name or class name)}
        {--at=? : A minute on the task's clock ('2027-03-28 02:30'). Default: now if due, else the last fire time}
        {--j|json : Write JSON (docs/schemas/explain.json)}
    """

    def act(self) -> int:
        """Explain the task and return the exit code."""
        from scheduler.commands.output import stdout_as_stderr
        from scheduler.diagnosis import explanation_text
        from scheduler.diagnosis.Explainer import Explainer

        tasks = self._tasks(str(self.argument("task")))
        as_json = bool(self.option("json"))
        for notice in tasks.notices:
            self.complain(f"Notice: {notice}.")
        documents = []
        for task in tasks.usable:
            at = self._at(task)
            with stdout_as_stderr():
                explanation = Explainer(self.scheduler, self.app).explain(task, at)
            if as_json:
                documents.append(explanation_text.as_dict(explanation))
            else:
                self.show(explanation_text.as_text(explanation, self.layout()["width"]))
        for broken in tasks.broken:
            documents.append(explanation_text.broken_as_dict(broken))
            if not as_json:
                self.show(explanation_text.broken_as_text(broken, self.layout()["width"]))
        if as_json:
            self.say(to_json(documents[0] if len(documents) == 1 else documents))
        return TASK_FAILED if tasks.broken else OK

    def _tasks(self, name: str) -> Tasks:
        """Return the task of that name; raise `UnknownTask`, which says how to see the runs of a removed task."""
        try:
            return self.scheduler.find().called([name])
        except UnknownTask:
            if name.isprintable() and self.scheduler.store.history(keys=[name], limit=1):
                hint = f"craft schedule:history {shlex.quote(name)} shows its runs"
                raise UnknownTask(f"the app has no task {name!r} any more; {hint}.") from None
            raise

    def _at(self, task: RegisteredTask) -> datetime | None:
        from scheduler.commands.options import date_option

        return date_option(self, "at", task.zone)
