"""The id by which an app's lines are found again."""

from __future__ import annotations

import re
from hashlib import sha256

from scheduler.errors import WrongUsage

LONGEST = 64


def installation_id(name: str, environment: str, key: str) -> str:
    """Return the id of the app with this `APP_NAME`, `APP_ENV` and `APP_KEY`.

    All three stay the same across deployments, so every release of an app has the same id. The name and the environment
    are for people; the digits differ if any of the three differs, and do not reveal the key.
    """
    digits = sha256(f"{name}\0{environment}\0{key}".encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return "-".join(filter(None, (_plain(name)[:24], _plain(environment)[:24], digits)))


def checked_id(given: str) -> str:
    """Return `given`; raise `WrongUsage` unless it is 1 to 64 ASCII letters, digits, `.`, `_` and `-`."""
    if len(given) <= LONGEST and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", given):
        return given
    raise WrongUsage(
        f"--id is made of at most {LONGEST} letters, digits, '.', '_' and '-', and not {given[:80]!r}: "
        f"--id {_plain(given)[:LONGEST] or 'blog'}."
    )


def _plain(text: str) -> str:
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")
