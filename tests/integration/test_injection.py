"""The container fills the parameters of constructors, `handle` and conditions, however they are annotated."""

from __future__ import annotations

from textwrap import indent

import pytest

from .apps import ALWAYS, App

pytestmark = pytest.mark.twice

GREETER = """
    class Greeter:
        def __init__(self, greeting='Hello'):
            self.greeting = greeting

        def greet(self, whom):
            print(f'{self.greeting}, {whom}!')
"""


@pytest.fixture
def greeting(app: App) -> App:
    """An app whose container holds a `Greeter` that says Hello."""
    app.write("app/greeter.py", GREETER)
    app.provider("app.bind('greeter', Greeter())", header="from app.greeter import Greeter")
    return app


def task(header: str, body: str) -> str:
    lines = f"from scheduler import Task\n\n\nclass SayHi(Task):\n    {ALWAYS}\n\n"
    return f"{header}\n{lines}{indent(body, '    ')}\n"


PLAIN = "from app.greeter import Greeter"
POSTPONED = "from __future__ import annotations\n\nfrom app.greeter import Greeter"

IN_CONSTRUCTOR = """
def __init__(self, greeter: {Greeter}):
    self.greeter = greeter

def handle(self):
    self.greeter.greet('Ann')
"""
IN_HANDLE = """
def handle(self, greeter: {Greeter}):
    greeter.greet('Ann')
"""
IN_ASYNC_HANDLE = """
async def handle(self, greeter: {Greeter}):
    import asyncio
    await asyncio.sleep(0)
    greeter.greet('Ann')
"""
IN_WHEN = """
def when(self, greeter: {Greeter}):
    greeter.greet('Ann')
    return False

def handle(self):
    print('never')
"""


@pytest.mark.parametrize(
    "place", [IN_CONSTRUCTOR, IN_HANDLE, IN_ASYNC_HANDLE, IN_WHEN], ids=["constructor", "handle", "async", "when"]
)
@pytest.mark.parametrize(
    ("header", "annotation"),
    [(PLAIN, "Greeter"), (PLAIN, "'Greeter'"), (POSTPONED, "Greeter"), (POSTPONED, "'Greeter'")],
    ids=["a class", "quoted", "postponed", "postponed and quoted"],
)
def test_a_parameter_annotated_with_a_class_is_filled(greeting: App, place: str, header: str, annotation: str) -> None:
    greeting.write("app/tasks/SayHi.py", task(header, place.format(Greeter=annotation)))
    done = greeting.craft("schedule:run").exits(0)
    assert (done.out, done.err) == ("Hello, Ann!\n", "")


def test_an_added_instance_has_its_handle_filled(greeting: App) -> None:
    greeting.write("app/say_hi.py", task(PLAIN, IN_HANDLE.format(Greeter="Greeter")))
    greeting.provider(
        "app.bind('greeter', Greeter())\napp.make('scheduler').add(SayHi())",
        header="from app.greeter import Greeter\nfrom app.say_hi import SayHi",
    )
    assert greeting.craft("schedule:run").exits(0).out == "Hello, Ann!\n"


def test_a_class_the_container_does_not_hold_is_made(app: App) -> None:
    app.write("app/greeter.py", GREETER)
    app.write("app/tasks/SayHi.py", task(PLAIN, IN_HANDLE.format(Greeter="Greeter")))
    assert app.craft("schedule:run").exits(0).out == "Hello, Ann!\n"


@pytest.mark.parametrize(
    ("parameter", "shown"),
    [
        ("separator=': '", "': '"),
        ("separator: str = ': '", "': '"),
        ("ratio=0.5", "0.5"),
        ("ratio: float = 0.5", "0.5"),
        ("count: int = 3", "3"),
        ("nothing=None", "None"),
        ("nothing: 'str | None' = None", "None"),
        ("flags: dict = {'a:b': 1}", "{'a:b': 1}"),
        ("self_made='self'", "'self'"),
        ("*, only_by_name='=*:'", "'=*:'"),
    ],
)
@pytest.mark.parametrize("where", ["constructor", "handle"])
def test_defaults_arrive_as_they_are_written(app: App, parameter: str, shown: str, where: str) -> None:
    name = parameter.lstrip("*, ").split(":")[0].split("=")[0].strip()
    if where == "constructor":
        body = f"def __init__(self, {parameter}):\n    self.it = {name}\n\ndef handle(self):\n    print(repr(self.it))"
    else:
        body = f"def handle(self, {parameter}):\n    print(repr({name}))"
    app.write("app/tasks/SayHi.py", task("", body))
    done = app.craft("schedule:run").exits(0)
    assert (done.out, done.err) == (f"{shown}\n", "")


def test_injected_and_default_parameters_may_be_mixed(greeting: App) -> None:
    body = (
        "def handle(self, greeter: Greeter, whom='Bob: the other', *rest, loudly=0.5, **more):\n    greeter.greet(whom)"
    )
    greeting.write("app/tasks/SayHi.py", task(PLAIN, body))
    assert greeting.craft("schedule:run").exits(0).out == "Hello, Bob: the other!\n"


@pytest.mark.parametrize(
    ("header", "body", "named"),
    [
        ("", "def __init__(self, mystery):\n    pass\n\ndef handle(self):\n    pass", "mystery"),
        ("", "def __init__(self, whom: str):\n    pass\n\ndef handle(self):\n    pass", "whom"),
        ("", "def __init__(self, whom: 'Stranger'):\n    pass\n\ndef handle(self):\n    pass", "Stranger"),
        (
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from app.greeter import Greeter",
            "def __init__(self, greeter: 'Greeter'):\n    pass\n\ndef handle(self):\n    pass",
            "Greeter",
        ),
        ("", "def handle(self, mystery):\n    pass", "mystery"),
    ],
    ids=["no annotation", "a plain value", "an unknown name", "imported for type checkers only", "handle"],
)
def test_a_parameter_that_cannot_be_injected_is_one_line(
    greeting: App, header: str, body: str, named: str
) -> None:
    greeting.write("app/tasks/SayHi.py", task(header, body))
    greeting.tasks(
        f"class Other(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('other')", file="Other.py"
    )
    done = greeting.craft("schedule:run").exits(1)
    assert done.out == "other\n"
    assert len(done.err.splitlines()) == 1
    assert "SayHi" in done.err
    assert named in done.err


# --- async -----------------------------------------------------------------------------------------------------------


def test_an_async_handle_is_awaited_and_may_fail(app: App) -> None:
    app.write(
        "app/tasks/SayHi.py",
        task(
            "import asyncio",
            "async def handle(self):\n    await asyncio.sleep(0)\n    raise RuntimeError('async trouble')",
        ),
    )
    done = app.craft("schedule:run").exits(1)
    assert "async trouble" in done.err
    assert "app/tasks/SayHi.py:10" in done.err


def test_each_async_task_has_a_loop_of_its_own(app: App) -> None:
    body = "async def handle(self):\n    await asyncio.sleep(0)\n    print('done')"
    for name in ("One", "Two"):
        app.write(f"app/tasks/{name}.py", task("import asyncio", body).replace("SayHi", name))
    assert app.craft("schedule:run", "--inline").exits(0).out == "done\ndone\n"
