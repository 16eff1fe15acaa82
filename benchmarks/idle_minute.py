"""The cost of a minute with nothing to do: the console script with a fresh, a stale and no cache, and Masonite's own.

Apps made by `masonite new` with 200 tasks, none of them due. All take turns, each round in the other order; a ratio is that
of two runs of one round. A day is calculated from medians: 1,440 runs, one of them booted where there is a cache. What
`schedule:work` takes in an hour is calculated from some minutes of it, as its CPU goes on the same from minute to minute.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from shutil import copyfile, copytree
from statistics import median

import whole_run
from measure import Figure, Target, best, figure

SECTION = "a minute with nothing to do, 200 tasks"
DAY = "CPU of a day"
TASKS = 200
PYTHON, CACHED, STALE, BOOTED, BUILT_IN = (
    "python -c pass",
    "ours, fresh cache",
    "ours, stale cache",
    "ours, no cache",
    "Masonite's",
)
WORK, MEMORY = "schedule:work, an hour", "memory of a run with a fresh cache"
PAIRS = (("wall", CACHED, PYTHON, 3), ("CPU", CACHED, BUILT_IN, 1 / 12), ("CPU", STALE, BOOTED, 1.05))
"""What is compared with what, and what the ratio may be at most."""

LARGEST = 20
DAYS = ("Masonite's `schedule:run`", "`craft schedule:run`", "`craft schedule:run` with a cache", "`schedule:work`")
MINUTES_OF_A_DAY = 1440
PEAK = """
import os, sys
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(process, 0)
print(usage.ru_maxrss / 1024 if sys.platform.startswith("linux") else usage.ru_maxrss / 2**20)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Says the largest memory of a program: as a small program itself, since what starts another counts as its beginning."""
PROVIDER = "our provider in any other craft command"
ADDED_BY_PROVIDER = 5
PROVIDED = """
import gc, sys, time
gc.disable()  # a collection of all that Masonite has made would fall into it by chance
sys.path.insert(0, ".")
import masonite.commands, masonite.providers, masonite.scheduling.providers
start = time.process_time()
from scheduler.providers import ScheduleProvider
spent = time.process_time() - start
register = ScheduleProvider.register
def measured(self):
    global spent
    start = time.process_time()
    register(self)
    spent += time.process_time() - start
ScheduleProvider.register = measured
import wsgi
print(spent)
"""
"""Says how long it takes to import our provider, where all it needs of Masonite is imported, and to register it."""


def measured(rounds, work_seconds=300):
    """Return the figures and, by what was measured, the ratios of the pairs."""
    with tempfile.TemporaryDirectory() as folder:
        ours, built_in = _apps(Path(folder))
        programs = _programs(ours, built_in)
        cpu, wall = {who: [] for who in programs}, {who: [] for who in programs}
        for number in range(-1, rounds):
            for who in list(programs) if number % 2 else reversed(programs):
                took = programs[who]()
                if number >= 0:
                    cpu[who].append(took[0])
                    wall[who].append(took[1])
        _cache(ours)
        peak = [_peak(ours) for _ in range(5)]
        provided = [_said(ours, "-c", PROVIDED) for _ in range(max(rounds, 5))]
        hour = _hour_of_work(ours, work_seconds)
    figures = [figure(SECTION, who, cpu[who], note="CPU, user + system", unit="ms", per_second=1e3) for who in programs]
    figures += [figure(SECTION, who, wall[who], note="wall", unit="ms", per_second=1e3) for who in programs]
    figures.append(figure(SECTION, MEMORY, peak, unit="MB", per_second=1))
    figures.append(figure(SECTION, PROVIDER, provided, note="CPU, import and register()", unit="ms", per_second=1e3))
    note = f"calculated from {work_seconds} s"
    figures.append(figure(SECTION, WORK, [hour], unit="s", per_second=1, note=note))
    ratios = {}
    for what, who, beside, _ in PAIRS:
        times = cpu if what == "CPU" else wall
        ratios.setdefault(what, {})[f"{who} / {beside}"] = whole_run.spread(times, who, beside)
    return figures + _days({who: median(cpu[who]) for who in cpu}, hour), ratios


def targets(figures, ratios):
    found = [
        Target(f"{SECTION}: {who} / {beside}, {what}", ratios[what][f"{who} / {beside}"]["median"], limit, "x")
        for what, who, beside, limit in PAIRS
    ]
    known = {each.who: each.median for each in figures if each.note != "wall"}
    found.append(Target(MEMORY, known[MEMORY], LARGEST, "MB"))
    found.append(Target(PROVIDER, best(figures, PROVIDER), ADDED_BY_PROVIDER, "ms"))
    found.append(Target(f"{WORK} / {BOOTED}", known[WORK] / (known[BOOTED] / 1e3), 2, "x"))
    return found


def _days(cpu, hour):
    """Return the CPU of a day in seconds, in the order in which it is shown."""
    seconds = (
        cpu[BUILT_IN] * MINUTES_OF_A_DAY,
        cpu[BOOTED] * MINUTES_OF_A_DAY,
        cpu[CACHED] * (MINUTES_OF_A_DAY - 1) + cpu[BOOTED],
        hour * 24 + cpu[BOOTED],
    )
    return [Figure(DAY, who, spent, spent, "s") for who, spent in zip(DAYS, seconds, strict=True)]


def _apps(folder):
    """Return the folders of an app with our scheduler and of the same app with Masonite's."""
    whole_run.new_app(folder)
    built_in, ours = folder / "blog", folder / "ours"
    copytree(built_in, ours)
    whole_run.exchange_provider(ours)
    not_due = "raise AssertionError('not due')"
    whole_run.add_tasks(ours, "from scheduler import Task", not_due, TASKS)
    masonites = "pass  # to it, some are due all the same"
    whole_run.add_tasks(built_in, "from masonite.scheduling import Task", masonites, TASKS)
    return ours, built_in


def _programs(ours, built_in):
    """Return the programs to measure, by name; each returns its CPU and wall seconds."""
    booted = copytree(ours, ours.with_name("booted"))
    stale = copytree(ours, ours.with_name("stale"))
    for app in (booted, stale, ours):
        whole_run.run([_craft(), "schedule:run"], app)
    _cache(ours)
    _cache(stale)
    file = stale / ".scheduler" / "schedule.cache"
    copyfile(file, stale / "kept")
    (stale / "app" / "New.py").touch()

    def run_stale():
        copyfile(stale / "kept", file)
        return whole_run.run([_craft(), "schedule:run"], stale, stderr=subprocess.DEVNULL)

    return {
        PYTHON: lambda: whole_run.run([sys.executable, "-c", "pass"], ours),
        CACHED: lambda: whole_run.run([_craft(), "schedule:run"], ours),
        STALE: run_stale,
        BOOTED: lambda: whole_run.run([_craft(), "schedule:run"], booted),
        BUILT_IN: lambda: whole_run.run([sys.executable, "craft", "schedule:run"], built_in),
    }


def _craft():
    return str(Path(sys.executable).with_name("craft"))


def _cache(app):
    said = subprocess.run([_craft(), "schedule:cache"], cwd=app, env=whole_run.ENVIRONMENT, stdout=subprocess.PIPE, timeout=300)
    if said.returncode:
        raise AssertionError(f"schedule:cache in {app.name} ended with {said.returncode}")


def _peak(app):
    return _said(app, "-I", "-S", "-c", PEAK, sys.executable, _craft(), "schedule:run")


def _said(app, *arguments):
    """Return the number that Python prints, started with these arguments in the app's folder."""
    command = [sys.executable, *arguments]
    ended = subprocess.run(command, cwd=app, env=whole_run.ENVIRONMENT, check=True, capture_output=True, text=True, timeout=300)
    return float(ended.stdout)


def _hour_of_work(app, seconds):
    """Return the CPU seconds that schedule:work takes in an hour, once it has booted."""
    command = [_craft(), "schedule:work"]
    process = subprocess.Popen(command, cwd=app, env=whole_run.ENVIRONMENT, stdout=subprocess.DEVNULL)
    try:
        time.sleep(10)
        used, start = cpu_of(process.pid), time.monotonic()
        time.sleep(seconds)
        return (cpu_of(process.pid) - used) / (time.monotonic() - start) * 3600
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def cpu_of(pid):
    """Return the CPU seconds of a process: the scheduler's own count, where the system keeps one, is the finer."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    found, its_ratios = measured(int(sys.argv[1]) if len(sys.argv) > 1 else 9, 60)
    for each in found:
        print(f"{each.who:<40} {each.best:>10.3f} {each.median:>10.3f} {each.unit:<3} {each.note}")
    for target in targets(found, its_ratios):
        print(f"{target.what:<80} {target.value:>9.3f} {target.limit:>9.3f} {'pass' if target.met else 'FAIL'}")
