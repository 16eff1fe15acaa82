"""One task in, what came of it out: whatever a task, a condition or a hook does, it is an outcome and no exception."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable

import pytest

from scheduler import Task
from scheduler.runs import Outcome, Run, SkipReason

from .place import NOON, Place, nothing, task


def done(place: Place, *tasks: type[Task] | Task, force: bool = False) -> Run:
    """What came of the one task, run in this process."""
    place.add(*tasks).tick(NOON, force=force, inline=True)
    return place.run()


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
        ({"when": says_no}, SkipReason.CONDITION, "its when() said no"),
    ],
)
def test_a_condition_that_refuses_is_a_skip_with_its_reason(
    place: Place, conditions: dict, reason: SkipReason, detail: str
) -> None:
    run = done(place, task(fails, **conditions))
    assert (run.outcome, run.skip_reason, run.detail) == (Outcome.SKIPPED, reason, detail)


def test_an_environment_that_is_not_set_is_said_so(place: Place) -> None:
    place.app_env = ""
    assert done(place, task(fails, environments="production")).detail.endswith("APP_ENV is not set")


@pytest.mark.parametrize("said", [None, (), [], False, "local", ["staging", "local"]])
def test_an_environment_that_is_this_one_or_none_in_particular_lets_it_run(place: Place, said: object) -> None:
    assert done(place, task(nothing, environments=said)).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(("told", "outcome"), [({}, "skipped"), ({"run_in_maintenance": True}, "succeeded")])
def test_maintenance(place: Place, told: dict, outcome: str) -> None:
    place.down = True
    assert done(place, task(nothing, **told)).outcome.value == outcome


class Fussy:
    """A condition without a name of its own."""

    def __call__(self) -> bool:
        return True


def test_conditions_that_were_added_are_asked_one_after_the_other(place: Place) -> None:
    assert done(place, task(nothing)().when(lambda: True).skip(list)).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("narrow", "detail"),
    [
        (lambda task: task.when(lambda: True).when(list), "its when condition list said no"),
        (lambda task: task.when(lambda: True).skip(Fussy()), "its skip condition Fussy said yes"),
    ],
)
def test_one_that_refuses_is_named(place: Place, narrow: Callable[[Task], Task], detail: str) -> None:
    assert done(place, narrow(task(fails)())).detail == detail


def test_a_forced_run_is_asked_for_none(place: Place) -> None:
    place.down = True
    assert done(place, task(nothing, when=says_no, environments="production"), force=True).outcome is Outcome.SUCCEEDED


# --- outcomes --------------------------------------------------------------------------------------------------------


def test_a_task_that_raises_has_failed(place: Place) -> None:
    run = done(place, task(fails))
    assert (run.outcome, run.error) == (Outcome.FAILED, "ValueError: no more stamps")
    assert run.location.startswith(("tests/unit/ticks/test_runner.py:", __file__))
    assert run.traceback.splitlines()[-1] == "ValueError: no more stamps"


def test_an_error_of_many_words_is_told_in_part_and_kept_whole_in_the_traceback(place: Place) -> None:
    def fails_at_length() -> None:
        raise ValueError("lines\n" * 10_000 + "the last one")

    run = done(place, task(fails_at_length))
    assert run.error.startswith("ValueError: lines lines ")
    assert run.error.endswith("line …")
    assert len(run.error) < 1100
    assert run.traceback.rstrip().endswith("the last one")


def test_a_task_that_exits_has_failed(place: Place) -> None:
    assert done(place, task(sys.exit)).error == "it called sys.exit(); return from handle() instead"


@pytest.mark.parametrize("raised", [KeyboardInterrupt, asyncio.CancelledError, GeneratorExit])
@pytest.mark.parametrize("where", ["handle", "when"])
def test_what_is_no_ordinary_exception_is_a_failure_too(place: Place, where: str, raised: type[BaseException]) -> None:
    def raises(_self: object) -> None:
        raise raised

    place.add(task(nothing, **{where: raises}), task(nothing, "Other")).tick(inline=True)
    failed, other = place.told.runs
    assert (failed.outcome, failed.error, other.outcome) == (Outcome.FAILED, raised.__name__, Outcome.SUCCEEDED)
    assert failed.location.startswith(("tests/unit/ticks/test_runner.py:", __file__))


def test_an_awaited_task_that_is_cancelled_has_failed(place: Place) -> None:
    async def is_cancelled(_self: object) -> None:
        raise asyncio.CancelledError

    assert done(place, task(nothing, handle=is_cancelled)).error == "CancelledError"


def test_a_constructor_that_raises_is_a_failure_of_the_run(place: Place) -> None:
    built = []

    def build(_self: object) -> None:
        built.append(1)
        if len(built) > 1:
            raise RuntimeError("no pigeons")

    run = done(place, task(nothing, __init__=build))
    place.tick(NOON, force=True, inline=True)
    assert [one.outcome for one in (run, place.told.runs[-1])] == [Outcome.SUCCEEDED, Outcome.FAILED]
    assert place.told.runs[-1].error == "RuntimeError: no pigeons"


def test_handle_and_hooks_may_be_async(place: Place) -> None:
    seen = []

    def noting(word: str) -> Callable[..., object]:
        async def note(*_: object) -> None:
            await asyncio.sleep(0)
            seen.append(word)

        return note

    task_class = task(nothing, handle=noting("handle"), before=noting("before"), after=noting("after"))
    assert done(place, task_class).outcome is Outcome.SUCCEEDED
    assert seen == ["before", "handle", "after"]


# --- hooks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("handle", "hook"), [(nothing, "succeeded"), (fails, "failed")])
def test_hooks_are_told_the_outcome(place: Place, handle: Callable[[], None], hook: str) -> None:
    seen = []
    hooks = {name: lambda _self, run, name=name: seen.append((name, run.outcome.value)) for name in ("succeeded", "failed")}
    hooks["after"] = lambda _self: seen.append("after")
    done(place, task(handle, **hooks))
    assert seen == [(hook, hook), "after"]


@pytest.mark.parametrize("hook", ["before", "succeeded", "after"])
def test_a_hook_that_raises_is_said_and_changes_nothing(
    place: Place, hook: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(*_: object) -> None:
        sys.exit("enough")

    assert done(place, task(nothing, **{hook: breaks})).outcome is Outcome.SUCCEEDED
    assert capsys.readouterr().err.startswith(f"Job: its {hook}() raised it called sys.exit('enough')")


def test_what_is_no_method_is_no_hook(place: Place) -> None:
    assert done(place, task(nothing, after=None)).outcome is Outcome.SUCCEEDED


# --- told to end -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["before", "handle", "after"])
def test_the_signal_that_ends_a_task_is_no_failure_of_its_own(place: Place, where: str) -> None:
    """The scheduler says why it ended it: it was the time limit, and not an exit of the task's."""

    def is_told_to_end(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()

    place.add(task(nothing, **{where: is_told_to_end})).tick()
    assert place.run().error == f"its process ended with exit code {128 + signal.SIGTERM} before it had finished"
