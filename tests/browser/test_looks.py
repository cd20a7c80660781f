"""Changing the look: styles searched, liked, tried on and mixed on the pad; surprises, locks, snapshots, presets and undo, all kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.look import CONTROLS
from impasto.palette import Palette
from tests.browser.conftest import Studio, painted


def shown_look(person: Studio) -> dict[str, float]:
    """Values of the sliders by control name."""
    return {name: float(person.slider(control.label).input_value()) for name, control in CONTROLS.items()}


def pick(person: Studio, name: str) -> Any:
    return person.page.get_by_role("button", name=name, exact=True)


def test_styles_are_found_liked_and_tried_on(person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette) -> None:
    person.choose(photo_pixels)
    person.page.keyboard.press("/")
    person.page.keyboard.type("stri")
    assert pick(person, "Stripes").is_visible() and not pick(person, "Mono").is_visible()
    person.page.keyboard.type("zzz")
    assert person.page.get_by_text("No style has this name.").is_visible()
    person.page.get_by_label("Find a style").fill("")
    pick(person, "Mono").hover()
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="mono"))
    assert pick(person, "Red").get_attribute("aria-pressed") == "true"  # tried on, not chosen
    person.page.get_by_role("button", name="Mono is a favourite").click()
    person.page.mouse.move(5, 5)
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="red"))
    person.page.reload()
    person.page.get_by_role("button", name="Show favourites only").click()
    assert pick(person, "Mono").is_visible() and not pick(person, "Red").is_visible()
    person.page.get_by_role("button", name="Show favourites only").click()
    person.page.get_by_label("Find a style").focus()
    for key in ("Tab", "Tab", "ArrowRight"):
        person.page.keyboard.press(key)
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="stripes"))
    person.page.keyboard.press("Enter")
    person.page.get_by_label("Find a style").focus()
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="stripes"))
    assert pick(person, "Stripes").get_attribute("aria-pressed") == "true"


def test_a_mix_is_dragged_on_the_pad(person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette) -> None:
    person.choose(photo_pixels)
    for name in ("Stripes", "Mono"):
        pick(person, name).click(modifiers=["Shift"])
    pad = person.page.locator("mix-pad .field")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    person.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.6)
    person.page.mouse.down()
    person.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 1, steps=6)
    assert float(person.slider("Stripes share").input_value()) > 0.97
    person.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=6)
    person.page.mouse.up()
    shares = [float(person.slider(f"{name} share").input_value()) for name in ("Red", "Stripes", "Mono")]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.02)
    point = person.slider("Mix of the styles")
    point.focus()
    for _ in range(12):
        person.page.keyboard.press("ArrowDown")
    for _ in range(22):
        person.page.keyboard.press("ArrowLeft")
    person.until(lambda: "Red 100 %" in point.get_attribute("aria-valuetext"), "the point is not in Red's corner")
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="red"))


def test_the_recommended_look_is_offered_and_never_forced(person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette) -> None:
    person.choose(photo_pixels)
    offer = person.page.get_by_role("button", name="Recommended look")
    person.page.get_by_role("button", name="Mono", exact=True).click()
    person.until(lambda: not offer.is_visible(), "a style without a recommended look offers one")
    person.page.get_by_role("button", name="Red", exact=True).click()
    offer.wait_for()
    assert offer.get_attribute("title") == "Saturation 110 %"
    assert float(person.slider("Saturation").input_value()) == 1
    offer.click()
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="red", saturation=1.1), 2)
    assert float(person.slider("Saturation").input_value()) == 1.1 and offer.is_disabled()
    person.page.keyboard.press("Control+z")
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="red"), 2)
    assert float(person.slider("Saturation").input_value()) == 1


def test_surprises_leave_what_is_locked(person: Studio, photo_pixels: NDArray[np.uint8]) -> None:
    person.choose(photo_pixels)
    before = shown_look(person)
    for name in ("Strength", "Hue"):
        person.page.get_by_role("button", name=f"Lock {name} against surprises").click()
    person.page.get_by_role("button", name="Lock the styles against surprises").click()
    for _ in range(5):
        person.page.get_by_role("button", name="Surprise me").click()
        look = shown_look(person)
        assert (look["strength"], look["hue"]) == (1, 0)
        assert pick(person, "Red").get_attribute("aria-pressed") == "true"
    assert sum(look[name] != before[name] for name in CONTROLS) >= 4
    for _ in range(5):
        person.page.keyboard.press("Control+z")
    assert shown_look(person) == before
    person.page.reload()
    assert person.page.get_by_role("button", name="Lock Hue against surprises").get_attribute("aria-pressed") == "true"


def test_snapshots_and_undo_outlive_a_reload(person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette) -> None:
    person.choose(photo_pixels)
    person.set("Strength", 0.4)
    person.set("Saturation", 0.5)
    first = painted(tiny_palette, photo_pixels, strength=0.4, saturation=0.5)
    person.until_pixels(first, 2)
    person.page.get_by_role("button", name="Keep a snapshot of this look").click()
    pick(person, "Mono").click()
    person.page.get_by_role("button", name="Reset", exact=True).click()
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="mono"))
    person.page.reload()
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="mono"))
    person.page.get_by_role("button", name="Undo").click()
    person.page.get_by_role("button", name="Undo").click()
    person.until_pixels(first, 2)
    person.page.get_by_role("button", name="Redo").click()
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="mono", strength=0.4, saturation=0.5), 2)
    person.page.get_by_role("button", name="Go back to snapshot 1").click()
    person.until_pixels(first, 2)
    person.page.get_by_role("button", name="Drop snapshot 1").click()
    assert not person.page.locator("snapshot-strip").is_visible()


def test_presets_are_named_kept_and_carried(person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette, tmp_path: Path) -> None:
    person.choose(photo_pixels)
    pick(person, "Mono").click()
    person.set("Strength", 0.7)
    person.page.keyboard.press("l")
    dialog = person.page.get_by_role("dialog", name="Presets")
    dialog.get_by_label("Name for this look").fill("Quiet <b>grey</b>")
    person.page.keyboard.press("Enter")
    with person.page.expect_download() as downloading:
        dialog.get_by_role("button", name="Export all").click()
    kept = json.loads(downloading.value.path().read_text(encoding="utf-8"))
    assert [preset["name"] for preset in kept["presets"]] == ["Quiet <b>grey</b>"]
    dialog.get_by_role("button", name="Delete Quiet").click()
    kept["presets"].append({"name": "Red", "look": {"styles": [["red", 1]], "strength": 1.2, "saturation": "no"}})
    (tmp_path / "presets.json").write_text(json.dumps(kept), encoding="utf-8")
    person.page.set_input_files("preset-dialog input[type=file]", tmp_path / "presets.json")
    dialog.get_by_role("button", name="Red", exact=True).click()
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="red", strength=1.2))
    person.page.reload()
    person.page.get_by_role("button", name="Presets").click()
    dialog.get_by_role("button", name="Quiet <b>grey</b>", exact=True).click()
    person.until_pixels(painted(tiny_palette, photo_pixels, styles="mono", strength=0.7))
    person.page.get_by_role("button", name="Presets").click()
    (tmp_path / "other.json").write_text("[1, 2]", encoding="utf-8")
    person.page.set_input_files("preset-dialog input[type=file]", tmp_path / "other.json")
    assert "no presets" in person.page.get_by_role("alert").inner_text()


def test_the_sheet_shows_the_keys_and_the_hints_go_for_good(person: Studio) -> None:
    person.page.keyboard.press("?")
    sheet = person.page.get_by_role("dialog", name="Keyboard")
    assert sheet.get_by_text("Keep a snapshot").is_visible()
    person.page.keyboard.press("c")  # no shortcut works behind a dialog
    person.page.keyboard.press("Escape")
    assert not sheet.is_visible() and person.page.get_by_role("button", name="Compare").get_attribute("aria-pressed") == "false"
    newcomer = person.page.context.browser.new_context(locale="en-GB")  # type: ignore[union-attr]
    page = newcomer.new_page()
    page.goto(person.url)
    page.get_by_role("button", name="Do not show these hints again").click()
    page.reload()
    page.locator("compare-view.painted").wait_for()
    assert page.locator("first-hints").count() == 0
    newcomer.close()
