"""`craft schedule:install`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, InstallationFailed, WrongUsage

if TYPE_CHECKING:
    from scheduler.installation.Installation import Installation
    from scheduler.installation.UserCrontab import UserCrontab
    from scheduler.installation.UserUnits import UserUnits


class ScheduleInstallCommand(ScheduleCommand):
    """
    Let cron or systemd call the scheduler every minute

    schedule:install
        {--show : Say what would be done, without doing it}
        {--remove : Take out again what this installs}
        {--systemd : A systemd user service and timer, in place of a line of cron}
        {--work : With --systemd, a service that runs schedule:work for good, in place of a timer}
        {--id=? : The id by which this app's lines are found again, in place of one of APP_NAME, APP_ENV and APP_KEY}
    """

    def act(self) -> int:
        """Install, remove or show, and return the exit code."""
        from scheduler.installation.surroundings import installation_here

        if self.option("work") and not self.option("systemd"):
            raise WrongUsage("--work goes with --systemd: `craft schedule:install --systemd --work`.")
        installation = installation_here(self._id(), self.app.base_path)
        if sys.platform == "win32":
            return self._say_for_windows(installation)
        place = self._units(installation) if self.option("systemd") else self._crontab(installation)
        if self.option("show"):
            lines = place.shown_removal() if self.option("remove") else place.shown()
        else:
            lines = place.remove() if self.option("remove") else place.install()
        try:
            for line in lines:
                self.say(line)
        except OSError as error:
            mend = "run this as the user that the app runs as"
            raise InstallationFailed(f"{error.filename}: {error.strerror}; {mend}.") from None
        return OK

    def _id(self) -> str:
        from scheduler.commands.options import WITHOUT_VALUE
        from scheduler.installation.identity import checked_id, identity_of

        given = self.option("id")
        if given in WITHOUT_VALUE:
            raise WrongUsage("--id needs a value: --id blog.")
        if given is not None:
            return checked_id(str(given))
        return identity_of(*self.app.identity())

    def _crontab(self, installation: Installation) -> UserCrontab:
        from scheduler import clock
        from scheduler.installation.UserCrontab import UserCrontab

        return UserCrontab(installation, clock.now())

    def _units(self, installation: Installation) -> UserUnits:
        from math import ceil

        from scheduler.installation.systemd import timer_units, work_units
        from scheduler.installation.UserUnits import UserUnits
        from scheduler.Settings import Settings

        if not self.option("work"):
            return UserUnits(installation, timer_units(installation))
        settings = Settings.read(self.app.setting)
        stop_seconds = ceil((settings.stop_grace + settings.kill_grace).total_seconds())
        return UserUnits(installation, work_units(installation, stop_seconds))

    def _say_for_windows(self, installation: Installation) -> int:
        from scheduler.installation.windows import command, removal

        if not self.option("show"):
            raise WrongUsage("There is no cron on Windows: type the line that `craft schedule:install --show` shows.")
        self.say(removal(installation) if self.option("remove") else command(installation))
        return OK
