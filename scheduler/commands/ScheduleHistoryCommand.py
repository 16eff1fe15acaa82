"""`craft schedule:history`."""

from __future__ import annotations

import re

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, WrongUsage
from scheduler.text import to_json


class ScheduleHistoryCommand(ScheduleCommand):
    """
    Show past runs and their outcomes

    schedule:history
        {task? : Only this task (its container binding, name or class name), or the number of one run}
        {--failed : Only runs that failed, timed out or crashed}
        {--since=? : Only runs since then: '2 hours ago', 'yesterday', '2027-01-31 08:00'}
        {--limit=? : Number of runs to show. Default: 20}
        {--j|json : Write JSON (docs/schemas/history.json)}
    """

    def act(self) -> int:
        """Show the runs, or all of one run, and return the exit code."""
        from scheduler import clock
        from scheduler.commands.options import keys_of, number_option, since_option
        from scheduler.diagnosis.run_table import as_text
        from scheduler.runs import FAILURES

        given = self.argument("task")
        if given and re.fullmatch("[0-9]+", str(given), re.ASCII):
            return self._show_one(int(given))
        store = self.scheduler.store
        runs = store.history(
            keys=keys_of(self, lambda key: bool(store.history(keys=[key], limit=1))),
            outcomes=FAILURES if self.option("failed") else (),
            since=since_option(self, "since", clock.default_zone()),
            limit=number_option(self, "limit", 20),
        )
        if self.option("json"):
            whole = (store.run(run.id) or run for run in runs)
            self.say(to_json({"runs": [run.as_dict() for run in whole]}))
        elif runs:
            self.show(as_text(runs, **self.layout()))
        else:
            self.say("There are no such runs.")
        return OK

    def _show_one(self, number: int) -> int:
        from scheduler.listeners.run_text import full_text

        latest = self.scheduler.store.history(limit=1)
        run = self.scheduler.store.run(number) if latest and number <= latest[0].id else None
        if run is None:
            known = f"the latest is {latest[0].id}" if latest else "nothing has run yet"
            raise WrongUsage(f"There is no run {number}: {known}. Run craft schedule:history to list them.")
        self.say(to_json(run.as_dict()) if self.option("json") else "\n".join(full_text(run)))
        return OK
