"""`craft schedule:test`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scheduler.commands.TickCommand import TickCommand
from scheduler.errors import OK, TASK_FAILED, WrongUsage
from scheduler.masonite.console import ask, is_interactive

if TYPE_CHECKING:
    from scheduler.tasks.RegisteredTask import RegisteredTask


class ScheduleTestCommand(TickCommand):
    """
    Choose a task from a list and run it now

    schedule:test
        {--inline : Run the task in this process, for a debugger}
    """

    is_json_lines = False

    def act(self) -> int:
        """Ask for a task, run it without checking its rule and conditions, and return the exit code."""
        from scheduler import clock

        if not is_interactive(self.io):
            raise WrongUsage("schedule:test needs a terminal. Use craft schedule:run --force --task NAME.")
        tasks = self.scheduler.find()
        for broken in tasks.broken:
            self.complain(f"{broken.key} is broken: {broken.error}")
        if not tasks.usable:
            self.say("There are no tasks yet. Run craft task SayHi to create one.")
            return TASK_FAILED if tasks.broken else OK
        task = self._choose(tasks.usable)
        if task is None:
            self.say("Nothing was run.")
            return OK
        listener = self.listener(output_format=None, talkative=True, chosen=[task.key])
        inline = bool(self.option("inline"))
        return self.scheduler.tick(clock.now(), listener, [task.key], force=True, inline=inline)

    def _choose(self, tasks: list[RegisteredTask]) -> RegisteredTask | None:
        """Show the tasks with numbers and return the one that is chosen by number or name; None without an answer."""
        from scheduler.diagnosis.columns import Column, table

        columns = (Column("", is_right=True), Column("Task", least=12), Column("When", least=16))
        rows = [(str(number), task.key, task.describe()) for number, task in enumerate(tasks, 1)]
        self.show(table(columns, rows, self.layout()["width"]))
        while answer := ask("Which task? (number or name, Enter for none) "):
            if answer.isdecimal() and 0 < int(answer) <= len(tasks):
                return tasks[int(answer) - 1]
            named = [task for task in tasks if answer == task.key] or [task for task in tasks if answer in task.names]
            if len(named) == 1:
                return named[0]
            wrong = f"is the name of {len(named)} tasks" if named else "is not one of them"
            self.say(f"{answer!r} {wrong}.")
        return None
