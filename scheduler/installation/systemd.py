"""The text of systemd's units."""

from __future__ import annotations

import re

from scheduler.installation.Installation import Installation

MARK = "masonite-scheduler"
COMMENT = "# Written by `craft schedule:install --systemd`, which replaces it; `systemctl --user edit` adds to it.\n"
SPARE_SECONDS = 5
"""How long `schedule:work` has to record the outcomes of the tasks it has ended."""


def service_name(id_: str) -> str:
    """Return the name of the service of the app `id_`."""
    return f"{MARK}-{id_}.service"


def timer_name(id_: str) -> str:
    """Return the name of the timer of the app `id_`."""
    return f"{MARK}-{id_}.timer"


def timer_units(installation: Installation) -> dict[str, str]:
    """Return a timer and the service it starts every minute, by name.

    A timer does not start a service that is active, and a tick lasts as long as its tasks. So the service, as cron
    does, only starts the tick, and ends without ending it.
    """
    start = _by_shell('"$0" "$@" &', *installation.command("schedule:run", "--log"))
    return {
        service_name(installation.id): (
            f"{COMMENT}[Unit]\nDescription=One tick of the scheduled tasks of {installation.id}\n\n"
            f"[Service]\nType=oneshot\nKillMode=process\n{_environment(installation)}ExecStart={start}\n"
        ),
        timer_name(installation.id): (
            f"{COMMENT}[Unit]\nDescription=The scheduled tasks of {installation.id}, every minute\n\n"
            "[Timer]\nOnCalendar=*-*-* *:*:00\nAccuracySec=1s\nPersistent=true\n\n"
            "[Install]\nWantedBy=timers.target\n"
        ),
    }


def work_units(installation: Installation, stop_seconds: int) -> dict[str, str]:
    """Return a service that runs `schedule:work` for good, by name.

    `stop_seconds` is how long it needs at most to end its tasks. Only it gets the signal to stop, and ends them.
    """
    start = _by_shell('exec "$0" "$@"', *installation.command("schedule:work"))
    return {
        service_name(installation.id): (
            f"{COMMENT}[Unit]\nDescription=The scheduled tasks of {installation.id}\n\n"
            f"[Service]\nType=exec\nRestart=always\nRestartSec=5\nKillMode=mixed\nKillSignal=SIGTERM\n"
            f"TimeoutStopSec={stop_seconds + SPARE_SECONDS}\n{_environment(installation)}ExecStart={start}\n\n"
            "[Install]\nWantedBy=default.target\n"
        )
    }


def _environment(installation: Installation) -> str:
    log = _rest_of_line(path if (path := installation.log).startswith("/") else f"{installation.folder}/{path}")
    return (
        f"WorkingDirectory={_rest_of_line(installation.folder)}\n"
        f"Environment={_word(f'PATH={installation.search_path}')}\n"
        f"StandardOutput=append:{log}\nStandardError=append:{log}\n"
    )


def _by_shell(script: str, *arguments: str) -> str:
    """Return the words of a command that gives `script` the arguments.

    A shell starts the interpreter, since systemd starts no program with a quote in its path. The colon leaves variables
    to the shell.
    """
    return f":/bin/sh -c {_word(script)} {' '.join(map(_word, arguments))}"


def _word(text: str) -> str:
    """Return `text` as one word of a setting that is read word by word."""
    if re.fullmatch(r"[\w@+=:,./-]+", text, re.ASCII):
        return text
    escaped = text.replace("\\", r"\\").replace('"', r"\"").replace("%", "%%")
    return f'"{escaped}"'


def _rest_of_line(path: str) -> str:
    """Return `path` for a setting that takes all of its line; a blank or a backslash may not stand at its end."""
    return path.replace("%", "%%") + ("/" if path.endswith((" ", "\\")) else "")
