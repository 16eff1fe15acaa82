"""A task that runs a command line."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence

from scheduler.config.call_site import call_site
from scheduler.errors import BrokenTask
from scheduler.processes import die_with_parent
from scheduler.Task import Task
from scheduler.text import mask_secrets

SHELL_OPERATOR = re.compile(r"\d*[<>]{1,2}.*|&>.*|[|&;]{1,2}|.*[^\\];")
"""A word that a shell would not pass on as an argument: a pipe, a redirection, the end of a command."""
SHELL_VARIABLE = re.compile(r"[^'\\$]*(\$(?:[a-z_]\w*|\{\w+\}|\())", re.ASCII | re.IGNORECASE)
"""The beginning of a word with a variable or a command outside of single quotes, which a shell would replace."""
LONGEST_SHOWN = 80
NO_COMMAND = "there is no command to run: pass one, as in CommandTask('python craft cache:clear')"


class CommandFailed(Exception):
    """A command ended with an exit code other than 0."""


class CommandTask(Task):
    """A task that runs a command line, every minute by default.

    `command` is a line, split as a POSIX shell splits words (quoted arguments stay whole), or a sequence of arguments.
    With `shell=True` a line is given to `/bin/sh`, which knows pipes and redirections. Its output is shown as it comes.
    An exit code other than 0, or a program that is not found, is a failure.
    """

    default_run_every = "1 minute"
    shell = False
    defined_at = ""

    def __init__(self, command: str | Sequence[str] = "", *, shell: bool = False) -> None:
        self.command = command
        self.shell = shell
        self.defined_at = call_site()

    @property
    def default_key(self) -> str:
        """Return the task's name, or its command line with secrets masked."""
        try:
            command = self.command if isinstance(self.command, str) else shlex.join(self.command)
        except TypeError:
            command = type(self).__name__  # `check` says what is wrong with the command
        return self.name or mask_secrets(command)

    def check(self) -> None:
        """Raise `BrokenTask` for a command that cannot be run as it is written."""
        check_command(self.command)
        is_empty = isinstance(self.command, str) and not self.command.strip()
        if is_empty and type(self).handle is CommandTask.handle:
            raise BrokenTask(NO_COMMAND)

    @property
    def notice(self) -> str:
        """Return a warning about a line that looks as if it were meant for a shell, empty if it does not."""
        operator = "" if self.shell else shell_operator(self.command)
        if not operator:
            return ""
        line = mask_secrets(str(self.command))
        problem = f"{line!r} passes {operator!r} to the program as an argument, since no shell reads it"
        return f"{problem}: use CommandTask(..., shell=True), or quote it"

    def handle(self) -> None:
        """Run the command and wait for its end."""
        run_command(["/bin/sh", "-c", self.command] if self.shell and isinstance(self.command, str) else self.command)


def check_command(command: object) -> None:
    """Raise `BrokenTask` for a command that is not text or cannot be split into words."""
    if not isinstance(command, str):
        parts = list(command) if isinstance(command, Sequence) and not isinstance(command, bytes) else None
        if not parts or not all(isinstance(part, str) for part in parts):
            hint = "pass a line, or a list of texts such as ['ls', '/tmp']"
            raise BrokenTask(f"{_shown(command)} is not a command: {hint}")
        _refuse_unprintable(*parts)
        return
    _refuse_unprintable(command)
    try:
        shlex.split(command)
    except ValueError as error:
        raise BrokenTask(f"{command!r} cannot be split into words ({error}): close the quotation") from None


def shell_operator(command: object) -> str:
    """Return the first part of a line that only a shell understands and that is not quoted, or an empty text."""
    if not isinstance(command, str):
        return ""
    words = shlex.shlex(command, posix=False)
    words.whitespace_split, words.commenters = True, ""
    try:
        return next(filter(None, map(_shell_part, words)), "")
    except ValueError:
        return ""


def _shell_part(word: str) -> str:
    if SHELL_OPERATOR.fullmatch(word):
        return word
    variable = SHELL_VARIABLE.match(word)
    return variable[1] if variable else ""


def _refuse_unprintable(*parts: str) -> None:
    for part in parts:
        if "\0" in part:
            raise BrokenTask(f"{part!r} has a zero byte, which no command can have: remove it")
        try:
            part.encode()
        except UnicodeEncodeError:
            raise BrokenTask(f"{part!r} is not valid Unicode: replace the bytes that cannot be decoded") from None


def _shown(command: object) -> str:
    try:
        text = repr(command)
    except Exception:  # noqa: BLE001 - whatever was given as a command
        return f"a {type(command).__name__}"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def run_command(command: str | Sequence[str]) -> None:
    """Run a command without a shell; raise `CommandFailed` unless it ends with exit code 0."""
    arguments = shlex.split(command) if isinstance(command, str) else list(command)
    if not arguments:
        raise CommandFailed(NO_COMMAND)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        parent = os.getpid()
        code = subprocess.Popen(  # noqa: S603 - the app's own command, without a shell
            arguments,
            preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509 - it makes one system call
        ).wait()
    except FileNotFoundError:
        missing = f"{shlex.join(arguments)}: there is no program {arguments[0]!r} on the PATH"
        raise CommandFailed(f"{missing}{_shell_hint(command)}") from None
    if code:
        ended = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        raise CommandFailed(f"{shlex.join(arguments)} {ended}{_shell_hint(command)}")


def _shell_hint(command: str | Sequence[str]) -> str:
    operator = shell_operator(command)
    return f"; no shell reads {operator!r}: use CommandTask(..., shell=True)" if operator else ""
