"""Preparing the private folder: it must exist before the log is opened, and gets the files of version 4.0.0."""

from __future__ import annotations

import errno
import os

from scheduler.installation.Installation import Installation
from scheduler.private_folder import OLD_FOLDER, OLD_LOG, make_folder

BACKUP = "crontab-"
"""How the names of copies of the crontab begin."""


def prepare_folder(installation: Installation) -> None:
    """Make the folder of the log; move the log and the copies of the crontab out of `storage/`, which is on the web."""
    folder = os.path.join(installation.folder, installation.private_folder)
    make_folder(folder)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, "the log cannot be written there", folder)
    old = os.path.join(installation.folder, OLD_FOLDER)
    moved = {os.path.join(old, name): os.path.join(folder, name) for name in backups_in(old)}
    moved[os.path.join(installation.folder, OLD_LOG)] = os.path.join(installation.folder, installation.log)
    for before, after in moved.items():
        if os.path.isfile(before) and not os.path.lexists(after):
            os.rename(before, after)


def backups_in(folder: str) -> list[str]:
    """Return the names of the copies of the crontab, the oldest first."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return []
    return sorted(each.name for each in entries if each.name.startswith(BACKUP) and each.is_file(follow_symlinks=False))
