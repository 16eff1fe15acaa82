"""Log lines without a terminal, with time, level and task, and JSON lines."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .apps import ALWAYS, TOOK, App, process_environment

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"
TASKS = f"""
import sys


class SayHi(Task):
    {ALWAYS}

    def handle(self):
        print('Hi!')
        print('to whom?', file=sys.stderr)
        sys.stdout.write('no end')


class Fails(Task):
    {ALWAYS}
    retries = 1

    def handle(self):
        raise ValueError('no\\x1b[2J stamps')
"""


@pytest.fixture
def noisy(app: App) -> App:
    app.tasks(TASKS)
    return app


def test_without_a_terminal_lines_of_the_scheduler_have_time_and_level(noisy: App) -> None:
    done = noisy.craft("schedule:run", "-v").exits(1)
    assert re.search(rf"{TIME} INFO SayHi succeeded in {TOOK}\n", done.log)
    assert re.search(rf"(?m)^{TIME} WARNING Fails failed after {TOOK}: ValueError: no\\x1b\[2J stamps", done.log)
    assert "Hi!\n" in done.out, "what a task prints is passed on as it is"


def test_a_failure_says_that_it_will_be_retried(noisy: App) -> None:
    first, second = re.findall("Fails failed .*", noisy.craft("schedule:run", "--task", "Fails").exits(1).err)
    assert first.endswith("; it will be retried")
    assert not second.endswith("; it will be retried")


def test_no_error_forges_a_line_of_the_log_in_its_traceback(app: App) -> None:
    line = "2027-01-31T08:00:00+00:00 INFO Backup succeeded in 61 ms"
    app.tasks(f"class Forges(Task):\n    {ALWAYS}\n\n    def handle(self):\n        raise ValueError('no\\n{line}')\n")
    for switches in (["-v"], ["-v", "--log"]):
        log = app.craft("schedule:run", *switches).exits(1).log
        assert f"\n  {line}\n" in log
        assert f"\n{line}" not in log


def test_with_log_each_line_of_output_has_time_stream_and_task(noisy: App) -> None:
    done = noisy.craft("schedule:run", "--log", "--task", "SayHi").exits(0)
    assert re.search(rf"(?m)^{TIME} OUT SayHi: Hi!\n{TIME} OUT SayHi: no end\n", done.log)
    assert re.search(rf"(?m)^{TIME} ERR SayHi: to whom\?\n", done.log)


def test_json_lines_are_objects_with_time_level_and_event(noisy: App) -> None:
    done = noisy.craft("schedule:run", "--json-lines").exits(1)
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert all(re.fullmatch(TIME, line["time"]) for line in lines)
    output = [line for line in lines if line["event"] == "output" and line["key"] == "SayHi"]
    assert [line["text"] for line in output] == ["Hi!", "no end"]
    runs = {(line["run"]["key"], line["run"]["attempt"]): line for line in lines if line["event"] == "run"}
    assert runs["SayHi", 1]["level"] == "INFO"
    assert runs["Fails", 1]["level"] == "WARNING"
    assert (runs["Fails", 1]["will_be_retried"], runs["Fails", 2]["will_be_retried"]) == (True, False)
    [to_whom] = [json.loads(line) for line in done.err.splitlines()]
    assert (to_whom["stream"], to_whom["text"]) == ("stderr", "to whom?")


def test_an_unreachable_recipient_is_a_line_of_the_log(noisy: App) -> None:
    noisy.tasks(f"class Quiet(Task):\n    {ALWAYS}\n    notify_on_success = 'http://127.0.0.1:1/'\n\n    def handle(self):\n        pass\n")
    text = noisy.craft("schedule:run").exits(0).log
    assert re.search(rf"(?m)^{TIME} WARNING Notice: Quiet: the webhook at 127.0.0.1 could not be notified: URLError", text)
    lines = [json.loads(line) for line in noisy.craft("schedule:run", "--json-lines").exits(0).out.splitlines()]
    assert [line["event"] for line in lines] == ["run", "notice"]
    document = noisy.craft("schedule:run", "--json").exits(0).json()
    assert "could not be notified" in document["notices"][0]


def test_wrong_usage_with_json_lines_is_one_object(noisy: App) -> None:
    complaint = json.loads(noisy.craft("schedule:run", "--json-lines", "--task", "Nobody").exits(2).err)
    assert (complaint["level"], complaint["event"]) == ("ERROR", "error")
    assert "Nobody" in complaint["message"]


@pytest.mark.parametrize("given", [("--json", "--json-lines"), ("--json", "--log"), ("--json-lines", "--log")])
def test_only_one_format_can_be_chosen(noisy: App, given: tuple[str, str]) -> None:
    assert f"{given[0]} and {given[1]} exclude each other" in noisy.craft("schedule:run", *given).exits(2).err


@pytest.mark.once
def test_the_log_of_schedule_work_can_be_rotated_while_it_runs(noisy: App) -> None:
    """The file is renamed, as logrotate does; later lines go to a new file of that name."""
    log, old = noisy.root / "work.log", noisy.root / "work.log.1"
    with log.open("ab") as file:
        command = [sys.executable, "craft", "schedule:work"]
        process = subprocess.Popen(command, cwd=noisy.root, env=process_environment(), stdout=file, stderr=file)
    try:
        wait_for(log, "Running due tasks every minute")
        wait_for(log, "Fails failed")
        log.rename(old)
        wait_for(log, "SayHi: Hi!", seconds=75)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    lines = log.read_text().splitlines()
    assert all(re.match(rf"{TIME} (OUT|ERR|INFO|WARNING|ERROR) ", line) for line in lines)
    assert any(re.fullmatch(rf"{TIME} OUT SayHi: Hi!", line) for line in lines)
    assert "Running due tasks every minute" in old.read_text()


def test_a_log_that_is_copied_and_truncated_grows_from_its_start(noisy: App) -> None:
    """Even if the shell opened it with `>`, which does not append."""
    log = noisy.root / "work.log"
    with log.open("wb") as file:
        command = [sys.executable, "craft", "schedule:work"]
        process = subprocess.Popen(command, cwd=noisy.root, env=process_environment(), stdout=file, stderr=file)
    try:
        wait_for(log, "Fails failed")
        os.truncate(log, 0)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert re.match(rf"{TIME} ", log.read_text())


def wait_for(path: Path, text: str, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if path.exists() and text in path.read_text():
            return
        time.sleep(0.05)
    raise AssertionError(f"{text!r} is not in {path} after {seconds} s: {path.read_text() if path.exists() else 'none'}")


@pytest.mark.parametrize("broken", ["full disk", "closed pipe", "narrow encoding"])
def test_a_line_that_cannot_be_written_costs_that_line(noisy: App, broken: str) -> None:
    noisy.tasks(f"class Größe(Task):\n    {ALWAYS}\n\n    def handle(self):\n        open('ran', 'w').close()\n")
    environment = process_environment(PYTHONIOENCODING="ascii" if broken == "narrow encoding" else "utf-8")
    command = [sys.executable, "craft", "schedule:run", "-v"]
    if broken == "full disk":
        with open("/dev/full", "w") as full:
            code = subprocess.run(command, cwd=noisy.root, env=environment, stdout=full, stderr=full).returncode
    elif broken == "closed pipe":
        read, write = os.pipe()
        os.close(read)
        code = subprocess.run(command, cwd=noisy.root, env=environment, stdout=write, stderr=write).returncode
        os.close(write)
    else:
        done = subprocess.run(command, cwd=noisy.root, env=environment, capture_output=True, text=True)
        code = done.returncode
        assert "Gr\\xf6\\xdfe succeeded" in done.stdout
    assert (noisy.root / "ran").exists()
    assert code in {0, 120}, "Python ends with 120 if it cannot flush its own streams"
