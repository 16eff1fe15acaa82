"""What the craft commands of the scheduler have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from masonite.commands import Command

from scheduler.errors import (
    STORE_UNAVAILABLE,
    TASK_FAILED,
    WRONG_USAGE,
    InstallationFailed,
    InvalidSchedule,
    StoreUnavailable,
    UnknownTask,
    WrongUsage,
)
from scheduler.masonite.Binding import Binding
from scheduler.masonite.console import command_name, refuse_with_code, write_error, write_line

if TYPE_CHECKING:
    from scheduler.masonite.MasoniteApp import MasoniteApp
    from scheduler.Scheduler import Scheduler


class ScheduleCommand(Command):
    """Calls `act`, and says in one line what it cannot do."""

    def __init__(self, binding: Binding) -> None:
        super().__init__()
        self.binding = binding
        refuse_with_code(self, self._refuse)

    @property
    def scheduler(self) -> Scheduler:
        """The scheduler."""
        return self.binding.scheduler

    @property
    def app(self) -> MasoniteApp:
        """The app."""
        return self.binding.app

    def handle(self) -> int:
        """Return the exit code of `act`, or the one for wrong usage or a store that is away."""
        try:
            return self.act()
        except (WrongUsage, UnknownTask, InvalidSchedule) as error:
            self.complain(_sentence(str(error)) if isinstance(error, UnknownTask) else str(error))
            return WRONG_USAGE
        except InstallationFailed as error:
            self.complain(str(error))
            return TASK_FAILED
        except StoreUnavailable as error:
            self.complain(_sentence(f"{error}."))
            return STORE_UNAVAILABLE

    def _refuse(self, problem: str) -> int:
        """Say what is wrong with the command line and return the exit code."""
        name = command_name(self)
        mend = "" if problem.endswith("?") else f"; `craft {name} --help` shows what it takes"
        self.complain(f"{name}: {problem}{mend}")
        return WRONG_USAGE

    def act(self) -> int:
        """Do what the command is for and return the exit code."""
        raise NotImplementedError

    def say(self, line: str) -> None:
        """Write a line as it is."""
        write_line(self.io, line)

    def complain(self, line: str) -> None:
        """Write a line as it is to the error output."""
        write_error(self.io, line)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
