"""A cache is written wholly or not at all, is readable by its owner only, and is not used if it is damaged."""

from __future__ import annotations

import os
import stat
from binascii import crc32
from pathlib import Path

import pytest

from scheduler.cache.ScheduleCache import FORMAT, LONGEST, PATH, STALE, ScheduleCache, clear, mark_stale, stale_reason
from scheduler.private_folder import NotPrivate


def a_cache(**changes: object) -> ScheduleCache:
    values: dict[str, object] = {
        "start": 29_000_000,
        "length": 2880,
        "minutes": 1 << 5 | 1 << 2879,
        "store": "/srv/blog/.scheduler/scheduler.sqlite3",
        "schema": 1,
        "host": "web1",
        "tasks": "abc",
        "keys": ["SayHi", "two\nlines", "ü", ""],
        "files": ["/etc/localtime", os.fsdecode(b"/srv/\xff")],
        "variables": [],
        "fingerprint": "a\tb\nc\td\x1e\x1f",
    }
    return ScheduleCache(**{**values, **changes})


def test_a_cache_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = a_cache()
    assert written.write(str(tmp_path)) == str(tmp_path / PATH)
    assert vars(ScheduleCache.read(str(tmp_path))) == vars(written)


def test_a_cache_is_private_to_its_owner_and_leaves_no_draft(tmp_path: Path) -> None:
    path = Path(a_cache().write(str(tmp_path)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(os.listdir(path.parent)) == [".gitignore", path.name]


def test_a_minute_is_free_if_it_is_known_and_nothing_is_due() -> None:
    cache = a_cache()
    start = cache.start
    assert cache.is_free(start, start + 4)
    assert not cache.is_free(start, start + 5)
    assert not cache.is_free(start + 5, start + 5)
    assert cache.is_free(start + 6, start + 2878)
    assert not cache.is_free(start + 6, start + 2879)
    assert not cache.is_free(start - 1, start + 1)
    assert not cache.is_free(start + 6, start + 2880)


def test_every_kind_of_damage_is_noticed(tmp_path: Path) -> None:
    path = Path(a_cache().write(str(tmp_path)))
    whole = path.read_bytes()
    for damaged in (b"", whole[:-1], whole[: len(whole) // 2], whole.replace(b"web1", b"web2"), b"\xff" * 100):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="damaged"):
            ScheduleCache.read(str(tmp_path))


def test_a_cache_of_any_size_is_read_up_to_a_limit(tmp_path: Path) -> None:
    path = Path(a_cache().write(str(tmp_path)))
    os.truncate(path, 2**40)  # a file with holes, which no disk has to hold
    with pytest.raises(NotPrivate, match=f"is longer than {LONGEST} bytes"):
        ScheduleCache.read(str(tmp_path))


def test_a_cache_of_another_version_is_not_read(tmp_path: Path) -> None:
    path = Path(a_cache().write(str(tmp_path)))
    body = path.read_bytes().rpartition(b"\n")[0].replace(FORMAT.encode(), b"of the future")
    path.write_bytes(body + b"\n%08x" % crc32(body))
    with pytest.raises(ValueError, match="version"):
        ScheduleCache.read(str(tmp_path))


def test_a_cache_is_marked_stale_once(tmp_path: Path) -> None:
    folder = str(tmp_path)
    assert stale_reason(folder) is None
    a_cache().write(folder)
    assert mark_stale(folder, "app/tasks/SayHi.py has changed")
    assert not mark_stale(folder, "another has changed")
    assert stale_reason(folder) == "app/tasks/SayHi.py has changed"
    assert stat.S_IMODE((tmp_path / STALE).stat().st_mode) == 0o600
    a_cache().write(folder)
    assert stale_reason(folder) is None


def test_a_cache_is_marked_stale_again_if_a_kill_left_it(tmp_path: Path) -> None:
    folder = str(tmp_path)
    a_cache().write(folder)
    (tmp_path / STALE).write_text("app/tasks/SayHi.py has changed")
    assert mark_stale(folder, "another has changed")
    assert stale_reason(folder) == "another has changed"


def test_a_cache_that_was_marked_stale_can_be_removed(tmp_path: Path) -> None:
    folder = str(tmp_path)
    assert not clear(folder)
    a_cache().write(folder)
    assert clear(folder)
    a_cache().write(folder)
    mark_stale(folder, "")
    assert clear(folder)
    assert not list((tmp_path / PATH).parent.glob("schedule.cache*"))
