"""How much of a long text is kept."""

from __future__ import annotations

from typing import Final

LONGEST_TRACEBACK: Final = 65_536
"""The longest traceback that is kept and sent, in characters."""


def shorten(text: str, longest: int) -> str:
    """Return `text`; if it is longer than `longest` characters, its middle is replaced by how many were left out."""
    if len(text) <= longest:
        return text
    note = f" [… {len(text) - longest:,} characters left out …] "
    kept = max(0, longest - len(note))
    return f"{text[: kept - kept // 2]}{note}{text[len(text) - kept // 2 :]}"
