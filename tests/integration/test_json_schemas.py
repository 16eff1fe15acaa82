"""Every `--json` keeps its contract: the documents of real commands fit the schemas in docs/schemas."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scheduler.listeners.NotificationListener import NotificationListener
from scheduler.runs import Outcome, Run

from .apps import ALWAYS, NEVER, NOON, App

SCHEMAS = Path(__file__).parent.parent.parent / "docs" / "schemas"
TASKS = f"""
class SayHi(Task):
    {ALWAYS}
    name = 'hey'

    def handle(self):
        print('Hi!')


class Fails(Task):
    {ALWAYS}
    retries = 1
    retry_delay = '1 hour'

    def handle(self):
        raise ValueError('no stamps')


class Picky(Task):
    {ALWAYS}
    environments = 'nowhere'

    def handle(self):
        pass


class Nightly(Task):
    {NEVER}

    def handle(self):
        pass


class Rebuild(Task):
    def handle(self):
        print('rebuilt')
"""


def check(name: str, document: Any) -> Any:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    errors = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in Draft202012Validator(schema).iter_errors(document)]
    assert errors == []
    return document


@pytest.fixture
def shop(app: App) -> App:
    app.tasks(TASKS)
    app.tasks("class Broken(Task):\n    run_every = '5 minuets'\n\n    def handle(self):\n        pass\n", "Broken.py")
    return app.keep_runs()


def test_documents_of_a_tick_a_second_tick_and_a_dry_run(shop: App) -> None:
    first = check("run", shop.craft("schedule:run", "--json", at=NOON).exits(1).json())
    assert {run["key"]: run["outcome"] for run in first["runs"]} == {"SayHi": "succeeded", "Fails": "failed", "Picky": "skipped"}
    assert [run["will_be_retried"] for run in first["runs"] if run["key"] == "Fails"] == [True]
    second = check("run", shop.craft("schedule:run", "--json", at=NOON).json())
    assert {entry["key"] for entry in second["already_run"]} == {"SayHi", "Fails", "Picky"}
    dry = check("run", shop.craft("schedule:run", "--dry-run", "--json", at=NOON).json())
    assert {entry["action"] for entry in dry["planned"]} == {"leave", "wait"}


def test_a_document_of_runs_that_wait_for_workers(shop: App) -> None:
    shop.write("config/scheduler.py", "STORE = 'database'\nEXECUTORS = {'far': {'driver': 'custom', 'submit': 'app.far.submit'}}\n")
    shop.write("app/far.py", "def submit(run_id):\n    pass\n")
    shop.tasks("class Far(Task):\n    run_every = '1 minute'\n    executor = 'far'\n    handle = print\n", "Far.py")
    shop.craft("schedule:table").exits(0)
    shop.craft("migrate").exits(0)
    names = ("schedule:run", "--task", "Far", "--json")
    first = check("run", shop.craft(*names, at=NOON).exits(0).json())["handed_over"]
    assert [(run["key"], run["executor"], run["attempt"]) for run in first] == [("Far", "far", 1)]
    second = check("run", shop.craft(*names, at=NOON + timedelta(minutes=1)).exits(0).json())["handed_over"]
    assert first[0] in second, "it is handed over again"
    assert len(second) == 2


def test_documents_of_explain_doctor_and_simulate_fit_the_schemas(shop: App) -> None:
    shop.craft("schedule:run", at=NOON).exits(1)
    shop.craft("schedule:run", "--force", "--task", "Rebuild", at=NOON).exits(0)
    shop.craft("schedule:pause", "Nightly", "--reason", "a move", at=NOON).exits(0)
    listed = check("list", shop.craft("schedule:list", "--json", at=NOON).json())
    by_key = {entry["key"]: entry for entry in listed["tasks"]}
    assert by_key["SayHi"]["last_run"]["outcome"] == "succeeded"
    assert by_key["Nightly"]["pause"]["reason"] == "a move"
    assert by_key["Fails"]["retry"]["attempt"] == 2
    assert by_key["SayHi"]["retry"] is None
    history = check("history", shop.craft("schedule:history", "--json").exits(0).json())
    for run in history["runs"]:
        assert check("history", shop.craft("schedule:history", str(run["id"]), "--json").json()) == run, "nothing is left out"
    [failed] = [run for run in history["runs"] if run["outcome"] == "failed"]
    assert "ValueError: no stamps" in failed["traceback"]
    check("doctor", shop.craft("schedule:doctor", "--json").json())
    explained = check("explain", shop.craft("schedule:explain", "Fails", "--json", at=NOON).json())
    assert explained["retries"] == "it is tried again, up to 1 time: after 1 hour"
    for arguments in (["hey"], ["Broken"], ["Rebuild"], ["Nightly", "--at", "2027-03-28 02:30"]):
        check("explain", shop.craft("schedule:explain", *arguments, "--json", at=NOON).json())
    for arguments in ([], ["--count"], ["--heat"]):
        check("simulate", shop.craft("schedule:simulate", "--to", "2 hours", "--json", *arguments, at=NOON).json())


def test_each_json_line_fits_the_schema(shop: App) -> None:
    for command in (["-v"], ["-v"], ["--dry-run"]):
        lines = shop.craft("schedule:run", "--json-lines", *command, at=NOON).out.splitlines()
        assert lines
        for line in lines:
            check("line", json.loads(line))


@pytest.mark.usefixtures("shop")
def test_a_webhook_gets_a_document_of_its_schema() -> None:
    sent: list[Any] = []
    run = Run("Sync", NOON, outcome=Outcome.SUCCEEDED, started_at=NOON, ended_at=NOON)
    listener = NotificationListener(print, print, print, post=lambda _url, data, _: sent.append(json.loads(data)))
    listener._delivery("https://example.com/", "has recovered", "", run).send()
    check("webhook", sent[0])
