"""Photos in and paintings out: files that carry their look, the clipboard, many photos at once, the camera."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Route

from impasto.palette import Palette
from impasto.picture import decode, encode, from_array
from tests.browser.conftest import Studio, painted
from tests.conftest import make_pixels
from tests.studio_server import RunningStudio


def file_of(pixels: NDArray[np.uint8], name: str) -> Any:
    return {"name": name, "mimeType": "image/png", "buffer": encode(from_array(pixels), "png")}


def give(person: Studio, *files: Any) -> None:
    person.page.set_input_files("photo-drop input", list(files))


def open_export(person: Studio) -> Any:
    person.page.get_by_role("button", name="Export").click()
    return person.page.get_by_role("dialog", name="Export the painting")


def test_an_exported_file_brings_its_session_back(person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette) -> None:
    person.choose(photo_pixels)
    person.page.get_by_role("button", name="Stripes", exact=True).click()
    person.set("Warmth", 0.4)
    person.page.get_by_role("button", name="Add a region").click()
    person.until(lambda: person.page.locator("compare-view.masking").count() == 1, "no region came")
    person.page.get_by_role("button", name="Mono", exact=True).click()
    person.page.get_by_role("button", name="Fill", exact=True).click()
    whole = painted(tiny_palette, photo_pixels, styles="mono", warmth=0.4)
    person.until_pixels(whole, 2)
    dialog = open_export(person)
    dialog.get_by_label("Format").select_option("jpeg")
    with person.page.expect_download() as downloading:
        dialog.get_by_role("button", name="Export").click()
    data = downloading.value.path().read_bytes()
    person.choose(make_pixels(200, 160, seed=1), "other.png")
    person.set("Warmth", -0.9)
    give(person, {"name": "painting.jpg", "mimeType": "image/jpeg", "buffer": data})
    person.until_pixels(whole, 2)
    assert person.page.get_by_text("mine.png").is_visible()
    elsewhere = person.page.context.browser.new_context(locale="en-GB")  # type: ignore[union-attr]
    other = Studio(elsewhere.new_page(), person.url)
    other.open()
    give(other, {"name": "painting.jpg", "mimeType": "image/jpeg", "buffer": data})
    other.page.get_by_text("The look of that painting is back.").wait_for()
    assert float(other.slider("Warmth").input_value()) == 0.4
    assert other.page.get_by_role("button", name="Region 1", exact=True).is_visible()
    other.until_pixels(painted(tiny_palette, (decode(data).pixels * 255 + 0.5).astype(np.uint8), styles="mono", warmth=0.4), 2)
    elsewhere.close()


def test_the_painting_is_copied(person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette) -> None:
    person.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.choose(photo_pixels)
    person.set("Saturation", 0)
    open_export(person).get_by_role("button", name="Copy").click()
    person.page.get_by_text("The painting is on the clipboard.").wait_for()
    script = """async () => {
        const [item] = await navigator.clipboard.read();
        return [...new Uint8Array(await (await item.getType("image/png")).arrayBuffer())];
    }"""
    copied = decode(bytes(person.page.evaluate(script))).pixels
    assert np.abs(copied - painted(tiny_palette, photo_pixels, saturation=0)).max() < 0.006


def test_many_photos_are_painted_into_one_archive(person: Studio, tiny_palette: Palette) -> None:
    first, second = make_pixels(90, 60, seed=1), make_pixels(700, 500, seed=2)
    person.page.get_by_role("button", name="Mono", exact=True).click()
    broken = {"name": "broken.png", "mimeType": "image/png", "buffer": b"no photo"}
    give(person, file_of(first, "day.png"), broken, file_of(second, "day.png"))
    batch = person.page.get_by_role("dialog", name="Many photos, one look")
    with person.page.expect_download() as downloading:
        batch.get_by_role("button", name="Paint all").click()
    assert "3 of 3" in batch.inner_text() and "not a picture" in batch.inner_text()
    assert not batch.get_by_label("With the regions").is_visible()
    archive = zipfile.ZipFile(io.BytesIO(downloading.value.path().read_bytes()))
    assert archive.namelist() == ["day-mono.jpg", "day-mono-2.jpg"]
    assert archive.testzip() is None
    for name, pixels in zip(archive.namelist(), (first, second), strict=True):
        painting = decode(archive.read(name)).pixels
        assert np.abs(painting - painted(tiny_palette, pixels, styles="mono")).mean() < 0.03
    person.forgive("400")


def add_band(person: Studio, at: float) -> None:
    """A region in grey: a brush stroke from the top of the picture to the bottom, at a share of its width."""
    person.page.get_by_role("button", name="Add a region").click()
    person.until(lambda: person.page.locator("compare-view.masking").count() == 1, "no region came")
    person.page.get_by_role("button", name="Mono", exact=True).click()
    box = person.page.locator("compare-view .frame").bounding_box()
    assert box
    person.page.mouse.move(box["x"] + at * box["width"], box["y"] + 2)
    person.page.mouse.down()
    person.page.mouse.move(box["x"] + at * box["width"], box["y"] + box["height"] - 2, steps=8)
    person.page.mouse.up()


def colour(pixels: NDArray[np.float32], at: float) -> float:
    """How far from grey a painting is at a share of its width."""
    column = pixels[:, int(at * pixels.shape[1])]
    return float((column.max(-1) - column.min(-1)).mean())


@pytest.mark.parametrize("with_regions", [True, False])
def test_a_batch_stretches_the_masks_of_regions_or_leaves_them_out(person: Studio, tiny_palette: Palette, with_regions: bool) -> None:
    person.choose(make_pixels(120, 90, seed=3))
    add_band(person, 0.2)
    person.until(lambda: colour(person.pixels() / np.float32(255), 0.2) < 0.03, "the region is not painted")
    tall, wide = make_pixels(90, 160, seed=1), make_pixels(170, 50, seed=2)
    give(person, file_of(tall, "a.png"), file_of(wide, "b.png"))
    batch = person.page.get_by_role("dialog", name="Many photos, one look")
    batch.get_by_label("With the regions").set_checked(with_regions)
    with person.page.expect_download() as downloading:
        batch.get_by_role("button", name="Paint all").click()
    archive = zipfile.ZipFile(io.BytesIO(downloading.value.path().read_bytes()))
    for name, pixels in zip(archive.namelist(), (tall, wide), strict=True):
        painting, plain = decode(archive.read(name)).pixels, painted(tiny_palette, pixels, styles="red")
        assert np.abs(painting - plain)[:, len(plain[0]) // 2 :].mean() < 0.03
        if with_regions:
            assert colour(painting, 0.2) < 0.06 < colour(plain, 0.2)
        else:
            assert np.abs(painting - plain).mean() < 0.03


def test_a_batch_is_cancelled(person: Studio) -> None:
    give(person, file_of(make_pixels(2000, 1500, seed=1), "one.png"), file_of(make_pixels(90, 60), "two.png"))
    batch = person.page.get_by_role("dialog", name="Many photos, one look")
    batch.get_by_role("button", name="Paint all").click()
    batch.get_by_text("painting…").wait_for()
    batch.get_by_role("button", name="Cancel").click()
    person.until(lambda: batch.get_by_text("waiting").count() == 2, "the batch goes on")
    batch.get_by_role("button", name="Cancel").click()
    assert not batch.is_visible()


SLOW_CAMERA = """() => {
    const quick = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        const [track] = (await quick(wanted)).getVideoTracks();
        const stream = new MediaStream();
        setTimeout(() => stream.addTrack(track), 1500);
        return stream;
    };
}"""


def test_the_camera_is_painted_live_and_kept(person: Studio) -> None:
    person.page.evaluate(SLOW_CAMERA)
    person.page.get_by_role("button", name="Camera").click()
    live = person.page.get_by_role("button", name="Paint live")
    live.wait_for()
    assert live.is_disabled() and person.page.get_by_role("button", name="Take photo").is_disabled()  # there is nothing to see yet
    person.page.get_by_role("button", name="Mono", exact=True).click()
    person.set("Saturation", 0)
    live.click()
    person.page.get_by_text("pictures a second").wait_for()
    script = """() => {
        const canvas = document.querySelector("camera-view canvas");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let colour = 0;
        for (let i = 0; i < data.length; i += 4) {
            colour = Math.max(colour, Math.abs(data[i] - data[i + 1]), Math.abs(data[i] - data[i + 2]));
        }
        return [canvas.width, colour, new Set(data).size];
    }"""
    width, colour, levels = person.page.evaluate(script)
    assert width == 384 and colour <= 6 and levels > 20  # a grey painting of what the camera sees, but for JPEG
    person.page.get_by_role("button", name="Take photo").click()
    person.page.get_by_text("camera.jpg").wait_for()
    assert not person.page.locator("camera-view").is_visible()
    person.until(lambda: person.pixels().shape[1] > 384, "the photo is not painted")


def test_a_camera_that_is_closed_before_it_sees_can_be_opened_again(person: Studio) -> None:
    person.page.evaluate(SLOW_CAMERA)
    for _ in range(2):
        person.page.get_by_role("button", name="Camera").click()
        person.page.get_by_role("button", name="Close camera").click()
    person.page.get_by_role("button", name="Camera").click()
    person.page.get_by_role("button", name="Take photo").click()
    person.page.get_by_text("camera.jpg").wait_for()


def test_the_camera_paints_regions_too_also_after_the_studio_forgot_them(person: Studio, studio: RunningStudio) -> None:
    person.choose(make_pixels(120, 90, seed=3))
    add_band(person, 0.2)
    person.until(lambda: colour(person.pixels() / np.float32(255), 0.2) < 0.03, "the region is not painted")
    studio.stop()
    held: list[Route] = []
    may_pass: list[bool] = []
    person.page.route("**/api/pictures", lambda route: route.continue_() if may_pass else held.append(route))
    asked = person.listen()
    studio.start()
    person.page.get_by_role("button", name="Camera").click()
    person.page.get_by_role("button", name="Paint live").click()
    person.until(lambda: len(held) >= 3, "the photo, its mask, and the camera's are not sent")
    assert not any(url.endswith("/api/paint") for url in asked)  # the masks are long on their way
    may_pass.append(True)
    for route in held:
        route.continue_()
    person.page.get_by_text("pictures a second").wait_for()
    script = """() => {
        const canvas = document.querySelector("camera-view canvas");
        const { width, height } = canvas;
        const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
        const apart = (at) => {
            let sum = 0;
            for (let y = 0; y < height; y++) {
                const start = 4 * (y * width + Math.round(at * width));
                const colours = data.subarray(start, start + 3);
                sum += Math.max(...colours) - Math.min(...colours);
            }
            return sum / height;
        };
        return [apart(0.2), apart(0.6)];
    }"""
    in_region, beside = person.page.evaluate(script)
    assert in_region < 8 < 20 < beside
    person.page.get_by_role("button", name="Close camera").click()
    person.forgive("ERR_CONNECTION_REFUSED", "WebSocket")


@pytest.mark.parametrize("format", ["png", "tiff"])
def test_metadata_and_look_can_be_left_out(person: Studio, photo_pixels: NDArray[np.uint8], format: str) -> None:
    person.choose(photo_pixels)
    dialog = open_export(person)
    dialog.get_by_label("Format").select_option(format)
    dialog.get_by_label("Embed the look").uncheck()
    dialog.get_by_label("Keep metadata").uncheck()
    with person.page.expect_download() as downloading:
        dialog.get_by_role("button", name="Export").click()
    data = downloading.value.path().read_bytes()
    assert b"impasto:" not in data and decode(data).metadata.exif == b""
