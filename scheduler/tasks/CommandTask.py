"""A task that runs a command line."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence

from scheduler.isolation import die_with_parent
from scheduler.Task import Task


class CommandFailed(Exception):
    """A command ended with an exit code other than 0."""


class CommandTask(Task):
    """A task that runs a command line, without a shell, every minute unless told otherwise.

    `command` is a line, split as a POSIX shell splits words (quoted arguments stay whole), or a sequence of arguments.
    What it writes is shown as it comes. An exit code other than 0, or a program that is not found, is a failure.
    """

    default_run_every = "1 minute"

    def __init__(self, command: str | Sequence[str] = "") -> None:
        self.command = command

    @property
    def default_key(self) -> str:
        """The command line: what tells several of these apart."""
        return self.command if isinstance(self.command, str) else shlex.join(self.command)

    def handle(self) -> None:
        """Run the command and wait for its end."""
        run_command(self.command)


def run_command(command: str | Sequence[str]) -> None:
    """Run a command line without a shell; raise `CommandFailed` unless it ends with exit code 0."""
    arguments = shlex.split(command) if isinstance(command, str) else list(command)
    if not arguments:
        raise CommandFailed("there is no command to run: pass one, as in CommandTask('python craft cache:clear')")
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        parent = os.getpid()
        code = subprocess.Popen(  # noqa: S603 - the app's own command, without a shell
            arguments,
            preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509 - it makes one system call
        ).wait()
    except FileNotFoundError:
        raise CommandFailed(f"{shlex.join(arguments)}: there is no program {arguments[0]!r} on the PATH") from None
    if code:
        ended = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        raise CommandFailed(f"{shlex.join(arguments)} {ended}")
