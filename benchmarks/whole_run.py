"""The cost of a whole `craft schedule:run`, from the start of the process to its end, in an app made by `masonite new`.

The same app four times: with Masonite's own scheduler and with ours, each without tasks and with the same 1,000, none
of them due. They run in turns, each round in the other order; a ratio is that of two runs of one round, so a slow spell
of the machine is in both. Targets are held against CPU time, user and system.
"""

import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from shutil import copytree
from statistics import median, quantiles
from time import perf_counter

from measure import Target, figure
from samples import declarations

from scheduler.clock import zone_named
from scheduler.rules import declared_rule

SECTION = "a whole craft schedule:run"
BUILT_IN, OURS = "Masonite's, no tasks", "ours, no tasks"
BUILT_IN_1000, OURS_1000 = "Masonite's, 1,000 tasks", "ours, 1,000 tasks"
LIMITS = {(OURS, BUILT_IN): 1.03, (OURS_1000, BUILT_IN_1000): 1.10}
"""Targets: the same app, with only the provider exchanged."""
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Only the first run of an app compiles, as in life."""
PAIRS = (*LIMITS, (BUILT_IN_1000, BUILT_IN), (OURS_1000, BUILT_IN))
MASONITES_LINE = "from masonite.scheduling.providers import ScheduleProvider"
OUR_LINE = "from scheduler.providers import ScheduleProvider"
OWN_PROVIDER = """from masonite.providers import Provider

from app.many_tasks import TASKS


class AppProvider(Provider):
    def __init__(self, application):
        self.application = application

    def register(self):
        self.application.make("scheduler").add(*TASKS)

    def boot(self):
        pass
"""


def measured(rounds):
    """Return the figures of CPU and wall time, and the ratios of the pairs."""
    with tempfile.TemporaryDirectory() as folder:
        apps = _apps(Path(folder))
        cpu, wall = {who: [] for who in apps}, {who: [] for who in apps}
        for number in range(-1, rounds):
            for who in list(apps) if number % 2 else reversed(apps):
                took = run([sys.executable, "craft", "schedule:run"], apps[who])
                if number >= 0:  # the first round only writes the byte code
                    cpu[who].append(took[0])
                    wall[who].append(took[1])
    in_ms = {"unit": "ms", "per_second": 1e3}
    figures = [figure(SECTION, who, cpu[who], note="CPU, user + system", **in_ms) for who in apps]
    figures += [figure(SECTION, who, wall[who], note="wall", **in_ms) for who in apps]
    return figures, {
        "CPU": {f"{who} / {beside}": spread(cpu, who, beside) for who, beside in PAIRS},
        "wall": {f"{who} / {beside}": spread(wall, who, beside) for who, beside in PAIRS},
    }


def targets(_figures, ratios):
    found = {f"{who} / {beside}": limit for (who, beside), limit in LIMITS.items()}
    return [Target(f"craft schedule:run, {pair}", ratios["CPU"][pair]["median"], found[pair], "x") for pair in found]


def spread(times, who, beside):
    """Return the median and the quartiles of the ratios of neighbours."""
    pairs = [one / other for one, other in zip(times[who], times[beside], strict=True)]
    low, _, high = quantiles(pairs, n=4)
    return {"median": median(pairs), "lower quartile": low, "upper quartile": high}


def _apps(folder):
    new_app(folder)
    apps = {BUILT_IN: folder / "blog"}
    for who, name in ((OURS, "ours"), (BUILT_IN_1000, "built_in_1000"), (OURS_1000, "ours_1000")):
        apps[who] = copytree(folder / "blog", folder / name)
    for who in (OURS, OURS_1000):
        exchange_provider(apps[who])
    masonites = "pass  # to it, some are due all the same"
    add_tasks(apps[BUILT_IN_1000], "from masonite.scheduling import Task", masonites, 1000)
    add_tasks(apps[OURS_1000], "from scheduler import Task", "raise AssertionError('not due')", 1000)
    return apps


def new_app(folder):
    """Let Masonite make the app `blog` in the folder."""
    masonite = Path(sys.executable).with_name("masonite")
    new = [masonite, "new", "blog", "--no-input", "--no-venv", "--no-git", "--no-serve"]
    subprocess.run(new, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=300)


def exchange_provider(app):
    """Replace Masonite's provider by ours."""
    file = app / "config" / "providers.py"
    text = file.read_text()
    if MASONITES_LINE not in text:
        raise AssertionError(f"{file.name} of a new app does not import Masonite's scheduler any more")
    file.write_text(text.replace(MASONITES_LINE, OUR_LINE))


def add_tasks(app, import_line, what_a_task_does, count):
    """Let the app's own provider add `count` tasks, none of which is due within two hours."""
    soon = datetime.now(timezone.utc) + timedelta(hours=2)
    lines = [import_line]
    for number, attributes in enumerate(declarations(count, lambda attributes: is_later(attributes, soon))):
        lines += ["", "", f"class Task{number}(Task):"]
        lines += [f"    {name} = {value!r}" for name, value in attributes.items()]
        lines += ["", "    def handle(self):", f"        {what_a_task_does}"]
    lines += ["", "", f"TASKS = [{', '.join(f'Task{number}' for number in range(count))}]", ""]
    (app / "app" / "many_tasks.py").write_text("\n".join(lines))
    (app / "app" / "providers" / "AppProvider.py").write_text(OWN_PROVIDER)


def is_later(attributes, moment, now=None):
    """Return whether no fire time comes before `moment`, so that nothing is due however long the benchmark takes."""
    before = (now or datetime.now(timezone.utc)) - timedelta(minutes=1)  # the minute that has begun counts too
    found = declared_rule("Task", attributes).next_after(before, zone_named(attributes["timezone"]))
    return found is not None and found > moment


def run(command, app, stderr=None):
    """Return the CPU and the wall seconds of one command in the app's folder; it must exit with 0."""
    start = perf_counter()
    process = subprocess.Popen(command, cwd=app, env=ENVIRONMENT, stderr=stderr)
    _, status, usage = os.wait4(process.pid, 0)
    wall = perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise AssertionError(f"{command} in {app.name} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, wall
