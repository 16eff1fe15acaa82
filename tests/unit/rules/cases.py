"""The facts in tests/cases: what other projects' own tests say, with their source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "cases"


def cases(name: str, part: str = "cases") -> list[dict[str, Any]]:
    """Return the cases of one file; an empty list would hide that the file has changed its shape."""
    found = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))[part]
    assert found
    return found
