"""A table of past runs."""

from __future__ import annotations

from scheduler.clock import foreign_zone
from scheduler.diagnosis.columns import USUAL, Column, Paint, plain, table
from scheduler.listeners.run_text import fire_time_text, outcome_text, waiting_text
from scheduler.runs import Run
from scheduler.text import elapsed, mask_secrets, with_location


def as_text(runs: list[Run], width: int = USUAL, paint: Paint = plain) -> list[str]:
    """Return the lines of the table; below a run stands why it failed, was skipped or was missed."""
    columns = (
        Column("Run", is_right=True),
        Column("Task", least=12),
        Column(f"Fire time {foreign_zone()}".rstrip(), least=16),
        Column("Outcome", paint=paint),
        Column("Took", is_right=True),
    )
    rows: list[tuple[str, ...]] = []
    for run in runs:
        called = run.key + (f" (attempt {run.attempt})" if run.attempt > 1 else "")
        took = elapsed(run.seconds) if run.started_at and run.ended_at else ""
        rows.append((str(run.id), called, fire_time_text(run), outcome_text(run), took))
        if reason := run.error or "; ".join(filter(None, (run.detail, waiting_text(run)))):
            rows.append(("", mask_secrets(with_location(reason, run.location))))
    return table(columns, rows, width)
