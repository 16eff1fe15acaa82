"""The executors of an app, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from scheduler.config.ExecutorConfig import ExecutorConfig, closest
from scheduler.config.TaskOptions import LOCAL
from scheduler.errors import ExecutorUnavailable
from scheduler.executors.CeleryExecutor import CeleryExecutor
from scheduler.executors.CustomExecutor import CustomExecutor
from scheduler.executors.Executor import Executor
from scheduler.executors.QueueExecutor import QueueExecutor
from scheduler.runs import Run

NOT_SHARED: Final = (
    "its workers need a store that servers share, and STORE is 'local': set STORE = \"database\" in config/scheduler.py"
)


class Executors:
    """Creates executors from their settings. `store` is the kind of store that the settings name."""

    def __init__(self, configs: Mapping[str, ExecutorConfig], application: Any, store: str) -> None:
        self.configs = configs
        self._application = application
        self._store = store
        self._made: dict[str, Executor] = {}

    def problem(self, name: str) -> str:
        """Return what keeps tasks from using the executor, empty if nothing does, without asking its engine."""
        if name == LOCAL:
            return ""
        config = self.configs.get(name)
        if config is None:
            return f"EXECUTORS of config/scheduler.py has no {name!r}{closest(name, [LOCAL, *self.configs])}"
        if config.problem:
            return f"EXECUTORS[{name!r}] of config/scheduler.py is not valid: {config.problem}"
        if self._store == "local":
            return NOT_SHARED
        return self.named(name).problem()

    def named(self, name: str) -> Executor:
        """Return an executor whose settings have no problem of their own."""
        if name not in self._made:
            self._made[name] = self._make(self.configs[name])
        return self._made[name]

    def prepare(self, name: str) -> None:
        """Load what the executor needs to hand over runs; raise `ExecutorUnavailable` if that fails."""
        if problem := self.problem(name):
            raise ExecutorUnavailable(problem)
        self.named(name).prepare()

    def submit(self, name: str, runs: Sequence[Run]) -> None:
        """Hand runs to the executor; raise `ExecutorUnavailable` at the first that fails."""
        self.prepare(name)
        executor = self.named(name)
        try:
            for run in runs:
                executor.submit(run)
        finally:
            executor.close()

    def _make(self, config: ExecutorConfig) -> Executor:
        if config.driver == "celery":
            return CeleryExecutor(config)
        if config.driver == "queue":
            return QueueExecutor(config, self._application)
        return CustomExecutor(config)
