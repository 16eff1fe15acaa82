"""The lock that keeps two installations from writing one user's crontab at the same time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from scheduler.errors import InstallationFailed

LONGEST_WAIT = 30.0
PAUSE = 0.05


@contextmanager
def one_at_a_time(folder: str) -> Iterator[None]:
    """Hold the lock of this user's crontab, or wait for it; raise `InstallationFailed` after half a minute.

    It is a lock on the home folder, which all apps of the user have in common, and nothing is written there. A user
    without one locks the app's `folder`.
    """
    descriptor = _locked(os.path.expanduser(f"~{_user()}")) or _locked(folder)
    try:
        yield
    finally:
        if descriptor:
            os.close(descriptor)


def _user() -> str:
    """Return the name of the user whose crontab it is, whatever HOME says."""
    import pwd  # noqa: PLC0415 - Windows has none, and no crontab

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""


def _locked(folder: str) -> int | None:
    """Return a descriptor that holds the lock of a folder, None if this file system locks no folders."""
    import fcntl  # noqa: PLC0415 - see _user

    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    give_up = time.monotonic() + LONGEST_WAIT
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < give_up:
                time.sleep(PAUSE)
                continue
            os.close(descriptor)
            message = f"Another process has locked {folder} for {LONGEST_WAIT:.0f} seconds: nothing was changed."
            raise InstallationFailed(f"{message} Wait until it has ended, and run this again.") from None
        except OSError:
            os.close(descriptor)
            return None
        return descriptor
