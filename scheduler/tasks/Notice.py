"""A warning about tasks or settings."""

from __future__ import annotations

from collections.abc import Collection


class Notice(str):
    """A warning in words; `keys` are the tasks it is about, none if it is about the settings."""

    __slots__ = ("keys",)
    keys: frozenset[str]

    def __new__(cls, text: str, *keys: str) -> Notice:
        """Return the warning."""
        notice = super().__new__(cls, text)
        notice.keys = frozenset(keys)
        return notice

    def is_about(self, keys: Collection[str]) -> bool:
        """Return whether it is about one of these tasks, or about the settings."""
        return not self.keys or not self.keys.isdisjoint(keys)
