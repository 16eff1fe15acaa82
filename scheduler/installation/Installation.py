"""What is called every minute."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.errors import WrongUsage

LOG = "storage/logs/scheduler.log"
"""Where what a tick writes is appended, relative to the app's folder."""

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class Installation:
    """One app's folder, interpreter and `craft`, and the id by which its lines are found again.

    Raises `WrongUsage` for a path that no crontab and no unit can hold: one with a line break, another control
    character or bytes that are no text, and for an interpreter in a folder with a colon, which `PATH` cannot name.
    """

    id: str
    folder: str
    python: str
    craft: str

    def __post_init__(self) -> None:
        for path in (self.folder, self.python, self.craft):
            if bad := [character for character in path if _is_unsayable(character)]:
                raise WrongUsage(
                    f"{path!r} holds {bad[0]!r}, which can be written into no crontab and no unit: rename that folder."
                )
        if ":" in self.programs:
            raise WrongUsage(f"{self.programs!r} holds ':', which PATH cannot name: move the virtual environment.")

    @property
    def programs(self) -> str:
        """The folder of the interpreter, with the other programs of its virtual environment."""
        return self.python.rpartition("/")[0]

    @property
    def search_path(self) -> str:
        """The `PATH` that tasks have: the virtual environment's programs, then the system's."""
        return f"{self.programs}:{SYSTEM_PATH}"

    def command(self, name: str) -> tuple[str, str, str]:
        """Return the words that run a command of `craft` in the app's folder."""
        return self.python, self.craft, name


def _is_unsayable(character: str) -> bool:
    return character < " " or character == "\x7f" or "\ud800" <= character <= "\udfff"
