"""Real Masonite apps, made fresh for each test, and the ways to run `craft` in them.

`App.python_craft` and `App.console_craft` start a process, as a developer or cron does; `App.craft` boots the app in
this process, which takes a tenth of the time and lets coverage see it. All three answer with a `Finished`.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from fcntl import ioctl
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from masonite_version import masonite_major

from scheduler import clock

from .booted_app import booted, run_command

SKELETON_4 = Path(__file__).parent / "skeleton4"
MASONITE_PROVIDER = "from masonite.scheduling.providers import ScheduleProvider\n"
OUR_PROVIDER = "from scheduler.providers import ScheduleProvider\n"
APP_KEY = "i6fq1VEWVHFVExojMdKqVgs3iriRvpI8qSxmKDgZlcg="

#: How long a short run took, as messages have it: '38 ms', and on a busy machine '1.2 s'.
TOOK = r"[\d.]+ m?s"

#: The rule of a task that is due at every tick, and the one of a task no test will ever meet at its minute.
ALWAYS = "run_every = '1 minute'"
IN_HALF_A_YEAR = f"{datetime.now(timezone.utc) + timedelta(days=180):0 0 %d %m *}"
NEVER = f"run_cron = '{IN_HALF_A_YEAR}'"

#: A minute for tests that tick more than once, or whose rules have a time of day: a Tuesday.
NOON = datetime(2026, 3, 3, 12, tzinfo=timezone.utc)


# --- the list of providers -------------------------------------------------------------------------------------------


def _added(text: str, at: str) -> str:
    return f"{text}\n\nimport scheduler.providers  # noqa: E402\n\n{at}\n"


def _ours_alone(text: str) -> str:
    return text.replace(MASONITE_PROVIDER, OUR_PROVIDER)


def _ours_first(text: str) -> str:
    return _added(text, "PROVIDERS.insert(0, scheduler.providers.ScheduleProvider)")


def _ours_last(text: str) -> str:
    return _added(text, "PROVIDERS.append(scheduler.providers.ScheduleProvider)")


def _ours_twice(text: str) -> str:
    return _ours_first(_ours_last(text))


def _masonites_renamed(text: str) -> str:
    renamed = text.replace(MASONITE_PROVIDER, MASONITE_PROVIDER.rstrip() + " as BuiltInProvider\n" + OUR_PROVIDER)
    return renamed.replace("    ScheduleProvider,\n", "    ScheduleProvider,\n    BuiltInProvider,\n")


#: Where our provider may stand in `config/providers.py`, by name.
ARRANGEMENTS: dict[str, Callable[[str], str]] = {
    "ours alone": _ours_alone,
    "ours first": _ours_first,
    "ours last": _ours_last,
    "ours twice": _ours_twice,
    "Masonite's under another name": _masonites_renamed,
}
#: The list as Masonite makes it.
MASONITES_ALONE = str


# --- what came of a command ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finished:
    """A command that has ended: its exit code, what it wrote and how long it took.

    Lines of a log have their time and level in `log` only, which has both streams.
    """

    code: int
    out: str
    err: str
    seconds: float
    log: str = ""

    def exits(self, code: int) -> Finished:
        assert self.code == code, f"exit code {self.code}, not {code}\n{self}"
        return self

    def json(self) -> Any:
        """Standard output, which must be one JSON document and nothing else."""
        return json.loads(self.out)

    def __str__(self) -> str:
        return f"--- code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}\n---"


def _without_masonite_warnings(err: str) -> str:
    """Masonite 4 writes warnings about itself to every process's stderr; no filter of ours can stop them."""
    return re.sub(r"(?m)^.+\.py:\d+: \w*Warning: .*\n(  .*\n)?", "", err)


def _without_stamps(text: str) -> str:
    """Return log lines without time and level: the same text as on a terminal."""
    return re.sub(r"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d (INFO|WARNING|ERROR) ", "", text)


def plain(text: str) -> str:
    """Return what a terminal shows, without colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r\n", "\n")


def process_environment(**changes: str) -> dict[str, str]:
    """This process's environment without what pytest and the shell put there, on a server whose clock is UTC."""
    unwanted = ("PYTEST", "COV_", "COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "APP_", "DB_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**kept, "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore", **changes}


class Started(subprocess.Popen[str]):
    """A process that does not outlive a `with` statement that fails."""

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        if kind:
            self.kill()
        super().__exit__(kind, *details)


def finished(code: int, out: str, err: str, seconds: float) -> Finished:
    err = _without_masonite_warnings(err)
    return Finished(code, _without_stamps(out), _without_stamps(err), seconds, out + err)


# --- the app ---------------------------------------------------------------------------------------------------------


@dataclass
class App:
    """A Masonite app in a folder of its own."""

    root: Path
    capture: Any = None
    remembers: bool = False

    # what is in it

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return file

    def tasks(self, source: str, file: str = "Tasks.py") -> Path:
        """A module in `app/tasks` that has imported our `Task`."""
        return self.write(f"app/tasks/{file}", "from scheduler import Task\n\n\n" + dedent(source).lstrip("\n"))

    def edit(self, path: str, change: Callable[[str], str]) -> None:
        file = self.root / path
        before = file.read_text(encoding="utf-8")
        after = change(before)
        assert after != before, f"nothing to change in {path}"
        file.write_text(after, encoding="utf-8")

    def provider(
        self, register: str, header: str = "", bases: str = "Provider", attribute: str = "application"
    ) -> None:
        """The app's own provider, with these lines in `register`; `app` is the container there."""
        lines = [
            "from masonite.providers import Provider",
            dedent(header).strip(),
            "",
            "",
            f"class AppProvider({bases}):",
            "    def __init__(self, application):",
            f"        self.{attribute} = application",
            "",
            "    def register(self):",
            f"        app = self.{attribute}",
            indent(dedent(register).strip(), " " * 8),
            "",
            "    def boot(self):",
            "        pass",
        ]
        self.write("app/providers/AppProvider.py", "\n".join(lines) + "\n")

    def files(self) -> set[str]:
        """Every file of the app, to see what a command has written."""
        found = (path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file())
        return {str(path) for path in found if "__pycache__" not in path.parts and path.parts[0] not in {"storage", ".scheduler"}}

    # what the scheduler remembers of it

    def keep_runs(self) -> App:
        """Keep the store between commands, as in a user's app."""
        self.remembers = True
        return self

    def forget_runs(self) -> None:
        """Let a fire time that was claimed a moment ago be due again: most tests need no minute of their own."""
        if not self.remembers:
            for file in (self.root / ".scheduler").glob("*scheduler.sqlite3*"):
                file.unlink()

    # ways to run it

    def craft(self, *arguments: str, at: datetime | None = None) -> Finished:
        """`craft` with these arguments, in this process; with `at`, the clock says that."""
        self.forget_runs()
        self.capture.readouterr()
        started = time.perf_counter()
        with booted(self.root) as application, clock.standing_at(at) if at else nullcontext():
            code = run_command(application, arguments)
        seconds = time.perf_counter() - started
        written = self.capture.readouterr()
        return finished(code, written.out, written.err, seconds)

    def python_craft(self, *arguments: str, **environment: str) -> Finished:
        """`python craft` with these arguments, as a process in the app's folder."""
        self.forget_runs()
        return run([sys.executable, "craft", *arguments], self.root, environment)

    def console_craft(self, *arguments: str, **environment: str) -> Finished:
        """The console script `craft` with these arguments, as a process in the app's folder."""
        self.forget_runs()
        return run([str(console_script()), *arguments], self.root, environment)

    def craft_on_terminal(self, *arguments: str, columns: int = 80, **environment: str) -> Finished:
        """`python craft` with these arguments on a terminal; `out` is all it shows, both streams together."""
        self.forget_runs()
        return run_on_terminal([sys.executable, "craft", *arguments], self.root, environment, columns)

    def type_on_terminal(self, typed: str, *arguments: str, columns: int = 80, **environment: str) -> Finished:
        """Run `python craft` on a terminal and type these keys."""
        self.forget_runs()
        command = [sys.executable, "craft", *arguments]
        return run_on_terminal(command, self.root, environment, columns, typed=typed)

    def start(
        self, *arguments: str, new_session: bool = False, errors: int | None = None, **environment: str
    ) -> Started:
        """`python craft` with these arguments, still running, its standard output a pipe; `errors` as of Popen."""
        command = [sys.executable, "craft", *arguments]
        env = process_environment(**environment)
        return Started(
            command,
            cwd=self.root,
            env=env,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=new_session,
        )


def console_script() -> Path:
    """Return the `craft` that installing the package puts next to this Python."""
    return Path(os.path.normpath(sys.executable)).parent / "craft"


def run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> Finished:
    started = time.perf_counter()
    ended = subprocess.run(
        command,
        cwd=folder,
        env=process_environment(**(environment or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    seconds = time.perf_counter() - started
    return finished(ended.returncode, ended.stdout, ended.stderr, seconds)


def run_on_terminal(
    command: list[str], folder: Path, environment: dict[str, str], columns: int, typed: str = ""
) -> Finished:
    controller, terminal = pty.openpty()
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = process_environment(TERM="xterm-256color", **environment)
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=env, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    os.write(controller, typed.encode())
    shown = _read_all(controller, until=started + 60)
    code = process.wait(timeout=10)
    os.close(controller)
    text = _without_masonite_warnings(plain(shown.decode("utf-8", "replace")))
    return Finished(code, text, "", time.perf_counter() - started, shown.decode("utf-8", "replace"))


def _read_all(controller: int, until: float) -> bytes:
    shown = b""
    while time.perf_counter() < until:
        if not select.select([controller], [], [], 1)[0]:
            continue
        try:
            piece = os.read(controller, 65536)
        except OSError:  # Linux says so when the other side has closed
            break
        if not piece:
            break
        shown += piece
    return shown


# --- making one ------------------------------------------------------------------------------------------------------


def make_template(folder: Path) -> Path:
    """A fresh app in that folder: Masonite 5's own `masonite new`, or our minimal app for 4, whose maker downloads."""
    if masonite_major() == 4:
        template = folder / "template"
        shutil.copytree(SKELETON_4, template, ignore=shutil.ignore_patterns("__pycache__"))
        for name in (".env", ".env.testing"):
            (template / name).write_text(f"APP_ENV={'testing' if 'testing' in name else 'local'}\nAPP_KEY={APP_KEY}\n")
        return template
    maker = Path(sys.executable).parent / "masonite"
    switches = ["--no-input", "--no-venv", "--no-git", "--no-serve"]
    run([str(maker), "new", "template", *switches], folder).exits(0)
    return folder / "template"


def make_app(template: Path, folder: Path, arrange: Callable[[str], str], capture: Any = None) -> App:
    shutil.copytree(template, folder)
    app = App(folder, capture)
    providers = folder / "config" / "providers.py"
    providers.write_text(arrange(providers.read_text(encoding="utf-8")), encoding="utf-8")
    return app
