"""A short storm; `make soak` has one of 200 kills for each engine."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from masonite_version import masonite_major

from executors.fleet import Fleet
from executors.storm import TASKS, Storm


@pytest.mark.timeout(400)  # of which settling may take 180
@pytest.mark.parametrize("engine", ["celery, Redis, prefork", "queue, amqp"] if masonite_major() == 5 else ["queue, amqp"])
def test_random_kills_lose_double_and_block_nothing(make_fleet: Callable[..., Fleet], engine: str) -> None:
    fleet = make_fleet(engine, tasks=TASKS)
    storm = Storm(fleet, seed=len(engine))
    while storm.killed < 6:
        storm.round()
    assert storm.settle() == []
    fleet.close()
