"""Handing runs to the workers of any other engine."""

from __future__ import annotations

from scheduler.errors import ExecutorUnavailable
from scheduler.executors.Executor import Executor
from scheduler.executors.loading import load, missing_module
from scheduler.runs import Run
from scheduler.tasks.failures import describe_failure


class CustomExecutor(Executor):
    """Calls a function of the app with the id of each run; a worker then calls `scheduler.execute`."""

    def problem(self) -> str:
        """Return what is wrong with the settings, empty if nothing is."""
        return missing_module(self.options["submit"])

    def prepare(self) -> None:
        """Import the function."""
        load(self.options["submit"])

    def submit(self, run: Run) -> None:
        """Call the function with the id of a pending run."""
        submit = load(self.options["submit"])
        try:
            submit(run.id)
        except (Exception, SystemExit) as error:
            text = describe_failure(error).error
            raise ExecutorUnavailable(f"{self.options['submit']} raised {text}") from error
