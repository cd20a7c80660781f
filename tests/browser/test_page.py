"""What a person does on the page, done with real input in a real browser; pixels are checked, not only the DOM."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.engine import Engine
from impasto.finish import finish
from impasto.look import CONTROLS, Look
from impasto.palette import Palette
from impasto.picture import decode, encode, from_array
from tests.browser.conftest import Studio, painted
from tests.conftest import make_pixels
from tests.studio_server import RunningStudio


def test_the_sample_is_painted_when_the_page_opens(person: Studio) -> None:
    person.until(lambda: person.pixels().std() > 10, "the picture is empty")
    assert person.page.get_by_text("Sample photo").is_visible()


REST_MS = 1500
AT_REST = """async (rest) => {
    const wait = window.setTimeout;
    const begun = [];
    for (const name of ["requestAnimationFrame", "setTimeout", "setInterval"]) {
        const own = window[name];
        window[name] = (...given) => (begun.push(name), own(...given));
    }
    await new Promise((done) => wait(done, rest));
    return [...begun, ...document.getAnimations().map(({ effect }) => effect.target.tagName)];
}"""


def test_a_page_at_rest_does_nothing(person: Studio) -> None:
    person.until(lambda: person.page.locator("style-grid img:not([data-made])").count() == 0, "no thumbnails")
    person.page.wait_for_timeout(REST_MS)
    assert person.page.evaluate(AT_REST, REST_MS) == []


def test_every_control_of_the_table_has_its_slider(person: Studio) -> None:
    for control in CONTROLS.values():
        slider = person.slider(control.label)
        assert [float(slider.get_attribute(name)) for name in ("min", "max", "step")] == [control.minimum, control.maximum, control.step]
        assert float(slider.input_value()) == control.default
        described = slider.get_attribute("aria-describedby")
        assert person.page.locator(f"#{described}").text_content() == control.help


def test_a_chosen_photo_is_painted_and_so_are_its_thumbnails(
    person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette
) -> None:
    person.choose(photo_pixels)
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="red"))
    thumbs = person.page.locator("style-grid img[data-made]")
    person.until(lambda: thumbs.count() == 3, "thumbnails are missing")
    script = """async thumb => {
        await thumb.decode();
        const copy = new OffscreenCanvas(thumb.naturalWidth, thumb.naturalHeight).getContext("2d");
        copy.drawImage(thumb, 0, 0);
        return [...copy.getImageData(thumb.naturalWidth / 2, 20, 1, 1).data];
    }"""
    grey = thumbs.nth(2).evaluate(script)
    assert max(grey[:3]) - min(grey[:3]) <= 2


def test_a_dropped_photo_is_painted(person: Studio, photo_pixels: NDArray[np.uint8]) -> None:
    data = base64.b64encode(encode(from_array(photo_pixels), "png")).decode()
    script = """text => {
        const transfer = new DataTransfer();
        const { buffer } = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([buffer], "dropped.png", { type: "image/png" }));
        return transfer;
    }"""
    transfer = person.page.evaluate_handle(script, data)
    for event in ("dragenter", "dragover", "drop"):
        person.page.dispatch_event("compare-view", event, {"dataTransfer": transfer})
    person.until(lambda: person.size() == photo_pixels.shape[1::-1], "the photo was not painted")
    assert person.page.get_by_text("dropped.png").is_visible()


def test_a_pasted_photo_is_painted(person: Studio, photo_pixels: NDArray[np.uint8]) -> None:
    data = base64.b64encode(encode(from_array(photo_pixels), "png")).decode()
    script = """text => {
        const clipboardData = new DataTransfer();
        const { buffer } = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        clipboardData.items.add(new File([buffer], "", { type: "image/png" }));
        document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    }"""
    person.page.evaluate(script, data)
    person.until(lambda: person.size() == photo_pixels.shape[1::-1], "the photo was not painted")


def test_styles_are_chosen_and_mixed(person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette) -> None:
    person.choose(photo_pixels)
    person.page.get_by_role("button", name="Mono", exact=True).click()
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="mono"))
    person.page.get_by_role("button", name="Red", exact=True).click(modifiers=["Shift"])
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="mono,red"))
    person.slider("Red share").focus()
    for _ in range(20):
        person.page.keyboard.press("ArrowRight")
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="mono:0.3,red:0.7"))
    assert float(person.slider("Mono share").input_value()) == pytest.approx(0.3)
    person.page.get_by_role("button", name="Add Stripes to the mix").click()
    person.until(lambda: person.page.locator("style-mix control-slider").count() == 3, "the third is not in the mix")
    for name in ("Stripes", "Red"):
        person.page.get_by_role("button", name=f"Take {name} out of the mix").click()
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="mono"))


def test_strength_is_dragged_with_the_mouse_and_the_keyboard(
    person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette
) -> None:
    person.choose(photo_pixels)
    slider = person.slider("Strength")
    box = slider.bounding_box()
    person.page.mouse.move(box["x"] + box["width"] * 0.667, box["y"] + box["height"] / 2)
    person.page.mouse.down()
    person.page.mouse.move(box["x"] + 2, box["y"] + box["height"] / 2, steps=12)
    person.page.mouse.up()
    assert float(slider.input_value()) == 0
    person.until_pixels(photo_pixels.astype(np.float32) / 255, tolerance=0)
    person.page.keyboard.press("End")
    person.until_pixels(painted(tiny_palette, photo_pixels, strength=1.5))
    person.page.get_by_label("Strength value").fill("40")
    person.until_pixels(painted(tiny_palette, photo_pixels, strength=0.4))
    person.page.get_by_role("button", name="Reset Strength").click()
    person.until_pixels(painted(tiny_palette, photo_pixels))


def test_finish_controls_ask_for_nothing(person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette) -> None:
    person.choose(photo_pixels)
    painting = painted(tiny_palette, photo_pixels)
    photo = photo_pixels.astype(np.float32) / 255
    person.until_pixels(painting)
    person.until(lambda: person.page.locator("style-grid img[data-made]").count() == 3, "thumbnails are missing")
    paints, asked = person.paints, person.listen()
    person.slider("Saturation").focus()
    person.page.keyboard.press("Home")
    person.until_pixels(finish(painting, photo, Look(saturation=0)), 2)
    shown = person.pixels().astype(int)
    assert (shown.max(axis=2) - shown.min(axis=2)).max() <= 1
    for name, value in (
        ("Hue", 90),
        ("Detail", 1.5),
        ("Keep photo colours", 0.5),
        ("Contrast", 0.3),
        ("Opacity", 0.8),
        ("Saturation", 1.5),
    ):
        person.set(name, value)
    look = Look(hue=90, detail=1.5, keep_colour=0.5, contrast=0.3, opacity=0.8, saturation=1.5)
    person.until_pixels(finish(painting, photo, look), 3)
    assert (person.paints, asked) == (paints, [])


def test_undo_and_redo(person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette) -> None:
    person.choose(photo_pixels)
    assert person.page.get_by_role("button", name="Undo").is_disabled()
    script = """range => {
        for (const value of [0.9, 0.5, 0.2]) {
            range.value = value;
            range.dispatchEvent(new Event("input"));
        }
    }"""
    person.slider("Strength").evaluate(script)  # at one blow: half a second apart they would be steps of their own
    person.page.get_by_role("button", name="Mono", exact=True).click()
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="mono", strength=0.2))
    person.page.keyboard.press("Control+z")
    person.until_pixels(painted(tiny_palette, photo_pixels, strength=0.2))
    person.page.get_by_role("button", name="Undo").click()
    person.until_pixels(painted(tiny_palette, photo_pixels))
    person.page.keyboard.press("Control+Shift+z")
    person.page.get_by_role("button", name="Redo").click()
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="mono", strength=0.2))


def test_a_large_photo_is_sharpened_to_the_screen(person: Studio, tiny_palette: Palette) -> None:
    pixels = make_pixels(1500, 900, seed=2)
    file = {"name": "large.png", "mimeType": "image/png", "buffer": encode(from_array(pixels), "png")}
    person.page.set_input_files("photo-drop input", [file])  # type: ignore[list-item]
    person.until(lambda: person.size()[0] > 512, "no sharp painting came")
    width = person.size()[0]
    expected = Engine(tiny_palette).paint(from_array(pixels), Look(), long_edge_px=width).pixels
    person.until_pixels(expected)
    person.set("Strength", 0.5)
    expected = Engine(tiny_palette).paint(from_array(pixels), Look(strength=0.5), long_edge_px=width).pixels
    person.until_pixels(expected)


@pytest.mark.parametrize(("format", "edge"), [("png", ""), ("webp", "1080")])
def test_export_saves_the_finished_painting(person: Studio, tiny_palette: Palette, format: str, edge: str) -> None:
    pixels = make_pixels(1300, 700, seed=3)
    person.page.set_input_files(
        "photo-drop input", [{"name": "holiday.png", "mimeType": "image/png", "buffer": encode(from_array(pixels), "png")}]
    )
    person.until(lambda: person.page.get_by_text("holiday.png").is_visible(), "the photo was not taken")
    person.set("Saturation", 0.3)
    person.page.get_by_role("button", name="Export").click()
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_label("Format").select_option(format)
    dialog.get_by_label("Size").select_option(edge)
    with person.page.expect_download() as downloading:
        dialog.get_by_role("button", name="Export").click()
    download = downloading.value
    assert download.suggested_filename == f"holiday-red.{format}"
    saved = decode(download.path().read_bytes())
    look = Look(styles=(("red", 1.0),), saturation=0.3)
    expected = Engine(tiny_palette).render(from_array(pixels), look, long_edge_px=int(edge) if edge else None)
    assert (saved.width, saved.height) == (expected.width, expected.height)
    assert np.abs(saved.pixels - expected.pixels).mean() < (0.002 if format == "png" else 0.02)
    person.until(lambda: not dialog.is_visible(), "the dialog stays open")


def test_a_reload_loses_nothing(person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette) -> None:
    person.choose(photo_pixels)
    person.page.get_by_role("button", name="Stripes", exact=True).click()
    person.set("Brush size", 1.5)
    person.set("Warmth", 0.5)
    person.page.reload()
    expected = painted(tiny_palette, photo_pixels, styles="stripes", brush=1.5, warmth=0.5)
    person.until_pixels(expected, 2)
    assert person.page.get_by_text("mine.png").is_visible()


def test_the_page_speaks_chinese(person: Studio) -> None:
    person.page.get_by_role("button", name="中文").click()
    person.until(lambda: person.page.get_by_role("slider", name="饱和度").count() == 1, "the words are not Chinese")
    assert person.page.locator("html").get_attribute("lang") == "zh"
    assert not re.search(r"\b(Styles|Export|Compare)\b", person.page.locator("body").inner_text())


def test_what_the_studio_refuses_is_said_in_chinese_too(person: Studio) -> None:
    person.page.evaluate("() => localStorage.setItem('impasto.language', JSON.stringify('zh'))")
    person.page.reload()
    file = {"name": "bad.jpg", "mimeType": "image/jpeg", "buffer": b"%PDF-1.7 no photo"}
    person.page.set_input_files("photo-drop input", [file])  # type: ignore[list-item]
    said = person.page.get_by_role("alert").inner_text()
    assert "照片不是可以读取的图片（看起来是 PDF）。" in said and "可用的格式：JPEG, PNG" in said
    person.forgive("400")


@pytest.mark.parametrize("data", [b"no photo at all", b"", b"\xff\xd8\xff\xe0broken"])
def test_a_bad_file_is_a_toast_and_nothing_is_lost(
    person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette, data: bytes
) -> None:
    person.choose(photo_pixels)
    person.page.set_input_files("photo-drop input", [{"name": "bad.jpg", "mimeType": "image/jpeg", "buffer": data}])
    toast = person.page.get_by_role("alert")
    toast.wait_for()
    assert "Traceback" not in toast.inner_text() and len(toast.inner_text()) > 20
    person.set("Strength", 0.3)
    person.until_pixels(painted(tiny_palette, photo_pixels, strength=0.3))
    assert person.page.get_by_text("mine.png").is_visible()
    toast.get_by_role("button", name="Dismiss").click()
    assert toast.count() == 0
    assert all("400" in complaint for complaint in person.complaints)  # Chromium's own line for the refused request
    person.complaints.clear()


def test_a_restarted_studio_loses_nothing(
    person: Studio, studio: RunningStudio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette
) -> None:
    person.choose(photo_pixels)
    studio.stop()
    person.until(lambda: person.page.get_by_text("Reconnecting").is_visible(), "the page does not notice")
    person.set("Strength", 0.6)
    studio.start()
    person.until_pixels(painted(tiny_palette, photo_pixels, strength=0.6))
    assert person.page.get_by_text("Live", exact=True).is_visible()
    assert all("WebSocket" in complaint or "ERR_" in complaint for complaint in person.complaints), person.complaints
    person.complaints.clear()


class TestPhone:
    @pytest.fixture
    def page_options(self) -> dict[str, Any]:
        return {
            "viewport": {"width": 390, "height": 844},
            "device_scale_factor": 2,
            "has_touch": True,
            "is_mobile": True,
            "locale": "en-GB",
        }

    def test_the_layout_fits(self, person: Studio) -> None:
        width, scroll = person.page.evaluate("() => [innerWidth, document.scrollingElement.scrollWidth]")
        assert scroll <= width == 390
        for name in ("Export", "Compare", "Open photo"):
            box = person.page.get_by_role("button", name=name).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["height"] >= 36

    def test_touch_chooses_and_drags(self, person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette) -> None:
        person.choose(photo_pixels)
        person.page.get_by_role("button", name="Mono", exact=True).tap()
        person.until_pixels(painted(tiny_palette, photo_pixels, styles="mono"))
        slider = person.slider("Strength")
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        person.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        person.until_pixels(painted(tiny_palette, photo_pixels, styles="mono", strength=float(slider.input_value())))


def test_the_documentation_page_lists_the_routes(person: Studio) -> None:
    asked = person.listen()
    person.open()
    person.page.goto(f"{person.url}/docs")
    person.page.get_by_text("/api/paint", exact=True).wait_for()
    assert len(asked) > 40 and all(url.startswith(person.url) for url in asked if url.startswith("http"))


def test_the_settings_of_another_palette_do_no_harm(person: Studio) -> None:
    look = {"styles": [["gone", 1]], "strength": 99, "hue": "x", "other": 3, "regions": [{"mask": 3}, None]}
    kept = {
        "history": {"look": look, "past": [None, look], "future": 3},
        "snapshots": [{}, {"look": look, "image": "x"}],
        "presets": [1, {}],
    }
    for name, value in kept.items():
        person.page.evaluate("([name, value]) => localStorage.setItem(`impasto.${name}`, value)", [name, json.dumps(value)])
    person.open()
    assert float(person.slider("Strength").input_value()) == 1
