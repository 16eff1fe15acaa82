"""Run everything in tox.ini with the interpreters this computer has, and end with a line that counts the tests.

An interpreter is looked for on the PATH, then among pyenv's. A missing one is an error where CI is set; elsewhere its
environments are left out, and the first and the last thing said is which. Arguments go to tox: -e py312-masonite5 runs
one environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
REPORTS = ROOT / ".tox" / "junit"
VERSIONS = ("3.10", "3.11", "3.12", "3.13")


def main() -> int:
    """Run tox; its exit code is ours."""
    found = {version: find_interpreter(version) for version in VERSIONS}
    missing = [version for version, path in found.items() if path is None]
    in_ci = os.environ.get("CI", "").lower() in {"1", "true"}
    if missing and in_ci:
        print(f"ERROR: Python {', '.join(missing)} is not on the PATH nor in pyenv", file=sys.stderr)
        return 1

    warning = ""
    command = [sys.executable, "-m", "tox", "run-parallel", "--parallel-no-spinner"]
    command += ["--discover", *(path for path in found.values() if path)]
    if missing:
        warning = f"WARNING: no Python {', '.join(missing)} on the PATH or in pyenv: NOT TESTED, COVERAGE NOT JUDGED"
        command += ["--skip-missing-interpreters", "true", "--skip-env", "coverage"]
    print(warning, flush=True)
    shutil.rmtree(REPORTS, ignore_errors=True)
    status = subprocess.call([*command, *sys.argv[1:]], cwd=ROOT)
    print(warning)
    print(totals(status))
    return status


def find_interpreter(version: str) -> str | None:
    """Find an interpreter that starts; pyenv's stand-ins on the PATH may not."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    own = sys.executable if version == f"{sys.version_info.major}.{sys.version_info.minor}" else None
    of_pyenv = sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))
    for path in (own, shutil.which(f"python{version}"), *of_pyenv):
        if path and subprocess.run([path, "-V"], check=False, capture_output=True).returncode == 0:
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
