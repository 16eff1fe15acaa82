"""Tasks are found in the container, in what was added and in `app/tasks`, each once under its key."""

from __future__ import annotations

import pytest

from .apps import ALWAYS, App

HI = f"class SayHi(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('Hi!')\n"


def keys(app: App) -> list[str]:
    return sorted(task["key"] for task in app.craft("schedule:list", "--json").exits(0).json()["tasks"])


def elsewhere(app: App, source: str = HI) -> None:
    """The same, but where tasks are not looked for."""
    app.tasks(source, file="../shared.py")


# --- the container ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "key"),
    [
        ("app.bind('greeter', SayHi)", "greeter"),
        ("app.bind('greeter', SayHi())", "greeter"),
        ("app.simple(SayHi)", "SayHi"),
        ("app.simple(SayHi())", "SayHi"),
        ("app.bind(SayHi, SayHi)", "SayHi"),
        ("app.bind(7, SayHi)", "SayHi"),
        ("app.singleton('greeter', SayHi)", "greeter"),
    ],
)
def test_a_bound_task_has_its_binding_for_a_key_else_its_class_name(app: App, bound: str, key: str) -> None:
    elsewhere(app)
    app.provider(bound, header="from app.shared import SayHi")
    assert keys(app) == [key]
    assert app.craft("schedule:run", "--task", key).exits(0).out == "Hi!\n"


def test_bases_and_things_that_are_no_tasks_are_not_run(app: App) -> None:
    app.provider(
        "app.bind('task', Task)\napp.bind('command', CommandTask)\napp.bind('number', 7)\napp.bind('text', 'Task')",
        header="from scheduler import Task\nfrom scheduler.tasks import CommandTask",
    )
    assert keys(app) == []
    assert app.craft("schedule:run", "--force").exits(0).out == ""


# --- app/tasks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prepare", [lambda app: None, lambda app: (app.root / "app/tasks").mkdir()], ids=["missing", "empty"]
)
def test_a_missing_or_empty_task_folder_is_no_error(app: App, prepare) -> None:
    prepare(app)
    done = app.craft("schedule:run").exits(0)
    assert (done.out, done.err) == ("", "")
    assert keys(app) == []


def test_a_name_asked_for_in_an_app_without_tasks_is_unknown(app: App) -> None:
    assert "SayHi" in app.craft("schedule:run", "--task", "SayHi").exits(2).err


@pytest.mark.parametrize("file", ["SayHi.py", "greetings/SayHi.py", "a/b/c/SayHi.py", "__init__.py", "a/__init__.py"])
def test_every_module_under_it_is_looked_into(app: App, file: str) -> None:
    app.tasks(HI, file=file)
    assert keys(app) == ["SayHi"]
    assert app.craft("schedule:run").exits(0).out == "Hi!\n"


@pytest.mark.parametrize("file", ["notes.txt", "SayHi.py.bak", ".hidden.py", "__pycache__/SayHi.py", "SayHi.pyc"])
def test_files_that_are_not_modules_are_ignored(app: App, file: str) -> None:
    app.write(f"app/tasks/{file}", "this is not Python\n")
    assert keys(app) == []


@pytest.mark.parametrize("file", ["say-hi.py", "1st.py", "late night/SayHi.py"])
def test_a_task_file_may_have_any_name(app: App, file: str) -> None:
    app.tasks(HI, file=file)
    assert app.craft("schedule:run").exits(0).out == "Hi!\n"


def test_only_classes_a_module_defines_count_not_those_it_imports(app: App) -> None:
    elsewhere(app)
    app.write("app/tasks/Imports.py", "from scheduler.tasks import CommandTask, Task\nfrom app.shared import SayHi\n")
    assert keys(app) == []


def test_a_class_imported_by_another_module_is_found_once(app: App) -> None:
    app.tasks(HI, file="SayHi.py")
    app.tasks(
        "from app.tasks.SayHi import SayHi\nfrom .SayHi import SayHi as Same\n\n\nclass SayHo(SayHi):\n    pass\n",
        file="SayHo.py",
    )
    assert keys(app) == ["SayHi", "SayHo"]


def test_a_base_without_handle_or_with_an_underscore_is_not_run(app: App) -> None:
    app.tasks(
        f"""
        from abc import ABC, abstractmethod


        class Nightly(Task):
            {ALWAYS}


        class _Base(Nightly):
            def handle(self):
                print('base')


        class Abstract(Task, ABC):
            {ALWAYS}

            @abstractmethod
            def whom(self): ...

            def handle(self):
                print(f'Hi, {{self.whom()}}!')


        class SayHi(Abstract, _Base):
            def whom(self):
                return 'you'
        """
    )
    assert keys(app) == ["SayHi"]
    assert app.craft("schedule:run").exits(0).out == "Hi, you!\n"


# --- one task in two places ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "registered",
    [
        "app.bind('SayHi', SayHi)",
        "app.simple(SayHi)",
        "app.make('scheduler').add(SayHi)",
        "app.make('scheduler').add(SayHi, SayHi)",
        "app.bind('SayHi', SayHi)\napp.make('scheduler').add(SayHi)",
        "hi = SayHi()\napp.make('scheduler').add(hi, hi)",
        "hi = SayHi()\napp.bind('SayHi', hi)\napp.make('scheduler').add(hi)",
    ],
)
def test_a_task_that_is_found_and_registered_runs_once(app: App, registered: str) -> None:
    app.tasks(HI)
    app.provider(registered, header="from app.tasks.Tasks import SayHi")
    done = app.craft("schedule:run").exits(0)
    assert (done.out, done.err) == ("Hi!\n", "")


@pytest.mark.parametrize(
    "registered",
    [
        "app.make('scheduler').add({})",
        "app.bind('SayHi', {})",
        "app.simple({})",
        "app.make('scheduler').add(SayHi, {})",
        "app.bind('SayHi', SayHi)\napp.make('scheduler').add({})",
    ],
)
def test_a_registered_instance_wins_over_its_class(app: App, registered: str) -> None:
    app.tasks(HI)
    instance = "SayHi().cron('0 0 29 2 *')"
    app.provider(registered.format(instance), header="from app.tasks.Tasks import SayHi")
    assert app.craft("schedule:run").exits(0).out == ""
    assert keys(app) == ["SayHi"]


def test_a_task_bound_under_two_keys_runs_once_and_a_line_says_so(app: App) -> None:
    elsewhere(app)
    app.provider("app.bind('one', SayHi)\napp.bind('two', SayHi)", header="from app.shared import SayHi")
    done = app.craft("schedule:run").exits(0)
    assert done.out == "Hi!\n"
    assert len(done.err.splitlines()) == 1
    assert all(word in done.err for word in ("SayHi", "'one'", "'two'", "remove the other binding"))


# --- two tasks of one key, or one name -------------------------------------------------------------------------------


@pytest.fixture
def twins(app: App) -> App:
    """An app with two classes of one name, in two modules."""
    app.tasks(HI, file="north/Greet.py")
    app.tasks(HI.replace("Hi!", "Moin!"), file="south/Greet.py")
    return app


def test_two_tasks_of_one_key_both_run_and_a_line_tells_them_apart(twins: App) -> None:
    done = twins.craft("schedule:run").exits(0)
    assert sorted(done.out.splitlines()) == ["Hi!", "Moin!"]
    assert len(done.err.splitlines()) == 1
    assert "app.tasks.north.Greet" in done.err
    assert "app.tasks.south.Greet" in done.err
    assert "give each a name of its own" in done.err


def test_each_can_be_called_by_the_key_it_was_given(twins: App) -> None:
    for key in keys(twins):
        assert key.startswith("app.tasks.")
    north = next(key for key in keys(twins) if "north" in key)
    assert twins.craft("schedule:run", "--task", north).exits(0).out == "Hi!\n"


def test_a_name_of_two_tasks_is_reported(app: App) -> None:
    named = HI.replace(ALWAYS, f"{ALWAYS}\n    name = 'greet'")
    app.tasks(named + "\n\n" + named.replace("SayHi", "SayMoin").replace("Hi!", "Moin!"))
    done = app.craft("schedule:run").exits(0)
    assert sorted(done.out.splitlines()) == ["Hi!", "Moin!"]
    assert len(done.err.splitlines()) == 1
    assert all(word in done.err for word in ("'greet'", "SayHi", "SayMoin", "rename all but one"))
