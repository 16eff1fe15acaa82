"""The README shows what was measured, and nothing that was typed."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
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


@pytest.fixture(scope="module")
def readme() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "benchmarks" / "readme.py"))


def test_it_shows_a_day_ratios_with_their_spread_and_figures(readme: dict[str, Any]) -> None:
    shown = readme["shown"](DOCUMENT)
    assert "| `schedule:work` | 1,234 s |\n" in shown
    assert "| ours / theirs | CPU | 0.04 | 0.04 to 0.05 |\n" in shown
    assert "| judging | ours | 0.123 ms |  |\n" in shown
    assert "510" not in shown


def test_what_stands_between_the_markers_is_replaced_and_all_else_stays(
    readme: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"before\n{readme['BEGIN']}old\n{readme['END']}after\n")
    readme["update"].__globals__["README"] = file
    for _ in range(2):
        readme["update"](DOCUMENT)
        assert file.read_text() == f"before\n{readme['BEGIN']}{readme['shown'](DOCUMENT)}{readme['END']}after\n"
    file.write_text("no markers\n")
    with pytest.raises(AssertionError, match="markers"):
        readme["update"](DOCUMENT)


def test_the_readme_shows_the_results_there_are(readme: dict[str, Any]) -> None:
    """Until the benchmarks have been run there are none, and nothing between the markers."""
    results = ROOT / "benchmarks" / "results.json"
    expected = readme["shown"](json.loads(results.read_text(encoding="utf-8"))) if results.exists() else ""
    assert readme["BEGIN"] + expected + readme["END"] in (ROOT / "README.md").read_text(encoding="utf-8")
