"""Renders the pictures of README and docs from the demo's dashboard, light and dark, into docs/images.

    python demo/screenshots.py      after a `make demo`, with the package, Masonite 5 and selenium; chromium and chromedriver
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

DEMO = Path(__file__).resolve().parent
IMAGES = DEMO.parent / "docs" / "images"
PORT = 8041
ADDRESS = f"http://localhost:{PORT}/schedule"
PICTURES = {
    "overview": ("", 1240, 1010),
    "task": ("/task?key=SyncInventory&why=1", 1240, 1130),
    "day": ("/day", 1240, 800),
}
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}


@contextmanager
def served():
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{PORT}", "wsgi:application"],
        cwd=DEMO,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(ADDRESS, timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def browser():
    options = Options()
    options.binary_location = shutil.which("chromium") or sys.exit("chromium is missing")
    for switch in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(switch)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def take(driver, name, path, size, scheme):
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get(ADDRESS + path)
    time.sleep(0.3)
    file = IMAGES / f"dashboard-{name}-{scheme}.png"
    driver.save_screenshot(str(file))
    print(f"{file.relative_to(DEMO.parent)}  {file.stat().st_size // 1024} kB")


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    shutil.rmtree(DEMO / ".scheduler", ignore_errors=True)
    subprocess.run([sys.executable, "history.py"], cwd=DEMO, check=True)
    with served(), browser() as driver:
        for scheme in ("light", "dark"):
            for name, (path, width, height) in PICTURES.items():
                take(driver, name, path, {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}, scheme)
        take(driver, "phone", "", PHONE, "light")


if __name__ == "__main__":
    main()
