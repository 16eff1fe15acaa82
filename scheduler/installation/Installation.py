"""The command that is called every minute."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.errors import WrongUsage
from scheduler.private_folder import FOLDER, LOG

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class Installation:
    """One app's folder, interpreter, `craft` and private folder, and the id by which its lines are found again.

    The private folder is relative to the app's, or absolute.

    Raises `WrongUsage` for a path that no crontab and no unit can hold: one with a line break, another control
    character or bytes that are no text, and for an interpreter in a folder with a colon, which `PATH` cannot name.
    """

    id: str
    folder: str
    python: str
    craft: str
    private_folder: str = FOLDER

    def __post_init__(self) -> None:
        for path in (self.folder, self.python, self.craft, self.private_folder):
            if bad := [character for character in path if _is_unwritable(character)]:
                raise WrongUsage(
                    f"{path!r} contains {bad[0]!r}, which cannot be written to a crontab or a unit: rename that folder."
                )
        if ":" in self.programs:
            hint = "move the virtual environment"
            raise WrongUsage(f"{self.programs!r} contains ':', which PATH does not allow: {hint}.")

    @property
    def log(self) -> str:
        """Return the file that a tick's output is appended to, relative to the app's folder or absolute."""
        return f"{self.private_folder}/{LOG}"

    @property
    def programs(self) -> str:
        """Return the folder of the interpreter, with the other programs of its virtual environment."""
        return self.python.rpartition("/")[0]

    @property
    def search_path(self) -> str:
        """Return the `PATH` that tasks have: the virtual environment's programs, then the system's."""
        return f"{self.programs}:{SYSTEM_PATH}"

    def command(self, *words: str) -> tuple[str, ...]:
        """Return the words that run a command of `craft` in the app's folder."""
        return self.python, self.craft, *words


def _is_unwritable(character: str) -> bool:
    return character < " " or character == "\x7f" or "\ud800" <= character <= "\udfff"
