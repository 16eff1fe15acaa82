"""The scheduler's own output: written as its reader takes it, and never waited for."""

from __future__ import annotations

import io
import os
import pty
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.processes.OutputStream import LIMIT, OutputStream

Ends = tuple[int, OutputStream]


@pytest.fixture
def pipe() -> Iterator[Ends]:
    """The end to read from, and a stream into the other one."""
    readable, writable = os.pipe()
    with open(writable, "w", encoding="utf-8") as file:
        yield readable, OutputStream(file)
    os.close(readable)


def read_all(readable: int, stream: OutputStream) -> bytes:
    """Return what a reader gets that reads whenever there is data."""
    os.set_blocking(readable, False)
    found = b""
    while True:
        stream.flush()
        try:
            found += os.read(readable, 65536)
        except BlockingIOError:
            return found


def test_a_reader_that_comes_late_gets_everything(pipe: Ends) -> None:
    readable, stream = pipe
    started = time.monotonic()
    for number in range(20_000):
        stream.write_line(f"line {number}")
    assert time.monotonic() - started < 5
    assert read_all(readable, stream).splitlines() == [b"line %d" % number for number in range(20_000)]


def test_other_users_of_the_pipe_still_wait_for_its_reader(pipe: Ends) -> None:
    """The pipe itself is not changed: a shell or a program that shares it expects to be able to wait."""
    readable, stream = pipe
    stream.write(b"x" * LIMIT)
    assert os.get_blocking(stream.stream.fileno())
    assert read_all(readable, stream) == b"x" * LIMIT


def test_a_pipe_that_cannot_be_reopened_loses_no_output(pipe: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError

    readable, stream = pipe
    monkeypatch.setattr(os, "open", refuse)
    stream.write(b"x" * LIMIT)
    assert read_all(readable, stream) == b"x" * LIMIT


def test_a_slow_reader_is_waited_for_and_a_stopped_one_is_not(pipe: Ends) -> None:
    _, stream = pipe
    stream.write(b"x" * 2 * LIMIT)
    assert stream.is_full
    stream.stalled_seconds = 0.0
    assert not stream.is_full


def test_output_for_a_stopped_reader_is_dropped_with_a_note(pipe: Ends) -> None:
    readable, stream = pipe
    stream.write(b"x" * 2 * LIMIT)
    stream.stalled_seconds = 0.0
    stream.write(b"lost")
    stream.write_line("lost")
    stream.stalled_seconds = 60.0
    text = read_all(readable, stream).decode()
    stream.write_line("and on")
    text += read_all(readable, stream).decode()
    assert text.strip("x") == "… 9 bytes of output were dropped, nobody read them …\nand on\n"


def test_a_terminal_that_is_stopped_with_ctrl_s_is_not_waited_for() -> None:
    controller, terminal = pty.openpty()
    termios.tcflow(terminal, termios.TCOOFF)
    with open(terminal, "w", encoding="utf-8") as file:
        stream = OutputStream(file)
        started = time.monotonic()
        stream.write(b"y" * 2 * LIMIT)
        assert time.monotonic() - started < 5
        assert stream.descriptor >= 0
        termios.tcflow(terminal, termios.TCOON)
    os.close(controller)


@pytest.mark.parametrize("path", ["/dev/full", "closed pipe", "closed stream"])
def test_an_unwritable_line_is_lost_and_nothing_else(path: str, tmp_path: Path) -> None:
    readable, writable = os.pipe()
    os.close(readable)
    target = {"closed pipe": writable, "closed stream": tmp_path / "file"}.get(path, path)
    file = open(target, "w", encoding="utf-8")  # noqa: SIM115 - closing it would fail
    if path == "closed stream":
        file.close()
    stream = OutputStream(file)
    stream.write_line("this one")
    assert stream.descriptor == -1
    stream.drain(60)
    file.close()


@pytest.mark.parametrize(("encoding", "written"), [("latin-1", b"\xe4 \\u015b\n"), ("ascii", b"\\xe4 \\u015b\n")])
def test_a_character_that_a_stream_cannot_encode_is_escaped(tmp_path: Path, encoding: str, written: bytes) -> None:
    with open(tmp_path / "out", "w", encoding=encoding) as file:
        OutputStream(file).write_line("ä ś")
    assert (tmp_path / "out").read_bytes() == written


def test_earlier_output_of_others_comes_first(tmp_path: Path) -> None:
    with open(tmp_path / "out", "w", encoding="utf-8") as file:
        file.write("first\n")
        OutputStream(file).write_line("second")
    assert (tmp_path / "out").read_text() == "first\nsecond\n"


def test_a_stream_without_a_file_is_written_to_directly() -> None:
    text = io.StringIO()
    OutputStream(text).write_line("ś")
    assert text.getvalue() == "ś\n"
    OutputStream(None).write_line("nowhere")


def test_draining_ends_when_the_reader_pauses_too_long(pipe: Ends) -> None:
    _, stream = pipe
    stream.write(b"x" * LIMIT)
    stream.drain(0.1)
    assert stream.descriptor == -1
