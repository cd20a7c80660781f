"""static/finish.js, in WebGL2 and in plain JavaScript, held to finish.py on random looks and pictures; protocol.js to protocol.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from impasto.finish import finish
from impasto.look import CONTROLS, Look
from impasto.studio import protocol
from tests.browser.conftest import SOFTWARE, Studio

CASES = 240
BATCH = 40
FINISH = [control for control in CONTROLS.values() if control.kind == "finish"]

SCRIPT = """async ({ cases, kind }) => {
    const { createFinisher } = await import("/static/finisher.js");
    const canvas = document.createElement("canvas");
    const finisher = createFinisher(canvas, kind);
    const results = cases.map(({ look, width, height, painting, photo }) => {
        finisher.setPhoto({ width, height, channels: 3, pixels: new Uint8Array(photo) });
        finisher.setPainting(width, height, new Uint8Array(painting));
        finisher.draw(look);
        const copy = new OffscreenCanvas(width, height).getContext("2d");
        copy.drawImage(canvas, 0, 0);
        return [...copy.getImageData(0, 0, width, height).data].filter((_, i) => i % 4 !== 3);
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


@pytest.mark.parametrize("kind", ["WebGL2", "2D canvas"])
def test_the_page_finishes_as_numpy_does(person: Studio, kind: str) -> None:
    rng = np.random.default_rng(20)
    for _ in range(CASES // BATCH):
        cases = [random_case(rng) for _ in range(BATCH)]
        used, results = person.page.evaluate(SCRIPT, {"cases": [as_json(case) for case in cases], "kind": kind})
        assert used == kind
        for case, result in zip(cases, results, strict=True):
            painting, photo = (case[name].astype(np.float32) / 255 for name in ("painting", "photo"))
            expected = np.rint(finish(painting, photo, case["look"]) * 255)
            shown = np.array(result, int).reshape(expected.shape)
            assert np.abs(shown - expected).max() <= (2 if kind == "WebGL2" else 1), case["look"]
    person.forgive(SOFTWARE)


def as_json(case: dict[str, Any]) -> dict[str, Any]:
    height, width = case["photo"].shape[:2]
    pixels = {name: case[name].ravel().tolist() for name in ("painting", "photo")}
    return {"look": case["look"].to_dict(), "width": width, "height": height, **pixels}


def test_the_page_packs_as_python_does(person: Studio) -> None:
    header = {"type": "paint", "seq": 3, "look": {"styles": [["雪", 1]]}}
    script = "async header => [...(await import('/static/protocol.js')).pack(header)]"
    packed = bytes(person.page.evaluate(script, header))
    assert protocol.unpack(packed)[0] == header


def test_the_page_unpacks_as_python_packs(person: Studio) -> None:
    frame = protocol.pack({"type": "painting", "title": "雪"}, b"\x00\xfe")
    script = """async bytes => {
        const { header, payload } = (await import("/static/protocol.js")).unpack(new Uint8Array(bytes).buffer);
        return [header, [...payload]];
    }"""
    assert person.page.evaluate(script, list(frame)) == [{"type": "painting", "title": "雪"}, [0, 254]]


def test_the_store_merges_and_mixes(person: Studio) -> None:
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
    seen, can_redo, weights, grown, kept = person.page.evaluate(script)
    assert seen == [{"a": 3, "b": 0}, {"a": 2, "b": 0}, {"a": 0, "b": 0}]
    assert not can_redo
    assert weights == [["x", 1], ["y", 0]]
    assert grown == [["x", 0.5], ["y", 0.5]]
    assert kept == [["x", 1]]
