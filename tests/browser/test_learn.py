"""Learning a style on the page, with real lessons on a small network; learned styles among the others, in both languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.palette import Palette, pack, read
from impasto.picture import encode, from_array
from impasto.studio import learning
from tests.browser.conftest import Studio, painted
from tests.browser.test_access import AXE, DESKTOP, PHONE, violations
from tests.conftest import make_pixels
from tests.school import open_school, stripes
from tests.studio_server import RunningStudio
from tests.test_gallery import single

PLAN = {"title": "Étude", "minutes": 5, "licence": "CC0", "pictures": ["pictures/001/a.png"]}
REPORT = {"step": 9, "share": 0.4, "left_s": 70, "words": "colours found, strokes forming"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def studio(tiny_palette: Palette, home: Path) -> Iterator[RunningStudio]:
    with pytest.MonkeyPatch.context() as patch:
        open_school(home, patch)
        running = RunningStudio(tiny_palette, home=home)
        yield running
        running.stop()


@pytest.fixture
def sunny(studio: RunningStudio) -> Iterator[Palette]:
    """A learned style that is there when the page opens."""
    httpx.post(f"{studio.url}/api/styles", content=pack(single()), timeout=60)
    yield single()
    httpx.delete(f"{studio.url}/api/styles/sunny")


@pytest.fixture
def paused(home: Path, studio: RunningStudio) -> Iterator[None]:
    """A lesson of an earlier run of the studio."""
    studio.stop()
    (home / "lesson").mkdir()
    (home / "lesson" / "lesson.json").write_text(json.dumps({"plan": PLAN, "report": REPORT, "notes": ["b.png is left out: it is small."]}))
    studio.start()
    yield
    httpx.delete(f"{studio.url}/api/lesson")


def button(person: Studio, name: str) -> Any:
    return person.page.get_by_role("button", name=name, exact=True)


def begin(person: Studio) -> None:
    button(person, "Learn a style…").click()
    person.page.set_input_files("learn-dialog input[type=file]", [{"name": "My stripes.png", "mimeType": "image/png", "buffer": stripes()}])
    assert person.page.get_by_role("textbox", name="Name").input_value() == "My stripes"
    button(person, "Start learning").click()


def version(person: Studio) -> int:
    return int(person.page.locator("learn-panel canvas").get_attribute("data-version") or 0)


@pytest.mark.slow
def test_a_style_is_learned_while_one_watches(
    person: Studio, studio: RunningStudio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette
) -> None:
    person.choose(photo_pixels)
    begin(person)
    person.page.get_by_text("Looking at the pictures…").wait_for()
    person.until(lambda: version(person) > 0, "no preview came")
    seen = version(person)
    button(person, "Mono").click()  # the other styles go on as ever
    person.set("Strength", 0.5)
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="mono", strength=0.5))
    person.until(lambda: version(person) > seen, "the preview is not renewed")
    person.page.locator("learn-panel .words").get_by_text("colours").wait_for()
    person.page.get_by_text("min left").wait_for()
    person.choose(make_pixels(200, 120, seed=7), "other.png")
    script = "() => document.querySelector('learn-panel canvas').width"
    person.until(lambda: person.page.evaluate(script) == 200, "the preview is not of the photo that is open")
    person.page.reload()
    button(person, "Pause").click()
    button(person, "Go on").wait_for()
    studio.stop()
    studio.start()
    person.page.reload()
    button(person, "Go on").click()
    person.until(lambda: person.page.locator("learn-panel [data-state=learning]").count() == 1, "it does not go on")
    button(person, "Stop and keep").click()
    person.page.get_by_text("My stripes is among the styles.").wait_for()
    assert button(person, "My stripes").get_attribute("aria-pressed") == "true"
    learned = read(httpx.get(f"{studio.url}/api/styles/my-stripes/palette").content)
    person.until_pixels(painted(learned, make_pixels(200, 120, seed=7), strength=0.5))
    person.until(lambda: person.page.locator("[data-style=my-stripes] img[data-made]").count() == 1, "it has no thumbnail")
    httpx.delete(f"{studio.url}/api/styles/my-stripes")
    person.forgive("ERR_CONNECTION_REFUSED", "404")


def test_learned_styles_are_renamed_carried_away_and_deleted(person: Studio, studio: RunningStudio, tmp_path: Path) -> None:
    file = tmp_path / "x.palette"
    file.write_bytes(pack(single()))
    person.page.set_input_files("learn-panel input[type=file]", str(file))
    person.page.get_by_text("Sunny is among the styles.").wait_for()
    assert button(person, "Sunny").get_attribute("aria-pressed") == "true"
    button(person, "Rename, export or delete Sunny").click()
    dialog = person.page.get_by_role("dialog", name="Sunny")
    with person.page.expect_download() as downloading:
        dialog.get_by_role("link", name="Export").click()
    assert downloading.value.suggested_filename == "sunny.palette"
    assert read(downloading.value.path().read_bytes()).model == single().model
    dialog.get_by_label("Name").fill("Aix")
    dialog.get_by_role("button", name="Rename").click()
    assert button(person, "Aix").get_attribute("aria-pressed") == "true"
    studio.stop()
    studio.start()
    person.page.reload()
    button(person, "Rename, export or delete Aix").click()
    person.page.get_by_role("dialog", name="Aix").get_by_role("button", name="Delete").click()
    person.page.get_by_text("Aix is deleted.").wait_for()
    assert button(person, "Aix").count() == 0 and button(person, "Red").get_attribute("aria-pressed") == "true"
    person.page.get_by_role("alert").get_by_role("button", name="Undo").click()
    button(person, "Aix").click()
    assert button(person, "Aix").get_attribute("aria-pressed") == "true"
    httpx.delete(f"{studio.url}/api/styles/sunny")
    person.forgive("ERR_CONNECTION_REFUSED")


@pytest.mark.usefixtures("sunny")
class TestLearned:
    @pytest.fixture
    def person(self, sunny: Palette, person: Studio) -> Studio:
        button(person, "Sunny").wait_for()
        return person

    def test_it_is_tried_on_and_painted_in_regions(self, person: Studio, sunny: Palette, photo_pixels: NDArray[np.uint8]) -> None:
        person.choose(photo_pixels)
        button(person, "Add a region").click()
        person.until(lambda: person.page.locator("compare-view.masking").count() == 1, "no region came")
        button(person, "Sunny").click()
        button(person, "Fill").click()
        person.until_pixels(painted(sunny, photo_pixels), 2)

    def test_it_is_not_mixed(self, person: Studio) -> None:
        button(person, "Sunny").click()
        person.page.get_by_role("button", name="Add Mono to the mix").click()
        person.page.get_by_text("Sunny has a network of its own and cannot be mixed.").wait_for()
        assert person.page.locator("style-grid .chosen").count() == 1
        script = "(button) => { for (let click = 0; click < 12; click++) button.click(); }"  # at once: a message goes after 9 s
        person.page.get_by_role("button", name="Surprise me").evaluate(script)
        assert person.page.get_by_role("alert").count() == 1  # nothing else was refused


def test_a_palette_of_many_styles_is_not_taken(person: Studio, tiny_palette_path: Path) -> None:
    person.page.set_input_files("learn-panel input[type=file]", str(tiny_palette_path))
    person.page.get_by_text("Tiny holds 3 styles.").wait_for()
    person.forgive("400")


def test_without_the_training_half_the_page_says_how_to_get_it(person: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "_PARTS", ("a_part_that_is_missing",))
    person.page.reload()
    button(person, "Learn a style (not installed)").click()
    assert 'pip install "impasto[train]"' in person.page.get_by_role("dialog", name="Learn a style").inner_text()
    assert not button(person, "Start learning").is_visible()


def test_discarding_asks_twice(paused: None, person: Studio) -> None:
    button(person, "Discard").click()
    button(person, "Press again to discard").click()
    person.until(lambda: not person.page.locator("learn-panel .card").is_visible(), "it is still there")
    person.page.reload()
    assert not person.page.locator("learn-panel .card").is_visible()


@pytest.mark.parametrize(
    ("scheme", "language", "device", "words"),
    [
        ("dark", "en-GB", DESKTOP, "paused, colours found, strokes forming"),
        ("light", "zh-CN", PHONE, "已暂停，已找到色彩，笔触正在成形"),
    ],
    ids=["dark-en", "light-zh-phone"],
)
def test_axe_finds_nothing_where_styles_are_learned(
    browser: Any, studio: Any, paused: None, sunny: Palette, scheme: str, language: str, device: dict[str, Any], words: str
) -> None:
    context = browser.new_context(color_scheme=scheme, locale=language, **device)
    person = Studio(context.new_page(), studio.url)
    person.open()
    page = person.page
    page.evaluate(AXE)
    page.locator("learn-panel").scroll_into_view_if_needed()
    page.get_by_text(words).wait_for()
    found = violations(page)
    httpx.delete(f"{studio.url}/api/lesson")
    page.locator("[data-style=sunny] .more").click(force=True)
    found += violations(page)
    page.locator("style-dialog .delete").click()
    page.get_by_role("alert").wait_for()
    found += violations(page)
    page.reload()
    page.evaluate(AXE)
    page.locator("learn-panel .learn").click()
    file = {"name": "a.png", "mimeType": "image/png", "buffer": encode(from_array(make_pixels(90, 60)), "png")}
    page.set_input_files("learn-dialog input[type=file]", [file])
    found += violations(page)
    context.close()
    assert not found, "\n".join(found)
