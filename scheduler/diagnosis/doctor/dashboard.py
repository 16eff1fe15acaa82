"""Checks of the dashboard, if the app lists its provider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from scheduler import clock
from scheduler.diagnosis.doctor.CheckContext import CheckContext
from scheduler.diagnosis.doctor.Finding import Finding, Health
from scheduler.stores.ActionLog import REFUSED_THREADS

VIEW: Final = "view-schedule"
MANAGE: Final = "manage-schedule"
LOCAL: Final = ("local", "development")
LATELY: Final = timedelta(days=1)


def dashboard(context: CheckContext) -> Iterator[Finding]:
    """Check who may see the dashboard, and whether it had to refuse a server with threads."""
    missing = context.app.missing_gates(VIEW, MANAGE)
    if missing is None:
        return
    refused = [action for action in context.store.actions(limit=100) if action.what == REFUSED_THREADS]
    if refused and context.now - refused[0].at < LATELY:
        server = refused[0].detail or "unknown"
        ago = clock.distance_text(min(refused[0].at, context.now), context.now)
        what = f"The dashboard refused to answer {ago}, because the web server uses threads ({server})."
        hint = "serve the app with processes, such as gunicorn --workers 4 --threads 1, and open the dashboard once"
        yield Finding("dashboard", Health.WARNING, what, hint)
    if missing:
        yield _without_gates(missing, is_local=context.app.environment() in LOCAL)
    else:
        yield Finding("dashboard", Health.OK, "The app's gates say who may see the dashboard.")


def _without_gates(missing: Sequence[str], *, is_local: bool) -> Finding:
    """Return who can see the dashboard or use its buttons, as the app lacks one gate or both."""
    what = "see the dashboard" if VIEW in missing else "use the buttons of the dashboard"
    gates, them = ("gates", "them") if len(missing) > 1 else ("gate", "it")
    why = f"because the app has no {gates} {' and '.join(repr(name) for name in missing)}"
    if is_local:
        return Finding("dashboard", Health.OK, f"Only a developer at this machine can {what}, {why}.")
    hint = f"define {them} in register() of one of the app's providers: docs/dashboard.md shows how"
    return Finding("dashboard", Health.WARNING, f"Nobody can {what}, {why}.", hint)
