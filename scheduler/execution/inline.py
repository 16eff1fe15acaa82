"""A run in this process: for debuggers and tests."""

from __future__ import annotations

import os
from dataclasses import replace

from scheduler.execution import capture
from scheduler.execution.ActiveRun import OUTPUT_KEPT
from scheduler.execution.OutputFiles import OutputFiles
from scheduler.execution.Runner import Runner
from scheduler.processes.worker_process import end_process
from scheduler.runs import Outcome, Run
from scheduler.tasks.RegisteredTask import RegisteredTask


def run_here(runner: Runner, task: RegisteredTask, run: Run, files: OutputFiles | None) -> Run:
    """Run the task in this process, and record what Python prints; a child that it forks ends where its work ends."""
    kept, process = bytearray(), os.getpid()

    def take(data: bytes) -> None:
        kept.extend(data)
        del kept[: max(0, len(kept) - OUTPUT_KEPT)]
        if files:
            files.write(data)

    with capture.capture(take):
        ended = runner.run(task, run)
        if os.getpid() != process:
            end_process(0)
    if files:
        files.close(ran=ended.outcome is not Outcome.SKIPPED)
    return replace(ended, output=kept.decode("utf-8", "replace"))
