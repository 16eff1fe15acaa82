"""The README and the pages under docs/ are true: every block is run in a real app, every table is checked.

Each page is followed from top to bottom in a fresh app, as a reader would. What becomes of a block is said by its kind
and by HTML comments directly above it:

    ```console    each line after `$` is typed on a terminal; what it shows is what stands below it. `crontab` is a
                  stand-in, and the folders are those of the app and of this environment
    ```pycon      is typed into Python, in the app
    ```crontab    each line is run as cron runs it, with /bin/sh and the variables above it and no others
    ```python     needs one of the first two comments
    <!-- file: PATH -->                  the block is that file of the app
    <!-- replaces in PATH: LINE -->      the block stands in that file in place of the line
    <!-- clock: 2027-01-29 16:47 -->     `craft` is run with its clock standing there, on a server whose clock is UTC
    <!-- tasks: PAGE -->                 the app has the tasks of that page's first block
    <!-- not run: REASON -->             the block cannot be run

Anything else is an error. Between two blocks a minute passes, so that what has run may run again.
"""

from __future__ import annotations

import ast
import doctest
import io
import os
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler import InvalidSchedule, Task, clock
from scheduler.Task import schedule_of

from .apps import MASONITES_ALONE, App, console_script, make_app, run, run_on_terminal
from .booted_app import booted
from .pages import CONTRIBUTING, PAGES, README, REFERENCE, ROOT, Block, blocks_of, code_in, tables_of, without_blocks
from .programs import CRONTAB, stand_in

LINKED = [*PAGES, CONTRIBUTING, ROOT / "CHANGELOG.md"]

MARKS = ("file", "replaces in", "clock", "tasks", "not run")
#: What a shell may be asked to say after a command.
ECHO = '; echo "exit code $?"'
UTC = ZoneInfo("UTC")
SOME_DAY = datetime(2027, 1, 6, 10, 20)
#: What the pages show as the folder of an app.
SHOWN_FOLDER = "/srv/blog"


# --- following a page ------------------------------------------------------------------------------------------------


class Reader:
    """A reader of a page, who types its commands and writes its files in an app."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.names: dict[str, Any] = {}

    def follow(self, block: Block) -> None:
        unknown = set(block.marks) - set(MARKS)
        assert not unknown, f"{block}: nobody knows what {unknown} means"
        if "not run" in block.marks:
            return
        if "file" in block.marks:
            self.app.write(block.marks["file"], block.text)
        elif "replaces in" in block.marks:
            path, line = block.marks["replaces in"].split(": ", 1)
            self.app.edit(path, lambda text: text.replace(line + "\n", block.text))
        else:
            does = {"console": self.type, "pycon": self.ask, "crontab": self.let_cron_run}.get(block.kind)
            assert does, f"{block}: a block of the kind {block.kind!r} is not run: give it a mark, or a reason"
            self.let_a_minute_pass()
            does(block)

    def let_a_minute_pass(self) -> None:
        for file in (self.app.root / ".scheduler").glob("*scheduler.sqlite3*"):
            file.unlink()

    def type(self, block: Block) -> None:
        """Type each command on a terminal, or with a clock that stands; it must show what the page shows."""
        if "tasks" in block.marks:
            self.app.write("app/tasks/Shop.py", blocks_of(ROOT / block.marks["tasks"])[0].text)
        for line, shown in _commands(block.text):
            if "clock" in block.marks:
                at = datetime.fromisoformat(block.marks["clock"]).replace(tzinfo=timezone.utc)
                program, *arguments = shlex.split(line.removesuffix(ECHO))
                assert program == "craft", f"{block}: only `craft` can be given another clock"
                done = self.app.craft(*arguments, at=at)
                found = done.out + done.err
                if line.endswith(ECHO):
                    found += f"exit code {done.code}\n"
                    done = replace(done, code=0)
            else:
                environment = {
                    "PATH": os.pathsep.join([self.programs(), str(console_script().parent), os.environ["PATH"]]),
                    "XDG_CONFIG_HOME": "",
                    "PYTEST_ADDOPTS": "-p no:warnings",  # those of Masonite 4
                }
                done = run_on_terminal(["/bin/sh", "-c", line], self.app.root, environment, columns=80)
                found = done.out.replace(str(console_script().parent), f"{SHOWN_FOLDER}/venv/bin")
                found = unquoted(found.replace(str(self.app.root), SHOWN_FOLDER))
            assert as_always(found) == as_always(shown), f"{block}: {line}\n{found}"
            assert done.code == 0, f"{block}: {line} ended with {done.code}; show it with `; echo`, or fix it"
        if "tasks" in block.marks:
            (self.app.root / "app/tasks/Shop.py").unlink()

    def programs(self) -> str:
        """The folder of a `crontab` that is the reader's own."""
        folder = self.app.root.parent / "programs"
        if not folder.exists():
            folder.mkdir()
            stand_in(folder, "crontab", CRONTAB)
        return str(folder)

    def ask(self, block: Block) -> None:
        """Type it into Python in the app; names last to the end of the page."""
        test = doctest.DocTestParser().get_doctest(block.text, self.names, str(block), str(block.page), block.line)
        said = io.StringIO()
        with booted(self.app.root):
            result = doctest.DocTestRunner().run(test, out=said.write, clear_globs=False)
        self.names.update(test.globs)
        assert result.attempted, f"{block} asks nothing"
        assert not result.failed, said.getvalue()

    def let_cron_run(self, block: Block) -> None:
        """Run each line as cron does; the folders it shows are those of the app and of this environment."""
        venv = self.app.root / "venv"
        if not venv.exists():
            venv.symlink_to(sys.prefix)
        environment = {"HOME": str(self.app.root), "LOGNAME": "blog", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
        ran = 0
        for line in block.text.replace(SHOWN_FOLDER, str(self.app.root)).splitlines():
            if line.startswith("* * * * * "):
                self.let_a_minute_pass()
                command = ["env", "-i", *(f"{name}={value}" for name, value in environment.items()), "/bin/sh", "-c"]
                done = run([*command, line.removeprefix("* * * * * ")], self.app.root.parent).exits(0)
                assert (done.out, done.err) == ("Hi!\n", ""), f"{block}\n{done}"
                ran += 1
            else:
                name, value = line.split("=", 1)
                environment[name] = value
        assert ran, f"{block} has no line for cron"


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block, and what it shows."""
    assert text.startswith("$ ")
    for piece in text.removeprefix("$ ").split("\n$ "):
        line, _, shown = piece.partition("\n")
        yield line, shown if shown.endswith("\n") or not shown else shown + "\n"


def unquoted(text: str) -> str:
    """Text without the quotes, those of a shell or of systemd, that paths have only because of this checkout's folder."""
    text = re.sub(rf"'({SHOWN_FOLDER}\S*)'", r"\1", text)
    quoted = re.compile(rf'"((?:PATH=)?{SHOWN_FOLDER}[^"]*)"')
    return re.sub(r"(?m)^(Environment|ExecStart)=.*", lambda line: quoted.sub(r"\1", line[0]), text)


def as_always(text: str) -> str:
    """Text in which every duration that was measured, every id that was made of a key, and whoever paused is the same."""
    text = re.sub(r"\b(masonite-scheduler[ -]|tasks of )[\w-]+?-[0-9a-f]{8}\b", r"\1ID", text)
    text = re.sub(r"Note: no cron daemon seems [^\n]*\n[^\n]*\n", "", text)
    text = re.sub(r"\bcrontab-[\dT.-]+\d\b", "crontab-WHEN", text)
    text = re.sub(r"\bby [\w.+-]+@[\w.-]+", "by anna@web1", text)
    text = re.sub(r"\b(in|after) [\d.]+ (ms|s)\b", r"\1 N ms", text)
    return re.sub(r"passed in [\d.]+s", "passed in Ns", text)


@pytest.fixture
def reader(template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch, request) -> Reader:
    """A reader with a fresh app, in which the scheduler is installed unless the page does that."""
    monkeypatch.setattr(clock, "local_zone", lambda: UTC)
    app = make_app(template, tmp_path / "blog", MASONITES_ALONE, capfd)
    page = request.getfixturevalue("page")
    if not any("replaces in" in block.marks for block in blocks_of(page)):
        for block in blocks_of(README):
            if "replaces in" in block.marks:
                Reader(app).follow(block)
    return Reader(app)


@pytest.mark.twice
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.usefixtures("craft_script")
def test_each_command_and_snippet_of_the_pages_works(page: Path, reader: Reader) -> None:
    for block in blocks_of(page):
        if "replaces in" in block.marks:
            reader.follow(block)
    for block in blocks_of(page):
        if "replaces in" not in block.marks:
            reader.follow(block)


def test_the_readme_needs_the_provider_line(template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """This shows that the test above proves something: without that line, the commands do not exist."""
    app = make_app(template, tmp_path / "blog", MASONITES_ALONE, capfd)
    assert app.craft("schedule:list").code != 0


# --- tables ----------------------------------------------------------------------------------------------------------


def task_with(assignments: list[str]) -> Task:
    """A task with these class attributes, on UTC's clock."""
    attributes: dict[str, Any] = {"timezone": "UTC", "handle": lambda self: None}
    for assignment in assignments:
        exec(assignment, {"timedelta": timedelta}, attributes)
    return type("Shown", (Task,), attributes)()


def is_assignment(code: str) -> bool:
    try:
        return isinstance(ast.parse(code).body[0], ast.Assign)
    except SyntaxError:
        return False


def everything_one_can_say() -> list[list[str]]:
    return next(table for table in tables_of(REFERENCE) if table[0] == ["attribute", "method", "meaning"])[1:]


@pytest.mark.parametrize("row", everything_one_can_say(), ids=lambda row: row[0] or row[1])
def test_an_attribute_and_the_methods_in_its_row_mean_the_same(row: list[str]) -> None:
    attributes = [code for code in code_in(row[0]) if is_assignment(code)]
    declared = task_with(attributes)
    schedule_of(declared)
    methods = code_in(row[1])
    for method in methods:
        narrowed = eval(f"task.{method}", {"task": task_with([])})
        assert_equal(declared, narrowed, method)


def assert_equal(one: Task, other: Task, method: str) -> None:
    """They run at the same times; constraints are compared on tasks that run each 15 minutes."""
    if not one.next_runs(1, SOME_DAY):
        one, other = (task.every("15 minutes") for task in (one, other))
    assert one.next_runs(60, SOME_DAY) == other.next_runs(60, SOME_DAY), method
    for name in ("name", "environments"):
        assert getattr(one, name) == getattr(other, name), method


def test_every_rule_in_the_docs_is_described_as_shown() -> None:
    """These are the tables of docs/defining.md that show how rules are described."""
    checked = 0
    for table in tables_of(ROOT / "docs/defining.md"):
        if table[0][:2] == ["written", "as `schedule:list` shows it"]:
            for row in table[1:]:
                assert task_with(code_in(row[0])).describe() == f"{row[1]}, UTC", row
                checked += 1
    assert checked > 30


def test_every_invalid_value_in_the_docs_raises_the_error_shown() -> None:
    checked = 0
    for table in tables_of(ROOT / "docs/defining.md"):
        if table[0] == ["written", "error"]:
            for row in table[1:]:
                with pytest.raises(InvalidSchedule, match=re.escape(row[1])):
                    schedule_of(task_with(code_in(row[0])))
                checked += 1
    assert checked > 10


# --- links -----------------------------------------------------------------------------------------------------------


def anchors_of(page: Path) -> set[str]:
    """The names of a page's headings, as GitHub makes them."""
    headings = re.findall(r"(?m)^#+ (.+)$", without_blocks(page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.name)
def test_no_page_suggests_output_in_a_folder_that_is_served(page: Path) -> None:
    assert not re.search(r"output_to\W{1,6}['\"]storage", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.name)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors_of(file), target
