"""The canvas: one cloth for a picture and all its parts, combed along what is there."""

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.canvas import (
    COMBED,
    HUE,
    INKED,
    LAID,
    REACH_PX,
    RELIEF,
    STROKED,
    STROKES,
    TONE,
    WEAVE,
    Canvas,
    canvas_of,
    flow,
    planes_taken,
    smoothed,
)
from impasto.strokes import TOOLS

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
def test_strokes_run_along_what_is_painted(angle: int) -> None:
    canvas = canvas_of(stripes(angle))
    for plane in (TONE, HUE):
        assert likeness(canvas[plane], angle) > 0.2 + abs(likeness(canvas[plane], angle + 90)) / 2


def test_the_weave_has_no_direction() -> None:
    weave = canvas_of(stripes(0))[WEAVE]
    assert abs(likeness(weave, 0, 1) - likeness(weave, 90, 1)) < 0.05
    assert abs(likeness(weave, 0, 4)) < 0.05


def test_a_stroke_has_one_colour_and_one_tone() -> None:
    """In a slow blend from black to white: no more colours than strokes, each of them that of the photo within a stroke's reach."""
    photo = np.repeat(np.tile(np.linspace(0.2, 0.8, 256, dtype=np.float32), (256, 1))[..., None], 3, 2)
    canvas = canvas_of(photo)
    strokes = {(round(float(tone), 4), round(float(hue), 4)) for tone, hue in zip(canvas[TONE].ravel(), canvas[HUE].ravel(), strict=True)}
    inside = canvas[STROKED, 64:-64, 64:-64] / 2 + 0.5
    assert len(np.unique(np.round(inside[0], 5))) <= len(strokes) < photo[..., 0].size / 25
    assert np.abs(inside - photo[64:-64, 64:-64].transpose(2, 0, 1)).max() < 0.6 / 255 * 2 * TOOLS[0].long_px


def test_small_forms_are_not_painted_over() -> None:
    photo = np.full((96, 96, 3), 0.5, np.float32)
    photo[46:49, 30:66] = 0.0
    stroked = canvas_of(photo)[STROKED] / 2 + 0.5
    assert stroked[:, 47, 36:60].max() < 0.2
    assert stroked[:, 30:40].min() > 0.45


def test_old_networks_take_what_they_took() -> None:
    """Ten planes: the photo, two grains, the weave, the combed photo and the ink; before that the first one or two grains."""
    assert planes_taken(15) == list(range(15))
    assert planes_taken(10) == [0, 1, 2, 3 + TONE, 3 + RELIEF, 3 + WEAVE, *range(3 + COMBED.start, 3 + COMBED.stop), 3 + INKED]
    assert planes_taken(5) == planes_taken(10)[:5] and planes_taken(4) == planes_taken(10)[:4] and planes_taken(3) == [0, 1, 2]


@pytest.mark.parametrize("angle", [0, 30, 90])
def test_the_combed_photo_is_drawn_out_along_the_strokes_alone(angle: int) -> None:
    photo = stripes(angle)
    specks = 0.1 * np.random.default_rng(0).standard_normal(photo.shape[:2]).astype(np.float32)
    combed = canvas_of(photo + specks[..., None])[COMBED] / 2 + 0.5
    inside = (slice(16, -16), slice(16, -16))
    left = (combed[0] - photo[..., 0])[inside]
    assert left.std() < 0.5 * specks.std()
    assert np.corrcoef(combed[0][inside].ravel(), photo[..., 0][inside].ravel())[0, 1] > 0.98


def test_ink_lies_on_dark_lines_and_nowhere_else() -> None:
    photo = np.full((64, 64, 3), 0.7, np.float32)
    photo[30:32] = 0.2
    ink = canvas_of(photo)[INKED]
    assert ink[30:32].min() > 0.9
    assert ink[:26].max() < 0.01 and ink[36:].max() < 0.01
    assert canvas_of(1 - photo)[INKED][30:32].max() < 0.01


def test_strokes_are_held_back_where_combing_would_lose_something() -> None:
    photo = np.full((64, 96, 3), 0.5, np.float32)
    plain = canvas_of(photo)
    photo[24:40, 60:76] += 0.3 * np.random.default_rng(0).choice([-1, 1], (16, 16, 1)).astype(np.float32)
    course = flow(np.full((64, 96, 3), 0.5, np.float32))
    held = Canvas(photo.transpose(2, 0, 1) * 2 - 1, course).laid()
    assert np.abs(held[TONE, 26:38, 62:74]).max() <= 0.3 + 1e-6
    assert np.array_equal(held[TONE:WEAVE, :, :44], plain[TONE:WEAVE, :, :44])


def test_it_is_noise_of_one_strength_that_never_changes() -> None:
    planes = [HUE, TONE, WEAVE]
    grains = canvas_of(stripes(20, 256))[planes]
    assert np.array_equal(grains, canvas_of(stripes(20, 256))[planes])
    assert not np.array_equal(grains, canvas_of(stripes(20, 256), (5, 0))[planes])
    for grain in grains:
        assert grain.dtype == np.float32 and abs(float(grain.mean())) < 0.1 and 0.5 < grain.std() < 0.85 and np.abs(grain).max() <= 1


@pytest.mark.parametrize("brush", [1.0, 2.0])
def test_a_part_has_what_the_whole_has_there(brush: float) -> None:
    random = np.random.default_rng(0)
    course, photo = flow(random.random((90, 130, 3), np.float32)), random.random((3, 270, 390), np.float32)
    photo[:, :, :200] /= 20  # what is plain is painted with the other tool
    whole = Canvas(photo, course, size=(270, 390)).laid(brush)
    part = Canvas(photo[:, 40:234, 72:292], course, at=(40, 72), size=(270, 390)).laid(brush)
    assert np.array_equal(whole[WEAVE, 40:234, 72:292], part[WEAVE])
    inside = slice(REACH_PX, -REACH_PX)
    assert np.array_equal(whole[:, 40:234, 72:292][:, inside, inside], part[:, inside, inside])


def test_a_larger_brush_has_larger_strokes_on_the_same_cloth() -> None:
    photo = np.full((128, 128, 3), 0.5, np.float32)
    canvas = Canvas(photo.transpose(2, 0, 1), flow(photo))
    small, plain, large = (canvas.laid(brush) for brush in (0.5, 1.0, 2.0))
    assert np.array_equal(plain, Canvas(photo.transpose(2, 0, 1), flow(photo)).laid())
    assert likeness(large[TONE], 90, 5) > likeness(plain[TONE], 90, 5) + 0.2 > likeness(small[TONE], 90, 5) + 0.4
    assert np.array_equal(small[STROKES.stop :], large[STROKES.stop :])


def test_strokes_are_weaker_in_the_dark_and_never_gone() -> None:
    black, grey, white = (np.abs(canvas_of(np.full((64, 64, 3), light, np.float32))[TONE]).mean() for light in (0.0, 0.24, 1.0))
    assert 0.55 * white < black < 0.65 * white < 0.75 * white < grey < 0.85 * white


def test_strokes_lie_level_where_there_is_nothing_to_follow() -> None:
    assert likeness(canvas_of(np.full((128, 128, 3), 0.5, np.float32))[TONE], 0) > 0.4


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 200), (17, 5)])
def test_any_picture_has_one(size: tuple[int, int]) -> None:
    assert np.isfinite(canvas_of(np.random.default_rng(1).random((*size, 3), np.float32))).all()
    assert canvas_of(np.zeros((*size, 3), np.float32)).shape == (LAID, *size)


def test_letters_stay_as_they_are() -> None:
    """Black on white, finer than a stroke is long: the combed photo has them, and the ink lies on them, not between."""
    photo = np.ones((96, 96, 3), np.float32)
    photo[40:50, 20:76:4] = photo[40:50, 21:76:4] = 0
    laid = Canvas(photo.transpose(2, 0, 1) * 2 - 1, flow(np.ones_like(photo))).laid()  # strokes lie level, across them
    combed, ink = laid[COMBED][0] / 2 + 0.5, laid[INKED]
    letters, between = (slice(42, 48), slice(28, 68, 4)), (slice(42, 48), slice(30, 68, 4))
    assert combed[letters].mean() < 0.2 and combed[between].mean() > 0.75
    assert ink[letters].min() > 0.9


def test_smooth_edges_run_along_the_flow_and_nothing_else_is_softened() -> None:
    steps = np.where(stripes(20) > 0.5, np.float32(0.8), np.float32(0.2))
    smooth = smoothed(steps, flow(steps))
    assert likeness(smooth[..., 0], 20, 1) > likeness(steps[..., 0], 20, 1) + 0.02
    level = np.where(stripes(0) > 0.5, np.float32(0.8), np.float32(0.2))  # has no steps
    np.testing.assert_allclose(smoothed(level, flow(level))[:, 8:-8], level[:, 8:-8], atol=1e-6)
