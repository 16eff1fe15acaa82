"""The crontab of the user who asks."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime

from scheduler.errors import InstallationFailed
from scheduler.installation.crontab import block, blocks_of, installed, removed
from scheduler.installation.Installation import LOG, Installation

BACKUPS = "storage/framework"
KEPT_BACKUPS = 10
OWNER_ONLY = 0o600
NO_PROGRAM = (
    "There is no program `crontab` on this machine: install cron, or use `craft schedule:install --systemd` or "
    "`craft schedule:work`."
)


class UserCrontab:
    """Puts an app's block into the user's crontab and takes it out; each method says in lines what came of it.

    All raise `InstallationFailed` where there is no cron, where it refuses, and for damaged markers; nothing has
    changed then. The crontab as it was is kept in the app's storage, the latest 10 times; only its owner can read it.
    """

    def __init__(self, installation: Installation, now: datetime) -> None:
        self._installation = installation
        self._now = now

    def shown(self) -> Iterator[str]:
        """Say what `install` would do; without cron it still shows the lines."""
        if shutil.which("crontab"):
            before = self._read()
            found = blocks_of(before, self._installation)
            if installed(before, self._installation) == before:
                yield "This is in your crontab already:"
            elif found:
                yield "This would take the place of the block in your crontab:"
            else:
                yield "This would go to the top of your crontab (by hand: `crontab -e`):"
        else:
            yield "This is for a crontab, and there is no program `crontab` on this machine:"
        yield ""
        yield block(self._installation).rstrip()
        if not os.path.isdir(os.path.dirname(self._in_app(LOG))):
            yield ""
            yield f"The folder {os.path.dirname(LOG)} would be made."

    def install(self) -> Iterator[str]:
        """Put the block in, in place of the one there is; what is as it should be is left alone."""
        before = self._read()
        after = installed(before, self._installation)
        os.makedirs(os.path.dirname(self._in_app(LOG)), exist_ok=True)
        if after == before:
            yield "Cron calls the scheduler every minute already; nothing was changed."
            return
        backup = self._write(before, after)
        yield f"Cron calls the scheduler every minute from now on; what it writes is appended to {LOG}."
        for piece in blocks_of(before, self._installation):
            if piece.folder != self._installation.folder and os.path.isdir(piece.folder):
                yield (
                    f"It did so in {piece.folder}, and no longer does: if that is another app and no older release of "
                    f"this one, install it anew there with an --id of its own."
                )
        yield backup

    def shown_removal(self) -> Iterator[str]:
        """Say what `remove` would do."""
        found = blocks_of(self._read(), self._installation)
        yield "This would be taken out of your crontab:" if found else self._not_there()
        for piece in found:
            yield ""
            yield piece.text.rstrip()

    def remove(self) -> Iterator[str]:
        """Take the block out."""
        before = self._read()
        after = removed(before, self._installation)
        if after == before:
            yield self._not_there()
            return
        backup = self._write(before, after)
        yield "Cron no longer calls the scheduler."
        yield backup

    def _not_there(self) -> str:
        return f"There is no block of {self._installation.id} in your crontab; nothing to remove."

    def _in_app(self, path: str) -> str:
        return os.path.join(self._installation.folder, path)

    def _read(self) -> str:
        done = _crontab("-l")
        said = _one_line(done.stderr)
        if done.returncode and not any(words in said.lower() for words in ("no crontab", "no such file")):
            raise InstallationFailed(f"Your crontab cannot be read: {said}. Nothing was changed.")
        return "" if done.returncode else done.stdout.decode("utf-8", "surrogateescape")

    def _write(self, before: str, after: str) -> str:
        """Replace the crontab `before` and say where that one is kept."""
        said = self._keep(before)
        done = _crontab("-", after) if after else _crontab("-r")
        if done.returncode:
            raise InstallationFailed(f"crontab refused it, and nothing was changed: {_one_line(done.stderr)}")
        return said

    def _keep(self, before: str) -> str:
        if not before:
            return "You had no crontab before."
        folder = self._in_app(BACKUPS)
        os.makedirs(folder, exist_ok=True)
        name = f"crontab-{self._now:%Y-%m-%dT%H%M%S.%f}"
        with open(os.open(os.path.join(folder, name), os.O_CREAT | os.O_WRONLY, OWNER_ONLY), "wb") as file:
            file.write(before.encode("utf-8", "surrogateescape"))
        for old in sorted(other for other in os.listdir(folder) if other.startswith("crontab-"))[:-KEPT_BACKUPS]:
            os.unlink(os.path.join(folder, old))
        return f"The crontab as it was is kept in {BACKUPS}/{name}."


def _crontab(argument: str, text: str = "") -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("crontab")
    if program is None:
        raise InstallationFailed(NO_PROGRAM)
    command = [program, argument]
    given = text.encode("utf-8", "surrogateescape")
    language = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(command, input=given, capture_output=True, check=False, env=language)  # noqa: S603 - our words


def _one_line(said: bytes) -> str:
    return "; ".join(line.strip(" .") for line in said.decode("utf-8", "replace").splitlines() if line.strip())
