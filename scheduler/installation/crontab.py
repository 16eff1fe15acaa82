"""The text of a crontab: inserting and removing an app's block."""

from __future__ import annotations

import re
import shlex
from typing import NamedTuple

from scheduler.errors import InstallationFailed
from scheduler.installation.Installation import Installation

MARK = "masonite-scheduler"
EACH_MINUTE = "* * * * *"
MARKER = re.compile(rf"# (BEGIN|END) {MARK} ([A-Za-z0-9._-]+)\n?")
LIKE_A_MARKER = re.compile(rf"\s*#[#\s]*(BEGIN|END)\s+{MARK}\b", re.IGNORECASE)
FIX = "fix it with `crontab -e`; nothing was changed."


class Piece(NamedTuple):
    """Some lines of a crontab: the block of the app `id`, or, with an empty `id`, lines before or after a block."""

    id: str
    text: str

    @property
    def folder(self) -> str:
        """Return the folder in which the block's line runs; empty if there is none."""
        for line in self.text.splitlines():
            if line.startswith(f"{EACH_MINUTE} cd "):
                try:
                    return shlex.split(line.replace(r"\%", "%"))[6]
                except (ValueError, IndexError):
                    return ""
        return ""

    def is_of(self, installation: Installation) -> bool:
        """Return whether this is a block of that app: one with its id, or one that runs in its folder."""
        return bool(self.id) and (self.id == installation.id or self.folder == installation.folder)


def block(installation: Installation) -> str:
    """Return the app's block, which sets no variable for the lines after it."""
    run = " ".join(in_crontab(word) for word in installation.command("schedule:run", "--log"))
    folder, log = in_crontab(installation.private_folder), in_crontab(installation.log)
    line = (
        f"cd {in_crontab(installation.folder)} && mkdir -pm 700 {folder} && "
        f"PATH={in_crontab(installation.search_path)} {run} >> {log} 2>&1"
    )
    return (
        f"# BEGIN {MARK} {installation.id}\n"
        "# Written by `craft schedule:install`, which replaces whatever stands between these two lines.\n"
        f"{EACH_MINUTE} {line}\n"
        f"# END {MARK} {installation.id}\n"
    )


def in_crontab(word: str) -> str:
    r"""Return `word` for /bin/sh in a line of cron.

    A bare `%` ends the line there, `\%` does not. Some crons make one backslash of two, others do not: so none is
    followed by another or by a `%`; quotes that end and begin again keep them apart.
    """
    return shlex.quote(word).replace("\\", "\\''").replace("%", r"\%")


def insert_block(crontab: str, installation: Installation) -> str:
    """Return `crontab` with the app's block.

    It takes the place of the one there is. A first one goes to the top: there no line before it sets a shell or
    other variables for it. Raises `InstallationFailed` for a crontab with damaged markers, as do the others.
    """
    if not blocks_of(crontab, installation):
        return block(installation) + crontab
    texts: list[str] = []
    is_placed = False
    for piece in pieces_of(crontab):
        if not piece.is_of(installation):
            texts.append(piece.text)
        elif not is_placed:
            texts.append(block(installation))
            is_placed = True
    return "".join(texts)


def remove_block(crontab: str, installation: Installation) -> str:
    """Return `crontab` without the app's block."""
    return "".join(piece.text for piece in pieces_of(crontab) if not piece.is_of(installation))


def blocks_of(crontab: str, installation: Installation) -> list[Piece]:
    """Return the blocks of the app: none, one, or more if its id was another before."""
    return [piece for piece in pieces_of(crontab) if piece.is_of(installation)]


def pieces_of(crontab: str) -> list[Piece]:
    """Return the crontab in pieces, which joined are the same text."""
    pieces = [Piece("", "")]
    begun = 0
    for number, line in enumerate(re.findall(r"[^\n]*\n|[^\n]+", crontab), 1):
        kind, found = _marker(line, number)
        if kind == "BEGIN":
            if begun:
                raise _damaged(number, f"begins a block before that of line {begun} has ended")
            if any(piece.id == found for piece in pieces):
                raise _damaged(number, f"begins a second block of {found!r}")
            begun = number
            pieces.append(Piece(found, ""))
        elif kind == "END" and not (begun and pieces[-1].id == found):
            raise _damaged(number, f"ends a block of {found!r} that no line before it begins")
        pieces[-1] = Piece(pieces[-1].id, pieces[-1].text + line)
        if kind == "END":
            begun = 0
            pieces.append(Piece("", ""))
    if begun:
        raise _damaged(begun, f"begins the block of {pieces[-1].id!r}, and no line ends it")
    return pieces


def _marker(line: str, number: int) -> tuple[str, str]:
    """Return which marker the line is, and its id; two empty texts for any other line."""
    if match := MARKER.fullmatch(line):
        return match[1], match[2]
    if LIKE_A_MARKER.match(line):
        raise _damaged(number, f"is almost, but not quite, a marker like `# BEGIN {MARK} blog`")
    return "", ""


def _damaged(number: int, problem: str) -> InstallationFailed:
    return InstallationFailed(f"Line {number} of your crontab {problem}: {FIX}")
