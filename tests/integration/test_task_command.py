"""`craft task Name` writes a task to fill in, and never harms a file."""

from __future__ import annotations

import ast

import pytest

from .apps import App

SAY_HI = "app/tasks/SayHi.py"


def test_craft_task_writes_the_guides_task_to_the_tasks_location(app: App) -> None:
    before = app.files()
    app.craft("task", "SayHi").exits(0)
    assert app.files() - before == {SAY_HI}
    source = (app.root / SAY_HI).read_text()
    imports, cls = ast.parse(source).body
    assert ast.unparse(imports) == "from scheduler.Task import Task"
    assert isinstance(cls, ast.ClassDef)
    assert (cls.name, [ast.unparse(base) for base in cls.bases]) == ("SayHi", ["Task"])
    assert {"__init__", "handle"} <= {part.name for part in cls.body if isinstance(part, ast.FunctionDef)}


def test_a_task_written_by_craft_task_runs_at_once(app: App) -> None:
    app.craft("task", "SayHi").exits(0)
    assert [task["key"] for task in app.craft("schedule:list", "--json").exits(0).json()["tasks"]] == ["SayHi"]
    assert app.craft("schedule:run", "--task", "SayHi", "--force").exits(0).err.startswith("SayHi succeeded in")


@pytest.mark.parametrize("name", ["Task", "task"])
def test_a_task_cannot_be_named_like_its_base_class(app: App, name: str) -> None:
    before = app.files()
    assert "Task is the name of the class that tasks are made from" in app.craft("task", name).exits(2).err
    assert app.files() == before


@pytest.mark.parametrize(("at", "hint"), [("9", "'9:00'"), ("5pm", "'17:00'"), ("8.30", "'8:30'"), ("17h30", "'17:30'")])
def test_a_time_written_otherwise_gets_the_spelling(app: App, at: str, hint: str) -> None:
    assert f"--at: '{at}' is not a time of day (try {hint} or" in app.craft("task", "SayHi", "--at", at).exits(2).err


def test_craft_task_prints_what_it_wrote(app: App) -> None:
    assert SAY_HI in app.craft("task", "SayHi").out


def test_craft_task_is_our_command_wherever_our_provider_stands(make) -> None:
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
def test_craft_task_with_force_replaces_the_file(app: App, arguments: tuple[str, ...]) -> None:
    file = app.write(SAY_HI, "mine = 1\n")
    app.craft("task", *arguments).exits(0)
    assert "class SayHi(Task):" in file.read_text()


def test_python_craft_task_writes_the_file_too(app: App) -> None:
    app.python_craft("task", "SayHi").exits(0)
    assert app.python_craft("task", "SayHi").code != 0
    assert SAY_HI in app.files()


# --- when it runs ----------------------------------------------------------------------------------------------------


def test_the_commonest_rules_stand_in_a_new_task_as_comments(app: App) -> None:
    app.craft("task", "SayHi").exits(0)
    comments = [line.strip() for line in (app.root / SAY_HI).read_text().splitlines() if line.strip().startswith("#")]
    assert comments == ['# run_every = "5 minutes"', '# run_at = "8:00"', '# run_cron = "0 9 * * mon-fri"']
    for comment in comments:
        app.edit(SAY_HI, lambda text, comment=comment: text.replace(comment, comment.removeprefix("# ")))
        assert "only on demand" not in app.craft("schedule:list").exits(0).out
        app.craft("task", "SayHi", "-f").exits(0)


@pytest.mark.parametrize(
    ("options", "declared", "when"),
    [
        (["--every", "5 minutes"], ["run_every = '5 minutes'"], "every 5 minutes"),
        (["--at", "8:00"], ["run_at = '8:00'"], "every day at 8:00"),
        (["--every", "2 days", "--at=8:00, 17:00"], ["run_every = '2 days'", "run_at = ['8:00', '17:00']"], "every 2 days at 8:00 and 17:00"),
        (["--every", "hour", "--at", ":15"], ["run_every = 'hour'", "run_at = ':15'"], "every hour at :15"),
    ],
)
def test_a_task_can_be_written_with_its_rule(app: App, options: list[str], declared: list[str], when: str) -> None:
    app.craft("task", "SayHi", *options).exits(0)
    [cls] = [part for part in ast.parse((app.root / SAY_HI).read_text()).body if isinstance(part, ast.ClassDef)]
    assert [ast.unparse(part) for part in cls.body if isinstance(part, ast.Assign)] == declared
    assert when in " ".join(app.craft("schedule:explain", "SayHi").exits(0).out.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--every", "5m"], "--every: unknown unit 'm' (try '5 minutes' or '2 hours')."),
        (["--at", "5pm"], "--at: '5pm' is not a time of day (try '17:00' or '5:30')."),
        (["--every", "5 minutes", "--at", "8:00"], "--at: a rule of minutes has no time of day; leave out --at or --every (try --every '1 day' or --every '1 week')."),
        (["--every", "2 hours", "--at", "8:00"], "--at: an hours rule takes only a minute of the hour (try ':15' or [':15', ':45'])."),
        (["--every"], "--every needs a value: --every '5 minutes'."),
        (["--at="], "--at needs a value: --at '8:00'."),
    ],
)
def test_a_rule_that_no_task_takes_is_refused_and_nothing_written(app: App, options: list[str], message: str) -> None:
    before = app.files()
    done = app.craft("task", "SayHi", *options).exits(2)
    assert message in done.err
    assert app.files() == before


# --- file systems ----------------------------------------------------------------------------------------------------


def test_a_very_long_name_is_refused_in_words(app: App) -> None:
    done = app.craft("task", "A" * 300).exits(2)
    assert "has 300 characters: use 100 at most" in done.err


def test_a_folder_that_cannot_be_created_is_reported(app: App) -> None:
    app.write("app/file", "")
    done = app.craft("task", "SayHi", "-d", "app/file/tasks").exits(2)
    assert "app/file/tasks/SayHi.py cannot be written: Not a directory. Choose another name or --directory." in done.err


def test_a_name_that_differs_from_anothers_only_in_case_is_refused(app: App) -> None:
    app.craft("task", "SayHi").exits(0)
    done = app.craft("task", "Sayhi", "-f").exits(2)
    assert "app/tasks/Sayhi.py differs from SayHi.py only in case" in done.err


def test_file_and_class_have_the_name_that_python_reads(app: App) -> None:
    """Python reads the letter 'ﬁ' in an identifier as 'fi', but not in a file's name."""
    app.craft("task", "Pro\ufb01t").exits(0)
    assert "app/tasks/Profit.py" in app.files()
    assert [task["key"] for task in app.craft("schedule:list", "--json").json()["tasks"]] == ["Profit"]


def test_a_link_is_replaced_and_what_it_leads_to_is_kept(app: App) -> None:
    other = app.write("other.py", "mine = 1\n")
    (app.root / "app/tasks").mkdir(exist_ok=True)
    (app.root / SAY_HI).symlink_to(other)
    app.craft("task", "SayHi").exits(2)
    app.craft("task", "SayHi", "-f").exits(0)
    assert other.read_text() == "mine = 1\n"
    assert not (app.root / SAY_HI).is_symlink()
    assert list((app.root / "app/tasks").glob("*.new")) == []
