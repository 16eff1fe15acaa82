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
