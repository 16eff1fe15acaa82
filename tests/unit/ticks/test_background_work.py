"""Background work of a task: it is finished before the run ends, or left alone, or ended."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from waiting import is_alive, wait_until

from scheduler.processes import leftovers, tree
from scheduler.runs import Outcome

from .fake_app import MOMENT, NOON, FakeApp, task

KEPT: list[object] = []
"""What a module keeps as long as its process lasts."""


def touch_soon(file: Path) -> None:
    time.sleep(0.2)
    file.touch()


# --- threads and exit handlers ---------------------------------------------------------------------------------------


def in_a_thread(file: Path) -> None:
    threading.Thread(target=touch_soon, args=(file,)).start()


def in_a_pool(file: Path) -> None:
    KEPT.append(ThreadPoolExecutor())  # nobody shuts it down, as that of Masonite's async queue
    KEPT[-1].submit(touch_soon, file)


def at_exit(file: Path) -> None:
    atexit.register(file.touch)


def in_a_process(file: Path) -> None:
    multiprocessing.get_context("fork").Process(target=touch_soon, args=(file,)).start()


@pytest.mark.parametrize("start", [in_a_thread, in_a_pool, at_exit, in_a_process])
def test_background_work_is_done_before_the_run_ends(
    app: FakeApp, tmp_path: Path, start: Callable[[Path], None]
) -> None:
    file = tmp_path / "done"
    assert app.add(task(lambda: start(file))).tick() == 0
    assert file.exists()
    assert app.run().outcome is Outcome.SUCCEEDED


def test_background_work_that_outlasts_the_timeout_times_out(app: FakeApp) -> None:
    app.add(task(lambda: threading.Thread(target=time.sleep, args=(60,)).start(), timeout="1 second")).tick()
    assert app.run().outcome is Outcome.TIMED_OUT


def test_an_exit_handler_that_outlasts_the_timeout_times_out(app: FakeApp) -> None:
    """Python prints what an exit handler raises and goes on; the signal to end must not be lost that way."""
    app.add(task(lambda: atexit.register(time.sleep, 60), timeout=MOMENT)).tick()
    assert app.run().outcome is Outcome.TIMED_OUT


def test_exit_handlers_of_a_timed_out_task_are_called(app: FakeApp, tmp_path: Path) -> None:
    def handle() -> None:
        atexit.register((tmp_path / "flushed").touch)
        time.sleep(60)

    app.settings["kill_grace"] = timedelta(seconds=10)
    app.add(task(handle, timeout="1 second")).tick()
    assert (tmp_path / "flushed").exists()


def test_temporary_folders_of_a_task_are_removed_and_those_of_the_app_stay(app: FakeApp, tmp_path: Path) -> None:
    def handle() -> None:
        KEPT.append(tempfile.TemporaryDirectory(dir=tmp_path, prefix="task"))

    with tempfile.TemporaryDirectory(dir=tmp_path, prefix="app"):
        app.add(task(handle)).tick()
        assert [path.name[:3] for path in tmp_path.iterdir()] == ["app"]


def test_a_task_does_not_end_the_child_processes_of_the_app(app: FakeApp) -> None:
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,), daemon=True)
    child.start()
    app.add(task(lambda: None)).tick()
    assert child.is_alive()
    child.kill()
    child.join()


# --- signals ---------------------------------------------------------------------------------------------------------


def square(number: int) -> int:
    return number * number


@pytest.mark.parametrize("inline", [False, True])
def test_a_process_pool_works_in_a_task(app: FakeApp, inline: bool) -> None:
    """The pool ends its processes with SIGTERM, so they must not handle it as the scheduler or a worker does."""

    def handle() -> None:
        for _ in range(10):
            with multiprocessing.get_context("fork").Pool(4) as pool:
                assert pool.map(square, range(50)) == [n * n for n in range(50)]

    assert app.add(task(handle, timeout="30 seconds")).tick(inline=inline) == 0, app.run().error


@pytest.mark.parametrize("inline", [False, True])
def test_a_forked_child_of_a_task_handles_signals_as_any_program(app: FakeApp, tmp_path: Path, inline: bool) -> None:
    def handle() -> None:
        child = os.fork()
        if not child:
            handlers = {signal.getsignal(number) for number in (15, 1, 3)} | {signal.set_wakeup_fd(-1)}
            (tmp_path / "handlers").write_text(str(handlers == {signal.SIG_DFL, -1}))
            os._exit(0)
        os.waitpid(child, 0)

    app.add(task(handle)).tick(inline=inline)
    assert (tmp_path / "handlers").read_text() == "True"


@pytest.mark.parametrize("inline", [False, True])
def test_a_forked_child_that_comes_back_goes_on_with_nothing(app: FakeApp, tmp_path: Path, inline: bool) -> None:
    (tmp_path / "started").touch()

    def forks() -> None:
        child = os.fork()
        if child:
            os.waitpid(child, 0)

    def handle() -> None:
        with (tmp_path / "started").open("a") as file:
            file.write("x")

    app.add(task(forks, "First"), task(handle, "Second")).tick(inline=inline)
    assert (tmp_path / "started").read_text() == "x"
    assert [run.outcome for run in app.store.history()] == [Outcome.SUCCEEDED] * 2


# --- a worker that is killed alone -----------------------------------------------------------------------------------


@pytest.mark.skipif(not tree.ON_LINUX, reason="only Linux tells which processes belong to a worker")
@pytest.mark.parametrize("detached", [False, True])
def test_the_children_of_a_killed_worker_are_ended_before_the_retry(
    app: FakeApp, tmp_path: Path, detached: bool
) -> None:
    note = tmp_path / "child"

    def handle() -> None:
        if note.exists():
            print(is_alive(int(note.read_text())))
            return
        sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
        child = subprocess.Popen(sleep, start_new_session=detached)
        note.write_text(str(child.pid))
        os.kill(os.getpid(), 9)

    app.add(task(handle, retries=1)).tick()
    first, second = app.listener.runs
    assert first.error == "its process was killed by signal 9 (SIGKILL); 1 process it had started was ended"
    assert app.store.run(second.id).output == "False\n"
    wait_until(lambda: not is_alive(int(note.read_text())))


# --- what is left running --------------------------------------------------------------------------------------------


def test_left_processes_continue_after_the_tick_without_a_reader(
    app: FakeApp, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    left = tmp_path / "left"
    lines = f"while [ ! -e {tmp_path}/ended ]; do sleep 0.01; done; for i in 1 2 3; do echo; echo >&2; done"
    app.add(task(lambda: subprocess.Popen(["sh", "-c", f"{lines}; head -c 200000 /dev/zero; echo > {left}"])))
    assert app.tick() == 0
    (tmp_path / "ended").touch()
    wait_until(left.exists)
    assert capfd.readouterr() == ("", "")


def test_readers_of_left_processes_end_with_them(app: FakeApp, tmp_path: Path) -> None:
    app.add(task(lambda: subprocess.Popen(["sh", "-c", f"while [ ! -e {tmp_path}/end ]; do sleep 0.01; done"])))
    scheduler = app.scheduler()
    supervisor = scheduler.supervisor(app.listener)
    scheduler.begin_tick(NOON, scheduler.find(), app.listener, supervisor)
    before = set(leftovers._readers)
    supervisor.finish()
    readers = set(leftovers._readers) - before
    assert readers
    assert all(map(is_alive, readers))
    (tmp_path / "end").touch()
    wait_until(lambda: not any(map(is_alive, readers)))
    supervisor.step(0)
    assert not readers & set(leftovers._readers)


# --- a task that spoils its process ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: setattr(sys, "stdout", None),
        lambda: sys.stderr.close(),  # noqa: PLW0108 - that of the worker
        lambda: os.closerange(0, 3),
        lambda: atexit.register(sys.exit, 3),
        lambda: os.fork() >= 0,
    ],
    ids=["no stdout", "stderr closed", "descriptors closed", "exit handler raises", "a forked child comes back"],
)
def test_a_task_that_spoils_its_process_has_one_outcome(app: FakeApp, spoil: Callable[[], object]) -> None:
    assert app.add(task(spoil)).tick() == 0
    assert app.run().outcome is Outcome.SUCCEEDED
