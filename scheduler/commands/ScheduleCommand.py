"""The base class of the scheduler's craft commands."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from masonite.commands import Command

from scheduler.commands.output import drop_unwritten
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
from scheduler.masonite.console import (
    command_name,
    has_option,
    is_coloured,
    is_terminal,
    refuse_with_code,
    why_lost,
    write_error,
    write_line,
)
from scheduler.masonite.SchedulerProxy import SchedulerProxy
from scheduler.text import escape, to_json

if TYPE_CHECKING:
    from scheduler.execution.Scheduler import Scheduler
    from scheduler.masonite.MasoniteApp import MasoniteApp


class ScheduleCommand(Command):
    """Base class: calls `act`, and reports errors in one line with an exit code."""

    def __init__(self, binding: SchedulerProxy) -> None:
        super().__init__()
        self.binding = binding
        refuse_with_code(self, self._refuse)

    @property
    def scheduler(self) -> Scheduler:
        """Return the scheduler."""
        return self.binding.scheduler

    @property
    def app(self) -> MasoniteApp:
        """Return the app."""
        return self.binding.app

    def handle(self) -> int:
        """Return the exit code of `act`, or the one for wrong usage or an unavailable store."""
        _keep_app_out_of_collections()
        try:
            code = self._code()
        finally:
            unwritten = drop_unwritten() or why_lost()
        if unwritten and self.is_answer:
            self.complain(f"The output cannot be written: {unwritten}.")
            return code or TASK_FAILED
        return code

    def _code(self) -> int:
        try:
            return self.act()
        except UnknownTask as error:
            return self._fail(_sentence(str(error)), WRONG_USAGE)
        except (WrongUsage, InvalidSchedule) as error:
            return self._fail(str(error), WRONG_USAGE)
        except InstallationFailed as error:
            return self._fail(str(error), TASK_FAILED)
        except StoreUnavailable as error:
            return self._fail(_sentence(f"{error}."), STORE_UNAVAILABLE)

    def _fail(self, problem: str, code: int) -> int:
        """Report why the command cannot do its work, with `--json` as a document too, and return the exit code."""
        self.complain(problem)
        if has_option(self, "json") and self.option("json"):
            write_line(self.io, to_json({"error": problem, "exit_code": code}))
        return code

    @property
    def is_answer(self) -> bool:
        """Return whether the command exists to print an answer: then it fails if that cannot be written."""
        return True

    def _refuse(self, problem: str) -> int:
        """Report what is wrong with the command line and return the exit code."""
        self.complain(f"{command_name(self)}: {problem}{self.hint(problem)}")
        return WRONG_USAGE

    def hint(self, problem: str) -> str:
        """Return how to fix a wrong command line."""
        return "" if problem.endswith("?") else f". Run craft {command_name(self)} --help to see its options."

    def act(self) -> int:
        """Run the command and return the exit code."""
        raise NotImplementedError

    def say(self, line: str) -> None:
        """Write lines of text; control characters in them are shown escaped."""
        write_line(self.io, escape(line))

    def show(self, lines: Iterable[str]) -> None:
        """Write the lines of a table, which has escaped and coloured its cells."""
        write_line(self.io, "\n".join(lines))

    def complain(self, line: str) -> None:
        """Write lines to stderr, with control characters escaped; if that fails, only the exit code reports it."""
        with suppress(OSError, ValueError):
            write_error(self.io, escape(line))

    @property
    def is_on_terminal(self) -> bool:
        """Return whether a person at a terminal reads the output."""
        return is_terminal(sys.stdout)

    def layout(self) -> dict[str, Any]:
        """Return the options that fit tables to the terminal: its width, and a function that colours words."""
        from scheduler.diagnosis.colours import painter
        from scheduler.diagnosis.columns import NARROWEST, USUAL, WIDEST

        width = shutil.get_terminal_size((USUAL, 24)).columns
        return {"width": min(max(width, NARROWEST), WIDEST), "paint": painter(coloured=is_coloured(self.io))}


def _keep_app_out_of_collections() -> None:
    """Exclude the objects of the booted app from garbage collections, if this process is a craft command.

    They live until the command ends. A tick takes a fifth less time that way, and shares more memory with its workers.
    """
    if os.path.basename(sys.argv[0]) == "craft":
        gc.freeze()


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
