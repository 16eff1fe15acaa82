"""Output on a terminal: answers, questions, colours, tables that fit."""

from __future__ import annotations

import re

import pytest

from .apps import ALWAYS, NEVER, NOON, TOOK, App

pytestmark = pytest.mark.twice

TASKS = f"""
class SayHi(Task):
    {ALWAYS}
    name = 'hey'

    def handle(self):
        print('Hi!')


class Nightly(Task):
    {NEVER}

    def handle(self):
        print('good night')


class Rebuild(Task):
    def handle(self):
        print('rebuilt')
"""


@pytest.fixture
def shop(app: App) -> App:
    app.tasks(TASKS)
    return app


# -- answers --


def test_a_second_run_in_a_minute_says_what_the_first_one_did(shop: App) -> None:
    shop.keep_runs()
    shop.craft("schedule:run", at=NOON).exits(0)
    done = shop.craft("schedule:run", "--task", "hey", at=NOON).exits(0)
    assert done.out == ""
    assert done.err == "SayHi already ran for 12:00. Use --force to run it again.\n"


def test_a_second_run_of_a_paused_task_says_that_it_was_skipped(shop: App) -> None:
    shop.keep_runs()
    shop.craft("schedule:pause", "hey", "--reason", "a move", at=NOON).exits(0)
    shop.craft("schedule:run", at=NOON).exits(0)
    told = shop.craft("schedule:run", "--task", "hey", at=NOON).exits(0).err
    assert re.fullmatch(r"SayHi was already skipped for 12:00: paused by \S+: a move. Use --force to run it now.\n", told)


def test_a_task_asked_for_by_name_gets_an_answer_without_a_terminal(shop: App) -> None:
    done = shop.craft("schedule:run", "--task", "SayHi", at=NOON).exits(0)
    assert done.out == "Hi!\n", "its output alone"
    assert re.fullmatch(rf"SayHi succeeded in {TOOK}\n", done.err)
    told = shop.craft("schedule:run", "--task", "Nightly", at=NOON).exits(0).err
    assert re.fullmatch(r"Nightly is not due: at 0:00 on .*; next run \d{4}-\d\d-\d\d 00:00\n", told)


def test_successes_are_silent_under_cron(shop: App) -> None:
    shop.keep_runs()
    assert shop.craft("schedule:run", at=NOON).exits(0).out == "Hi!\n"
    assert shop.craft("schedule:run", at=NOON).exits(0).out == ""


def test_a_name_without_its_option_is_answered_with_the_option(shop: App) -> None:
    assert "craft schedule:run --task SayHi" in shop.craft("schedule:run", "SayHi").exits(2).err


# -- questions --


@pytest.mark.parametrize(("answer", "ran"), [("y\n", True), ("yes\n", True), ("n\n", False), ("\n", False)])
def test_forcing_every_task_asks_first(shop: App, answer: str, ran: bool) -> None:
    done = shop.type_on_terminal(answer, "schedule:run", "--force").exits(0)
    assert "Run all 3 tasks now, 1 of them only on demand? [y/N]" in done.out
    assert ("rebuilt" in done.out) is ran
    assert ("Nothing was run." in done.out) is not ran


def test_a_script_that_forces_every_task_is_not_asked(shop: App) -> None:
    assert "rebuilt" in shop.python_craft("schedule:run", "--force").exits(0).out


@pytest.mark.parametrize("answer", ["3\n", "Rebuild\n", "nobody\nRebuild\n"])
def test_a_task_is_chosen_from_a_list_and_run(shop: App, answer: str) -> None:
    done = shop.type_on_terminal(answer, "schedule:test").exits(0)
    assert re.search(r"3\s+Rebuild\s+only on demand", done.out)
    assert "rebuilt\n" in done.out
    assert "Rebuild succeeded in" in done.out
    assert "Hi!" not in done.out


def test_schedule_test_runs_nothing_without_a_choice(shop: App) -> None:
    assert "Nothing was run." in shop.type_on_terminal("\n", "schedule:test").exits(0).out
    assert "\nNothing was run.\n" in shop.type_on_terminal("\x04", "schedule:test").exits(0).out, "Ctrl-D"


def test_schedule_test_needs_a_terminal(shop: App) -> None:
    told = shop.python_craft("schedule:test").exits(2).err
    assert told == "schedule:test needs a terminal. Use craft schedule:run --force --task NAME.\n"


# -- colours and widths --


def test_outcomes_are_coloured_on_a_terminal(shop: App) -> None:
    shop.keep_runs()
    shop.craft("schedule:run").exits(0)
    assert "\x1b[32msucceeded\x1b[0m" in shop.craft_on_terminal("schedule:history").log
    assert "\x1b[32msucceeded" not in shop.craft_on_terminal("schedule:history", NO_COLOR="1").log
    assert "\x1b[32msucceeded" not in shop.craft_on_terminal("schedule:history", "--no-ansi").log
    assert "\x1b[" not in shop.python_craft("schedule:history").log


@pytest.mark.parametrize("columns", [40, 61, 80, 200])
@pytest.mark.parametrize("command", ["schedule:list", "schedule:history", "schedule:doctor", "schedule:explain hey", "schedule:simulate --heat", "schedule:simulate --count"])
def test_tables_take_the_width_there_is(shop: App, command: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.keep_runs()
    shop.craft("schedule:run", "--task", "hey", at=NOON).exits(0)
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = shop.craft(*command.split(), at=NOON).out
    assert max(len(line) for line in shown.splitlines()) <= columns


def test_the_list_says_when_the_last_run_was(shop: App) -> None:
    shop.keep_runs()
    shop.craft("schedule:run", at=NOON).exits(0)
    assert re.search(r"SayHi .*succeeded\n.*(seconds? ago|just now)", shop.craft("schedule:list").exits(0).out)
