"""`schedule:explain`: why a task ran or did not run, answered without changing anything."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler import Task, clock
from scheduler.diagnosis.Explainer import Explainer
from scheduler.diagnosis.explanation import Explanation
from scheduler.diagnosis.explanation_text import as_dict, as_text
from scheduler.diagnosis.verdict_text import verdict_of
from scheduler.processes.identity import this_process
from scheduler.runs import Pause
from scheduler.stores import Claim, Lease, slot_of

from .fake_app import MINUTE, NOON, FakeApp, nothing, process_that_is_gone, task

BERLIN = "Europe/Berlin"


def explained(app: FakeApp, at: datetime | None = None, now: datetime = NOON) -> Explanation:
    """Why the one task does or does not run."""
    scheduler = app.scheduler()
    (found,) = scheduler.find().usable
    with clock.standing_at(now):
        return Explainer(scheduler, app).explain(found, at)


def says(app: FakeApp, at: datetime | None = None, now: datetime = NOON) -> tuple[str, str]:
    """The verdict, as programs and as people read it."""
    found = explained(app, at, now)
    return found.verdict.value, verdict_of(found)


def fails() -> None:
    raise ValueError("no more stamps")


def at_3(**more: Any) -> type[Task]:
    """A task that is due at three minutes past noon, only once a day."""
    return task(nothing, run_every=None, run_at="12:03", **more)


# --- what became of a time that has passed ---------------------------------------------------------------------------


def test_explain_of_a_run_that_succeeded(app: FakeApp) -> None:
    app.add(task(nothing)).tick(inline=True)
    verdict, sentence = says(app, now=NOON + timedelta(seconds=30))
    assert verdict == "ran"
    assert sentence.startswith("It ran: run 1 succeeded in ")
    assert sentence.endswith("craft schedule:history 1 shows all of it.")


def test_explain_without_a_time_is_about_the_last_fire_time(app: FakeApp) -> None:
    app.add(task(nothing, run_every="1 hour")).tick(inline=True)
    found = explained(app, now=NOON + timedelta(minutes=30))
    assert (found.at, found.verdict.value) == (NOON, "ran")
    assert found.after == NOON + timedelta(hours=1)


def test_explain_of_a_run_that_failed(app: FakeApp) -> None:
    app.add(task(fails)).tick(inline=True)
    verdict, sentence = says(app)
    assert verdict == "failed"
    assert "run 1 failed: ValueError: no more stamps" in sentence


def test_explain_shows_all_attempts_and_the_last_outcome(app: FakeApp) -> None:
    app.add(task(fails, retries=1)).tick(inline=True)
    found = explained(app)
    assert [run.attempt for run in found.record.runs] == [1, 2]
    assert "run 2 failed" in verdict_of(found)
    shown = "\n".join(as_text(found))
    assert "1, attempt 1" in shown
    assert "2, attempt 2" in shown


def test_explain_of_a_run_that_was_skipped(app: FakeApp) -> None:
    app.add(task(nothing, environments="production")).tick(inline=True)
    verdict, sentence = says(app)
    assert verdict == "skipped"
    assert sentence.startswith("It was skipped: it runs only in production, and APP_ENV is local.")


def test_explain_of_a_run_that_was_missed(app: FakeApp) -> None:
    app.add(at_3()).tick(inline=True)
    app.tick(NOON + timedelta(minutes=20), inline=True)
    verdict, sentence = says(app, now=NOON + timedelta(minutes=21))
    assert verdict == "missed"
    assert sentence.startswith(
        "It was missed: no tick came in time; its grace is 5 minutes and its catch_up 'none'. craft schedule:history "
    )


@pytest.mark.parametrize(
    ("minutes", "verdict", "sentence"),
    [
        (6, "late", "It has not run: no tick has come since 2026-03-03 12:01: the next tick runs it late."),
        (20, "will_be_missed", "the next tick records it as missed, since its grace is 5 minutes"),
    ],
)
def test_explain_of_a_time_since_the_last_tick(app: FakeApp, minutes: int, verdict: str, sentence: str) -> None:
    app.add(at_3()).tick(inline=True)
    found = says(app, now=NOON + timedelta(minutes=minutes))
    assert found[0] == verdict
    assert sentence in found[1]


def test_explain_of_a_task_that_is_running(app: FakeApp) -> None:
    app.add(task(nothing))
    (run,) = app.store.claim([Claim("Job", slot_of("Job", NOON), NOON)], {}, str(this_process()), NOON)
    assert says(app) == ("waiting", "It is claimed as run 1, attempt 1, and waits to be started.")
    app.store.start(run, 4711, NOON)
    app.store.beat(run.owner, {run.id: ""}, clock.real_now(), MINUTE)
    verdict, sentence = says(app)
    assert verdict == "running"
    assert sentence.startswith("It is running since 2026-03-03 12:00: run 1, process 4711 on ")


def test_explain_of_a_run_whose_process_is_gone(app: FakeApp) -> None:
    app.add(task(nothing))
    (run,) = app.store.claim([Claim("Job", slot_of("Job", NOON), NOON)], {}, process_that_is_gone(), clock.real_now())
    app.store.start(run, 4711, clock.real_now())
    verdict, sentence = says(app)
    assert verdict == "gone"
    assert sentence.startswith("It began as run 1, but process 4711 on ")
    assert sentence.endswith(" is gone: the next tick records it as crashed.")


def test_explain_of_a_run_that_waits_for_its_jitter(app: FakeApp) -> None:
    app.add(task(nothing))
    app.store.claim([Claim("Job", slot_of("Job", NOON), NOON, start_after=NOON + MINUTE)], {}, "", NOON)
    assert says(app)[1].endswith("waits to be started until 2026-03-03 12:01.")


def test_nothing_has_ever_called_the_scheduler(app: FakeApp) -> None:
    app.add(at_3())
    verdict, sentence = says(app, now=NOON + timedelta(minutes=10))
    assert verdict == "no_record"
    assert sentence == (
        "It has not run: the scheduler has never run; craft schedule:doctor shows whether anything runs the scheduler."
    )


def test_explain_of_a_task_newer_than_the_last_tick(app: FakeApp) -> None:
    app.tick(inline=True)
    app.add(at_3())
    assert "no tick has checked this task" in says(app, now=NOON + timedelta(minutes=10))[1]


def test_explain_of_a_run_of_an_earlier_rule(app: FakeApp) -> None:
    app.add(at_3()).tick(NOON + timedelta(minutes=10), inline=True)
    verdict, sentence = says(app, now=NOON + timedelta(minutes=10))
    assert verdict == "no_record"
    assert "ticks had not begun then, or the task was added or changed later" in sentence


def test_explain_of_a_time_before_the_history_begins(app: FakeApp) -> None:
    app.add(at_3()).tick(NOON, inline=True)
    assert "history is kept for KEEP_DAYS only" in says(app, at=NOON - timedelta(days=40) + 3 * MINUTE)[1]


def test_a_missed_time_within_its_grace_gave_way_to_a_later_one(app: FakeApp) -> None:
    start = clock.floor_minute(clock.real_now())
    app.add(task(nothing)).tick(start, inline=True)
    at, now = start + MINUTE, start + 3 * MINUTE
    assert "records it as missed, since its catch_up is 'none', and a later" in says(app, at=at, now=now)[1]
    app.tick(now, inline=True)
    assert says(app, at=at, now=now)[1].startswith(
        "It was missed: no tick came in time; its catch_up is 'none', and a later fire time took its place. craft"
    )


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        ({"run_at": "8:00", "run_until": "2026-03-01"}, "It does not run again: that was its last fire time."),
        ({"run_once": "2026-03-01 08:00"}, "It does not run again: that was its last fire time."),
        ({"run_every": "1 minute", "run_except": "2026-03-03"}, "It is not due now: run_except leaves out this time."),
        ({"run_every": "1 hour", "run_between": (8, 11)}, "It is not due now: run_between leaves out this time."),
    ],
)
def test_without_a_time_explain_says_why_it_is_not_due_any_more(app: FakeApp, attributes: dict, sentence: str) -> None:
    app.add(task(nothing, **{"run_every": None, **attributes}))
    assert says(app)[1].endswith(f" {sentence}")
    assert sentence not in says(app, at=NOON)[1].replace("now", "then")


# --- now -------------------------------------------------------------------------------------------------------------


def test_explain_of_a_task_that_is_due_now(app: FakeApp) -> None:
    app.add(task(nothing))
    verdict, sentence = says(app)
    assert verdict == "due"
    assert sentence.startswith("It is due now: the next tick runs it. The scheduler has never run; craft schedule:doctor ")
    app.store.record_tick("here", NOON - MINUTE)
    assert says(app)[1] == "It is due now: the next tick runs it."
    assert "The last tick was at 2026-03-03 11:59" in says(app, now=NOON + 10 * MINUTE)[1]


def raises(_self: object) -> bool:
    raise ValueError("no answer")


def exits(_self: object) -> bool:
    sys.exit(3)


@pytest.mark.parametrize(
    ("attributes", "refusal"),
    [
        ({"environments": ("production", "staging")}, "it runs only in production and staging, and APP_ENV is local"),
        ({"when": lambda _self: False}, "its when() returned false"),
    ],
)
def test_a_condition_would_let_the_next_tick_skip_it(app: FakeApp, attributes: dict, refusal: str) -> None:
    verdict, sentence = says(app.add(task(nothing, **attributes)))
    assert verdict == "would_be_skipped"
    assert sentence.startswith(f"It is due now, and the next tick skips it: {refusal}")


def cannot_be_built(self: object) -> None:
    raise ValueError("no database")


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"when": raises}, "it raised ValueError: no answer (tests/unit/ticks/test_explainer.py:"),
        ({"when": exits}, "it raised SystemExit: sys.exit(3) was called"),
        ({"__init__": cannot_be_built}, "its constructor raised ValueError: no database"),
    ],
)
def test_a_condition_that_raises_fails_the_run(app: FakeApp, attributes: dict, why: str) -> None:
    verdict, sentence = says(app.add(task(nothing, **attributes)))
    assert verdict == "would_fail"
    assert sentence.startswith(f"It is due now, and the next tick fails it: {why}")
    app.tick(inline=True)
    assert says(app)[0] == "failed"


def test_every_condition_is_shown_with_its_answer(app: FakeApp) -> None:
    app.down = True
    app.add(task(nothing, environments="local")().when(list).skip(lambda: False))
    found = explained(app)
    assert [(answer.wanted.replace("<lambda>", "λ"), answer.refusal) for answer in found.conditions] == [
        ("it is not paused", ""),
        ("its earlier runs have ended", ""),
        ("APP_ENV is local", ""),
        ("the app is not down for maintenance", "the app is down for maintenance"),
        ("its when condition list is true", "its when condition list was false"),
        (
            "its skip condition test_every_condition_is_shown_with_its_answer.<locals>.λ is false",
            "",
        ),
    ]
    shown = " ".join(" ".join(as_text(found)).split())
    assert "Only if the app is not down for maintenance: does not hold, the app is down for maintenance" in shown


@pytest.mark.parametrize(("left", "refused"), [(MINUTE, True), (-MINUTE, False)], ids=["held", "lapsed"])
def test_explain_says_that_an_earlier_run_has_not_ended(app: FakeApp, left: timedelta, refused: bool) -> None:
    app.add(task(nothing))
    expires = clock.real_now() + left
    app.store.acquire(Lease("Job", "theirs", "another-machine:4711:99", "web2", 4711, expires), NOON)
    refusal = explained(app).refusal
    assert refusal == ("an earlier run has not ended (process 4711 on web2)" if refused else "")


def test_a_lease_of_a_dead_process_prevents_no_start(app: FakeApp) -> None:
    app.add(task(nothing))
    expires = clock.real_now() + MINUTE
    app.store.acquire(Lease("Job", "theirs", process_that_is_gone(), "here", 1, expires), NOON)
    assert explained(app).refusal == ""


def test_a_task_that_may_overlap_waits_for_nothing(app: FakeApp) -> None:
    conditions = explained(app.add(task(nothing, overlap=True))).conditions
    assert [answer.reason.value for answer in conditions] == ["paused", "maintenance"]


# --- another time ----------------------------------------------------------------------------------------------------


def test_explain_of_a_future_time_does_not_predict_conditions(app: FakeApp) -> None:
    found = explained(app.add(at_3(environments="production")), at=NOON + timedelta(days=1, minutes=3))
    assert (found.verdict.value, verdict_of(found)) == ("coming", "It will run then unless something prevents it.")
    assert {answer.refusal for answer in found.conditions} == {None}
    assert "APP_ENV is production: not known for that time" in "\n".join(as_text(found))


def test_explain_of_a_time_at_which_the_task_is_not_due(app: FakeApp) -> None:
    found = explained(app.add(at_3()), at=NOON + timedelta(days=1))
    assert (found.verdict.value, verdict_of(found)) == ("not_due", "It is not due then: its rule names other times.")
    assert (found.before, found.after) == (NOON + 3 * MINUTE, NOON + timedelta(days=1, minutes=3))


@pytest.mark.parametrize(
    ("attributes", "refused_by"),
    [
        ({"run_every": "15 minutes", "run_between": ("14:00", "17:00")}, ("run_between",)),
        ({"run_every": "15 minutes", "run_on": "monday"}, ("run_on",)),
        ({"run_every": "15 minutes", "run_on": "monday", "run_not_between": (11, 13)}, ("run_on", "run_not_between")),
        ({"run_every": "15 minutes", "run_on": "tuesday", "run_on_days_of_month": "last"}, ("run_on_days_of_month",)),
        ({"run_at": "9:00", "run_every": None, "run_on": "monday"}, ()),
        ({"run_every": None, "run_on": "monday"}, ()),
    ],
)
def test_constraints_that_leave_out_the_time_are_named(app: FakeApp, attributes: dict, refused_by: tuple) -> None:
    found = explained(app.add(task(nothing, **attributes)), at=NOON)
    assert (found.verdict.value, found.refused_by) == ("not_due", refused_by)
    sentence = verdict_of(found)
    assert all(name in sentence for name in refused_by)
    if refused_by:
        assert f"Refused     {refused_by[0]} = " in "\n".join(as_text(found))


def test_a_task_that_was_never_due_is_not_due_now(app: FakeApp) -> None:
    never = task(nothing, run_every="1 day", run_between=("1:00", "2:00"))
    found = explained(app.add(never))
    assert verdict_of(found) == "It is not due now: its rule names other times."
    assert as_text(found)[-1] == "Next        never"


def test_explain_of_a_task_that_runs_only_on_demand(app: FakeApp) -> None:
    verdict, sentence = says(app.add(task(nothing, name="Clean up", run_every=None)))
    assert verdict == "on_demand"
    assert sentence.endswith("Run craft schedule:run --force --task 'Clean up' to run it.")


def test_explain_takes_pauses_at_other_times_into_account(app: FakeApp) -> None:
    app.add(task(nothing))
    app.store.pause(Pause("Job", NOON, reason="moving"))
    assert says(app, at=NOON + 5 * MINUTE) == ("would_be_skipped", "It is due then, and that tick skips it: paused: moving.")
    found = explained(app)
    assert as_dict(found)["next_run"] is None
    assert as_text(found)[-1] == "Next        none while it is paused"


def test_the_next_run_is_after_the_pause(app: FakeApp) -> None:
    app.add(task(nothing))
    app.store.pause(Pause("Job", NOON, NOON + 10 * MINUTE))
    assert as_text(explained(app))[-1] == "Next        2026-03-03 12:10, in 10 minutes"
    assert as_dict(explained(app, at=NOON + 20 * MINUTE))["next_run"] == "2026-03-03T12:21:00+00:00"


# --- a task that decides by itself -----------------------------------------------------------------------------------


def decides(answer: Any) -> type[Task]:
    def should_run(self: object, date: object = None) -> bool:
        if isinstance(answer, Exception):
            raise answer
        return bool(answer)

    return task(nothing, should_run=should_run)


@pytest.mark.parametrize(
    ("answer", "at", "verdict"),
    [
        (True, None, "due"),
        (False, None, "not_due"),
        (ValueError("no answer"), None, "asking_failed"),
        (True, NOON + timedelta(days=1), "unforeseeable"),
        (True, NOON, "due"),
    ],
)
def test_a_task_that_decides_by_itself_is_asked_about_now_alone(
    app: FakeApp, answer: Any, at: datetime | None, verdict: str
) -> None:
    found = explained(app.add(decides(answer)), at=at)
    assert found.verdict.value == verdict
    assert as_dict(found)["message"] == verdict_of(found)
    if verdict == "asking_failed":
        assert "its should_run() raised ValueError: no answer" in verdict_of(found)
    if verdict == "not_due":
        assert verdict_of(found) == "It is not due now: its should_run() returned false."


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        (None, "It does not run: its run_except raised ValueError: no more stamps ("),
        (NOON + timedelta(days=1), "It is not known whether it is due then: its run_except raised ValueError: no more"),
    ],
)
def test_a_calendar_that_raises_is_reported(app: FakeApp, at: datetime | None, sentence: str) -> None:
    def holidays(day: object) -> None:
        if is_down:
            fails()

    is_down = False
    app.add(task(nothing, run_except=staticmethod(holidays), run_on="weekdays"))
    scheduler = app.scheduler()
    (found,) = scheduler.find().usable
    is_down = True
    with clock.standing_at(NOON):
        explanation = Explainer(scheduler, app).explain(found, at)
    assert (explanation.verdict.value, explanation.refused_by) == ("asking_failed", ())
    assert verdict_of(explanation).startswith(sentence)


# --- where clocks change ---------------------------------------------------------------------------------------------

CHANGES = [
    (BERLIN, "2027-03-28 03:00", {"run_at": "2:30"}, "goes from 2:00 to 3:00, and 2:30 runs at 3:00"),
    (BERLIN, "2027-10-31 02:30", {"run_at": "2:30"}, "goes back from 3:00 to 2:00, and 2:30 runs the first time only"),
    (BERLIN, "2027-03-28 12:00", {"run_at": "12:00"}, "goes from 2:00 to 3:00"),
    (BERLIN, "2027-03-28 03:00", {"run_every": "1 hour"}, "goes from 2:00 to 3:00, and 2:00 does not run"),
    (BERLIN, "2027-10-31 02:00", {"run_every": "1 hour"}, "goes back from 3:00 to 2:00, and 2:00 runs both times"),
    (BERLIN, "2027-10-31 02:00", {"run_every": "1 minute"}, "3:00 to 2:00, and 2:00 to 2:59 runs both times"),
    (
        BERLIN,
        "2027-10-31 02:00",
        {"run_every": "1 hour", "run_at": ":15", "twice_daily": ("2:30", "14:30")},
        "3:00 to 2:00, and 2:30 runs the first time only, and 2:15 runs both times",
    ),
    (BERLIN, "2027-10-31 02:00", {"run_every": "30 seconds", "run_between": ("2:10", "2:10")}, "and 2:10 runs both"),
    ("Australia/Lord_Howe", "2027-10-03 02:30", {"run_at": "2:15"}, "goes from 2:00 to 2:30, and 2:15 runs at 2:30"),
    ("Australia/Lord_Howe", "2027-04-04 03:00", {"run_at": "1:45"}, "back from 2:00 to 1:30, and 1:45 runs the first"),
    (
        "Africa/Cairo",
        "2027-04-30 12:00",
        {"run_at": ["0:30", "23:30"]},
        "goes from 0:00 to 1:00, and 0:30 runs at 1:00",
    ),
]


@pytest.mark.parametrize(("zone", "at", "attributes", "words"), CHANGES)
def test_the_effect_of_a_clock_change_is_explained(app: FakeApp, zone: str, at: str, attributes: dict, words: str) -> None:
    app.add(task(nothing, **({"run_every": None, "timezone": zone} | attributes)))
    instant = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)
    for nearby in (instant, instant - timedelta(hours=10), instant + timedelta(hours=7)):
        found = explained(app, at=nearby)
        (said,) = [change["message"] for change in as_dict(found)["clock_changes"]]
        assert words in said
        assert said.split(", ")[0] in " ".join(" ".join(as_text(found)).split())


def test_clock_changes_on_other_days_are_not_mentioned(app: FakeApp) -> None:
    app.add(task(nothing, timezone=BERLIN))
    assert explained(app, at=datetime(2027, 3, 25, 12, tzinfo=timezone.utc)).changes == ()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"retries": 1}, "up to 1 time: at once"),
        ({"retries": 3, "retry_delay": "1 minute"}, "up to 3 times: after 1 minute each time"),
        ({"retry_delay": ("1 minute", "5 minutes", "30 minutes")}, "up to 3 times: after 1 minute, 5 minutes and 30 minutes"),
        ({"retry_delay": ("1 minute", "5 minutes"), "retries": 4}, "up to 4 times: after 1 minute, then 5 minutes each time"),
        (
            {"retries": 3, "retry_backoff": "exponential", "retry_delay_limit": "3 minutes"},
            "up to 3 times: after 1 minute, 2 minutes and 3 minutes, each time up to a fifth sooner",
        ),
        (
            {"retries": 50, "retry_backoff": "exponential", "retry_delay_limit": "1 day"},
            "up to 50 times: after 1 minute, 2 minutes, 4 minutes, 8 minutes, 16 minutes, 32 minutes and so on, each time up to a fifth sooner",
        ),
    ],
)
def test_explain_says_how_often_a_failed_run_is_retried(options: dict[str, Any], text: str) -> None:
    app = FakeApp().add(task(nothing, **options))
    found = explained(app)
    assert f"If it fails it is tried again, {text}" in " ".join(" ".join(as_text(found)).split())
    assert as_dict(found)["retries"] == f"it is tried again, {text}"


def test_explain_is_silent_on_retries_if_there_are_none() -> None:
    found = explained(FakeApp().add(task(nothing)))
    assert "If it fails" not in "\n".join(as_text(found))
    assert as_dict(found)["retries"] is None


def test_a_calendar_that_leaves_out_a_day_is_named_not_printed() -> None:
    class Calendar(dict):  # type: ignore[type-arg]  # as those of the package `holidays`
        def __repr__(self) -> str:
            return "{" + "datetime.date(2026, 3, 3): 'A feast', " * 50 + "}"

    found = explained(FakeApp().add(task(nothing, run_except=Calendar({NOON.date(): "A feast"}))), at=NOON)
    assert "Refused     run_except = days of Calendar leaves out this time" in as_text(found)
