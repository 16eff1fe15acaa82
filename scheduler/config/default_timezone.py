"""The default time zone of an app, available without slow imports."""

from __future__ import annotations

from collections.abc import Callable


def _unset() -> None:
    """Return None: nothing is set."""


timezone_setting: Callable[[], object] = _unset
"""Returns the name of the zone of tasks that name none; None stands for the server's local zone."""


def use_timezone_setting(setting: Callable[[], object]) -> None:
    """Read the zone of tasks that name none from `setting`."""
    global timezone_setting  # noqa: PLW0603 - one for the process, as the app is
    timezone_setting = setting
