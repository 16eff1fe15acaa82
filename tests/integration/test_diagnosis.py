"""`schedule:explain`, `schedule:simulate`, `schedule:doctor` and `schedule:run --dry-run` in a real app."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from .apps import ALWAYS, NOON, App

pytestmark = pytest.mark.measured

TASKS = f"""
class SayHi(Task):
    {ALWAYS}
    name = 'hey'

    def handle(self):
        print('Hi!')


class Nightly(Task):
    run_at = '2:30'
    timezone = 'Europe/Berlin'

    def handle(self):
        pass


class Picky(Task):
    run_every = '15 minutes'
    run_between = ('8:00', '18:00')
    environments = 'production'

    def when(self):
        print('asked')
        return True

    def handle(self):
        pass


class Decides(Task):
    def should_run(self, date=None):
        return False

    def handle(self):
        pass
"""
BROKEN = "class Misspelt(Task):\n    run_every = '5 minuets'\n\n    def handle(self):\n        pass\n"


@pytest.fixture
def app(app: App) -> App:
    app.write("config/scheduler.py", "TIMEZONE = 'UTC'\n")
    app.tasks(TASKS)
    return app.keep_runs()


def fits(text: str) -> bool:
    return all(len(line) <= 80 for line in text.splitlines())


# --- schedule:explain ------------------------------------------------------------------------------------------------


def test_explain_names_the_run(app: App) -> None:
    app.craft("schedule:run", at=NOON).exits(0)
    done = app.craft("schedule:explain", "hey", at=NOON).exits(0)
    assert "Task        SayHi (hey)\nRule        every minute, UTC\n" in done.out
    assert "It ran: run " in done.out
    assert "succeeded in" in done.out
    assert fits(done.out)


def test_explain_gives_the_skip_reason_and_keeps_prints_out_of_stdout(app: App) -> None:
    app.craft("schedule:run", at=NOON).exits(0)
    done = app.craft("schedule:explain", "Picky", at=NOON).exits(0)
    assert "It was skipped: it runs only in production" in done.out
    assert "asked" not in done.out
    assert "asked" in done.err


def test_a_time_that_clocks_skip_on_the_tasks_own_clock(app: App) -> None:
    done = app.craft("schedule:explain", "Nightly", "--at", "2027-03-28 02:30", at=NOON).exits(0)
    assert "it goes from 2:00 to 3:00, and 2:30 runs at 3:00" in done.out
    assert "It will run then" in done.out
    assert "Next        2027-03-29 02:30" in done.out


def test_explain_as_json(app: App) -> None:
    document = app.craft("schedule:explain", "Nightly", "--at", "2027-03-28 02:30", "--json", at=NOON).json()
    assert (document["key"], document["verdict"], document["at"]) == ("Nightly", "coming", "2027-03-28T03:00:00+02:00")
    assert [condition["holds"] for condition in document["conditions"]] == [None, None]


def test_explain_of_a_broken_task(app: App) -> None:
    app.tasks(BROKEN, "Broken.py")
    done = app.craft("schedule:explain", "Misspelt").exits(1)
    assert "It is broken and never runs: Misspelt.run_every = '5 minuets'" in " ".join(done.out.split())
    assert app.craft("schedule:explain", "Misspelt", "--json").exits(1).json()["verdict"] == "broken"


def test_two_tasks_of_one_name_are_both_explained(app: App) -> None:
    app.tasks(TASKS.replace("SayHi", "SayHo"), "More.py")
    assert len(app.craft("schedule:explain", "hey", "--json", at=NOON).exits(0).json()) == 2


# --- schedule:run --dry-run ------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_the_tick_would_do_and_does_nothing(app: App) -> None:
    done = app.craft("schedule:run", "--dry-run", at=NOON).exits(0)
    assert sorted(done.out.splitlines()) == [
        "Picky would be skipped for 2026-03-03 12:00: it runs only in production, and APP_ENV is local",
        "SayHi would run for 2026-03-03 12:00",
    ]
    assert app.craft("schedule:history").exits(0).out == "There are no such runs.\n"
    assert app.craft("schedule:run", at=NOON).exits(0).out.startswith("Hi!")


def test_a_verbose_dry_run_says_why_tasks_are_not_due(app: App) -> None:
    done = app.craft("schedule:run", "--dry-run", "-v", at=NOON).exits(0)
    assert "Nightly is not due: every day at 2:30; next run 2026-03-04 02:30 Europe/Berlin\n" in done.out


def test_dry_run_at_shows_the_tick_of_another_time(app: App) -> None:
    done = app.craft("schedule:run", "--dry-run", "--task", "Nightly", "--at", "2027-03-28 01:00", at=NOON).exits(0)
    assert done.out == "Nightly would run for 2027-03-28 03:00 Europe/Berlin\n"
    done = app.craft("schedule:run", "--dry-run", "--task", "Nightly", "--at", "2027-03-28 02:00", at=NOON).exits(0)
    assert "Nightly is not due" in done.out


def test_a_dry_run_as_json(app: App) -> None:
    document: dict[str, Any] = app.craft("schedule:run", "--dry-run", "--json", at=NOON).exits(0).json()
    assert document["runs"] == []
    assert {entry["key"]: entry["action"] for entry in document["planned"]} == {"SayHi": "run", "Picky": "skip"}
    assert {entry["key"] for entry in document["not_due"]} == {"Nightly", "Decides"}


def test_a_dry_run_without_anything_due_or_without_any_task(app: App, make: Any) -> None:
    assert (
        app.craft("schedule:run", "--dry-run", "--task", "Nightly", at=NOON).exits(0).out.startswith("Nightly is not")
    )
    assert "There are no tasks yet" in make(name="empty").craft("schedule:run", "--dry-run").exits(0).out


def test_a_dry_run_with_a_broken_task_ends_with_1(app: App) -> None:
    app.tasks(BROKEN, "Broken.py")
    assert "Misspelt is broken" in app.craft("schedule:run", "--dry-run").exits(1).err


# --- schedule:simulate -----------------------------------------------------------------------------------------------

WINDOW = ("--from", "2027-03-27", "--to", "2 days")


def test_simulate_shows_a_line_for_each_fire_time(app: App) -> None:
    done = app.craft("schedule:simulate", *WINDOW, "--task", "Nightly", "--timezone", "Europe/Berlin").exits(0)
    assert done.out == "2027-03-27 02:30  Nightly\n2027-03-28 03:00  Nightly\n"


def test_the_window_is_the_week_to_come(app: App) -> None:
    done = app.craft("schedule:simulate", "--task", "Nightly", at=NOON).exits(0)
    days = [line.split()[0] for line in done.out.splitlines()]
    assert days == [f"2026-03-{day:02}" for day in range(4, 11)]


def test_simulate_count_shows_a_line_for_each_task(app: App) -> None:
    done = app.craft("schedule:simulate", *WINDOW, "--count").exits(0)
    rows = [line.split() for line in done.out.splitlines()[2:]]
    assert rows == [
        ["SayHi", "2880", "2027-03-27", "00:00", "2027-03-28", "23:59"],
        ["Picky", "82", "2027-03-27", "08:00", "2027-03-28", "18:00"],
        ["Nightly", "2", "2027-03-27", "01:30", "2027-03-28", "01:00"],
        ["Decides", "0", "-", "-"],
    ]
    assert fits(done.out)
    assert done.err == (
        "Note: Decides runs whenever its should_run() returns true. That cannot be predicted, so it is left out.\n"
    )


def test_simulate_heat_shows_a_map_of_hours_and_days(app: App) -> None:
    done = app.craft("schedule:simulate", *WINDOW, "--heat").exits(0)
    assert done.out.splitlines() == [
        "How many tasks start at once in each hour's busiest minute, UTC:",
        "",
        "2027-03   0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23",
        "Sat 27    1  2  1  1  1  1  1  1  2  2  2  2  2  2  2  2  2  2  2  1  1  1  1  1",
        "Sun 28    1  2  1  1  1  1  1  1  2  2  2  2  2  2  2  2  2  2  2  1  1  1  1  1",
        "",
        "At most 2 tasks start at once: 2027-03-27 01:30 and 83 more times (SayHi and",
        "Nightly).",
    ]


def test_a_map_of_several_months_names_each_of_them(app: App) -> None:
    shown = app.craft("schedule:simulate", "--from", "2027-01-31", "--to", "2 days", "--heat", "-t", "Nightly").exits(0)
    assert [line[:7] for line in shown.out.splitlines() if line.startswith("2027-")] == ["2027-01", "2027-02"]
    assert "  .  1  ." in shown.out
    assert shown.out.splitlines()[-1] == "At most 1 task starts: 2027-01-31 01:30 and 1 more time (Nightly)."


def test_an_hour_that_is_not_there_is_blank(app: App) -> None:
    berlin = ("--timezone", "Europe/Berlin", "--from", "2027-03-28", "--to", "1 day", "--heat")
    (line,) = [line for line in app.craft("schedule:simulate", *berlin).out.splitlines() if line.startswith("Sun 28")]
    assert line.startswith("Sun 28    1  1     2  1")


def test_simulate_as_json(app: App) -> None:
    document = app.craft("schedule:simulate", *WINDOW, "-t", "Nightly", "-t", "Decides", "--json").exits(0).json()
    assert (document["from"], document["to"]) == ("2027-03-27T00:00:00+00:00", "2027-03-29T00:00:00+00:00")
    assert [(task["key"], task["count"], task["foreseeable"]) for task in document["tasks"]] == [
        ("Nightly", 2, True),
        ("Decides", 0, False),
    ]
    assert document["fire_times"] == [
        {"fire_time": "2027-03-27T01:30:00+00:00", "tasks": ["Nightly"]},
        {"fire_time": "2027-03-28T01:00:00+00:00", "tasks": ["Nightly"]},
    ]


def test_json_of_many_fire_times_is_still_one_document(app: App) -> None:
    assert len(app.craft("schedule:simulate", *WINDOW, "--json").exits(0).json()["fire_times"]) == 2880


def test_json_of_counts_and_of_the_map(app: App) -> None:
    counted = app.craft("schedule:simulate", *WINDOW, "--count", "--json").exits(0).json()
    assert "fire_times" not in counted
    assert counted["tasks"][0]["first"] == "2027-03-27T00:00:00+00:00"
    heat = app.craft("schedule:simulate", *WINDOW, "--heat", "--json").exits(0).json()["heat"]
    assert (heat["most"], heat["tasks"], len(heat["times"])) == (2, ["SayHi", "Nightly"], 84)
    assert heat["days"][0]["busiest"][:3] == [1, 2, 1]


@pytest.mark.parametrize("view", [[], ["--count"], ["--heat"]])
def test_simulate_says_if_there_are_no_fire_times(app: App, view: list[str]) -> None:
    done = app.craft("schedule:simulate", "--from", "2027-03-27 02:00", "--to", "1 hour", "-t", "Nightly", *view).exits(
        0
    )
    if view == ["--count"]:
        assert "Nightly" in done.out
    else:
        assert done.out == "No task has a fire time from 2027-03-27 02:00 to 2027-03-27 03:00.\n"


def test_seconds_have_their_own_lines_and_are_one_start_on_the_map(app: App) -> None:
    app.tasks("class Often(Task):\n    run_every = '20 seconds'\n\n    def handle(self):\n        pass\n", "Often.py")
    lines = app.craft("schedule:simulate", "--from", "2027-01-01", "--to", "1 minute", "-t", "Often").exits(0).out
    assert lines == "2027-01-01 00:00  Often\n2027-01-01 00:00:20  Often\n2027-01-01 00:00:40  Often\n"


def test_broken_tasks_are_reported_and_the_exit_code_is_1(app: App) -> None:
    app.tasks(BROKEN, "Broken.py")
    done = app.craft("schedule:simulate", "--count").exits(1)
    assert "Misspelt is broken" in done.err


# --- schedule:doctor -------------------------------------------------------------------------------------------------


def checks(app: App, code: int) -> dict[str, str]:
    findings = app.craft("schedule:doctor", "--json").exits(code).json()["findings"]
    return {finding["check"]: finding["health"] for finding in findings}


def test_before_anything_calls_the_scheduler_that_is_what_is_wrong(app: App) -> None:
    done = app.craft("schedule:doctor").exits(1)
    assert "wrong ticks The scheduler has never run." in " ".join(done.out.split())
    assert "Fix: run craft schedule:install" in done.out
    assert done.out.endswith("\n1 wrong, 0 warnings.\n")
    assert fits(done.out)


def test_doctor_finds_nothing_wrong_after_a_tick(app: App) -> None:
    app.python_craft("schedule:run").exits(0)
    assert set(checks(app, 0).values()) == {"ok"}


def test_a_task_file_that_cannot_be_imported(app: App) -> None:
    app.craft("schedule:run").exits(0)
    app.write("app/tasks/Typo.py", "class\n")
    done = app.craft("schedule:doctor").exits(1)
    assert "app/tasks/Typo.py is broken: SyntaxError" in " ".join(done.out.split())


def test_doctor_reports_an_invalid_setting(app: App) -> None:
    app.write("config/scheduler.py", "GRACE = 'soon'\n")
    assert checks(app, 1)["settings"] == "wrong"
    assert checks(app, 1)["ticks"] == "unknown"


def test_doctor_reports_an_unusable_store_and_exits_with_1(app: App) -> None:
    app.write(".scheduler/scheduler.sqlite3", "this is no database, and long enough to be told from one" * 9)
    found = checks(app, 1)
    assert (found["store"], found["leases"], found["tasks"]) == ("wrong", "unknown", "ok")


def test_masonite_s_own_provider_next_to_ours_is_a_note(make: Any) -> None:
    app = make("Masonite's under another name")
    (finding,) = [
        each for each in app.craft("schedule:doctor", "--json").json()["findings"] if each["check"] == "provider"
    ]
    assert "That is harmless" in finding["message"]


def test_other_commands_exit_with_3_without_the_store(app: App) -> None:
    app.write(".scheduler/scheduler.sqlite3", "this is no database, and long enough to be told from one" * 9)
    for line in (["schedule:explain", "SayHi"], ["schedule:run", "--dry-run"]):
        assert len(app.craft(*line).exits(3).err.splitlines()) == 1
    app.craft("schedule:simulate", "--count").exits(0)


def test_the_year_is_that_of_the_clock_that_is_shown(app: App) -> None:
    done = app.craft(
        "schedule:simulate",
        "--from",
        "23:59",
        "--to",
        "2 minutes",
        "-t",
        "hey",
        at=datetime(2026, 12, 31, 12, tzinfo=timezone.utc),
    )
    assert done.out == "2026-12-31 23:59  SayHi\n2027-01-01 00:00  SayHi\n"
