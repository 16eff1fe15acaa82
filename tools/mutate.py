"""Put small faults into the code, one at a time, and list those that no test notices.

    python tools/mutate.py --count 60 --seed 1 scheduler/rules scheduler/execution/due.py

Each fault goes into a copy of the checkout, where the tests of its module run (see TESTS) until one fails. Some faults
change nothing: tools/mutants.txt explains those that were looked at, and they are not counted. Exit code 1 if fewer
than GOAL percent of the others are noticed.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
EXPLAINED = ROOT / "tools" / "mutants.txt"
GOAL = 95
SECONDS = 300
"""How long the tests of one line below may take."""
TARGETS = (
    "scheduler/rules",
    "scheduler/execution/due.py",
    "scheduler/execution/claims.py",
    "scheduler/execution/recovery.py",
    "scheduler/execution/Supervisor.py",
    "scheduler/execution/OutcomeRecorder.py",
    "scheduler/execution/RunLauncher.py",
    "scheduler/stores/Store.py",
    "scheduler/stores/Leases.py",
    "scheduler/stores/RunHistory.py",
    "scheduler/stores/HostTable.py",
    "scheduler/stores/StreakTable.py",
    "scheduler/stores/connection.py",
)
RULES = "tests/unit/rules"
# The arguments of pytest for a module, in order: first those tests that are quick and likely to fail.
TESTS = {
    "scheduler/rules": (
        f"{RULES}/test_durations.py {RULES}/test_sparse.py {RULES}/test_daylight_saving.py tests/unit/test_due.py",
        f"{RULES} tests/unit/test_task_questions.py",
        "tests/unit --ignore=tests/unit/rules --ignore=tests/unit/ticks",
    ),
    "scheduler/execution/due.py": (
        "tests/unit/test_due.py tests/unit/ticks/test_scheduler.py",
        "tests/unit/ticks tests/unit/test_forecast.py",
        "tests/durability",
    ),
    "scheduler/execution": (
        "tests/unit/ticks/test_run_rules.py tests/unit/ticks/test_scheduler.py tests/unit/ticks/test_supervisor.py",
        "tests/unit/test_retry_claims.py tests/unit/ticks",
        "tests/durability",
        "tests/unit --ignore=tests/unit/rules --ignore=tests/unit/ticks",
    ),
    "scheduler/stores": (
        "tests/contracts -k memory",
        "tests/contracts -k 'not memory and not mysql and not postgres'",
        "tests/unit/test_connection.py tests/unit/ticks/test_scheduler.py tests/unit/ticks/test_run_rules.py",
        "tests/contracts -k 'mysql or postgres'",
        "tests/unit/ticks tests/durability",
    ),
}
COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"),
    ast.FloorDiv: ("//", "*"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
}


Change = tuple[int, int, str]
"""Where the text to replace starts and ends, and what takes its place."""


class Fault(NamedTuple):
    """A change of one file: the text from `start` to `end` becomes `new`."""

    file: str
    line: int
    start: int
    end: int
    new: str
    text: str
    """The function, the line, and the line with the fault: what tools/mutants.txt has."""


def main() -> int:
    """Try a sample of faults and return the exit code."""
    options = _options()
    faults = [fault for file in files_of(options.targets) for fault in faults_of(file)]
    chosen = random.Random(options.seed).sample(faults, min(options.count, len(faults)))  # noqa: S311 (a sample)
    print(f"{len(chosen)} of {len(faults)} faults, seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "checkout")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv*", ".tox", "__pycache__", ".*_cache"))
        trial = Trial(copy)
        survivors = [fault for fault in chosen if not trial.notices(fault)]
    known = explained()
    unknown = [fault for fault in survivors if fault.text not in known]
    harmless = len(survivors) - len(unknown)
    counted = len(chosen) - harmless
    share = 100 * (counted - len(unknown)) / max(1, counted)
    print(f"{counted - len(unknown)} of {counted} noticed ({share:.0f} %); {harmless} more change nothing")
    return 0 if share >= GOAL else 1


def files_of(targets: list[str]) -> Iterator[str]:
    """Return the Python files that the targets name or hold."""
    for target in targets:
        path = ROOT / target
        found = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        yield from (str(each.relative_to(ROOT)) for each in found if each.exists())


class Source:
    """The text of a file, with the places of its syntax tree as offsets in bytes."""

    def __init__(self, text: str) -> None:
        self.bytes = text.encode()
        self._starts = [0]
        for line in self.bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def start(self, node: ast.expr | ast.stmt) -> int:
        """Return where a node begins."""
        return self._starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        """Return where a node ends."""
        return self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)

    def replace_between(self, left: ast.expr, right: ast.expr, words: tuple[str, str] | None) -> Iterator[Change]:
        """Return the change of the operator between two expressions."""
        at = self.bytes.find(words[0].encode(), self.end(left), self.start(right)) if words else -1
        if words and at >= 0:
            yield at, at + len(words[0]), words[1]

    def line_with(self, start: int, end: int, new: str | None) -> str:
        """Return the line around `start`, with `new` instead of what is there up to `end`, if given."""
        first = self.bytes.rfind(b"\n", 0, start) + 1
        last = self.bytes.find(b"\n", start)
        if new is None:
            return self.bytes[first:last].decode().strip()
        return (self.bytes[first:start] + new.encode() + self.bytes[min(end, last) : last]).decode().strip()


def faults_of(file: str) -> list[Fault]:
    """Return every small fault that a file can get."""
    text = (ROOT / file).read_text(encoding="utf-8")
    tree, source = ast.parse(text), Source(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    found = []
    for node in _code(tree):
        for start, end, new in _changes(node, source):
            line = source.bytes[:start].count(b"\n") + 1
            around = [each.name for each in functions if each.lineno <= line <= (each.end_lineno or line)]
            before, after = source.line_with(start, end, None), source.line_with(start, end, new)
            found.append(Fault(file, line, start, end, new, f"{'.'.join([file, *around])}: {before} -> {after}"))
    return found


def _code(tree: ast.AST) -> Iterator[ast.AST]:
    """Return the nodes of code that runs: not those of annotations, decorators, imports for types and docstrings."""
    for field, value in ast.iter_fields(tree):
        for node in value if isinstance(value, list) else [value]:
            is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            is_for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
            is_skipped = is_text or is_for_types or field in {"annotation", "returns", "decorator_list"}
            if isinstance(node, ast.AST) and not is_skipped:
                yield node
                yield from _code(node)


def _changes(node: ast.AST, source: Source) -> Iterator[Change]:
    """Return the changes of one node."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
            yield from source.replace_between(left, right, COMPARISONS.get(type(operator)))
    elif isinstance(node, ast.BinOp):
        yield from source.replace_between(node.left, node.right, OPERATORS.get(type(node.op)))
    elif isinstance(node, ast.BoolOp):
        words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from source.replace_between(left, right, words)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield source.start(node), source.start(node) + len("not "), ""
    elif isinstance(node, (ast.Constant, ast.Continue, ast.Break, ast.Expr)) and (new := _replacement(node)):
        yield source.start(node), source.end(node), new


def _replacement(node: ast.expr | ast.stmt) -> str:
    """Return what takes the place of a whole node, or an empty text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return str(not node.value)
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return str(node.value + 1)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return "pass"
    if isinstance(node, (ast.Continue, ast.Break)):
        return "break" if isinstance(node, ast.Continue) else "continue"
    return ""


class Trial:
    """Tries faults in a copy of the checkout."""

    def __init__(self, copy: Path) -> None:
        self._copy = copy
        self._sound: set[str] = set()
        """The arguments of pytest with which all tests pass without a fault."""

    def notices(self, fault: Fault) -> bool:
        """Put the fault into the copy, run its tests and print which one failed."""
        for tests in tests_of(fault.file):
            self._require_sound(tests)
            file = self._copy / fault.file
            original = file.read_bytes()
            file.write_bytes(original[: fault.start] + fault.new.encode() + original[fault.end :])
            try:
                failed = first_failure(tests, self._copy)
            finally:
                file.write_bytes(original)
            if failed:
                print(f"noticed by {failed}: {fault.text}", flush=True)
                return True
        print(f"NOT NOTICED: line {fault.line} of {fault.text}", flush=True)
        return False

    def _require_sound(self, tests: str) -> None:
        if tests not in self._sound and (failed := first_failure(tests, self._copy)):
            sys.exit(f"{failed} fails without any fault")
        self._sound.add(tests)


def tests_of(file: str) -> tuple[str, ...]:
    """Return the arguments of pytest for a file, in order."""
    return next(tests for start, tests in TESTS.items() if file.startswith(start))


def first_failure(tests: str, copy: Path) -> str:
    """Run these tests until one fails, and return its name; empty if all pass."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "HYPOTHESIS_PROFILE": "quick", "PYTHONDONTWRITEBYTECODE": "1"}
    options = ["-x", "-q", "-p", "no:cacheprovider", "--timeout=60", "-m", "not oracle and not once and not cron"]
    command = [sys.executable, "-m", "pytest", *options, *shlex.split(tests)]
    process = subprocess.Popen(command, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, start_new_session=True)  # fmt: skip
    try:
        output, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"the time limit of {SECONDS} s"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.returncode == 0:
        return ""
    return next((line.split()[1] for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))), "pytest")


def explained() -> set[str]:
    """Return the faults that change nothing, as tools/mutants.txt lists them; lines after `#` say why."""
    lines = EXPLAINED.read_text(encoding="utf-8").splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("targets", nargs="*", default=list(TARGETS), help="files and folders of the package")
    parser.add_argument("--count", type=int, default=60, help="how many faults")
    parser.add_argument("--seed", type=int, default=1, help="which faults")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
