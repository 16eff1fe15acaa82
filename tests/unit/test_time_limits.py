"""Nothing in the tests can hang: a test, its fixtures, the whole run."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from tool_scripts import load_tool

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
HANGS = """
import threading
import pytest

@pytest.fixture
def hanging():
    yield
    threading.Event().wait()

def test_hangs(hanging):
    threading.Event().wait()

def test_passes():
    pass
"""


@pytest.fixture
def hanging_tests(tmp_path: Path) -> list[str]:
    """A command that runs a hanging test with a hanging fixture and the conftest.py of all tests."""
    conftest = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
    (tmp_path / "conftest.py").write_text(conftest.replace("SECONDS_TO_CLEAN_UP = 30", "SECONDS_TO_CLEAN_UP = 3"))
    (tmp_path / "test_hanging.py").write_text(HANGS)
    options = ["-p", "no:cacheprovider", "-q", "--rootdir", str(tmp_path), "-c", str(tmp_path / "pytest.ini")]
    (tmp_path / "pytest.ini").touch()
    return [sys.executable, "-m", "pytest", *options, str(tmp_path)]


@pytest.fixture
def run_tests() -> ModuleType:
    """The script that `make test` runs."""
    return load_tool("run_tests")


def test_a_hanging_test_and_a_hanging_fixture_fail_with_a_traceback(hanging_tests: list[str]) -> None:
    ended = subprocess.run([*hanging_tests, "--timeout=3"], capture_output=True, text=True, timeout=60)
    assert "1 failed, 1 passed, 1 error" in ended.stdout
    assert ended.stdout.count("threading.Event().wait()\n") >= 2


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_a_run_over_its_time_limit_fails_with_the_traceback_of_its_tests(
    run_tests: ModuleType, hanging_tests: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "as_tox_does.sh"
    script.write_text(f"{shlex.join(hanging_tests)}; true")
    started = time.monotonic()
    assert run_tests.run_limited(["/bin/sh", str(script)], 15) == 1
    assert time.monotonic() - started < 15 + 2 * run_tests.SECONDS_TO_END
    said = capfd.readouterr()
    assert "not finished after 0.25 minutes" in said.err
    assert "in test_hangs" in said.err + said.out


def test_a_run_within_its_time_limit_has_the_exit_code_of_its_command(run_tests: ModuleType) -> None:
    assert run_tests.run_limited([sys.executable, "-c", "raise SystemExit(3)"], 60) == 3
