"""Commands and output, on cleo 0.8 and cleo 2."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any


def install_command(capsule: Any, command: Any) -> None:
    """Add `command` to Masonite's command capsule, in place of one of the same name."""
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
    """Let `refuse`, told what is wrong, give the exit code of a command line that does not fit `command`.

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
    from clikit.api.args.exceptions import CannotParseArgsException, NoSuchOptionException  # noqa: PLC0415
    from clikit.args import DefaultArgsParser  # noqa: PLC0415

    class Parser(DefaultArgsParser):
        """Parses as always; what does not fit becomes the command's own answer."""

        def parse(self, args: Any, fmt: Any, lenient: bool = False) -> Any:
            self._options.clear()
            try:
                return super().parse(args, fmt, lenient)
            except (CannotParseArgsException, NoSuchOptionException) as error:
                refusal = _refusal(str(error), list(fmt.get_options()))
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
    mend = f"; did you mean --{close[0]}?" if close else ""
    return f"there is no option {'-' if len(name) == 1 else '--'}{name}{mend}"


def command_name(command: Any) -> str:
    """Return the name of a command of cleo 0.8 or cleo 2."""
    config = getattr(command, "config", None)
    return str(config.name if config is not None and hasattr(config, "name") else command.name)


def write_line(io: Any, text: str) -> None:
    """Write a line as it is, whatever tags users put into their names."""
    if hasattr(io, "write_raw"):
        io.write_raw(f"{text}\n")
    else:
        io.write(text, new_line=True, type=_raw())


def write_error(io: Any, text: str) -> None:
    """Write a line as it is to the error output."""
    if hasattr(io, "error_raw"):
        io.error_raw(f"{text}\n")
    else:
        io.write_error(text, new_line=True, type=_raw())


def _raw() -> Any:
    from cleo.io.outputs.output import Type  # noqa: PLC0415 - cleo 2 only

    return Type.RAW
