"""Weeks with clock changes and with ticks that are missed, come twice or go back agree with a simple model."""

from __future__ import annotations

import pytest

from durability.dst_weeks import WEEKS, Week, compared
from scheduler.stores import Store

DAYS = 2.5


@pytest.mark.once
@pytest.mark.parametrize("week", WEEKS, ids=[week.name for week in WEEKS])
def test_some_tasks_in_the_days_around_a_change(week: Week) -> None:
    assert week.changes_within(DAYS)
    found = compared(week, seed=1, days=DAYS, every=9)
    assert found.wrong == []
    assert found.ticks > 1000


def test_the_comparison_notices_a_scheduler_that_looks_back_at_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "cursors", lambda *_, **__: {})
    assert compared(WEEKS[1], seed=1, days=1, every=9).wrong
