"""Faults of Masonite's own scheduler and of version 3.0.4 in a real app, each of them fixed.

The faults that are of the rules alone are tested with the rules.
"""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from .apps import ALWAYS, NEVER, App

pytestmark = pytest.mark.twice

UTC = timezone.utc


def task(name: str, declared: str, prints: str = "ran") -> str:
    return f"class {name}(Task):\n    {declared}\n\n    def handle(self):\n        print({prints!r})\n\n\n"


def ran(app: App, *at: str) -> list[str]:
    """At which of these times of 2026, all UTC, a tick runs something."""
    moments = {text: datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC) for text in at}
    return [text for text, moment in moments.items() if app.craft("schedule:run", at=moment).exits(0).out]


# --- when it runs, seen from `craft schedule:run` --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "due", "not_due"),
    [
        ("run_every = '1 week'", ["03-01 00:00", "03-08 00:00"], ["03-02 00:00", "03-01 00:01"]),
        ("run_at = 17", ["03-03 17:00"], ["03-03 00:00", "03-03 17:01"]),
        ("run_at = '05:30'", ["03-03 05:30"], ["03-03 00:00", "03-03 05:31"]),
        ("run_every = '1 day'\n    run_at = '17:00'", ["03-03 17:00"], ["03-03 00:00"]),
        ("run_every = '1 month'\n    run_at = '17:00'", ["03-01 17:00"], ["03-01 00:00", "03-02 17:00"]),
        ("twice_daily = (1, 13)", ["03-03 01:00", "03-03 13:00"], ["03-03 01:01", "03-03 13:59"]),
        ("run_every_hour = True", ["03-03 00:00", "03-03 01:00", "03-03 23:00"], ["03-03 01:01", "03-03 01:30"]),
        ("run_at = '9:00'\n    timezone = 'America/New_York'", ["03-03 14:00"], ["03-03 09:00"]),
    ],
)
def test_a_tick_runs_a_task_at_its_fire_times_only(
    app: App, declared: str, due: list[str], not_due: list[str]
) -> None:
    zone = "" if "timezone" in declared else "\n    timezone = 'UTC'"
    app.tasks(task("Timed", declared + zone))
    assert ran(app, *due, *not_due) == due


@pytest.mark.parametrize(
    ("added", "due", "not_due"),
    [
        ("CommandTask('echo').daily()", ["03-03 00:00"], ["03-03 00:01", "03-03 12:00"]),
        ("CommandTask('echo').at('17:00')", ["03-03 17:00"], ["03-03 00:00"]),
        ("CommandTask('echo').daily_at(17)", ["03-03 17:00"], ["03-03 00:00"]),
        ("CommandTask('echo').weekly()", ["03-01 00:00"], ["03-03 00:00"]),
        ("CommandTask('echo').at_twice((1, 13))", ["03-03 01:00", "03-03 13:00"], ["03-03 01:30"]),
    ],
)
def test_a_command_with_a_schedule_does_not_run_every_minute(
    app: App, added: str, due: list[str], not_due: list[str]
) -> None:
    app.provider(
        f"app.make('scheduler').add({added}.in_timezone('UTC'))", header="from scheduler.tasks import CommandTask"
    )
    assert ran(app, *due, *not_due) == due


def test_a_long_lived_instance_reads_the_clock_in_each_tick(app: App) -> None:
    """The same instance is not due at 8:59 and is due at 9:00."""
    from .booted_app import booted

    app.tasks(task("AtNine", "run_at = '9:00'\n    timezone = 'UTC'"))
    with booted(app.root):
        from app.tasks.Tasks import AtNine  # type: ignore[import-not-found]  # the app's own file

        from scheduler import clock

        instance = AtNine()
        answers = []
        for minute in (59, 60):
            with clock.standing_at(datetime(2026, 3, 3, 8 + minute // 60, minute % 60, tzinfo=UTC)):
                answers.append(instance.should_run())
    assert answers == [False, True]


def test_all_tasks_of_a_tick_are_checked_at_one_time(app: App) -> None:
    """A slow task that lasts into the next minute does not make later tasks miss theirs."""
    app.write(
        "app/tasks/Slow.py",
        """
        from datetime import timedelta

        from scheduler import Task, clock


        class ASlowOne(Task):
            run_at = '9:00'
            timezone = 'UTC'

            def should_run(self, date=None):
                clock._State.standing += timedelta(minutes=5)
                return True

            def handle(self):
                print('slow')


        class Later(Task):
            run_at = '9:00'
            timezone = 'UTC'

            def handle(self):
                print('later')
        """,
    )
    done = app.craft("schedule:run", at=datetime(2026, 3, 3, 9, tzinfo=UTC)).exits(0)
    assert sorted(done.out.split()) == ["later", "slow"]


# --- what it runs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("registered", ["", "app.make('scheduler').add(SayHi)", "app.make('scheduler').add(SayHi())"])
def test_task_with_a_class_name_finds_classes_and_instances(app: App, registered: str) -> None:
    app.tasks(task("SayHi", ALWAYS) + task("SayHo", ALWAYS))
    app.provider(registered or "pass", header="from app.tasks.Tasks import SayHi")
    assert app.craft("schedule:run", "--task", "SayHi").exits(0).out == "ran\n"


def test_task_type_is_an_error_and_does_not_run_everything(app: App) -> None:
    app.tasks(task("SayHi", ALWAYS))
    assert app.craft("schedule:run", "--task", "type").exits(2).out == ""


def test_a_failing_task_ends_no_other_and_the_exit_code_is_1(app: App) -> None:
    app.tasks(task("A", ALWAYS, "a") + task("B", ALWAYS).replace("print('ran')", "1 / 0") + task("C", ALWAYS, "c"))
    assert sorted(app.craft("schedule:run").exits(1).out.split()) == ["a", "c"]


def test_an_async_handle_is_awaited(app: App) -> None:
    app.tasks(task("SayHi", ALWAYS).replace("def handle", "async def handle"))
    done = app.craft("schedule:run").exits(0)
    assert (done.out, done.err) == ("ran\n", "")


def test_can_schedule_call_schedules_a_command(app: App) -> None:
    app.provider("self.call('echo hello')", header="from scheduler import CanSchedule", bases="Provider, CanSchedule")
    assert app.craft("schedule:run").exits(0).out == "hello\n"


def test_a_quoted_argument_of_a_command_is_one_word_without_its_quotes(app: App) -> None:
    app.provider(
        """app.make('scheduler').add(CommandTask('printf "%s\\\\n" "a b"'))""",
        header="from scheduler.tasks import CommandTask",
    )
    assert app.craft("schedule:run").exits(0).out == "a b\n"


@pytest.mark.parametrize("value", ["10 mins", "0 minutes"])
def test_an_invalid_rule_is_an_error(app: App, value: str) -> None:
    app.tasks(task("Typo", f"run_every = {value!r}"))
    assert value in app.craft("schedule:run").exits(1).err


def test_a_task_registered_twice_runs_once(app: App) -> None:
    app.tasks(task("SayHi", ALWAYS))
    app.provider("app.make('scheduler').add(SayHi, SayHi)", header="from app.tasks.Tasks import SayHi")
    assert app.craft("schedule:run").exits(0).out == "ran\n"


def test_two_starts_in_one_minute_run_a_task_once(app: App) -> None:
    """Two processes tick at the same time: one runs it, and neither reports a problem."""
    app.tasks(task("SayHi", ALWAYS))
    while True:  # once more, should the minute end between the two
        app.forget_runs()
        before = datetime.now(UTC).replace(second=0, microsecond=0)
        both = [app.start("schedule:run") for _ in range(2)]
        printed = [process.communicate(timeout=60)[0] for process in both]
        if datetime.now(UTC).replace(second=0, microsecond=0) == before:
            break
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(printed) == ["", "ran\n"]


def test_a_task_that_is_not_due_is_not_run_by_its_name(app: App) -> None:
    app.tasks(task("SayHi", NEVER))
    assert app.craft("schedule:run", "--task", "SayHi").exits(0).out == ""
