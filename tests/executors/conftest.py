"""Fleets: apps whose workers wait for runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contracts.databases import quick_folder
from integration.apps import ARRANGEMENTS, make_app, make_template
from masonite_version import masonite_major

from executors.engines import ENGINES, why_unreachable
from executors.fleet import TASKS, Fleet

MONITOR = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Monitor(BaseHTTPRequestHandler):
    def do_GET(self):
        with open(sys.argv[1], "a") as file:
            file.write(self.path + "\\n")
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Monitor)
print(server.server_port, flush=True)
server.serve_forever()
"""
"""A monitoring service; not a thread of this process, since ticks would not fork beside one."""


class Endpoint:
    def __init__(self, file: Path) -> None:
        self._file = file
        file.touch()
        self.process = subprocess.Popen([sys.executable, "-c", MONITOR, str(file)], stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}/ping"

    def requests(self) -> list[str]:
        return self._file.read_text().splitlines()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and item.get_closest_marker("measured") is None:
            item.add_marker(pytest.mark.twice)
            item.add_marker(pytest.mark.services)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A monitoring service, whose address the tasks know."""
    made = Endpoint(tmp_path_factory.mktemp("endpoint") / "requests")
    yield made
    made.process.kill()
    made.process.communicate()


@pytest.fixture(scope="session")
def make_fleet(template: Path, endpoint: Endpoint, missing) -> Iterator[Callable[..., Fleet]]:
    """Makes an app for an engine, without workers; they are ended and its queue is emptied in the end."""
    made: list[Fleet] = []
    with quick_folder() as folder:

        def make(name: str, tasks: str = TASKS, **more) -> Fleet:
            engine = ENGINES[name]
            for broker in engine.brokers:
                if reason := why_unreachable(broker):
                    missing(reason)
            app = make_app(template, folder / str(len(made)), ARRANGEMENTS["ours last"])
            made.append(Fleet(app, engine, tasks=tasks.replace("ENDPOINT", endpoint.url), **more))
            return made[-1]

        yield make
        for fleet in made:
            fleet.close()


@pytest.fixture(scope="module", params=[name for name, engine in ENGINES.items() if masonite_major() in engine.masonite])
def working_fleet(request: pytest.FixtureRequest, make_fleet: Callable[..., Fleet]) -> Fleet:
    """An app of each engine, whose workers are started once."""
    fleet = make_fleet(request.param)
    fleet.start_workers()
    yield fleet
    fleet.close()


@pytest.fixture
def fleet(working_fleet: Fleet, capfd: pytest.CaptureFixture[str]) -> Fleet:
    """An app of each engine, with two workers that wait."""
    working_fleet.app.capture = capfd
    if any(worker.poll() is not None for worker in working_fleet.workers) or not working_fleet.workers:
        working_fleet.stop_workers()
        working_fleet.start_workers()
    return working_fleet
