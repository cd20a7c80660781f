"""The finish controls: neutral looks change nothing, every look stays in range, and each control does what its help says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from impasto.finish import chroma_matrix, contrast_gain, finish
from impasto.look import CONTROLS, Look
from tests.conftest import make_pixels

Pixels = NDArray[np.float32]
PHOTO: Pixels = (make_pixels(31, 19) / np.float32(255)).astype(np.float32)
PAINTING: Pixels = (make_pixels(31, 19, seed=5)[::-1] / np.float32(255)).astype(np.float32)
LUMA = np.array([0.299, 0.587, 0.114], np.float32)

finishes = [control for control in CONTROLS.values() if control.kind == "finish"]
looks = st.fixed_dictionaries({}, optional={control.name: st.floats(control.minimum, control.maximum) for control in finishes})


def finished(**values: Any) -> Pixels:
    return finish(PAINTING, PHOTO, Look.parse(values))


@given(st.floats(0, 1.5), st.floats(0.5, 2))
def test_neutral_looks_return_the_painting_itself(strength: float, brush: float) -> None:
    assert finish(PAINTING, PHOTO, Look(strength=strength, brush=brush)) is PAINTING


@given(looks)
def test_every_look_stays_in_range_and_leaves_its_inputs_alone(values: dict[str, float]) -> None:
    painting, photo = PAINTING.copy(), PHOTO.copy()
    result = finish(painting, photo, Look.parse(values))
    assert result.shape == PAINTING.shape
    assert result.dtype == np.float32
    assert result.min() >= 0
    assert result.max() <= 1
    np.testing.assert_array_equal(painting, PAINTING)
    np.testing.assert_array_equal(photo, PHOTO)


@pytest.mark.parametrize("control", finishes, ids=[control.name for control in finishes])
def test_every_control_shows(control: Any) -> None:
    value = control.minimum if control.default == control.maximum else control.maximum
    if control.name == "hue":
        value = 90
    assert np.abs(finished(**{control.name: value}) - PAINTING).mean() > 0.001


@given(looks)
def test_opacity_zero_is_the_photo(values: dict[str, float]) -> None:
    np.testing.assert_allclose(finished(**{**values, "opacity": 0}), PHOTO, atol=1e-6)


def test_saturation_zero_is_grey_of_the_same_luma() -> None:
    grey = finished(saturation=0)
    assert np.ptp(grey, axis=2).max() < 1e-5
    np.testing.assert_allclose(grey[..., 0], PAINTING @ LUMA, atol=1e-5)


def test_keep_colour_takes_the_photos_chroma_and_the_paintings_luma() -> None:
    painting = np.full_like(PHOTO, 0.5)
    result = finish(painting, np.clip(PHOTO, 0.4, 0.6), Look(keep_colour=1))
    photo = np.clip(PHOTO, 0.4, 0.6)
    np.testing.assert_allclose(result, 0.5 + photo - (photo @ LUMA)[..., None], atol=1e-5)


def test_hue_turns_back_and_keeps_luma() -> None:
    np.testing.assert_allclose(
        chroma_matrix(1, 70) @ chroma_matrix(1, -70) @ (PHOTO[3, 4] - PHOTO[3, 4] @ LUMA), PHOTO[3, 4] - PHOTO[3, 4] @ LUMA, atol=1e-5
    )
    soft = 0.4 + 0.2 * PAINTING
    np.testing.assert_allclose(finish(soft, soft, Look(hue=120)) @ LUMA, soft @ LUMA, atol=1e-4)


def test_contrast_turns_about_middle_grey() -> None:
    assert (contrast_gain(-1), contrast_gain(0), contrast_gain(1)) == (0, 1, 3)
    np.testing.assert_allclose(finished(contrast=-1), 0.5, atol=1e-6)


def test_warmth_and_brightness_move_where_they_say() -> None:
    warm, cold = finished(warmth=1).mean((0, 1)), finished(warmth=-1).mean((0, 1))
    assert warm[0] > cold[0]
    assert warm[2] < cold[2]
    assert finished(brightness=0.3).mean() > PAINTING.mean() > finished(brightness=-0.3).mean()


def test_detail_of_a_flat_photo_changes_nothing() -> None:
    np.testing.assert_allclose(finish(PAINTING, np.full_like(PHOTO, 0.3), Look(detail=2)), PAINTING, atol=1e-6)
