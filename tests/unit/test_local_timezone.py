"""Tasks use the time zone that `date` shows, or it is refused."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from scheduler import InvalidSchedule
from scheduler.config.local_timezone import local_timezone
from scheduler.rules.zones import name_of

UTC = timezone.utc
DATABASE = next((folder for folder in map(Path, ("/usr/share/zoneinfo", "/usr/lib/zoneinfo")) if folder.is_dir()), None)
needs_database = pytest.mark.skipif(DATABASE is None, reason="the system has no zone database")
INSTANTS = [datetime(year, month, 15, 12, tzinfo=UTC) for year in (2024, 2027, 2050) for month in (1, 4, 7, 10)]


@pytest.mark.parametrize(
    "setting",
    ["Europe/Riga", ":Europe/Riga", "", ":", "UTC", "EST5EDT", "EST5", "UTC0", "<+0545>-5:45", "CET-1CEST,M3.5.0,M10.5.0/3",
     "AEST-10AEDT,M10.1.0,M4.1.0/3", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1"],
)  # fmt: skip
def test_a_tz_shows_the_clock_of_the_system(setting: str) -> None:
    """The C library's answer comes from a process of its own."""
    zone = local_timezone(setting)
    program = "import sys, time; print(*(time.localtime(float(each)).tm_gmtoff for each in sys.argv[1:]))"
    stamps = [str(instant.timestamp()) for instant in INSTANTS]
    asked = subprocess.run(
        [sys.executable, "-c", program, *stamps], env=os.environ | {"TZ": setting}, capture_output=True, text=True, check=True
    )
    offsets = [instant.astimezone(zone).utcoffset().total_seconds() for instant in INSTANTS]
    assert offsets == [float(offset) for offset in asked.stdout.split()]


@pytest.mark.parametrize("setting", ["Europe/Rigga", "CET", "nonsense", "CET-1CEST,M3.5.0", ":/no/such/file", "../../etc/passwd"])
def test_a_tz_that_nobody_can_read_is_refused_with_what_to_write(setting: str) -> None:
    if setting == "CET" and DATABASE and (DATABASE / "CET").exists():
        assert name_of(local_timezone("CET")) == "CET"
        return
    with pytest.raises(InvalidSchedule, match=r"environment\.TZ = ") as caught:
        local_timezone(setting)
    assert "TIMEZONE = 'Europe/Riga' in config/scheduler.py" in str(caught.value)


@needs_database
def test_a_link_to_a_zone_gives_its_name_before_etc_timezone(tmp_path: Path) -> None:
    localtime, names = tmp_path / "localtime", tmp_path / "timezone"
    localtime.symlink_to(DATABASE / "Asia/Tokyo")
    names.write_text("America/New_York\n")
    assert name_of(local_timezone(None, str(localtime), str(names))) == "Asia/Tokyo"
    assert name_of(local_timezone(f":{localtime}", str(localtime), str(names))) == "Asia/Tokyo"


@needs_database
def test_a_copied_zone_has_the_name_of_etc_timezone_only_if_equal(tmp_path: Path) -> None:
    localtime, names = tmp_path / "localtime", tmp_path / "timezone"
    shutil.copyfile(DATABASE / "Asia/Tokyo", localtime)
    names.write_text("Asia/Tokyo\n")
    assert name_of(local_timezone(None, str(localtime), str(names))) == "Asia/Tokyo"
    names.write_text("America/New_York\n")
    zone = local_timezone(None, str(localtime), str(names))
    assert INSTANTS[0].astimezone(zone).hour == 21
    assert name_of(zone) == str(localtime)


def test_the_local_zone_is_utc_without_localtime_and_tz(tmp_path: Path) -> None:
    (tmp_path / "timezone").write_text("Asia/Tokyo\n")
    assert local_timezone(None, str(tmp_path / "localtime"), str(tmp_path / "timezone")) is UTC


def test_a_file_that_is_no_zone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "localtime").write_text("nonsense")
    with pytest.raises(InvalidSchedule, match="is not a file of a time zone"):
        local_timezone(None, str(tmp_path / "localtime"), str(tmp_path / "timezone"))
