"""The console script `craft`: runs the Masonite app in the working directory."""

from __future__ import annotations

import os
import sys
import time


def main() -> int:
    """Run a craft command of the app in the working directory; outside an app say so and return 2."""
    if sys.argv[1:] == ["schedule:run"]:
        _end_if_idle()
    from scheduler.errors import WRONG_USAGE  # noqa: PLC0415 - an idle tick needs none of it

    if not os.path.isfile("wsgi.py"):
        _say(f"craft: there is no Masonite app in {os.getcwd()} (no wsgi.py): cd to the folder of your app first")
        return WRONG_USAGE
    sys.path.insert(0, os.getcwd())
    import wsgi  # type: ignore[import-not-found]  # noqa: PLC0415 - the app's own file

    application = getattr(wsgi, "application", None)
    if application is None or not hasattr(application, "make"):
        what = "it has no `application`" if application is None else "its `application` is no container"
        _say(f"craft: {wsgi.__file__} is no Masonite app's wsgi.py: {what}")
        return WRONG_USAGE
    application.make("commands").run()
    return 0


def _end_if_idle() -> None:
    """End the process at once where the schedule's cache tells that this tick has nothing to do."""
    from scheduler.ScheduleCache import PATH  # noqa: PLC0415 - only for this command

    folder = os.getcwd()
    if not os.path.exists(os.path.join(folder, PATH)):
        return
    from scheduler.idle import is_idle  # noqa: PLC0415 - only with a cache

    if is_idle(folder, time.time()):
        if sys.stdout.isatty():
            print("Nothing is due.", flush=True)  # noqa: T201 - what the booted app says on a terminal
        os._exit(0)


def source() -> int:
    """Stand in for the word `source` where the shell does not know it, so that a crontab line of the guide works.

    Cron runs its lines with /bin/sh, and Debian's has no `source`: the guide's `source venv/bin/activate` would end the
    line there. This program is found only if the PATH of the crontab already begins with the virtual environment,
    and then activating it again would change nothing; so it succeeds for that file and for no other.
    """
    activate = os.path.realpath(sys.argv[1]) if len(sys.argv) == 2 else ""  # noqa: PLR2004 - a program and one argument
    if activate and activate == os.path.realpath(os.path.join(os.path.dirname(sys.argv[0]), "activate")):
        return 0
    _say("source: this shell has no such word; use `.` in its place")
    return 127


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - a person reads it
