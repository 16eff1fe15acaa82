"""docs/reference.md names everything public and nothing else: it is compared with the code.

Each section has tables; the first cells of a row are what the code says, the last one is what it means. A failure names the
rows to add, to change or to remove.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import pytest

import scheduler.commands
import scheduler.config.scheduler as config
from scheduler import InvalidSchedule, Task, errors
from scheduler.config.Settings import Settings
from scheduler.config.TaskOptions import DEFAULT, OPTIONS
from scheduler.diagnosis.doctor import CHECKS
from scheduler.masonite.CanSchedule import CanSchedule
from scheduler.masonite.console import command_name
from scheduler.masonite.SchedulerProxy import SchedulerProxy
from scheduler.runs import Outcome, Run, SkipReason
from scheduler.stores.schema import TABLES

from .pages import CONTRIBUTING, REFERENCE, ROOT, code_in, section_of, tables_in

Row = tuple[str, ...]
COMMANDS = {command_name(command(None)): command(None) for command in scheduler.commands.COMMANDS}
POLICY = {name: getattr(config, name.upper(), getattr(DEFAULT, name)) for name in OPTIONS}
SETTINGS = {name: value for name, value in vars(config).items() if name.isupper()}


# --- comparing -------------------------------------------------------------------------------------------------------


def assert_says(heading: str, wanted: Iterable[Row]) -> None:
    """The rows of all tables under `heading` start with the cells of `wanted`, each once, in any order."""
    wanted = list(wanted)
    width = len(wanted[0]) if wanted else 1
    tables = tables_in(section_of(REFERENCE, heading))
    found = [tuple(map(as_code_says, row[:width])) for table in tables for row in table[1:]]
    kept = {row[0] for row in wanted} & {row[0] for row in found}
    complaints = [f"add    {written(row)}" for row in wanted if row not in found and row[0] not in kept]
    complaints += [f"change {written(row)}" for row in wanted if row not in found and row[0] in kept]
    complaints += [f"remove {written(row)}" for row in found if row not in wanted and row[0] not in kept]
    complaints += [f"remove the second {written(row)}" for row in set(found) if found.count(row) > 1]
    assert not complaints, "\n".join(["", f"docs/reference.md, in the tables under '{heading}':", *complaints])


def as_code_says(cell: str) -> str:
    """A cell as it is compared: an option's value may have any name."""
    return re.sub(r"`(--[\w-]+) [A-Z]+`", r"`\1 VALUE`", cell)


def written(row: Row) -> str:
    return f"| {' | '.join(row)} | what it means |"


def code(text: object) -> str:
    return f"`{text}`"


def value(of: object) -> str:
    """A default as a page shows it."""
    return code(repr(of).replace("'", '"'))


# --- tasks -----------------------------------------------------------------------------------------------------------


def public(cls: type) -> dict[str, Any]:
    """What a class and the bases of this package that it mixes in have, by name."""
    bases = [base for base in reversed(cls.__mro__) if base.__module__.startswith("scheduler.")]
    return {name: member for base in bases for name, member in vars(base).items() if not name.startswith("_")}


def signature(function: Any, name: str | None = None) -> str:
    """How a function is called: its parameters and their defaults, without types."""
    parameters = list(inspect.signature(function).parameters.values())
    shown = [
        f"{'*' if parameter.kind is parameter.VAR_POSITIONAL else ''}{parameter.name}"
        + ("" if parameter.default is parameter.empty else f"={parameter.default!r}")
        for parameter in parameters
        if parameter.name != "self"
    ]
    return f"{name or function.__name__}({', '.join(shown)})"


def methods_of(cls: type) -> list[Row]:
    return [(code(signature(member, name)),) for name, member in public(cls).items() if inspect.isfunction(member)]


def test_every_attribute_of_a_task() -> None:
    attributes = {name: default for name, default in public(Task).items() if not inspect.isfunction(default)} | POLICY
    assert_says(
        "## Attributes of a task",
        [
            (code(name), value(default) if name in POLICY or (default and not isinstance(default, property)) else "")
            for name, default in attributes.items()
        ],
    )


def test_every_method_of_a_task() -> None:
    assert_says("## Methods of a task", methods_of(Task))


def test_every_attribute_of_a_run() -> None:
    attributes = [(code(name),) for name in [*(field.name for field in fields(Run)), *_properties(Run)]]
    assert_says("## A run", [*attributes, *methods_of(Run)])


def test_every_outcome_and_every_reason_for_a_skip() -> None:
    assert_says("## Outcomes", [(code(outcome.value),) for outcome in Outcome])
    assert_says("## Skip reasons", [(code(reason.value),) for reason in SkipReason])


def _properties(cls: type) -> list[str]:
    return [name for name, member in public(cls).items() if isinstance(member, property)]


# --- commands --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_and_option_of_a_command(name: str) -> None:
    assert_says(f"### `craft {name}`", [*_arguments(COMMANDS[name]), *_options(COMMANDS[name])])


def test_every_command_and_no_other() -> None:
    shown = re.findall(r"(?m)^### `craft (.+)`$", section_of(REFERENCE, "## Commands"))
    complaints = [f"add    ### `craft {name}`" for name in COMMANDS if name not in shown]
    complaints += [f"remove ### `craft {name}`" for name in shown if name not in COMMANDS]
    assert not complaints, "\n".join(["", "docs/reference.md, headings under '## Commands':", *complaints])


def _arguments(command: Any) -> list[Row]:
    """What cleo 2 or cleo 0.8 was told of arguments: `NAME`, `[NAME]` where it may be left out."""
    definition = getattr(command, "definition", None)
    arguments = definition.arguments if definition else command.config.arguments.values()
    return [
        (code(argument.name.upper() if argument.is_required() else f"[{argument.name.upper()}]"),)
        for argument in arguments
    ]


def _options(command: Any) -> list[Row]:
    """What cleo 2 or cleo 0.8 was told of options: `--name VALUE`, `-n`."""
    definition = getattr(command, "definition", None)
    options = (
        [(option.name, option.shortcut, option.accepts_value()) for option in definition.options]
        if definition
        else [
            (option.long_name, option.short_name, option.accepts_value())
            for option in command.config.options.values()
        ]
    )
    return [
        (code(f"--{name}{' VALUE' * takes_value}") + (f", {code(f'-{shortcut}')}" if shortcut else ""),)
        for name, shortcut, takes_value in options
    ]


def test_every_exit_code_is_in_the_reference() -> None:
    codes = [number for name, number in vars(errors).items() if name.isupper() and isinstance(number, int)]
    assert_says("## Exit codes", [(str(number),) for number in sorted(codes)])


# --- settings --------------------------------------------------------------------------------------------------------


def test_every_setting_is_in_the_reference() -> None:
    assert_says("## Settings", [(code(name), value(default)) for name, default in SETTINGS.items()])


def test_the_published_settings_are_the_defaults() -> None:
    """The published file has exactly the settings that are read, and its values are the defaults."""
    asked: list[str] = []
    published = Settings.read(lambda name: [asked.append(name), getattr(config, name.upper(), None)][1])
    assert sorted(name.upper() for name in asked) == sorted(SETTINGS)
    assert published == Settings()


# --- what can be imported --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["scheduler", "scheduler.tasks", "scheduler.providers", "scheduler.events", "scheduler.testing"])
def test_every_public_name_is_in_the_reference(module: str) -> None:
    loaded = importlib.import_module(module)
    names = {name: getattr(loaded, name) for name in loaded.__all__}
    assert_says(
        f"### From `{module}`",
        [(code(name if inspect.isclass(found) else signature(found)),) for name, found in names.items()],
    )


def test_every_error_is_in_the_reference() -> None:
    classes = [found for found in vars(errors).values() if inspect.isclass(found) and issubclass(found, errors.SchedulerError)]
    assert_says("### From `scheduler.errors`", [(code(found.__name__),) for found in classes])


def test_every_method_of_what_providers_use() -> None:
    assert_says("### Methods of `CanSchedule`", methods_of(CanSchedule))
    of_binding = [row for row in methods_of(SchedulerProxy) if row != (code("has_nothing_to_do()"),)]
    assert_says('### Methods of `application.make("scheduler")`', of_binding)


def test_every_attribute_of_invalid_schedule() -> None:
    error = InvalidSchedule("SayHi", "run_at", "25:00", "is no time", ["'5:30'"])
    assert_says("### Attributes of `InvalidSchedule`", [(code(name),) for name in vars(error)])


# --- other tables of everything --------------------------------------------------------------------------------------


def test_attributes_and_methods_stand_side_by_side_in_one_table() -> None:
    for_the_scheduler = {"conditions", "default_run_every"}
    questions = {"should_run", "next_run", "next_runs", "previous_run", "describe"}
    section = section_of(REFERENCE, "## Attributes and methods side by side")
    shown = {word for table in tables_in(section) for row in table for word in _words(row)}
    missing = set(public(Task)) - for_the_scheduler - questions - shown
    assert not missing, f"docs/reference.md, under '## Attributes and methods side by side': add {', '.join(sorted(missing))}"


def test_the_first_page_leads_to_every_other() -> None:
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert set(re.findall(r"\]\((\w[\w-]*\.md)\)", (ROOT / "docs/index.md").read_text(encoding="utf-8"))) == pages


def test_the_page_about_servers_names_every_table_of_the_store() -> None:
    text = (ROOT / "docs/servers.md").read_text(encoding="utf-8")
    assert [table for table in TABLES if f"`{table}`" not in text] == []


def test_the_page_about_troubleshooting_names_every_check_of_doctor() -> None:
    [table] = tables_in(section_of(ROOT / "docs/troubleshooting.md", "## Does everything work?"))
    assert [row[0] for row in table[1:]] == [code(check.__name__) for check in CHECKS]


def test_the_map_of_the_code_names_everything_in_it() -> None:
    there = {path.name for path in (ROOT / "scheduler").iterdir() if not path.name.startswith(("_", "py.typed"))}
    [table] = tables_in(section_of(CONTRIBUTING, "## The way through the code"))
    shown = {piece.rstrip("/") for row in table[1:] for piece in code_in(row[0])}
    assert shown == there, "CONTRIBUTING.md, table under '## The way through the code'"


def _words(cells: Iterable[str]) -> list[str]:
    return re.findall(r"\w+", " ".join(piece for cell in cells for piece in code_in(cell)))
