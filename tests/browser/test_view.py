"""Looking at the picture: zoom, pan, split, side by side and peek, with real wheels, pointers, fingers and keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.engine import Engine
from impasto.look import Look
from impasto.palette import Palette
from impasto.picture import decode, encode, from_array
from tests.browser.conftest import Studio
from tests.conftest import make_pixels

Box = dict[str, float]


def frame(person: Studio) -> Box:
    box: Box = person.page.locator("compare-view .frame").bounding_box()
    return box


def seen(person: Studio, selector: str) -> NDArray[np.float32]:
    return decode(person.page.locator(selector).screenshot()).pixels


def spread(pixels: NDArray[np.float32]) -> float:
    """How far the middle pixel is from grey."""
    pixel = pixels[len(pixels) // 3, pixels.shape[1] // 3]
    return float(pixel.max() - pixel.min())


def place_of(box: Box, x: float, y: float) -> tuple[float, float]:
    """A point of the screen as a place in the picture."""
    return (x - box["x"]) / box["width"], (y - box["y"]) / box["height"]


def test_the_wheel_zooms_to_the_cursor_and_new_pixels_leave_the_view(person: Studio, tiny_palette: Palette) -> None:
    pixels = make_pixels(600, 400, seed=4)
    person.choose(pixels)
    before = frame(person)
    x, y = before["x"] + before["width"] * 0.7, before["y"] + before["height"] * 0.3
    at = place_of(before, x, y)
    person.page.mouse.move(x, y)
    for _ in range(4):
        person.page.mouse.wheel(0, -240)
    person.until(lambda: frame(person)["width"] > 3 * before["width"], "the wheel does not zoom")
    assert place_of(frame(person), x, y) == pytest.approx(at, abs=0.003)
    near = frame(person)
    person.set("Strength", 0.4)
    person.until_pixels(Engine(tiny_palette).paint(from_array(pixels), Look(strength=0.4)).pixels)
    assert frame(person) == near
    person.page.mouse.down()
    person.page.mouse.move(x + 50, y + 30, steps=4)
    person.page.mouse.up()
    moved = frame(person)
    assert (moved["x"] - near["x"], moved["y"] - near["y"]) == pytest.approx((50, 30), abs=1)
    person.page.keyboard.press("0")
    assert frame(person) == pytest.approx(before)


def test_keys_and_buttons_zoom_and_pan(person: Studio) -> None:
    person.choose(make_pixels(600, 400, seed=4))
    fitted = frame(person)
    person.page.keyboard.press("1")
    person.until(lambda: frame(person)["width"] == pytest.approx(600), "1 does not show a pixel for a pixel")
    for _ in range(5):
        person.page.keyboard.press("+")
    assert frame(person)["width"] == pytest.approx(600 * 1.25**5, rel=1e-3)
    before = frame(person)
    person.page.get_by_role("group", name="Picture").focus()
    person.page.keyboard.press("ArrowRight")
    person.page.keyboard.press("ArrowDown")
    after = frame(person)
    assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((-60, -60), abs=1)
    assert "305 %" in person.page.locator("view-tools .percent").inner_text()
    person.page.get_by_role("button", name="Zoom out").click()
    assert frame(person)["width"] == pytest.approx(600 * 1.25**4, rel=1e-3)
    person.page.get_by_role("button", name="Fit to the window").click()
    assert frame(person) == pytest.approx(fitted)


def test_looking_closely_sharpens_and_the_split_stays_in_reach(person: Studio, tiny_palette: Palette) -> None:
    pixels = make_pixels(1500, 900, seed=2)
    file = {"name": "large.png", "mimeType": "image/png", "buffer": encode(from_array(pixels), "png")}
    person.page.set_input_files("photo-drop input", [file])  # type: ignore[list-item]
    person.until(lambda: 512 < person.size()[0] < 1500, "no sharp painting came")
    person.page.keyboard.press("1")
    person.until_pixels(Engine(tiny_palette).paint(from_array(pixels), Look()).pixels)
    person.page.keyboard.press("c")
    split = person.slider("Split between photo and painting")
    pane = person.page.locator("compare-view .pane.first").bounding_box()
    line = person.page.locator("compare-view .line").bounding_box()
    assert line["x"] == pytest.approx(pane["x"] + pane["width"] / 2, abs=2)
    split.focus()
    person.page.keyboard.press("End")
    shown = seen(person, "compare-view .pane.first")
    left, top = (round(pane[side] - frame(person)[side]) for side in ("x", "y"))
    photo = pixels[top : top + shown.shape[0], left : left + shown.shape[1]].astype(np.float32) / 255
    assert np.abs(shown - photo)[:, 80:-80].mean() < 0.01  # the photo itself, pixel for pixel, but for the tag and the handle


@pytest.mark.parametrize("query", ["", "?plain"])
def test_what_is_in_view_sharpens_first_and_the_rest_follows(person: Studio, tiny_palette: Palette, query: str) -> None:
    pixels = make_pixels(1700, 1200, seed=len(query))  # each time one that the studio has not painted yet
    file = {"name": "large.png", "mimeType": "image/png", "buffer": encode(from_array(pixels), "png")}
    person.page.set_input_files("photo-drop input", [file])  # type: ignore[list-item]
    person.until(lambda: 512 < person.size()[0] < 1700, "no sharp painting came")
    person.page.evaluate(
        """() => {
            const view = document.querySelector("compare-view");
            const setPart = view.setPart.bind(view);
            view.setPart = (whole, part, bytes) => {
                setPart(whole, part, bytes);
                const { width, height } = view.painting;
                const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
                copy.drawImage(view.painting, 0, 0);
                const at = (x, y) => [...copy.getImageData(x, y, 1, 1).data.slice(0, 3)];
                const inside = [part.left + (part.width >> 1), part.top + (part.height >> 1)];
                window.shown = { part, width, inside: at(...inside), outside: at(part.left - 40, part.top - 40) };
            };
        }"""
    )
    person.page.keyboard.press("1")
    person.until(lambda: person.page.evaluate("() => window.shown !== undefined"), "what is in view does not come first")
    expected = Engine(tiny_palette).paint(from_array(pixels), Look()).pixels
    shown = person.page.evaluate("() => window.shown")
    part = shown["part"]
    x, y = part["left"] + part["width"] // 2, part["top"] + part["height"] // 2
    assert shown["width"] == 1700 and part["width"] * part["height"] < 1700 * 1200 / 2
    assert shown["inside"] == pytest.approx(expected[y, x] * 255, abs=1)
    assert shown["outside"] == pytest.approx(expected[part["top"] - 40, part["left"] - 40] * 255, abs=90)  # the preview, not nothing
    assert max(shown["outside"]) > 0
    person.until_pixels(expected)


def test_side_by_side_shows_both_and_moves_them_together(person: Studio) -> None:
    person.choose(np.full((320, 480, 3), 128, np.uint8))
    person.page.get_by_role("button", name="Side by side").click()
    person.until(lambda: spread(seen(person, "compare-view .twin")) < 0.05, "the photo does not show")
    person.until(lambda: spread(seen(person, "compare-view .frame")) > 0.2, "the painting does not show")
    assert person.page.locator("compare-view .twin").bounding_box()["x"] < frame(person)["x"]
    person.page.keyboard.press("+")
    person.page.keyboard.press("+")
    twin = person.page.locator("compare-view .twin").bounding_box()
    assert (twin["width"], twin["height"]) == (frame(person)["width"], frame(person)["height"])
    person.page.keyboard.press("b")
    person.page.keyboard.press("0")
    person.until(lambda: spread(seen(person, "compare-view .frame")) > 0.2, "the painting does not come back")


def screen(person: Studio) -> NDArray[np.float32]:
    """The picture as it is on the screen, whatever lies over it."""
    return decode(person.page.locator("compare-view .frame").screenshot()).pixels


def test_the_split_shows_the_photo_beside_the_painting(person: Studio) -> None:
    grey = np.full((320, 480, 3), 128, np.uint8)
    person.choose(grey)
    person.page.get_by_role("button", name="Compare").click()
    split = person.slider("Split between photo and painting")
    split.focus()
    height, width = screen(person).shape[:2]
    left, right, y = width // 4, width * 3 // 4, height // 4

    def is_photo(x: int) -> bool:
        pixel = screen(person)[y, x]
        return bool(pixel.max() - pixel.min() < 0.05)

    person.until(lambda: is_photo(left) and not is_photo(right), "the split is not in the middle")
    person.page.keyboard.press("Home")
    person.until(lambda: not is_photo(left) and not is_photo(right), "Home does not show the painting alone")
    person.page.keyboard.press("End")
    person.until(lambda: is_photo(left) and is_photo(right), "End does not show the photo alone")
    box = person.page.locator("compare-view .frame").bounding_box()
    person.page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 9)
    person.page.mouse.down()
    person.page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 9, steps=5)
    person.page.mouse.up()
    assert float(split.input_value()) == pytest.approx(40, abs=1)
    person.until(lambda: is_photo(left) and not is_photo(right), "the split does not follow the pointer")


def test_peeking_shows_the_photo_while_it_is_held(person: Studio) -> None:
    person.choose(np.full((320, 480, 3), 128, np.uint8))

    def spread() -> float:
        pixel = screen(person)[100, 100]
        return float(pixel.max() - pixel.min())

    person.until(lambda: spread() > 0.2, "the painting does not show")
    person.page.keyboard.down("p")
    person.until(lambda: spread() < 0.05, "the photo does not show")
    person.page.keyboard.up("p")
    person.until(lambda: spread() > 0.2, "the painting does not come back")
    for held in (person.page.get_by_role("button", name="Hold for photo"), person.page.locator("compare-view .frame")):
        held.hover()
        person.page.mouse.down()
        person.until(lambda: spread() < 0.05, "the photo does not show")
        person.page.mouse.up()
        person.until(lambda: spread() > 0.2, "the painting does not come back")


class TestFingers:
    @pytest.fixture
    def page_options(self) -> dict[str, Any]:
        return {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "locale": "en-GB"}

    def test_pinching_zooms(self, person: Studio) -> None:
        person.choose(make_pixels(300, 200, seed=4))
        before = frame(person)
        x, y = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
        touch = person.page.context.new_cdp_session(person.page)

        def fingers(kind: str, apart: float) -> None:
            points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}] if apart else []
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        fingers("touchStart", 30)
        for apart in (40, 50, 60):
            fingers("touchMove", apart)
        fingers("touchEnd", 0)
        person.until(lambda: frame(person)["width"] == pytest.approx(2 * before["width"], rel=0.05), "the fingers do not zoom")
        assert place_of(frame(person), x, y) == pytest.approx((0.5, 0.5), abs=0.02)
