"""static/finish.js, in WebGL2 and in plain JavaScript, held to finish.py on random looks and pictures; protocol.js to protocol.py."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser

from impasto.finish import finish
from impasto.look import CONTROLS, Look
from impasto.palette import Palette
from impasto.studio import protocol
from tests.browser.conftest import SOFTWARE, Studio, painted
from tests.conftest import make_pixels
from tests.studio_server import RunningStudio

CASES = 240
BATCH = 40
FINISH = [control for control in CONTROLS.values() if control.kind == "finish"]

# Pixels travel as text: lists of numbers would take most of the time.
SCRIPT = """async ({ cases, kind }) => {
    const { createFinisher } = await import("/static/finisher.js");
    const levels = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const canvas = document.createElement("canvas");
    const finisher = createFinisher(canvas, kind);
    const results = cases.map(({ look, width, height, painting, photo }) => {
        finisher.setPhoto({ width, height, channels: 3, pixels: levels(photo) });
        finisher.setPainting(width, height, levels(painting));
        finisher.draw(look);
        const copy = new OffscreenCanvas(width, height).getContext("2d");
        copy.drawImage(canvas, 0, 0);
        return btoa(String.fromCharCode(...copy.getImageData(0, 0, width, height).data));
    });
    return [finisher.kind, results];
}"""


def random_look(rng: np.random.Generator) -> Look:
    """Any finish values: some at their default, some at an end of their range."""
    values = {}
    for control in FINISH:
        choice = rng.random()
        if choice < 0.6:
            values[control.name] = float(rng.uniform(control.minimum, control.maximum))
        elif choice < 0.75:
            values[control.name] = float(rng.choice([control.minimum, control.maximum]))
    return Look(**values)


def random_case(rng: np.random.Generator) -> dict[str, Any]:
    """Noise and ramps of odd sizes, down to one pixel."""
    height, width = (int(side) for side in rng.choice([1, 2, 3, 7, 16, 23, 33], 2))
    noise = rng.integers(0, 256, (2, height, width, 3))
    ramp = np.linspace(0, 255, width).astype(int)[None, None, :, None]
    painting, photo = (noise if rng.random() < 0.5 else (noise // 8 + ramp).clip(0, 255)).astype(np.uint8)
    return {"look": random_look(rng), "painting": painting, "photo": photo}


@pytest.fixture(scope="module")
def modules(browser: Browser, studio: RunningStudio) -> Iterator[Studio]:
    """One page of the studio without anything on it, for what is asked of single modules."""
    context = browser.new_context()
    modules = Studio(context.new_page(), studio.url)
    modules.page.goto(f"{studio.url}/docs")
    yield modules
    context.close()
    modules.forgive(SOFTWARE)
    assert modules.complaints == []


@pytest.mark.parametrize("kind", ["WebGL2", "2D canvas"])
def test_the_page_finishes_as_numpy_does(modules: Studio, kind: str) -> None:
    rng = np.random.default_rng(20)
    for _ in range(CASES // BATCH):
        cases = [random_case(rng) for _ in range(BATCH)]
        used, results = modules.page.evaluate(SCRIPT, {"cases": [as_json(case) for case in cases], "kind": kind})
        assert used == kind
        for case, result in zip(cases, results, strict=True):
            painting, photo = (case[name].astype(np.float32) / 255 for name in ("painting", "photo"))
            expected = np.rint(finish(painting, photo, case["look"]) * 255)
            shown = np.frombuffer(base64.b64decode(result), np.uint8).reshape(*expected.shape[:2], 4)[..., :3]
            assert np.abs(shown - expected).max() <= (2 if kind == "WebGL2" else 1), case["look"]


def as_json(case: dict[str, Any]) -> dict[str, Any]:
    height, width = case["photo"].shape[:2]
    pixels = {name: base64.b64encode(case[name].tobytes()).decode() for name in ("painting", "photo")}
    return {"look": case["look"].to_dict(), "width": width, "height": height, **pixels}


@pytest.mark.parametrize(("query", "fresh"), [("?plain", False), ("?webgl", False), ("", False), ("?nothing", True)])
def test_with_webgl_and_without_the_pixels_are_the_same(
    person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette, query: str
) -> None:
    if query == "?nothing":  # a browser that knows no WebGL2 at all
        own = "function (kind, ...more) { return kind === 'webgl2' ? null : getContext.call(this, kind, ...more); }"
        prototype = "HTMLCanvasElement.prototype"
        person.page.add_init_script(f"const {{ getContext }} = {prototype}; {prototype}.getContext = {own};")
        person.open(query)
    person.choose(photo_pixels)
    person.set("Detail", 1.2)
    person.set("Saturation", 0.4)
    person.until_pixels(painted(tiny_palette, photo_pixels, detail=1.2, saturation=0.4), 2)
    assert person.page.get_by_text("without WebGL2").count() == (query != "?webgl")
    if query == "?webgl":
        person.forgive(SOFTWARE)


@pytest.mark.parametrize("query", ["?webgl", ""])
def test_a_picture_with_alpha_keeps_it(person: Studio, query: str) -> None:
    levels = np.dstack((make_pixels(200, 100), np.full((100, 200), 255, np.uint8)))
    levels[:, :100, 3] = 0
    person.choose(levels)
    script = """() => {
        const view = document.querySelector("compare-view");
        view.draw();
        const canvas = new OffscreenCanvas(200, 100);
        const context = canvas.getContext("2d", { willReadFrequently: true });
        context.drawImage(view.painting, 0, 0);
        return [20, 180].map((x) => context.getImageData(x, 50, 1, 1).data[3]);
    }"""
    assert person.page.evaluate(script) == [0, 255]
    person.forgive(SOFTWARE)


@pytest.mark.parametrize(("query", "fresh"), [("?webgl", True)])
def test_a_lost_graphics_card_loses_no_picture(person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette, query: str) -> None:
    person.choose(photo_pixels)
    script = """() => {
        const lost = document.querySelector("compare-view").painting.getContext("webgl2").getExtension("WEBGL_lose_context");
        lost.loseContext();
        setTimeout(() => lost.restoreContext(), 50);
    }"""
    person.page.evaluate(script)
    person.set("Strength", 0.7)
    person.until_pixels(painted(tiny_palette, photo_pixels, strength=0.7))
    person.forgive(SOFTWARE, "CONTEXT_LOST_WEBGL", "context lost")


def test_the_page_packs_as_python_does(modules: Studio) -> None:
    header = {"type": "paint", "seq": 3, "look": {"styles": [["雪", 1]]}}
    script = "async header => [...(await import('/static/protocol.js')).pack(header)]"
    packed = bytes(modules.page.evaluate(script, header))
    assert protocol.unpack(packed)[0] == header


def test_the_page_unpacks_as_python_packs(modules: Studio) -> None:
    frame = protocol.pack({"type": "painting", "title": "雪"}, b"\x00\xfe")
    script = """async bytes => {
        const { header, payload } = (await import("/static/protocol.js")).unpack(new Uint8Array(bytes).buffer);
        return [header, [...payload]];
    }"""
    assert modules.page.evaluate(script, list(frame)) == [{"type": "painting", "title": "雪"}, [0, 254]]


def test_a_preview_is_as_large_as_comes_thirty_times_a_second(modules: Studio) -> None:
    script = """async drags => {
        const { PreviewSize } = await import("/static/preview-size.js");
        const size = new PreviewSize();
        const took = (full) => (size.took(size.edge, full * (size.edge / 512) ** 2), size.edge);
        return drags.map((drag) => (size.begin(), drag.map(took)));
    }"""
    drags = [[25] * 6 + [400] + [25] * 4, [60] * 5 + [900] * 2 + [60] * 5, [60] * 3 + [20] * 5, [20] * 7, [500] * 7, [500] * 7]
    after = modules.page.evaluate(script, drags)
    assert after[0] == [512] * 11  # one that is late counts for nothing
    assert after[1] == [512] * 2 + [384] * 10  # 384 px take 34 of 60 ms, 512 all of them; what a new size takes at first does not count
    assert after[2] == [384] * 8  # not larger while one drags
    assert after[3] == [512] * 7  # 20 ms are well below 33
    assert after[4] == [512] * 2 + [256] * 5
    assert after[5] == [256] * 7  # nothing smaller is offered


def test_the_studio_is_told_which_drafts_may_come(modules: Studio) -> None:
    script = """async times => {
        const { PreviewSize } = await import("/static/preview-size.js");
        const size = new PreviewSize();
        const spares = [size.spare, ...times.map(([edge, ms]) => (size.tookAlone(edge, ms), size.spare))];
        for (let preview = 0; preview < 7; preview++) size.took(size.edge, 500 * (size.edge / 512) ** 2);
        return [...spares, size.spare];
    }"""
    times = [(512, 900), (512, 15), (512, 30), (512, 70), (512, 80), (256, 4)]
    assert modules.page.evaluate(script, times) == [384, 384, None, None, 384, 256, None, 256]


def test_the_store_merges_and_mixes(modules: Studio) -> None:
    script = """async () => {
        const { Store } = await import("/static/store.js");
        const { reweigh, toggleStyle } = await import("/static/look.js");
        const store = new Store({ a: 0, b: 0 });
        for (const [part, key, now] of [[{ a: 1 }, "a", 0], [{ a: 2 }, "a", 400], [{ a: 3 }, "a", 1200], [{ b: 1 }, "b", 1300]])
            store.change(part, key, now);
        const seen = [];
        while (store.canUndo) { store.undo(); seen.push({ ...store.look }); }
        store.redo();
        store.change({ a: 9 }, "a", 9000);
        return [seen, store.canRedo, reweigh([["x", 0.5], ["y", 0.5]], "x", 1), toggleStyle([["x", 1]], "y"), toggleStyle([["x", 1]], "x")];
    }"""
    seen, can_redo, weights, grown, kept = modules.page.evaluate(script)
    assert seen == [{"a": 3, "b": 0}, {"a": 2, "b": 0}, {"a": 0, "b": 0}]
    assert not can_redo
    assert weights == [["x", 1], ["y", 0]]
    assert grown == [["x", 0.5], ["y", 0.5]]
    assert kept == [["x", 1]]
