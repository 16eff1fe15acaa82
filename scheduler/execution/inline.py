"""A run in this process: for debuggers and tests."""

from __future__ import annotations

from dataclasses import replace

from scheduler import printed
from scheduler.OutputFiles import OutputFiles
from scheduler.Runner import Runner
from scheduler.runs import Outcome, Run
from scheduler.supervision.Active import OUTPUT_KEPT
from scheduler.TaskRegistry import RegisteredTask


def run_here(runner: Runner, task: RegisteredTask, run: Run, files: OutputFiles | None) -> Run:
    """Run in this process; what Python prints is kept where anybody is to be sent it."""
    if not (files or task.policy.notify_on_failure or task.policy.ping_url):
        return runner.run(task, run)
    kept = bytearray()

    def take(data: bytes) -> None:
        kept.extend(data)
        del kept[: max(0, len(kept) - OUTPUT_KEPT)]
        if files:
            files.write(data)

    with printed.taken(take):
        ended = runner.run(task, run)
    if files:
        files.close(ran=ended.outcome is not Outcome.SKIPPED)
    return replace(ended, output=kept.decode("utf-8", "replace"))
