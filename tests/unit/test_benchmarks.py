"""docs/cost.md shows measured figures only."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
BEGIN, END = "<!-- benchmarks begin -->\n", "<!-- benchmarks end -->\n"
DOCUMENT = {
    "python": "3.12.1",
    "figures": [
        {"section": "judging", "who": "ours", "best": 0.1234, "median": 0.2, "unit": "ms", "note": ""},
        {"section": "whole runs", "who": "ours", "best": 500.0, "median": 510.0, "unit": "ms", "note": "wall"},
        {"section": "CPU of a day", "who": "`schedule:work`", "best": 1234.5, "median": 1234.5, "unit": "s", "note": ""},
    ],
    "ratios of neighbouring runs": {
        "idle_minute: CPU": {"ours / theirs": {"median": 0.0431, "lower quartile": 0.04, "upper quartile": 0.0467}}
    },
}


@pytest.fixture
def show(tmp_path: Path) -> Callable[[dict[str, Any]], str]:
    """Return what a page shows after an update with a document."""
    program = runpy.run_path(str(ROOT / "benchmarks" / "page.py"))
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}old\n{END}after\n")
    program["update"].__globals__["PAGE"] = page

    def updated(document: dict[str, Any]) -> str:
        program["update"](document)
        return page.read_text()

    return updated


def test_the_page_shows_a_day_and_ratios_with_their_spread(show: Callable[..., str]) -> None:
    page = show(DOCUMENT)
    assert "| `schedule:work` | 1,234 s |\n" in page
    assert "| ours / theirs | CPU | 0.04 | 0.04 to 0.05 |\n" in page


def test_the_page_shows_each_figure_once_and_no_raw_whole_run(show: Callable[..., str]) -> None:
    page = show(DOCUMENT)
    assert "| judging | ours | 0.123 ms |  |\n" in page
    assert "510" not in page
    assert page.count("1,234") == 1


def test_an_update_replaces_what_is_between_the_markers_only(show: Callable[..., str], tmp_path: Path) -> None:
    first = show(DOCUMENT)
    assert show(DOCUMENT) == first
    assert first.startswith(f"before\n{BEGIN}")
    assert first.endswith(f"{END}after\n")
    assert "old" not in first
    (tmp_path / "page.md").write_text("no markers\n")
    with pytest.raises(AssertionError, match=r"page\.md has lost its markers"):
        show(DOCUMENT)


def test_the_page_shows_the_results_on_file(show: Callable[..., str]) -> None:
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    shown = show(results).removeprefix("before\n").removesuffix("after\n")
    assert shown in (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
