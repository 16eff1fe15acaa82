"""The console script `craft` runs the app in the working directory, as `python craft` does there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .apps import ALWAYS, App, Finished, run

pytestmark = pytest.mark.usefixtures("craft_script")


def outside(folder: Path, craft_script: Path) -> Finished:
    folder.mkdir(parents=True, exist_ok=True)
    return run([str(craft_script), "schedule:run"], folder)


def test_craft_outside_of_an_app_exits_with_2(tmp_path: Path, craft_script: Path) -> None:
    done = outside(tmp_path / "nowhere", craft_script).exits(2)
    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    assert "wsgi.py" in done.err
    assert str(tmp_path / "nowhere") in done.err


def test_a_folder_inside_an_app_is_no_app(app: App, craft_script: Path) -> None:
    outside(app.root / "app", craft_script).exits(2)


def test_a_wsgi_file_without_an_application_is_no_masonite_app(tmp_path: Path, craft_script: Path) -> None:
    (tmp_path / "wsgi.py").write_text("from os import sep\n")
    done = outside(tmp_path, craft_script).exits(2)
    assert "Traceback" not in done.err
    assert "wsgi.py" in done.err


def test_an_app_that_cannot_boot_shows_why(app: App) -> None:
    """A broken app is not mistaken for a missing one: the user sees the error and its file."""
    app.edit("config/providers.py", lambda text: "import no_such_module\n" + text)
    done = app.console_craft("schedule:run")
    assert done.code not in (0, 2)
    assert "no_such_module" in done.err
    assert "config/providers.py" in done.err


def test_the_craft_script_passes_arguments_and_the_exit_code_on(app: App) -> None:
    assert app.console_craft("schedule:run", "--task", "Nobody").code == 2
    assert app.console_craft("no:such:command").code not in (0, 2)


def test_the_craft_script_runs_every_command_of_the_app(app: App) -> None:
    app.console_craft("provider", "MailProvider").exits(0)
    assert "app/providers/MailProvider.py" in app.files()


def test_the_working_directory_wins_over_modules_of_the_same_name(make, tmp_path: Path) -> None:
    """Every app has modules `config`, `app` and `wsgi`; those in the working directory are used."""
    here, there = make(name="here"), make(name="there")
    for blog in (here, there):
        blog.tasks(f"class Where(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print({blog.root.name!r})\n")
    assert here.console_craft("schedule:run", PYTHONPATH=_path_with(there.root)).out == "here\n"


def _path_with(folder: Path) -> str:
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
