"""Fresh apps for the integration tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from .apps import ARRANGEMENTS, App, console_script, make_app, make_template

Maker = Callable[..., App]


EVERYWHERE = {"test_apps.py", "test_craft_script.py", "test_guide.py", "test_schedule_run.py"}
"""The modules that run with every Python and Masonite; all others say less of a version."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.integration)
            if item.path.name not in EVERYWHERE:
                item.add_marker(pytest.mark.measured)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app every other one is a copy of."""
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def make(template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Maker:
    """Makes an app whose list of providers is arranged in one of the ways of `ARRANGEMENTS`."""

    def maker(arrangement: str = "ours last", name: str = "blog") -> App:
        return make_app(template, tmp_path / name, ARRANGEMENTS[arrangement], capfd)

    return maker


@pytest.fixture
def app(make: Maker) -> App:
    """A fresh app with one line added to its list of providers."""
    return make()


@pytest.fixture
def craft_script(missing: Callable[[str], NoReturn]) -> Path:
    """The installed console script `craft`."""
    script = console_script()
    return script if script.exists() else missing(f"the console script {script}: install the package")
