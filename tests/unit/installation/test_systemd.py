"""systemd's units: their content, and the verdict of the real systemd."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from scheduler.installation.Installation import Installation
from scheduler.installation.systemd import service_name, timer_name, timer_units, work_units

from .crons import BLOG

SURROUNDINGS = """\
WorkingDirectory=/srv/blog
Environment=PATH=/srv/blog/venv/bin:/usr/local/bin:/usr/bin:/bin
StandardOutput=append:/srv/blog/.scheduler/scheduler.log
StandardError=append:/srv/blog/.scheduler/scheduler.log
"""
ODD = """it's 100% a "$HOME" \\%h ;#é"""


def lines_of(unit: str) -> str:
    """The unit without its comment."""
    assert unit.startswith("# Written by `craft schedule:install --systemd`")
    return unit.partition("\n")[2]


def test_a_timer_starts_a_service_each_minute() -> None:
    units = timer_units(BLOG)
    assert lines_of(units.pop("masonite-scheduler-blog.timer")) == (
        "[Unit]\nDescription=The scheduled tasks of blog, every minute\n\n"
        "[Timer]\nOnCalendar=*-*-* *:*:00\nAccuracySec=1s\nPersistent=true\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )
    assert lines_of(units.pop("masonite-scheduler-blog.service")) == (
        "[Unit]\nDescription=One tick of the scheduled tasks of blog\n\n"
        f"[Service]\nType=oneshot\nKillMode=process\n{SURROUNDINGS}"
        r'ExecStart=:/bin/sh -c "\"$0\" \"$@\" &" /srv/blog/venv/bin/python /srv/blog/venv/bin/craft schedule:run --log'
        "\n"
    )
    assert not units


def test_a_service_that_works_has_time_to_end_its_tasks() -> None:
    units = work_units(BLOG, stop_seconds=40)
    assert lines_of(units.pop("masonite-scheduler-blog.service")) == (
        "[Unit]\nDescription=The scheduled tasks of blog\n\n"
        "[Service]\nType=exec\nRestart=always\nRestartSec=5\nKillMode=mixed\nKillSignal=SIGTERM\nTimeoutStopSec=45\n"
        f"{SURROUNDINGS}"
        r'ExecStart=:/bin/sh -c "exec \"$0\" \"$@\"" /srv/blog/venv/bin/python /srv/blog/venv/bin/craft schedule:work'
        "\n\n[Install]\nWantedBy=default.target\n"
    )
    assert not units


def test_paths_are_written_as_each_setting_wants_them() -> None:
    folder = f"/srv/{ODD}"
    service = timer_units(replace(BLOG, folder=folder, python=f"{folder}/python", craft="craft"))[service_name("blog")]
    whole = r"""/srv/it's 100%% a "$HOME" \%%h ;#é"""
    assert f"WorkingDirectory={whole}\n" in service
    assert f"StandardOutput=append:{whole}/.scheduler/scheduler.log\n" in service
    word = r"/srv/it's 100%% a \"$HOME\" \\%%h ;#é"
    assert f'Environment="PATH={word}:/usr/local/bin:/usr/bin:/bin"\n' in service
    assert f'&" "{word}/python" craft schedule:run --log\n' in service


@pytest.mark.parametrize("end", [" ", "\\"])
def test_a_folder_ending_in_a_blank_or_backslash_gets_a_slash(end: str) -> None:
    service = timer_units(replace(BLOG, folder=f"/srv/blog{end}"))[service_name("blog")]
    assert f"WorkingDirectory=/srv/blog{end}/\n" in service


@pytest.mark.once
@pytest.mark.parametrize("name", ["blog", ODD, "ends in a blank ", "ends in a backslash\\"])
def test_systemd_finds_nothing_wrong_with_our_units(tmp_path: Path, missing: Callable[[str], NoReturn], name: str) -> None:
    program = shutil.which("systemd-analyze") or missing("the program systemd-analyze: install the package systemd")
    folder = tmp_path / name
    folder.mkdir()
    call = Installation("blog", str(folder), str(folder / "python"), str(folder / "craft"))
    for units in (timer_units(call), work_units(call, 40)):
        paths = [tmp_path / unit for unit in units]
        for path in paths:
            path.write_text(units[path.name], encoding="utf-8")
        done = subprocess.run([program, "verify", "--user", *paths], capture_output=True, text=True, env=own(tmp_path))
        assert (done.returncode, complaints(done.stderr)) == (0, [])


@pytest.mark.once
def test_systemd_finds_what_is_wrong_with_a_unit(tmp_path: Path, missing: Callable[[str], NoReturn]) -> None:
    """The one above can fail."""
    program = shutil.which("systemd-analyze") or missing("the program systemd-analyze: install the package systemd")
    units = timer_units(BLOG)
    for name in (service_name("blog"), timer_name("blog")):
        (tmp_path / name).write_text(units[name].replace("minute\n", "minute\nNonsense=1\n").replace("OnCal", "OffCal"))
    paths = [tmp_path / name for name in units]
    done = subprocess.run([program, "verify", "--user", *paths], capture_output=True, text=True, env=own(tmp_path))
    assert complaints(done.stderr)


def own(folder: Path) -> dict[str, str]:
    """An environment in which a user's systemd keeps to that folder."""
    (folder / "runtime").mkdir(exist_ok=True)
    variables = {name: str(folder / "runtime") for name in ("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    return {**variables, "HOME": str(folder), "PATH": "/usr/bin:/bin"}


def complaints(said: str) -> list[str]:
    """What is said about our units; systemd may have something to say about the machine's own."""
    return [line for line in said.splitlines() if "masonite-scheduler" in line]
