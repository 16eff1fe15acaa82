"""What the scheduler costs, beside its peers: prints a table, writes results.json and shows it in the README.

    python benchmarks/run.py            everything, some twenty minutes
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

import durability
import following
import idle_minute
import judging
import parsing
import peers
import readme
import simulating
import whole_run

RESULTS = Path(__file__).with_name("results.json")
WITHIN_A_PROCESS = {"judging": judging, "following": following, "parsing": parsing, "simulating": simulating}
WHOLE_PROCESSES = {"whole_run": whole_run, "idle_minute": idle_minute, "durability": durability}
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
    return 1 if options.check and not all(target.met for target in targets) else 0


def _options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these parts; results.json and the README are kept")
    parser.add_argument("--rounds", type=int, default=25, help="whole runs of each app (default: 25)")
    return parser.parse_args()


def print_figures(figures):
    section = None
    for figure in figures:
        if figure.section != section:
            section = figure.section
            print(f"\n{section:<40} {'best':>10} {'median':>10}")
        line = f"  {figure.who:<38} {figure.best:>10.3f} {figure.median:>10.3f} {figure.unit:<3} {figure.note}"
        print(line.rstrip(), flush=True)


def print_ratios(ratios):
    print(f"\n{'ratios of neighbouring runs':<52} {'median':>8} {'quartiles':>15}")
    for time, found in ratios.items():
        for pair, spread in found.items():
            quartiles = f"{spread['lower quartile']:.3f} - {spread['upper quartile']:.3f}"
            print(f"  {pair:<50} {spread['median']:>8.3f} {quartiles:>15} x  {time}")


def print_targets(targets):
    print(f"\n{'target':<73} {'found':>8} {'at most':>8}")
    for target in targets:
        met = "pass" if target.met else "FAIL"
        print(f"  {target.what:<71} {target.value:>8.3f} {target.limit:>8.3f} {target.unit:<3} {met}")


def _write(figures, ratios, targets):
    document = {
        "python": platform.python_version(),
        "versions": peers.versions(),
        "figures": [asdict(figure) for figure in figures],
        "ratios of neighbouring runs": ratios,
        "targets": [asdict(target) | {"met": target.met} for target in targets],
    }
    RESULTS.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\nwritten to {RESULTS.name} and README.md")
    readme.update(document)


if __name__ == "__main__":
    sys.exit(main())
