"""`craft schedule:list`: the tasks, their rules in words, and their next runs."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest

from .apps import NOON, App

COLUMNS = 80

TASKS = """
class CleanUp(Task):
    run_every = '15 minutes'
    run_between = ('8:00', '17:00')
    timezone = 'Europe/Riga'
    name = 'clean-up'

    def handle(self):
        pass


class Report(Task):
    run_every = '1 day'
    run_at = '17:30'
    timezone = 'America/New_York'

    def handle(self):
        pass


class OnDemand(Task):
    def handle(self):
        pass


class Misspelt(Task):
    run_every = '5 minuets'

    def handle(self):
        pass


class AlmostNever(Task):
    run_cron = '0 0 29 2 *'
    timezone = 'UTC'

    def handle(self):
        pass
"""


@pytest.fixture
def listed(app: App) -> App:
    """An app with tasks of every sort: two that come soon, one that comes late, one on demand, one broken."""
    app.tasks(TASKS)
    return app


def lines_of(text: str, key: str) -> str:
    """The entry of one task: its line, and those that continue it."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if re.match(rf"\W*{re.escape(key)}\b", line))
    following = (number for number in range(start + 1, len(lines)) if re.match(r"\w", lines[number]))
    return "\n".join(lines[start : next(following, len(lines))])


def words(text: str) -> str:
    return " ".join(text.split())


# --- for people ------------------------------------------------------------------------------------------------------


def test_schedule_list_shows_key_name_rule_zone_and_next_run(listed: App) -> None:
    shown = listed.craft("schedule:list", at=NOON).out
    clean_up = lines_of(shown, "CleanUp")
    for part in ("clean-up", "every 15 minutes", "between", "Europe/Riga", "2026-03-03 14:15", "in 15 minutes"):
        assert all(word in clean_up for word in part.split()), (part, clean_up)
    report = lines_of(shown, "Report")
    for part in ("17:30", "America/New_York", "2026-03-03 17:30", "in 10 hours"):
        assert all(word in report for word in part.split()), (part, report)


def test_the_soonest_comes_first_and_on_demand_and_broken_ones_last(listed: App) -> None:
    shown = listed.craft("schedule:list", at=NOON).out
    order = re.findall(r"(?m)^(CleanUp|Report|AlmostNever|OnDemand|Misspelt)\b", shown)
    assert order == ["CleanUp", "Report", "AlmostNever", "OnDemand", "Misspelt"]


def test_a_task_without_a_rule_is_listed_as_only_on_demand(listed: App) -> None:
    assert "only on demand" in words(lines_of(listed.craft("schedule:list").out, "OnDemand"))


def test_a_broken_task_is_listed_with_its_error_and_makes_the_exit_code_1(listed: App) -> None:
    done = listed.craft("schedule:list").exits(1)
    entry = words(lines_of(done.out, "Misspelt"))
    assert "5 minuets" in entry
    assert "broken" in entry


def test_schedule_list_exits_with_0_if_no_task_is_broken(app: App) -> None:
    app.tasks("class SayHi(Task):\n    run_every = '1 minute'\n\n    def handle(self):\n        pass\n")
    assert app.craft("schedule:list").exits(0).err == ""


def test_schedule_list_runs_nothing(app: App) -> None:
    app.tasks("class SayHi(Task):\n    run_every = '1 minute'\n\n    def handle(self):\n        print('Hi!')\n")
    assert "Hi!" not in app.craft("schedule:list").out


def test_an_app_without_tasks_is_shown_how_to_create_one(app: App) -> None:
    assert "craft task" in app.craft("schedule:list").exits(0).out


@pytest.mark.parametrize("switches", [[], ["--next", "5"], ["--timezone", "America/Argentina/ComodRivadavia"]])
def test_schedule_list_fits_80_columns(listed: App, switches: list[str]) -> None:
    shown = listed.craft("schedule:list", *switches, at=NOON).out
    assert [line for line in shown.splitlines() if len(line) > COLUMNS] == []


def test_long_names_fit_80_columns_and_can_still_be_read_whole(app: App) -> None:
    name = "ImportTheOrdersOfEveryPartnerThatStillSendsThemAsXmlByElectronicMail"
    app.tasks(
        f"class {name}(Task):\n    run_cron = '1,2,3,5,8,13,21,34,55 1,2,3,5,8,13,21 1,2,3,5,8,13,21 * 1,3,5'\n"
        f"    timezone = 'America/Argentina/ComodRivadavia'\n    name = {name.lower()!r}\n\n"
        "    def handle(self):\n        pass\n"
    )
    shown = app.craft("schedule:list").exits(0).out
    assert [line for line in shown.splitlines() if len(line) > COLUMNS] == []
    width = shown.splitlines()[1].index(" ")
    first_column = "".join(line[:width].strip() for line in shown.splitlines())
    assert name in first_column


def test_on_a_terminal_of_80_columns_no_line_is_broken(listed: App) -> None:
    shown = listed.craft_on_terminal("schedule:list", columns=COLUMNS).out
    assert [line for line in shown.splitlines() if len(line) > COLUMNS] == []
    assert "clean-up" in shown


def test_schedule_list_has_no_colours_without_a_terminal(listed: App) -> None:
    assert "\x1b" not in listed.python_craft("schedule:list").out


# --- options ---------------------------------------------------------------------------------------------------------


def test_next_shows_that_many_runs(listed: App) -> None:
    entry = lines_of(listed.craft("schedule:list", "--next", "3", at=NOON).out, "CleanUp")
    assert re.findall(r"\d\d\d\d-\d\d-\d\d \d\d:\d\d", entry) == [
        "2026-03-03 14:15",
        "2026-03-03 14:30",
        "2026-03-03 14:45",
    ]


def test_timezone_changes_the_times_shown_and_not_the_rules(listed: App) -> None:
    report = lines_of(listed.craft("schedule:list", "--timezone", "Asia/Tokyo", at=NOON).out, "Report")
    assert "2026-03-04 07:30" in report
    assert "17:30" in report
    assert "America/New_York" in report


@pytest.mark.parametrize(
    "arguments",
    [
        ["--next", "0"],
        ["--next=-1"],
        ["--next", "many"],
        ["--next"],
        ["--timezone", "Mars/Olympus"],
        ["--timezone"],
    ],
    ids=" ".join,
)
def test_wrong_options_are_one_line_on_standard_error_and_exit_code_2(listed: App, arguments: list[str]) -> None:
    done = listed.craft("schedule:list", *arguments).exits(2)
    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    assert arguments[0].split("=")[0] in done.err


# --- for programs ----------------------------------------------------------------------------------------------------


def test_list_json_is_one_document_with_the_same_content(listed: App) -> None:
    document = listed.craft("schedule:list", "--json", "--next", "2", at=NOON).exits(1).json()
    tasks = {entry["key"]: entry for entry in document["tasks"]}
    assert list(tasks) == ["CleanUp", "Report", "AlmostNever", "OnDemand"]
    clean_up = tasks["CleanUp"]
    assert clean_up["name"] == "clean-up"
    assert clean_up["rule"].startswith("every 15 minutes")
    assert clean_up["timezone"] == "Europe/Riga"
    runs = [datetime.fromisoformat(run) for run in clean_up["next_runs"]]
    assert [run.isoformat() for run in runs] == ["2026-03-03T14:15:00+02:00", "2026-03-03T14:30:00+02:00"]
    assert tasks["OnDemand"]["on_demand"] is True
    assert tasks["OnDemand"]["next_runs"] == []
    assert [broken["key"] for broken in document["broken"]] == ["Misspelt"]


def test_json_without_tasks_is_a_document(app: App) -> None:
    assert app.craft("schedule:list", "--json").exits(0).json()["tasks"] == []


# --- the zone of tasks that name none --------------------------------------------------------------------------------

AT_NINE = "class AtNine(Task):\n    run_at = '9:00'\n\n    def handle(self):\n        pass\n"


def zone_and_hour(done) -> tuple[str, str]:
    entry = done.exits(0).json()["tasks"][0]
    return entry["timezone"], entry["next_runs"][0][11:16]


def test_a_task_without_a_zone_lives_on_the_servers_clock(app: App) -> None:
    app.tasks(AT_NINE)
    assert zone_and_hour(app.python_craft("schedule:list", "--json", TZ="Asia/Tokyo")) == ("Asia/Tokyo", "09:00")


def test_a_task_without_a_zone_uses_the_zone_of_the_configuration(app: App) -> None:
    app.tasks(AT_NINE)
    app.write("config/scheduler.py", "TIMEZONE = 'Australia/Lord_Howe'\n")
    assert zone_and_hour(app.python_craft("schedule:list", "--json")) == ("Australia/Lord_Howe", "09:00")


def test_an_unknown_zone_in_the_settings_is_one_line(app: App) -> None:
    app.tasks(AT_NINE)
    app.write("config/scheduler.py", "TIMEZONE = 'Mars/Olympus'\n")
    done = app.craft("schedule:list")
    assert done.code != 0
    assert len(done.err.splitlines()) == 1
    assert "Mars/Olympus" in done.err


def test_a_retry_that_waits_is_shown_with_the_last_run(app: App) -> None:
    app.keep_runs().tasks("""
        class Fails(Task):
            run_every = '1 minute'
            retry_delay = ('10 minutes', '1 hour')

            def handle(self):
                raise ValueError('no')
    """)
    app.craft("schedule:run").exits(1)
    assert re.search(r"retry in (9|10) minutes\n", app.craft("schedule:list").out)
    assert "retry is due" in app.craft("schedule:list", at=datetime.now(timezone.utc) + timedelta(minutes=12)).out
