"""The command that lets Windows call the scheduler."""

from __future__ import annotations

from scheduler.errors import WrongUsage
from scheduler.installation.Installation import Installation

LONGEST = 261
"""The longest command that the Task Scheduler takes."""

MEANINGFUL = "%^&|<>"
"""Characters that mean something else to `cmd` in a path, in quotes or not."""


def command(installation: Installation) -> str:
    """Return the command that adds the app to Windows' Task Scheduler; running it again replaces the entry.

    Raises `WrongUsage` for paths that `cmd` or the Task Scheduler cannot take.
    """
    for path in (installation.folder, installation.python, installation.craft):
        if bad := [character for character in path if character in MEANINGFUL]:
            raise WrongUsage(f"{path!r} contains {bad[0]!r}, which means something else to `cmd`: rename that folder.")
    run = " ".join(f'"{word}"' for word in (installation.python, installation.craft))
    log = installation.log.replace("/", "\\")
    line = f'cmd /c cd /d "{installation.folder}" && {run} schedule:run -l >> {log} 2>&1'
    if len(line) > LONGEST:
        raise WrongUsage(
            f"The command has {len(line)} characters and Windows takes {LONGEST}: write it into a .cmd file."
        )
    quoted = line.replace('"', r"\"")
    return f'schtasks /Create /F /SC MINUTE /TN "masonite-scheduler {installation.id}" /TR "{quoted}"'


def removal(installation: Installation) -> str:
    """Return the command that removes the app from Windows' Task Scheduler."""
    return f'schtasks /Delete /F /TN "masonite-scheduler {installation.id}"'

