"""The crontab of the user who runs the command."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from scheduler.errors import InstallationFailed
from scheduler.installation.crontab import block, blocks_of, insert_block, remove_block
from scheduler.installation.Installation import Installation
from scheduler.installation.lock import one_at_a_time
from scheduler.installation.log_folder import BACKUP, backups_in, prepare_folder
from scheduler.private_folder import remove_file, write_file

KEPT_BACKUPS = 10
TRIES = 3
"""How often the crontab is written if something else, such as an editor, writes it at the same moment."""
NO_CRONTAB = re.compile(r"(crontab: )?no crontab for \S+|crontab: can't open '[^/']+': No such file or directory")
"""What `crontab -l` prints for a user without a crontab: most crons, and BusyBox. Anything else is a failure."""
NO_PROGRAM = (
    "There is no program `crontab` on this machine: install cron, or use `craft schedule:install --systemd` or "
    "`craft schedule:work`."
)


class UserCrontab:
    """Puts an app's block into the user's crontab and removes it; each method yields lines that say what it did.

    All raise `InstallationFailed`, and change nothing, if there is no cron, if it refuses, or if markers are damaged.
    The last 10 crontabs that were replaced are kept in the app's private folder; only their owner can read them.
    """

    def __init__(self, installation: Installation, now: datetime) -> None:
        self._installation = installation
        self._now = now

    def shown(self) -> Iterator[str]:
        """Show what `install` would do; without cron it still shows the lines."""
        if shutil.which("crontab"):
            before = self._read()
            found = blocks_of(before, self._installation)
            if insert_block(before, self._installation) == before:
                yield "This is in your crontab already:"
            elif found:
                yield "This would replace the block in your crontab:"
            else:
                yield "This would go to the top of your crontab (by hand: `crontab -e`):"
        else:
            yield "This is for a crontab, and there is no program `crontab` on this machine:"
        yield ""
        yield block(self._installation).rstrip()
        if not os.path.isdir(self._in_app(self._installation.private_folder)):
            yield ""
            yield f"The folder {self._installation.private_folder} would be created."

    def install(self) -> Iterator[str]:
        """Insert the block, or replace the existing one; a block that is up to date is left alone."""
        before, backup = self._change(self._with_block)
        if not backup:
            yield "Cron already runs the scheduler every minute; nothing was changed."
            return
        yield f"Cron will now run the scheduler every minute; output goes to {self._installation.log}."
        for piece in blocks_of(before, self._installation):
            if piece.folder != self._installation.folder and os.path.isdir(piece.folder):
                yield (
                    f"It no longer does so in {piece.folder}. If that is another app, and not an older release of this "
                    f"one, install it again there with an --id of its own."
                )
        yield backup

    def shown_removal(self) -> Iterator[str]:
        """Show what `remove` would do."""
        found = blocks_of(self._read(), self._installation)
        yield "This would be removed from your crontab:" if found else self._not_there()
        for piece in found:
            yield ""
            yield piece.text.rstrip()

    def remove(self) -> Iterator[str]:
        """Remove the block."""
        _, backup = self._change(lambda before: remove_block(before, self._installation))
        if not backup:
            yield self._not_there()
            return
        yield "Cron no longer runs the scheduler."
        yield backup

    def _not_there(self) -> str:
        return f"There is no block of {self._installation.id} in your crontab; nothing to remove."

    def _in_app(self, path: str) -> str:
        return os.path.join(self._installation.folder, path)

    def _read(self) -> str:
        done = _crontab("-l")
        if not done.returncode:
            return done.stdout.decode("utf-8", "surrogateescape")
        lines = done.stderr.decode("utf-8", "replace").splitlines()
        if not any(NO_CRONTAB.fullmatch(line.strip()) for line in lines):
            said = _one_line(done.stderr) or f"exit code {done.returncode}"
            raise InstallationFailed(f"Your crontab cannot be read: {said}. Nothing was changed.")
        return ""

    def _with_block(self, before: str) -> str:
        after = insert_block(before, self._installation)
        prepare_folder(self._installation)
        return after

    def _change(self, edit: Callable[[str], str]) -> tuple[str, str]:
        """Replace the crontab by what `edit` returns for it; return the old one, and its copy's path if it changed.

        Other installations wait meanwhile, and the written crontab is read back, since another program may overwrite
        it.
        """
        with one_at_a_time(self._installation.folder):
            first = now = self._read()
            backup = ""
            for _ in range(TRIES):
                after = edit(now)
                if after == now:
                    return first, backup
                backup = self._write(now, after)
                now = self._read()
                if now == after:
                    return first, backup
            if edit(now) == now:
                return first, backup
        problem = "crontab accepted the change and does not show it: something else also writes your crontab"
        raise InstallationFailed(f"{problem}. {backup} Run this again.")

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
        prepare_folder(self._installation)
        folder = self._in_app(self._installation.private_folder)
        name = f"{BACKUP}{self._now:%Y-%m-%dT%H%M%S.%f}"
        self._now += timedelta.resolution  # a second copy takes no other's name
        write_file(os.path.join(folder, name), before.encode("utf-8", "surrogateescape"))
        for old in backups_in(folder)[:-KEPT_BACKUPS]:
            remove_file(os.path.join(folder, old))
        return f"The previous crontab is kept in {self._installation.private_folder}/{name}."


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
