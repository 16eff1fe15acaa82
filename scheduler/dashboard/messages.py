"""The request and the response of a page: frozen values, so that no page knows Masonite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

TEXT: Final = "text/plain; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Question:
    """One request: the path below the prefix, the values of the URL or of the form, and who sent it.

    `base` is the address of the overview, `token` what a form must send back, `csrf` what Masonite wants it to send.
    """

    method: str
    path: str
    base: str
    title: str = "Schedule"
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    may_manage: bool = False
    who: str = ""
    token: str = ""
    csrf: str = ""
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One response; `headers` come in addition to those that every response of the dashboard has."""

    status: int = 200
    body: bytes = b""
    content_type: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def text(cls, status: int, text: str) -> Reply:
        """Return a reply of plain text."""
        return cls(status, f"{text}\n".encode(), TEXT)

    @classmethod
    def redirect(cls, address: str) -> Reply:
        """Return a redirect to an address of the dashboard, for after an action."""
        return cls(303, b"", TEXT, {"Location": address})


class NotThere(Exception):
    """There is no such page, task or run."""
