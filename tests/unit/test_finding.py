"""What is found in files and in a container, before any app is there to ask."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scheduler import Task
from scheduler.discovery import discovered_classes
from scheduler.errors import BrokenTask, UnknownTask
from scheduler.injection import injectable, injected
from scheduler.inspection import AskedRule
from scheduler.TaskRegistry import TaskRegistry, Tasks
from scheduler.tasks import CallbackTask

SAY_HI = "from scheduler import Task\n\n\nclass SayHi(Task):\n    run_every = '1 minute'\n\n    def handle(self): ...\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder of tasks, `shop.tasks`, that this process can import from."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    made = tmp_path / "shop" / "tasks"
    made.mkdir(parents=True)
    yield made
    for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
        del sys.modules[name]


def found(folder: Path) -> tuple[list[str], list[str]]:
    """The names of classes, and the files that could not be read."""
    classes, broken = discovered_classes(str(folder), "shop.tasks")
    return [cls.__name__ for cls in classes if cls is not Task], [file.path for file in broken]


# --- in files --------------------------------------------------------------------------------------------------------


def test_a_package_counts_by_its_own_name(folder: Path) -> None:
    (folder / "__init__.py").write_text(SAY_HI)
    assert found(folder) == (["SayHi"], [])
    assert sys.modules["shop.tasks"].SayHi


def test_a_file_whose_name_is_no_module_name_is_read_once_too(folder: Path) -> None:
    (folder / "say-hi.py").write_text(SAY_HI)
    first, second = (discovered_classes(str(folder), "shop.tasks")[0] for _ in range(2))
    assert [cls.__name__ for cls in first] == ["SayHi"]
    assert first == second, "a second look finds the same class, and not another of that name"


@pytest.mark.parametrize("name", ["Broken.py", "not-well.py"])
def test_a_file_that_cannot_be_read_is_told_each_time_and_hides_no_other(folder: Path, name: str) -> None:
    (folder / name).write_text("1 / 0\n")
    (folder / "SayHi.py").write_text(SAY_HI)
    for _ in range(2):
        assert found(folder) == (["SayHi"], [f"shop/tasks/{name}"])


def test_a_file_that_was_mended_is_read_again(folder: Path) -> None:
    file = folder / "say-hi.py"
    file.write_text("1 / 0\n")
    assert found(folder)[1]
    file.write_text(SAY_HI)
    assert found(folder) == (["SayHi"], [])


# --- in a container --------------------------------------------------------------------------------------------------


class Job(Task):
    run_every = "1 minute"

    def handle(self) -> None:
        """Nothing."""


def registry(build: Callable[[type], Any] = lambda cls: cls(), **bound: Any) -> Tasks:
    return TaskRegistry(lambda: bound, build, lambda: (os.devnull, "nowhere")).tasks()


def test_a_class_and_what_it_was_bound_as_are_one_task() -> None:
    (task,) = registry(one=Job).usable
    assert (task.key, task.class_name, task.names) == ("one", "Job", {"one", "Job"})


def test_a_class_whose_constructor_fails_is_broken_if_only_that_knows_when_it_runs() -> None:
    class Needy(Job):
        run_every = None

        def __init__(self) -> None:
            self.daily()
            raise RuntimeError("no pigeons")

    (broken,) = registry(needy=Needy, job=Job).broken
    assert (broken.key, broken.error) == ("needy", "RuntimeError: no pigeons")
    assert broken.names == {"needy", "Needy"}
    assert f"{Path(__file__).name}:" in broken.location


class Unspeakable:
    """What a task may keep, or an app bind, and nobody can look at."""

    def __repr__(self) -> str:
        raise RuntimeError("no session")

    @property
    def __class__(self) -> type:
        raise RuntimeError("no request")


def test_what_cannot_be_looked_at_stops_no_task() -> None:
    tasks = [CallbackTask(print), CallbackTask(print)]
    for task in tasks:
        task.client = Unspeakable()
    found = registry(proxy=Unspeakable(), one=tasks[0], other=tasks[1])
    assert [task.key for task in found.usable] == ["one", "other"]


def test_a_broken_class_made_without_a_file_has_no_place() -> None:
    made = type("Made", (Task,), {"__module__": "nowhere", "run_every": "1 minute"})
    (broken,) = registry(made=made).broken
    assert broken.location == ""


@pytest.mark.parametrize(("length", "kept"), [(160, True), (161, False)])
def test_a_key_too_long_for_a_column_ends_in_a_digest(length: int, kept: bool) -> None:
    one, other = (registry(**{letter * length: Job}).usable[0].key for letter in "ab")
    assert (one == "a" * length) is kept
    assert len(one) == 160
    assert one != other


def test_keys_that_differ_only_at_their_end_stay_different() -> None:
    keys = {registry(**{f"{'a' * 200}{n}": Job}).usable[0].key for n in range(3)}
    assert len(keys) == 3


def test_three_that_share_a_name_and_a_class_are_numbered() -> None:
    tasks = TaskRegistry(dict, lambda cls: cls(), lambda: (os.devnull, "nowhere"))
    for minutes in (5, 10, 15):
        tasks.add(Job().every(f"{minutes} minutes").named("job"))
    found = tasks.tasks()
    assert [task.key for task in found.usable] == ["job", f"{__name__}.Job", f"{__name__}.Job#2"]


@pytest.mark.parametrize(
    ("name", "tasks", "mend"),
    [
        ("Jop", {"job": Job}, "did you mean"),
        ("Elephant", {"job": Job}, "`craft schedule:list` shows those there are"),
        ("Elephant", {}, "there are no tasks yet: `craft task SayHi` writes one"),
    ],
)
def test_an_unknown_name_is_told_with_a_mend(name: str, tasks: dict[str, Any], mend: str) -> None:
    with pytest.raises(UnknownTask, match=mend):
        registry(**tasks).called([name])


# --- what decides by itself ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [True, False])
def test_a_should_run_without_a_parameter_is_asked_all_the_same(answer: bool) -> None:
    class Moody(Job):
        def should_run(self) -> bool:
            return answer

    (task,) = registry(moody=Moody).usable
    assert isinstance(task.rule, AskedRule)
    assert task.rule.matches(None) is answer
    assert task.describe() == "whenever its should_run() says so"
    assert not task.is_foreseeable


def test_nobody_knows_its_other_fire_times() -> None:
    rule = AskedRule(Job(), None)
    assert rule.next_after(None, None) is rule.previous_before(None, None) is None


# --- callbacks -------------------------------------------------------------------------------------------------------


def test_a_callback_is_called_by_its_name() -> None:
    assert CallbackTask(found).default_key == "found"
    assert CallbackTask(partial(print, "Hi!")).default_key == "partial"


def test_a_result_is_no_callback() -> None:
    with pytest.raises(TypeError, match=r"CallbackTask\(None\): pass a function, not its result"):
        CallbackTask(None)


# --- injection -------------------------------------------------------------------------------------------------------


class Maker:
    """A container that makes a class anew for each parameter."""

    def resolve(self, target: Callable[..., Any]) -> Any:
        import inspect

        return target(*(parameter.annotation() for parameter in inspect.signature(target).parameters.values()))


class Greeter:
    """Anything."""


def test_what_a_container_can_fill_is_filled() -> None:
    def handle(greeter: Greeter, count: int = 3, *rest: str, **more: str) -> tuple[Any, ...]:
        return type(greeter), count, rest, more

    assert injected(Maker(), handle) == (Greeter, 3, (), {})


def test_what_is_no_function_may_be_called_too() -> None:
    """Their hints cannot be read, and those of builtins not even their parameters; they need none."""
    assert injected(Maker(), partial(int, "7")) == 7
    assert injected(Maker(), partial(sorted, [2, 1])) == [1, 2]


@pytest.mark.parametrize("annotation", ["", ": int", ": 'str'"])
def test_a_parameter_that_nothing_can_fill_is_named(annotation: str) -> None:
    names: dict[str, Any] = {}
    exec(f"def handle(mystery{annotation}): ...", names)
    with pytest.raises(BrokenTask, match="the parameter 'mystery' of handle can be filled by nothing"):
        injectable(names["handle"])


def test_an_annotation_that_was_never_imported_is_named() -> None:
    def handle(greeter: NoSuchClass) -> None: ...  # noqa: F821

    with pytest.raises(BrokenTask, match=r"handle is annotated with 'NoSuchClass', which its module does not import"):
        injectable(handle)
