"""Screenshots of the studio, to be looked at: desktop and phone, light and dark, with a mix, a split, the export dialog and an error.

    python docs/screenshots.py FOLDER [--palette FILE] [--photo FILE]

`docs/studio.png`, which the README shows, is `FOLDER/desktop-dark-mix.png`. Needs `impasto[dev]` and Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import threading
import time
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from impasto.palette import read, shipped
from impasto.studio.server import config, create_app

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--enable-unsafe-swiftshader"]
SCREENS = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True},
}
SCHEMES = ("dark", "light")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--palette", type=Path, help="the palette (default: the shipped one)")
    parser.add_argument("--photo", type=Path, help="the photo (default: the page's sample)")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    url = start_studio(options.palette or shipped())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for screen in SCREENS:
            for scheme in SCHEMES:
                take_all(browser, url, screen, scheme, options)
        browser.close()


def start_studio(palette: Path) -> str:
    """A studio in a thread of its own, on a free port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config(create_app(read(palette))))
    threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def take_all(browser: Browser, url: str, screen: str, scheme: str, options: argparse.Namespace) -> None:
    context = browser.new_context(color_scheme=scheme, **SCREENS[screen])
    page = context.new_page()
    page.goto(url)
    page.locator("compare-view.painted").wait_for(timeout=60_000)
    if options.photo:
        page.set_input_files("photo-drop input", str(options.photo))
    settle(page)

    def take(what: str) -> None:
        page.screenshot(path=options.folder / f"{screen}-{scheme}-{what}.png")

    take("editing")
    tiles = page.locator("style-grid .mix:visible")
    tiles.nth(2).click(force=True)
    page.get_by_role("button", name="Compare").click()
    settle(page)
    take("mix")
    page.locator(".export").click()
    take("export")
    page.keyboard.press("Escape")
    page.set_input_files("photo-drop input", [{"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"}])
    page.get_by_role("alert").wait_for()
    take("error")
    context.close()


def settle(page: Page) -> None:
    """Thumbnails made, sharp painting there."""
    while page.locator("style-grid canvas:not([data-made])").count():
        page.wait_for_timeout(100)
    page.wait_for_timeout(2500)


if __name__ == "__main__":
    main()
