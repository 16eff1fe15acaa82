"""The systemd units of the user who asks."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from getpass import getuser

from scheduler.errors import InstallationFailed
from scheduler.installation.Installation import LOG, Installation
from scheduler.installation.systemd import service_name, timer_name

LINGERING = "/var/lib/systemd/linger"


class UserUnits:
    """Gives an app's units to the user's systemd and takes them back; each method says in lines what came of it.

    `units` are the texts by name. All raise `InstallationFailed` where there is no systemd or where it refuses.
    """

    def __init__(self, installation: Installation, units: Mapping[str, str]) -> None:
        self._installation = installation
        self._units = units
        config = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
        self._shown = os.path.join(config, "systemd", "user")
        self._folder = os.path.expanduser(self._shown)
        self._names = (timer_name(installation.id), service_name(installation.id))
        self._started = next(name for name in self._names if name in units)

    def shown(self) -> Iterator[str]:
        """Say what `install` would do."""
        done = self._found() == self._units
        yield f"These are in {self._shown} already:" if done else f"These would be written to {self._shown}:"
        for name, text in self._units.items():
            yield ""
            yield f"--- {name}"
            yield text.rstrip()
        yield ""
        yield f"They are started with: {_line('daemon-reload')} && {_line('enable', '--now', self._started)}"

    def install(self) -> Iterator[str]:
        """Write the units and start them; those that are as they should be are left alone, and started if need be."""
        _program()
        found = self._found()
        os.makedirs(os.path.dirname(os.path.join(self._installation.folder, LOG)), exist_ok=True)
        if found == self._units:
            self._call("enable", "--now", self._started)
            yield "systemd calls the scheduler already; nothing was changed."
            return
        if found and set(found) != set(self._units):
            self._take_away(found)
        self._write()
        self._call("daemon-reload")
        self._call("enable", self._started)
        self._call("restart", self._started)
        yield f"systemd calls the scheduler from now on ({self._started}); what it writes is appended to {LOG}."
        if not os.path.exists(os.path.join(LINGERING, getuser())):
            yield "Units of a user run while the user is logged in; `loginctl enable-linger` lets them run always."

    def shown_removal(self) -> Iterator[str]:
        """Say what `remove` would do."""
        found = self._found()
        yield f"These would be stopped and removed from {self._shown}:" if found else self._not_there()
        yield from found

    def remove(self) -> Iterator[str]:
        """Stop the units and remove them."""
        found = self._found()
        if not found:
            yield self._not_there()
            return
        self._take_away(found)
        yield f"systemd no longer calls the scheduler: {' and '.join(found)} removed."

    def _not_there(self) -> str:
        return f"There are no units of {self._installation.id} in {self._shown}; nothing to remove."

    def _found(self) -> dict[str, str]:
        found = {}
        for name in self._names:
            path = os.path.join(self._folder, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    found[name] = file.read()
        return found

    def _write(self) -> None:
        os.makedirs(self._folder, exist_ok=True)
        for name, text in self._units.items():
            with open(os.path.join(self._folder, name), "w", encoding="utf-8") as file:
                file.write(text)

    def _take_away(self, found: Mapping[str, str]) -> None:
        """Stop and remove units; one that systemd cannot read or never saw has nothing to stop."""
        self._call("daemon-reload")
        for name in found:
            _systemctl("disable", "--now", name)
            os.unlink(os.path.join(self._folder, name))
        self._call("daemon-reload")

    def _call(self, *words: str) -> None:
        done = _systemctl(*words)
        if done.returncode:
            said = "; ".join(line.strip(" .") for line in done.stderr.splitlines() if line.strip())
            raise InstallationFailed(
                f"`{_line(*words)}` failed: {said}. Mend that, or log in as the user that the app runs as, and run "
                f"this again."
            )


def _systemctl(*words: str) -> subprocess.CompletedProcess[str]:
    command = [_program(), "--user", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words


def _program() -> str:
    program = shutil.which("systemctl")
    if program is None:
        raise InstallationFailed(
            "There is no program `systemctl` on this machine: use cron (`craft schedule:install`) or "
            "`craft schedule:work`."
        )
    return program


def _line(*words: str) -> str:
    return " ".join(("systemctl --user", *words))
