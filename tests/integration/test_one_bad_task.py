"""One bad task does not stop the others, and nothing about schedules keeps the app from starting."""

from __future__ import annotations

import pytest
from masonite_version import masonite_major

from scheduler.tasks.CommandTask import shell_operator

from .apps import ALWAYS, App

pytestmark = pytest.mark.twice

WELL = f"class Well(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('well')\n"

BAD: dict[str, str] = {
    "a command of paths": "CommandTask(['ls', Path('/tmp')])",
    "a command of nothing": "CommandTask(None)",
    "a command of bytes": "CommandTask(b'ls')",
    "a command with a byte that cannot be decoded": "CommandTask('ls \\udcff')",
    "a command with a zero byte": "CommandTask('ls a\\0b')",
    "a quotation that is not closed": "CommandTask('echo \"a')",
    "a result instead of a function": "CallbackTask(None)",
    "a __repr__ that raises": "Repr(Repr2())",
    "a __getattr__ that raises": "GetAttr()",
    "a property that raises": "Named()",
    "a metaclass that raises": "Meta()",
    "something that is no task": "Repr2()",
    "an interval that is none": "Repr(1).every('5 minuets')",
}
CLASSES = f"""
from pathlib import Path

from scheduler import CallbackTask, CommandTask, Task


class Repr2:
    def __repr__(self):
        raise RuntimeError('no repr')


class Repr(Task):
    {ALWAYS}

    def __init__(self, value):
        self.value = value
        self.__dict__['default_key'] = value

    def handle(self):
        print('bad')


class GetAttr(Task):
    {ALWAYS}

    def __getattribute__(self, name):
        if name == 'name':
            raise RuntimeError('no attributes')
        return super().__getattribute__(name)

    def handle(self):
        print('bad')


class Named(Task):
    {ALWAYS}

    @property
    def name(self):
        raise BaseException('no name')

    def handle(self):
        print('bad')


class Raising(type):
    def __getattribute__(cls, name):
        if name == '__qualname__':
            raise RuntimeError('no names')
        return super().__getattribute__(name)


class Meta(Task, metaclass=Raising):
    {ALWAYS}

    def handle(self):
        print('bad')
"""


@pytest.mark.parametrize("bad", BAD)
def test_an_added_task_that_cannot_be_asked_is_broken_and_the_others_run(app: App, bad: str) -> None:
    app.tasks(WELL)
    app.write("app/bad.py", CLASSES)
    app.provider(f"app.make('scheduler').add({BAD[bad]})", header="from app.bad import *")
    done = app.craft("schedule:run").exits(1)
    assert done.out == "well\n"
    assert " is broken: " in done.err or " was added to the scheduler but is no" in done.err
    assert ".py:" in done.err
    assert "Well" in app.craft("schedule:list").exits(1).out
    assert app.craft("schedule:run", "--task", "Well", "--force").out == "well\n"


IMPORTS: dict[str, str] = {
    "an exception whose __str__ raises": "class Mute(Exception):\n    def __str__(self):\n        raise ValueError('mute')\n\n\nraise Mute",
    "a BaseException": "raise BaseException('no')",
    "GeneratorExit": "raise GeneratorExit",
    "an exit": "import sys\nsys.exit(3)",
    "an exception in a constructor": (
        f"class Mute(Exception):\n    def __str__(self):\n        raise ValueError('mute')\n\n\nclass Bad(Task):\n    {ALWAYS}\n\n"
        "    def __init__(self):\n        self.run_at = None\n        raise Mute\n\n    def handle(self):\n        pass\n"
    ),
}


@pytest.mark.parametrize("bad", IMPORTS)
def test_a_file_that_raises_is_broken_with_its_line_and_others_run(app: App, bad: str) -> None:
    app.tasks(WELL, file="Well.py")
    app.tasks(IMPORTS[bad], file="Bad.py")
    done = app.craft("schedule:run").exits(1)
    assert done.out == "well\n"
    assert "app/tasks/Bad.py:" in done.err
    assert app.craft("schedule:doctor").code == 1
    assert "Well" in app.craft("schedule:list").exits(1).out


def test_a_class_that_cannot_be_inspected_hides_no_task_of_its_file(app: App) -> None:
    stray = "class Raising(type):\n    def __getattribute__(cls, name):\n        raise SystemExit(name)\n\n\nclass Stray(metaclass=Raising):\n"
    app.tasks(f"{stray}    {ALWAYS}\n\n\n{WELL}")
    assert app.craft("schedule:run").exits(0).out == "well\n"


@pytest.mark.parametrize(
    ("scheduling", "message"),
    [
        ("self.call('echo hi').every('5 minuets')", "CommandTask.run_every = '5 minuets': unknown unit 'minuets'"),
        ("self.call('echo hi').daily().weekdays().at('25:00').named('night')", "'25:00' is not between 0:00 and 23:59"),
        ("self.call(None)", "None is not a command"),
        ("self.schedule(CallbackTask(None)).daily()", "pass a function, not its result"),
        ("self.job(5).daily()", "JobTask(5): pass a job, which has a method handle()"),
        ("self.schedule(5)", "int: 5 was added to the scheduler but is not a task"),
        ("app.make('scheduler').add(None)", "None was added to the scheduler but is not a task"),
        ("self.call('')", "there is no command to run: pass one"),
        ("self.schedule(CommandTask('ls')).output_to(5)", "CommandTask.output_to = 5: is not the path of a file"),
        ("self.call('echo hi').named(5)", "CommandTask.name = 5: is not a name"),
        ("self.call('echo hi').when(True)", "CommandTask.when = True: is not callable"),
        ("self.application.make('scheduler').add(CommandTask('ls').in_timezone('Europe/Rigga'))", "unknown time zone 'Europe/Rigga'"),
    ],
)  # fmt: skip
def test_a_bad_value_in_a_provider_does_not_keep_the_app_from_starting(app: App, scheduling: str, message: str) -> None:
    app.tasks(WELL)
    app.provider(scheduling, header="from scheduler.tasks import CallbackTask, CommandTask")
    app.edit("app/providers/AppProvider.py", _with_can_schedule)
    app.craft("routes:list").exits(0)
    done = app.craft("schedule:run").exits(1)
    assert done.out == "well\n"
    assert message in done.err
    assert "app/providers/AppProvider.py:" in done.err


def _with_can_schedule(text: str) -> str:
    return "from scheduler import CanSchedule\n" + text.replace("class AppProvider(Provider)", "class AppProvider(CanSchedule, Provider)")


@pytest.mark.parametrize("scheduling", ["self.call('echo hi').daily().at(5)", "self.call(print, 'hi').hourly()", "app.make('scheduler').add(CommandTask('ls').weekly())"])
def test_an_app_with_an_unknown_time_zone_still_starts(app: App, scheduling: str) -> None:
    app.write("config/scheduler.py", 'TIMEZONE = "Europe/Rigga"')
    app.provider(scheduling, header="from scheduler.tasks import CommandTask")
    app.edit("app/providers/AppProvider.py", _with_can_schedule)
    app.craft("routes:list").exits(0)
    done = app.craft("schedule:list")
    assert done.code != 0
    assert "config/scheduler.TIMEZONE = 'Europe/Rigga': unknown time zone" in done.out + done.err


@pytest.mark.parametrize("scheduling", ["self.call('echo hi')", "self.call(print, 'hi').every_minute()", "self.schedule(CommandTask('echo hi'))", "app.make('scheduler').add(CommandTask('echo hi'))"])
def test_our_provider_may_be_listed_after_those_that_schedule(app: App, scheduling: str) -> None:
    app.provider(scheduling, header="from scheduler.tasks import CommandTask")
    app.edit("app/providers/AppProvider.py", _with_can_schedule)
    app.edit("config/providers.py", lambda text: f"{text}\nPROVIDERS = [each for each in PROVIDERS if each.__module__.split('.')[0] != 'scheduler'] + [scheduler.providers.ScheduleProvider]\n")
    assert app.python_craft("schedule:run").exits(0).out == "hi\n"


def test_a_function_gets_its_arguments_and_the_rest_is_injected(app: App) -> None:
    app.write(
        "app/greet.py",
        "from __future__ import annotations\n\nfrom masonite.foundation import Application\n\n\n"
        "def greet(word, name, application: Application):\n    print(word, name, type(application).__name__)\n",
    )
    app.provider("for name in ('Ann', 'Bob'):\n    self.call(greet, 'Hi', name).every_minute()", header="from app.greet import greet")
    app.edit("app/providers/AppProvider.py", _with_can_schedule)
    assert sorted(app.craft("schedule:run").exits(0).out.splitlines()) == ["Hi Ann Application", "Hi Bob Application"]
    listed = app.craft("schedule:list").exits(0)
    assert "greet('Hi', 'Ann')" in listed.out
    assert listed.err == ""


def test_a_pipe_is_run_by_a_shell_if_it_is_asked_for(app: App) -> None:
    app.provider("app.make('scheduler').add(CommandTask('echo a b | wc -w', shell=True), CommandTask('echo a | wc -w'))", header="from scheduler.tasks import CommandTask")
    done = app.craft("schedule:run")
    assert sorted(done.out.split("\n")) == ["", "2", "a | wc -w"]
    assert "'echo a | wc -w' passes '|' to the program as an argument, since no shell reads it: use CommandTask(..., shell=True)" in done.err


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("ls | wc -l", "|"), ("ls > a.txt", ">"), ("cd /tmp && ls", "&&"), ("echo $HOME", "$HOME"), ("ls ${HOME}/x", "${HOME}"),
        ('echo "in $HOME"', "$HOME"), ("ls --path=$HOME", "$HOME"), ("echo $(date)", "$("), ("echo '$HOME | x'", ""),
        ("awk '{print $1}' a", ""), ("echo \\\\$HOME", ""), ("awk -F: '$name > 3' a", ""), ("grep 5$ a", ""), ("echo a --x='$b'", ""),
    ],
)  # fmt: skip
def test_shell_syntax_is_found_unless_it_is_quoted(line: str, part: str) -> None:
    assert shell_operator(line) == part


def test_linked_folders_and_classes_made_by_functions_are_found(app: App) -> None:
    linked = app.root / "shared_tasks"
    (linked / "deep").mkdir(parents=True)
    (linked / "deep" / "Linked.py").write_text(f"from scheduler import Task\n\n\nclass Linked(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('linked')\n")
    (app.root / "app/tasks").mkdir(exist_ok=True)
    (app.root / "app/tasks/shared").symlink_to("../../shared_tasks")
    (linked / "again").symlink_to(linked)
    app.write("app/factory.py", "from scheduler import Task\n\n\ndef task(name):\n    return type(name, (Task,), {'run_every': '1 minute', 'handle': lambda self: print(name)})\n\n\nclass Base(Task):\n    run_every = '1 minute'\n\n    def handle(self):\n        print('base')\n")
    app.write("app/tasks/Made.py", "from app.factory import Base, task\n\nfor name in ('A', 'B'):\n    globals()[name] = task(name)\n")
    assert sorted(app.python_craft("schedule:run").exits(0).out.split()) == ["A", "B", "linked"]


@pytest.mark.parametrize(
    ("methods", "refused"),
    [
        ("on('mon-fri')", "run_on = weekdays leaves out this time"),
        ("between(8, 17)", "run_between = 8:00 and 17:00 leaves out this time"),
        ("starting('2027-03-01')", "run_from = 2027-03-01 leaves out this time"),
        ("until('2027-01-01')", "run_until = 2027-01-01 leaves out this time"),
        ("except_on('2027-01-30')", "run_except = 2027-01-30 leaves out this time"),
    ],
)
def test_constraints_set_by_methods_are_explained_like_attributes(app: App, methods: str, refused: str) -> None:
    app.provider(f"app.make('scheduler').add(CommandTask('ls').every_minute().in_timezone('UTC').{methods})", header="from scheduler.tasks import CommandTask")
    shown = app.craft("schedule:explain", "ls", "--at", "2027-01-30 03:00").out
    assert refused in " ".join(shown.split())


# --- misspelt names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("run_evry = '1 minute'", "run_every"), ("time_zone = 'UTC'", "timezone"), ("environment = 'production'", "environments"),
        ("timout = '1 minute'", "timeout"), ("retry = 3", "retries"), ("run_daily = True", "run_every = '1 day'"),
        ("every = '5 minutes'", "run_every"), ("run_on_day_of_month = 1", "run_on_days_of_month"), ("jiter = '1 minute'", "jitter"),
        ("notify_on_failures = '#ops'", "notify_on_failure"), ("ouput_to = 'a.log'", "output_to"), ("max_retries = 3", "retries"),
        ("def handel(self):\n        pass", "handle()"), ("def afer(self):\n        pass", None), ("def failled(self, run):\n        pass", "failed()"),
        ("skip = True", "def when(self)"), ("def skip(self):\n        return True", "def when(self), which returns false to skip a run"),
        ("def run_if(self):\n        return False", "when()"), ("def skip(self, condition):\n        pass", None),
        ("def on_failure(self, run):\n        pass", "failed()"), ("def on_success(self, run):\n        pass", "succeeded()"),
    ],
)  # fmt: skip
def test_a_misspelt_attribute_is_a_notice_with_its_line_and_the_right_name(app: App, line: str, right: str | None) -> None:
    app.tasks(f"class SayHi(Task):\n    {ALWAYS}\n    {line}\n\n    def handle(self):\n        print('hi')\n", file="SayHi.py")
    name = line.removeprefix("def ").split("(")[0].split(" ")[0]
    for command in (["schedule:list"], ["schedule:run"], ["schedule:explain", "SayHi"], ["schedule:doctor"]):
        done = app.craft(*command)
        shown = " ".join((done.out + done.err).split())
        if right is None:
            assert "is not an option" not in shown
        else:
            assert f"SayHi.{name} is not an option of a task and is ignored (app/tasks/SayHi.py:6)" in shown, command
            assert f"write {right}" in shown, command


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ("retry_delay = '1 minute'", "retry_delay"), ("retry_backoff = 'exponential'", "retry_backoff"),
        ("retry_delay = ('1 minute', '5 minutes')", None), ("retry_backoff = 'exponential'; retries = 2", None),
        ("retry_delay = '1 minute'; retries = 0", None), ("retry_delay = '0 seconds'", None),
    ],
)  # fmt: skip
def test_a_delay_of_retries_that_never_come_is_a_notice(app: App, lines: str, name: str | None) -> None:
    app.tasks(f"class SayHi(Task):\n    {ALWAYS}\n    {lines}\n\n    def handle(self):\n        print('hi')\n")
    done = app.craft("schedule:list")
    notice = f"Notice: SayHi sets {name} but no retries, so no run is tried again: set retries = 3 or another number.\n"
    assert ("Notice" in done.err) is (name is not None)
    assert name is None or notice in done.err


def test_attributes_that_have_nothing_to_do_with_ours_are_free(app: App) -> None:
    app.tasks(
        f"class SayHi(Task):\n    {ALWAYS}\n    url = 'x'\n    names = ('a',)\n    handles = 3\n    table = 'users'\n    batch_size = 5\n    run_id = 1\n"
        "    queue = 'x'\n    status = 'new'\n    path = '/'\n    timestamp = 0\n    client = None\n    days = 3\n    output = ''\n    _retry = 1\n    interval = 5\n\n"
        "    @property\n    def waiting(self):\n        return 0\n\n    def run(self):\n        return self.names\n\n    def fetch(self):\n        pass\n\n"
        "    def handle(self):\n        self.started = 1\n        print('hi')\n",
    )
    done = app.craft("schedule:list").exits(0)
    assert "Notice" not in done.out + done.err


@pytest.mark.parametrize(
    ("setting", "right"),
    [
        ("TIMEZON = 'UTC'", "TIMEZONE"), ("WORKERS_MAX = 3", "WORKERS"), ("workers = 3", "WORKERS"), ("RETRYES = 1", "RETRIES"),
        ("COLOUR = 'red'", "remove it"),
    ],
)  # fmt: skip
def test_a_setting_that_does_not_exist_is_a_notice_with_its_line(app: App, setting: str, right: str) -> None:
    app.tasks(WELL, file="Well.py")
    app.write("config/scheduler.py", f"import os\n\nhelper = os.sep\n{setting}\n")
    name = setting.split(" ", maxsplit=1)[0]
    for command in (["schedule:list"], ["schedule:run"], ["schedule:explain", "Well"], ["schedule:doctor"]):
        done = app.craft(*command)
        shown = " ".join((done.out + done.err).split())
        assert f"{name} is not a setting and is ignored (config/scheduler.py:4)" in shown, command
        assert right in shown
        assert "helper" not in shown


@pytest.mark.skipif(masonite_major() == 4, reason="Masonite 4 has no logging channels")
def test_a_log_channel_that_does_not_exist_is_a_notice(app: App) -> None:
    app.tasks(WELL, file="Well.py")
    app.write("config/scheduler.py", "LOG_CHANNEL = 'nope'\n")
    assert "LOG_CHANNEL = 'nope' is not a channel of config/logging.py: use one of" in app.craft("schedule:list").err


NOTICED = """
class Hurried(Task):
    run_evry = '1 minute'

    def handle(self):
        pass


class Calm(Task):
    run_every = '1 minute'

    def handle(self):
        pass


class Left(Task):
    name = 'twin'

    def handle(self):
        pass


class Right(Task):
    name = 'twin'

    def handle(self):
        pass
"""


@pytest.mark.parametrize(
    ("name", "notices"), [("Calm", []), ("Hurried", ["run_evry"]), ("Left", ["'twin'"]), ("twin", ["'twin'"])]
)
@pytest.mark.parametrize("command", [["schedule:run", "--task"], ["schedule:explain"]], ids=" ".join)
def test_a_named_task_comes_with_notices_about_itself_alone(
    app: App, command: list[str], name: str, notices: list[str]
) -> None:
    app.tasks(NOTICED)
    shown = [line for line in app.craft(*command, name).err.splitlines() if "Notice" in line]
    assert len(shown) == len(notices)
    assert all(part in line for part, line in zip(notices, shown, strict=True))


def test_notices_about_settings_are_shown_with_any_task(app: App) -> None:
    app.tasks(NOTICED)
    app.write("config/scheduler.py", "TIME_ZONE = 'Europe/Riga'\nBASE = 1\n")
    first, second = (line for line in app.craft("schedule:run", "--task", "Calm").err.splitlines() if "Notice" in line)
    assert first == "Notice: TIME_ZONE is not a setting and is ignored (config/scheduler.py:1): write TIMEZONE."
    assert second.endswith("(config/scheduler.py:2): remove it; a name of your own may be written in lower case.")


@pytest.mark.parametrize(
    ("source", "first"),
    [
        ("def (\n", '  File "{file}", line 1\n'),
        ("import nowhere\n", 'Traceback (most recent call last):\n  File "{file}", line 1, in <module>\n'),
        ("def load():\n    return 1 / 0\n\n\nload()\n", 'Traceback (most recent call last):\n  File "{file}", line 5, in <module>\n'),
    ],
)
def test_the_traceback_of_a_broken_file_begins_in_the_file(app: App, source: str, first: str) -> None:
    file = app.write("app/tasks/Broken.py", source)
    shown = app.craft("schedule:run", "-v").exits(1).err.splitlines(keepends=True)
    at = next(number for number, line in enumerate(shown) if line.startswith("Broken is") or "is broken" in line) + 1
    assert "".join(shown[at : at + first.count("\n")]) == first.format(file=file)
