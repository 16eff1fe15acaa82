"""The base class of commands that run ticks and write a log of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import WrongUsage
from scheduler.masonite.console import is_quiet
from scheduler.text import escape

if TYPE_CHECKING:
    from scheduler.listeners import Listener
    from scheduler.listeners.output_format import OutputFormat


class TickCommand(ScheduleCommand):
    """Writes text for people on a terminal; otherwise lines of a log, or JSON objects."""

    @property
    def is_answer(self) -> bool:
        """Return False: a tick has done its work even if its lines cannot be written."""
        return False

    @property
    def is_log(self) -> bool:
        """Return whether the command writes lines of a log."""
        return not self.is_on_terminal

    @property
    def answers_on_stderr(self) -> bool:
        """Return whether stdout is reserved for the output of tasks."""
        return False

    @property
    def is_json_lines(self) -> bool:
        """Return whether the command writes JSON objects."""
        return bool(self.option("json-lines"))

    def say(self, line: str) -> None:
        """Write a line without waiting for a slow reader, since runs are supervised meanwhile."""
        self._print("INFO", line)

    def complain(self, line: str) -> None:
        """Write a line to stderr, as an error."""
        self._print("ERROR", line)

    def warn(self, line: str) -> None:
        """Write a line to stderr, as a warning."""
        self._print("WARNING", line)

    def _print(self, level: str, line: str) -> None:
        from scheduler.processes.output import print_error, print_line

        if not is_quiet(self.io):
            print_to = print_line if level == "INFO" and not self.answers_on_stderr else print_error
            print_to(self.format_line(level, line))

    def format_line(self, level: str, line: str) -> str:
        """Return a line as it is written: with time and level, as a JSON object, or plain on a terminal."""
        from scheduler.listeners.output_format import json_line, log_line

        if self.is_json_lines:
            return json_line(level, "error" if level == "ERROR" else "message", message=line)
        return log_line(level, line) if self.is_log else escape(line)

    def listener(self, *, output_format: OutputFormat | None, **options: Any) -> Listener:
        """Return the listener that reports ticks in the output of this command."""
        from scheduler.listeners import ConsoleListener, JsonLinesListener
        from scheduler.processes.output import print_line

        if self.is_json_lines:
            write = (lambda _: None) if is_quiet(self.io) else print_line
            return JsonLinesListener(write, verbose=bool(self.io.is_verbose()))
        verbose = bool(self.io.is_verbose())
        return ConsoleListener(
            self.say, self.complain, warn=self.warn, verbose=verbose, output_format=output_format, **options
        )

    def refuse_two_formats(self, *names: str) -> None:
        """Raise `WrongUsage` if more than one of the options that choose the output format is given."""
        given = [name for name in names if self.option(name)]
        if len(given) > 1:
            raise WrongUsage(f"--{given[0]} and --{given[1]} exclude each other: choose one.")
