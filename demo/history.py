"""Writes a week of plausible runs into the demo's store, for the dashboard to show; run it in this folder."""

from __future__ import annotations

import random
import sys
from datetime import datetime, timedelta, timezone

sys.path.insert(0, "")

from wsgi import application

from scheduler.runs import Pause
from scheduler.stores.ActionLog import UserAction
from scheduler.stores.rows import text_of

DAYS = 7
MINUTE = timedelta(minutes=1)
USUALLY = {"ImportOrders": 1.8, "SyncInventory": 8.0, "ResizePhotos": 21.0, "SendInvoices": 64.0, "SendNewsletter": 310.0, "backup": 42.0}
"""How many seconds a run takes."""
OUTPUT = {"ImportOrders": "2-orders.xml: 12 new orders\n", "SyncInventory": "1,204 products are up to date\n", "ResizePhotos": "3 photos resized\n"}
BUSY = "an earlier run has not ended (process 4711 on web-1)"
TRACEBACK = """Traceback (most recent call last):
  File "app/tasks/Shop.py", line 9, in handle
    stock = warehouse.stock()
  File "app/warehouse.py", line 31, in stock
    raise WarehouseError(f"{response.status} {response.reason}")
WarehouseError: 503 Service Unavailable
"""


def main() -> None:
    chance = random.Random(7)
    scheduler = application.make("scheduler").scheduler
    store, now = scheduler.store, datetime.now(timezone.utc).replace(second=0, microsecond=0)
    tasks = {task.key: task for task in scheduler.find().usable}
    due = sorted((at, key) for key, task in tasks.items() if key != "CallWebhook" for at in fire_times(task, now))
    rows = [row(chance, key, at, now) for at, key in due]
    store.connection.transaction(lambda transaction: [transaction.insert_new("scheduler_runs", each) for each in rows])
    for minutes, what, key, detail in ((1510, "paused", "SendNewsletter", "the new layout is not approved"), (200, "asked for a run of", "RebuildSearch", "")):
        store.record_action(UserAction(now - minutes * MINUTE, "anna@example.com", what, key, detail))
    pause = Pause("SendNewsletter", now - 1510 * MINUTE, now + timedelta(days=3), "the new layout is not approved", "anna@example.com")
    store.pause(pause)
    store.record_tick("web-1", datetime.now(timezone.utc))
    print(f"{len(rows):,} runs of the last {DAYS} days were made up for the dashboard.")


def fire_times(task, now):
    """When the task was due in the last days; tasks that run every minute begin yesterday."""
    if task.rule is None:
        return
    often = task.rule.next_after(task.rule.next_after(now, task.zone), task.zone) - task.rule.next_after(now, task.zone) <= MINUTE
    at = task.rule.next_after(now - timedelta(days=1 if often else DAYS), task.zone)
    while at and at < now:
        yield at.astimezone(timezone.utc)
        at = task.rule.next_after(at, task.zone)


def row(chance, key, at, now):
    """One run as a tick would have left it."""
    seconds = USUALLY.get(key, 0.3) * chance.lognormvariate(0, 0.25)
    outcome, more, luck = "succeeded", {"output": OUTPUT.get(key, "")}, chance.random()
    if key == "SyncInventory" and now - timedelta(hours=2) < at:
        outcome, seconds = "failed", 30 + chance.random()
        more = {"error": "WarehouseError: 503 Service Unavailable", "location": "app/warehouse.py:31", "traceback": TRACEBACK}
    elif key != "SayHi" and luck < 0.006:
        outcome, more = "failed", {"error": "OSError: [Errno 28] No space left on device", "location": f"app/tasks/{key}.py:20"}
    elif key != "SayHi" and luck < 0.016:
        outcome, seconds, more = "skipped", 0, {"skip_reason": "still_running", "detail": BUSY}
    elif now - timedelta(hours=19) < at < now - timedelta(hours=18, minutes=40):
        outcome, seconds, more = "missed", 0, {"detail": "no tick came in time"}
    began = at + timedelta(seconds=1.2)
    if outcome in ("succeeded", "failed"):
        more |= {"started_at": text_of(began), "host": "web-1", "pid": 4711}
    return {
        "slot": f"{key}@{at:%Y-%m-%dT%H:%M:%SZ}",
        "task": key,
        "fire_time": text_of(at),
        "attempt": 1,
        "late": 0,
        "outcome": outcome,
        "claimed_at": text_of(at + timedelta(seconds=1)),
        "ended_at": text_of(began + timedelta(seconds=seconds)),
        "owner": "the demo",
        **more,
    }


if __name__ == "__main__":
    main()
