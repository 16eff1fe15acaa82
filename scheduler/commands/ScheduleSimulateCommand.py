"""`craft schedule:simulate`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, TASK_FAILED, WrongUsage

if TYPE_CHECKING:
    from scheduler.TaskRegistry import RegisteredTask, Tasks

A_WEEK = timedelta(weeks=1)
LONGEST = timedelta(days=3653)


class ScheduleSimulateCommand(ScheduleCommand):
    """
    Show every fire time in a window of time: as a list, counted, or as a map of hours and days

    schedule:simulate
        {--from=? : Where the window begins, such as '2027-01-31 08:00' (now)}
        {--to=? : Where it ends, such as '2027-02-28' or '2 weeks' (a week later)}
        {--t|task=* : Only the task with this container binding, name or class name (repeatable)}
        {--timezone=? : Read and show all times on the clock of this time zone}
        {--c|count : Only how many fire times each task has}
        {--heat : A map of how many tasks start at once, by day and hour}
        {--j|json : As JSON}
    """

    def act(self) -> int:
        """Show the fire times and return the exit code."""
        from scheduler import clock
        from scheduler.commands.options import names_option, zone_option

        if self.option("count") and self.option("heat"):
            raise WrongUsage("--count and --heat are two ways to show the same: choose one of them.")
        names = names_option(self)
        zone = zone_option(self, "timezone") or clock.default_zone()
        window = self._window(zone)
        every = self.scheduler.find()
        tasks = every.called(names) if names else every
        if self.option("json"):
            self._write_json(tasks.usable, window, zone)
        else:
            self._write(tasks.usable, window, zone)
        self._remark(tasks)
        return TASK_FAILED if tasks.broken else OK

    def _window(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """Return the window in whole minutes, the end excluded."""
        from scheduler import clock
        from scheduler.commands.options import date_option, length_option
        from scheduler.simulation import whole_minute

        start = whole_minute(date_option(self, "from", zone) or clock.now())
        length = length_option(self, "to")
        given = start + length if length else date_option(self, "to", zone, ("a length of time", "'2 weeks'"))
        end = whole_minute(given or start + A_WEEK)
        if end <= start:
            shown = [f"{time.astimezone(zone):%Y-%m-%d %H:%M}" for time in (start, end)]
            raise WrongUsage(f"--to {shown[1]} is not after --from {shown[0]}: --to '1 week' is a week later.")
        if end - start > LONGEST:
            raise WrongUsage("--from and --to are more than ten years apart: choose a shorter window.")
        return start, end

    def _write(self, tasks: list[RegisteredTask], window: tuple[datetime, datetime], zone: tzinfo) -> None:
        from scheduler.listeners import fire_table
        from scheduler.simulation import Heat, stretches

        lines: Iterable[str]
        found = stretches(tasks, *window, zone)
        if self.option("count"):
            lines = fire_table.as_counts(fire_table.counted(found, tasks), zone) if tasks else []
        elif self.option("heat"):
            lines = fire_table.as_map(Heat(found, zone), zone)
        else:
            lines = filter(None, (fire_table.as_lines(stretch, zone) for stretch in found))
        shown = False
        for text in lines:
            self.say(text)
            shown = True
        if not shown:
            start, end = (fire_table.moment(time, zone) for time in window)
            self.say(f"No task has a fire time from {start} to {end}.")

    def _write_json(self, tasks: list[RegisteredTask], window: tuple[datetime, datetime], zone: tzinfo) -> None:
        from scheduler.listeners import fire_table
        from scheduler.simulation import Heat, stretches

        counted = fire_table.counted(stretches(tasks, *window, zone), tasks)
        entries = [fire_table.entry_of(each, zone) for each in counted]
        heat = Heat(stretches(tasks, *window, zone), zone) if self.option("heat") else None
        brief = self.option("count") or self.option("heat")
        found = None if brief else stretches(tasks, *window, zone)
        for piece in fire_table.document(window, zone, entries, found, heat):
            self.say(piece)

    def _remark(self, tasks: Tasks) -> None:
        for task in tasks.usable:
            if not task.is_foreseeable:
                self.complain(f"Note: {task.key} runs {task.describe()}; that cannot be foretold, so it is left out.")
        for broken in tasks.broken:
            place = f" ({broken.location})" if broken.location else ""
            self.complain(f"{broken.key} is broken: {broken.error}{place}")
