"""Measuring time, and the figures that are reported."""

import gc
from dataclasses import dataclass
from statistics import median
from time import process_time

ROUNDS = 15
LEAST_SECONDS = 0.01


@dataclass(frozen=True)
class Figure:
    """The time of one contender for one job, in `unit`s per call: its best round and its median round."""

    section: str
    who: str
    best: float
    median: float
    unit: str = "µs"
    note: str = ""


@dataclass(frozen=True)
class Target:
    """A figure and its maximum."""

    what: str
    value: float
    limit: float
    unit: str

    @property
    def met(self):
        return self.value <= self.limit


def race(section, contenders, *, calls, unit="µs", per_second=1e6, notes=None):
    """Time each contender, a function that does its task `calls` times, once a round, one after the other.

    So all meet the same noise. A contender is repeated within a round until the clock is fine enough.
    """
    loops = {who: _enough_loops(run) for who, run in contenders.items()}
    seconds = {who: [] for who in contenders}
    for _ in range(ROUNDS):
        for who, run in contenders.items():
            seconds[who].append(_timed(run, loops[who]) / calls)
    notes = notes or {}
    return [
        figure(section, who, took, unit=unit, per_second=per_second, note=notes.get(who, ""))
        for who, took in seconds.items()
    ]


def compared(answers, reference):
    """Return a note about each contender whose answers differ from the reference.

    Only other libraries may differ (each has its own faults at clock changes); if ours differs, raise.
    """
    right = answers[reference]
    notes = {}
    for who, given in answers.items():
        wrong = sum(one != other for one, other in zip(given, right, strict=True))
        if wrong and who.startswith("ours"):
            raise AssertionError(f"{who} and {reference} differ in {wrong} of {len(right)} answers")
        if wrong:
            notes[who] = f"{wrong} of {len(right)} answers wrong"
    return notes


def figure(section, who, seconds, *, unit="µs", per_second=1e6, note=""):
    return Figure(section, who, min(seconds) * per_second, median(seconds) * per_second, unit, note)


def best(figures, who, section=None):
    """Return the best round of one contender."""
    return next(found.best for found in figures if found.who == who and section in {None, found.section})


def print_figures(figures):
    section = None
    for figure in figures:
        if figure.section != section:
            section = figure.section
            print(f"\n{section:<40} {'best':>10} {'median':>10}")
        line = f"  {figure.who:<38} {figure.best:>10.3f} {figure.median:>10.3f} {figure.unit:<3} {figure.note}"
        print(line.rstrip(), flush=True)


def print_targets(targets):
    print(f"\n{'target':<73} {'found':>8} {'at most':>8}")
    for target in targets:
        met = "pass" if target.met else "FAIL"
        print(f"  {target.what:<71} {target.value:>8.3f} {target.limit:>8.3f} {target.unit:<3} {met}")


def _enough_loops(run):
    loops = 1
    while (took := _timed(run, loops) * loops) < LEAST_SECONDS:
        loops = max(loops * 2, int(loops * LEAST_SECONDS / took) if took else 0)
    return loops


def _timed(run, loops):
    """Return the seconds of CPU that one of `loops` repetitions took; what else the machine does counts little so."""
    gc.collect()
    gc.disable()
    try:
        start = process_time()
        for _ in range(loops):
            run()
        return (process_time() - start) / loops
    finally:
        gc.enable()
