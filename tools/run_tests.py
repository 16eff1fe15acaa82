"""Run everything in tox.ini with the interpreters this computer has, and end with a line that counts the tests.

An interpreter is looked for on the PATH, then among pyenv's. A missing one is an error if CI is set; otherwise its
environments are left out, and the first and the last line name them. Arguments go to tox: -e py312-masonite5 runs one
environment. TEST_MINUTES limits the whole run: what still runs then prints where it is, and the run has failed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
REPORTS = ROOT / ".tox" / "junit"
VERSIONS = ("3.10", "3.11", "3.12", "3.13")
LIMIT_IN_MINUTES = 60.0
SECONDS_TO_END = 15.0


def main() -> int:
    """Run tox; its exit code is ours."""
    found = {version: find_interpreter(version) for version in VERSIONS}
    missing = [version for version, path in found.items() if path is None]
    in_ci = os.environ.get("CI", "").lower() in {"1", "true"}
    if missing and in_ci:
        print(f"ERROR: Python {', '.join(missing)} is not on the PATH nor in pyenv", file=sys.stderr)
        return 1

    warning = ""
    command = [sys.executable, "-m", "tox", "run-parallel", "--parallel", str(at_once()), "--parallel-no-spinner"]
    command += ["--discover", *(path for path in found.values() if path)]
    if missing:
        warning = f"WARNING: no Python {', '.join(missing)} on the PATH or in pyenv: NOT TESTED, COVERAGE NOT JUDGED"
        command += ["--skip-missing-interpreters", "true", "--skip-env", "coverage"]
    print(warning, flush=True)
    shutil.rmtree(REPORTS, ignore_errors=True)
    minutes = float(os.environ.get("TEST_MINUTES") or LIMIT_IN_MINUTES)
    status = run_limited([*command, *sys.argv[1:]], 60 * minutes)
    print(warning)
    print(totals(status))
    return status


def at_once() -> int:
    """Return how many environments run side by side: one more than there are cores: many tests wait."""
    return (os.cpu_count() or 1) + 1


def run_limited(command: list[str], seconds: float) -> int:
    """Run a command. After that time it fails: its tests report where they are, and all of its processes end."""
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            print(f"ERROR: not finished after {seconds / 60:g} minutes (TEST_MINUTES)", file=sys.stderr, flush=True)
        except BaseException:
            process.terminate()
            raise
        for number in (signal.SIGABRT, signal.SIGTERM, signal.SIGKILL):
            signal_descendants(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(SECONDS_TO_END)
                break
        return 1


def signal_descendants(root: int, number: signal.Signals) -> None:
    """Signal a process and all that it has started (on Linux). Only pytest gets SIGABRT: it prints a traceback."""
    parents = {int(file.parent.name): parent_of(file) for file in Path("/proc").glob("[0-9]*/stat")}
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    for pid in family:
        with contextlib.suppress(OSError):
            if number != signal.SIGABRT or b"\0-m\0pytest\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, number)


def parent_of(stat: Path) -> int | None:
    """Return the number of the process that started this one, or None if it has ended."""
    try:
        return int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
    except OSError:
        return None


def find_interpreter(version: str) -> str | None:
    """Find an interpreter that starts; pyenv's stand-ins on the PATH may not."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    own = sys.executable if version == f"{sys.version_info.major}.{sys.version_info.minor}" else None
    of_pyenv = sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))
    for path in (own, shutil.which(f"python{version}"), *of_pyenv):
        if path and subprocess.run([path, "-V"], check=False, capture_output=True, timeout=30).returncode == 0:
            return str(path)
    return None


def totals(status: int) -> str:
    """Add up the reports of all environments. A check that is no test (types, style) counts when it is what failed."""
    counts = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for report in REPORTS.glob("*.xml"):
        for suite in ElementTree.parse(report).iter("testsuite"):  # noqa: S314 (our own file)
            for name in counts:
                counts[name] += int(suite.get(name, 0))
    failed = counts["failures"] + counts["errors"]
    passed = counts["tests"] - failed - counts["skipped"]
    return f"{passed} passed, {failed or min(status, 1)} failed, {counts['skipped']} skipped"


if __name__ == "__main__":
    sys.exit(main())
