"""The files of a task's output: what is in them, who may read them, and what cannot be written."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from scheduler.config.TaskOptions import TaskOptions
from scheduler.execution import capture
from scheduler.execution.OutputFiles import OutputFiles


def run(folder: Path, *prints: bytes, ran: bool = True, **paths: str) -> list[str]:
    """Let a run print, and return the complaints."""
    complaints: list[str] = []
    files = OutputFiles(TaskOptions(**paths), str(folder), complaints.append)
    for data in prints:
        files.write(data)
    files.close(ran=ran)
    return complaints


def test_output_to_keeps_the_last_run_append_output_to_all(tmp_path: Path) -> None:
    for word in (b"first", b"second"):
        assert run(tmp_path, word, b" \xff\n", output_to="last.log", append_output_to="all.log") == []
    assert (tmp_path / "last.log").read_bytes() == b"second \xff\n"
    assert (tmp_path / "all.log").read_bytes() == b"first \xff\nsecond \xff\n"


def test_folders_are_made_and_paths_may_be_whole(tmp_path: Path) -> None:
    run(tmp_path / "elsewhere", b"x", output_to=str(tmp_path / "a/b/c.log"), append_output_to="d/e.log")
    assert (tmp_path / "a/b/c.log").read_text() == (tmp_path / "elsewhere/d/e.log").read_text() == "x"


def test_a_new_file_is_private_and_an_existing_one_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "known").touch()
    (tmp_path / "known").chmod(0o644)
    run(tmp_path, b"x", output_to="new", append_output_to="known")
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "known")] == [0o600, 0o644]


def test_a_silent_run_empties_the_file_and_a_skipped_one_does_not(tmp_path: Path) -> None:
    run(tmp_path, b"x", output_to="last")
    run(tmp_path, ran=False, output_to="last")
    assert (tmp_path / "last").read_text() == "x"
    run(tmp_path, output_to="last")
    assert (tmp_path / "last").read_text() == ""


def test_an_unwritable_path_is_reported_once_and_the_other_is_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for path, why in (("folder", "Is a directory"), ("file/x", "Not a directory|File exists")):
        (told,) = run(tmp_path, b"x", b"y", output_to=path, append_output_to="well")
        assert told.startswith(f"its output cannot be written to {path}: ")
        assert any(word in told for word in why.split("|")), told
    assert (tmp_path / "well").read_text() == "xyxy"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_is_reported_once(tmp_path: Path) -> None:
    assert run(tmp_path, b"x", b"y", output_to="/dev/full") == [
        "its output cannot be written to /dev/full: No space left on device"
    ]


def test_a_pipe_is_never_waited_for(tmp_path: Path) -> None:
    """The scheduler would wait for a pipe that nobody reads, or that is full."""
    os.mkfifo(tmp_path / "pipe")
    (told,) = run(tmp_path, b"x", output_to="pipe")
    assert "No such device" in told
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert run(tmp_path, b"x", output_to="pipe") == ["its output cannot be written to pipe: it is not a file"]
    os.close(reader)


def test_captured_output_is_also_shown(capsys: pytest.CaptureFixture[str]) -> None:
    kept = bytearray()
    with capture.capture(kept.extend):
        print("out ü")
        print("err ü", file=sys.stderr, flush=True)
        assert sys.stdout.encoding
    print("after")
    assert kept.decode() == "out ü\nerr ü\n"
    assert capsys.readouterr().out == "out ü\nafter\n"
