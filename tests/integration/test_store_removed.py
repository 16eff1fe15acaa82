"""The file of the local store is removed while processes use it: no fire time starts twice, and a line says so."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from scheduler import clock
from scheduler.stores import Claim, local_store, slot_of

from .apps import ALWAYS, App

NOON = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
LEAVES_A_NOTE = f"""
    class Note(Task):
        {ALWAYS}

        def handle(self):
            with open("starts", "a") as file:
                file.write(f"{{self.current_run.fire_time:%H:%M}}\\n")
"""


def claimed(path: Path, fire_time: datetime) -> tuple[int, list[str]]:
    """Claim a fire time at that time in a new store; return the number of runs, and the notices."""
    with clock.standing_at(fire_time):
        store = local_store(str(path))
        runs = store.claim([Claim("note", slot_of("note", fire_time), fire_time)], {}, "owner", fire_time)
        notices = store.take_notices()
        store.connection.close()
    return len(runs), notices


def remove(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".scheduler/scheduler.sqlite3"


def test_a_first_store_grants_every_claim_without_a_notice(path: Path) -> None:
    assert claimed(path, NOON) == (1, [])
    assert claimed(path, NOON) == (0, [])


def test_a_store_made_anew_grants_nothing_the_removed_one_may_have_granted(path: Path) -> None:
    assert claimed(path, NOON) == (1, [])
    remove(path)
    count, (notice,) = claimed(path, NOON)
    assert count == 0
    assert notice == (
        f"the store {path} was removed and is created again, without its history. No task starts for a time before "
        f"{clock.time_text(NOON + MINUTE)}, since it may have started already: do not remove the file"
    )
    assert claimed(path, NOON) == (0, []), "it is said once"
    assert claimed(path, NOON - MINUTE) == (0, [])
    assert claimed(path, NOON + MINUTE) == (1, [])


def test_a_forced_run_starts_with_a_recreated_store(path: Path) -> None:
    claimed(path, NOON)
    remove(path)
    store = local_store(str(path))
    assert len(store.claim([Claim("note", None, None)], {}, "owner", NOON)) == 1


def until(holds: Callable[[], object], what: str, seconds: float = 90) -> None:
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up, f"in vain: {what}"
        time.sleep(0.05)


@pytest.mark.once
@pytest.mark.timeout(360)
def test_removing_the_file_under_schedule_work_starts_nothing_twice(app: App) -> None:
    app.keep_runs().tasks(LEAVES_A_NOTE)
    notes = app.root / "starts"

    def starts() -> Counter[str]:
        return Counter(notes.read_text().split() if notes.exists() else [])

    with app.start("schedule:work", errors=subprocess.STDOUT) as work:
        said = ""
        for count in (1, 2):
            until(lambda count=count: len(starts()) >= count, "the start of a minute")
            remove(app.root / ".scheduler/scheduler.sqlite3")
            done = app.python_craft("schedule:run").exits(0)  # as cron's, in the same minute but for bad luck
            said += done.out + done.err
        until(lambda: len(starts()) >= 3, "a start in a new store")
        work.send_signal(signal.SIGTERM)
        said += work.communicate(timeout=60)[0]
    assert set(starts().values()) == {1}, starts()
    assert len(re.findall("was removed and is created again", said)) == 2, said
