"""The systemd units of the user who runs the command."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from getpass import getuser

from scheduler.errors import InstallationFailed
from scheduler.installation.Installation import Installation
from scheduler.installation.log_folder import prepare_folder
from scheduler.installation.systemd import service_name, timer_name

LINGERING = "/var/lib/systemd/linger"
"""The folder with a file for each user whose units also run while the user is logged out."""
TARGETS = ("timers.target", "default.target")
"""The targets whose units are started when the user logs in."""


class UserUnits:
    """Adds an app's units to the user's systemd and removes them; each method yields lines that say what it did.

    `units` are the texts by name. All raise `InstallationFailed` if there is no systemd, or if it refuses.
    """

    def __init__(self, installation: Installation, units: Mapping[str, str], lingering: str = LINGERING) -> None:
        self._installation = installation
        self._units = units
        self._lingering = lingering
        config = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
        self._shown = os.path.join(config, "systemd", "user")
        self._folder = os.path.expanduser(self._shown)
        self._names = (timer_name(installation.id), service_name(installation.id))
        self._started = next(name for name in self._names if name in units)

    def shown(self) -> Iterator[str]:
        """Show what `install` would do."""
        done = self._found() == self._units
        yield f"These are in {self._shown} already:" if done else f"These would be written to {self._shown}:"
        for name, text in self._units.items():
            yield ""
            yield f"--- {name}"
            yield text.rstrip()
        yield ""
        yield f"They are started with: {_line('daemon-reload')} && {_line('enable', '--now', self._started)}"

    def install(self) -> Iterator[str]:
        """Write the units and start them; those that are up to date are left alone, and started if necessary."""
        _program()
        found = self._found()
        prepare_folder(self._installation)
        if found == self._units:
            self._call("enable", "--now", self._started)
            yield "systemd already runs the scheduler; nothing was changed."
            return
        if found and set(found) != set(self._units):
            self._call("daemon-reload")
            self._remove(found, is_reachable=True)
            self._call("daemon-reload")
        try:
            self._write(self._units)
            self._call("daemon-reload")
            self._call("enable", self._started)
            self._call("restart", self._started)
        except BaseException:
            self._put_back(found)
            raise
        yield f"systemd will now run the scheduler ({self._started}); output goes to {self._installation.log}."
        if not os.path.exists(os.path.join(self._lingering, getuser())):
            yield "Units of a user run while the user is logged in; `loginctl enable-linger` lets them run always."

    def shown_removal(self) -> Iterator[str]:
        """Show what `remove` would do."""
        found = self._found()
        yield f"These would be stopped and removed from {self._shown}:" if found else self._not_there()
        yield from found

    def remove(self) -> Iterator[str]:
        """Stop the units and remove them."""
        found = self._found()
        if not found:
            yield self._not_there()
            return
        problem = self._take_away(found)
        yield f"systemd no longer runs the scheduler: {' and '.join(found)} removed."
        if problem:
            yield f"systemd could not be reached ({problem}): what it has started already runs until it is stopped."

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

    def _write(self, units: Mapping[str, str]) -> None:
        os.makedirs(self._folder, exist_ok=True)
        for name, text in units.items():
            with open(os.path.join(self._folder, name), "w", encoding="utf-8") as file:
                file.write(text)

    def _put_back(self, before: Mapping[str, str]) -> None:
        """After a failed installation, restore the units as they were before."""
        is_reachable = not _refusal("daemon-reload")
        self._remove([name for name in self._found() if name not in before], is_reachable=is_reachable)
        if before:
            self._write(before)
        if is_reachable:
            _refusal("daemon-reload")
            if started := next((name for name in self._names if name in before), ""):
                _refusal("enable", "--now", started)

    def _take_away(self, found: Iterable[str]) -> str:
        """Stop and remove units; if systemd cannot be reached, remove only their files and return why."""
        problem = _refusal("daemon-reload")
        self._remove(found, is_reachable=not problem)
        return problem or _refusal("daemon-reload")

    def _remove(self, names: Iterable[str], *, is_reachable: bool) -> None:
        """Remove units and the links that enable them; one that systemd cannot read or never saw needs no stop."""
        for name in names:
            if is_reachable:
                _systemctl("disable", "--now", name)
            for path in (name, *(f"{target}.wants/{name}" for target in TARGETS)):
                with suppress(FileNotFoundError):
                    os.unlink(os.path.join(self._folder, path))

    def _call(self, *words: str) -> None:
        said = _refusal(*words)
        if said:
            raise InstallationFailed(
                f"`{_line(*words)}` failed: {said}. Nothing was installed. Fix that, or log in as the user that the "
                f"app runs as, and run this again."
            )


def _refusal(*words: str) -> str:
    """Return why systemd refused a command, empty if it did not."""
    try:
        done = _systemctl(*words)
    except InstallationFailed as error:
        return str(error).partition(":")[0]
    said = "; ".join(line.strip(" .") for line in done.stderr.splitlines() if line.strip())
    return (said or f"exit code {done.returncode}") if done.returncode else ""


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
