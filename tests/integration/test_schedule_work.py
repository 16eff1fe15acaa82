"""`craft schedule:work`, as a process: it says what it does, ticks, and ends when it is told to."""

from __future__ import annotations

import signal

from .apps import ALWAYS, App

BEGINS = "Running what is due, every minute; Ctrl-C stops.\n"


def test_it_ticks_until_it_is_told_to_stop(app: App) -> None:
    app.tasks(f"class SayHi(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('Hi!')\n")
    app.write("config/scheduler.py", "")
    with app.start("schedule:work", PYTHONUNBUFFERED="1") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == BEGINS
        assert process.stdout.readline() == "Hi!\n"
        assert process.stdout.readline().startswith("SayHi succeeded in ")
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == ""
    assert process.returncode == 0
