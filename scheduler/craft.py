"""The console script `craft`: runs the Masonite app in the working directory."""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False  # an idle tick imports no `typing`; type checkers know this name
if TYPE_CHECKING:
    from typing import Any, Final

MISSING_PROVIDER: Final = (
    "craft: this app does not list the provider of masonite-scheduler, so `schedule:run` is Masonite's own.\n"
    "Fix: in config/providers.py, write `from scheduler.providers import ScheduleProvider` instead of the import of\n"
    "Masonite's ScheduleProvider, and list ScheduleProvider."
)


def main() -> int:
    """Run a craft command of the app in the working directory; outside of an app report that and return 2."""
    _prepare_process()
    if sys.argv[1:] in (["schedule:run"], ["schedule:run", "--log"], ["schedule:run", "-l"]) and not _is_typed():
        _end_if_idle()
    from scheduler.errors import OK, WRONG_USAGE  # noqa: PLC0415 - an idle tick does not need it

    application = _boot_app()
    if application is None:
        return WRONG_USAGE
    if sys.argv[1:2] and sys.argv[1].startswith("schedule:") and not _lists_our_provider(application):
        _say(MISSING_PROVIDER)
    application.make("commands").run()
    return OK


def _prepare_process() -> None:
    """Let signals end the first process of a container, and open standard streams that are missing."""
    if os.getpid() == 1:
        from scheduler.first_process import end_on_signals  # noqa: PLC0415 - only in a container

        end_on_signals()
    if None in {sys.stdin, sys.stdout, sys.stderr}:
        from scheduler.processes.streams import open_missing_streams  # noqa: PLC0415 - hardly ever

        open_missing_streams()


def _boot_app() -> Any:
    """Return the application of the working directory's `wsgi.py`; if there is none, report that and return None."""
    if not os.path.isfile("wsgi.py"):
        _say(f"craft: there is no Masonite app in {os.getcwd()} (no wsgi.py): cd to the folder of your app first")
        return None
    sys.path.insert(0, os.getcwd())
    try:
        import wsgi  # type: ignore[import-not-found]  # noqa: PLC0415 - the app's own file
    except (Exception, SystemExit) as error:
        if problem := _settings_problem(error):
            _say(problem)
            return None
        raise
    application = getattr(wsgi, "application", None)
    if application is None or not hasattr(application, "make"):
        what = "it has no `application`" if application is None else "its `application` is not a container"
        _say(f"craft: {wsgi.__file__} is not a Masonite app's wsgi.py: {what}")
        return None
    return application


def _settings_problem(error: BaseException | None) -> str:
    """Return why `config/scheduler.py` cannot be read, empty if the error comes from somewhere else."""
    from scheduler.tasks.failures import describe_failure  # noqa: PLC0415 - only for an app that does not start

    while error is not None:
        failure = describe_failure(error)
        if failure.location.rpartition(":")[0].endswith(os.path.join("config", "scheduler.py")):
            return f"craft: the app cannot start: {failure.error} ({failure.location})"
        error = error.__cause__ or error.__context__
    return ""


def _lists_our_provider(application: Any) -> bool:
    """Return whether the app lists the provider of this package; True if that cannot be known."""
    providers = getattr(application, "providers", None)
    return not providers or any(
        base.__module__.startswith("scheduler.") for provider in providers for base in type(provider).__mro__
    )


def _end_if_idle() -> None:
    """End the process at once if the cached schedule says that this tick has nothing to do."""
    from scheduler.cache.ScheduleCache import PATH  # noqa: PLC0415 - only for this command

    folder = os.getcwd()
    if not os.path.lexists(os.path.join(folder, PATH)):
        return
    from scheduler.cache.idle import is_idle  # noqa: PLC0415 - only with a cache

    if is_idle(folder, time.time()):
        os._exit(0)


def _is_typed() -> bool:
    """Return whether a person at a terminal waits; the app then records that the tick does not prove that cron runs."""
    return any(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def source() -> int:
    """Replace the shell's `source` in shells that have none, so that the crontab line of the guide works.

    Cron runs its lines with /bin/sh, and Debian's has no `source`: the guide's `source venv/bin/activate` would end the
    line there. This program is found only if the PATH of the crontab already begins with the virtual environment.
    Activating it again would change nothing, so it accepts the file `activate` of that environment and nothing else.
    """
    arguments = sys.argv[1:]
    activate = os.path.realpath(arguments[0]) if len(arguments) == 1 else ""
    if activate and activate == os.path.realpath(os.path.join(os.path.dirname(sys.argv[0]), "activate")):
        return 0
    _say("source: this shell has no such command; use `.` instead")
    return 127


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - a person reads it
