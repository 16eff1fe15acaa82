"""The cost of a minute with due tasks: one task, and 1,000 that do nothing; how soon an end is noticed; memory.

One due task is compared with Masonite's own scheduler, which runs it in its own process: the same app twice, in turns,
each round in the other order. 1,000 due tasks are compared with a bare loop that forks, exits and waits as often in the
same booted app, and 5,000 with 1,000: the cost of a task is not to grow with their number. Targets are held against CPU
time, user and system, children included.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import copytree

import whole_run
from measure import Target, figure

SECTION = "a minute with due tasks"
BUILT_IN, OURS = "Masonite's, one due task", "ours, one due task"
LOOP, DUE = "fork, exit and wait, 1,000 times", "ours, 1,000 due tasks that do nothing"
MANY = "ours, 5,000 due tasks that do nothing"
NOTICED = "end of a process: noticed later than by a blocking wait"
MEMORY = "memory that 2,000 ticks of schedule:work add"
AT_MOST = {OURS: 1.10, DUE: 3.0, MANY: 5.5, NOTICED: 5.0, MEMORY: 512.0}
TASKS = 1000
MANY_TASKS = 5000
TICKS = 2000
TASK = """

class Due(Task):
    run_every = "1 minute"

    def handle(self):
        pass


TASKS = [Due]
"""
PROGRAM = f"""
import json, os, resource, sys, time
from datetime import timedelta
from statistics import median
sys.path.insert(0, "")
from wsgi import application
from scheduler import Task, clock
from scheduler.execution.ScheduleLoop import ScheduleLoop
from scheduler.listeners import JsonListener
from scheduler.stores import memory_store
import gc
gc.freeze()

def cpu():
    return sum(r.ru_utime + r.ru_stime for r in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))

def loop():
    for _ in range(int(sys.argv[2])):
        pid = os.fork()
        if not pid:
            os._exit(0)
        os.waitpid(pid, 0)

def due():
    scheduler = application.make("scheduler").scheduler
    scheduler.__dict__["store"] = memory_store()
    listener = JsonListener()
    assert scheduler.tick(clock.now(), listener) == 0
    assert len(listener._document["runs"]) == int(sys.argv[2]), listener._document

def noticed():
    scheduler = application.make("scheduler").scheduler
    supervisor = scheduler.supervisor(JsonListener())
    from scheduler.processes import fork_worker
    from scheduler.execution.ActiveRun import wait_for_output
    took, waited = [], []
    with supervisor.stop_on_signals():
        for number in range(100):
            worker = fork_worker(lambda: {{}}, lambda: None)
            active = type("Active", (), {{"worker": worker, "pass_on": lambda _self, fd: worker.read(fd)}})()
            time.sleep(0.02)
            ended = time.monotonic()
            os.kill(worker.pid, 9)
            if number % 2:
                os.waitpid(worker.pid, 0)
                waited.append(time.monotonic() - ended)
                worker.close()
                continue
            while not worker.has_ended():
                wait_for_output([active], supervisor._wakeup, 1.0)
            took.append(time.monotonic() - ended)
            worker.close()
    return median(took) - median(waited)

def memory():
    scheduler = application.make("scheduler").scheduler
    class Quiet(JsonListener):
        explains = False
        def __getattribute__(self, name):
            return (lambda *_, **__: None) if not name.startswith("_") and name != "explains" else object.__getattribute__(self, name)
    minutes = iter(range(10**9))
    start = clock.floor_minute(clock.real_now())
    loop = ScheduleLoop(scheduler, Quiet(), lambda: start + timedelta(minutes=next(minutes) // 3))
    seen = []
    begin_tick = scheduler.begin_tick
    def counting(*arguments, **options):
        seen.append(int(open("/proc/self/statm").read().split()[1]) * 4)
        if len(seen) == {TICKS} + 200:
            loop.supervisor.stop()
        return begin_tick(*arguments, **options)
    scheduler.begin_tick = counting
    loop.run()
    return seen[-1] - seen[200]

if sys.argv[1] in ("loop", "due"):
    before = cpu()
    globals()[sys.argv[1]]()
    print(json.dumps(cpu() - before))
else:
    print(json.dumps(globals()[sys.argv[1]]()))
"""


def measured(rounds):
    """Return the figures and, by what was measured, the ratios of the pairs."""
    with tempfile.TemporaryDirectory() as folder:
        built_in, ours = _apps(Path(folder), TASK)
        cpu = {BUILT_IN: [], OURS: []}
        for number in range(-1, rounds):
            for who, app in ((BUILT_IN, built_in), (OURS, ours)) if number % 2 else ((OURS, ours), (BUILT_IN, built_in)):
                for file in (app / ".scheduler").glob("*scheduler.sqlite3*"):
                    file.unlink()  # due again
                took = whole_run.run([sys.executable, "craft", "schedule:run"], app)
                if number >= 0:
                    cpu[who].append(took[0])
        memory = _said(ours, "memory")
        noticed = _said(ours, "noticed")
        _write_tasks(ours, TASKS)
        times = {who: [_said(ours, how, TASKS) for _ in range(3)] for who, how in ((LOOP, "loop"), (DUE, "due"))}
        _write_tasks(ours, MANY_TASKS)
        times[MANY] = [_said(ours, "due", MANY_TASKS)]
    figures = [figure(SECTION, who, took, note="CPU", unit="ms", per_second=1e3) for who, took in (cpu | times).items()]
    figures.append(figure(SECTION, NOTICED, [noticed], unit="ms", per_second=1e3))
    figures.append(figure(SECTION, MEMORY, [memory], unit="KiB", per_second=1))
    pairs = {
        f"{OURS} / {BUILT_IN}": whole_run.spread(cpu, OURS, BUILT_IN),
        f"{DUE} / {LOOP}": whole_run.spread(times, DUE, LOOP),
        f"{MANY} / {DUE}": whole_run.spread({MANY: times[MANY] * 3, DUE: times[DUE]}, MANY, DUE),
    }
    return figures, {"CPU": pairs}


def targets(figures, ratios):
    known = {each.who: each.median for each in figures}
    return [
        *(
            Target(pair, spread["median"], AT_MOST[pair.partition(" / ")[0]], "x")
            for pair, spread in ratios["CPU"].items()
        ),
        Target(NOTICED, known[NOTICED], AT_MOST[NOTICED], "ms"),
        Target(MEMORY, known[MEMORY], AT_MOST[MEMORY], "KiB"),
    ]


def _apps(folder, task):
    whole_run.new_app(folder)
    built_in, ours = folder / "blog", folder / "ours"
    copytree(built_in, ours)
    whole_run.exchange_provider(ours)
    for app, package in ((built_in, "masonite.scheduling"), (ours, "scheduler")):
        (app / "app" / "many_tasks.py").write_text(f"from {package} import Task\n{task}")
        (app / "app" / "providers" / "AppProvider.py").write_text(whole_run.OWN_PROVIDER)
    (ours / "program.py").write_text(PROGRAM)
    return built_in, ours


def _write_tasks(app, count):
    classes = "".join(f"\n\nclass Due{number}(Due):\n    pass\n" for number in range(1, count))
    names = ", ".join(["Due", *(f"Due{number}" for number in range(1, count))])
    text = f"from scheduler import Task\n{TASK}{classes}\n\nTASKS = [{names}]\n"
    (app / "app" / "many_tasks.py").write_text(text)


def _said(app, *what):
    """Return the number that the program prints, started in the app's folder."""
    command = [sys.executable, "program.py", *map(str, what)]
    ended = subprocess.run(command, cwd=app, env=whole_run.ENVIRONMENT, check=True, capture_output=True, text=True)
    return json.loads(ended.stdout.splitlines()[-1])


if __name__ == "__main__":
    found, its_ratios = measured(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
    for each in found:
        print(f"{each.who:<50} {each.best:>10.3f} {each.median:>10.3f} {each.unit:<3} {each.note}")
    for target in targets(found, its_ratios):
        print(f"{target.what:<90} {target.value:>8.3f} {target.limit:>8.3f} {target.unit:<3} {'pass' if target.met else 'FAIL'}")
