"""The geometry of charts, and the sentences that say the same."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from scheduler.dashboard import run_charts, time_charts
from scheduler.runs import Outcome
from scheduler.stores.RunStatistics import RunCount, RunGlance

NOW = datetime(2027, 3, 28, 12, 34, 56, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
RIGA = ZoneInfo("Europe/Riga")
GOOD, BAD, SKIPPED, MISSED = Outcome.SUCCEEDED, Outcome.FAILED, Outcome.SKIPPED, Outcome.MISSED


def run(number: int, outcome: Outcome | None = GOOD, seconds: float = 2.0) -> RunGlance:
    """A run that began `number` hours before now."""
    at = NOW - number * HOUR
    ran = outcome not in {SKIPPED, MISSED}
    ended = at + timedelta(seconds=seconds) if outcome else None
    return RunGlance(1000 - number, "a", outcome, None, at, 1, False, at, None, at if ran else None, ended, "")


def counted(hours_ago: float, outcome: Outcome | None = GOOD, number: int = 1) -> RunCount:
    start = (NOW - hours_ago * HOUR).replace(second=0, microsecond=0)
    return RunCount("a", start - timedelta(minutes=start.minute % 10), outcome, number, 7)


# -- the strip --


def test_the_strip_shows_the_latest_outcome_at_the_right_and_says_them_all() -> None:
    chart = run_charts.strip([run(0, BAD), run(1, None), *(run(number) for number in range(2, 40))])
    assert len(chart.shapes) == run_charts.STRIP_LENGTH
    assert chart.shapes[-1].kind == "failed"
    assert chart.shapes[-1].x == max(shape.x for shape in chart.shapes)
    assert chart.says == "Last 24 outcomes: 22 succeeded, 1 running, 1 failed"


def test_outcomes_differ_in_height_and_not_in_colour_alone() -> None:
    heights = {shape.kind: shape.height for shape in run_charts.strip([run(0), run(1, BAD), run(2, SKIPPED)]).shapes}
    assert heights["failed"] > heights["succeeded"] > heights["skipped"]


def test_a_task_without_runs_has_an_empty_strip_and_no_durations() -> None:
    assert run_charts.strip([]).says == "No runs yet"
    assert run_charts.durations([]) is None
    assert run_charts.duration_dots([run(0, SKIPPED)]) is None
    assert run_charts.failing_since([]) is None


# -- durations --


def test_durations_are_those_of_runs_that_ran() -> None:
    found = run_charts.durations([run(0, BAD, 9.0), run(1, SKIPPED, 0), *(run(number, GOOD, 1.0) for number in range(2, 30))])
    assert found is not None
    assert (found.usual, found.p95) == (1.0, 1.0)
    assert found.chart.says == "Usually 1.0 s, 95 of 100 runs within 1.0 s, the last 9.0 s"
    assert len(found.chart.lines) == 1


def test_one_run_has_a_duration_but_no_line() -> None:
    found = run_charts.durations([run(0)])
    assert found is not None
    assert found.chart.lines == ()


def test_runs_of_no_length_at_all_are_drawn() -> None:
    found = run_charts.durations([run(0, GOOD, 0.0), run(1, GOOD, 0.0)])
    dots = run_charts.duration_dots([run(0, GOOD, 0.0), run(1, GOOD, 0.0)])
    assert found is not None
    assert dots is not None
    assert len(dots.shapes) == 2


@pytest.mark.parametrize(("longest", "top"), [(0.03, 0.05), (1.0, 1.0), (1.01, 2.0), (9.0, 10.0), (51.0, 60.0), (64.0, 120.0), (234.0, 300.0), (5000.0, 7200.0), (2e5, 432_000.0)])
def test_the_scale_ends_with_the_next_round_number(longest: float, top: float) -> None:
    dots = run_charts.duration_dots([run(0, GOOD, longest)])
    assert dots is not None
    assert run_charts._ceiling(longest) == pytest.approx(top)
    assert all(8 <= shape.y <= dots.height for shape in dots.shapes)
    assert all(len(words) <= len("12 min 30 s") for _, _, _, words in dots.labels), "there is room for no more"


# -- failing since --


def test_a_streak_of_failures_began_with_the_first_after_a_success() -> None:
    assert run_charts.failing_since([run(0, BAD), run(1, SKIPPED), run(2, BAD), run(3)]) == run(2, BAD).ended_at
    assert run_charts.failing_since([run(0, BAD), run(1, BAD)]) == run(1, BAD).ended_at
    assert run_charts.failing_since([run(0), run(1, BAD)]) is None


# -- activity and heat --


def test_activity_counts_each_hour_of_the_last_day_by_group() -> None:
    found = time_charts.activity([counted(0, GOOD, 5), counted(0, BAD), counted(3, MISSED, 2), counted(30)], NOW, RIGA)
    assert found.total == {"succeeded": 5, "failed": 1, "skipped": 2}
    assert found.chart.says == "Last 24 hours: 5 succeeded, 1 failed, 2 skipped or missed"
    assert [shape.kind for shape in found.chart.shapes if shape.x == max(each.x for each in found.chart.shapes)] == ["succeeded", "failed"]


def test_no_activity_is_a_line_of_empty_hours() -> None:
    found = time_charts.activity([], NOW, RIGA)
    assert {shape.kind for shape in found.chart.shapes} == {"none"}
    assert len(found.chart.shapes) == 24


def test_the_heat_map_reads_the_clock_of_the_page_and_marks_failures() -> None:
    chart = time_charts.heat_map([counted(0, GOOD, 9), counted(0, BAD), counted(24, GOOD, 1), counted(24 * 9)], NOW, RIGA)
    kinds = {shape.title: shape.kind for shape in chart.shapes if shape.kind != "heat0"}
    assert kinds == {"Sun 15:00: 10 runs, 1 failed": "mark", "Sat 14:00: 1 run": "heat1"}
    assert chart.says == "Last 7 days: 11 runs, 1 failed"


# -- a day --

MIDNIGHT = datetime(2027, 3, 27, 22, tzinfo=timezone.utc)
"""In Riga, of a day with 23 hours."""
NEXT_MIDNIGHT = datetime(2027, 3, 28, 21, tzinfo=timezone.utc)


def test_a_day_shows_the_worst_outcome_of_ten_minutes_and_what_is_to_come() -> None:
    coming = [NOW + timedelta(minutes=minute) for minute in (6, 7, 60)]
    chart = time_charts.timeline([counted(1, GOOD, 3), counted(1, BAD)], coming, MIDNIGHT, NEXT_MIDNIGHT, NOW)
    assert [shape.kind for shape in chart.shapes] == ["failed", "coming", "coming"]
    assert chart.shapes[0].title == "3 succeeded, 1 failed"
    assert chart.says == "4 runs, 1 failed, 3 to come"
    assert [kind for kind, _ in chart.lines] == ["now"]


def test_a_past_day_has_no_line_for_now() -> None:
    assert time_charts.timeline([], [], MIDNIGHT - 24 * HOUR, MIDNIGHT, NOW).lines == ()


def test_the_hours_of_a_day_follow_its_clock_over_a_change() -> None:
    labels = [words for _, _, _, words in time_charts.hour_labels(MIDNIGHT, NEXT_MIDNIGHT, RIGA).labels]
    assert labels == ["00", "06", "09", "12", "15", "18", "21"], "3:00 is skipped that night"
