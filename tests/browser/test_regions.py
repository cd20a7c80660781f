"""Regions: masks painted with a brush or found round a subject, each with a style of its own, in the painting, undo, reload and export."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.palette import Palette
from impasto.picture import decode
from tests.browser.conftest import Studio, painted
from tests.conftest import make_pixels
from tests.studio_server import RunningStudio

WIDTH, HEIGHT = 320, 200


def drag(person: Studio, *way: tuple[float, float]) -> None:
    """Draws on the picture through places in it (0..1)."""
    box = person.page.locator("compare-view .frame").bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in way]
    person.page.mouse.move(*points[0])
    person.page.mouse.down()
    for point in points[1:]:
        person.page.mouse.move(*point, steps=6)
    person.page.mouse.up()


def add_region(person: Studio) -> None:
    person.page.get_by_role("button", name="Add a region").click()
    person.until(lambda: person.page.locator("compare-view.masking").count() == 1, "no region came")
    person.page.wait_for_timeout(100)


def press(person: Studio, name: str) -> None:
    person.page.get_by_role("button", name=name, exact=True).click()


def is_like(person: Studio, painting: NDArray[np.float32], rows: slice, columns: slice) -> bool:
    shown = person.pixels()
    expected = np.floor(painting * 255 + 0.5).astype(int)
    return shown.shape == expected.shape and int(np.abs(shown.astype(int) - expected)[rows, columns].max()) <= 2


def test_a_region_is_painted_in_its_own_style(person: Studio, studio: RunningStudio, tiny_palette: Palette) -> None:
    pixels = make_pixels(WIDTH, HEIGHT, seed=5)
    red, mono = (painted(tiny_palette, pixels, styles=name) for name in ("red", "mono"))
    left, right = (slice(80, 120), slice(41, 55)), (slice(0, HEIGHT), slice(240, WIDTH))
    person.choose(pixels)
    add_region(person)
    press(person, "Mono")
    drag(person, (0.15, 0.3), (0.15, 0.7))
    person.until(lambda: is_like(person, mono, *left) and is_like(person, red, *right), "the stroke does not show")
    person.page.mouse.move(5, 5)
    person.page.keyboard.press("Control+z")
    person.until_pixels(red)
    person.page.keyboard.press("Control+Shift+z")
    person.until(lambda: is_like(person, mono, *left) and is_like(person, red, *right), "the stroke does not come back")
    press(person, "Invert")
    person.until(lambda: is_like(person, red, *left) and is_like(person, mono, *right), "the mask is not turned round")
    press(person, "Erase")
    drag(person, (0.9, 0.1), (0.9, 0.9))
    person.until(lambda: is_like(person, red, slice(80, 120), slice(281, 295)), "nothing is erased")
    press(person, "Fill")
    person.until_pixels(mono)
    person.set("Strength", 0.3)
    person.until_pixels(painted(tiny_palette, pixels, styles="mono", strength=0.3))
    press(person, "Clear")
    person.until_pixels(red)
    press(person, "Paint")
    drag(person, (0.15, 0.3), (0.15, 0.7))
    stroke = region_look(person)
    press(person, "Feather")
    person.until(lambda: bool(region_look(person) != stroke), "nothing is feathered")
    look = region_look(person)
    press(person, "Whole picture")
    assert float(person.slider("Strength").input_value()) == 1
    shown = person.pixels()
    studio.stop()
    studio.start()
    person.page.reload()
    person.until(lambda: np.array_equal(person.pixels(), shown), "a region is lost")
    assert region_look(person) == look
    press(person, "Export")
    person.page.get_by_role("dialog").get_by_label("Format").select_option("png")
    with person.page.expect_download() as downloading:
        person.page.get_by_role("dialog").get_by_role("button", name="Export").click()
    exported = decode(downloading.value.path().read_bytes()).pixels
    assert np.abs(exported * 255 - shown).max() <= 1
    person.page.keyboard.press("Escape")
    press(person, "Delete region 1")
    person.until_pixels(red)
    person.forgive("404", "WebSocket", "ERR_")


def test_a_stroke_that_comes_before_the_next_frame_undoes_nothing(person: Studio, tiny_palette: Palette) -> None:
    pixels = make_pixels(WIDTH, HEIGHT, seed=5)
    person.choose(pixels)
    add_region(person)
    person.page.evaluate("() => (window.requestAnimationFrame = (draw) => setTimeout(draw, 2000))")  # as on a busy machine
    press(person, "Mono")
    press(person, "Fill")
    person.until_pixels(painted(tiny_palette, pixels, styles="mono"), 2)


def test_a_stroke_ends_where_its_region_is_undone(person: Studio) -> None:
    """Else the page complains, which fails every test."""
    person.choose(make_pixels(WIDTH, HEIGHT, seed=5))
    add_region(person)
    box = person.page.locator("compare-view .frame").bounding_box()
    person.page.mouse.move(box["x"] + 20, box["y"] + 20)
    person.page.mouse.down()
    person.page.mouse.move(box["x"] + 40, box["y"] + 40)
    person.page.keyboard.press("Control+z")
    person.until(lambda: person.page.locator("compare-view.masking").count() == 0, "the region is not undone")
    person.page.mouse.move(box["x"] + 60, box["y"] + 60)
    person.page.mouse.up()


@pytest.mark.parametrize("fresh", [True])
def test_strokes_leave_no_masks_behind(person: Studio) -> None:
    """Every stroke makes a mask; the page holds the newest, and the files of the others."""
    person.choose(make_pixels(WIDTH, HEIGHT, seed=5))
    add_region(person)

    def painted_on(strokes: int) -> int:
        for i in range(strokes):
            drag(person, (0.1, (i % 20) / 25 + 0.1), (0.2 + i / 100, 0.5))
            person.page.wait_for_timeout(50)
        person.until(lambda: len(region_look(person)) == 1, "the strokes are not kept")
        person.page.request_gc()
        session = person.page.context.new_cdp_session(person.page)
        session.send("Performance.enable")
        found: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
        return next(int(row["value"]) for row in found if row["name"] == "ArrayBufferContents")

    few = painted_on(12)
    assert painted_on(30) < few + 12


def test_a_mask_shows_while_the_painting_does_not_show_it(person: Studio) -> None:
    person.choose(make_pixels(WIDTH, HEIGHT, seed=5))
    add_region(person)
    drag(person, (0.15, 0.3), (0.15, 0.7))
    person.page.wait_for_timeout(1500)  # a mask that shows for a moment has gone by then
    assert person.page.locator("compare-view.masked").count() == 1
    press(person, "Mono")
    person.until(lambda: person.page.locator("compare-view.masked").count() == 0, "the mask covers what is painted in it")
    drag(person, (0.5, 0.3), (0.5, 0.7))
    person.until(lambda: person.page.locator("compare-view.masked").count() == 0, "the mask stays")


def region_look(person: Studio) -> Any:
    """The regions that the page keeps for the next visit."""
    person.page.wait_for_timeout(600)
    return json.loads(person.page.evaluate("() => localStorage.getItem('impasto.history')"))["look"]["regions"]


def test_the_subject_is_found_in_a_box(person: Studio, tiny_palette: Palette) -> None:
    pytest.importorskip("cv2")
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    disc = (x - 160) ** 2 + (y - 100) ** 2 < 50**2
    pixels = (np.where(disc[..., None], [210, 180, 60], [40, 60, 120]) + rng.integers(0, 24, (HEIGHT, WIDTH, 3))).astype(np.uint8)
    red, mono = (painted(tiny_palette, pixels, styles=name) for name in ("red", "mono"))
    person.choose(pixels)
    add_region(person)
    press(person, "Mono")
    press(person, "Find subject")
    drag(person, (0.3, 0.15), (0.7, 0.85))
    person.until(lambda: is_like(person, mono, slice(70, 130), slice(130, 190)), "the subject is not found")
    assert is_like(person, red, slice(0, HEIGHT), slice(0, 100))
    assert is_like(person, red, slice(0, 40), slice(0, WIDTH))
