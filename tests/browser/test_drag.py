"""A slider that is dragged, with real input in a real browser: what is asked for, how large, and what stands there at the end."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.backends import Overlaid
from impasto.palette import Palette
from tests.browser.conftest import Studio, painted
from tests.conftest import make_pixels
from tests.studio_server import RunningStudio


def test_a_hundred_moves_leave_the_last_and_few_renders(person: Studio, tiny_palette: Palette) -> None:
    pixels = make_pixels(640, 400, seed=9)
    person.choose(pixels)
    person.until_pixels(painted(tiny_palette, pixels))
    before = person.paints
    slider = person.slider("Strength")
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    person.page.mouse.move(box["x"] + box["width"] * 0.66, y)
    person.page.mouse.down()
    person.page.evaluate("() => { window.moves = 0; addEventListener('input', () => window.moves++, true); }")
    began = time.monotonic()
    for move in range(100):
        person.page.mouse.move(box["x"] + box["width"] * (0.66 - 0.4 * (move + 1) / 100), y)
    person.page.mouse.up()
    elapsed_s = time.monotonic() - began
    moves = person.page.evaluate("() => window.moves")
    last = float(slider.input_value())
    assert last < 0.45 and moves > 20
    person.until_pixels(painted(tiny_palette, pixels, strength=last))
    assert 0 < person.paints - before < 40 * max(1, elapsed_s)


def test_a_burst_of_moves_within_one_second(person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette) -> None:
    person.choose(photo_pixels)
    before = person.paints
    script = """async () => {
        const range = document.querySelector("control-slider input[type=range]");
        const said = new Set();
        for (let move = 1; move <= 100; move++) {
            range.value = move === 100 ? 0.35 : move / 100;
            range.dispatchEvent(new Event("input"));
            await new Promise((resolve) => setTimeout(resolve, 5));
            said.add(document.querySelector("status-line").textContent);
        }
        return [...said];
    }"""
    began = time.monotonic()
    said = person.page.evaluate(script)
    elapsed_s = time.monotonic() - began
    person.until_pixels(painted(tiny_palette, photo_pixels, strength=0.35))
    assert 0 < person.paints - before < 40 * max(1, elapsed_s)
    assert any(re.search(r"\d+ × \d+ · .*total \d+ ms · [1-3]?\d a second", words) for words in said), said


def test_where_a_drag_is_slow_previews_become_smaller_and_the_last_is_whole(
    person: Studio, studio: RunningStudio, tiny_palette: Palette, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = make_pixels(512, 320, seed=6)
    person.choose(pixels)
    machine = studio.engine._open()
    run = machine.run

    def slowly(photo: Any, *options: Any) -> Any:
        planes = photo.photo if isinstance(photo, Overlaid) else photo
        time.sleep(0.1 * planes[0, 0].size / (512 * 320))
        return run(photo, *options)

    monkeypatch.setattr(machine, "run", slowly)
    script = """async () => {
        const view = document.querySelector("compare-view");
        const range = document.querySelector("control-slider input[type=range]");
        const widths = [];
        view.addEventListener("drawn", () => widths.push(view.painting.width));
        const began = performance.now();
        while (performance.now() < began + 3000) {
            range.value = 0.4 + Math.abs(((performance.now() - began) % 1000) / 1000 - 0.5);
            range.dispatchEvent(new Event("input"));
            await new Promise((resolve) => setTimeout(resolve, 10));
        }
        range.value = 0.35;
        range.dispatchEvent(new Event("input"));
        return widths;
    }"""
    widths = person.page.evaluate(script)
    assert widths[0] == 512 and min(widths) < 400, widths
    person.until_pixels(painted(tiny_palette, pixels, strength=0.35))
