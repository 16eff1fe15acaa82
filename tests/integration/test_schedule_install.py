"""`craft schedule:install`: what it writes and prints, and what it does not touch.

The programs `crontab` and `systemctl` are stand-ins that keep to the test's folder, since these tests run in several
environments at once and a user has but one crontab. The real ones: test_real_cron.py and test_real_systemd.py.
"""

from __future__ import annotations

import importlib
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from scheduler.installation.environment import installation_here
from scheduler.installation.systemd import timer_units
from scheduler.installation.UserUnits import UserUnits

from .apps import App, Finished, process_environment
from .programs import CRONTAB, SYSTEMCTL, StandIn, stand_in

pytestmark = pytest.mark.measured

OTHERS = b"MAILTO=me@example.com\n# \xe9t\xe9\n0 5 * * * backup \\% %\n"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def crontab(programs: Path) -> StandIn:
    return stand_in(programs, "crontab", CRONTAB)


@pytest.fixture
def systemctl(programs: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(programs.parent / "config"))
    return stand_in(programs, "systemctl", SYSTEMCTL)


def complaint(done: Finished) -> str:
    """The one line on the error output."""
    assert done.out == "", done
    assert len(done.err.splitlines()) == 1, done
    return done.err.strip()


def blocks(text: bytes | None) -> list[str]:
    """The ids of the blocks, in order."""
    return re.findall(r"(?m)^# BEGIN masonite-scheduler (.+)$", (text or b"").decode("utf-8", "replace"))


def backups(app: App) -> list[Path]:
    return sorted((app.root / ".scheduler").glob("crontab-*"))


def at(app: App, folder: Path) -> App:
    """The same app in another folder, as a deploy makes it."""
    shutil.copytree(app.root, folder)
    return App(folder, app.capture)


# --- cron ------------------------------------------------------------------------------------------------------------


def test_install_writes_the_apps_block_and_leaves_the_rest_alone(app: App, crontab: StandIn) -> None:
    crontab.keep("crontab", OTHERS)
    done = app.craft("schedule:install").exits(0)
    after = crontab.kept() or b""
    assert after.endswith(OTHERS)
    begin, _, line, end = after.removesuffix(OTHERS).decode().splitlines()
    programs = os.path.dirname(sys.executable)
    path, python, craft = (
        shlex.quote(programs + rest) for rest in (":/usr/local/bin:/usr/bin:/bin", "/python", "/craft")
    )
    assert line == (
        f"* * * * * cd {shlex.quote(str(app.root))} && mkdir -pm 700 .scheduler && PATH={path} {python} {craft} "
        "schedule:run --log >> .scheduler/scheduler.log 2>&1"
    )
    assert begin == end.replace("END", "BEGIN")
    assert done.out.splitlines()[0] == (
        "Cron will now run the scheduler every minute; output goes to .scheduler/scheduler.log."
    )
    assert (app.root / ".scheduler/.gitignore").is_file()


def test_installing_again_changes_nothing_and_says_so(app: App, crontab: StandIn) -> None:
    app.craft("schedule:install").exits(0)
    once = crontab.kept()
    crontab.asked()
    done = app.craft("schedule:install").exits(0)
    assert done.out == "Cron already runs the scheduler every minute; nothing was changed.\n"
    assert (crontab.asked(), crontab.kept(), backups(app)) == (["-l"], once, [])


def test_the_previous_crontab_is_kept_for_its_owner_only(app: App, crontab: StandIn) -> None:
    crontab.keep("crontab", OTHERS)
    done = app.craft("schedule:install").exits(0)
    (kept,) = backups(app)
    assert kept.read_bytes() == OTHERS
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert done.out.splitlines()[1] == f"The previous crontab is kept in .scheduler/{kept.name}."


def test_the_latest_ten_copies_of_the_crontab_are_kept(app: App, crontab: StandIn) -> None:
    for number in range(12):
        app.write(f".scheduler/crontab-2020-01-{number + 1:02}T000000.000000", f"{number}")
    crontab.keep("crontab", OTHERS)
    app.craft("schedule:install").exits(0)
    assert [file.name[:18] for file in backups(app)][:2] == ["crontab-2020-01-04", "crontab-2020-01-05"]
    assert len(backups(app)) == 10


def test_removing_the_block_leaves_the_rest_of_the_crontab(app: App, crontab: StandIn) -> None:
    crontab.keep("crontab", OTHERS)
    app.craft("schedule:install").exits(0)
    with_block = crontab.kept()
    done = app.craft("schedule:install", "--remove").exits(0)
    assert crontab.kept() == OTHERS
    assert backups(app)[-1].read_bytes() == with_block
    assert done.out.splitlines()[0] == "Cron no longer runs the scheduler."


def test_removing_the_only_block_removes_the_crontab(app: App, crontab: StandIn) -> None:
    done = app.craft("schedule:install").exits(0)
    assert done.out.splitlines()[1] == "You had no crontab before."
    assert backups(app) == []
    app.craft("schedule:install", "--remove").exits(0)
    assert crontab.asked()[-2:] == ["-r", "-l"]
    assert crontab.kept() is None


def test_remove_without_an_installation_changes_nothing(app: App, crontab: StandIn) -> None:
    crontab.keep("crontab", OTHERS)
    done = app.craft("schedule:install", "--remove", "--id", "blog").exits(0)
    assert done.out == "There is no block of blog in your crontab; nothing to remove.\n"
    assert (crontab.asked(), backups(app)) == (["-l"], [])


@pytest.mark.parametrize(
    "answer",
    [
        "no crontab for somebody",
        "crontab: no crontab for somebody",
        "crontab: can't open 'somebody': No such file or directory",
    ],
)
def test_each_crons_answer_to_a_user_without_a_crontab_is_known(app: App, crontab: StandIn, answer: str) -> None:
    crontab.keep("nothing", f"{answer}\n".encode())
    app.craft("schedule:install").exits(0)
    assert len(blocks(crontab.kept())) == 1


@pytest.mark.parametrize(
    "answer",
    [
        "crontab: can't change directory to '/var/spool/cron/crontabs': No such file or directory",
        "/usr/bin/crontab: error while loading shared libraries: libpam.so.0: No such file or directory",
        "crontab: cannot say whether there is no crontab for somebody: disk error",
        "",
    ],
)
def test_a_failing_crontab_is_not_an_empty_one(app: App, crontab: StandIn, answer: str) -> None:
    crontab.keep("crontab", OTHERS)
    crontab.keep("unreadable", f"{answer}\n".encode())
    for arguments in (["--show"], [], ["--remove"]):
        done = app.craft("schedule:install", *arguments).exits(1)
        assert complaint(done) == f"Your crontab cannot be read: {answer or 'exit code 1'}. Nothing was changed."
    assert crontab.kept() == OTHERS


def test_a_folder_named_like_a_backup_does_not_stop_install(app: App, crontab: StandIn) -> None:
    (app.root / ".scheduler/crontab-old").mkdir(parents=True, mode=0o700)
    crontab.keep("crontab", OTHERS)
    app.craft("schedule:install").exits(0)
    assert (app.root / ".scheduler/crontab-old").is_dir()


@pytest.mark.timeout(240)
def test_four_installations_at_once_keep_four_blocks(app: App, crontab: StandIn, programs: Path) -> None:
    crontab.keep("crontab", OTHERS)
    crontab.keep("slow", b"")
    environment = process_environment(PATH=f"{programs}:/usr/bin:/bin")
    command = [sys.executable, "craft", "schedule:install", "--id"]
    names = ("one", "two", "three", "four")
    apps = [app if name == "one" else at(app, app.root.parent / name) for name in names]
    started = [
        subprocess.Popen([*command, name], cwd=each.root, env=environment, stdout=subprocess.PIPE, text=True)
        for name, each in zip(names, apps, strict=True)
    ]
    for process in started:
        assert process.communicate(timeout=120)[0].startswith("Cron will now run")
        assert process.returncode == 0
    assert set(blocks(crontab.kept())) == set(names)
    assert (crontab.kept() or b"").endswith(OTHERS)


def test_a_crontab_that_something_else_overwrites_is_written_again(app: App, crontab: StandIn) -> None:
    crontab.keep("crontab", OTHERS)
    crontab.keep("quicker", b"# written by an editor meanwhile\n")
    app.craft("schedule:install").exits(0)
    assert len(blocks(crontab.kept())) == 1
    assert (crontab.kept() or b"").endswith(b"# written by an editor meanwhile\n")
    assert [file.read_bytes() for file in backups(app)] == [OTHERS, b"# written by an editor meanwhile\n"]


def test_a_crontab_that_does_not_keep_the_block_is_reported(app: App, crontab: StandIn) -> None:
    crontab.keep("crontab", OTHERS)
    crontab.keep("forgetful", b"")
    done = app.craft("schedule:install").exits(1)
    said = "crontab accepted the change and does not show it: something else also writes your crontab. The previous crontab is kept in"
    assert complaint(done).startswith(said)


# --- whose block it is -----------------------------------------------------------------------------------------------


def test_a_new_release_takes_the_place_of_the_old(app: App, crontab: StandIn, tmp_path: Path) -> None:
    crontab.keep("crontab", b"SHELL=/bin/sh\n")
    app.craft("schedule:install").exits(0)
    release = at(app, tmp_path / "release-2")
    shutil.rmtree(app.root)
    done = release.craft("schedule:install").exits(0)
    text = (crontab.kept() or b"").decode()
    assert len(blocks(crontab.kept())) == 1
    assert f" cd {release.root} &&" in text
    assert f" cd {app.root} " not in text
    assert len(done.out.splitlines()) == 2


def test_an_older_folder_that_is_still_there_is_named(app: App, crontab: StandIn, tmp_path: Path) -> None:
    """It may be an earlier release, or a copy of the app with its .env."""
    app.craft("schedule:install").exits(0)
    done = at(app, tmp_path / "copy").craft("schedule:install").exits(0)
    assert done.out.splitlines()[1] == (
        f"It no longer does so in {app.root}. If that is another app, and not an older release of this one, "
        "install it again there with an --id of its own."
    )


@pytest.mark.parametrize("name", ["APP_ENV", "APP_KEY"])
def test_staging_and_production_under_one_user_have_a_block_each(
    app: App, crontab: StandIn, tmp_path: Path, name: str
) -> None:
    app.craft("schedule:install").exits(0)
    staging = at(app, tmp_path / "staging")
    value = "i6fq1VEWVHFVExojMdKqVgs3iriRvpI8qSxmKDgZlcY="
    for file in (".env", ".env.testing"):
        staging.edit(file, lambda text: re.sub(f"(?m)^{name}=.*$", f"{name}={value}", text))
    staging.craft("schedule:install").exits(0)
    assert len(set(blocks(crontab.kept()))) == 2
    staging.craft("schedule:install", "--remove").exits(0)
    assert f" cd {app.root} " in (crontab.kept() or b"").decode()
    assert len(blocks(crontab.kept())) == 1


def test_the_option_id_sets_the_id_of_the_lines(app: App, crontab: StandIn, tmp_path: Path) -> None:
    app.craft("schedule:install", "--id", "blog").exits(0)
    copy = at(app, tmp_path / "copy")
    copy.craft("schedule:install", "--id", "blog.2").exits(0)
    assert blocks(crontab.kept()) == ["blog.2", "blog"]
    app.craft("schedule:install", "--id", "magazine").exits(0)
    assert blocks(crontab.kept()) == ["blog.2", "magazine"]


# --- what would be done ----------------------------------------------------------------------------------------------


def shown(done: Finished) -> tuple[str, str]:
    """The first line, and the block below it."""
    first, _, rest = done.exits(0).out.partition("\n\n")
    return first, rest.partition("\n\n")[0].rstrip("\n") + "\n"


def test_show_shows_what_would_be_written_and_writes_nothing(app: App, crontab: StandIn) -> None:
    crontab.keep("crontab", OTHERS)
    files = set(app.root.rglob("*"))
    done = app.craft("schedule:install", "--show")
    first, block = shown(done)
    assert first == "This would go to the top of your crontab (by hand: `crontab -e`):"
    assert done.out.endswith("\n\nThe folder .scheduler would be created.\n")
    assert (crontab.asked(), crontab.kept()) == (["-l"], OTHERS)
    assert {path for path in app.root.rglob("*") if "__pycache__" not in path.parts} <= files
    app.craft("schedule:install").exits(0)
    assert crontab.kept() == block.encode() + OTHERS
    assert shown(app.craft("schedule:install", "--show")) == ("This is in your crontab already:", block)


def test_show_says_what_would_be_replaced(app: App, crontab: StandIn, tmp_path: Path) -> None:
    app.craft("schedule:install").exits(0)
    first, block = shown(at(app, tmp_path / "release-2").craft("schedule:install", "--show"))
    assert first == "This would replace the block in your crontab:"
    assert f" cd {tmp_path}/release-2 " in block


def test_show_shows_what_would_be_removed(app: App, crontab: StandIn) -> None:
    nothing = app.craft("schedule:install", "--show", "--remove", "--id", "blog").exits(0)
    assert nothing.out == "There is no block of blog in your crontab; nothing to remove.\n"
    app.craft("schedule:install", "--id", "blog").exits(0)
    before = crontab.kept()
    first, block = shown(app.craft("schedule:install", "--show", "--remove", "--id", "blog"))
    assert first == "This would be removed from your crontab:"
    assert block.encode() == before == crontab.kept()


def test_show_needs_no_cron(app: App, programs: Path) -> None:
    first, block = shown(app.craft("schedule:install", "--show"))
    assert first == "This is for a crontab, and there is no program `crontab` on this machine:"
    assert f" cd {app.root} " in block


# --- what cannot be done ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["--remove"]], ids=["install", "remove"])
def test_install_without_cron_names_the_alternatives(app: App, programs: Path, arguments: list[str]) -> None:
    done = app.craft("schedule:install", *arguments).exits(1)
    assert complaint(done) == (
        "There is no program `crontab` on this machine: install cron, or use `craft schedule:install --systemd` or "
        "`craft schedule:work`."
    )


def test_a_crontab_that_cannot_be_read_is_not_taken_for_an_empty_one(app: App, crontab: StandIn) -> None:
    crontab.keep("crontab", OTHERS)
    crontab.keep("refusal", b"You (somebody) are not allowed to use this program (crontab)\nSee crontab(1).\n")
    for arguments in (["--show"], [], ["--remove"]):
        done = app.craft("schedule:install", *arguments).exits(1)
        assert complaint(done).startswith("Your crontab cannot be read: You (somebody) are not allowed to use")
    assert set(crontab.asked()) == {"-l"}
    assert crontab.kept() == OTHERS


def test_an_error_of_cron_is_shown(app: App, crontab: StandIn) -> None:
    crontab.keep("crontab", OTHERS)
    crontab.keep("complaint", b'"-":0: command too long\nerrors in crontab file, can\'t install.\n')
    done = app.craft("schedule:install").exits(1)
    assert complaint(done) == (
        "crontab refused it, and nothing was changed: "
        '"-":0: command too long; errors in crontab file, can\'t install'
    )
    assert crontab.kept() == OTHERS


def test_a_damaged_block_is_left_for_a_person(app: App, crontab: StandIn) -> None:
    damaged = OTHERS + b"# BEGIN masonite-scheduler shop\n* * * * * true\n"
    crontab.keep("crontab", damaged)
    for arguments in (["--show"], [], ["--remove"]):
        done = app.craft("schedule:install", *arguments).exits(1)
        assert complaint(done) == (
            "Line 4 of your crontab begins the block of 'shop', and no line ends it: fix it with `crontab -e`; "
            "nothing was changed."
        )
    assert (crontab.kept(), backups(app)) == (damaged, [])


def test_a_log_that_cannot_be_made_is_named(app: App, crontab: StandIn) -> None:
    app.write(".scheduler", "a file, where a folder should be")
    done = app.craft("schedule:install").exits(1)
    assert complaint(done) == f"{app.root}/.scheduler is not a folder: move it away."
    assert crontab.kept() is None


def test_a_folder_in_which_no_log_can_be_written_is_named(app: App, crontab: StandIn, monkeypatch) -> None:
    (app.root / ".scheduler").mkdir(mode=0o700)
    access = os.access
    refuse = {str(app.root / ".scheduler")}  # as on a read-only disk, which refuses root too
    monkeypatch.setattr(os, "access", lambda path, *mode, **how: path not in refuse and access(path, *mode, **how))
    done = app.craft("schedule:install").exits(1)
    assert complaint(done) == (
        f"{app.root}/.scheduler: the log cannot be written there; run this as the user that the app runs as."
    )
    assert crontab.kept() is None


WRONG = {
    "--work": "--work goes with --systemd: `craft schedule:install --systemd --work`.",
    "--id": "--id needs a value: --id blog.",
    "--id=my blog": (
        "--id is made of at most 64 letters, digits, '.', '_' and '-', and not 'my blog': --id my-blog."
    ),
}


@pytest.mark.parametrize("arguments", WRONG)
def test_wrong_usage_is_one_line_with_the_fix(app: App, crontab: StandIn, arguments: str) -> None:
    assert complaint(app.craft("schedule:install", arguments).exits(2)) == WRONG[arguments]
    assert crontab.asked() == []


def test_a_folder_that_no_crontab_can_name_is_refused(make, crontab: StandIn) -> None:
    app = make(name="two\nlines")
    assert "which cannot be written to a crontab or a unit" in complaint(app.craft("schedule:install").exits(2))


@pytest.fixture
def short_path_of_python(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This environment's programs below a short folder, as Windows limits the length of a command."""
    with tempfile.TemporaryDirectory() as folder:
        programs = Path(folder, "bin")
        programs.symlink_to(Path(sys.executable).parent)
        monkeypatch.setattr(sys, "executable", str(programs / Path(sys.executable).name))
        yield


@pytest.mark.usefixtures("short_path_of_python")
def test_install_on_windows_shows_a_command_to_type(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("scheduler.commands.ScheduleInstallCommand")
    monkeypatch.setattr(module, "sys", SimpleNamespace(platform="win32"))  # to all others this is no Windows
    done = app.craft("schedule:install", "--id", "blog").exits(2)
    assert complaint(done) == "There is no cron on Windows: type the line that `craft schedule:install --show` shows."
    made = app.craft("schedule:install", "--show", "--id", "blog").exits(0)
    assert made.out.startswith('schtasks /Create /F /SC MINUTE /TN "masonite-scheduler blog" /TR "cmd /c cd /d')
    gone = app.craft("schedule:install", "--show", "--remove", "--id", "blog").exits(0)
    assert gone.out == 'schtasks /Delete /F /TN "masonite-scheduler blog"\n'


# --- systemd ---------------------------------------------------------------------------------------------------------

SERVICE, TIMER = "masonite-scheduler-blog.service", "masonite-scheduler-blog.timer"


@pytest.fixture
def install(app: App, systemctl: StandIn):
    """`craft schedule:install --systemd` with an id that is easy to read."""
    return lambda *arguments: app.craft("schedule:install", "--systemd", "--id", "blog", *arguments)


@pytest.fixture
def units(systemctl: StandIn, tmp_path: Path):
    """The units there are, by name."""
    folder = tmp_path / "config/systemd/user"
    return lambda: {path.name: path.read_text() for path in sorted(folder.glob("*")) if path.is_file()}


def test_a_service_and_a_timer_are_written_and_started(app: App, install, units, systemctl: StandIn) -> None:
    done = install().exits(0)
    assert set(units()) == {SERVICE, TIMER}
    assert f"WorkingDirectory={app.root}\n" in units()[SERVICE]
    assert systemctl.asked() == ["--user daemon-reload", f"--user enable {TIMER}", f"--user restart {TIMER}"]
    assert (app.root / ".scheduler/.gitignore").is_file()
    assert done.out.splitlines() == [
        f"systemd will now run the scheduler ({TIMER}); output goes to .scheduler/scheduler.log.",
        "Units of a user run while the user is logged in; `loginctl enable-linger` lets them run always.",
    ]


@pytest.mark.usefixtures("systemctl")
def test_a_user_with_lingering_gets_no_note_about_it(app: App, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LOGNAME", "somebody")
    (tmp_path / "somebody").touch()
    monkeypatch.chdir(app.root)
    installation = installation_here("blog", str(app.root))
    units = UserUnits(installation, timer_units(installation), lingering=str(tmp_path))
    assert len(list(units.install())) == 1


def test_run_twice_the_units_are_the_same_and_are_started_if_need_be(install, units, systemctl: StandIn) -> None:
    install().exits(0)
    once = units()
    systemctl.asked()
    done = install().exits(0)
    assert done.out == "systemd already runs the scheduler; nothing was changed.\n"
    assert (units(), systemctl.asked()) == (once, [f"--user enable --now {TIMER}"])


def test_a_service_that_works_takes_the_place_of_the_timer_and_back(install, units, systemctl: StandIn) -> None:
    install().exits(0)
    systemctl.asked()
    install("--work").exits(0)
    assert set(units()) == {SERVICE}
    assert "schedule:work" in units()[SERVICE]
    assert systemctl.asked() == [
        "--user daemon-reload",
        f"--user disable --now {TIMER}",
        f"--user disable --now {SERVICE}",
        "--user daemon-reload",
        "--user daemon-reload",
        f"--user enable {SERVICE}",
        f"--user restart {SERVICE}",
    ]
    install().exits(0)
    assert set(units()) == {SERVICE, TIMER}
    assert "schedule:work" not in units()[SERVICE]


def test_the_service_has_as_long_to_stop_as_the_settings_say(app: App, install, units) -> None:
    app.write("config/scheduler.py", "STOP_GRACE = '2 minutes'\nKILL_GRACE = '15 seconds'\n")
    install("--work").exits(0)
    assert "TimeoutStopSec=140\n" in units()[SERVICE]


def test_units_are_removed(install, units, systemctl: StandIn) -> None:
    install().exits(0)
    systemctl.asked()
    done = install("--remove").exits(0)
    assert done.out == f"systemd no longer runs the scheduler: {TIMER} and {SERVICE} removed.\n"
    assert units() == {}
    assert systemctl.asked()[1:-1] == [f"--user disable --now {TIMER}", f"--user disable --now {SERVICE}"]
    done = install("--remove").exits(0)
    assert done.out.startswith("There are no units of blog in ")
    assert systemctl.asked() == []


def test_show_shows_the_units_and_how_they_are_started(install, units, systemctl: StandIn) -> None:
    done = install("--show").exits(0)
    assert (units(), systemctl.asked()) == ({}, [])
    assert done.out.startswith("These would be written to ")
    assert done.out.endswith(
        f"\nThey are started with: systemctl --user daemon-reload && systemctl --user enable --now {TIMER}\n"
    )
    install().exits(0)
    for name, text in units().items():
        assert f"\n--- {name}\n{text}" in done.out
    assert install("--show").exits(0).out.partition(" already:")[0].startswith("These are in ")


def test_show_remove_names_the_units(install, units) -> None:
    assert install("--show", "--remove").exits(0).out.endswith("; nothing to remove.\n")
    install().exits(0)
    done = install("--show", "--remove").exits(0)
    assert done.out.splitlines()[1:] == [TIMER, SERVICE]
    assert set(units()) == {SERVICE, TIMER}


def test_an_installation_that_systemd_refuses_leaves_no_units(install, units, systemctl: StandIn) -> None:
    systemctl.keep("refusal", b"Failed to connect to bus: No medium found\n")
    done = install().exits(1)
    assert complaint(done) == (
        "`systemctl --user daemon-reload` failed: Failed to connect to bus: No medium found. Nothing was installed. "
        "Fix that, or log in as the user that the app runs as, and run this again."
    )
    assert units() == {}
    systemctl.forget("refusal")
    install().exits(0)
    assert set(units()) == {SERVICE, TIMER}


@pytest.mark.parametrize("new", [[], ["--work"]], ids=["timer", "work"])
def test_an_update_that_systemd_refuses_leaves_the_old_units(app: App, install, units, systemctl, new) -> None:
    install().exits(0)
    before = units()
    wants = enabled(app)
    app.write("config/scheduler.py", "FOLDER = 'elsewhere'\n")
    systemctl.keep("refusal", b"Failed to connect to bus: No medium found\n")
    install(*new).exits(1)
    assert units() == before
    assert wants.is_symlink()


def enabled(app: App) -> Path:
    """What systemd makes of a timer that it enables."""
    link = app.root.parent / "config/systemd/user/timers.target.wants" / TIMER
    link.parent.mkdir()
    link.symlink_to(link.parent.parent / TIMER)
    return link


def test_units_are_removed_without_systemd(app: App, install, units, systemctl: StandIn) -> None:
    install().exits(0)
    wants = enabled(app)
    systemctl.keep("refusal", b"Failed to connect to bus: No medium found\n")
    first, second = install("--remove").exits(0).out.splitlines()
    assert first == f"systemd no longer runs the scheduler: {TIMER} and {SERVICE} removed."
    assert second == (
        "systemd could not be reached (Failed to connect to bus: No medium found): what it has started already runs "
        "until it is stopped."
    )
    assert units() == {}
    assert not wants.is_symlink()


@pytest.mark.parametrize("arguments", [[], ["--work"]], ids=["timer", "work"])
def test_install_without_systemd_names_the_alternatives(
    app: App, programs: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(programs.parent / "config"))
    done = app.craft("schedule:install", "--systemd", *arguments).exits(1)
    assert complaint(done) == (
        "There is no program `systemctl` on this machine: use cron (`craft schedule:install`) or `craft schedule:work`."
    )
    assert not (programs.parent / "config").exists()
