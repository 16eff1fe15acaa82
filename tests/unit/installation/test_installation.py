"""The command that cron calls: paths that can be written, and where they come from."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scheduler.errors import WrongUsage
from scheduler.installation.environment import as_entered, craft_of, installation_here, interpreter

from .crons import BLOG


@pytest.mark.parametrize("part", ["folder", "python", "craft"])
@pytest.mark.parametrize("character", ["\n", "\r", "\0", "\x1b", "\x7f", "\udcff"])
def test_a_path_that_no_line_can_hold_is_refused_with_the_character(part: str, character: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        replace(BLOG, **{part: f"/srv/a{character}b"})
    assert repr(f"/srv/a{character}b") in str(refused.value)
    assert f"contains {character!r}" in str(refused.value)


def test_an_interpreter_that_path_cannot_name_is_refused() -> None:
    with pytest.raises(WrongUsage, match="'/srv/a:b/bin' contains ':'"):
        replace(BLOG, python="/srv/a:b/bin/python")
    assert replace(BLOG, folder="/srv/a:b").folder == "/srv/a:b"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs, of which `python3.14` runs this."""
    programs = tmp_path / "venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python3.14").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(programs / "python3.14"))
    return programs


def test_the_interpreter_s_path_does_not_depend_on_its_start(environment: Path) -> None:
    assert interpreter() == str(environment / "python3.14")
    (environment / "python3").symlink_to("python3.14")
    assert interpreter() == str(environment / "python3")
    (environment / "python").symlink_to("python3.14")
    assert interpreter() == str(environment / "python")


def test_another_interpreter_in_the_folder_is_not_used(environment: Path) -> None:
    (environment / "python").symlink_to("/bin/sh")
    assert interpreter() == str(environment / "python3.14")


def test_the_environments_craft_comes_first_then_the_apps_own(environment: Path, tmp_path: Path) -> None:
    python = str(environment / "python3.14")
    with pytest.raises(WrongUsage, match=r"no `craft` next to .*/venv/bin/python3.14: install masonite-scheduler"):
        craft_of(python, str(tmp_path))
    (tmp_path / "craft").touch()
    assert craft_of(python, str(tmp_path)) == "craft"
    (environment / "craft").touch()
    assert craft_of(python, str(tmp_path)) == str(environment / "craft")


def test_a_folder_entered_by_a_link_is_called_by_the_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`current` is a link to the release of today, and will be one to that of tomorrow."""
    release, current = tmp_path / "release", tmp_path / "current"
    release.mkdir()
    current.symlink_to(release)
    for entered, called in [
        (str(current), str(current)),
        (str(tmp_path), str(release)),
        (str(tmp_path / "gone"), str(release)),
        (os.path.relpath(current), str(release)),
        ("", str(release)),
    ]:
        monkeypatch.setenv("PWD", entered)
        assert as_entered(str(release)) == called
    monkeypatch.delenv("PWD")
    assert as_entered(str(release)) == str(release)


def test_an_installation_has_id_folder_python_craft_and_path(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "craft").touch()
    here = installation_here("blog", str(tmp_path))
    assert (here.id, here.folder, here.python, here.craft) == (
        "blog",
        str(tmp_path),
        str(environment / "python3.14"),
        "craft",
    )
    assert here.search_path == f"{environment}:/usr/local/bin:/usr/bin:/bin"
