"""Which Masonite the tests run with."""

from __future__ import annotations

import importlib.metadata


def masonite_major() -> int:
    """Return 4 or 5: both install the package `masonite`, from different distributions."""
    try:
        importlib.metadata.version("masonite-framework")
    except importlib.metadata.PackageNotFoundError:
        return 4
    return 5
