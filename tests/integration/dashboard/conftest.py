"""Apps with a dashboard."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.apps import App

from .sites import make_site


@pytest.fixture
def site(template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> App:
    """A fresh app with a dashboard and a gate."""
    return make_site(template, tmp_path / "blog", capfd)
