"""The private folder: nothing in it is on the web, only its owner's files are used, and reading writes nothing."""

from __future__ import annotations

import json
import os
import pwd
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

import pytest
from masonite_version import masonite_major

from .apps import ALWAYS, NEVER, App, run
from .programs import CRONTAB, stand_in

pytestmark = [pytest.mark.twice, pytest.mark.timeout(240)]

STORE = ".scheduler/scheduler.sqlite3"
CACHE = ".scheduler/schedule.cache"
TASK = f"""
    class Greet(Task):
        {ALWAYS}
        output_to = ".scheduler/greeting.txt"

        def handle(self):
            print("the secret")
"""
SELDOM = f"""
    class Seldom(Task):
        {NEVER}

        def handle(self):
            print("the secret")
"""
SOMEBODY, SOMEBODY_ELSE = 33, 65534


# --- the web ---------------------------------------------------------------------------------------------------------

FETCH = """
import io, json, sys
from wsgi import application

statuses = {}
for path in json.load(sys.stdin):
    request = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": "", "HTTP_HOST": "localhost",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0), "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "wsgi.multithread": False,
        "wsgi.multiprocess": False, "wsgi.run_once": False,
    }
    b"".join(application(request, lambda status, headers, error=None: statuses.update({path: status[:3]})))
print("\\n" + json.dumps(statuses))
"""


def fetched(app: App, *paths: str) -> dict[str, str]:
    """Return the status that the app's WSGI application answers a request for each path with."""
    command = [sys.executable, "-c", FETCH]
    environment = {**os.environ, "APP_DEBUG": "False", "PYTHONWARNINGS": "ignore", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=app.root, env=environment, input=json.dumps(paths), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    statuses: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return statuses


@pytest.fixture
def site(app: App) -> App:
    """An app that serves `storage/`, as Masonite makes it."""
    app.keep_runs()
    if masonite_major() == 4:
        serve = "        from masonite.utils.location import base_path\n        self.application.use_storage_path(base_path('storage'))\n"
        app.edit("app/Kernel.py", lambda text: text.rstrip() + "\n" + serve)
        providers = "from masonite.providers import ExceptionProvider, WhitenoiseProvider\n"
        listed = "PROVIDERS[1:1] = [ExceptionProvider, WhitenoiseProvider]\n"
        app.edit("config/providers.py", lambda text: f"{text}\n{providers}{listed}")
        app.write("config/exceptions.py", "HANDLERS = {}\n")
    else:
        for name in (".env", ".env.testing"):  # where debugging is on, a path that is not found is answered with 500
            app.edit(name, lambda text: text.replace("APP_DEBUG=True", "APP_DEBUG=False"))
    app.write("storage/public.txt", "for all")
    return app


def everything_written(app: App, programs: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Let the scheduler write each of its files; return their paths."""
    app.write("app/tasks/Other.py", "")
    before = set(app.root.rglob("*"))
    programs.mkdir()
    crontab = stand_in(programs, "crontab", CRONTAB)
    crontab.keep("crontab", b"# mine\n")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    for command in ("schedule:run", "schedule:cache", "schedule:install"):
        app.craft(command).exits(0)
    app.write("app/tasks/Other.py", "changed = True")
    line = next(text for text in (crontab.kept() or b"").decode().splitlines() if text.startswith("* "))
    run(["/bin/sh", "-c", line.removeprefix("* * * * * ")], app.root).exits(0)  # sets the cache aside
    stale = set(app.root.glob(".scheduler/schedule.cache*"))
    app.craft("schedule:cache").exits(0)
    found = {*app.root.rglob("*"), *stale} - before
    return {str(file.relative_to(app.root)) for file in found if not file.is_dir() and "__pycache__" not in file.parts}


def test_no_file_that_the_scheduler_writes_can_be_downloaded(
    site: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.tasks(TASK)
    written = everything_written(site, tmp_path / "programs", monkeypatch)
    ends = {re.sub(r"^crontab-.*", "crontab-", os.path.basename(name)) for name in written}
    assert ends >= {"scheduler.sqlite3", "schedule.cache", "scheduler.log", "crontab-", "greeting.txt", ".gitignore"}
    assert {os.path.dirname(name) for name in written} == {".scheduler"}
    paths = {f"{start}{name}" for start in ("/", "/../") for name in written}
    paths |= {f"/%2e%2e/{STORE}", f"/static/../../{STORE}", "/scheduler.sqlite3", "/framework/scheduler.sqlite3"}
    paths |= {"/framework/schedule.cache", "/logs/scheduler.log"}
    answers = fetched(site, "/public.txt", *sorted(paths))
    assert answers.pop("/public.txt") == "200"
    assert set(answers) == paths
    assert set(answers.values()) == {"404"}


def test_the_doctor_warns_of_files_in_a_folder_that_is_served(site: App) -> None:
    site.tasks(
        f"""
        class Greet(Task):
            {ALWAYS}
            output_to = "storage/logs/greeting.txt"
            append_output_to = "var/greetings.txt"

            def handle(self):
                pass
        """
    )
    assert warnings_of(site) == [
        (
            "The output of Greet, storage/logs/greeting.txt, can be downloaded: Masonite serves storage to the web.",
            "set output_to to a file that is not served, such as '.scheduler/greeting.txt'",
        )
    ]
    (site.root / "storage/ours").mkdir()
    (site.root / ".scheduler").symlink_to("storage/ours")
    (site.root / "var").symlink_to("storage")
    what = [message.partition(", ")[0] for message, _ in warnings_of(site)]
    assert what == ["The scheduler's log", "The store", "The schedule's cache", "The output of Greet", "The output of Greet"]
    (site.root / ".scheduler").unlink()
    (site.root / "var").unlink()
    site.write("config/scheduler.py", "FOLDER = 'storage/scheduler'\nPATH = 'storage/scheduler.sqlite3'\n")
    assert [hint for _, hint in warnings_of(site)[:2]] == [
        "set FOLDER in config/scheduler.py to a folder that is not served, such as '.scheduler'",
        "remove PATH from config/scheduler.py",
    ]


def test_the_doctor_warns_of_what_an_older_version_left_on_the_web(site: App) -> None:
    site.tasks(SELDOM)
    site.write("storage/logs/scheduler.log", "the secret")
    site.write("storage/framework/schedule.cache", "the secret")
    site.write("storage/framework/crontab-2026-01-01T000000.000000", "the secret")
    assert [(message.partition(",")[0], hint) for message, hint in warnings_of(site)] == [
        ("An older version's log", "run craft schedule:install again, which moves it"),
        ("An older version's cache", "run craft schedule:clear"),
        ("A copy of the crontab", "run craft schedule:install again, which moves it"),
    ]


def test_the_doctor_does_not_warn_if_nothing_is_served(site: App) -> None:
    site.tasks(SELDOM)
    site.write("config/scheduler.py", "FOLDER = 'storage/scheduler'\n")
    site.edit("config/providers.py", lambda text: text.replace("PROVIDERS = [", "PROVIDERS = [", 1) + without_whitenoise)
    assert warnings_of(site) == []


without_whitenoise = "\nPROVIDERS[:] = [each for each in PROVIDERS if each.__name__ != 'WhitenoiseProvider']\n"


def warnings_of(app: App) -> list[tuple[str, str]]:
    """Return the messages and hints of the doctor's warnings about the web."""
    findings = app.craft("schedule:doctor", "--json").json()["findings"]
    return [(each["message"], each["hint"]) for each in findings if each["check"] == "web" and each["health"] == "warning"]


# --- the folder ------------------------------------------------------------------------------------------------------


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.lstat().st_mode) for path in (folder, *folder.iterdir())}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_its_owner_can_use_the_folder_whatever_the_umask(app: App, umask: int) -> None:
    app.tasks(TASK)
    before = os.umask(umask)
    try:
        app.keep_runs().craft("schedule:run").exits(0)
        app.craft("schedule:cache").exits(0)
    finally:
        os.umask(before)
    found = modes(app.root / ".scheduler")
    assert found.pop(".scheduler") == 0o700
    assert found.keys() >= {".gitignore", "scheduler.sqlite3", "schedule.cache", "greeting.txt"}
    assert set(found.values()) == {0o600}


def test_git_ignores_all_of_the_folder(app: App) -> None:
    app.tasks(TASK)
    app.keep_runs().craft("schedule:run").exits(0)
    subprocess.run(["git", "init", "-q"], cwd=app.root, check=True)
    shown = subprocess.run(["git", "status", "--porcelain", "-uall"], cwd=app.root, capture_output=True, text=True).stdout
    assert "craft" in shown
    assert ".scheduler" not in shown


def test_one_setting_moves_the_folder(app: App, tmp_path: Path) -> None:
    app.tasks(SELDOM)
    app.write("config/scheduler.py", f"FOLDER = '{tmp_path}/elsewhere'\n")
    app.keep_runs().craft("schedule:run").exits(0)
    assert modes(tmp_path / "elsewhere")["elsewhere"] == 0o700
    assert (tmp_path / "elsewhere/scheduler.sqlite3").is_file()
    assert not (app.root / ".scheduler").exists()


def test_the_folder_of_an_output_file_is_private(app: App) -> None:
    app.tasks(TASK)
    app.write("config/scheduler.py", "STORE = 'memory'\n")
    app.craft("schedule:run").exits(0)
    found = modes(app.root / ".scheduler")
    assert found == {".scheduler": 0o700, ".gitignore": 0o600, "greeting.txt": 0o600}


def test_a_store_in_the_old_place_is_taken_over_once(app: App) -> None:
    app.tasks(TASK)
    app.keep_runs().python_craft("schedule:run").exits(0)
    (app.root / "storage/framework").mkdir(parents=True, exist_ok=True)
    old = app.root / "storage/framework/scheduler.sqlite3"
    with closing(sqlite3.connect(app.root / STORE)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (app.root / STORE).rename(old)
    for rest in ("-wal", "-shm"):
        (app.root / f"{STORE}{rest}").unlink(missing_ok=True)
    content = old.read_bytes()
    assert len(app.python_craft("schedule:history", "--json").exits(0).json()["runs"]) == 1
    assert old.read_bytes() == content, "reading moves nothing"
    app.python_craft("schedule:pause", "Greet").exits(0)
    assert not list(old.parent.glob("scheduler*"))
    assert len(app.python_craft("schedule:history", "--json").exits(0).json()["runs"]) == 1
    old.write_bytes(content)
    app.python_craft("schedule:resume", "Greet").exits(0)
    assert old.read_bytes() == content, "a second one is left alone"


# --- reading ---------------------------------------------------------------------------------------------------------

READING = {
    "list": ["schedule:list"],
    "history": ["schedule:history"],
    "doctor": ["schedule:doctor"],
    "explain": ["schedule:explain", "Greet"],
    "dry run": ["schedule:run", "--dry-run"],
    "metrics": ["schedule:metrics"],
    "simulate": ["schedule:simulate"],
    "show": ["schedule:install", "--show"],
}


def state(app: App) -> dict[str, Any]:
    """Return everything in the app, with owners, modes and content; a store's memory of its readers has no content."""
    found: dict[str, Any] = {}
    for path in sorted(app.root.rglob("*")):
        if "__pycache__" in path.parts:
            continue
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.name.endswith("-shm") else None
        found[str(path.relative_to(app.root))] = (status.st_ino, status.st_uid, status.st_mode, content)
    return found


@pytest.mark.parametrize("command", READING.values(), ids=READING)
def test_a_command_that_reads_creates_and_writes_nothing(app: App, command: list[str]) -> None:
    app.tasks(TASK)
    before = state(app)
    assert app.python_craft(*command).code in {0, 1}
    assert state(app) == before


def test_commands_that_read_leave_a_store_as_it_is(app: App) -> None:
    app.tasks(TASK)
    app.keep_runs().python_craft("schedule:run").exits(0)
    before = state(app)
    for command in ("schedule:list", "schedule:history", "schedule:doctor", "schedule:metrics"):
        assert app.python_craft(command).code in {0, 1}
        assert state(app) == before


# --- other users -----------------------------------------------------------------------------------------------------


def as_user(number: int) -> list[str]:
    """Return the words that run a command as another user, who may read the programs of root."""
    names = [f"--reuid={number}", f"--regid={number}", "--clear-groups"]
    return ["setpriv", *names, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]


@pytest.fixture
def shared(app: App, tmp_path: Path, missing: Callable[[str], NoReturn]) -> App:
    """An app of SOMEBODY, in folders that all can enter."""
    if os.geteuid() != 0:
        missing("root, who may run commands as other users")
    app.keep_runs().tasks(SELDOM)
    give(app.root, SOMEBODY)
    return app


def give(folder: Path, number: int) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, number, number, follow_symlinks=False)


def craft_as(number: int, app: App, *arguments: str) -> Any:
    return run([*as_user(number), sys.executable, "craft", *arguments], app.root)


def test_a_private_folder_is_not_created_in_another_users_app(shared: App) -> None:
    """A user who may not write to the app changes nothing and gets an error."""
    done = craft_as(SOMEBODY_ELSE, shared, "schedule:run").exits(3)
    (line,) = done.err.splitlines()
    assert "must be able to write there" in line
    assert f"'{shared.root}/.scheduler'" in line, "the folder, not a draft of it"
    assert not (shared.root / ".scheduler").exists()


def test_a_user_who_may_not_write_to_the_app_is_told(shared: App) -> None:
    for make_store in (False, True):
        if make_store:
            shared.craft("schedule:pause", "Seldom").exits(0)
            (shared.root / ".scheduler").chmod(0o500)
        doctor = craft_as(SOMEBODY_ELSE if not make_store else SOMEBODY, shared, "schedule:doctor").exits(1)
        (store,) = re.findall(r"(?m)^wrong +store +(.+)", doctor.out)
        assert store.startswith("The store (.scheduler/scheduler.sqlite3) is not")
    table = craft_as(SOMEBODY_ELSE, shared, "schedule:table").exits(1)
    assert re.fullmatch(r"databases(/migrations/\S+)? cannot be written: Permission denied\.\n", table.err)
    assert table.out == ""


def test_root_may_type_first_and_the_apps_user_goes_on(shared: App) -> None:
    for command in (["schedule:run"], ["schedule:cache"], ["schedule:pause", "Seldom"]):
        shared.craft(*command).exits(0)
    folder = shared.root / ".scheduler"
    assert {path.stat().st_uid for path in (folder, *folder.iterdir())} == {SOMEBODY}
    craft_as(SOMEBODY, shared, "schedule:resume", "Seldom").exits(0)
    craft_as(SOMEBODY, shared, "schedule:run").exits(0)
    craft_as(SOMEBODY, shared, "schedule:cache").exits(0)


# --- planted files ---------------------------------------------------------------------------------------------------


def replaced(file: Path) -> Path:
    """Remove a file, and the memory of SQLite beside it, if they are there."""
    for rest in ("", "-wal", "-shm"):
        Path(f"{file}{rest}").unlink(missing_ok=True)
    return file


def a_file_of_somebody_else(file: Path, secret: Path) -> None:
    content = file.read_bytes() if file.exists() else b""
    replaced(file).write_bytes(content)
    os.chown(file, SOMEBODY_ELSE, SOMEBODY_ELSE)


def a_fifo(file: Path, secret: Path) -> None:
    os.mkfifo(replaced(file))


def an_endless_file(file: Path, secret: Path) -> None:
    os.mknod(secret.with_name("endless"), 0o666 | stat.S_IFCHR, os.makedev(1, 5))  # what /dev/zero is
    replaced(file).symlink_to(secret.with_name("endless"))


def a_link(file: Path, secret: Path) -> None:
    replaced(file).symlink_to(secret)


def a_hard_link(file: Path, secret: Path) -> None:
    os.link(secret, replaced(file))


PLANTED = {
    a_file_of_somebody_else: "belongs to another user",
    a_fifo: "is not a regular file",
    an_endless_file: "is a link",
    a_link: "is a link",
    a_hard_link: "has a hard link elsewhere",
}
USERS = {"root": [], "the app's user": as_user(SOMEBODY)}


def ids(value: Any) -> str | None:
    return value.__name__[2:].replace("_", " ") if callable(value) else None


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of root that the scheduler must not read or write."""
    file = tmp_path / "secret"
    file.touch(mode=0o644)
    return file


@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
@pytest.mark.parametrize(("plant", "why"), PLANTED.items(), ids=ids)
def test_a_planted_cache_is_refused_in_a_line_and_the_app_boots(
    shared: App, secret: Path, user: list[str], plant: Any, why: str
) -> None:
    shared.tasks(TASK)
    shared.craft("schedule:cache").exits(0)
    plant(shared.root / CACHE, secret)
    before = secret.stat()
    script = Path(sys.executable).parent / "craft"
    done = run([*user, str(script), "schedule:run"], shared.root).exits(0)
    assert done.out == "the secret\n"
    (line,) = done.err.splitlines()
    assert line.startswith(f"craft: the schedule's cache was not used ({shared.root}/{CACHE} {why}")
    assert line.endswith("then run `craft schedule:cache` again")
    listed = shared.craft("schedule:list").exits(0).err
    assert f"The schedule's cache is not used ({shared.root}/{CACHE} {why}" in listed
    assert "stale" not in listed
    assert (secret.stat().st_mode, secret.stat().st_ctime, secret.read_bytes()) == (before.st_mode, before.st_ctime, b"")


def test_doctor_names_the_owner_of_a_refused_cache_and_the_fix(shared: App) -> None:
    shared.tasks(TASK)
    shared.craft("schedule:cache").exits(0)
    os.chown(shared.root / CACHE, SOMEBODY_ELSE, SOMEBODY_ELSE)
    (finding,) = (each for each in shared.craft("schedule:doctor", "--json").json()["findings"] if each["check"] == "cache")
    owner = f"belongs to another user ({pwd.getpwuid(SOMEBODY_ELSE).pw_name})"
    assert finding["message"] == f"The schedule's cache is not used ({shared.root}/{CACHE} {owner})."
    assert finding["hint"] == "run craft as that user if cron does so, otherwise remove it, then run craft schedule:cache again"
    assert shared.craft("schedule:list", "--json").json()["cache"]["state"] == "refused"


@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
@pytest.mark.parametrize(("plant", "why"), PLANTED.items(), ids=ids)
def test_a_planted_store_is_refused_in_a_line_and_nothing_else_is_touched(
    shared: App, secret: Path, user: list[str], plant: Any, why: str
) -> None:
    shared.tasks(TASK)
    shared.craft("schedule:pause", "Greet").exits(0)
    plant(shared.root / STORE, secret)
    before = secret.stat()
    by_user = run([*user, sys.executable, "craft", "schedule:run"], shared.root).exits(3)
    by_root = [shared.craft(*command).exits(3) for command in (["schedule:list"], ["schedule:resume", "Greet"])]
    for done in (by_user, *by_root):
        (line,) = done.err.splitlines()
        assert why in line
        assert line.startswith("The scheduler's store")
    assert (secret.stat().st_mode, secret.stat().st_ctime, secret.read_bytes()) == (before.st_mode, before.st_ctime, b"")


@pytest.mark.parametrize("rest", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("plant", [a_fifo, a_link, a_hard_link], ids=ids)
def test_files_planted_next_to_the_store_are_refused(app: App, secret: Path, rest: str, plant: Any) -> None:
    app.keep_runs().tasks(TASK)
    (app.root / ".scheduler").mkdir(mode=0o700)
    (app.root / STORE).touch(mode=0o600)
    plant(app.root / f"{STORE}{rest}", secret)
    assert "The scheduler's store" in app.craft("schedule:run").exits(3).err
    assert secret.read_bytes() == b""


def test_links_with_the_names_of_temporary_files_are_not_followed(app: App, secret: Path) -> None:
    app.keep_runs().tasks(TASK)
    (app.root / ".scheduler").mkdir(mode=0o700)
    process = subprocess.Popen(["sh", "-c", 'read -r _; exec "$0" craft schedule:cache', sys.executable], cwd=app.root, stdin=subprocess.PIPE)
    for name in (f"{process.pid}", "tmp", "new", f"{process.pid}.tmp"):
        (app.root / f"{CACHE}.{name}").symlink_to(secret)
    process.communicate(b"\n", timeout=60)
    assert process.returncode == 0
    assert (app.root / CACHE).is_file()
    assert secret.read_bytes() == b""


@pytest.mark.parametrize("mode", [0o777, 0o707])
def test_a_folder_that_every_user_can_write_to_is_refused(app: App, mode: int) -> None:
    app.keep_runs().tasks(TASK)
    (app.root / ".scheduler").mkdir()
    (app.root / ".scheduler").chmod(mode)
    (line,) = app.craft("schedule:run").exits(3).err.splitlines()
    assert "can be written to by every user" in line
    assert list((app.root / ".scheduler").iterdir()) == []


def test_a_folder_that_somebody_else_made_first_is_refused(shared: App) -> None:
    (shared.root / ".scheduler").mkdir()
    os.chown(shared.root / ".scheduler", SOMEBODY_ELSE, SOMEBODY_ELSE)
    for user in USERS.values():
        (line,) = run([*user, sys.executable, "craft", "schedule:run"], shared.root).exits(3).err.splitlines()
        assert "belongs to another user" in line
        assert "run craft as that user if cron does so" in line, "it may be the store in use"


@pytest.mark.parametrize("plant", [a_fifo, a_link], ids=ids)
def test_a_planted_file_in_the_old_place_is_left_alone(app: App, secret: Path, plant: Any) -> None:
    app.keep_runs().tasks(TASK)
    (app.root / "storage/framework").mkdir(parents=True, exist_ok=True)
    plant(app.root / "storage/framework/scheduler.sqlite3", secret)
    assert app.craft("schedule:list").exits(0).err == ""
    assert app.craft("schedule:run").exits(0).out == "the secret\n"
    assert secret.read_bytes() == b""
