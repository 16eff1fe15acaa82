"""Rules that are seldom due: a search by leaps finds what a search step by step finds."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduler.rules import ZonedMinute, declared_rule
from scheduler.rules.Calendar import Calendar
from scheduler.rules.Days import Days, MonthDays, Weekdays

from . import model
from .model import in_utc
from .strategies import limits
from .zones import UTC

START = in_utc(2024, 2, 5, 12)
FAR = timedelta(days=366 * 25)


@given(st.sampled_from((1, 60)), st.integers(1, 20_000), limits())
def test_every_n_minutes_and_hours(unit: int, count: int, narrow):
    """They are compared with every N-th unit over twenty-five years, in both directions."""
    rule = declared_rule("SayHi", {"run_every": f"{count} {'minutes' if unit == 1 else 'hours'}", **narrow.declared})
    allowed = model.both(*narrow.says)
    start = START.toordinal() * 1440 + 12 * 60
    step = unit * count

    def first(candidate: int, direction: int) -> datetime | None:
        while abs(candidate - start) < FAR // timedelta(minutes=1):
            face = datetime(1, 1, 1) + timedelta(minutes=candidate - 1440)
            if allowed(face):
                return face.replace(tzinfo=UTC)
            candidate += direction * step
        return None

    later, following = first((start // step + 1) * step, 1), rule.next_after(START, UTC)
    if later is None:
        assert following is None or following >= START + FAR
    else:
        assert following == later
        assert rule.matches(ZonedMinute.of(later, UTC))
    earlier, previous = first((start - 1) // step * step, -1), rule.previous_before(START, UTC)
    if earlier is None:
        assert previous is None or previous <= START - FAR
    else:
        assert previous == earlier


numbers = st.sets(st.integers(1, 31), min_size=1, max_size=3)
weekdays = st.sets(st.integers(0, 6), min_size=1, max_size=3)
days_of_month = st.builds(
    MonthDays, numbers.map(model.bits), st.booleans(), st.booleans(), st.sets(st.integers(1, 31), max_size=1).map(model.bits)
)
days_of_week = st.builds(
    Weekdays, weekdays.map(model.bits), st.just(0), st.sets(st.tuples(st.integers(0, 6), st.integers(1, 5)), max_size=1).map(tuple)
)
part = st.one_of(days_of_month, days_of_week)
groups = st.lists(st.lists(part, min_size=1, max_size=2).map(tuple), max_size=3).map(tuple)
calendars = st.one_of(
    st.builds(Days, groups, every_days=st.integers(1, 400)),
    st.builds(Days, groups, every_weeks=st.integers(1, 60)),
    st.builds(Days, groups, months=st.sets(st.integers(1, 12), min_size=1, max_size=4).map(model.bits)),
    st.builds(Days, groups, every_months=st.integers(1, 40), shift=st.integers(0, 1)),
)


@given(calendars, st.integers(START.toordinal() - 5000, START.toordinal() + 5000))
def test_the_next_and_the_previous_named_day(days: Days, start: int):
    """They are compared with each day of five years, in both directions."""
    calendar = Calendar(days)
    later = next((day for day in range(start, start + 1827) if calendar.contain(day)), None)
    following = calendar.next_from(start)
    assert following == later if later is not None else following is None or following >= start + 1827
    earlier = next((day for day in range(start, start - 1827, -1) if calendar.contain(day)), None)
    previous = calendar.previous_from(start)
    assert previous == earlier if earlier is not None else previous is None or previous <= start - 1827
