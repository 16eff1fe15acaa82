"""Instead of Masonite's own scheduler: its tasks, providers and commands work, wherever our provider is listed."""

from __future__ import annotations

import pytest

from .apps import ALWAYS, ARRANGEMENTS, NEVER, App
from .booted_app import booted

TASKS = f"""
class SayHi(Task):
    {ALWAYS}

    def handle(self):
        print('Hi!')


class SayHo(Task):
    {NEVER}
    name = 'ho'

    def handle(self):
        print('Ho!')
"""

FROM_TASKS = "from app.tasks.Tasks import SayHi, SayHo"

MASONITES_TASK = """
    from masonite.scheduling import Task


    class Inherited(Task):
        run_every = '1 minute'
        name = 'old-friend'

        def handle(self):
            print('Still here!')
"""


@pytest.fixture(params=ARRANGEMENTS)
def arranged(request: pytest.FixtureRequest, make) -> App:
    """An app for each place our provider may have in the list."""
    return make(request.param)


# --- wherever the provider stands ------------------------------------------------------------------------------------


def test_discovered_bound_and_added_tasks_run_once_each(arranged: App) -> None:
    arranged.tasks(TASKS + "\n\nclass Bound(SayHi):\n    pass\n\n\nclass Added(SayHi):\n    pass\n")
    arranged.provider(
        "app.bind('bound', Bound)\napp.make('scheduler').add(Added)", header="from app.tasks.Tasks import Added, Bound"
    )
    done = arranged.craft("schedule:run").exits(0)
    assert (done.out, done.err) == ("Hi!\n" * 3, "")


def test_schedule_run_and_schedule_list_are_ours(arranged: App) -> None:
    arranged.craft("task", "SayHi").exits(0)
    assert "from scheduler.Task import Task" in (arranged.root / "app/tasks/SayHi.py").read_text()
    assert arranged.craft("schedule:run", "--json").exits(0).json()["runs"] == []


def test_python_craft_runs_tasks_of_a_provider(arranged: App) -> None:
    arranged.tasks(TASKS)
    arranged.provider("app.make('scheduler').add(SayHi)", header=FROM_TASKS)
    assert arranged.python_craft("schedule:run").exits(0).out == "Hi!\n"


def test_make_scheduler_runs_everything_with_our_meaning(arranged: App, capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever object the container has in the end, its `run` finds files, knows class names and returns exit codes."""
    arranged.tasks(TASKS)
    with booted(arranged.root) as application:
        capfd.readouterr()
        assert application.make("scheduler").run("SayHo", True) == 0
        assert application.make("scheduler").run() == 0
        assert capfd.readouterr().out == "Ho!\nHi!\n"


def test_the_list_of_commands_has_each_once(arranged: App) -> None:
    with booted(arranged.root) as application:
        capsule = application.make("commands")
        assert len(capsule.command_name) == len(set(capsule.command_name))
        assert capsule.command_name.count("schedule:run") == 1
        assert [type(command).__module__.split(".")[0] for command in capsule.commands].count("scheduler") >= 3


PLACES = ["before both", "between them", "after both"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("ours", ["first", "last"])
def test_tasks_can_be_added_by_any_provider_wherever_it_is_listed(app: App, place: str, ours: str) -> None:
    app.tasks(TASKS, file="../shared.py")
    app.provider("app.make('scheduler').add(SayHi)", header="from app.shared import SayHi")
    order = ["scheduler.providers.ScheduleProvider", "ScheduleProvider"]
    if ours == "last":
        order.reverse()
    order.insert(PLACES.index(place), "AppProvider")
    moved = ", ".join(order)
    app.edit(
        "config/providers.py",
        lambda text: (
            f"{text}\nPROVIDERS = [each for each in PROVIDERS if each not in ({moved})]\nPROVIDERS += [{moved}]\n"
        ),
    )
    assert app.craft("schedule:run").exits(0).out == "Hi!\n"


# --- make("scheduler") -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "added",
    ["SayHi", "SayHi()", "SayHi, SayHo", "SayHi(), SayHo()", "SayHo().every_minute().named('x'), SayHo"],
)
def test_add_takes_classes_and_instances_one_or_several(app: App, added: str) -> None:
    app.tasks(TASKS, file="../shared.py")
    app.provider(f"app.make('scheduler').add({added})", header="from app.shared import SayHi, SayHo")
    done = app.craft("schedule:run").exits(0)
    assert done.out == ("Ho!\n" if "every_minute" in added else "Hi!\n"), done


def test_instances_of_one_class_are_tasks_of_their_own(app: App) -> None:
    app.tasks(
        f"""
        class Greet(Task):
            {ALWAYS}

            def __init__(self, whom: str = 'nobody'):
                self.whom = whom

            def handle(self):
                print(f'Hi, {{self.whom}}!')
        """,
        file="../shared.py",
    )
    app.provider("app.make('scheduler').add(Greet('Ann'), Greet('Bob'))", header="from app.shared import Greet")
    assert sorted(app.craft("schedule:run").exits(0).out.splitlines()) == ["Hi, Ann!", "Hi, Bob!"]


@pytest.mark.parametrize(
    ("call", "printed"),
    [
        ("run()", "Hi!\n"),
        ("run(run_name='SayHi')", "Hi!\n"),
        ("run('ho')", ""),
        ("run('ho', True)", "Ho!\n"),
        ("run(run_name='SayHo', force=True)", "Ho!\n"),
        ("run(force=True)", "Hi!\nHo!\n"),
    ],
)
def test_make_scheduler_run_takes_a_name_and_force(app: App, capfd: pytest.CaptureFixture[str], call: str, printed: str) -> None:
    app.tasks(TASKS)
    with booted(app.root) as application:
        capfd.readouterr()
        eval(f"scheduler.{call}", {"scheduler": application.make("scheduler")})
        assert "".join(sorted(capfd.readouterr().out.splitlines(keepends=True))) == printed


def test_added_objects_that_are_not_tasks_are_reported(app: App) -> None:
    app.tasks(TASKS)
    app.provider("app.make('scheduler').add(print, 7)")
    done = app.craft("schedule:run").exits(1)
    assert done.out == "Hi!\n"
    assert len(done.err.splitlines()) == 2
    assert done.err.count("(app/providers/AppProvider.py:") == 2


# --- tasks that subclass Masonite's Task -----------------------------------------------------------------------------


def test_masonites_tasks_are_discovered(app: App) -> None:
    app.write("app/tasks/Inherited.py", MASONITES_TASK)
    assert app.craft("schedule:run").exits(0).out == "Still here!\n"


@pytest.mark.parametrize("registered", ["app.bind('inherited', Inherited)", "app.simple(Inherited)"])
def test_masonites_tasks_can_be_bound(app: App, registered: str) -> None:
    app.write("app/inherited.py", MASONITES_TASK)
    app.provider(registered, header="from app.inherited import Inherited")
    assert app.craft("schedule:run").exits(0).out == "Still here!\n"


@pytest.mark.parametrize("added", ["Inherited", "Inherited()", "Inherited().daily().every_minute()"])
def test_masonites_tasks_can_be_added(app: App, added: str) -> None:
    app.write("app/inherited.py", MASONITES_TASK)
    app.provider(f"app.make('scheduler').add({added})", header="from app.inherited import Inherited")
    assert app.craft("schedule:run").exits(0).out == "Still here!\n"


def test_masonites_tasks_are_called_by_key_and_name(app: App) -> None:
    app.write("app/tasks/Inherited.py", MASONITES_TASK)
    assert app.craft("schedule:run", "--task", "old-friend").exits(0).out == "Still here!\n"
    assert app.craft("schedule:run", "--task", "Inherited", "--force").exits(0).out == "Still here!\n"


def test_masonites_tasks_get_our_meaning_of_their_attributes(app: App) -> None:
    """Masonite's `weekly()` never fires; ours has a next run, and a misspelt value is an error."""
    app.write("app/tasks/Inherited.py", MASONITES_TASK.replace("'1 minute'", "'1 week'"))
    assert len(app.craft("schedule:list", "--json").exits(0).json()["tasks"][0]["next_runs"]) == 1
    app.write("app/tasks/Inherited.py", MASONITES_TASK.replace("'1 minute'", "'5 minuets'"))
    assert "5 minuets" in app.craft("schedule:run").exits(1).err


def test_a_masonite_task_that_decides_itself_is_obeyed(app: App) -> None:
    decides = "\n        def should_run(self, date=None):\n            return {}\n"
    for answer, printed in (("True", "Still here!\n"), ("False", "")):
        app.write("app/tasks/Inherited.py", MASONITES_TASK + decides.format(answer))
        assert app.craft("schedule:run").exits(0).out == printed


def test_masonites_command_task_runs(app: App) -> None:
    app.provider(
        """app.make('scheduler').add(CommandTask('echo "a  b"'))""",
        header="from masonite.scheduling import CommandTask",
    )
    assert app.python_craft("schedule:run").exits(0).out == "a  b\n"
