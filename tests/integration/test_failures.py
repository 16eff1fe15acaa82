"""A failure is reported with key, error and the line in the user's file, and everything else runs."""

from __future__ import annotations

import re

import pytest

from .apps import App, Finished

pytestmark = pytest.mark.twice

WELL = """
    from scheduler import Task


    class {name}(Task):
        run_every = '1 minute'

        def handle(self):
            print('{name} ran')
"""

RAISES = """
    from scheduler import Task


    class Broken(Task):
        run_every = '1 minute'

        def handle(self):
            self.deep_down()

        def deep_down(self):
            raise RuntimeError('out of stamps')
"""

RAISES_IN_A_LIBRARY = """
    import json

    from scheduler import Task


    class Broken(Task):
        run_every = '1 minute'

        def handle(self):
            json.loads('{')
"""

CANNOT_BE_BUILT = """
    from scheduler import Task


    class Broken(Task):
        run_every = '1 minute'

        def __init__(self):
            raise RuntimeError('no pigeons')

        def handle(self):
            print('Broken ran')
"""

CANNOT_BE_IMPORTED = """
    from scheduler import Task

    from no_such_module import anything


    class Broken(Task):
        run_every = '1 minute'
"""

EXITS = """
    import sys

    from scheduler import Task


    class Broken(Task):
        run_every = '1 minute'

        def handle(self):
            sys.exit({code})
"""

EXITS_WHEN_IMPORTED = """
    import sys

    sys.exit(0)
"""

SHOULD_RUN_RAISES = """
    from scheduler import Task


    class Broken(Task):
        def should_run(self, date=None):
            raise RuntimeError('the moon is hidden')

        def handle(self):
            print('Broken ran')
"""

EXITS_WHEN_ASKED = """
    import sys

    from scheduler import Task


    class Broken(Task):
        def should_run(self, date=None):
            sys.exit(0)

        def handle(self):
            print('Broken ran')
"""

EXITS_WHEN_BUILT = """
    import sys

    from scheduler import Task


    class Broken(Task):
        def __init__(self):
            self.run_every = '1 minute'
            sys.exit(0)

        def handle(self):
            print('Broken ran')
"""

CONDITION_RAISES = """
    from scheduler import Task


    class Broken(Task):
        run_every = '1 minute'

        def when(self):
            raise RuntimeError('nobody answers')

        def handle(self):
            print('Broken ran')
"""

SYNTAX_ERROR = """
    from scheduler import Task


    class Broken(Task)
        run_every = '1 minute'
"""

FAILURES = {
    "handle raises": (RAISES, "out of stamps", 11),
    "handle raises in a library": (RAISES_IN_A_LIBRARY, "JSONDecodeError", 10),
    "it cannot be built": (CANNOT_BE_BUILT, "no pigeons", 8),
    "it cannot be imported": (CANNOT_BE_IMPORTED, "no_such_module", 3),
    "it calls sys.exit()": (EXITS.format(code=""), "sys.exit", 10),
    "it calls sys.exit(0)": (EXITS.format(code="0"), "sys.exit", 10),
    "it calls sys.exit('text')": (EXITS.format(code="'enough'"), "enough", 10),
    "its file calls sys.exit": (EXITS_WHEN_IMPORTED, "sys.exit", 3),
    "should_run raises": (SHOULD_RUN_RAISES, "the moon is hidden", 6),
    "should_run calls sys.exit": (EXITS_WHEN_ASKED, "sys.exit(0)", 8),
    "it cannot be built to be asked": (EXITS_WHEN_BUILT, "sys.exit(0)", 9),
    "when raises": (CONDITION_RAISES, "nobody answers", 8),
    "a syntax error": (SYNTAX_ERROR, "SyntaxError", 4),
}


@pytest.fixture
def around(app: App) -> App:
    """An app with a task before a broken one, and a task after it."""
    app.write("app/tasks/Before.py", WELL.format(name="Before"))
    app.write("app/tasks/Zuletzt.py", WELL.format(name="Zuletzt"))
    return app


def others_ran(done: Finished) -> bool:
    return sorted(done.out.splitlines()) == ["Before ran", "Zuletzt ran"]


@pytest.mark.parametrize(("source", "error", "line"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_one_line_with_key_error_and_place_and_the_rest_runs(
    around: App, source: str, error: str, line: int
) -> None:
    around.write("app/tasks/Broken.py", source)
    done = around.craft("schedule:run").exits(1)
    assert others_ran(done), done
    assert len(done.err.splitlines()) == 1, done
    assert "Broken" in done.err
    assert error in done.err
    assert f"app/tasks/Broken.py:{line}" in done.err


@pytest.mark.parametrize(("source", "error", "line"), FAILURES.values(), ids=FAILURES)
def test_verbose_adds_the_whole_traceback(around: App, source: str, error: str, line: int) -> None:
    around.write("app/tasks/Broken.py", source)
    done = around.craft("schedule:run", "-v").exits(1)
    assert error in done.err
    assert re.search(rf'Broken\.py", line {line}\b', done.err)
    assert "Before ran" in done.out
    assert "Zuletzt ran" in done.out


def test_the_whole_traceback_has_every_frame(around: App) -> None:
    around.write("app/tasks/Broken.py", RAISES)
    done = around.craft("schedule:run", "-v")
    assert "Traceback (most recent call last)" in done.err
    assert "in handle" in done.err
    assert "in deep_down" in done.err


@pytest.mark.parametrize(("source", "error", "line"), FAILURES.values(), ids=FAILURES)
def test_json_has_the_same_failures_as_the_text(around: App, source: str, error: str, line: int) -> None:
    around.write("app/tasks/Broken.py", source)
    document = around.craft("schedule:run", "--json").exits(1).json()
    told = [*document["broken"], *(run for run in document["runs"] if run["outcome"] == "failed")]
    assert len(told) == 1
    assert "Broken" in told[0]["key"]
    assert error in told[0]["error"]
    assert told[0]["location"] == f"app/tasks/Broken.py:{line}"


def test_python_craft_reports_a_broken_task_and_runs_the_others(around: App) -> None:
    around.write("app/tasks/Broken.py", RAISES)
    done = around.python_craft("schedule:run").exits(1)
    assert others_ran(done)
    assert len(done.err.splitlines()) == 1
    assert "app/tasks/Broken.py:11" in done.err


def test_an_error_without_a_message_is_reported_by_its_name(around: App) -> None:
    around.write("app/tasks/Broken.py", RAISES.replace("RuntimeError('out of stamps')", "KeyError()"))
    assert "KeyError" in around.craft("schedule:run").exits(1).err


def test_an_error_of_several_lines_stays_one_line(around: App) -> None:
    around.write("app/tasks/Broken.py", RAISES.replace("out of stamps", r"first\nsecond\n\nthird"))
    done = around.craft("schedule:run").exits(1)
    assert len(done.err.splitlines()) == 1
    assert "first second third" in done.err


def test_several_failures_are_a_line_each(app: App) -> None:
    for name in ("One", "Two", "Three"):
        app.write(f"app/tasks/{name}.py", RAISES.replace("Broken", name))
    done = app.craft("schedule:run").exits(1)
    assert sorted(line.split()[0] for line in done.err.splitlines()) == ["One", "Three", "Two"]


# --- a broken file and the rest of the app ---------------------------------------------------------------------------


@pytest.mark.parametrize("source", [SYNTAX_ERROR, EXITS_WHEN_IMPORTED, CANNOT_BE_IMPORTED])
def test_a_broken_file_disturbs_no_other_command(app: App, source: str) -> None:
    app.write("app/tasks/Broken.py", source)
    done = app.craft("task", "SayHi").exits(0)
    assert done.err == ""


def test_task_files_are_only_read_by_schedule_commands(app: App) -> None:
    app.write("app/tasks/Loud.py", "print('I was imported')\n")
    assert "I was imported" not in app.craft("task", "SayHi").out
    assert "I was imported" in app.craft("schedule:run").out


def test_a_broken_file_does_not_fail_a_run_that_asks_for_another_task(around: App) -> None:
    around.write("app/tasks/Broken.py", SYNTAX_ERROR)
    done = around.craft("schedule:run", "--task", "Before").exits(0)
    assert done.out == "Before ran\n"
