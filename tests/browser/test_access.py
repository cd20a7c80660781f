"""axe-core on every screen, in both languages and themes and on a phone; reduced motion; the weight of the page."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
from playwright.sync_api import Page

from impasto.studio.page import STATIC
from tests.browser.conftest import Studio

AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
MAX_PAGE_BYTES = 400_000
# Half way through a transition no colour is what it will be; one that a click begins is known two frames later.
REST = """async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})));
}"""


def violations(page: Page) -> list[str]:
    """What axe finds: rule, element, and what it says of it."""
    page.evaluate(REST)
    found = page.evaluate("async () => (await axe.run(document, { resultTypes: ['violations'] })).violations")
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def screens(person: Studio) -> Any:
    """Every screen of the page, one after the other."""
    page = person.page
    yield "hints and editing"
    page.locator("first-hints button").click()
    page.locator("style-grid .mix").nth(1).click(force=True)
    page.locator("style-grid .mix").nth(2).click(force=True)
    page.locator(".snapshot-add").click()
    page.locator(".button.split").click()
    yield "mix, split and a snapshot"
    page.locator(".button.side").click()
    page.locator("region-panel .add").click()
    page.locator("compare-view.masking").wait_for()
    page.locator("region-panel .mask-tools").scroll_into_view_if_needed()
    yield "side by side and a region"
    for button, dialog in ((".export", "export-dialog"), (".presets", "preset-dialog"), (".keys", "shortcut-sheet")):
        page.locator(button).first.evaluate("button => button.click()")
        yield dialog
        page.keyboard.press("Escape")
    page.locator(".bar .export").click()
    page.locator("export-dialog .more").click()
    yield "batch-dialog"
    page.keyboard.press("Escape")
    page.set_input_files("photo-drop input", [{"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"}])
    page.get_by_role("alert").wait_for()
    page.locator("style-grid input").fill("zzz")
    yield "error and nothing found"
    page.locator("button.camera").click()
    page.locator("camera-view .rate").wait_for(state="attached")
    yield "camera"


@pytest.mark.parametrize(
    ("scheme", "language", "device"),
    [("dark", "en-GB", DESKTOP), ("dark", "zh-CN", PHONE), ("light", "zh-CN", DESKTOP), ("light", "en-GB", PHONE)],
    ids=["dark-en", "dark-zh-phone", "light-zh", "light-en-phone"],
)
def test_axe_finds_nothing_on_any_screen(browser: Any, studio: Any, scheme: str, language: str, device: dict[str, Any]) -> None:
    context = browser.new_context(color_scheme=scheme, locale=language, **device)
    person = Studio(context.new_page(), studio.url)
    person.open()
    person.page.evaluate(AXE)
    found = [f"{screen}: {what}" for screen in screens(person) for what in violations(person.page)]
    person.page.goto(f"{studio.url}/docs")
    person.page.get_by_text("/api/paint", exact=True).wait_for()
    person.page.evaluate(AXE)
    found += [f"docs: {what}" for what in violations(person.page)]
    context.close()
    assert not found, "\n".join(found)


def test_the_page_is_light_and_all_from_here(person: Studio) -> None:
    script = "() => performance.getEntriesByType('resource').map(({ name, decodedBodySize }) => [name, decodedBodySize])"
    files = {name: size for name, size in person.page.evaluate(script) if "/static/" in name}
    assert all(name.startswith(person.url) for name in files)
    assert sum(size for name, size in files.items() if "sample" not in name) < MAX_PAGE_BYTES
    assert len(files) > 40
    assert max(len(path.read_text("utf-8").splitlines()) for path in STATIC.rglob("*.js")) <= 400


class TestCalm:
    @pytest.fixture
    def page_options(self) -> dict[str, Any]:
        return {"reduced_motion": "reduce", "locale": "en-GB"}

    def test_nothing_moves_for_who_wants_that(self, person: Studio) -> None:
        script = """() => [...document.querySelectorAll("*")].filter((element) => {
            const { transitionDuration, animationName } = getComputedStyle(element);
            return transitionDuration !== "0s" || animationName !== "none";
        }).length"""
        assert person.page.evaluate(script) == 0
