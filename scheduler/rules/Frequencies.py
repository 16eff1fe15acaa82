"""The methods of a task that give names to frequencies and days; each is another method with a fixed value."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

Self = TypeVar("Self", bound="Recurring")


class Recurring(Protocol):
    """The methods that the names stand for."""

    def every(self: Self, interval: Any) -> Self:
        """Run every `interval`."""

    def at_twice(self: Self, *times: Any) -> Self:
        """Run at two times each day."""

    def on(self: Self, *days: Any) -> Self:
        """Run only on these days of the week."""

    def on_days_of_month(self: Self, *days: Any) -> Self:
        """Run only on these days of the month."""


class Frequencies:
    """Frequencies and days by name."""

    def every_second(self: Self) -> Self:
        """Run every second."""
        return self.every("1 second")

    def every_5_seconds(self: Self) -> Self:
        """Run every 5 seconds."""
        return self.every("5 seconds")

    def every_10_seconds(self: Self) -> Self:
        """Run every 10 seconds."""
        return self.every("10 seconds")

    def every_15_seconds(self: Self) -> Self:
        """Run every 15 seconds."""
        return self.every("15 seconds")

    def every_20_seconds(self: Self) -> Self:
        """Run every 20 seconds."""
        return self.every("20 seconds")

    def every_30_seconds(self: Self) -> Self:
        """Run every 30 seconds."""
        return self.every("30 seconds")

    def every_minute(self: Self) -> Self:
        """Run every minute."""
        return self.every("1 minute")

    def every_5_minutes(self: Self) -> Self:
        """Run every 5 minutes."""
        return self.every("5 minutes")

    def every_10_minutes(self: Self) -> Self:
        """Run every 10 minutes."""
        return self.every("10 minutes")

    def every_15_minutes(self: Self) -> Self:
        """Run every 15 minutes."""
        return self.every("15 minutes")

    def every_30_minutes(self: Self) -> Self:
        """Run every 30 minutes."""
        return self.every("30 minutes")

    def every_45_minutes(self: Self) -> Self:
        """Run every 45 minutes, evenly across midnight."""
        return self.every("45 minutes")

    def hourly(self: Self) -> Self:
        """Run at minute 0 of every hour, or at the minutes of `at(':15')`."""
        return self.every("1 hour")

    def daily(self: Self) -> Self:
        """Run every day at 0:00, or at the times of `at`."""
        return self.every("1 day")

    def weekly(self: Self) -> Self:
        """Run on Sunday at 0:00, or on the days of `on` and at the times of `at`."""
        return self.every("1 week")

    def monthly(self: Self) -> Self:
        """Run on day 1 at 0:00, or on the days of `on_days_of_month` and at the times of `at`."""
        return self.every("1 month")

    def quarterly(self: Self) -> Self:
        """Run on the first day of January, April, July and October at 0:00, or at the times of `at`."""
        return self.every("1 quarter")

    def yearly(self: Self) -> Self:
        """Run on 1 January at 0:00, or at the times of `at`."""
        return self.every("1 year")

    def twice_daily_at(self: Self, *times: Any) -> Self:
        """Run at two times each day: (1, 13) or ('1:30', '13:30')."""
        return self.at_twice(*times)

    def weekdays(self: Self) -> Self:
        """Run only from Monday to Friday."""
        return self.on("weekdays")

    def weekends(self: Self) -> Self:
        """Run only on Saturday and Sunday."""
        return self.on("weekends")

    def mondays(self: Self) -> Self:
        """Run only on Mondays."""
        return self.on("monday")

    def tuesdays(self: Self) -> Self:
        """Run only on Tuesdays."""
        return self.on("tuesday")

    def wednesdays(self: Self) -> Self:
        """Run only on Wednesdays."""
        return self.on("wednesday")

    def thursdays(self: Self) -> Self:
        """Run only on Thursdays."""
        return self.on("thursday")

    def fridays(self: Self) -> Self:
        """Run only on Fridays."""
        return self.on("friday")

    def saturdays(self: Self) -> Self:
        """Run only on Saturdays."""
        return self.on("saturday")

    def sundays(self: Self) -> Self:
        """Run only on Sundays."""
        return self.on("sunday")

    def last_day_of_month(self: Self) -> Self:
        """Run only on the last day of a month."""
        return self.on_days_of_month("last")
