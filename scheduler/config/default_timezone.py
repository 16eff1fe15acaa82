"""What an app says once for all its tasks, known before anything that is slow to import is."""

from __future__ import annotations

from collections.abc import Callable


def _unset() -> None:
    """Say that nothing is set."""


timezone_setting: Callable[[], object] = _unset
"""Returns the name of the zone of tasks that name none; None stands for the server's local zone."""


def ask_for_timezone(setting: Callable[[], object]) -> None:
    """Let `setting` say in which zone tasks are that name none."""
    global timezone_setting  # noqa: PLW0603 - one for the process, as the app is
    timezone_setting = setting
