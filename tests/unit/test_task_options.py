"""The options of a task: their values, and the errors for invalid ones."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from scheduler import Task
from scheduler.config.Settings import Settings
from scheduler.config.TaskOptions import TaskOptions, options_of, read_options
from scheduler.errors import InvalidSchedule


def test_a_task_that_says_nothing_has_the_apps_policy() -> None:
    assert options_of("Plain", Task()) == TaskOptions()
    assert options_of("Plain", Task(), TaskOptions(retries=2)).retries == 2


def test_options_of_a_task_override_the_settings() -> None:
    class Patient(Task):
        timeout = None
        grace = "10 minutes"
        catch_up = "latest"
        retries = 3
        overlap = True

    options = options_of("Patient", Patient())
    assert options == TaskOptions(timeout=None, grace=timedelta(minutes=10), catch_up="latest", retries=3, overlap=True)


class Alert:
    """A notification class of Masonite, as far as options know it."""

    def via(self, notifiable: object) -> list[str]:
        return ["mail"]


@pytest.mark.parametrize(
    ("attribute", "value", "problem"),
    [
        ("timeout", "5 minuets", "unknown unit 'minuets'"),
        ("timeout", 0, "int is not a duration"),
        ("timeout", "0 seconds", "leaves no time at all"),
        ("grace", "-1 minute", "the count -1 is not a whole number from 0"),
        ("catch_up", "some", "is not one of 'none', 'latest' and 'all'"),
        ("retries", -1, "is not a whole number, 0 or more"),
        ("retries", True, "is not a whole number, 0 or more"),
        ("overlap", "yes", "is neither True nor False"),
        ("jitter", "a bit", "is not a count and a unit"),
        ("run_when_paused", "yes", "is neither True nor False"),
        ("notify_on_failure", ["ops@example.com", "nope"], "'nope' is not a mail address, a Slack channel, a webhook or a notification class"),
        ("notify_on_failure", [5], "5 is not a mail address"),
        ("notify_on_failure", 5, "5 is not a mail address"),
        ("notify_on_failure", True, "True is not a mail address"),
        ("notify_on_failure", "a@b.c, d@e.f", "is not a mail address"),
        ("notify_on_failure", "#", "'#' is not a mail address"),
        ("notify_on_failure", "ftp://example.com/hook", "is not a mail address"),
        ("notify_on_failure", "https://user:hunter2@/hook", "'https://***@/hook' is not a mail address"),
        ("notify_on_failure", Path, "is not a mail address"),
        ("notify_on_success", "nobody", "is not a mail address"),
        ("ping_url", 5, "is not an http(s) URL"),
        ("ping_url", "hc-ping.com/uuid", "is not an http(s) URL"),
        ("ping_url", "ftp://hc-ping.com/uuid", "is not an http(s) URL"),
        ("ping_url", "https:///uuid", "is not an http(s) URL"),
        ("ping_url", "https://hc-ping.com:99999/", "is not an http(s) URL"),
        ("ping_url", "https://hc-ping.com/a b", "is not an http(s) URL"),
        ("ping_url", "https://hc-ping.com/ünï", "is not an http(s) URL"),
        ("ping_url", "", "is not an http(s) URL"),
        ("output_to", 5, "is not the path of a file"),
        ("output_to", "", "is not the path of a file"),
        ("append_output_to", "storage/logs/", "is not the path of a file"),
        ("append_output_to", "a\0b", "is not the path of a file"),
        ("append_output_to", b"a", "is not the path of a file"),
    ],
)
def test_an_invalid_value_is_named_with_its_fix(attribute: str, value: object, problem: str) -> None:
    with pytest.raises(InvalidSchedule, match=f"Hasty.{attribute} = ") as raised:
        read_options("Hasty", {attribute: value})
    assert problem in str(raised.value)
    assert "(try " in str(raised.value)


@pytest.mark.parametrize(
    ("attribute", "value", "read"),
    [
        ("notify_on_failure", None, ()),
        ("notify_on_failure", False, ()),
        ("notify_on_failure", "ops@example.com", ("ops@example.com",)),
        ("notify_on_failure", ["#ops", "#ops", "a@b"], ("#ops", "a@b")),
        ("notify_on_failure", {"https://hooks.slack.com/services/T/B/x"}, ("https://hooks.slack.com/services/T/B/x",)),
        ("notify_on_failure", "https://example.com/hook", ("https://example.com/hook",)),
        ("notify_on_failure", [Alert, "#ops"], (Alert, "#ops")),
        ("notify_on_success", Alert, (Alert,)),
        ("ping_url", None, None),
        ("ping_url", "http://user:secret@[::1]:8000/a?b=c", "http://user:secret@[::1]:8000/a?b=c"),
        ("output_to", None, None),
        ("output_to", Path("storage/a.log"), "storage/a.log"),
        ("append_output_to", "/var/log/a b.log", "/var/log/a b.log"),
    ],
)
def test_recipients_and_output_files_are_options(attribute: str, value: object, read: object) -> None:
    assert getattr(read_options("Chatty", {attribute: value}), attribute) == read


def test_output_files_are_set_by_attributes_and_by_methods() -> None:
    class Declared(Task):
        output_to = "a.log"

    assert options_of("Declared", Declared).output_to == "a.log"
    assert options_of("Declared", Declared()).output_to == "a.log"
    told = Task().output_to("b.log").append_output_to("c.log").output_to("d.log")
    assert options_of("NotifiableTask", told) == TaskOptions(output_to="d.log", append_output_to="c.log")
    assert options_of("Plain", Task) == TaskOptions()


def test_a_method_refuses_an_invalid_path_at_once() -> None:
    with pytest.raises(InvalidSchedule, match=r"Task.output_to = 5: is not the path of a file"):
        Task().output_to(5)


def test_options_of_a_single_task_are_not_settings() -> None:
    values = {"ping_url": 5, "run_when_paused": 5, "output_to": 5, "notify_on_failure": "#ops", "log_channel": "daily"}
    settings = Settings.read(values.get)
    assert settings.options == TaskOptions(notify_on_failure=("#ops",))
    assert settings.log_channel == "daily"


def test_settings_have_defaults() -> None:
    assert Settings.read(lambda name: None) == Settings()


def test_settings_are_read_by_name() -> None:
    given = {"store": "database", "workers": 2, "lease": "5 seconds", "keep_days": 7, "retries": 1, "timeout": "none"}
    settings = Settings.read(given.get)
    assert (settings.store, settings.workers, settings.keep_days) == ("database", 2, 7)
    assert settings.lease == timedelta(seconds=5)
    assert settings.options == TaskOptions(retries=1, timeout=None)


@pytest.mark.parametrize(
    ("name", "value"),
    [("store", "redis"), ("workers", 0), ("workers", "8"), ("lease", "0 seconds"), ("keep_days", True), ("keep_days", 999999), ("workers", 10**7), ("path", 5), ("stop_grace", "soon"), ("timezone", "Europe/Rigga"), ("catch_up", "maybe"), ("log_channel", 5), ("notify_on_failure", ["nope"])],
)
def test_an_invalid_setting_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidSchedule, match=rf"config/scheduler\.(?i:{name}) = "):
        Settings.read({name: value}.get)


# --- retries that back off ---------------------------------------------------------------------------------------------


def delays(options: TaskOptions, retries: int) -> list[float]:
    return [options.delay_before(attempt, "seed").total_seconds() for attempt in range(2, retries + 2)]


def test_one_delay_holds_for_every_retry_and_several_one_after_the_other() -> None:
    assert delays(read_options("T", {"retries": 3, "retry_delay": "1 minute"}), 3) == [60, 60, 60]
    steps = read_options("T", {"retries": 5, "retry_delay": ("1 minute", "5 minutes", "30 minutes")})
    assert delays(steps, 5) == [60, 300, 1800, 1800, 1800]


def test_several_delays_are_as_many_retries_unless_a_task_says_how_many() -> None:
    assert read_options("T", {"retry_delay": ("1 minute", "5 minutes")}).retries == 2
    assert read_options("T", {"retry_delay": ("1 minute", "5 minutes"), "retries": 7}).retries == 7
    assert read_options("T", {"retry_delay": "1 minute"}).retries == 0


def test_a_backoff_doubles_to_its_limit_minus_up_to_a_fifth() -> None:
    options = read_options("T", {"retries": 9, "retry_delay": "1 minute", "retry_backoff": "exponential", "retry_delay_limit": "10 minutes"})
    for found, whole in zip(delays(options, 9), [60, 120, 240, 480, 600, 600, 600, 600, 600], strict=True):
        assert 0.8 * whole <= found <= whole
    assert delays(options, 9) == delays(options, 9), "the same for the same run, on every server"
    assert options.delay_before(5, "one") != options.delay_before(5, "other")


def test_a_backoff_without_a_delay_goes_from_a_minute_to_an_hour() -> None:
    options = read_options("T", {"retries": 1000, "retry_backoff": "exponential"})
    assert 48 <= options.delay_before(2).total_seconds() <= 60
    assert 2880 <= options.delay_before(1000).total_seconds() <= 3600


def test_a_method_sets_the_same_as_the_attributes() -> None:
    task = Task().retry(3, delay=("1 minute", "2 minutes"), backoff="exponential", longest="30 minutes")
    values = {"retries": 3, "retry_delay": ("1 minute", "2 minutes"), "retry_backoff": "exponential", "retry_delay_limit": "30 minutes"}
    assert options_of("T", task) == read_options("T", values)
    assert options_of("T", Task().retry(2)) == TaskOptions(retries=2)


@pytest.mark.parametrize(
    ("attribute", "value", "problem"),
    [
        ("retry_delay", (), "is empty"),
        ("retry_delay", ("1 minute", "soon"), "unknown unit 'soon'"),
        ("retry_delay", ("1 minute",) * 101, "has more than 100 delays"),
        ("retry_backoff", "linear", "is not one of 'none' and 'exponential'"),
        ("retry_delay_limit", "month", "a month has no fixed length"),
        ("retries", 10**9, "is more than 1000000"),
    ],
)
def test_an_invalid_retry_is_refused(attribute: str, value: object, problem: str) -> None:
    with pytest.raises(InvalidSchedule, match=problem):
        read_options("T", {attribute: value})
