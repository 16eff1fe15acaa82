"""The README shows what was measured, and nothing that was typed."""

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
def shows(tmp_path: Path) -> Callable[[dict[str, Any]], tuple[str, str]]:
    """What becomes of a README and of a page about the cost."""
    program = runpy.run_path(str(ROOT / "benchmarks" / "readme.py"))
    files = {name: tmp_path / f"{name}.md" for name in ("README", "PAGE")}
    for file in files.values():
        file.write_text(f"before\n{BEGIN}old\n{END}after\n")
    program["update"].__globals__.update(files)

    def updated(document: dict[str, Any]) -> tuple[str, str]:
        program["update"](document)
        return tuple(file.read_text() for file in files.values())

    return updated


def test_the_readme_shows_a_day_and_ratios_with_their_spread(shows: Callable[..., tuple[str, str]]) -> None:
    readme, _ = shows(DOCUMENT)
    assert "| `schedule:work` | 1,234 s |\n" in readme
    assert "| ours / theirs | CPU | 0.04 | 0.04 to 0.05 |\n" in readme


def test_the_page_shows_the_figures_that_say_nothing_of_whole_runs(shows: Callable[..., tuple[str, str]]) -> None:
    _, page = shows(DOCUMENT)
    assert "| judging | ours | 0.123 ms |  |\n" in page
    assert "510" not in page
    assert "1,234" not in page


def test_what_stands_between_the_markers_is_replaced_and_all_else_stays(
    shows: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    first = shows(DOCUMENT)
    assert shows(DOCUMENT) == first
    for text in first:
        assert text.startswith(f"before\n{BEGIN}")
        assert text.endswith(f"{END}after\n")
        assert "old" not in text
    (tmp_path / "PAGE.md").write_text("no markers\n")
    with pytest.raises(AssertionError, match=r"PAGE\.md has lost its markers"):
        shows(DOCUMENT)


def test_the_pages_show_the_results_there_are(shows: Callable[..., tuple[str, str]]) -> None:
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    for text, page in zip(shows(results), (ROOT / "README.md", ROOT / "docs" / "cost.md"), strict=True):
        assert text.removeprefix("before\n").removesuffix("after\n") in page.read_text(encoding="utf-8")
