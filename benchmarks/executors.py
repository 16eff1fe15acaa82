"""The cost of executing runs on the workers of an engine: 1,000 runs on 4 workers, compared with bare jobs.

    python benchmarks/executors.py                       all engines whose brokers answer
    python benchmarks/executors.py "celery, Redis"       this one

The same workers of the same app first execute empty jobs of the engine, then runs of an empty task, each in a process
of its own and recorded in a store in PostgreSQL (TEST_POSTGRES), or in SQLite without it. "start" is the time from
sending one message to idle workers until the job, or the task's `handle`, begins; "1,000" is the time from sending the
first of 1,000 messages until the last job or run has begun. The brokers are those of the tests (TEST_RABBITMQ,
TEST_REDIS); an engine without its broker is left out and reported.
"""

import json
import subprocess
import sys
from pathlib import Path

from measure import Figure, Target, print_figures, print_targets

SCRIPT = Path(__file__).with_name("executor_runs.py")
ENGINES = ("celery, RabbitMQ", "celery, Redis", "queue, amqp", "queue, redis", "queue, database")
LATENCY_LIMIT = 100
"""How many milliseconds later than a bare job a run may start, at the median."""
TIME_LIMIT = 2
"""How many times as long as 1,000 bare jobs 1,000 runs may take."""


def measured(_rounds=0, names=ENGINES):
    """Return the figures; there are no ratios."""
    figures = []
    for name in names:
        ended = subprocess.run([sys.executable, str(SCRIPT), name], stdout=subprocess.PIPE, text=True)
        if ended.returncode == 0:
            figures += [Figure(**each) for each in json.loads(ended.stdout.splitlines()[-1])]
    return figures, {}


def targets(figures, _ratios):
    """Return the targets with the measured figures."""
    found = {each.who: each.median for each in figures}
    goals = []
    for name in ENGINES:
        if f"{name}: start of a run" in found:
            later = found[f"{name}: start of a run"] - found[f"{name}: start of a bare job"]
            times = found[f"{name}: 1,000 runs"] / found[f"{name}: 1,000 bare jobs"]
            goals.append(Target(f"{name}: start of a run, later than a bare job", later, LATENCY_LIMIT, "ms"))
            goals.append(Target(f"{name}: 1,000 runs / 1,000 bare jobs", times, TIME_LIMIT, "x"))
    return goals


if __name__ == "__main__":
    found, _ = measured(names=sys.argv[1:] or ENGINES)
    print_figures(found)
    print_targets(targets(found, {}))
