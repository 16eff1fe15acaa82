"""The console scripts: `craft` finds the app in the working directory, `source` stands for one word of the guide."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scheduler import craft


def test_craft_runs_the_commands_of_the_app_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wsgi.py").write_text(
        "class Application:\n"
        "    ran = []\n\n"
        "    def make(self, name):\n"
        "        return self\n\n"
        "    def run(self):\n"
        "        self.ran.append('commands')\n\n\n"
        "application = Application()\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.delitem(sys.modules, "wsgi", raising=False)
    assert craft.main() == 0
    assert sys.modules.pop("wsgi").application.ran == ["commands"]


@pytest.mark.parametrize(
    ("source", "why"),
    [("", "it has no `application`"), ("application = lambda environ, start: []", "its `application` is not a container")],
    ids=["without an application", "that of another framework"],
)
def test_a_wsgi_file_of_something_else_is_wrong_usage(
    source: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wsgi.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.delitem(sys.modules, "wsgi", raising=False)
    assert craft.main() == 2
    assert capsys.readouterr().err == f"craft: {tmp_path}/wsgi.py is not a Masonite app's wsgi.py: {why}\n"
    del sys.modules["wsgi"]


@pytest.mark.parametrize(
    ("arguments", "code"), [(["bin/activate"], 0), (["bin/../bin/activate"], 0), (["other.env"], 127), ([], 127)]
)
def test_source_agrees_to_its_own_environment_and_to_nothing_else(
    arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "bin" / "source"), *arguments])
    assert craft.source() == code
    assert bool(capsys.readouterr().err) is (code != 0)


def test_an_app_without_our_provider_is_shown_the_line_to_add() -> None:
    ours = type("ScheduleProvider", (), {"__module__": "scheduler.providers.ScheduleProvider"})
    builtin = type("ScheduleProvider", (), {"__module__": "masonite.scheduling.providers.ScheduleProvider"})
    subclass = type("OwnProvider", (ours,), {"__module__": "app.providers"})

    def app(*providers: type) -> object:
        return type("App", (), {"providers": [provider() for provider in providers]})()

    assert craft._lists_our_provider(app(builtin, ours))
    assert craft._lists_our_provider(app(subclass))
    assert not craft._lists_our_provider(app(builtin))
    assert craft._lists_our_provider(object()), "if in doubt, it does"
    assert "from scheduler.providers import ScheduleProvider" in craft.MISSING_PROVIDER
