"""Wrong usage of any command: one clear line, the closest valid value, exit code 2, and nothing happens."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

import scheduler.commands
from scheduler.masonite.console import command_name

from .apps import ALWAYS, NOON, App
from .conftest import Maker

pytestmark = pytest.mark.measured

TASKS = f"""
class SayHi(Task):
    {ALWAYS}

    def handle(self):
        print('Hi!')


class CloseBooks(Task):
    run_at = '2:30'
    timezone = 'Europe/Berlin'
    name = 'year end'

    def handle(self):
        print('closed')
"""

#: Each with words that its one line has.
WRONG = [
    ("schedule:run --tsk SayHi", "no option --tsk", "did you mean --task?"),
    ("schedule:run -z", "no option -z", "craft schedule:run --help"),
    ("schedule:run -fz", "no option -z", "craft schedule:run --help"),
    ("schedule:run SayHi", "schedule:run:", "craft schedule:run --task SayHi"),
    ("schedule:run --force=yes", '"--force" option does not accept a value', "--help"),
    ("schedule:run --task SayHo", "'SayHo'", "did you mean SayHi?"),
    ("schedule:run --task zzz", "'zzz'", "craft schedule:list"),
    ("schedule:run --task SayHi --task Nobody", "'Nobody'"),
    ("schedule:run --task", "--task"),
    ("schedule:run --task=", "--task"),
    ("schedule:run --at 10:00", "--at", "--dry-run"),
    ("schedule:run --dry-run --at 2027-02-30", "'2027-02-30'", "'2027-02-28'"),
    ("schedule:run --dry-run --at", "--at", "'2027-01-31 08:00'"),
    ("schedule:list --next nothing", "'nothing'", "--next 1"),
    ("schedule:list --next 0", "'0'", "--next 1"),
    ("schedule:list --next", "--next", "--next 1"),
    ("schedule:list --timezone Europe/Riag", "'Europe/Riag'", "'Europe/Riga'"),
    ("schedule:list --timezone", "--timezone", "Europe/Riga"),
    ("schedule:list extra", "schedule:list:", "--help"),
    ("schedule:history 99", "no run 99", "nothing has run yet"),
    ("schedule:history 999999999999999999999999999999", "no run 9999", "nothing has run yet"),
    ("schedule:history Nobody", "'Nobody'"),
    ("schedule:history --since yesterdy", "'yesterdy'", "'2027-01-31 08:00'", "'2 hours ago'"),
    ("schedule:history --since 2minuts", "unknown unit 'minuts'", "'2 minutes'"),
    ("schedule:run --dry-run --at 9", "'9'", "'9:00'"),
    ("schedule:run --dry-run --at 5pm", "'5pm'", "'17:00'"),
    ("schedule:history --since 2027-13-01", "'2027-13-01'", "'2027-12-01'"),
    ("schedule:history --since", "--since", "'2027-01-31 08:00'"),
    ("schedule:history --limit=-1", "'-1'", "--limit 20"),
    ("schedule:history --limit many", "'many'", "--limit 20"),
    ("schedule:history one two", "schedule:history:", "--help"),
    ("schedule:explain", "task", "craft schedule:explain --help"),
    ("schedule:explain SayHo", "'SayHo'", "did you mean SayHi?"),
    ("schedule:explain SayHi --at 25:00", "'25:00'", "23:00"),
    ("schedule:explain SayHi --at", "--at", "'2027-01-31 08:00'"),
    ("schedule:simulate --from soon", "'soon'", "'2027-01-31 08:00'"),
    ("schedule:simulate --from", "--from", "'2027-01-31 08:00'"),
    ("schedule:simulate --to later", "'later'", "'2027-01-31 08:00'", "'2 weeks'"),
    ("schedule:simulate --to", "--to", "'2027-01-31 08:00'"),
    ("schedule:simulate --from 2027-02-01 --to 2027-01-01", "--to 2027-01-01", "--from 2027-02-01", "'1 week'"),
    ("schedule:simulate --from 2027-02-01 --to 2027-02-01", "not after"),
    ("schedule:simulate --from 2027-01-01 --to 2047-01-01", "ten years"),
    ("schedule:simulate --count --heat", "--count", "--heat", "choose one"),
    ("schedule:simulate --task Nobody", "'Nobody'"),
    ("schedule:simulate --task", "--task"),
    ("schedule:simulate --timezone Mars", "'Mars'", "try '"),
    ("schedule:simulate --timezone", "--timezone", "Europe/Riga"),
    ("schedule:doctor please", "schedule:doctor:", "--help"),
    ("schedule:doctor --jason", "no option --jason", "did you mean --json?"),
    ("schedule:unlock", "task", "craft schedule:unlock --help"),
    ("schedule:unlock Nobody", "'Nobody'"),
    ("schedule:unlock ''", "name of the task is empty"),
    ("schedule:pause ''", "name of the task is empty"),
    ("schedule:resume ''", "name of the task is empty"),
    ("schedule:history ' '", "name of the task is empty"),
    ("schedule:explain CloseBooks --at 9999-12-31", "beyond the calendar"),
    ("schedule:simulate --from 9999-12-31", "beyond the calendar"),
    ("schedule:unlock SayHi CloseBooks", "schedule:unlock:", "--help"),
    ("schedule:test", "needs a terminal"),
    ("task SayHo --every sometimes", "sometimes"),
    ("task SayHo --every 1day --at 25:00", "25:00"),
    ("schedule:metrics now", "schedule:metrics:", "--help"),
    ("schedule:table now", "schedule:table:", "--help"),
    ("schedule:work --relaod", "no option --relaod", "did you mean --reload?"),
    ("schedule:work now", "schedule:work:", "--help"),
    ("schedule:install --sytemd", "no option --sytemd", "did you mean --systemd?"),
    ("schedule:install --work", "--work goes with --systemd"),
    ("schedule:install --id", "--id needs a value", "--id blog"),
    ("schedule:install --show --id b/log", "'b/log'"),
    ("schedule:pause SayHo", "'SayHo'", "did you mean SayHi?"),
    ("schedule:pause SayHi --until 2027-02-30", "'2027-02-30'", "'2027-02-28'"),
    ("schedule:pause SayHi --until never", "'never'", "'2027-01-31 08:00'", "'in 2 hours'"),
    ("schedule:pause --until", "--until", "'2027-01-31 08:00'"),
    ("schedule:pause --reason", "--reason takes a text"),
    ("schedule:pause SayHi --untill 10:00", "no option --untill", "did you mean --until?"),
    ("schedule:resume SayHo", "'SayHo'", "did you mean SayHi?"),
    ("schedule:resume one two", "schedule:resume:", "--help"),
    ("schedule:cache now", "schedule:cache:", "--help"),
    ("schedule:clear now", "schedule:clear:", "--help"),
    ("task", "name", "craft task --help"),
    ("task 1st", "'1st'", "SayHi"),
    ("task SayHo -d", "--directory", "app/tasks"),
    ("task SayHo --directroy app", "no option --directroy", "did you mean --directory?"),
]


@pytest.fixture
def app(app: App) -> App:
    app.tasks(TASKS)
    return app


@pytest.mark.parametrize("row", WRONG, ids=lambda row: row[0])
def test_wrong_usage_is_one_line_with_the_fix_and_exit_code_2(app: App, row: tuple[str, ...]) -> None:
    line, *words = row
    before = app.files()
    done = app.craft(*shlex.split(line), at=NOON).exits(2)
    assert done.out == ""
    assert len(done.err.splitlines()) == 1, done
    for word in words:
        assert word in done.err, (word, done.err)
    assert app.files() == before


def test_each_command_and_each_option_that_takes_a_value_is_in_the_table() -> None:
    lines = [row[0].replace("=", " ").split() for row in WRONG]
    for command in scheduler.commands.COMMANDS:
        made = command(None)  # type: ignore[arg-type]  # nothing is asked of the scheduler
        name = command_name(made)
        words = {word for line in lines if line[0] == name for word in line}
        assert words, f"add a row for {name}"
        for long, short, takes_value in options_of(made):
            assert not takes_value or words & {f"--{long}", f"-{short}"}, f"add a row for {name} --{long}"


def options_of(command: Any) -> list[tuple[str, str | None, bool]]:
    """What cleo 2 or cleo 0.8 was told of options."""
    definition = getattr(command, "definition", None)
    if definition:
        return [(option.name, option.shortcut, option.accepts_value()) for option in definition.options]
    options = command.config.options.values()
    return [(option.long_name, option.short_name, option.accepts_value()) for option in options]


def test_a_task_option_in_an_app_without_tasks_says_how_to_write_one(make: Maker) -> None:
    assert "Run craft task SayHi to create one." in make(name="empty").craft("schedule:run", "--task=SayHi").exits(2).err


def test_the_closest_run_is_the_latest(app: App) -> None:
    app.keep_runs().craft("schedule:run", "--task", "SayHi").exits(0)
    assert app.craft("schedule:history", "7").exits(2).err.startswith("There is no run 7: the latest is 1.")


def test_help_is_no_wrong_usage(app: App) -> None:
    for name in ("schedule:run", "schedule:simulate", "schedule:explain"):
        assert "--json" in app.craft(name, "--help").exits(0).out


def test_python_craft_exits_with_2_for_wrong_usage(app: App) -> None:
    done = app.python_craft("schedule:run", "--tsk", "SayHi").exits(2)
    assert done.err == "schedule:run: there is no option --tsk; did you mean --task?\n"


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("schedule:explain CloseBooks --at 2027-03-28T02:30", "never shows 2:30 on 2027-03-28"),
        ("schedule:explain CloseBooks --at 2027-10-31T02:30", "shows 2:30 on 2027-10-31 twice"),
        ("schedule:simulate --count --timezone Europe/Berlin --from 2027-03-28T02:30", "never shows 2:30"),
        ("schedule:simulate --count --timezone Europe/Berlin --from 2027-01-01 --to 2027-10-31T02:30", "twice"),
    ],
)
def test_dates_that_the_clock_skips_or_repeats_are_taken_with_a_note(app: App, line: str, note: str) -> None:
    done = app.craft(*line.split()).exits(0)
    assert done.err.startswith("Note: --")
    assert note in done.err
    assert len(done.err.splitlines()) == 1
