"""`data.json`: the documents of `schedule:list --json` and `schedule:history --json` in one."""

from __future__ import annotations

import json
from itertools import chain
from typing import Final

from scheduler.cache.CacheState import state_of
from scheduler.dashboard.messages import Question, Reply
from scheduler.dashboard.Source import Source
from scheduler.diagnosis.task_table import as_json, in_order
from scheduler.text import to_json

RUNS: Final = 50
COMING: Final = 3


def data(source: Source, question: Question) -> Reply:
    """Return the document."""
    del question
    last = source.store.last_runs(task.key for task in source.tasks.usable)
    waiting = chain.from_iterable(source.open_runs.values())
    listed = in_order(source.tasks, COMING, None, source.now, last=last, open_runs=waiting, pauses=source.pauses)
    document = json.loads(as_json(listed, source.tasks, state_of(source.app.base_path)._asdict()))
    document["runs"] = [run.as_dict() for run in source.store.history(limit=RUNS)]
    document["ticks"] = {host: at.isoformat() for host, at in sorted(source.every_tick.items())}
    body = to_json(document).encode("utf-8", "replace")
    return Reply(200, body, "application/json; charset=utf-8")
