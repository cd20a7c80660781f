"""Pictures made smaller and larger: sizes, antialiasing, and what transparent pixels hide."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import picture
from impasto.errors import ImpastoError
from tests.conftest import make_pixels


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 500))
def test_fit_sizes(width: int, height: int, edge: int) -> None:
    new_width, new_height = picture.fit_size(width, height, edge)
    assert max(new_width, new_height) == min(edge, max(width, height))
    assert 1 <= new_width <= width
    assert 1 <= new_height <= height


def test_fit_never_enlarges_and_keeps_what_is_small_enough() -> None:
    found = picture.from_array(make_pixels(23, 17))
    assert picture.fit(found, 23) is found
    smaller = picture.fit(found, 10)
    assert (smaller.width, smaller.height) == (10, 7)
    assert smaller.id != found.id
    assert smaller.id == picture.fit(picture.from_array(make_pixels(23, 17)), 10).id
    for edge in (0, -1, True, 1.5):
        with pytest.raises(ImpastoError):
            picture.fit(found, edge)  # type: ignore[arg-type]


def test_shrinking_is_antialiased_and_stays_in_range() -> None:
    stripes = np.zeros((200, 200, 3), np.uint8)
    stripes[:, ::2] = 255
    smaller = picture.fit(picture.from_array(stripes), 20).pixels
    np.testing.assert_allclose(smaller[:, 3:-3], 0.5, atol=0.02)
    assert 0 <= smaller.min() <= smaller.max() <= 1


def test_hidden_colours_do_not_bleed_when_shrunk() -> None:
    array = np.zeros((64, 64, 4), np.uint8)
    array[..., 1] = 255  # hidden green
    array[:, 21:] = (255, 0, 0, 255)
    smaller = picture.fit(picture.from_array(array), 16)
    assert smaller.alpha is not None
    shown = smaller.alpha > 0.1
    np.testing.assert_allclose(smaller.pixels[shown], np.broadcast_to([1, 0, 0], (shown.sum(), 3)), atol=0.02)


def test_resize_keeps_ramps() -> None:
    ramp = np.repeat(np.linspace(0.2, 0.8, 64, dtype=np.float32)[None], 32, axis=0)
    for width, height in ((128, 64), (32, 16)):
        changed = picture.resize(ramp, width, height)
        assert changed.shape == (height, width)
        assert np.abs(np.diff(changed, 2, axis=1)[:, 4:-4]).max() < 1e-3
