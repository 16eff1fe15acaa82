"""`craft schedule:run` is one tick: its runs, its output and its exit code."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from .apps import ALWAYS, NEVER, NOON, App

DURATION = r"\d+(\.\d+)? ?(µs|ms|s)\b"


def says(text: str, name: str = "SayHi", rule: str = ALWAYS) -> str:
    return f"class {name}(Task):\n    {rule}\n\n    def handle(self):\n        print({text!r})\n\n\n"


DOES_NOTHING = "\n    def handle(self):\n        pass\n"


def fails(name: str = "Fails", rule: str = ALWAYS) -> str:
    return f"class {name}(Task):\n    {rule}\n\n    def handle(self):\n        raise ValueError('no more stamps')\n\n\n"


# --- what it writes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source", ["", says("Hi!", rule=NEVER), says("Hi!", rule="")], ids=["none", "not due", "on demand"]
)
def test_a_tick_with_nothing_due_writes_nothing_and_exits_0(app: App, source: str) -> None:
    app.tasks(source)
    done = app.craft("schedule:run").exits(0)
    assert (done.out, done.err) == ("", "")


def test_under_cron_only_the_tasks_own_output_is_written(app: App) -> None:
    app.tasks(says("Hi!") + says("Ho!", "SayHo") + says("Never!", "SayNever", NEVER))
    done = app.craft("schedule:run").exits(0)
    assert (sorted(done.out.splitlines()), done.err) == (["Hi!", "Ho!"], "")


def test_output_comes_while_the_task_still_runs(app: App) -> None:
    """The task waits for a file that is created once its first line was read."""
    app.write(
        "app/tasks/Slow.py",
        """
        import time
        from pathlib import Path

        from scheduler import Task


        class Slow(Task):
            run_every = '1 minute'

            def handle(self):
                print('first', flush=True)
                patience = time.monotonic() + 30
                while not Path('go-on').exists() and time.monotonic() < patience:
                    time.sleep(0.01)
                print('second' if Path('go-on').exists() else 'nobody read the first line')
        """,
    )
    process = app.start("schedule:run")
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "first\n"
        (app.root / "go-on").touch()
        assert process.stdout.read() == "second\n"
    assert process.returncode == 0


def test_inline_output_of_tasks_and_commands_keeps_its_order(app: App) -> None:
    app.tasks(says("one", "A") + says("three", "C"))
    app.provider("app.make('scheduler').add(A, CommandTask('echo two'), C)", header=COMMAND_AND_TASKS)
    assert app.python_craft("schedule:run", "--inline").exits(0).out == "one\ntwo\nthree\n"


COMMAND_AND_TASKS = """
    from scheduler.tasks import CommandTask
    from app.tasks.Tasks import A, C
"""


def test_verbose_writes_a_line_for_each_task_that_ran(app: App) -> None:
    """The line has name, outcome and duration."""
    app.tasks(says("Hi!") + fails())
    done = app.craft("schedule:run", "-v").exits(1)
    both = done.out + done.err
    assert "Hi!\n" in done.out
    assert re.search(rf"SayHi\b.*succeeded.*{DURATION}", both)
    assert re.search(rf"Fails\b.*failed.*{DURATION}", both)


def test_verbose_says_of_each_other_task_why_it_is_not_due(app: App) -> None:
    app.tasks(says("Never!", "SayNever", NEVER) + says("Asked!", "OnDemand", ""))
    done = app.craft("schedule:run", "-v").exits(0)
    assert done.err == ""
    assert re.search(r"SayNever\b.*not due", done.out)
    assert re.search(r"OnDemand\b.*on demand", done.out)
    assert "Never!" not in done.out
    assert "Asked!" not in done.out


def test_verbose_says_which_condition_refused(app: App) -> None:
    app.tasks(f"class Picky(Task):\n    {ALWAYS}\n\n    def when(self):\n        return False\n{DOES_NOTHING}")
    done = app.craft("schedule:run", "-v").exits(0)
    assert re.search(r"Picky\b.*skipped.*when", done.out)


def test_on_a_terminal_there_is_a_line_for_each_task_that_ran(app: App) -> None:
    app.tasks(says("Hi!") + says("Never!", "SayNever", NEVER))
    shown = app.craft_on_terminal("schedule:run").exits(0).out
    assert "Hi!\n" in shown
    assert re.search(rf"SayHi\b.*succeeded.*{DURATION}", shown)
    assert "SayNever" not in shown


@pytest.mark.parametrize("switches", [[], ["-v"]])
def test_failures_are_always_on_standard_error(app: App, switches: list[str]) -> None:
    app.tasks(says("Hi!") + fails())
    done = app.craft("schedule:run", *switches).exits(1)
    assert "no more stamps" in done.err
    assert "Fails" in done.err
    assert "no more stamps" not in done.out


# --- --json ----------------------------------------------------------------------------------------------------------


def test_run_json_is_one_document_with_each_outcome(app: App) -> None:
    app.tasks(says("Hi!") + fails() + says("Never!", "SayNever", NEVER))
    done = app.craft("schedule:run", "--json").exits(1)
    outcomes = {run["key"]: run["outcome"] for run in done.json()["runs"]}
    assert outcomes == {"SayHi": "succeeded", "Fails": "failed"}
    assert "no more stamps" in json.dumps(done.json())


@pytest.mark.parametrize("switches", [[], ["--inline"]])
def test_json_stays_one_document_whatever_tasks_and_commands_print(app: App, switches: list[str]) -> None:
    """Their output is not lost: it goes to standard error."""
    app.tasks(says('{"not": "ours"}'))
    app.provider("app.make('scheduler').add(CommandTask('echo from a command'))", header=COMMAND)
    done = app.python_craft("schedule:run", "--json", *switches).exits(0)
    assert len(done.json()["runs"]) == 2
    assert '{"not": "ours"}\n' in done.err
    assert "from a command\n" in done.err


COMMAND = "from scheduler.tasks import CommandTask"


def test_json_with_nothing_due_is_a_document(app: App) -> None:
    assert app.craft("schedule:run", "--json").exits(0).json()["runs"] == []


SAY_HI_CALLED_HEY = says("Hi!", rule=f"{ALWAYS}\n    name = 'hey'")

# --- --task and --force ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--task", "SayHo"], ["-t", "SayHo"], ["--task=SayHo"]], ids=" ".join)
def test_task_runs_that_task_only(app: App, arguments: list[str]) -> None:
    app.tasks(says("Hi!") + says("Ho!", "SayHo"))
    assert app.craft("schedule:run", *arguments).exits(0).out == "Ho!\n"


def test_task_may_be_given_several_times(app: App) -> None:
    app.tasks(says("A", "A") + says("B", "B") + says("C", "C"))
    done = app.craft("schedule:run", "--task", "A", "-t", "C").exits(0)
    assert sorted(done.out.split()) == ["A", "C"]


@pytest.mark.parametrize("word", ["greeter", "hey", "SayHi"], ids=["its key", "its name", "its class name"])
def test_task_takes_key_name_and_class_name(app: App, word: str) -> None:
    app.tasks(SAY_HI_CALLED_HEY)
    app.provider("app.bind('greeter', SayHi)", header="from app.tasks.Tasks import SayHi")
    assert app.craft("schedule:run", "--task", word).exits(0).out == "Hi!\n"


def test_task_named_twice_in_two_ways_runs_once(app: App) -> None:
    app.tasks(SAY_HI_CALLED_HEY)
    assert app.craft("schedule:run", "--task", "hey", "--task", "SayHi").exits(0).out == "Hi!\n"


def test_task_does_not_run_what_is_not_due(app: App) -> None:
    app.tasks(says("Never!", "SayNever", NEVER))
    done = app.craft("schedule:run", "--task", "SayNever").exits(0)
    assert done.out == ""
    assert done.err.startswith("SayNever is not due: ")


@pytest.mark.parametrize("force", ["--force", "-f"])
@pytest.mark.parametrize("rule", [NEVER, ""], ids=["not due", "on demand"])
def test_force_runs_it_due_or_not(app: App, force: str, rule: str) -> None:
    app.tasks(says("Now!", "SayNow", rule) + says("Hi!", "SayHi"))
    assert app.craft("schedule:run", "--task", "SayNow", force).exits(0).out == "Now!\n"


def test_an_unknown_task_exits_2_with_the_closest_names(app: App) -> None:
    app.tasks(says("Hi!", "SayHi") + says("Bye!", "Goodbye"))
    done = app.craft("schedule:run", "--task", "SayHo").exits(2)
    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    assert "SayHo" in done.err
    assert "SayHi" in done.err
    assert "Goodbye" not in done.err


def test_the_closest_names_include_names_tasks_gave_themselves(app: App) -> None:
    app.tasks(
        "class Nightly(Task):\n    run_every = '1 minute'\n    name = 'clean-up'\n\n    def handle(self):\n        pass"
    )
    assert "clean-up" in app.craft("schedule:run", "--task", "cleanup").exits(2).err


def test_an_unknown_task_among_known_ones_is_still_wrong_usage(app: App) -> None:
    app.tasks(says("Hi!"))
    assert "Nobody" in app.craft("schedule:run", "--task", "SayHi", "--task", "Nobody").exits(2).err


@pytest.mark.parametrize("word", ["type", "object", "Task", " "])
def test_a_word_that_is_no_task_never_runs_everything(app: App, word: str) -> None:
    app.tasks(says("Hi!"))
    assert app.craft("schedule:run", f"--task={word}").exits(2).out == ""


@pytest.mark.parametrize("argument", ["--task", "--task="])
def test_a_task_switch_without_a_name_is_wrong_usage(app: App, argument: str) -> None:
    app.tasks(says("Hi!"))
    done = app.python_craft("schedule:run", argument).exits(2)
    assert "Hi!" not in done.out


# --- exit codes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--task", "SayHi"], 0),
        (["--task", "SayNever"], 0),
        ([], 1),
        (["--task", "Fails"], 1),
        (["--task", "Nobody"], 2),
    ],
    ids=["all well", "nothing due", "one of several failed", "a task failed", "wrong usage"],
)
def test_each_end_of_schedule_run_has_its_exit_code(app: App, arguments: list[str], code: int) -> None:
    app.tasks(says("Hi!") + fails() + says("Never!", "SayNever", NEVER))
    app.craft("schedule:run", *arguments).exits(code)


@pytest.mark.parametrize(("name", "code"), [("SayHi", 0), ("Fails", 1), ("Nobody", 2)])
def test_the_process_ends_with_the_exit_code(app: App, name: str, code: int) -> None:
    app.tasks(says("Hi!") + fails())
    app.python_craft("schedule:run", "--task", name).exits(code)


def test_schedule_run_with_a_rule_of_seconds_stays_until_its_last_one(app: App) -> None:
    """The clock stands still half a minute before the last fire time; the clock for starts goes on."""
    app.keep_runs().tasks(
        """
        import time


        class Often(Task):
            run_every = "30 seconds"

            def handle(self):
                print("at", self.current_run.fire_time.second, time.monotonic())
        """
    )
    lines = app.craft("schedule:run", at=NOON + timedelta(seconds=29)).exits(0).out.splitlines()
    seconds, moments = zip(*((line.split()[1], float(line.split()[2])) for line in lines), strict=True)
    assert seconds == ("0", "30")
    assert moments[1] - moments[0] >= 0.8
    assert app.craft("schedule:run", at=NOON + timedelta(seconds=50)).exits(0).out == ""
