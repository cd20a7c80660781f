"""A part of a large painting is what the whole has there, however the sizes, the place and the network are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import picture, refinement, tiling
from impasto.backends import BACKENDS
from impasto.engine import Engine
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.palette import Palette
from impasto.refinement import Window, whole
from tests import tiny
from tests.conftest import make_pixels

PARTS = [(0.0, 0.0, 0.2, 0.3), (0.41, 0.35, 0.62, 0.6), (0.83, 0.7, 1.0, 1.0), (0.5, 0.5, 0.5, 0.5)]


def difference(engine: Engine, photo: picture.Picture, look: Look, part: tuple[float, float, float, float], **options: Any) -> float:
    """How far a part is, at most, from the same place of the whole painting."""
    found = engine.paint_part(photo, look, part, **options)
    assert found is not None
    window, pixels = found
    expected = window.of(engine.paint(photo, look, **options).pixels)
    assert pixels.shape == expected.shape == (window.height, window.width, 3)
    return float(np.abs(pixels - expected).max())


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("part", PARTS)
def test_a_part_has_the_pixels_of_the_whole(backend: str, part: tuple[float, float, float, float]) -> None:
    strided = tiny.make(tiny.strided_model(), tiny.STRIDED_FIELD_PX)
    photo = picture.from_array(make_pixels(1301, 903))
    assert difference(Engine(strided, backend), photo, Look(strength=0.8), part) < 1e-4


@pytest.mark.slow
def test_a_part_at_a_smaller_size_with_regions(tiny_palette: Palette) -> None:
    photo = picture.from_array(make_pixels(1500, 900))
    mask = np.linspace(0, 1, 40 * 30, dtype=np.float32).reshape(30, 40)
    look = Look.parse({"styles": "red", "regions": [{"mask": "m", "styles": "stripes"}, {"mask": "m", "strength": 0}]})
    assert difference(Engine(tiny_palette), photo, look, PARTS[1], long_edge_px=1200, masks={"m": mask}) < 1e-4
    with pytest.raises(ImpastoError, match="mask"):
        Engine(tiny_palette).paint_part(photo, look, PARTS[1])


def test_a_window_too_small_would_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above can fail: with a receptive field said to be smaller than it is, and nothing for the resampling, the part differs."""
    monkeypatch.setattr(refinement, "_REACH_UP_PX", 0)
    monkeypatch.setattr(refinement, "_REACH_DOWN_PX", 0)
    lying = tiny.make(tiny.strided_model(), 1)
    photo = picture.from_array(make_pixels(1500, 1100))
    assert difference(Engine(lying), photo, Look(), PARTS[1]) > 1e-3


@pytest.mark.slow
def test_no_part_where_the_whole_is_as_near(tiny_palette: Palette) -> None:
    engine, photo = Engine(tiny_palette), picture.from_array(make_pixels(1500, 1100))
    assert engine.paint_part(photo, Look(), PARTS[1], long_edge_px=512) is None
    assert engine.paint_part(photo, Look(), (0, 0, 1, 0.95)) is None
    assert engine.paint_part(photo, Look(), PARTS[1]) is not None
    engine.paint(photo, Look())
    assert engine.paint_part(photo, Look(), PARTS[1]) is None


share = st.floats(0, 1)


@given(share, share, share, share, st.integers(520, 6000), st.floats(0.1, 10), st.sampled_from([8, 16, 72, 200]))
def test_every_level_holds_what_the_next_is_made_of(
    x: float, y: float, right: float, bottom: float, edge: int, aspect: float, halo: int
) -> None:
    sizes = [picture.fit_size(edge, max(1, round(edge / aspect)), level) for level in tiling.level_edges(edge, 512)]
    part = Window.of_shares((min(x, right), min(y, bottom), max(x, right), max(y, bottom)), sizes[-1])
    levels = refinement.plan(sizes, part, halo, 8)
    assert levels[-1].result == part and part.area > 0
    assert levels[0].painted == whole(sizes[0])
    for level in levels:
        assert level.result.grown(0, level.size) == level.result  # inside of the picture
        assert whole(level.painted.of(np.empty((level.size[1], level.size[0], 3), np.float32)).shape[1::-1]).area == level.painted.area
        inner = level.result.grown(halo if level is not levels[0] else 0, level.size)
        assert inner.left >= level.painted.left and inner.bottom <= level.painted.bottom
        assert level.painted.left % 8 == level.painted.top % 8 == 0


def test_the_whole_is_planned_whole() -> None:
    sizes = [(512, 300), (900, 527), (1500, 879)]
    assert [level.painted for level in refinement.plan(sizes, whole(sizes[-1]), 72, 8)] == [whole(size) for size in sizes]
