"""Why did it not run, and what would this tick do: answered from the store and the clock, and nothing is changed."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler import Task, clock
from scheduler.errors import UnknownTask
from scheduler.explanation import Explanation
from scheduler.Inquiry import Inquiry
from scheduler.listeners.explanation_text import as_dict, as_text, verdict_of
from scheduler.process import this_process
from scheduler.runs import Pause, Planned
from scheduler.stores import Claim, Lease, slot_of

from .place import MINUTE, NOON, Place, nothing, process_that_is_gone, task

BERLIN = "Europe/Berlin"


def explained(place: Place, at: datetime | None = None, now: datetime = NOON) -> Explanation:
    """Why the one task does or does not run."""
    scheduler = place.scheduler()
    (found,) = scheduler.find().usable
    with clock.standing_at(now):
        return Inquiry(scheduler, place).explain(found, at)


def says(place: Place, at: datetime | None = None, now: datetime = NOON) -> tuple[str, str]:
    """The verdict, as programs and as people read it."""
    found = explained(place, at, now)
    return found.verdict.value, verdict_of(found)


def fails() -> None:
    raise ValueError("no more stamps")


def at_3(**more: Any) -> type[Task]:
    """A task that is due at three minutes past noon, only once a day."""
    return task(nothing, run_every=None, run_at="12:03", **more)


# --- what became of a time that has passed ---------------------------------------------------------------------------


def test_it_ran(place: Place) -> None:
    place.add(task(nothing)).tick(inline=True)
    verdict, sentence = says(place, now=NOON + timedelta(seconds=30))
    assert verdict == "ran"
    assert sentence.startswith("It ran: run 1 succeeded after ")
    assert sentence.endswith("`craft schedule:history 1` shows all of it.")


def test_without_a_time_it_is_about_the_last_time_it_was_due(place: Place) -> None:
    place.add(task(nothing, run_every="1 hour")).tick(inline=True)
    found = explained(place, now=NOON + timedelta(minutes=30))
    assert (found.at, found.verdict.value) == (NOON, "ran")
    assert found.after == NOON + timedelta(hours=1)


def test_it_failed(place: Place) -> None:
    place.add(task(fails)).tick(inline=True)
    verdict, sentence = says(place)
    assert verdict == "failed"
    assert "run 1 failed: ValueError: no more stamps" in sentence


def test_of_several_attempts_the_last_one_counts_and_all_are_shown(place: Place) -> None:
    place.add(task(fails, retries=1)).tick(inline=True)
    found = explained(place)
    assert [run.attempt for run in found.record.runs] == [1, 2]
    assert "run 2 failed" in verdict_of(found)
    shown = "\n".join(as_text(found))
    assert "1, attempt 1" in shown
    assert "2, attempt 2" in shown


def test_it_was_skipped(place: Place) -> None:
    place.add(task(nothing, environments="production")).tick(inline=True)
    verdict, sentence = says(place)
    assert verdict == "skipped"
    assert sentence.startswith("It was skipped: it runs only in production, and APP_ENV is local.")


def test_it_was_missed(place: Place) -> None:
    place.add(at_3()).tick(inline=True)
    place.tick(NOON + timedelta(minutes=20), inline=True)
    verdict, sentence = says(place, now=NOON + timedelta(minutes=21))
    assert verdict == "missed"
    assert sentence.startswith(
        "It was missed: no tick came in time; its grace is 5 minutes and its catch_up 'none'. `craft schedule:history "
    )


@pytest.mark.parametrize(
    ("minutes", "verdict", "sentence"),
    [
        (6, "late", "It has not run: no tick has come since 2026-03-03 12:01: the next tick runs it late."),
        (20, "will_be_missed", "the next tick writes it down as missed, since its grace is 5 minutes"),
    ],
)
def test_no_tick_has_come_since(place: Place, minutes: int, verdict: str, sentence: str) -> None:
    place.add(at_3()).tick(inline=True)
    found = says(place, now=NOON + timedelta(minutes=minutes))
    assert found[0] == verdict
    assert sentence in found[1]


def test_it_is_running(place: Place) -> None:
    place.add(task(nothing))
    (run,) = place.store.claim([Claim("Job", slot_of("Job", NOON), NOON)], {}, str(this_process()), NOON)
    assert says(place) == ("waiting", "It is claimed as run 1, attempt 1, and waits to be started.")
    place.store.start(run, 4711, NOON)
    place.store.beat(run.owner, clock.real_now(), MINUTE)
    verdict, sentence = says(place)
    assert verdict == "running"
    assert sentence.startswith("It is running since 2026-03-03 12:00: run 1, process 4711 on ")


def test_it_began_and_its_process_is_gone(place: Place) -> None:
    place.add(task(nothing))
    (run,) = place.store.claim([Claim("Job", slot_of("Job", NOON), NOON)], {}, process_that_is_gone(), clock.real_now())
    place.store.start(run, 4711, clock.real_now())
    verdict, sentence = says(place)
    assert verdict == "gone"
    assert sentence.startswith("It began as run 1, but process 4711 on ")
    assert sentence.endswith(" is gone: the next tick writes it down as crashed.")


def test_it_waits_for_its_jitter(place: Place) -> None:
    place.add(task(nothing))
    place.store.claim([Claim("Job", slot_of("Job", NOON), NOON, start_after=NOON + MINUTE)], {}, "", NOON)
    assert says(place)[1].endswith("waits to be started until 2026-03-03 12:01.")


def test_nothing_has_ever_called_the_scheduler(place: Place) -> None:
    place.add(at_3())
    verdict, sentence = says(place, now=NOON + timedelta(minutes=10))
    assert verdict == "no_record"
    assert sentence == (
        "It has not run: no tick has ever come; `craft schedule:doctor` tells whether anything calls the scheduler."
    )


def test_the_task_is_newer_than_the_last_tick(place: Place) -> None:
    place.tick(inline=True)
    place.add(at_3())
    assert "no tick has judged this task" in says(place, now=NOON + timedelta(minutes=10))[1]


def test_the_rule_was_another_one_then(place: Place) -> None:
    place.add(at_3()).tick(NOON + timedelta(minutes=10), inline=True)
    verdict, sentence = says(place, now=NOON + timedelta(minutes=10))
    assert verdict == "no_record"
    assert "ticks had not begun then, or the task was added or changed later" in sentence


def test_history_does_not_reach_back_that_far(place: Place) -> None:
    place.add(at_3()).tick(NOON, inline=True)
    assert "history is kept for KEEP_DAYS only" in says(place, at=NOON - timedelta(days=40) + 3 * MINUTE)[1]


# --- now -------------------------------------------------------------------------------------------------------------


def test_it_is_due_now(place: Place) -> None:
    place.add(task(nothing))
    verdict, sentence = says(place)
    assert verdict == "due"
    assert sentence.startswith("It is due now: the next tick runs it. No tick has ever come; `craft schedule:doctor` ")
    place.store.record_tick("here", NOON - MINUTE)
    assert says(place)[1] == "It is due now: the next tick runs it."
    assert "The last tick was at 2026-03-03 11:59" in says(place, now=NOON + 10 * MINUTE)[1]


def raises(_self: object) -> bool:
    raise ValueError("no answer")


def exits(_self: object) -> bool:
    sys.exit(3)


@pytest.mark.parametrize(
    ("attributes", "refusal"),
    [
        ({"environments": ("production", "staging")}, "it runs only in production and staging, and APP_ENV is local"),
        ({"when": lambda _self: False}, "its when() said no"),
    ],
)
def test_a_condition_would_let_the_next_tick_skip_it(place: Place, attributes: dict, refusal: str) -> None:
    verdict, sentence = says(place.add(task(nothing, **attributes)))
    assert verdict == "would_be_skipped"
    assert sentence.startswith(f"It is due now, and the next tick skips it: {refusal}")


def cannot_be_built(self: object) -> None:
    raise ValueError("no database")


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"when": raises}, "it raised ValueError: no answer (tests/unit/ticks/test_inquiry.py:"),
        ({"when": exits}, "it raised it called sys.exit(3)"),
        ({"__init__": cannot_be_built}, "its constructor raised ValueError: no database"),
    ],
)
def test_what_raises_lets_it_fail_and_not_be_skipped(place: Place, attributes: dict, why: str) -> None:
    verdict, sentence = says(place.add(task(nothing, **attributes)))
    assert verdict == "would_fail"
    assert sentence.startswith(f"It is due now, and the next tick lets it fail: {why}")
    assert rehearsed(place) == [("Job", "fail")]
    place.tick(inline=True)
    assert says(place)[0] == "failed"


def test_every_condition_is_shown_with_its_answer(place: Place) -> None:
    place.down = True
    place.add(task(nothing, environments="local")().when(list).skip(lambda: False))
    found = explained(place)
    assert [(answer.wanted.replace("<lambda>", "λ"), answer.refusal) for answer in found.conditions] == [
        ("it is not paused", ""),
        ("no earlier run of it still runs", ""),
        ("APP_ENV is local", ""),
        ("the app is not down for maintenance", "the app is down for maintenance"),
        ("its when condition list says yes", "its when condition list said no"),
        (
            "its skip condition test_every_condition_is_shown_with_its_answer.<locals>.λ says no",
            "",
        ),
    ]
    shown = " ".join(" ".join(as_text(found)).split())
    assert "Only if the app is not down for maintenance: no, the app is down for maintenance" in shown


@pytest.mark.parametrize(("left", "refused"), [(MINUTE, True), (-MINUTE, False)], ids=["held", "lapsed"])
def test_an_earlier_run_has_not_ended(place: Place, left: timedelta, refused: bool) -> None:
    place.add(task(nothing))
    expires = clock.real_now() + left
    place.store.acquire(Lease("Job", "theirs", "another-machine:4711:99", "web2", 4711, expires), NOON)
    refusal = explained(place).refusal
    assert refusal == ("an earlier run has not ended (process 4711 on web2)" if refused else "")


def test_a_lock_of_a_process_that_is_gone_is_in_nobodys_way(place: Place) -> None:
    place.add(task(nothing))
    expires = clock.real_now() + MINUTE
    place.store.acquire(Lease("Job", "theirs", process_that_is_gone(), "here", 1, expires), NOON)
    assert explained(place).refusal == ""


def test_a_task_that_may_overlap_waits_for_nothing(place: Place) -> None:
    conditions = explained(place.add(task(nothing, overlap=True))).conditions
    assert [answer.reason.value for answer in conditions] == ["paused", "maintenance"]


# --- another time ----------------------------------------------------------------------------------------------------


def test_it_will_run_then_and_conditions_cannot_be_foretold(place: Place) -> None:
    found = explained(place.add(at_3(environments="production")), at=NOON + timedelta(days=1, minutes=3))
    assert (found.verdict.value, verdict_of(found)) == ("coming", "It will run then, if nothing keeps it from it.")
    assert {answer.refusal for answer in found.conditions} == {None}
    assert "APP_ENV is production: cannot be foretold" in "\n".join(as_text(found))


def test_it_is_not_due_then(place: Place) -> None:
    found = explained(place.add(at_3()), at=NOON + timedelta(days=1))
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
def test_constraints_that_leave_out_the_time_are_named(place: Place, attributes: dict, refused_by: tuple) -> None:
    found = explained(place.add(task(nothing, **attributes)), at=NOON)
    assert (found.verdict.value, found.refused_by) == ("not_due", refused_by)
    sentence = verdict_of(found)
    assert all(name in sentence for name in refused_by)
    if refused_by:
        assert f"Refused     {refused_by[0]} = " in "\n".join(as_text(found))


def test_a_task_that_was_never_due_is_not_due_now(place: Place) -> None:
    never = task(nothing, run_every="1 day", run_between=("1:00", "2:00"))
    found = explained(place.add(never))
    assert verdict_of(found) == "It is not due now: its rule names other times."
    assert as_text(found)[-1] == "Next        never"


def test_a_task_on_demand(place: Place) -> None:
    verdict, sentence = says(place.add(task(nothing, name="Clean up", run_every=None)))
    assert verdict == "on_demand"
    assert sentence.endswith("`craft schedule:run --force --task 'Clean up'` runs it.")


def test_a_pause_is_known_of_another_time_too(place: Place) -> None:
    place.add(task(nothing))
    place.store.pause(Pause("Job", NOON, reason="moving"))
    assert says(place, at=NOON + 5 * MINUTE) == ("would_be_skipped", "It is due then, and that tick skips it: paused: moving.")
    found = explained(place)
    assert as_dict(found)["next"] is None
    assert as_text(found)[-1] == "Next        none while it is paused"


def test_what_comes_next_comes_behind_a_pause(place: Place) -> None:
    place.add(task(nothing))
    place.store.pause(Pause("Job", NOON, NOON + 10 * MINUTE))
    assert as_text(explained(place))[-1] == "Next        2026-03-03 12:10, in 10 minutes"
    assert as_dict(explained(place, at=NOON + 20 * MINUTE))["next"] == "2026-03-03T12:21:00+00:00"


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
    place: Place, answer: Any, at: datetime | None, verdict: str
) -> None:
    found = explained(place.add(decides(answer)), at=at)
    assert found.verdict.value == verdict
    assert as_dict(found)["says"] == verdict_of(found)
    if verdict == "asking_failed":
        assert "its should_run() raised ValueError: no answer" in verdict_of(found)


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
def test_what_a_change_of_the_clock_does_to_it(place: Place, zone: str, at: str, attributes: dict, words: str) -> None:
    place.add(task(nothing, **({"run_every": None, "timezone": zone} | attributes)))
    instant = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)
    for nearby in (instant, instant - timedelta(hours=10), instant + timedelta(hours=7)):
        found = explained(place, at=nearby)
        (said,) = [change["says"] for change in as_dict(found)["clock_changes"]]
        assert words in said
        assert said.split(", ")[0] in " ".join(" ".join(as_text(found)).split())


def test_far_from_a_change_nothing_is_said_of_it(place: Place) -> None:
    place.add(task(nothing, timezone=BERLIN))
    assert explained(place, at=datetime(2027, 3, 25, 12, tzinfo=timezone.utc)).changes == ()


# --- what would this tick do? ----------------------------------------------------------------------------------------


def rehearsed(place: Place, now: datetime = NOON, at: datetime | None = None, **how: Any) -> list[tuple[str, str]]:
    """What the tick would do, as key and plan; the store is then as it was before."""
    place.told.heard.clear()
    before = _kept(place)
    with clock.standing_at(now):
        Inquiry(place.scheduler(), place).rehearse(at, place.told, **how)
    assert _kept(place) == before
    return [(planned.key, planned.plan.value) for planned in plans(place)]


def plans(place: Place) -> list[Planned]:
    return place.told.of("planned")


def _kept(place: Place) -> tuple[Any, ...]:
    return place.store.history(), place.store.cursors(), place.store.leases(), place.store.ticks()


def test_what_is_due_would_run(place: Place) -> None:
    place.add(task(nothing), task(nothing, "Later", run_every=None, run_at="13:00"))
    place.told.explains = True
    assert rehearsed(place) == [("Job", "run")]
    assert [task.key for task in place.told.of("not_due")] == ["Later"]


def test_nothing_is_due(place: Place) -> None:
    assert rehearsed(place.add(at_3())) == []
    assert place.told.of("nothing_due") == [None]


def test_a_fire_time_that_was_started_is_left_alone(place: Place) -> None:
    place.add(task(nothing)).tick(inline=True)
    assert rehearsed(place) == [("Job", "leave")]


def test_late_fire_times_are_caught_up_and_missed_ones_written_down(place: Place) -> None:
    place.add(at_3(), task(nothing, "All", run_every="2 minutes", catch_up="all")).tick(inline=True)
    assert rehearsed(place, now=NOON + 5 * MINUTE) == [("Job", "run_late"), ("All", "run_late"), ("All", "run_late")]
    assert rehearsed(place, now=NOON + 20 * MINUTE)[0] == ("Job", "miss")


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [({"environments": "production"}, "environment"), ({"when": lambda _self: False}, "condition")],
)
def test_what_its_conditions_refuse_would_be_skipped(place: Place, attributes: dict, reason: str) -> None:
    assert rehearsed(place.add(task(nothing, **attributes))) == [("Job", "skip")]
    assert plans(place)[0].as_dict()["skip_reason"] == reason


def test_while_the_app_is_down_it_would_be_skipped(place: Place) -> None:
    place.down = True
    assert rehearsed(place.add(task(nothing))) == [("Job", "skip")]


def test_what_still_runs_would_be_skipped(place: Place) -> None:
    place.add(task(nothing))
    expires = clock.real_now() + MINUTE
    place.store.acquire(Lease("Job", "theirs", "another-machine:4711:99", "web2", 4711, expires), NOON)
    assert rehearsed(place) == [("Job", "skip")]
    assert plans(place)[0].detail == "an earlier run has not ended (process 4711 on web2)"


def test_another_time_is_foretold_as_if_every_tick_before_had_come(place: Place) -> None:
    place.add(task(nothing, environments="production", when=raises)).tick(inline=True)
    assert rehearsed(place, at=NOON + timedelta(days=1)) == [("Job", "run")]
    assert plans(place)[0].detail == "if APP_ENV is production and its when() says yes"


def test_a_task_that_starts_later_by_its_jitter_is_told_so(place: Place) -> None:
    rehearsed(place.add(task(nothing, jitter="1 hour")))
    assert plans(place)[0].detail.endswith(" later, its jitter")


def test_with_force_everything_chosen_would_run(place: Place) -> None:
    place.add(task(fails, "A", environments="production"), task(nothing, "B", run_every=None))
    assert rehearsed(place, force=True) == [("A", "run"), ("B", "run")]
    assert rehearsed(place, names=["B"], force=True) == [("B", "run")]
    with pytest.raises(UnknownTask):
        rehearsed(place, names=["C"])


def test_a_should_run_that_raises_is_told_as_by_the_tick(place: Place) -> None:
    place.add(decides(ValueError("no answer")))
    assert rehearsed(place) == []
    assert "no answer" in place.told.of("found_broken")[0].error


def pending(place: Place, owner: str = "", **more: Any) -> None:
    claim = Claim("Job", slot_of("Job", NOON, more.get("attempt", 1)), NOON, **more)
    place.store.claim([claim], {"Job": NOON + MINUTE}, owner, clock.real_now())


def test_retries_that_are_pending_would_be_started_or_waited_for(place: Place) -> None:
    place.add(at_3())
    pending(place, attempt=2, start_after=clock.real_now() - MINUTE)
    assert rehearsed(place, now=NOON + MINUTE) == [("Job", "retry")]
    pending(place, attempt=3, start_after=clock.real_now() + 10 * MINUTE)
    assert rehearsed(place, now=NOON + MINUTE) == [("Job", "retry"), ("Job", "wait")]
    assert "attempt 3 starts at" in plans(place)[1].detail


def test_what_was_claimed_and_never_started_would_be_started_or_missed(place: Place) -> None:
    place.add(at_3(), task(nothing, "Other", run_every=None))
    pending(place)
    assert rehearsed(place, now=NOON + MINUTE) == [("Job", "run")]
    assert rehearsed(place, now=NOON + 20 * MINUTE) == [("Job", "miss"), ("Job", "miss")]
    assert rehearsed(place, now=NOON + MINUTE, names=["Other"]) == []


def test_a_run_that_waits_for_its_jitter_is_told_once(place: Place) -> None:
    place.add(task(nothing))
    pending(place, start_after=clock.real_now() + MINUTE)
    assert rehearsed(place) == [("Job", "wait")]


def test_a_run_whose_process_is_gone_would_be_written_down_as_crashed(place: Place) -> None:
    place.add(at_3())
    pending(place, owner=process_that_is_gone())
    place.store.start(place.store.open_runs()[0], 4711, clock.real_now())
    assert rehearsed(place, now=NOON + MINUTE) == [("Job", "write_down_as_crashed")]
    assert plans(place)[0].detail.startswith("process 4711 on ")


def test_a_run_of_a_task_that_is_no_more_would_be_missed(place: Place) -> None:
    pending(place)
    assert rehearsed(place, now=NOON + 20 * MINUTE) == [("Job", "miss")]


def test_a_run_that_somebody_sees_to_is_theirs(place: Place) -> None:
    place.add(at_3())
    pending(place, owner="another-machine:4711:99")
    assert rehearsed(place, now=NOON + MINUTE) == []
