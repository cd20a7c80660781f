"""A real Chromium on a real studio. Debian's `chromium` is used where it is installed, else the one Playwright brings."""

from __future__ import annotations

import base64
import functools
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

from impasto.engine import Engine
from impasto.look import Look
from impasto.palette import Palette
from impasto.picture import encode, from_array
from tests.conftest import make_pixels
from tests.studio_server import RunningStudio

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
SOFTWARE = "GPU stall due to ReadPixels"  # Chromium says so of WebGL without a graphics card, which the page uses only when it is told to
PATIENCE_S = float(os.environ.get("IMPASTO_PATIENCE_S", 120))  # for a slow machine

# Width, height and levels of the painting as it is drawn now.
SHOW = """() => {
    const view = document.querySelector("compare-view");
    view.draw();
    const { width, height } = view.painting;
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    context.drawImage(view.painting, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    let text = "";
    for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i], data[i + 1], data[i + 2]);
    return [width, height, text];
}"""
KEEP = "(expected, levels) => { expected.levels = Uint8Array.from(atob(levels), (letter) => letter.charCodeAt(0)); }"
# A few rows tell most paintings apart, and all rows of a large one take long to read.
FARTHEST = """({ width, height, levels }, tolerance) => {
    const view = document.querySelector("compare-view");
    const { painting } = view;
    if (painting.width !== width || painting.height !== height) return 256;
    view.draw();
    let farthest = 0;
    for (const rows of [Math.min(8, height), height]) {
        const top = (height - rows) >> 1;
        const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
        context.drawImage(painting, 0, -top);
        const { data } = context.getImageData(0, 0, width, rows);
        for (let i = 0, j = 3 * top * width; i < data.length; i += 4)
            for (let k = 0; k < 3; k++) farthest = Math.max(farthest, Math.abs(data[i + k] - levels[j++]));
        if (farthest > tolerance) break;
    }
    return farthest;
}"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        if executable is None and not Path(playwright.chromium.executable_path).exists():
            pytest.fail("The browser tests need Chromium: apt-get install chromium, or CHROMIUM=/path/to/it.", pytrace=False)
        running = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def studio(tiny_palette: Palette) -> Iterator[RunningStudio]:
    running = RunningStudio(tiny_palette)
    yield running
    running.stop()


@functools.lru_cache(4)
def _engine(palette: Palette) -> Engine:
    return Engine(palette)


def painted(palette: Palette, pixels: NDArray[np.uint8], **look: Any) -> NDArray[np.float32]:
    """What the page should show of a photo (H×W×3) in that look: H×W×3 in 0..1, by an engine that is not the studio's."""
    return _engine(palette).render(from_array(pixels), Look.parse(look)).pixels


class Studio:
    """The page as a person meets it: what they do, and the pixels they see."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        self.paints = 0  # asked for
        self._heard: list[tuple[Any, Any]] = []
        self._on("console", self._hear)
        self._on("pageerror", lambda error: self.complaints.append(str(error)))
        self._on("websocket", lambda live: live.on("framesent", self._count))

    def _on(self, event: Any, heard: Callable[[Any], Any]) -> None:
        self.page.on(event, heard)
        self._heard.append((event, heard))

    def listen(self) -> list[str]:
        """The addresses that the page asks for from now on; to hear of each costs time, so few tests do."""
        asked: list[str] = []
        self._on("request", lambda request: asked.append(request.url))
        return asked

    def part(self) -> None:
        """Hears nothing any more of a page that the next test gets."""
        for event, heard in self._heard:
            self.page.remove_listener(event, heard)

    def _hear(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def forgive(self, *words: str) -> None:
        """What a test makes the browser say of itself, such as that an address was not found."""
        self.complaints = [complaint for complaint in self.complaints if not any(word in complaint for word in words)]

    def _count(self, frame: bytes | str) -> None:
        self.paints += b'"type":"paint"' in (frame if isinstance(frame, bytes) else frame.encode())

    def open(self, query: str = "") -> None:
        self.page.goto(f"{self.url}/{query}")
        self.until(lambda: self.page.locator("compare-view.painted").count() == 1, "no painting")

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits for a condition, as long as a slow machine may need. To ask costs the page time: the longer it takes, the less often."""
        deadline = time.monotonic() + PATIENCE_S
        pause_ms = 40.0
        while not condition():
            assert time.monotonic() < deadline, what
            self.page.wait_for_timeout(pause_ms)
            pause_ms = min(1.2 * pause_ms, 200)

    def choose(self, pixels: NDArray[np.uint8], name: str = "mine.png") -> None:
        """Chooses a photo and waits for its painting."""
        file = {"name": name, "mimeType": "image/png", "buffer": encode(from_array(pixels), "png")}
        self.page.set_input_files("photo-drop input", [file])  # type: ignore[list-item]
        self.until(lambda: self.size() == (pixels.shape[1], pixels.shape[0]), "the photo was not painted")

    def slider(self, name: str) -> Any:
        return self.page.get_by_role("slider", name=name, exact=True)

    def set(self, name: str, value: float) -> None:
        self.slider(name).evaluate("(range, value) => { range.value = value; range.dispatchEvent(new Event('input')); }", value)

    def pixels(self) -> NDArray[np.uint8]:
        """H×W×3 of the painting's canvas as it is drawn."""
        width, height, rgb = self.page.evaluate(SHOW)
        return np.frombuffer(rgb.encode("latin-1"), np.uint8).reshape(height, width, 3)

    def size(self) -> tuple[int, int]:
        """Width and height of the painting that is shown."""
        width, height = self.page.locator("compare-view").evaluate("({ painting }) => [painting.width, painting.height]")
        return width, height

    def until_pixels(self, expected: NDArray[np.float32], tolerance: int = 1) -> None:
        """Waits until the painting is this one (H×W×3 in 0..1); they are compared in the page, for pixels travel slowly."""
        levels = np.floor(expected * 255 + 0.5).astype(np.uint8)
        height, width = levels.shape[:2]
        kept = self.page.evaluate_handle("([width, height]) => ({ width, height })", [width, height])
        kept.evaluate(KEEP, base64.b64encode(levels.tobytes()).decode())
        self.until(lambda: kept.evaluate(FARTHEST, tolerance) <= tolerance, "the painting is not the one expected")
        kept.dispose()


class Pages:
    """Pages that tests leave to each other: a new one costs the browser a window and a process, more than all else of opening the studio.

    A page that is left is at no studio, without anything kept for its address, with no pointer over it and nothing in its way.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._left: dict[str, Page] = {}

    def take(self, options: dict[str, Any]) -> Page:
        """One that was left, or a new one."""
        return self._left.pop(str(options), None) or self.make(options)

    def make(self, options: dict[str, Any]) -> Page:
        """One that no test has seen, in a new context."""
        context = self._browser.new_context(**options)
        context.set_default_timeout(1000 * PATIENCE_S)
        context.add_init_script("localStorage.setItem('impasto.hinted', 'true')")
        return context.new_page()

    def leave(self, page: Page, url: str, options: dict[str, Any]) -> None:
        """Empties it for the next test that asks for the same options."""
        context = page.context
        assert context.pages == [page]
        page.unroute_all()
        page.mouse.move(-1, -1)
        page.goto(f"{url}/static/icon.svg")  # of the same address and so in the same process, but no script runs there
        session = context.new_cdp_session(page)
        session.send("Storage.clearDataForOrigin", {"origin": url, "storageTypes": "all"})
        session.detach()
        context.clear_permissions()
        if "permissions" in options:
            context.grant_permissions(options["permissions"])
        self._left[str(options)] = page


@pytest.fixture(scope="session")
def pages(browser: Browser) -> Pages:
    return Pages(browser)


@pytest.fixture
def page_options() -> dict[str, Any]:
    return {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"}


@pytest.fixture
def query() -> str:
    """What the page's address ends with."""
    return ""


@pytest.fixture
def fresh() -> bool:
    """Whether a test needs a page that no other has had: it looks at memory, or changes what cannot be changed back."""
    return False


@pytest.fixture
def person(
    request: pytest.FixtureRequest, pages: Pages, studio: RunningStudio, page_options: dict[str, Any], query: str, fresh: bool
) -> Iterator[Studio]:
    """A page that is open on the sample; at the end nothing may have complained in the console."""
    page = pages.make(page_options) if fresh else pages.take(page_options)
    person = Studio(page, studio.url)
    failed = request.session.testsfailed
    person.open(query)
    yield person
    if fresh or request.session.testsfailed > failed:
        page.context.close()
    else:
        pages.leave(page, studio.url, page_options)
        person.part()
    assert person.complaints == []


@pytest.fixture(scope="session")
def photo_pixels() -> NDArray[np.uint8]:
    """Small enough that the preview is the sharp painting too."""
    return make_pixels(320, 200, seed=5)
