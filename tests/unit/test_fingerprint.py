"""A fingerprint changes with everything that may contain a schedule, and names the change."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scheduler.cache.fingerprint import app_files, difference, fingerprint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "blog"
    for path in ("wsgi.py", ".env", "app/tasks/SayHi.py", "config/scheduler.py", "schedules.yaml"):
        write(folder / path, "1")
    return folder


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def of(folder: Path, files: tuple[str, ...] = (), variables: tuple[str, ...] = ()) -> str:
    return fingerprint(str(folder), files, variables)


def let_the_clock_of_files_go_on(folder: Path) -> None:
    """Wait for the next instant that a file system knows: they count in steps of some milliseconds."""
    clock = folder.parent / "clock"
    clock.touch()
    before = clock.stat().st_ctime_ns
    while clock.stat().st_ctime_ns == before:
        time.sleep(0.001)
        clock.touch()


def rewrite_with_the_same_size_and_time(folder: Path) -> None:
    file = folder / "app/tasks/SayHi.py"
    before = file.stat()
    file.write_text("2")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def put_another_in_its_place(folder: Path) -> None:
    write(folder / "draft", "2")
    (folder / "draft").rename(folder / "app/tasks/SayHi.py")


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file is edited": (lambda folder: write(folder / "config/scheduler.py", "22"), "config/scheduler.py has changed"),
    "nobody can see it": (rewrite_with_the_same_size_and_time, "app/tasks/SayHi.py has changed"),
    "another is put in its place": (put_another_in_its_place, "app/tasks/SayHi.py has changed"),
    "a file is new": (lambda folder: write(folder / "app/tasks/deep/New.py", ""), "app/tasks/deep/New.py is new"),
    "a file is gone": (lambda folder: (folder / "app/tasks/SayHi.py").unlink(), "app/tasks/SayHi.py is gone"),
    "the environment": (lambda folder: write(folder / ".env", "22"), ".env has changed"),
    "a new environment": (lambda folder: write(folder / ".env.production", ""), ".env.production is new"),
    "a list of schedules": (lambda folder: write(folder / "schedules.yaml", "22"), "schedules.yaml has changed"),
}


@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES)
def test_every_change_of_a_file_shows(folder: Path, change: Callable[[Path], object], said: str) -> None:
    before = of(folder)
    assert of(folder) == before
    let_the_clock_of_files_go_on(folder)
    change(folder)
    assert difference(before, of(folder)) == said


@pytest.mark.parametrize(
    "path",
    [
        "storage/framework/cache/value.py",
        "node_modules/tool/index.json",
        ".git/hooks/hook.py",
        "app/__pycache__/x.py",
        "templates/index.html",
        "app/.SayHi.py.swp",
        "database.sqlite3",
    ],
)
def test_changes_of_unrelated_files_leave_the_fingerprint_alone(folder: Path, path: str) -> None:
    before = of(folder)
    write(folder / path, "")
    assert of(folder) == before


def test_a_virtual_environment_within_the_app_is_left_out(folder: Path) -> None:
    write(folder / "venv" / "pyvenv.cfg", "home = /usr/bin")
    before = of(folder)
    write(folder / "venv/lib/python3/site-packages/six.py", "")
    assert of(folder) == before


def test_only_the_storage_folder_at_the_top_is_ignored(folder: Path) -> None:
    before = of(folder)
    write(folder / "app/storage/Disk.py", "")
    assert difference(before, of(folder)) == "app/storage/Disk.py is new"


def test_linked_folders_are_followed_once(folder: Path) -> None:
    write(folder.parent / "shared" / "Shared.py", "")
    (folder / "app" / "shared").symlink_to(folder.parent / "shared")
    (folder / "app" / "again").symlink_to(folder)
    (folder.parent / "shared" / "again").symlink_to(folder.parent / "shared")
    assert [path for path in app_files(str(folder)) if path.endswith("Shared.py")] == [str(folder / "app/shared/Shared.py")]


def test_a_folder_that_cannot_be_listed_holds_nothing(tmp_path: Path) -> None:
    assert list(app_files(str(tmp_path / "nowhere"))) == []


def test_a_variable_and_a_file_outside_count_if_they_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    outside = folder.parent / "localtime"
    before = of(folder, (str(outside),), ("TZ",))
    monkeypatch.setenv("TZ", "Europe/Riga")
    assert difference(before, of(folder, (str(outside),), ("TZ",))) == "the variable TZ is new"
    with_riga = of(folder, (), ("TZ",))
    monkeypatch.setenv("TZ", "Europe/Oslo")
    assert difference(with_riga, of(folder, (), ("TZ",))) == "the variable TZ has changed"
    monkeypatch.delenv("TZ")
    assert difference(with_riga, of(folder, (), ("TZ",))) == "the variable TZ is gone"
    write(outside, "")
    assert difference(before, of(folder, (str(outside),), ("TZ",))) == f"{outside} has changed"


def test_installed_packages_are_in_the_fingerprint(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = folder.parent / "lib" / "site-packages"
    (packages / "masonite_framework-5.4.0.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(packages))
    before = of(folder)
    (packages / "masonite_framework-5.4.0.dist-info").rename(packages / "masonite_framework-5.4.1.dist-info")
    assert difference(before, of(folder)) == f"{packages}/masonite_framework-5.4.1.dist-info is new"
    monkeypatch.syspath_prepend(str(folder.parent / "nowhere" / "site-packages"))
    assert "nowhere" not in of(folder)


def test_a_copy_of_an_app_is_another_app(folder: Path) -> None:
    before = of(folder)
    folder.rename(folder.parent / "other")
    assert difference(before, of(folder.parent / "other")) == "the app's folder has changed"


def test_an_unknown_difference_is_worded_as_something_has_changed() -> None:
    assert difference("a\tb", "a\tb\n") == "something has changed"
