"""The cron dialect: Debian's, with `L`, `LW`, `15W`, `5#2` and `5L`."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from scheduler.errors import InvalidSchedule, UnacceptableValue
from scheduler.rules import Recurrence, ZonedMinute, cron, declared_rule

from .cases import cases
from .model import cron_part, in_utc
from .zones import UTC

VALIDITY = cases("cron_validity")
NEXT = cases("cron_next_cronsim")


def refused(expression: str) -> str:
    """Return the error of an expression that is refused."""
    with pytest.raises(InvalidSchedule) as caught:
        declared_rule("SayHi", {"run_cron": expression})
    message = str(caught.value)
    if len(expression) < 70:
        assert message.startswith(f"SayHi.run_cron = {expression!r}: ")
    assert message.startswith("SayHi.run_cron = ")
    assert len(message) < 400
    return message


def runs(expression: str, count: int, after: datetime = in_utc(2024, 1, 1)) -> list[str]:
    rule, found = cron(expression), []
    while len(found) < count and (instant := rule.next_after(after, UTC)):
        found.append(f"{instant:%Y-%m-%d %H:%M}")
        after = instant
    return found


def same(one: str, other: str) -> bool:
    """Return whether two expressions name the same minutes."""
    first, second = cron(one), cron(other)
    return (first.times, first.days, first.wild) == (second.times, second.days, second.wild)


# -- what is accepted, and what refused --


@pytest.mark.parametrize("case", [case for case in VALIDITY if case["valid"]], ids=lambda case: case["cron"])
def test_valid_expressions_are_accepted(case):
    assert isinstance(cron(case["cron"]), Recurrence)


@pytest.mark.parametrize("case", [case for case in VALIDITY if not case["valid"]], ids=lambda case: case["cron"])
def test_invalid_expressions_are_refused(case):
    assert refused(case["cron"])


def test_cron_follows_debian_where_dialects_differ():
    """The disputed cases: 7 is Sunday, names may be in any case, a range never wraps, day of month OR day of week."""
    disputed = {case["cron"] for case in cases("cron_validity", "disputed")}
    assert disputed == {"* * * * 7", "* * * * sun", "0 0 * * 7-4", "0 0 1 * 1"}
    assert same("* * * * 7", "* * * * 0")
    assert same("* * * * sun", "* * * * 0")
    assert "runs backwards" in refused("0 0 * * 7-4")
    assert runs("0 0 1 * 1", 4, in_utc(2024, 1, 25)) == [
        "2024-01-29 00:00", "2024-02-01 00:00", "2024-02-05 00:00", "2024-02-12 00:00"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("0 0 ? * 1", "'?' is Quartz's: use '*'"),
        ("H 0 * * *", "'H' is Jenkins': use a fixed number"),
        ("H/15 * * * *", "'H' is Jenkins': use a fixed number"),
        ("R 0 * * *", "'R' (a random time) is not supported: use a fixed number"),
        ("0~30 * * * *", "'~' (a random time) is not supported: use a fixed number"),
        ("~ * * * *", "'~' (a random time) is not supported: use a fixed number"),
        ("5-1 * * * *", "minute '5-1' runs backwards: write it as two ranges"),
        ("0 22-6 * * *", "hour '22-6' runs backwards: write it as two ranges"),
        ("0 0 * * fri-mon", "runs backwards: write it as two ranges"),
        ("@reboot", "'@reboot' is not a time"),
        ("@fortnightly", "unknown nickname '@fortnightly'"),
        ("*/15 * * * * *", "6 fields instead of 5; for seconds use run_every = '10 seconds'"),
        ("0 0 12 * * ? 2030", "7 fields instead of 5; for seconds use run_every = '10 seconds'"),
        ("* * * *", "4 fields instead of 5"),
        ("* * * * * * * *", "8 fields instead of 5"),
        ("60 * * * *", "minute '60' is not within 0-59"),
        ("* 24 * * *", "hour '24' is not within 0-23"),
        ("* * 0 * *", "day of month '0' is not within 1-31"),
        ("* * 32W * *", "day of month '32' is not within 1-31"),
        ("* * * 13 *", "month '13' is not within 1-12"),
        ("* * * * 8", "day of week '8' is not within 0-7"),
        ("* * * * 8L", "day of week '8' is not within 0-7"),
        ("* * * * mon-foo", "day of week 'foo' is not understood"),
        ("* * * mon *", "month 'mon' is not understood"),
        ("* * * * jan", "day of week 'jan' is not understood"),
        ("*/0 * * * *", "minute '*/0' has a step of 0"),
        ("5/0 * * * *", "minute '5/0' has a step of 0"),
        ("* * * * 1#6", "a month has no weekday number 6"),
        ("* * * * 1#0", "a month has no weekday number 0"),
        ("0 0 31 2 *", "names days that no year has, so it never fires"),
        ("0 0 31 4,6,9,11 *", "names days that no year has, so it never fires"),
        ("0 0 30W 2 *", "names days that no year has, so it never fires"),
        ("0 0 31 2 */2", "names days that no year has, so it never fires"),
    ],
)
def test_a_refusal_says_why_and_what_to_write(expression: str, hint: str):
    assert hint in refused(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "x", "* * * * mon tue", ", * * * *", "1, * * * *", ",1 * * * *", "- * * * *", "1- * * * *", "-1 * * * *", "1-2-3 * * * *",
        "*-5 * * * *", "*5 * * * *", "1/*/2 * * * *", "1/2/3 * * * *", "1/-2 * * * *", "1.5 * * * *", "+1 * * * *", "0x1 * * * *",
        "* * L-3 * *", "* * 1L * *", "* * W * *", "* * L/2 * *", "* * 1-5W * *", "* L * * *", "L * * * *", "* * * L *", "* * * * L",
        "* * * * #1", "* * * * 1#", "* * * * 1#-1", "* * * * 1-5#2", "* * * * 1-5L", "* * * * LW", "* * * * 5W", "* * * * monday",
        "* * * january *", "* * * * m", "* * * * 1#1#1", "@", "@@daily", "@daily *", "@DAILY 5",
    ],
)  # fmt: skip
def test_a_misspelt_expression_is_refused(expression: str):
    refused(expression)


def test_an_empty_expression_is_refused():
    """On a task an empty string stands for "not declared"."""
    for blank in ("", " ", "\t"):
        with pytest.raises(UnacceptableValue, match="0 fields instead of 5"):
            cron(blank)
        assert declared_rule("SayHi", {"run_cron": blank}) is None


@pytest.mark.parametrize(
    "expression",
    [
        "٥ * * * *", "¹ * * * *", "１ * * * *", "1_0 * * * *", "* * * * frı", "* * * * ſun", "* * * * \u212aon", "@wee\u212aly",
        "* * * \u212aan *", "*\u00a0* * * *", "*\u3000* * * *", "*\x1c* * * *", "\ud800 * * * *",
    ],
)  # fmt: skip
def test_anything_but_ascii_is_refused(expression: str):
    """Digits of other scripts, letters that become ASCII in upper or lower case, blanks that are not blanks."""
    refused(expression)


@pytest.mark.parametrize("field", range(5))
def test_a_number_of_any_length_is_refused_at_once(field: int):
    """Bounds are checked before anything is computed from a number."""
    for number in ("9" * 30, "1" * 5000, "0-" + "9" * 5000):
        fields = ["*"] * 5
        fields[field] = number
        refused(" ".join(fields))


def test_a_step_of_any_length_is_no_more_than_a_long_step():
    """A step longer than the field leaves its first number; an absurdly long one may also be refused, with our error."""
    assert same("*/99 * * * *", "*/60 * * * *")
    try:
        assert same("*/" + "9" * 5000 + " * * * *", "*/60 * * * *")
    except UnacceptableValue as error:
        assert "minute" in error.problem


# -- what it means --


def test_any_run_of_blanks_separates_fields():
    assert same("  0\t\t9  *   * \t mon-fri ", "0 9 * * mon-fri")


def test_names_of_months_and_days_may_be_in_any_case():
    assert same("0 0 * jAn,FEB-apr Mon-fri,SUN", "0 0 * 1,2-4 1-5,0")


def test_zero_and_seven_are_both_sunday():
    assert same("0 0 * * 0", "0 0 * * 7")
    assert same("0 0 * * 5-7", "0 0 * * 0,5,6")
    assert same("0 0 * * 7L", "0 0 * * sunL")
    assert same("0 0 * * 7#2", "0 0 * * sun#2")


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("*/20 * * * *", "0-59/20 * * * *"),
        ("5/20 0 * * *", "5,25,45 0 * * *"),
        ("5-30/10 0 * * *", "5,15,25 0 * * *"),
        ("0 20/2 * * *", "0 20,22 * * *"),
        ("0 0 29/2 * *", "0 0 29,31 * *"),
        ("0 0 1 10/2 *", "0 0 1 10,12 *"),
        ("0 0 * * 4/2", "0 0 * * 4,6"),
        ("0 0 * * 5/2", "0 0 * * 5,0"),
    ],
)
def test_a_step_runs_to_the_end_of_its_field(short: str, long: str):
    first, second = cron(short), cron(long)
    assert (first.times, first.days) == (second.times, second.days)


@pytest.mark.parametrize(
    ("nickname", "expression"),
    [
        ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"), ("@monthly", "0 0 1 * *"), ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@hourly", "0 * * * *"), (" @Daily ", "0 0 * * *"),
    ],
)  # fmt: skip
def test_nicknames_such_as_daily_stand_for_five_fields(nickname: str, expression: str):
    assert same(nickname, expression)


@pytest.mark.parametrize("case", NEXT, ids=lambda case: case["name"])
def test_the_next_runs_are_those_of_cronsims_own_tests(case):
    if "dialect" in case:
        assert case["dialect"] == ["6 fields"]
        assert "for seconds use run_every = '10 seconds'" in refused(case["cron"])
        return
    start = datetime.fromisoformat(case["start"]).replace(tzinfo=UTC)
    expected = [datetime.fromisoformat(run).strftime("%Y-%m-%d %H:%M") for run in case["expected_runs"]]
    assert runs(case["cron"], len(expected), start) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 L * *", ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]),
        ("0 0 LW * *", ["2024-01-31", "2024-02-29", "2024-03-29", "2024-04-30"]),
        ("0 0 15W * *", ["2024-01-15", "2024-02-15", "2024-03-15", "2024-04-15", "2024-05-15", "2024-06-14"]),
        ("0 0 1W 6,9 *", ["2024-06-03", "2024-09-02"]),  # a Saturday and a Sunday: never into the month before
        ("0 0 2W 3,11 *", ["2024-03-01", "2024-11-01"]),  # a Saturday: the Friday before, the first of the month
        ("0 0 31W 3,8 *", ["2024-03-29", "2024-08-30"]),  # a Sunday and a Saturday: never into the month after
        (
            "0 0 31W * *",
            ["2024-01-31", "2024-03-29", "2024-05-31", "2024-07-31", "2024-08-30"],
        ),  # months that have a 31st
        ("0 0 29W 2 *", ["2024-02-29", "2028-02-29", "2032-02-27"]),
        ("0 0 * * 5L", ["2024-01-26", "2024-02-23", "2024-03-29"]),
        ("0 0 * * 5#2", ["2024-01-12", "2024-02-09", "2024-03-08"]),
        ("0 0 * * 4#5", ["2024-02-29", "2024-05-30", "2024-08-29"]),  # months that have five Thursdays
        ("0 0 1,L * *", ["2024-01-31", "2024-02-01", "2024-02-29", "2024-03-01"]),
        ("0 0 13 * 5", ["2024-01-05", "2024-01-12", "2024-01-13", "2024-01-19"]),  # either
        ("0 0 */13 * 5", ["2024-03-01", "2024-06-14", "2024-09-27", "2024-11-01"]),  # both
        ("0 0 13 * */5", ["2024-09-13", "2024-10-13", "2024-12-13"]),  # both: Fridays and Sundays
        ("0 0 2,* * 1", ["2024-01-02", "2024-01-03"]),  # either: it does not start with a star
        ("0 0 *,2 * 1", ["2024-01-08", "2024-01-15"]),  # both
        ("0 0 29 2 *", ["2024-02-29", "2028-02-29", "2032-02-29"]),
        ("0 0 29 2 */7", ["2032-02-29", "2060-02-29"]),
        ("0 0 * 2 4#5", ["2024-02-29", "2052-02-29"]),
    ],
)
def test_expressions_with_special_days_fire_on_these_dates(expression: str, expected: list[str]):
    assert runs(expression, len(expected)) == [f"{day} 00:00" for day in expected]


def test_the_31st_of_february_or_a_monday_is_every_monday_in_february():
    assert runs("0 0 31 2 mon", 2) == ["2024-02-05 00:00", "2024-02-12 00:00"]


@pytest.mark.parametrize(
    ("expression", "wild"),
    [
        ("* * * * *", True), ("*/5 3 * * *", True), ("0 * * * *", True), ("0 */2 * * *", True), ("0 *,1 * * *", True),
        ("0 3 * * *", False), ("0-59 3 * * *", False), ("0 0-23 * * *", False), ("0 3 */2 * *", False), ("@hourly", True), ("@daily", False),
    ],
)  # fmt: skip
def test_a_star_at_the_start_of_minute_or_hour_makes_it_wild(expression: str, wild: bool):
    assert cron(expression).wild is wild


def test_every_minute_of_a_year_is_judged_as_the_plain_model_does():
    expressions = ("*/7 2-4,22/1 1-7,L * 1#1,5", "13 5 * 2,12 */3", "1,59 */11 15W,LW * mon-wed")
    for expression in expressions:
        rule, says = cron(expression), cron_part(expression).says
        instant = in_utc(2024, 1, 1)
        while instant < in_utc(2025, 1, 1):
            if rule.matches(ZonedMinute.of(instant, UTC)) != says(instant.replace(tzinfo=None)):
                pytest.fail(f"{expression} at {instant}")
            instant += timedelta(minutes=13)


# -- in words --


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("0 * * * *", "at :00 of every hour"),
        ("0 9 * * mon-fri", "at 9:00 on weekdays"),
        ("30 5,17 * * *", "at 5:30 and 17:30"),
        ("0 */2 * * *", "at :00 of every 2 hours"),
        ("*/5 8-17 * * *", "every 5 minutes of hours 8-17"),
        ("0 0 1,15 * *", "at 0:00 on days 1 and 15"),
        ("0 0 1 * *", "at 0:00 on day 1"),
        ("0 0 1 1 *", "at 0:00 on day 1 in January"),
        ("0 0 13 * 5", "at 0:00 on day 13 or Friday"),
        ("0 0 */13 * 5", "at 0:00 on days 1, 14 and 27 and Friday"),
        ("0 0 L * *", "at 0:00 on the last day"),
        ("0 0 LW * *", "at 0:00 on the last weekday"),
        ("0 0 15W * *", "at 0:00 on the weekday nearest to day 15"),
        ("0 0 * * 5L", "at 0:00 on the last Friday of the month"),
        ("0 0 * * 5#2", "at 0:00 on the second Friday of the month"),
        ("0 0 * 6,7,8 0,6", "at 0:00 on weekends in June, July and August"),
        ("1-5,20 * * * *", "at :01, :02, :03, :04, :05 and :20 of every hour"),
        ("*/7 * * * *", "at :00, :07, :14, :21, :28, :35, :42, :49 and :56 of every hour"),
    ],
)
def test_cron_expressions_are_described_in_words(expression: str, words: str):
    assert cron(expression).describe() == words
