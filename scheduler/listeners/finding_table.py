"""What the doctor has found, as lines and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scheduler.listeners.columns import row

if TYPE_CHECKING:
    from scheduler.doctor import Finding

WIDTHS = (7, 9, 60)
"""How well it is, what was looked at, what was found: 80 columns with the gaps between them."""


def as_text(findings: Sequence[Finding]) -> list[str]:
    """Return lines of at most 80 columns: what each check has found, and below it the mend."""
    lines = []
    for finding in findings:
        mend = f"\nMend: {finding.mend}." if finding.mend else ""
        lines += row((finding.health.value, finding.name, finding.what + mend), WIDTHS)
    counts = {health: sum(finding.health.value == health for finding in findings) for health in ("wrong", "warning")}
    wrong, warnings = (f"{count} {health}" for health, count in counts.items())
    return [*lines, "", f"{wrong}, {warnings}{'s' if counts['warning'] != 1 else ''}."]


def as_json(findings: Sequence[Finding], *, healthy: bool) -> str:
    """Return a JSON document of the findings."""
    found = [finding.as_dict() for finding in findings]
    return json.dumps({"healthy": healthy, "findings": found}, indent=2, ensure_ascii=False)
