"""Properties of every rule, in every zone, around every change of clocks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from scheduler.errors import InvalidSchedule
from scheduler.rules import Rule, ZonedMinute, declared_rule

from .model import MINUTE, fire_times, in_utc
from .strategies import Said, Somewhere, any_rule, somewhere
from .zones import ZONES

SHORT = timedelta(days=3)
an_instant = st.datetimes(datetime(1970, 1, 1), datetime(2090, 1, 1)).map(lambda date: in_utc(*date.timetuple()[:6]))
a_zone = st.sampled_from(ZONES).map(ZoneInfo)


@lru_cache(maxsize=64)
def moments(place: Somewhere) -> tuple[ZonedMinute, ...]:
    return tuple(ZonedMinute.of(shown.instant, place.zone) for shown in place.minutes)


def judged(rule: Rule, place: Somewhere) -> list[datetime]:
    """Every minute of `place` that matches."""
    return [shown.instant for shown, moment in zip(place.minutes, moments(place), strict=True) if rule.matches(moment)]


def walked(step: Callable[[datetime, ZoneInfo], datetime | None], begin: datetime, place: Somewhere) -> list[datetime]:
    """Every minute of `place` that is reached from `begin` by asking for the next (or the previous) one."""
    found = []
    instant = step(begin, place.zone)
    while instant is not None and place.start <= instant < place.end:
        found.append(instant)
        instant = step(instant, place.zone)
    return found


@given(any_rule, somewhere)
def test_a_rule_is_due_exactly_when_its_words_say_so(said: Said, place: Somewhere):
    """Three ways to ask give the same answer as a simple model."""
    expected = fire_times(said.parts, place.minutes)
    assert judged(said.rule, place) == expected
    assert walked(said.rule.next_after, place.start - MINUTE, place) == expected
    assert walked(said.rule.previous_before, place.end, place) == expected[::-1]


@given(any_rule, a_zone, an_instant)
def test_the_next_run_is_strictly_later_and_due_and_nothing_is_due_between(said: Said, zone: ZoneInfo, after: datetime):
    rule = said.rule
    following = rule.next_after(after, zone)
    assume(following is not None)
    assert following > after
    assert (following.second, following.microsecond, following.utcoffset()) == (0, 0, timedelta())
    assert rule.matches(ZonedMinute.of(following, zone))
    if following - after < SHORT:
        minute = after.replace(second=0) + MINUTE
        while minute < following:
            assert not rule.matches(ZonedMinute.of(minute, zone)), minute
            minute += MINUTE
    else:
        earlier = rule.previous_before(following, zone)
        assert earlier is None or earlier <= after


@given(any_rule, a_zone, an_instant)
def test_the_previous_run_inverts_the_next_one(said: Said, zone: ZoneInfo, instant: datetime):
    rule = said.rule
    following = rule.next_after(instant, zone)
    assume(following is not None)
    second = rule.next_after(following, zone)
    assume(second is not None)
    assert rule.previous_before(second, zone) == following
    assert rule.next_after(following - timedelta(microseconds=1), zone) == following
    assert rule.previous_before(following + timedelta(microseconds=1), zone) == following


@given(any_rule, a_zone, an_instant)
def test_a_previous_run_is_strictly_earlier_and_due(said: Said, zone: ZoneInfo, before: datetime):
    earlier = said.rule.previous_before(before, zone)
    assume(earlier is not None)
    assert earlier < before
    assert said.rule.matches(ZonedMinute.of(earlier, zone))


@given(any_rule, a_zone, an_instant, a_zone)
def test_an_instant_means_the_same_written_in_any_zone(said: Said, zone: ZoneInfo, instant: datetime, other: ZoneInfo):
    rule, elsewhere = said.rule, instant.astimezone(other)
    assert rule.next_after(elsewhere, zone) == rule.next_after(instant, zone)
    assert rule.previous_before(elsewhere, zone) == rule.previous_before(instant, zone)
    assert ZonedMinute.of(elsewhere, zone) == ZonedMinute.of(instant, zone)


@given(any_rule, a_zone, an_instant)
def test_a_rule_keeps_no_state_between_questions(said: Said, zone: ZoneInfo, instant: datetime):
    """The same declaration, read again and asked later, gives the same answers."""
    first, second = said.rule, said.rule
    expected = first.next_after(instant, zone)
    second.next_after(instant + timedelta(days=99), zone)
    second.previous_before(instant, zone)
    assert second.next_after(instant, zone) == expected


@given(any_rule)
def test_every_rule_can_be_described_in_words(said: Said):
    words = said.rule.describe()
    assert words.strip() == words
    assert words
    assert "  " not in words
    assert words.isascii()


MEANINGFUL = (
    "minutes",
    "5",
    "day",
    ":",
    "30",
    "-",
    "+",
    ".",
    " ",
    "*",
    "/",
    ",",
    "mon",
    "L",
    "W",
    "#",
    "@daily",
    "last",
    "\t",
    "9" * 25,
)
STRANGE = ("\x00", "٥", "¹", "ß", "ı", "\u212a", "\ud800", "\u200b", "\xa0", "\n", "{}", "<b>", "%s", "1_0", "?")
nonsense = st.one_of(
    st.text(max_size=20),
    st.lists(st.sampled_from(MEANINGFUL + STRANGE), max_size=9).map("".join),
    st.lists(
        st.sampled_from(("*", "1", "0-5", "*/7", "60", "L", "5#2", "jan", "x", "0", "~", "H")), min_size=4, max_size=7
    ).map(" ".join),
)
attributes = st.sampled_from(
    ("run_every", "run_at", "run_cron", "twice_daily", "run_on", "run_on_days_of_month", "run_between", "run_not_between",
     "run_weekly", "run_every_hour", "run_every_minute")
)  # fmt: skip
values = st.one_of(
    nonsense,
    st.integers(),
    st.floats(),
    st.booleans(),
    st.binary(max_size=5),
    st.timedeltas(),
    st.none(),
    st.recursive(st.one_of(nonsense, st.integers(-1, 40)), lambda inner: st.lists(inner, max_size=3), max_leaves=6),
    st.dictionaries(nonsense, st.integers(), max_size=2),
)


@given(st.dictionaries(attributes, values, min_size=1, max_size=3))
def test_any_invalid_value_raises_invalid_schedule(declared: dict[str, object]):
    """Any declaration gives a rule that can be asked and described, no rule, or `InvalidSchedule`."""
    try:
        rule = declared_rule("Anything", declared)
    except InvalidSchedule as error:
        message = str(error)
        assert message.startswith(("Anything.run_", "Anything.twice_daily"))
        assert " (try " in message
        assert len(error.examples) >= 2
    else:
        if rule is not None:
            assert rule.describe()
            rule.next_after(in_utc(2024, 1, 1), ZoneInfo("UTC"))
