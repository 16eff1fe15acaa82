"""Commands and output, on cleo 0.8 and cleo 2."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

_lost: list[str] = []
"""Why lines on the standard output could not be written."""


def install_command(capsule: Any, command: Any) -> None:
    """Add `command` to Masonite's command capsule, instead of one of the same name."""
    name = command_name(command)
    capsule.command_name[:] = [other for other in capsule.command_name if other != name]
    capsule.commands[:] = [other for other in capsule.commands if command_name(other) != name]
    application = capsule.command_application
    if hasattr(application, "named_commands"):
        for collection in (application.commands, application.named_commands, application.default_commands):
            collection._commands.pop(name, None)  # noqa: SLF001 - cleo 0.8 has no way to remove a command
    else:
        application._commands.pop(name, None)  # noqa: SLF001 - neither has cleo 2
    capsule.add(command)


def refuse_with_code(command: Any, refuse: Callable[[str], int]) -> None:
    """Let `refuse`, called with what is wrong, return the exit code of a command line that does not fit `command`.

    Both versions of cleo would end with 1, as if a task had failed.
    """
    config = getattr(command, "config", None)
    if config is None:
        _refuse_on_cleo_2(command, refuse)
    else:
        config.set_args_parser(_parser_on_cleo_08(command, refuse))


def _refuse_on_cleo_2(command: Any, refuse: Callable[[str], int]) -> None:
    run = command.run

    def run_or_refuse(io: Any) -> int:
        from cleo.exceptions import CleoError  # noqa: PLC0415 - cleo 2 only

        try:
            return int(run(io))
        except CleoError as error:
            command._io = io  # noqa: SLF001 - it would be set a moment later
            return refuse(_refusal(str(error), [option.name for option in command.definition.options]))

    command.run = run_or_refuse


def _parser_on_cleo_08(command: Any, refuse: Callable[[str], int]) -> Any:
    from clikit.api.args import Args  # noqa: PLC0415 - cleo 0.8 only
    from clikit.api.args.exceptions import CannotParseArgsException, NoSuchOptionException  # noqa: PLC0415 - cleo 0.8
    from clikit.args import DefaultArgsParser  # noqa: PLC0415 - cleo 0.8 only

    class Parser(DefaultArgsParser):
        """Parses as cleo does, and lets the command report a command line that does not fit."""

        def parse(self, args: Any, fmt: Any, lenient: bool = False) -> Any:
            self._options.clear()
            try:
                return super().parse(args, fmt, lenient)
            except (CannotParseArgsException, NoSuchOptionException) as error:
                refusal = _refusal(str(error), list(fmt.get_options()))
                words = [word for word in args.tokens if not word.startswith("-")]
                if refusal == "too many arguments" and words:
                    refusal += f', got "{words[-1]}"'
                command.handle = lambda: refuse(refusal)
                return Args(fmt, args)

    return Parser()


def _refusal(error: str, options: list[str]) -> str:
    """Return what cleo finds wrong with a command line, with the closest option there is."""
    text = " ".join(error.split()).rstrip(".")
    unknown = re.search('"-*([^"]+)"', text) if "not exist" in text else None
    if unknown is None:
        return f"{text[:1].lower()}{text[1:]}"
    from difflib import get_close_matches  # noqa: PLC0415 - only for somebody who has mistyped

    name = unknown[1]
    close = get_close_matches(name, options, n=1)
    hint = f"; did you mean --{close[0]}?" if close else ""
    return f"there is no option {'-' if len(name) == 1 else '--'}{name}{hint}"


def command_name(command: Any) -> str:
    """Return the name of a command of cleo 0.8 or cleo 2."""
    config = getattr(command, "config", None)
    return str(config.name if config is not None and hasattr(config, "name") else command.name)


def has_option(command: Any, name: str) -> bool:
    """Return whether a command of cleo 0.8 or cleo 2 takes an option."""
    if hasattr(command, "definition"):
        return bool(command.definition.has_option(name))
    return bool(command.config.build_args_format().has_option(name))


def write_line(io: Any, text: str) -> None:
    """Write a line as it is, whatever tags users put into their names; a line that cannot be written is dropped."""
    _write(io.write_raw if hasattr(io, "write_raw") else partial(io.write, type=_raw()), text, sys.stdout)


def is_quiet(io: Any) -> bool:
    """Return whether the user asked for no output (`-q`)."""
    output = io if hasattr(io, "is_quiet") else io.output
    return bool(output.is_quiet() if callable(output.is_quiet) else output.is_quiet)


def write_error(io: Any, text: str) -> None:
    """Write a line as it is to the error output; a line that cannot be written is dropped."""
    _write(io.error_raw if hasattr(io, "error_raw") else partial(io.write_error, type=_raw()), text, sys.stderr)


def _write(write: Callable[[str], object], text: str, stream: Any) -> None:
    """Write a line; letters that the stream has not are shown as escapes, and nothing is raised."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    with suppress(ValueError, LookupError):  # a closed stream
        try:
            write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        except OSError as error:
            if stream is sys.stdout and not isinstance(error, BrokenPipeError):
                _lost.append(error.strerror or str(error))


def why_lost() -> str:
    """Return why a line on the standard output was lost, empty if none was, or if its reader has stopped reading."""
    return _lost.pop() if _lost else ""


def is_interactive(io: Any) -> bool:
    """Return whether a person can be asked: both streams are terminals, and `--no-interaction` was not given."""
    may_ask = io.is_interactive() if hasattr(io, "is_interactive") else True
    return bool(may_ask) and is_terminal(sys.stdin) and is_terminal(sys.stdout)


def ask(question: str) -> str:
    """Ask a person and return the answer, empty if there is none."""
    try:
        return input(question).strip()
    except EOFError:  # Ctrl-D leaves the cursor behind the question
        print(flush=True)  # noqa: T201 - a person at a terminal reads it
        return ""


def is_coloured(io: Any) -> bool:
    """Return whether the output takes colours: it is a terminal, and neither `--no-ansi` nor NO_COLOR forbids them."""
    output = io.output
    takes = output.supports_ansi() if hasattr(output, "write_raw") else output.is_decorated()
    return bool(takes) and not os.environ.get("NO_COLOR") and is_terminal(sys.stdout)


def is_terminal(stream: Any) -> bool:
    """Return whether a stream is a terminal; one that is closed or missing is not."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def _raw() -> Any:
    from cleo.io.outputs.output import Type  # noqa: PLC0415 - cleo 2 only

    return Type.RAW
