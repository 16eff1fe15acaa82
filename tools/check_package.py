"""Check a built wheel and sdist: the files inside, and that the wheel works in a new environment away from here.

Usage: python tools/check_package.py DIRECTORY, with one wheel and one sdist in it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent

FEWEST_LINKS = 10

# Every file of the package that is not Python.
DATA = {
    "scheduler/py.typed",
    *(f"scheduler/dashboard/assets/{name}" for name in ("dashboard.css", "dashboard.js", "icon.svg")),
    *(
        f"scheduler/dashboard/templates/{name}.html"
        for name in ("base", "broken", "day", "overview", "parts", "pause", "run", "runs", "task")
    ),
    "scheduler/commands/stubs/Task.py.stub",
}

# Python to fill in, which cannot be imported as it is.
TEMPLATES = ("scheduler/commands/stubs/",)

IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
import scheduler
print(len(sys.argv[1:]), "modules imported from", scheduler.__file__)
"""


def main(directory: Path) -> None:
    """Check the one wheel and the one sdist in the directory."""
    (wheel,), (sdist,) = directory.glob("*.whl"), directory.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    with tarfile.open(sdist) as archive:
        unpacked = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}

    python = {path.relative_to(ROOT).as_posix() for path in (ROOT / "scheduler").rglob("*.py")}
    expect(f"files of {wheel.name}", shipped, python | DATA)
    around = {"LICENSE", "PKG-INFO", "README.md", "pyproject.toml", ".gitignore"}
    expect(f"files of {sdist.name}", unpacked, python | DATA | around)

    check_links(wheel)
    real = [name for name in sorted(python) if not name.startswith(TEMPLATES)]
    modules = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in real]
    with tempfile.TemporaryDirectory() as elsewhere:
        try_out(wheel, modules, Path(elsewhere))
    print(f"{wheel.name} and {sdist.name} are sound.")


def check_links(wheel: Path) -> None:
    """Fail with the relative links of the description on PyPI, which lead nowhere there."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        text = archive.read(name).decode()
    links = re.findall(r"\]\(([^)]+)\)", text)
    if len(links) < FEWEST_LINKS:
        sys.exit(f"The description in {wheel.name} has only {len(links)} links: is it the README?")
    relative = [link for link in links if not link.startswith(("https://", "http://", "#"))]
    if relative:
        sys.exit(f"The description in {wheel.name} has relative links: {', '.join(relative)}")


def expect(what: str, seen: set[str], wanted: set[str]) -> None:
    """Fail with a list of the differences, if there are any."""
    lines = [f"  too many: {name}" for name in sorted(seen - wanted)]
    lines += [f"  missing: {name}" for name in sorted(wanted - seen)]
    if lines:
        sys.exit("\n".join([f"The {what} are not the ones tools/check_package.py lists:", *lines]))


def try_out(wheel: Path, modules: list[str], elsewhere: Path) -> None:
    """Install the wheel with Masonite 5 into a new environment, import all of it, and start its console script."""
    venv.create(elsewhere / "venv", with_pip=True)
    programs = elsewhere / "venv" / "bin"
    subprocess.run([programs / "pip", "install", "--quiet", f"{wheel.resolve()}[masonite5]"], check=True, timeout=600)
    subprocess.run([programs / "python", "-I", "-c", IMPORT_ALL, *modules], cwd=elsewhere, check=True, timeout=120)
    outside = subprocess.run([programs / "craft", "schedule:list"], cwd=elsewhere, check=False, timeout=120)
    if outside.returncode != 2:  # noqa: PLR2004 (wrong usage: there is no app here)
        sys.exit(f"craft outside an app ended with {outside.returncode}, not with 2")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
