"""The runner returns an outcome, and raises nothing, whatever a task, a condition or a hook does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scheduler import Task
from scheduler.runs import Outcome, Run, SkipReason

from .fake_app import NOON, FakeApp, nothing, task


def done(app: FakeApp, *tasks: type[Task] | Task, force: bool = False) -> Run:
    """Run the one task in this process and return its run."""
    app.add(*tasks).tick(NOON, force=force, inline=True)
    return app.run()


def fails() -> None:
    raise ValueError("no more stamps")


def says_no(_self: object) -> bool:
    return False


# --- conditions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conditions", "reason", "detail"),
    [
        ({"environments": "production"}, SkipReason.ENVIRONMENT, "it runs only in production, and APP_ENV is local"),
        ({"environments": ("a", "b")}, SkipReason.ENVIRONMENT, "it runs only in a and b, and APP_ENV is local"),
        ({"when": says_no}, SkipReason.CONDITION, "its when() returned false"),
    ],
)
def test_a_condition_that_refuses_is_a_skip_with_its_reason(
    app: FakeApp, conditions: dict, reason: SkipReason, detail: str
) -> None:
    run = done(app, task(fails, **conditions))
    assert (run.outcome, run.skip_reason, run.detail) == (Outcome.SKIPPED, reason, detail)


def test_an_unset_environment_is_named_as_the_reason(app: FakeApp) -> None:
    app.app_env = ""
    assert done(app, task(fails, environments="production")).detail.endswith("APP_ENV is not set")


@pytest.mark.parametrize("said", [None, (), [], False, "local", ["staging", "local"]])
def test_an_environment_that_is_this_one_or_none_in_particular_lets_it_run(app: FakeApp, said: object) -> None:
    assert done(app, task(nothing, environments=said)).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(("told", "outcome"), [({}, "skipped"), ({"run_in_maintenance": True}, "succeeded")])
def test_a_task_is_skipped_in_maintenance_unless_it_opts_in(app: FakeApp, told: dict, outcome: str) -> None:
    app.down = True
    assert done(app, task(nothing, **told)).outcome.value == outcome


class Fussy:
    """A condition without a name of its own."""

    def __call__(self) -> bool:
        return True


def test_conditions_that_were_added_are_asked_one_after_the_other(app: FakeApp) -> None:
    assert done(app, task(nothing)().when(lambda: True).skip(list)).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("narrow", "detail"),
    [
        (lambda task: task.when(lambda: True).when(list), "its when condition list was false"),
        (lambda task: task.when(lambda: True).skip(Fussy()), "its skip condition Fussy was true"),
    ],
)
def test_the_condition_that_skips_a_run_is_named(app: FakeApp, narrow: Callable[[Task], Task], detail: str) -> None:
    assert done(app, narrow(task(fails)())).detail == detail


def test_a_forced_run_checks_no_conditions(app: FakeApp) -> None:
    app.down = True
    assert done(app, task(nothing, when=says_no, environments="production"), force=True).outcome is Outcome.SUCCEEDED


# --- outcomes --------------------------------------------------------------------------------------------------------


def test_a_task_that_raises_has_failed(app: FakeApp) -> None:
    run = done(app, task(fails))
    assert (run.outcome, run.error) == (Outcome.FAILED, "ValueError: no more stamps")
    assert run.location.startswith(("tests/unit/ticks/test_runner.py:", __file__))
    assert run.traceback.splitlines()[-1] == "ValueError: no more stamps"


def test_a_long_error_is_shortened_and_whole_in_the_traceback(app: FakeApp) -> None:
    def fails_at_length() -> None:
        raise ValueError("lines\n" * 10_000 + "the last one")

    run = done(app, task(fails_at_length))
    assert run.error.startswith("ValueError: lines lines ")
    assert run.error.endswith("line …")
    assert len(run.error) < 1100
    assert run.traceback.rstrip().endswith("the last one")


def test_a_task_that_exits_has_failed(app: FakeApp) -> None:
    assert done(app, task(sys.exit)).error == "SystemExit: sys.exit() was called; return, or raise an error, instead"


@pytest.mark.parametrize("raised", [KeyboardInterrupt, asyncio.CancelledError, GeneratorExit])
@pytest.mark.parametrize("where", ["handle", "when"])
def test_a_base_exception_is_a_failure(app: FakeApp, where: str, raised: type[BaseException]) -> None:
    def raises(_self: object) -> None:
        raise raised

    app.add(task(nothing, **{where: raises}), task(nothing, "Other")).tick(inline=True)
    failed, other = app.listener.runs
    assert (failed.outcome, failed.error, other.outcome) == (Outcome.FAILED, raised.__name__, Outcome.SUCCEEDED)
    assert failed.location.startswith(("tests/unit/ticks/test_runner.py:", __file__))


def test_an_awaited_task_that_is_cancelled_has_failed(app: FakeApp) -> None:
    async def is_cancelled(_self: object) -> None:
        raise asyncio.CancelledError

    assert done(app, task(nothing, handle=is_cancelled)).error == "CancelledError"


def test_a_constructor_that_raises_is_a_failure_of_the_run(app: FakeApp) -> None:
    built = []

    def build(_self: object) -> None:
        built.append(1)
        if len(built) > 1:
            raise RuntimeError("no pigeons")

    run = done(app, task(nothing, __init__=build))
    app.tick(NOON, force=True, inline=True)
    assert [one.outcome for one in (run, app.listener.runs[-1])] == [Outcome.SUCCEEDED, Outcome.FAILED]
    assert app.listener.runs[-1].error == "RuntimeError: no pigeons"


def test_handle_and_hooks_may_be_async(app: FakeApp) -> None:
    seen = []

    def noting(word: str) -> Callable[..., object]:
        async def note(*_: object) -> None:
            await asyncio.sleep(0)
            seen.append(word)

        return note

    task_class = task(nothing, handle=noting("handle"), before=noting("before"), after=noting("after"))
    assert done(app, task_class).outcome is Outcome.SUCCEEDED
    assert seen == ["before", "handle", "after"]


# --- hooks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("handle", "hook"), [(nothing, "succeeded"), (fails, "failed")])
def test_hooks_get_the_outcome(app: FakeApp, handle: Callable[[], None], hook: str) -> None:
    seen = []
    hooks = {name: lambda _self, run, name=name: seen.append((name, run.outcome.value)) for name in ("succeeded", "failed")}
    hooks["after"] = lambda _self: seen.append("after")
    done(app, task(handle, **hooks))
    assert seen == [(hook, hook), "after"]


@pytest.mark.parametrize("hook", ["before", "succeeded", "after"])
def test_a_hook_that_raises_is_reported_and_changes_nothing(
    app: FakeApp, hook: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(*_: object) -> None:
        sys.exit("enough")

    assert done(app, task(nothing, **{hook: breaks})).outcome is Outcome.SUCCEEDED
    assert capsys.readouterr().err.startswith(f"Job: its {hook}() raised SystemExit: sys.exit('enough') was called")


def test_a_hook_that_is_not_a_method_is_ignored(app: FakeApp) -> None:
    assert done(app, task(nothing, after=None)).outcome is Outcome.SUCCEEDED


# --- told to end -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["before", "handle", "after"])
def test_the_signal_that_ends_a_task_is_no_failure_of_its_own(app: FakeApp, where: str) -> None:
    """The scheduler ended it and gives the reason: its timeout, not an exit of the task."""

    def is_told_to_end(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()

    app.add(task(nothing, **{where: is_told_to_end})).tick()
    assert app.run().error == f"its process ended with exit code {128 + signal.SIGTERM} before it had finished"


# --- results that are not results ------------------------------------------------------------------------------------


def holds_back() -> dict[str, object]:
    async def when(_self: object) -> bool:
        await asyncio.sleep(0)
        return False

    return {"when": when}


async def says_yes() -> bool:
    return True


@pytest.mark.parametrize("hold_back", [task(fails, **holds_back()), task(fails)().skip(says_yes)])
def test_an_async_condition_is_awaited(app: FakeApp, hold_back: object) -> None:
    assert done(app, hold_back).skip_reason is SkipReason.CONDITION


def test_an_async_condition_that_lets_the_task_run_is_awaited(app: FakeApp) -> None:
    assert done(app, task(nothing)().when(says_yes)).outcome is Outcome.SUCCEEDED


def test_a_handle_that_is_a_generator_fails_instead_of_running_nothing(app: FakeApp) -> None:
    def generator() -> object:
        yield

    async def async_generator() -> object:
        yield

    for handle in (generator, async_generator, lambda: (n for n in range(3))):
        (run,) = [done(FakeApp(), task(handle))]
        assert run.outcome is Outcome.FAILED
        assert run.error.startswith("handle() returned a generator, of which nothing has run. Fix: ")
    assert done(app, task(nothing, when=lambda _self: generator())).outcome is Outcome.FAILED


# --- the text of a failure -------------------------------------------------------------------------------------------


def test_a_traceback_begins_in_the_code_of_the_user(app: FakeApp) -> None:
    lines = done(app, task(fails)).traceback.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert __file__ in lines[-3]
    assert not [line for line in lines if f"{os.sep}scheduler{os.sep}execution{os.sep}" in line]
    assert lines[-1] == "ValueError: no more stamps"


def test_a_task_that_fails_in_a_folder_that_is_gone_keeps_its_error(
    app: FakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()

    def handle() -> None:
        monkeypatch.chdir(gone)
        gone.rmdir()
        fails()

    app.add(task(handle)).tick()
    run = app.run()
    assert (run.outcome, run.error) == (Outcome.FAILED, "ValueError: no more stamps")
    assert run.location.startswith(f"{__file__}:")
