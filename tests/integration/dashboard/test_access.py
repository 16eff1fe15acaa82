"""Who may see the dashboard and who may act: every route, every kind of visitor, every situation."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing

import pytest

from integration.apps import App
from scheduler.dashboard.assets import assets

from .sites import Browser, Response, scheduler_of, serving

pytestmark = pytest.mark.measured

VISITORS = ("", "stranger", "viewer", "manager")
"""The guest, a user whom the gate refuses, one who may look, one who may act."""
SITUATIONS = {
    "local": {"environment": "local"},
    "production": {"environment": "production"},
    "behind a proxy": {"environment": "local", "X-Forwarded-For": "203.0.113.7"},
    "foreign host": {"environment": "local", "Host": "evil.example"},
}
LOOK = ["", "/", "/task?key=Hello", "/task?key=Hello&why=1", "/runs", "/day", "/data.json", "/metrics"]
LOOK += [f"/assets/{asset.name}" for asset in assets().values()]
MANAGE = ["/pause"]
NOWHERE = ["/nothing", "/runs/999", "/runs/x", "/task?key=Nobody", "/assets/nothing.js", "/assets", "/task/Hello", "/run-now"]
ACTIONS = {
    "/run-now": {"key": "Hello"},
    "/pause": {"key": "Hello", "until": "2 hours"},
    "/resume": {"key": "Hello"},
}


def secrets_of(browser: Browser) -> dict[str, str]:
    """What a form of the dashboard carries, nothing if this visitor gets no form."""
    page = browser.get("/schedule/task?key=Hello").text
    return dict(re.findall(r'<input type="hidden" name="(token|__token)" value="([^"]*)"', page))


def expected(path: str, visitor: str, *, is_post: bool, gate: bool, situation: str) -> int:
    """Which status the design wants."""
    may_view = visitor in {"viewer", "manager"} if gate else situation == "local"
    may_manage = visitor == "manager" if gate else situation == "local"
    if not may_view or path in NOWHERE:
        return 404
    if is_post:
        return 303 if may_manage else 403
    return 200 if path in LOOK or may_manage else 404


@pytest.mark.parametrize("gate", [True, False], ids=["with a gate", "without a gate"])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_route_answers_only_those_who_may(site: App, situation: str, gate: bool) -> None:
    seen, wanted = {}, {}
    with serving(site, gate=gate, **SITUATIONS[situation]) as browser:
        for visitor in VISITORS:
            browser.cookies = {"user": visitor} if visitor else {}
            for path in LOOK + MANAGE + NOWHERE:
                seen[visitor, "GET", path] = browser.get(f"/schedule{path}").status
                wanted[visitor, "GET", path] = expected(path, visitor, is_post=False, gate=gate, situation=situation)
            for path, form in ACTIONS.items():
                answer = browser.post(f"/schedule{path}", {**form, **secrets_of(browser)})
                seen[visitor, "POST", path] = answer.status
                wanted[visitor, "POST", path] = expected("", visitor, is_post=True, gate=gate, situation=situation)
        done = scheduler_of(browser.application).store.actions()
    assert {case: (seen[case], wanted[case]) for case in seen if seen[case] != wanted[case]} == {}
    people = {action.who for action in done}
    assert people == ({"manager@example.com"} if gate else set() if situation != "local" else people)


def test_a_user_without_access_learns_nothing_from_the_answer(site: App) -> None:
    with serving(site) as browser:
        answers = {browser.get(f"/schedule{path}").body for path in (*LOOK, *MANAGE, *NOWHERE)}
        answers |= {browser.post(f"/schedule{path}", {}).body for path in ACTIONS}
        assert answers == {b"Not found.\n"}
        assert browser.get("/schedules").status != 200
        assert browser.get("/public").text == "a public page"


@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.1", "", "::ffff:10.0.0.1", "nonsense"])
def test_only_this_machine_is_local(site: App, address: str) -> None:
    with serving(site, gate=False, environment="local") as browser:
        browser.environ["REMOTE_ADDR"] = address
        assert browser.get("/schedule").status == 404


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"])
def test_this_machine_has_access_under_each_of_its_names(site: App, address: str, host: str) -> None:
    with serving(site, gate=False, environment="development", Host=host) as browser:
        browser.environ["REMOTE_ADDR"] = address
        assert browser.get("/schedule").status == 200


@pytest.mark.parametrize(
    "header", ["Forwarded", "Via", "X-Real-IP", "X-Forwarded-Proto", "X-Forwarded-Anything", "CF-Connecting-IP", "Client-IP"]
)
def test_any_header_of_a_proxy_ends_what_is_local(site: App, header: str) -> None:
    with serving(site, gate=False, environment="local", **{header: "127.0.0.1"}) as browser:
        assert browser.get("/schedule").status == 404


def test_a_proxy_that_sends_no_header_is_known_by_its_protocol(site: App) -> None:
    """By default, Debian's nginx sends `Host: 127.0.0.1:8000` and no `X-Forwarded-For`."""
    with serving(site, gate=False, environment="local", Host="127.0.0.1:8000") as browser:
        browser.environ["SERVER_PROTOCOL"] = "HTTP/1.0"
        assert browser.get("/schedule").status == 404


@pytest.mark.parametrize("host", ["localhost.evil.example", "evil.example:80", "localhost:80@evil.example", "127.0.0.1.nip.io", ""])
def test_a_name_that_only_resembles_localhost_is_not(site: App, host: str) -> None:
    with serving(site, gate=False, environment="local", Host=host) as browser:
        assert browser.get("/schedule").status == 404


def test_a_guest_is_refused_although_masonite_admits_guests_to_such_a_gate(site: App) -> None:
    site.edit("app/providers/SiteProvider.py", lambda text: text.replace('user.name in ("viewer", "manager")', "True"))
    with serving(site, environment="local") as browser:
        assert browser.get("/schedule").status == 404
        assert browser.application.make("gate").allows("view-schedule") is True


def manager_form(browser: Browser) -> dict[str, str]:
    browser.cookies["user"] = "manager"
    return {"key": "Hello", **secrets_of(browser)}


def test_an_action_needs_the_method_post(site: App) -> None:
    with serving(site) as browser:
        form = manager_form(browser)
        query = "&".join(f"{name}={value}" for name, value in form.items())
        assert browser.get(f"/schedule/run-now?{query}").status == 404
        assert browser.get(f"/schedule/run-now?__method=POST&{query}").status == 404
        assert browser.post("/schedule/run-now?__method=GET", form).status == 303
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
            assert browser.request(method, "/schedule/run-now", form).status == 405


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "TRACE", "PROPFIND", "FOO"])
def test_other_methods_tell_a_guest_nothing_and_a_user_which_there_are(site: App, method: str) -> None:
    with serving(site) as browser:
        hidden = browser.request(method, "/schedule")
        browser.cookies["user"] = "viewer"
        refused = browser.request(method, "/schedule")
    assert (hidden.status, hidden.body) == (404, b"Not found.\n")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "https://localhost:8000.evil.example"},
    ],
)
def test_a_form_of_another_site_is_refused(site: App, headers: dict[str, str]) -> None:
    with serving(site) as browser:
        form = manager_form(browser)
        assert browser.post("/schedule/run-now", form, **headers).status == 403
        assert browser.post("/schedule/run-now", form, **{"Sec-Fetch-Site": "same-origin"}).status == 303


@pytest.mark.parametrize("headers", [{"Origin": "null"}, {"Origin": "http://localhost:8000"}, {}])
def test_a_form_of_our_own_page_is_accepted_from_browsers_that_say_less(site: App, headers: dict[str, str]) -> None:
    with serving(site) as browser:
        assert browser.post("/schedule/run-now", manager_form(browser), **headers).status == 303


def test_an_action_needs_the_token_of_this_user_and_session(site: App) -> None:
    with serving(site) as browser:
        form = manager_form(browser)
        for wrong in ("", "0" * 40, form["token"][:-1], form["token"].upper() + "x"):
            assert browser.post("/schedule/run-now", {**form, "token": wrong}).status == 403
        without = {name: value for name, value in form.items() if name != "token"}
        assert browser.post("/schedule/run-now", without).status == 403


def test_an_action_needs_masonites_csrf_token(site: App) -> None:
    with serving(site) as browser:
        form = manager_form(browser)
        for answer in (
            browser.post("/schedule/run-now", {**form, "__token": "wrong"}),
            browser.post("/schedule/run-now", {name: value for name, value in form.items() if name != "__token"}),
        ):
            assert answer.status == 403
            assert "out of date" in answer.text


def test_an_app_without_masonites_csrf_middleware_is_protected_by_ours(site: App) -> None:
    site.edit("app/providers/SiteProvider.py", lambda text: text.replace(", UserOfCookie, VerifyCsrfToken]", ", UserOfCookie]"))
    with serving(site) as browser:
        form = manager_form(browser)
        assert "__token" not in form
        assert browser.post("/schedule/run-now", {**form, "token": "wrong"}).status == 403
        assert browser.post("/schedule/run-now", form).status == 303


def test_a_signed_out_user_may_do_nothing(site: App) -> None:
    with serving(site) as browser:
        form = manager_form(browser)
        browser.cookies.clear()
        assert browser.post("/schedule/run-now", form).status == 404


def assert_guarded(answer: Response) -> None:
    headers = answer.headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
    assert headers["referrer-policy"] == "no-referrer"


def test_every_answer_is_guarded_by_headers(site: App) -> None:
    with serving(site) as browser:
        for visitor in VISITORS:
            browser.cookies = {"user": visitor} if visitor else {}
            for path in LOOK + MANAGE + NOWHERE:
                answer = browser.get(f"/schedule{path}")
                assert_guarded(answer)
                if "/assets/" not in path or answer.status != 200:
                    assert answer.headers["cache-control"] == "no-store"


def doctor_of(site: App, name: str = "dashboard") -> list[tuple[str, str]]:
    """What the doctor says of the dashboard: how it is, and the message."""
    findings = json.loads(site.craft("schedule:doctor", "--json").out)["findings"]
    return [(each["health"], each["message"]) for each in findings if each["check"] == name]


def test_a_server_with_threads_is_refused_in_one_sentence_and_doctor_knows(site: App) -> None:
    with serving(site) as browser:
        browser.cookies["user"] = "manager"
        browser.environ |= {"wsgi.multithread": True, "SERVER_SOFTWARE": "waitress"}
        for _ in range(3):
            answer = browser.get("/schedule")
        assert answer.status == 503
        assert "threads" in answer.text
        assert "Fix:" in answer.text
        assert browser.get("/public").text == "a public page"
    (health, message), _ = doctor_of(site)
    assert health == "warning"
    assert re.fullmatch(r"The dashboard refused to answer (just now|.* ago), because the web server uses threads \(waitress\)\.", message)


def test_doctor_forgets_threads_once_a_server_without_them_has_answered(site: App) -> None:
    with serving(site) as browser:
        browser.environ |= {"wsgi.multithread": True}
        assert browser.get("/schedule").status == 503
    assert [health for health, _ in doctor_of(site)] == ["warning", "ok"]
    with serving(site) as browser:
        browser.cookies["user"] = "manager"
        assert browser.get("/schedule").status == 200
    assert [health for health, _ in doctor_of(site)] == ["ok"]


def test_doctor_says_that_nobody_can_see_a_dashboard_without_gates(site: App) -> None:
    site.write(".env", (site.root / ".env").read_text().replace("APP_ENV=local", "APP_ENV=production"))
    with serving(site):
        pass
    assert doctor_of(site) == [("ok", "The app's gates say who may see the dashboard.")]
    site.edit("app/providers/SiteProvider.py", lambda text: text.replace('"WITH_GATE", "yes"', '"WITH_GATE", "no"'))
    with serving(site, gate=False):
        pass
    assert doctor_of(site) == [("warning", "Nobody can see the dashboard, because the app has no gates 'view-schedule' and 'manage-schedule'.")]


@pytest.mark.parametrize(
    ("environment", "finding"),
    [
        ("production", ("warning", "Nobody can use the buttons of the dashboard, because the app has no gate 'manage-schedule'.")),
        ("local", ("ok", "Only a developer at this machine can use the buttons of the dashboard, because the app has no gate 'manage-schedule'.")),
    ],
)
def test_doctor_says_who_can_act_if_only_viewers_have_a_gate(site: App, environment: str, finding: tuple[str, str]) -> None:
    site.write(".env", (site.root / ".env").read_text().replace("APP_ENV=local", f"APP_ENV={environment}"))
    site.edit("app/providers/SiteProvider.py", lambda text: re.sub(r".*manage-schedule.*\n", "", text))
    with serving(site, gate=False):
        pass
    assert doctor_of(site) == [finding]


def test_users_of_masonites_guard_get_what_the_gates_allow(site: App) -> None:
    """This uses the guard, the middleware and the model of an app; the cookie `token` signs in."""
    site.write("app/models/__init__.py", "")
    site.write(
        "app/models/Member.py",
        """
        from masonite.authentication import Authenticates
        from masoniteorm.models import Model


        class Member(Model, Authenticates):
            __table__ = "members"
            __timestamps__ = False
        """,
    )
    site.write(
        "config/auth.py",
        "from app.models.Member import Member\n\nGUARDS = {'default': 'web', 'web': {'model': Member, 'once': False}}\n",
    )
    site.edit(
        "app/providers/SiteProvider.py",
        lambda text: text.replace("UserOfCookie, Verify", "LoadUserMiddleware, Verify")
        .replace("import EncryptCookies,", "import EncryptCookies, LoadUserMiddleware,")
        .replace('user.name in ("viewer", "manager")', "user.name != 'stranger'")
        .replace('user.name == "manager"', "bool(user.is_admin)"),
    )
    with closing(sqlite3.connect(site.root / "database.sqlite3")) as database, database:
        database.execute("CREATE TABLE members (id INTEGER PRIMARY KEY, name, email, is_admin, remember_token)")
        people = [("stranger", 0), ("viewer", 0), ("manager", 1)]
        database.executemany(
            "INSERT INTO members (name, email, is_admin, remember_token) VALUES (?, ?, ?, ?)",
            [(name, f"{name}@shop.example", admin, f"token-of-{name}") for name, admin in people],
        )
    seen = {}
    with serving(site) as browser:
        for name in ("nobody", "stranger", "viewer", "manager"):
            browser.cookies = {"token": f"token-of-{name}"}
            looked = browser.get("/schedule").status
            acted = browser.post("/schedule/run-now", {"key": "Hello", **secrets_of(browser)}).status
            seen[name] = (looked, acted)
        (action,) = scheduler_of(browser.application).store.actions()
    assert seen == {"nobody": (404, 404), "stranger": (404, 404), "viewer": (200, 403), "manager": (200, 303)}
    assert action.who == "manager@shop.example"
