"""What the doctor found, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scheduler.diagnosis.columns import USUAL, Column, Paint, plain, table
from scheduler.text import counted, to_json

if TYPE_CHECKING:
    from scheduler.diagnosis.doctor import Finding


def as_text(findings: Sequence[Finding], width: int = USUAL, paint: Paint = plain) -> list[str]:
    """Return a line for each finding, below it the fix, and a count of what is wrong."""
    columns = (Column("Health", paint=paint), Column("Check"), Column("Finding", least=20))
    rows = [
        (finding.health.value, finding.name, finding.message + (f"\nFix: {finding.hint}." if finding.hint else ""))
        for finding in findings
    ]
    counts = {health: sum(finding.health.value == health for finding in findings) for health in ("wrong", "warning")}
    total = f"{counts['wrong']} wrong, {counted(counts['warning'], 'warning')}."
    return [*table(columns, rows, width, head=False), "", total]


def as_json(findings: Sequence[Finding], *, healthy: bool) -> str:
    """Return the findings as a JSON document (docs/schemas/doctor.json)."""
    return to_json({"healthy": healthy, "findings": [finding.as_dict() for finding in findings]})
