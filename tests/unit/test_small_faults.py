"""The tool that puts small faults into the code finds the code, its tests and the faults that are explained."""

from __future__ import annotations

import shlex
from types import ModuleType

import pytest
from tool_scripts import load_tool

pytestmark = pytest.mark.once


@pytest.fixture
def mutate() -> ModuleType:
    return load_tool("mutate")


def test_each_target_of_the_small_faults_exists(mutate: ModuleType) -> None:
    assert [target for target in mutate.TARGETS if not (mutate.ROOT / target).exists()] == []


def test_each_test_that_is_to_notice_a_fault_exists(mutate: ModuleType) -> None:
    words = [word for lines in mutate.TESTS.values() for line in lines for word in shlex.split(line)]
    paths = [word.removeprefix("--ignore=") for word in words if "tests/" in word]
    assert len(paths) > 10
    assert [path for path in paths if not (mutate.ROOT / path).exists()] == []


def test_each_explained_fault_can_be_made(mutate: ModuleType) -> None:
    faults = {fault.text for file in mutate.files_of(mutate.TARGETS) for fault in mutate.faults_of(file)}
    assert len(faults) > 500
    assert mutate.explained() - faults == set()
