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


ONE_THAT_LASTS = f"""
    import os
    import time


    class Quick(Task):
        {ALWAYS}

        def handle(self):
            print('I am', os.getpid())


    class Lasting(Task):
        {ALWAYS}

        def handle(self):
            print('it begins')
            time.sleep(3600)
"""


def test_tasks_have_processes_of_their_own_and_are_ended_and_recorded_after_stop_grace(app: App) -> None:
    app.tasks(ONE_THAT_LASTS)
    app.write("config/scheduler.py", "STOP_GRACE = '0 seconds'")
    with app.start("schedule:work", PYTHONUNBUFFERED="1") as process:
        assert process.stdout is not None
        said: list[str] = []
        while not ("it begins" in said and any(line.startswith("Quick succeeded in") for line in said)):
            said.append(process.stdout.readline().strip())
        assert any(line.startswith("I am ") for line in said)
        assert f"I am {process.pid}" not in said
        process.send_signal(signal.SIGINT)
    assert process.returncode == 0
    runs = {run["key"]: run for run in app.keep_runs().craft("schedule:history", "--json").exits(0).json()["runs"]}
    assert {key: run["outcome"] for key, run in runs.items()} == {"Quick": "succeeded", "Lasting": "crashed"}
    assert "told to stop" in runs["Lasting"]["error"]
