"""Check a built wheel and sdist: the files inside, and that the wheel works in a new environment away from here.

Usage: python tools/check_package.py DIRECTORY, with one wheel and one sdist in it.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent

# Every file of the package that is not Python.
DATA = {
    "scheduler/py.typed",
    "scheduler/stubs/Task.py.stub",
}

# Python to fill in, which cannot be imported as it is.
TEMPLATES = ("scheduler/stubs/", "scheduler/templates/")

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

    real = [name for name in sorted(python) if not name.startswith(TEMPLATES)]
    modules = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in real]
    with tempfile.TemporaryDirectory() as elsewhere:
        try_out(wheel, modules, Path(elsewhere))
    print(f"{wheel.name} and {sdist.name} are sound.")


def expect(what: str, seen: set[str], wanted: set[str]) -> None:
    """End with a list of the differences, if there are any."""
    lines = [f"  too many: {name}" for name in sorted(seen - wanted)]
    lines += [f"  missing: {name}" for name in sorted(wanted - seen)]
    if lines:
        sys.exit("\n".join([f"The {what} are not the ones tools/check_package.py lists:", *lines]))


def try_out(wheel: Path, modules: list[str], elsewhere: Path) -> None:
    """Install the wheel with Masonite 5 into a new environment, import all of it, and start its console script."""
    venv.create(elsewhere / "venv", with_pip=True)
    programs = elsewhere / "venv" / "bin"
    subprocess.run([programs / "pip", "install", "--quiet", f"{wheel.resolve()}[masonite5]"], check=True)
    subprocess.run([programs / "python", "-I", "-c", IMPORT_ALL, *modules], cwd=elsewhere, check=True)
    outside = subprocess.run([programs / "craft", "schedule:list"], cwd=elsewhere, check=False)
    if outside.returncode != 2:  # noqa: PLR2004 (wrong usage: there is no app here)
        sys.exit(f"craft outside an app ended with {outside.returncode}, not with 2")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
