"""Commands and output, on cleo 0.8 and cleo 2."""

from __future__ import annotations

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
