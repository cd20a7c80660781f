"""The canvas: one cloth for a picture and all its parts, combed along what is there."""

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.canvas import canvas, canvas_of, flow

Pixels = NDArray[np.float32]


def stripes(angle_degrees: float, side: int = 128) -> Pixels:
    """A picture of bands at that angle to the horizontal."""
    down, right = np.mgrid[:side, :side]
    turn = np.deg2rad(angle_degrees)
    light = 0.5 + 0.4 * np.sin((np.cos(turn) * down - np.sin(turn) * right) / 5)
    return np.repeat(light[..., None], 3, 2).astype(np.float32)


def likeness(plane: Pixels, angle_degrees: float, distance: int = 8) -> float:
    """Correlation of a plane with itself, moved along an angle."""
    turn = np.deg2rad(angle_degrees)
    moved = np.roll(plane, (round(distance * np.sin(turn)), round(distance * np.cos(turn))), (0, 1))
    return float(np.corrcoef(plane[16:-16, 16:-16].ravel(), moved[16:-16, 16:-16].ravel())[0, 1])


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 120])
def test_the_grain_runs_along_what_is_painted(angle: int) -> None:
    for grain in canvas_of(stripes(angle)):
        assert likeness(grain, angle) > 0.3 > 0.2 > abs(likeness(grain, angle + 90))


def test_broad_strokes_are_broader_than_fine_ones() -> None:
    broad, fine = canvas_of(stripes(0))
    assert likeness(broad, 90, 2) > 0.4 > likeness(fine, 90, 2)


def test_it_is_noise_of_one_strength_that_never_changes() -> None:
    grain = canvas_of(stripes(20, 256))
    assert grain.dtype == np.float32 and abs(float(grain.mean())) < 0.05 and 0.6 < grain.std() < 0.8 and np.abs(grain).max() <= 1
    assert np.array_equal(grain, canvas_of(stripes(20, 256)))
    assert not np.array_equal(grain, canvas_of(stripes(20, 256), (5, 0)))


def test_a_part_has_the_grain_that_the_whole_has_there() -> None:
    random = np.random.default_rng(0)
    course = flow(random.random((90, 130, 3), np.float32))
    whole = canvas(course, 270, 390, size=(270, 390))
    assert np.array_equal(whole[:, 40:104, 72:168], canvas(course, 64, 96, at=(40, 72), size=(270, 390)))


def test_strokes_lie_level_where_there_is_nothing_to_follow() -> None:
    broad, _ = canvas_of(np.full((128, 128, 3), 0.5, np.float32))
    assert likeness(broad, 0) > 0.4


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 200), (17, 5)])
def test_any_picture_has_one(size: tuple[int, int]) -> None:
    assert np.isfinite(canvas_of(np.random.default_rng(1).random((*size, 3), np.float32))).all()
    assert canvas_of(np.zeros((*size, 3), np.float32)).shape == (2, *size)
