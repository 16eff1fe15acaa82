"""How two kinds of cron pass a command to the shell, and an app to be called."""

from __future__ import annotations

from hypothesis import strategies as st

from scheduler.installation.crontab import EACH_MINUTE, block
from scheduler.installation.Installation import Installation

BLOG = Installation("blog", "/srv/blog", "/srv/blog/venv/bin/python", "/srv/blog/venv/bin/craft")

#: Names of folders that a shell, a cron or systemd might read as something else.
ODD_NAMES = st.text(
    st.sampled_from("a \\%'\"$`!&;|*?[]{}()<>#~=@-+^,.é\u2028") | st.characters(exclude_categories=["Cc", "Cs"]),
    min_size=1,
    max_size=10,
).filter(lambda name: "/" not in name and ":" not in name and name.strip("."))


def command_in(crontab: str) -> str:
    """The command of the one line that cron runs."""
    (line,) = (line for line in crontab.split("\n") if line.startswith(EACH_MINUTE))
    return line.removeprefix(f"{EACH_MINUTE} ")


def command_of(installation: Installation) -> str:
    return command_in(block(installation))


def as_vixie_reads(command: str) -> str:
    """Vixie's cron, cronie and Debian's: a backslash before `%` or a backslash goes, a bare `%` ends the command."""
    read, is_escaped = "", False
    for character in command:
        if is_escaped:
            read = read[:-1] + character if character in "%\\" else read + character
            is_escaped = False
        elif character == "%":
            break
        else:
            read += character
            is_escaped = character == "\\"
    return read


def as_busybox_reads(command: str) -> str:
    """Busybox's: a backslash before `%` goes, and no other; a bare `%` ends the command."""
    return command.replace(r"\%", "\0").partition("%")[0].replace("\0", "%")
