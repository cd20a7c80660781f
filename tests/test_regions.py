"""Regions in the engine: a mask lays a region's own painting over the rest, at any size, with the finish over both."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.engine import Engine
from impasto.errors import ImpastoError
from impasto.look import MAX_REGIONS, Look, Region
from impasto.picture import Picture, from_array
from tests.conftest import make_pixels


def look(*regions: dict[str, Any], **values: Any) -> Look:
    return Look.parse({"styles": "red", **values, "regions": list(regions)})


def ramp(width: int, height: int) -> NDArray[np.float32]:
    return np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1))


def test_a_region_is_its_own_painting_as_far_as_its_mask_goes(tiny_engine: Engine, photo: Picture) -> None:
    mask = ramp(photo.width, photo.height)
    values = look({"mask": "m", "styles": "mono", "strength": 0.5})
    painting = tiny_engine.paint(photo, values, masks={"m": mask}).pixels
    rest, own = (tiny_engine.paint(photo, Look.parse(part)).pixels for part in ({"styles": "red"}, {"styles": "mono", "strength": 0.5}))
    np.testing.assert_allclose(painting, rest + mask[..., None] * (own - rest), atol=1e-6)


def test_the_last_region_lies_on_top_and_the_finish_over_all(tiny_engine: Engine, photo: Picture) -> None:
    full = np.ones((5, 7), np.float32)
    values = look({"mask": "m", "styles": "mono"}, {"mask": "m", "styles": "stripes"}, saturation=0)
    painting = tiny_engine.render(photo, values, masks={"m": full}).pixels
    np.testing.assert_allclose(painting, tiny_engine.render(photo, Look.parse({"styles": "stripes", "saturation": 0})).pixels, atol=1e-6)


def test_a_mask_fits_every_size_and_strength_zero_keeps_the_photo(tiny_engine: Engine) -> None:
    photo = from_array(make_pixels(1200, 800))
    mask = np.zeros((80, 120), np.float32)
    mask[:, 60:] = 1
    for long_edge_px in (300, 1200):
        painting = tiny_engine.paint(photo, look({"mask": "m", "strength": 0}), masks={"m": mask}, long_edge_px=long_edge_px)
        shown = tiny_engine.photo(photo, long_edge_px).pixels
        right = slice(painting.width * 5 // 8, None)
        np.testing.assert_allclose(painting.pixels[:, right], shown[:, right], atol=1e-6)
        assert np.abs(painting.pixels[:, : painting.width // 3] - shown[:, : painting.width // 3]).mean() > 0.1


def test_progress_runs_once_over_all_paintings(tiny_engine: Engine) -> None:
    photo = from_array(make_pixels(1200, 800))
    heard: list[float] = []
    tiny_engine.paint(photo, look({"mask": "m", "styles": "mono"}), masks={"m": np.ones((4, 4), np.float32)}, progress=heard.append)
    assert heard == sorted(heard) and heard[-1] == 1 and any(share < 0.5 for share in heard)


def test_a_mask_that_is_missing_is_refused(tiny_engine: Engine, photo: Picture) -> None:
    with pytest.raises(ImpastoError, match="mask"):
        tiny_engine.paint(photo, look({"mask": "m"}))


def test_a_region_is_read_as_a_look_is() -> None:
    values = look({"mask": "m", "styles": "mono:1,red:3", "brush": 1.5})
    assert Look.parse(values.to_dict()) == values
    assert values.regions[0] == Region("m", (("mono", 1.0), ("red", 3.0)), brush=1.5)
    assert "regions" not in Look().to_dict()


@pytest.mark.parametrize(
    ("regions", "word"),
    [
        ([{"styles": "red"}], "mask"),
        ([{"mask": 3}], "mask"),
        ([{"mask": "m", "strenght": 1}], "strength"),
        ([{"mask": "m", "hue": 1}], "Choose"),
        ([{"mask": "m", "brush": 9}], "brush"),
        ("m", "regions"),
        ([{"mask": "m"}] * (MAX_REGIONS + 1), "regions"),
    ],
)
def test_what_is_no_region_is_refused(regions: Any, word: str) -> None:
    with pytest.raises(ImpastoError) as refused:
        Look.parse({"regions": regions})
    assert word in f"{refused.value.message} {refused.value.hint}"
