"""Stand-ins for the programs `crontab` and `systemctl` that keep to a folder.

A user has but one crontab, and these tests run in several environments at once. The real programs have tests of their
own: test_real_cron.py and test_real_systemd.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CRONTAB = """\
#!/bin/sh
PATH=/usr/bin:/bin
cd "{folder}"
echo "$@" >> asked
[ -f refusal ] && {{ cat refusal >&2; exit 1; }}
case "$1" in
-l)
    [ -f unreadable ] && {{ cat unreadable >&2; exit 1; }}
    [ -f crontab ] && {{ cat crontab; [ -f slow ] && sleep 0.3; exit 0; }}
    if [ -f nothing ]; then cat nothing; else echo "no crontab for somebody"; fi >&2; exit 1 ;;
-r) exec rm crontab ;;
-)
    cat > new.$$; [ -f complaint ] && {{ cat complaint >&2; exit 1; }}
    [ -f forgetful ] && exit 0
    [ -f quicker ] && exec mv quicker crontab
    exec mv new.$$ crontab ;;
esac
exit 2
"""
SYSTEMCTL = """\
#!/bin/sh
PATH=/usr/bin:/bin
cd "{folder}"
echo "$@" >> asked
[ -f refusal ] && {{ cat refusal >&2; exit 1; }}
exit 0
"""
@dataclass
class StandIn:
    """A program in place of the system's, and what it keeps in its folder."""

    folder: Path

    def keep(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    def forget(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)

    def kept(self, name: str = "crontab") -> bytes | None:
        file = self.folder / name
        return file.read_bytes() if file.exists() else None

    def asked(self) -> list[str]:
        """Return the calls since the last call of this method."""
        asked = (self.kept("asked") or b"").decode().splitlines()
        self.forget("asked")
        return asked


def stand_in(programs: Path, name: str, script: str) -> StandIn:
    folder = programs.parent / f"{name}'s"
    folder.mkdir()
    program = programs / name
    program.write_text(script.format(folder=folder))
    program.chmod(0o700)
    return StandIn(folder)
