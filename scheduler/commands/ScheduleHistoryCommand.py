"""`craft schedule:history`."""

from __future__ import annotations

import re

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, WrongUsage


class ScheduleHistoryCommand(ScheduleCommand):
    """
    Show what became of past runs

    schedule:history
        {task? : Only this task (binding, name or class name), or the number of one run to show whole}
        {--failed : Only runs that failed, timed out or crashed}
        {--since=? : Only runs since then, such as '2 hours' or '2027-01-31 08:00'}
        {--limit=? : How many runs to show (20)}
        {--j|json : As JSON}
    """

    def act(self) -> int:
        """Show the runs, or one run whole, and return the exit code."""
        import json

        from scheduler import clock
        from scheduler.commands.options import keys_of, number_option, since_option
        from scheduler.listeners.run_table import table
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
            self.say(json.dumps({"runs": [run.as_dict() for run in runs]}, indent=2, ensure_ascii=False))
        else:
            self.say("\n".join(table(runs)) if runs else "There are no such runs.")
        return OK

    def _show_one(self, number: int) -> int:
        import json

        from scheduler.listeners.run_table import whole

        latest = self.scheduler.store.history(limit=1)
        run = self.scheduler.store.run(number) if latest and number <= latest[0].id else None
        if run is None:
            known = f"the latest is {latest[0].id}" if latest else "nothing has run yet"
            raise WrongUsage(f"There is no run {number}; {known}. `craft schedule:history` shows those there are.")
        as_json = bool(self.option("json"))
        self.say(json.dumps(run.as_dict(), indent=2, ensure_ascii=False) if as_json else "\n".join(whole(run)))
        return OK
