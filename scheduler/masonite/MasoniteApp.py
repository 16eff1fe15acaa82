"""A Masonite application as the scheduler sees it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from scheduler.injection import injected

DEFAULT_LOCATION = "app/tasks"


class MasoniteApp:
    """What the scheduler asks of a Masonite 4 or 5 application."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def bound(self) -> Mapping[Any, Any]:
        """Return everything the container holds."""
        return dict(self._application.objects)

    def call(self, target: Callable[..., Any]) -> Any:
        """Call `target` (a class too) with its parameters injected."""
        return injected(self._application, target)

    def environment(self) -> str:
        """Return what `APP_ENV` says; Masonite 4's own `environment()` always says "testing" to pytest."""
        return os.environ.get("APP_ENV", "")

    def is_down(self) -> bool:
        """Tell whether `craft down` put the app into maintenance."""
        return os.path.exists(os.path.join(self.base_path, ".down"))

    @property
    def base_path(self) -> str:
        """The folder of the app."""
        return str(getattr(self._application, "base_path", None) or os.getcwd())

    def task_location(self) -> tuple[str, str]:
        """Return the folder of task files, and its dotted name."""
        location = (
            self._application.make("tasks.location") if self._application.has("tasks.location") else DEFAULT_LOCATION
        )
        relative = str(location).replace(".", "/").strip("/")
        return os.path.join(self.base_path, relative), relative.replace("/", ".")

    def setting(self, name: str) -> Any:
        """Return one value of `config/scheduler.py`, None where it is not set."""
        if not self._application.has("config"):
            return None
        return self._application.make("config").get(f"scheduler.{name}")
