"""What there is to say of a run, for everybody who is told in words."""

from __future__ import annotations

from dataclasses import replace

from scheduler.listeners.run_table import whole
from scheduler.runs import Outcome, Run

OUTPUT_TOLD = 4000
"""Of what a run printed, so many characters at its end are sent to somebody."""


def in_a_line(run: Run) -> str:
    """Return what came of a run: 'SayHi failed after 61 ms (attempt 2): ValueError: no'."""
    outcome = in_words(run)
    attempt = f" (attempt {run.attempt})" if run.attempt > 1 else ""
    if run.failed:
        return f"{run.key} {outcome} after {duration(run.seconds)}{attempt}: {run.error}"
    if run.outcome in {Outcome.SKIPPED, Outcome.MISSED}:
        return f"{run.key} {outcome}: {run.detail}"
    return f"{run.key} {outcome} in {duration(run.seconds)}{attempt}"


def in_words(run: Run) -> str:
    """Return the outcome of a run: 'timed out'."""
    return run.outcome.value.replace("_", " ") if run.outcome else "has not ended"


def in_full(run: Run) -> str:
    """Return everything known of a run but for the beginning of a long output."""
    output = run.output
    if len(output) > OUTPUT_TOLD:
        output = f"… {output[-OUTPUT_TOLD:]}"
    return "\n".join(whole(replace(run, output=output)))


def duration(seconds: float) -> str:
    """Return how long something took: '61 ms', '3.2 s'."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
