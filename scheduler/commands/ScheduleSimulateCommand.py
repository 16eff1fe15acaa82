"""`craft schedule:simulate`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, TASK_FAILED, WrongUsage
from scheduler.text import with_location

if TYPE_CHECKING:
    from scheduler.tasks.RegisteredTask import RegisteredTask
    from scheduler.tasks.Tasks import Tasks

A_WEEK = timedelta(weeks=1)
LONGEST = timedelta(days=3653)


class ScheduleSimulateCommand(ScheduleCommand):
    """
    Show every fire time in a window: as a list, counted, or as a map of hours and days

    schedule:simulate
        {--from=? : Start of the window: 'tomorrow', '2027-01-31 08:00'. Default: now}
        {--to=? : End of the window: '2027-02-28', or a length such as '2 weeks'. Default: 1 week}
        {--t|task=* : Only the task with this container binding, name or class name (repeatable)}
        {--timezone=? : Read and show all times in this time zone}
        {--c|count : Only the number of fire times of each task}
        {--heat : A map of how many tasks start at once, by day and hour}
        {--j|json : Write JSON (docs/schemas/simulate.json)}
    """

    def act(self) -> int:
        """Show the fire times and return the exit code."""
        from scheduler import clock
        from scheduler.commands.options import names_option, zone_option

        if self.option("count") and self.option("heat"):
            raise WrongUsage("--count and --heat exclude each other: choose one.")
        names = names_option(self)
        zone = zone_option(self, "timezone") or clock.default_zone()
        window = self._window(zone)
        every = self.scheduler.find()
        tasks = every.called(names) if names else every
        if self.option("json"):
            self._write_json(tasks.usable, window, zone)
        else:
            self._write(tasks.usable, window, zone)
        self._note(tasks)
        return TASK_FAILED if tasks.broken else OK

    def _window(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """Return the window in whole minutes, the end excluded."""
        from scheduler import clock
        from scheduler.commands.options import date_option, length_option
        from scheduler.diagnosis.forecast import whole_minute

        start = whole_minute(date_option(self, "from", zone) or clock.now())
        length = length_option(self, "to")
        given = start + length if length else date_option(self, "to", zone, ("a length of time", "'2 weeks'"))
        end = whole_minute(given or start + A_WEEK)
        if end <= start:
            shown = [clock.time_text(time, zone) for time in (start, end)]
            raise WrongUsage(f"--to {shown[1]} is not after --from {shown[0]}. Try --to '1 week'.")
        if end - start > LONGEST:
            raise WrongUsage("--from and --to are more than ten years apart: choose a shorter window.")
        return start, end

    def _write(self, tasks: list[RegisteredTask], window: tuple[datetime, datetime], zone: tzinfo) -> None:
        from scheduler import clock
        from scheduler.diagnosis import fire_table
        from scheduler.diagnosis.forecast import BusyMap, forecast_windows

        lines: Iterable[str]
        width = self.layout()["width"]
        found = forecast_windows(tasks, *window, zone)
        if self.option("count"):
            counts = fire_table.count_fire_times(found, tasks)
            lines = fire_table.as_counts(counts, zone, width) if tasks else []
        elif self.option("heat"):
            lines = fire_table.as_map(BusyMap(found, zone), zone, width)
        else:
            lines = filter(None, (fire_table.as_lines(stretch, zone) for stretch in found))
        shown = False
        for text in lines:
            self.say(text)
            shown = True
        if not shown:
            start, end = (clock.time_text(time, zone) for time in window)
            self.say(f"No task has a fire time from {start} to {end}.")

    def _write_json(self, tasks: list[RegisteredTask], window: tuple[datetime, datetime], zone: tzinfo) -> None:
        from scheduler.diagnosis import fire_table
        from scheduler.diagnosis.forecast import BusyMap, forecast_windows

        counted = fire_table.count_fire_times(forecast_windows(tasks, *window, zone), tasks)
        entries = [fire_table.entry_of(each, zone) for each in counted]
        heat = BusyMap(forecast_windows(tasks, *window, zone), zone) if self.option("heat") else None
        brief = self.option("count") or self.option("heat")
        found = None if brief else forecast_windows(tasks, *window, zone)
        for piece in fire_table.document(window, zone, entries, found, heat):
            self.say(piece)

    def _note(self, tasks: Tasks) -> None:
        for task in tasks.usable:
            if not task.is_foreseeable:
                self.complain(f"Note: {task.key} runs {task.describe()}. That cannot be predicted, so it is left out.")
        for broken in tasks.broken:
            self.complain(with_location(f"{broken.key} is broken: {broken.error}", broken.location))
