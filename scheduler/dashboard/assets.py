"""The stylesheet, the script and the icon, each under an address that changes with its content."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from typing import Final, NamedTuple

from scheduler.dashboard.messages import NotThere, Reply

FOLDER: Final = os.path.join(os.path.dirname(__file__), "assets")
TYPES: Final = {
    "dashboard.css": "text/css; charset=utf-8",
    "dashboard.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
FOREVER: Final = "private, max-age=31536000, immutable"


class Asset(NamedTuple):
    """A file, and the name under which it is served."""

    name: str
    content: bytes
    content_type: str


@cache
def assets() -> dict[str, Asset]:
    """Return all assets by the name of their file."""
    return {name: _read(name) for name in TYPES}


def asset_reply(name: str) -> Reply:
    """Return the asset that is served under `name`."""
    for asset in assets().values():
        if asset.name == name:
            return Reply(200, asset.content, asset.content_type, {"Cache-Control": FOREVER})
    raise NotThere


def _read(name: str) -> Asset:
    with open(os.path.join(FOLDER, name), "rb") as file:
        content = file.read()
    stem, dot, ending = name.partition(".")
    return Asset(f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}{dot}{ending}", content, TYPES[name])
