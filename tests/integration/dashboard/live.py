"""A dashboard on a real server, and a real browser."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException, WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait

from integration.apps import App, process_environment

PATIENCE = 60.0
"""How many seconds a page may take on a machine that is busy."""
SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--window-size=1280,1000",
    "--disable-extensions",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-features=OptimizationHints,OptimizationGuideModelDownloading,OptimizationGuideOnDeviceModel,Translate",
)
NO_SCRIPTS = {"profile.managed_default_content_settings.javascript": 2}
CACHE = Path(os.environ.get("AXE_CACHE", Path.home() / ".cache" / "masonite-scheduler"))
AXE_VERSION = "4.14.1"

Missing = Callable[[str], NoReturn]
T = TypeVar("T")


@dataclass
class LiveSite:
    """An app that gunicorn serves on this machine with two processes."""

    app: App
    port: int

    def url(self, path: str = "") -> str:
        return f"http://localhost:{self.port}/schedule{path}"


@contextmanager
def served(app: App, *options: str) -> Iterator[LiveSite]:
    """Serve the app until the block ends; `options` are gunicorn's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # A worker waits for the request of each connection, and Chrome opens some that it does not use at once.
    served = ["--bind", f"127.0.0.1:{port}", "--workers", "4", "--timeout", "120", *options]
    command = [sys.executable, "-m", "gunicorn", *served, "wsgi:application"]
    log = (app.root / "gunicorn.log").open("w")
    process = subprocess.Popen(command, cwd=app.root, env=process_environment(), stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/public", process)
        yield LiveSite(app, port)
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nothing answers at {url}")


class Window:
    """One browser; its console must be empty in the end but for what was said to be expected."""

    def __init__(self, driver: webdriver.Chrome, *, scripts: bool) -> None:
        self.driver = driver
        self.scripts = scripts

    def open(self, url: str, user: str = "manager") -> None:
        """Open an address as this user."""
        self.driver.get("about:blank")  # the page before asks for news, whose answer would set another session's cookie
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.driver.execute_cdp_cmd("Network.setCookie", {"name": "user", "value": user, "url": url})
        self.driver.get_log("browser")
        self.driver.get(url)

    @property
    def text(self) -> str:
        return str(self.driver.find_element(By.TAG_NAME, "body").text)

    def click(self, words: str, *, leads_on: bool = True) -> None:
        """Click the link or button that begins with these words, and wait for the page that it `leads_on` to."""
        quoted = json.dumps(words, ensure_ascii=False)
        begins = f"starts-with(normalize-space(), {quoted})"
        page = self.driver.find_element(By.TAG_NAME, "html")
        self._while_replaced(lambda: self.driver.find_element(By.XPATH, f"//button[{begins}] | //a[{begins}]").click())
        if leads_on:
            # In the moment in which a page is left, Chrome may have other words for it than that it is stale.
            WebDriverWait(self.driver, PATIENCE, 0.05, [WebDriverException]).until(staleness_of(page))

    def fill(self, name: str, text: str) -> None:
        """Fill in the visible field with this name."""
        self._while_replaced(lambda: self._fill(name, text))

    def _fill(self, name: str, text: str) -> None:
        for field in self.driver.find_elements(By.NAME, name):
            if field.is_displayed():
                field.clear()
                field.send_keys(text)
                return
        raise AssertionError(f"no field {name!r}")

    def _while_replaced(self, act: Callable[[], T]) -> T:
        """Do something to the page, and again if the page was brought up to date in that moment."""
        while True:
            with suppress(StaleElementReferenceException):
                return act()

    def wait_for(self, words: str) -> None:
        """Wait until the page shows these words."""
        try:
            self.wait_until(lambda: words in self.text)
        except TimeoutException:
            raise AssertionError(f"{words!r} never came:\n{self.text}") from None

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds of the page."""
        WebDriverWait(self.driver, PATIENCE, 0.1, [WebDriverException]).until(lambda _: holds())

    def texts(self, selector: str) -> list[str]:
        """Return what the elements say that a selector finds."""
        return self._while_replaced(lambda: [found.text for found in self._all(selector)])

    def addresses(self, selector: str) -> list[str]:
        """Return where the links lead that a selector finds, without what stands behind `#`."""
        hrefs = self._while_replaced(lambda: [found.get_attribute("href") or "" for found in self._all(selector)])
        return [href.partition("#")[0] for href in hrefs]

    def _all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def complaints(self) -> list[str]:
        """What the console says."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@contextmanager
def browser(missing: Missing, *, scripts: bool = True) -> Iterator[Window]:
    """Start Debian's chromium, with scripts on or off."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        missing("chromium and chromedriver (Debian: chromium, chromium-driver)")
    options = Options()
    options.binary_location = chromium
    for switch in SWITCHES:
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if not scripts:
        options.add_experimental_option("prefs", NO_SCRIPTS)
    # A browser whose clock is set for a test keeps both processors busy: its own clock stays right.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LD_PRELOAD", "FAKETIME"))}
    driver = webdriver.Chrome(options=options, service=Service(chromedriver, env=environment))
    try:
        yield Window(driver, scripts=scripts)
    finally:
        driver.quit()


def axe_source(missing: Missing) -> str:
    """Return axe-core's script, which npm fetches once."""
    file = CACHE / f"axe-core-{AXE_VERSION}" / "package" / "axe.min.js"
    if not file.exists():
        npm = shutil.which("npm") or missing("npm, to fetch axe-core (Debian: npm)")
        folder = file.parent.parent
        folder.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run([npm, "pack", f"axe-core@{AXE_VERSION}"], cwd=folder, capture_output=True, text=True, timeout=120)
        if packed.returncode:
            missing(f"axe-core from npm: {packed.stderr}")
        subprocess.run(["tar", "-xzf", f"axe-core-{AXE_VERSION}.tgz"], cwd=folder, check=True)
    return file.read_text(encoding="utf-8")


def violations(window: Window, axe: str) -> list[str]:
    """What axe finds wrong with the page that is open."""
    window.driver.execute_script(axe)
    found = window.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {resultTypes: ['violations']}).then(result => done(result.violations), error => done([{id: String(error), nodes: []}]));"
    )
    return [f"{each['id']}: {node['html'][:200]} {node['failureSummary']}" for each in found for node in each["nodes"] or [{"html": "", "failureSummary": ""}]]
