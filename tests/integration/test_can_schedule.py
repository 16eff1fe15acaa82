"""`CanSchedule` gives a provider `call` and `schedule`, as Masonite's own mixin does."""

from __future__ import annotations

import pytest

from .apps import ALWAYS, IN_HALF_A_YEAR, App

HI = f"class SayHi(Task):\n    {ALWAYS}\n\n    def handle(self):\n        print('Hi!')\n"

OURS = "from scheduler import CanSchedule"
MASONITES = "from masonite.scheduling import CanSchedule"


@pytest.mark.parametrize("attribute", ["app", "application"])
@pytest.mark.parametrize("origin", [OURS, MASONITES], ids=["ours", "Masonite's"])
@pytest.mark.parametrize(
    ("register", "printed"),
    [
        ("self.schedule(SayHi)", "Hi!\n"),
        ("self.schedule(SayHi())", "Hi!\n"),
        ("self.call('echo hello')", "hello\n"),
        ("self.call('echo hello').every_minute()", "hello\n"),
        (f"self.call('echo hello').cron('{IN_HALF_A_YEAR}')", ""),
        (f"self.schedule(SayHi()).cron('{IN_HALF_A_YEAR}')", ""),
    ],
)
def test_commands_and_tasks_of_a_provider_run(
    app: App, attribute: str, origin: str, register: str, printed: str
) -> None:
    app.tasks(HI, file="../shared.py")
    header = f"{origin}\nfrom app.shared import SayHi"
    app.provider(register, header=header, bases="Provider, CanSchedule", attribute=attribute)
    done = app.craft("schedule:run").exits(0)
    assert (done.out, done.err) == (printed, "")


def test_the_executor_of_a_method_is_stronger_than_the_default_one(app: App) -> None:
    app.write(
        "config/scheduler.py",
        "STORE = 'database'\nEXECUTOR = 'far'\n"
        "EXECUTORS = {name: {'driver': 'custom', 'submit': 'app.far.submit'} for name in ('far', 'other')}\n",
    )
    app.write("app/far.py", "def submit(run_id):\n    pass\n")
    chains = {"by-default": "", "by-method": ".on_executor('other')", "here": ".on_executor('local')", "typo": ".on_executor('othr')"}
    lines = [f"self.call('echo ran').every_minute(){chain}.named('{name}')" for name, chain in chains.items()]
    app.provider("\n".join(lines), header=OURS, bases="Provider, CanSchedule", attribute="application")
    app.craft("schedule:table").exits(0)
    app.craft("migrate").exits(0)
    document = app.craft("schedule:run", "--json").exits(1).json()
    assert {run["key"]: run["executor"] for run in document["handed_over"]} == {"by-default": "far", "by-method": "other"}
    assert [(run["key"], run["executor"], run["outcome"]) for run in document["runs"]] == [("here", "local", "succeeded")]
    assert [broken["error"].rpartition("; ")[2] for broken in document["broken"]] == ["did you mean 'other'?"]
