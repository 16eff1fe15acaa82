"""Tasks found in files and in a container, without an app."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scheduler import Task
from scheduler.errors import BrokenTask, UnknownTask
from scheduler.tasks import CallbackTask, CommandTask
from scheduler.tasks.discovery import discovered_classes
from scheduler.tasks.injection import inject, injectable
from scheduler.tasks.inspection import ShouldRunRule
from scheduler.tasks.TaskRegistry import TaskRegistry
from scheduler.tasks.Tasks import Tasks

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
    classes, broken, _ = discovered_classes(str(folder), "shop.tasks")
    return [cls.__name__ for cls in classes if cls is not Task], [file.path for file in broken]


# --- in files --------------------------------------------------------------------------------------------------------


def test_a_package_counts_by_its_own_name(folder: Path) -> None:
    (folder / "__init__.py").write_text(SAY_HI)
    assert found(folder) == (["SayHi"], [])
    assert sys.modules["shop.tasks"].SayHi


def test_a_file_whose_name_is_not_a_module_name_is_read_once(folder: Path) -> None:
    (folder / "say-hi.py").write_text(SAY_HI)
    first, second = (discovered_classes(str(folder), "shop.tasks")[0] for _ in range(2))
    assert [cls.__name__ for cls in first] == ["SayHi"]
    assert first == second, "a second look finds the same class, and not another of that name"


def test_a_class_with_a_rule_that_is_not_a_task_is_reported_with_a_fix(folder: Path) -> None:
    (folder / "SayHi.py").write_text(SAY_HI.replace("(Task)", ""))
    (notice,) = discovered_classes(str(folder), "shop.tasks").notices
    assert notice == (
        "SayHi has run_every and is not a Task, so it never runs (shop/tasks/SayHi.py:4): "
        "write class SayHi(Task), after from scheduler import Task"
    )


def test_mixins_and_other_classes_are_not_reported_as_tasks(folder: Path) -> None:
    (folder / "A.py").write_text(
        "class Hourly:\n    run_every = '1 hour'\n\n\n"
        "class Plan:\n    run_every: str\n\n    @property\n    def run_at(self): ...\n"
    )
    (folder / "B.py").write_text(
        "from scheduler import Task\nfrom shop.tasks.A import Hourly\n\n\n"
        "class SayHi(Hourly, Task):\n    def handle(self): ...\n"
    )
    found = discovered_classes(str(folder), "shop.tasks")
    assert [cls.__name__ for cls in found.classes] == ["SayHi"]
    assert found.notices == []


@pytest.mark.parametrize("name", ["Broken.py", "not-well.py"])
def test_an_unreadable_file_is_reported_each_time_and_hides_no_other(folder: Path, name: str) -> None:
    (folder / name).write_text("1 / 0\n")
    (folder / "SayHi.py").write_text(SAY_HI)
    for _ in range(2):
        assert found(folder) == (["SayHi"], [f"shop/tasks/{name}"])


def test_a_corrected_file_is_read_again(folder: Path) -> None:
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


def test_a_class_is_broken_if_its_constructor_sets_the_rule_and_fails() -> None:
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
    """An object of a task or in a container that cannot be inspected."""

    def __repr__(self) -> str:
        raise RuntimeError("no session")

    @property
    def __class__(self) -> type:
        raise RuntimeError("no request")


def test_an_attribute_that_cannot_be_inspected_stops_no_task() -> None:
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


@pytest.mark.parametrize(
    "names",
    [("job", "job "), ("job", "job  ", "job\t"), (" job", "job"), ("job\0", "job"), ("job\udcff", "job")],
    ids=repr,
)
def test_keys_differ_by_more_than_blanks_and_fit_any_database(names: tuple[str, ...]) -> None:
    """MariaDB and MySQL ignore blanks at the end of a text; no database takes every character."""
    tasks = TaskRegistry(dict, lambda cls: cls(), lambda: (os.devnull, "nowhere"))
    for name in names:
        tasks.add(Job().every("5 minutes").named("other"), Job().daily().named(name), CommandTask(f"ls{name}"))
    keys = [task.key for task in tasks.tasks().usable]
    assert len({key.strip() for key in keys}) == len(keys) > len(names)
    assert not any("\0" in key.encode().decode() for key in keys)


def test_three_that_share_a_name_and_a_class_are_numbered() -> None:
    tasks = TaskRegistry(dict, lambda cls: cls(), lambda: (os.devnull, "nowhere"))
    for minutes in (5, 10, 15):
        tasks.add(Job().every(f"{minutes} minutes").named("job"))
    found = tasks.tasks()
    assert [task.key for task in found.usable] == ["job", f"{__name__}.Job", f"{__name__}.Job#2"]


@pytest.mark.parametrize(
    ("name", "tasks", "hint"),
    [
        ("Jop", {"job": Job}, "did you mean"),
        ("Elephant", {"job": Job}, "Run craft schedule:list to see all tasks"),
        ("Elephant", {}, "there are no tasks yet. Run craft task SayHi to create one"),
    ],
)
def test_an_unknown_name_is_reported_with_a_fix(name: str, tasks: dict[str, Any], hint: str) -> None:
    with pytest.raises(UnknownTask, match=hint):
        registry(**tasks).called([name])


# --- what decides by itself ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [True, False])
def test_a_should_run_without_a_parameter_is_asked_all_the_same(answer: bool) -> None:
    class Moody(Job):
        def should_run(self) -> bool:
            return answer

    (task,) = registry(moody=Moody).usable
    assert isinstance(task.rule, ShouldRunRule)
    assert task.rule.matches(None) is answer
    assert task.describe() == "whenever its should_run() returns true"
    assert not task.is_foreseeable


def test_a_task_with_should_run_has_no_predictable_fire_times() -> None:
    rule = ShouldRunRule(Job(), None)
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


def test_parameters_are_injected_or_keep_their_defaults() -> None:
    def handle(greeter: Greeter, count: int = 3, *rest: str, **more: str) -> tuple[Any, ...]:
        return type(greeter), count, rest, more

    assert inject(Maker(), handle) == (Greeter, 3, (), {})


def test_callables_that_are_not_functions_can_be_called() -> None:
    """Their type hints cannot be read, for builtins not even their parameters, and they need none."""
    assert inject(Maker(), partial(int, "7")) == 7
    assert inject(Maker(), partial(sorted, [2, 1])) == [1, 2]


@pytest.mark.parametrize("annotation", ["", ": int", ": 'str'"])
def test_a_parameter_that_cannot_be_injected_is_named(annotation: str) -> None:
    names: dict[str, Any] = {}
    exec(f"def handle(mystery{annotation}): ...", names)
    for target in (names["handle"], partial(names["handle"])):
        with pytest.raises(BrokenTask, match="the parameter 'mystery' of handle cannot be injected"):
            injectable(target)


def test_an_annotation_that_was_never_imported_is_named() -> None:
    def handle(greeter: NoSuchClass) -> None: ...  # noqa: F821 - it does not exist

    with pytest.raises(BrokenTask, match=r"handle is annotated with 'NoSuchClass', which its module does not import"):
        injectable(handle)
