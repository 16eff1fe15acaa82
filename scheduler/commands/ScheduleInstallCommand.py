"""`craft schedule:install`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scheduler.commands.ScheduleCommand import ScheduleCommand
from scheduler.errors import OK, InstallationFailed, WrongUsage
from scheduler.private_folder import FOLDER, NotPrivate

if TYPE_CHECKING:
    from scheduler.installation.Installation import Installation
    from scheduler.installation.UserCrontab import UserCrontab
    from scheduler.installation.UserUnits import UserUnits


class ScheduleInstallCommand(ScheduleCommand):
    """
    Let cron or systemd run the scheduler every minute

    schedule:install
        {--show : Show what would be done, without doing it}
        {--remove : Remove what this command installed}
        {--systemd : Install a systemd user service and timer instead of a cron line}
        {--work : With --systemd, install a service that keeps schedule:work running, instead of a timer}
        {--id=? : The id of this app's lines, instead of one made of APP_NAME, APP_ENV and APP_KEY}
    """

    def act(self) -> int:
        """Install, remove or show, and return the exit code."""
        from scheduler.installation.environment import cron_runs, installation_here

        if self.option("work") and not self.option("systemd"):
            raise WrongUsage("--work goes with --systemd: `craft schedule:install --systemd --work`.")
        installation = installation_here(self._id(), self.app.base_path, self._folder())
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
        except NotPrivate as error:
            raise InstallationFailed(f"{error}: {error.hint}.") from None
        except OSError as error:
            hint = "run this as the user that the app runs as"
            raise InstallationFailed(f"{error.filename}: {error.strerror}; {hint}.") from None
        needs_cron = not (self.option("show") or self.option("remove") or self.option("systemd"))
        if needs_cron and cron_runs() is False:
            self.complain("Note: no cron daemon seems to run on this machine. Start one, use --systemd, or keep")
            self.complain("craft schedule:work running.")
        return OK

    def _folder(self) -> str:
        from os.path import normpath

        return normpath(str(self.app.setting("folder") or FOLDER))

    def _id(self) -> str:
        from scheduler.commands.options import WITHOUT_VALUE
        from scheduler.installation.installation_id import checked_id, installation_id

        given = self.option("id")
        if given in WITHOUT_VALUE:
            raise WrongUsage("--id needs a value: --id blog.")
        if given is not None:
            return checked_id(str(given))
        return installation_id(*self.app.identity())

    def _crontab(self, installation: Installation) -> UserCrontab:
        from scheduler import clock
        from scheduler.installation.UserCrontab import UserCrontab

        return UserCrontab(installation, clock.now())

    def _units(self, installation: Installation) -> UserUnits:
        from math import ceil

        from scheduler.config.Settings import Settings
        from scheduler.installation.systemd import timer_units, work_units
        from scheduler.installation.UserUnits import UserUnits

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
