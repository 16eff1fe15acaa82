"""Plain text for people: escaping, masking of secrets, locations and durations."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

MASK: Final = "***"
CONTROLS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Escape sequences, C1 controls, bidirectional controls, separators of lines, and half characters."""
SENSITIVE: Final = (
    r"(?:passw(?:or)?d|passphrase|(?<![a-z])pass|pwd|secret|token|credentials?|(?:api|access|private|stripe)[-_]?key)"
    r"(?:[-_](?!file|path)[\w-]{0,40}|s?\d{0,4})"
)
QUOTED: Final = r"""(?:"(?:[^"\\\n]|\\.){0,500}"|'[^'\n]{0,500}')"""
UNQUOTED: Final = r"""(?:[^\s'"\\&]|\\.)"""
REST: Final = r"""(?:"(?=\w)(?:[^"\\\n]|\\.){0,500}"|'(?=\w)[^'\n]{0,500}')(?![^\s&])"""
WORD: Final = rf"(?:{QUOTED}|['\"]?{UNQUOTED}+(?:{REST})?)"
"""A word of a command line, which may be quoted, or its end only; a quotation that is cut off counts too."""
PASSWORD_LETTERS: Final = "|".join(
    rf"{program}\s(?:[^\n]{{0,200}}?\s)?{letter}"
    for program, letter in (
        ("sshpass", "-p"), ("redis-cli", "-a"), ("mongo[a-z]{0,10}", "-p"), ("ldap[a-z]{1,10}", "-w"),
    )
)  # fmt: skip
"""Programs, and the letter after which each expects its password."""
KEY_IN_PATH: Final = "hook|hc-ping|cronitor|nosnch|deadmanssnitch"
"""Parts of the names of hosts whose URLs are secrets."""
SERVICE_TOKENS: Final = (
    r"gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk-|[rs]k_(?:live|test)_|AKIA|eyJ[\w-]{1,500}\.eyJ"
)
SECRETS: Final = (
    # https://token@host and postgres://user:password@host
    (r"\b(https?://)[^\s/'\"]{1,300}@", rf"\1{MASK}@"),
    (r"\b([a-z][a-z0-9+.-]{1,20}://[^\s/@:'\"]{0,100}):[^\s/'\"]{1,300}@", rf"\1:{MASK}@"),
    # webhooks, and addresses of which a part is the key
    (rf"\b(https?://[^\s/'\"]{{0,100}}(?:{KEY_IN_PATH})[^\s/'\"]{{0,100}}/)[^\s'\"]+", rf"\1{MASK}"),
    (r"\b(https?://[^\s'\"]{0,200}?/(?:(?:web)?hooks?|heartbeats?|ping)/)[^\s'\"]+", rf"\1{MASK}"),
    (r"\b(https?://[^\s'\"]{0,200}?/bot)\d+:[\w-]+", rf"\1{MASK}"),
    (r"([?&](?:key|sig|signature|auth|pk)=)[^\s&'\"]+", rf"\1{MASK}"),
    # --password=x, --password x, PGPASSWORD=x, ?token=x, "password": "x"
    (rf"({SENSITIVE}[\"']?\s{{0,3}}[=:]\s{{0,3}}){QUOTED}", rf"\1{MASK}"),
    (rf"({SENSITIVE}=){WORD}", rf"\1{MASK}"),
    (rf"((?<![\w-])--[\w-]{{0,40}}?{SENSITIVE}\s{{1,3}})(?!-){WORD}", rf"\1{MASK}"),
    (rf"((?<![\w-])--(?:auth=|oauth2-bearer[\s=])){WORD}", rf"\1{MASK}"),
    # a letter or a word that means a password to one program
    (rf"\b((?:mysql|mariadb)[\w-]{{0,20}}\s(?:[^\n]{{0,200}}?\s)?-p){WORD}", rf"\1{MASK}"),
    (r"\b((?:mysql|mariadb)[\w-]{0,20}\s(?:[^\n]{0,200}?\s)?'-p)[^'\n]{1,500}", rf"\1{MASK}"),
    (rf"\b((?:{PASSWORD_LETTERS})\s?){WORD}", rf"\1{MASK}"),
    (r"((?<![\w/.:])pass:)[^\s'\"]+", rf"\1{MASK}"),
    (r"((?<!\S)(?:-u|--user)[\s=]?[^\s:'\"]{1,100}:)[^\s'\"]+", rf"\1{MASK}"),
    (r"\b(authorization[\"']?\s?[:=]\s?[\"']?(?:[a-z]{1,20}\s)?)[^\s'\"]+", rf"\1{MASK}"),
    (r"\b(x-[\w-]{0,30}(?:key|token|secret):\s?)[^\s'\"]+", rf"\1{MASK}"),
    (r"\b(bearer\s)[\w+/=.~-]{16,}", rf"\1{MASK}"),
    # the tokens of well-known services
    (rf"\b(?:{SERVICE_TOKENS})[\w.-]{{8,}}", MASK),
)
"""What looks like a secret, and its replacement. All lengths are bounded, so a long text takes linear time."""
HINTS: Final = (
    "://", "pass", "pwd", "secret", "token", "key", "-u", "-p", "auth", "bearer",
    "gh", "glpat", "xox", "sk-", "k_live", "k_test", "akia", "eyj", "sig=", "credential", " -a", " -w", "pk=",
)  # fmt: skip
"""Every text with something like a secret contains one of these."""


def escape(text: str) -> str:
    """Return `text` with its control characters shown as Python writes them; line breaks and tabs stay."""
    return CONTROLS.sub(_escape, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """Return `text` as one line: control characters, line breaks and tabs are shown as escapes."""
    return escape(text).replace("\n", "\\n").replace("\t", "\\t")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return r"\r" if match[0] == "\r" else f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 - as Python writes them


def mask_secrets(text: str) -> str:
    """Return `text` with `***` for what looks like a secret in a command line, a URL or a webhook."""
    lowered = text.lower()
    if not any(hint in lowered for hint in HINTS):
        return text
    for pattern, shown in _secrets():
        text = pattern.sub(shown, text)
    return text


@lru_cache(maxsize=1)
def _secrets() -> list[tuple[re.Pattern[str], str]]:
    """Return the patterns, compiled when they are first needed: an idle tick needs none of them."""
    return [(re.compile(pattern, re.IGNORECASE), shown) for pattern, shown in SECRETS]


def to_json(value: Any, *, indent: int | None = 2) -> str:
    """Return `value` as JSON whose text is readable and holds no control characters."""
    import json  # noqa: PLC0415 - an idle tick needs none of it

    return CONTROLS.sub(
        lambda match: f"\\u{ord(match[0]):04x}" if match[0] >= "\x7f" else match[0],
        json.dumps(value, indent=indent, ensure_ascii=False),
    )


def with_location(text: str, location: str) -> str:
    """Return `text` with the file and line it is about, if known: 'it failed (app/tasks/Sync.py:3)'."""
    return f"{text} ({location})" if location else text


def counted(number: float, noun: str) -> str:
    """Return '1 task', '2 tasks' or '1.5 hours'."""
    shown = str(number) if isinstance(number, int) else f"{number:.3g}"
    return f"{shown} {noun}" if shown == "1" else f"{shown} {noun}s"


def elapsed(seconds: float) -> str:
    """Return how long something took: '38 ms', '3.2 s', '4 min 5 s', '2 h', '3 d 4 h'."""
    if seconds < 0.9995:  # noqa: PLR2004 - what would be shown as 1000 ms
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    for size, unit, part, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            return f"{whole} {unit}" + (f" {rest // part} {smaller}" if rest >= part else "")
    raise AssertionError
