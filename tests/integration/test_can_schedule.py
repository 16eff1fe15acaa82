"""`CanSchedule` gives a provider the words `call` and `schedule`, ours and Masonite's alike."""

from __future__ import annotations

import pytest

from .apps import ALWAYS, App

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
        ("self.call('echo hello').cron('0 0 29 2 *')", ""),
        ("self.schedule(SayHi()).cron('0 0 29 2 *')", ""),
    ],
)
def test_what_a_provider_calls_and_schedules_runs(
    app: App, attribute: str, origin: str, register: str, printed: str
) -> None:
    app.tasks(HI, file="../shared.py")
    header = f"{origin}\nfrom app.shared import SayHi"
    app.provider(register, header=header, bases="Provider, CanSchedule", attribute=attribute)
    done = app.craft("schedule:run").exits(0)
    assert (done.out, done.err) == (printed, "")
