"""`output_to` and `append_output_to`: the output of a run is written to files, however the run ends."""

from __future__ import annotations

import stat

import pytest

from .apps import ALWAYS, App

pytestmark = pytest.mark.measured

TASK = """
import os
import sys
import time


class Report(Task):
    {always}
    {says}

    def handle(self):
        print('to you', flush=True)
        print('and to you', file=sys.stderr, flush=True)
        {does}
"""


def report(app: App, says: str, does: str = "pass") -> None:
    app.tasks(TASK.format(always=ALWAYS, says=says, does=does))


@pytest.mark.parametrize(
    ("says", "does", "code"),
    [
        ("", "pass", 0),
        ("", "raise ValueError('no')", 1),
        ("", "os._exit(3)", 1),
        ("timeout = '1 second'", "time.sleep(60)", 1),
    ],
)
def test_the_output_file_is_written_however_the_run_ends(app: App, says: str, does: str, code: int) -> None:
    app.write("storage/logs/report.log", "what was there\n")
    app.write("storage/logs/all.log", "what was there\n")
    report(app, f"output_to = 'storage/logs/report.log'\n    append_output_to = 'storage/logs/all.log'\n    {says}", does)
    shown = app.craft("schedule:run").exits(code)
    assert (shown.out, shown.err.splitlines()[0]) == ("to you\n", "and to you")
    last, every = ((app.root / f"storage/logs/{name}.log").read_text() for name in ("report", "all"))
    assert sorted(last.splitlines()) == ["and to you", "to you"]
    assert every == f"what was there\n{last}"


def test_the_output_file_is_whole_while_history_keeps_only_its_end(app: App) -> None:
    report(app, "output_to = 'new/folder/report.log'", "print('x' * 1_000_000)")
    app.craft("schedule:run").exits(0)
    file = app.root / "new/folder/report.log"
    assert file.stat().st_size > 1_000_000
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_output_of_a_command_is_in_the_file(app: App) -> None:
    app.provider("self.call('echo \"well  done\"').append_output_to('echo.log')", header="from scheduler import CanSchedule", bases="CanSchedule, Provider")
    app.craft("schedule:run").exits(0)
    assert (app.root / "echo.log").read_text() == "well  done\n"


def test_an_inline_run_writes_what_python_prints_to_its_file(app: App) -> None:
    report(app, "output_to = 'report.log'", "raise ValueError('no')")
    shown = app.craft("schedule:run", "--inline").exits(1)
    assert shown.out == "to you\n"
    assert (app.root / "report.log").read_text() == "to you\nand to you\n"


def test_a_file_that_cannot_be_written_is_reported_and_changes_no_outcome(app: App) -> None:
    (app.root / "folder").mkdir()
    report(app, "output_to = 'folder'")
    for inline in ((), ("--inline",)):
        shown = app.craft("schedule:run", *inline).exits(0)
        assert shown.out == "to you\n"
        assert "Notice: Report: its output cannot be written to folder: Is a directory.\n" in shown.err


def test_a_run_that_was_skipped_keeps_the_last_ones_output(app: App) -> None:
    app.write("report.log", "what was there\n")
    report(app, "output_to = 'report.log'\n    environments = 'nowhere'")
    for inline in ((), ("--inline",)):
        app.craft("schedule:run", *inline).exits(0)
        assert (app.root / "report.log").read_text() == "what was there\n"


@pytest.mark.parametrize(("says", "value"), [("ping_url = 5", "5"), ("notify_on_failure = ['nope']", "['nope']"), ("output_to = 5", "5"), ("run_when_paused = 'yes'", "'yes'")])
def test_an_invalid_value_is_one_line_with_its_fix(app: App, says: str, value: str) -> None:
    report(app, says)
    shown = app.craft("schedule:run").exits(1)
    (line,) = shown.err.splitlines()
    assert f"Report.{says.partition(' ')[0]} = {value}: " in line
    assert "(try " in line
