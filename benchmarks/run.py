"""What the scheduler costs, compared with others: print a table, write results.json and show it in docs/cost.md.

    python benchmarks/run.py            everything, some twenty-five minutes
    python benchmarks/run.py --check    the same; exit code 1 if a target is missed
    python benchmarks/run.py --only judging following

It needs what requirements.txt lists. Times within a process are of its CPU, so that a busy machine disturbs little: of
several rounds, in which all contenders take turns, the best (targets are held against it, since noise only ever adds)
and the median. Whole runs of `craft` are compared by the median of the ratios of neighbours.
"""

import argparse
import json
import platform
import sys
from dataclasses import asdict
from pathlib import Path

import dashboard
import due_minute
import durability
import executors
import following
import forecasting
import idle_minute
import judging
import page
import parsing
import peers
import whole_run
from measure import print_figures, print_targets

RESULTS = Path(__file__).with_name("results.json")
WITHIN_A_PROCESS = {"judging": judging, "following": following, "parsing": parsing, "forecasting": forecasting}
WHOLE_PROCESSES = {
    "whole_run": whole_run,
    "idle_minute": idle_minute,
    "due_minute": due_minute,
    "durability": durability,
    "dashboard": dashboard,
    "executors": executors,
}
PARTS = [*WITHIN_A_PROCESS, *WHOLE_PROCESSES]


def main():
    options = _options()
    figures, ratios, targets = [], {}, []
    for name, part in WITHIN_A_PROCESS.items():
        if name in options.only:
            found = part.measured()
            print_figures(found)
            figures += found
            targets += part.targets(found)
    for name, part in WHOLE_PROCESSES.items():
        if name in options.only:
            found, its_ratios = part.measured(options.rounds)
            print_figures(found)
            if its_ratios:
                print_ratios(its_ratios)
            figures += found
            ratios |= {f"{name}: {what}": its_ratios[what] for what in its_ratios}
            targets += part.targets(found, its_ratios)
    print_targets(targets)
    if set(options.only) == set(PARTS):
        _write(figures, ratios, targets)
    elif options.write:
        _write_some(figures, ratios, targets)
    return 1 if options.check and not all(target.met for target in targets) else 0


def _options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these parts; results.json and docs/cost.md stay as they are")
    parser.add_argument("--write", action="store_true", help="with --only: put what was found into results.json and docs/cost.md")
    parser.add_argument("--rounds", type=int, default=25, help="whole runs of each app (default: 25)")
    return parser.parse_args()


def print_ratios(ratios):
    print(f"\n{'ratios of neighbouring runs':<52} {'median':>8} {'quartiles':>15}")
    for time, found in ratios.items():
        for pair, spread in found.items():
            quartiles = f"{spread['lower quartile']:.3f} - {spread['upper quartile']:.3f}"
            print(f"  {pair:<50} {spread['median']:>8.3f} {quartiles:>15} x  {time}")


def _write(figures, ratios, targets):
    document = {
        "python": platform.python_version(),
        "versions": peers.versions(),
        "figures": [asdict(figure) for figure in figures],
        "ratios of neighbouring runs": ratios,
        "targets": [asdict(target) | {"met": target.met} for target in targets],
    }
    _put(document)


def _write_some(figures, ratios, targets):
    """Replace what these parts found earlier, and keep the rest."""
    document = json.loads(RESULTS.read_text(encoding="utf-8"))
    sections, names = {each.section for each in figures}, {each.what for each in targets}
    document["figures"] = [each for each in document["figures"] if each["section"] not in sections]
    document["figures"] += [asdict(each) for each in figures]
    document["targets"] = [each for each in document["targets"] if each["what"] not in names]
    document["targets"] += [asdict(each) | {"met": each.met} for each in targets]
    document["ratios of neighbouring runs"] |= ratios
    _put(document)


def _put(document):
    RESULTS.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\nwritten to {RESULTS.name} and docs/cost.md")
    page.update(document)


if __name__ == "__main__":
    sys.exit(main())
