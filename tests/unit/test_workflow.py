"""The files for GitHub and pre-commit name the environments and versions that tox and pyproject.toml have."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_workflow_runs_every_environment_of_tox_once() -> None:
    tox = ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    expected = [name for line in tox["tox"]["env_list"].split() for name in expanded(line)]
    workflow = (ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8")
    matrix = re.search(r"^ +envs:.*\n((?: +- .*\n)+)", workflow, re.MULTILINE)
    assert matrix
    assert sorted(re.findall(r"[\w-]+", matrix[1].replace("- ", ""))) == sorted(expected)


def expanded(line: str) -> list[str]:
    """Return the names that a line like py{310,311}-masonite5 stands for."""
    start, brace, rest = line.partition("{")
    choices, _, end = rest.partition("}")
    return [f"{start}{choice}{end}" for choice in choices.split(",")] if brace else [line]


def test_pre_commit_uses_the_versions_of_the_checks_in_pyproject() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    pinned = re.findall(r'additional_dependencies: \["(.+)"\]', hooks)
    assert len(pinned) == 3
    assert [version for version in pinned if f'"{version}"' not in project] == []
