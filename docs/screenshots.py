"""Screenshots of the studio, to be looked at: three sizes, light and dark, English and Chinese, every screen.

    python docs/screenshots.py FOLDER [--palette FILE] [--photo FILE] [--only SIZE-SCHEME-LANGUAGE] [--learn PICTURE]

`docs/studio.png`, which the README shows, is `FOLDER/desktop-dark-en-mix.png`; `docs/learn.png` is `FOLDER/desktop-dark-en-learning.png`.
Needs `impasto[dev]` and Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, Route, sync_playwright

from impasto.palette import read, shipped
from impasto.studio import learning
from impasto.studio.server import config, create_app

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--enable-unsafe-swiftshader"]
SCREENS = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "large": {"viewport": {"width": 1920, "height": 1080}},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True},
}
SCHEMES = ("dark", "light")
LANGUAGES = {"en": "en-GB", "zh": "zh-CN"}
SETTLE_MS = 2500
LEARNED = {"en": "colours found", "zh": "已找到色彩"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--palette", type=Path, help="the palette (default: the shipped one)")
    parser.add_argument("--photo", type=Path, help="the photo (default: the page's sample)")
    parser.add_argument("--only", default="", help="the beginning of the names wanted, such as phone-dark")
    parser.add_argument("--learn", type=Path, metavar="PICTURE", help="learn a style from this picture, and show that only")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    url = start_studio(options.palette or shipped())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for name in (f"{screen}-{scheme}-{language}" for screen in SCREENS for scheme in SCHEMES for language in LANGUAGES):
            if name.startswith(options.only):
                take_all(browser, url, name, options)
        browser.close()


def start_studio(palette: Path) -> str:
    """A studio in a thread of its own, on a free port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config(create_app(read(palette))))
    threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def take_all(browser: Browser, url: str, name: str, options: argparse.Namespace) -> None:
    screen, scheme, language = name.split("-")
    context = browser.new_context(color_scheme=scheme, locale=LANGUAGES[language], **SCREENS[screen])
    page = context.new_page()

    def take(what: str) -> None:
        page.screenshot(path=options.folder / f"{name}-{what}.png")

    held: list[Route] = []
    page.route("**/sample.jpg", lambda route: held.append(route))  # the page without a photo, however quick the machine is
    page.goto(url, wait_until="domcontentloaded")
    page.locator("style-grid img").first.wait_for(state="attached")
    page.wait_for_timeout(SETTLE_MS)
    take("empty")
    for request in held:
        request.continue_()
    page.locator("compare-view.painted").wait_for(timeout=60_000)
    if options.photo:
        page.set_input_files("photo-drop input", str(options.photo))
    settle(page)
    if options.learn:
        learn(page, options.learn, take)
        return context.close()
    take("editing")
    page.locator("first-hints button").click()
    mix_and_split(page, take)
    paint_mask(page, take)
    open_dialogs(page, take)
    page.set_input_files("photo-drop input", [{"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"}])
    page.get_by_role("alert").wait_for()
    page.wait_for_timeout(500)  # until it stands still
    take("error")
    return context.close()


def learn(page: Page, picture: Path, take: Callable[[str], None]) -> None:
    """A style learned for a minute, at ordinary priority because nobody moves a slider meanwhile."""
    learning.NICENESS = 0
    page.locator("first-hints button").click()
    page.locator("learn-panel .learn").click()
    page.set_input_files("learn-dialog input[type=file]", str(picture))
    page.locator("#learn-name").fill("Red Fuji")
    page.wait_for_timeout(500)
    take("learn")
    page.locator("#learn-minutes").select_option("2")
    page.locator("learn-dialog .go").click()
    page.locator("learn-panel").get_by_text(LEARNED[page.locator("html").get_attribute("lang") or ""]).wait_for(timeout=600_000)
    page.wait_for_timeout(30_000)
    take("learning")
    page.locator("learn-panel .keep").click()
    page.locator("style-grid .learned.chosen").wait_for(timeout=60_000)
    settle(page)
    take("learned")
    page.locator("style-grid .more").click(force=True)
    take("manage")


def mix_and_split(page: Page, take: Callable[[str], None]) -> None:
    for tile in (2, 5):
        page.locator("style-grid .mix:visible").nth(tile).click(force=True)
    page.locator(".snapshot-add").click()
    page.mouse.move(5, 5)
    page.locator(".button.split").click()
    settle(page)
    take("mix")
    page.locator("style-mix").scroll_into_view_if_needed()
    take("pad")
    page.locator(".button.split").click()


def paint_mask(page: Page, take: Callable[[str], None]) -> None:
    page.locator("region-panel .add").click()
    page.locator("compare-view.masking").wait_for()
    page.wait_for_timeout(500)
    page.locator("region-panel .mask-tools").scroll_into_view_if_needed()
    box = page.locator("compare-view .frame").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6, steps=8)
    take("mask")
    page.mouse.up()


def open_dialogs(page: Page, take: Callable[[str], None]) -> None:
    openers = {"export": ".export", "presets": ".presets", "keys": ".keys"}
    for what, button in openers.items():
        page.locator(button).first.evaluate("button => button.click()")
        page.wait_for_timeout(200)
        take(what)
        page.keyboard.press("Escape")


def settle(page: Page) -> None:
    """Thumbnails made, sharp painting there."""
    while page.locator("style-grid img:not([data-made])").count():
        page.wait_for_timeout(100)
    page.wait_for_timeout(SETTLE_MS)


if __name__ == "__main__":
    main()
