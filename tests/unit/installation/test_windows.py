"""The line for Windows' Task Scheduler; nothing here runs on Windows."""

from __future__ import annotations

import pytest

from scheduler.errors import WrongUsage
from scheduler.installation.Installation import Installation
from scheduler.installation.windows import command, removal


def at(folder: str) -> Installation:
    return Installation("blog", folder, folder + r"\venv\Scripts\python.exe", "craft")


def test_the_command_for_windows_adds_a_scheduled_task() -> None:
    assert command(at(r"C:\my blog")) == (
        r"schtasks /Create /F /SC MINUTE /TN "
        r'"masonite-scheduler blog" /TR "cmd /c cd /d \"C:\my blog\" && '
        r'\"C:\my blog\venv\Scripts\python.exe\" \"craft\" schedule:run -l >> .scheduler\scheduler.log 2>&1"'
    )


def test_the_command_for_windows_removes_the_scheduled_task() -> None:
    assert removal(at("C:\\blog")) == 'schtasks /Delete /F /TN "masonite-scheduler blog"'


@pytest.mark.parametrize("character", "%^&|<>")
def test_a_path_that_cmd_reads_otherwise_is_refused(character: str) -> None:
    with pytest.raises(WrongUsage, match="means something else") as refused:
        command(at(f"C:\\a{character}b"))
    assert f"contains {character!r}" in str(refused.value)


def test_a_command_longer_than_windows_takes_is_refused() -> None:
    spare = 261 - (len(command(at("")).partition(' /TR "')[2]) - 1 - 6)
    assert command(at("x" * (spare // 2)))
    with pytest.raises(WrongUsage, match=r"has 26[23] characters and Windows takes 261"):
        command(at("x" * (spare // 2 + 1)))
