"""The console script ends at once if a cache shows that nothing is due, and starts the app otherwise."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from side_by_side import CachedSide

from scheduler import craft
from scheduler.errors import WRONG_USAGE

IN_HALF_A_YEAR = (datetime.now(timezone.utc) + timedelta(days=180)).strftime("0 0 %d %m *")


class Ended(BaseException):
    """The process ended at once."""


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Starts `craft` in the folder of an app without a wsgi.py: an idle tick needs none, everything else complains."""
    app = CachedSide(tmp_path, seed=1)
    app.edit({"One": {"run_cron": IN_HALF_A_YEAR}})
    now = datetime.now(timezone.utc)
    app.tick(now)
    app.cache(now)

    def end(code: int) -> None:
        raise Ended(code)

    def start(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["craft", *arguments])
        return craft.main()

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "_exit", end)
    return start


def test_an_idle_tick_ends_at_once_with_exit_code_0(start: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Ended) as ended:
        start("schedule:run")
    assert ended.value.args == (0,)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_a_tick_on_a_terminal_boots_the_app(start: Callable[..., int], monkeypatch: pytest.MonkeyPatch, stream: str) -> None:
    monkeypatch.setattr(getattr(sys, stream), "isatty", lambda: True)
    assert start("schedule:run") == WRONG_USAGE


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("schedule:list",),
        ("schedule:run", "-v"),
        ("schedule:run", "--task", "One"),
        ("schedule:run", "--json"),
        ("schedule:run", "--force"),
        ("-v", "schedule:run"),
    ],
)
def test_every_other_command_and_option_starts_the_app(start: Callable[..., int], arguments: tuple[str, ...]) -> None:
    assert start(*arguments) == WRONG_USAGE


def test_a_minute_that_is_not_idle_boots_the_app(start: Callable[..., int]) -> None:
    Path("app/tasks/New.py").touch()
    assert start("schedule:run") == WRONG_USAGE
    assert start("schedule:run") == WRONG_USAGE
