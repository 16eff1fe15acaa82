"""A fresh process that runs one task, or tells of its runs: `python -m scheduler.isolation.spawned`, see `main`."""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import Any

from scheduler.isolation.packing import unpacked, unpacked_endings
from scheduler.isolation.Worker import (
    GO,
    EndedBySignal,
    begin,
    end_process,
    prepare_streams,
    report_to,
    take_signals,
    write_all,
)


def main(arguments: list[str]) -> None:
    """Boot the app in the working directory, wait to be let go, do what is asked, report what came of it; never return.

    `arguments` are what to do, a packed run, and the numbers of the pipes to be let go and to report with. Outcomes to
    tell are on the standard input, and the run is the last of them.
    """
    code = 1
    try:
        what, run, go, result = arguments
        prepare_streams()
        sys.path.insert(0, os.getcwd())
        with warnings.catch_warnings(record=True):  # whoever started this process has booted the app, and has seen them
            from wsgi import application  # type: ignore[import-not-found]  # noqa: PLC0415 - the app's own file
        scheduler = _scheduler(application)  # a part of booting, and none of the time that the task may take
        take_signals()
        if os.read(int(go), 1) == GO:
            report_to(int(result))
            begin()
            endings = unpacked_endings(sys.stdin.read()) if what == "tell" else []
            report = scheduler.do_here(what, unpacked(run), endings)
            write_all(int(result), json.dumps(report).encode())
            code = 0
    except EndedBySignal as error:
        code = int(error.code or 1)
    except BaseException:  # noqa: BLE001 - an app that does not boot, above all: it is kept with the run
        import traceback  # noqa: PLC0415 - hardly ever

        traceback.print_exc()
    finally:
        end_process(code)


def _scheduler(application: Any) -> Any:
    """Return the app's scheduler; its name may be bound to Masonite's handler, which hands everything on to it."""
    bound = application.make("scheduler")
    return getattr(bound.run, "__self__", bound).scheduler


if __name__ == "__main__":
    from scheduler.isolation import tree

    tree.die_with_parent(os.getppid())
    tree.keep_descendants()
    main(sys.argv[1:])
