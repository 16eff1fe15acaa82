"""`craft task Name` writes a task to fill in, and never harms a file."""

from __future__ import annotations

import ast

import pytest

from .apps import App

SAY_HI = "app/tasks/SayHi.py"


def test_it_writes_the_guides_task_under_the_apps_tasks_location(app: App) -> None:
    before = app.files()
    app.craft("task", "SayHi").exits(0)
    assert app.files() - before == {SAY_HI}
    source = (app.root / SAY_HI).read_text()
    imports, cls = ast.parse(source).body
    assert ast.unparse(imports) == "from scheduler.Task import Task"
    assert isinstance(cls, ast.ClassDef)
    assert (cls.name, [ast.unparse(base) for base in cls.bases]) == ("SayHi", ["Task"])
    assert {"__init__", "handle"} <= {part.name for part in cls.body if isinstance(part, ast.FunctionDef)}


def test_what_it_writes_is_a_task_that_can_be_run_at_once(app: App) -> None:
    app.craft("task", "SayHi").exits(0)
    assert [task["key"] for task in app.craft("schedule:list", "--json").exits(0).json()["tasks"]] == ["SayHi"]
    assert app.craft("schedule:run", "--task", "SayHi", "--force").exits(0).err == ""


def test_it_says_what_it_wrote(app: App) -> None:
    assert SAY_HI in app.craft("task", "SayHi").out


def test_it_is_our_command_whatever_else_is_listed(make) -> None:
    for arrangement in ("ours first", "ours alone", "Masonite's under another name"):
        app = make(arrangement, name=arrangement.replace(" ", "-").replace("'", ""))
        app.craft("task", "SayHi").exits(0)
        assert "from scheduler.Task import Task" in (app.root / SAY_HI).read_text()


def test_a_name_of_several_words_becomes_a_class_name_as_masonite_makes_it(app: App) -> None:
    app.craft("task", "say_hi").exits(0)
    assert "class SayHi(Task):" in (app.root / SAY_HI).read_text()


@pytest.mark.parametrize("switch", [["-d", "app/nightly"], ["--directory", "app/nightly"], ["--directory=app/nightly"]])
def test_the_directory_can_be_another(app: App, switch: list[str]) -> None:
    app.craft("task", "SayHi", *switch).exits(0)
    assert "app/nightly/SayHi.py" in app.files()
    assert SAY_HI not in app.files()


@pytest.mark.parametrize("location", ["app/timed", "app.timed"])
def test_the_tasks_location_of_the_app_counts_for_writing_and_for_finding(app: App, location: str) -> None:
    app.edit("app/Kernel.py", lambda text: text.replace('"app/tasks"', f'"{location}"'))
    app.craft("task", "SayHi").exits(0)
    assert "app/timed/SayHi.py" in app.files()
    assert [task["key"] for task in app.craft("schedule:list", "--json").json()["tasks"]] == ["SayHi"]


# --- names it refuses ------------------------------------------------------------------------------------------------

NO_CLASS_NAMES = ["1bad", "a-b", "../Evil", "class", "/tmp/X", "a.b", "sub/SayHi", "Say Hi", "", "None", "Say\nHi", "_"]


@pytest.mark.parametrize("name", NO_CLASS_NAMES)
def test_a_name_that_is_no_class_name_is_refused_in_one_line(app: App, name: str) -> None:
    before = app.files()
    done = app.craft("task", name).exits(2)
    assert app.files() == before
    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    assert repr(name) in done.err


@pytest.mark.parametrize("name", ["../../../Evil", "{outside}/Evil"])
def test_a_name_never_leads_out_of_the_folder(app: App, name: str) -> None:
    outside = app.root.parent
    app.craft("task", name.format(outside=outside), "-d", "app/tasks", "-f").exits(2)
    assert [path.name for path in outside.iterdir()] == [app.root.name]


def test_letters_of_any_language_are_fine(app: App) -> None:
    app.craft("task", "Sveiki").exits(0)
    app.craft("task", "Čau").exits(0)
    assert {task["key"] for task in app.craft("schedule:list", "--json").json()["tasks"]} == {"Sveiki", "Čau"}


# --- a file that is there --------------------------------------------------------------------------------------------


def test_an_existing_file_is_kept(app: App) -> None:
    file = app.write(SAY_HI, "mine = 1\n")
    done = app.craft("task", "SayHi")
    assert done.code != 0
    assert SAY_HI in done.err
    assert "-f" in done.err
    assert file.read_text() == "mine = 1\n"


@pytest.mark.parametrize("arguments", [("SayHi", "-f"), ("SayHi", "--force"), ("-f", "SayHi")])
def test_force_replaces_it(app: App, arguments: tuple[str, ...]) -> None:
    file = app.write(SAY_HI, "mine = 1\n")
    app.craft("task", *arguments).exits(0)
    assert "class SayHi(Task):" in file.read_text()


def test_as_a_process_it_does_the_same(app: App) -> None:
    app.python_craft("task", "SayHi").exits(0)
    assert app.python_craft("task", "SayHi").code != 0
    assert SAY_HI in app.files()
