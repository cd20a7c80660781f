"""Layouts of strokes: every place lies under one, which leads back to its middle, and all run the way they were asked to."""

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.strokes import DIRECTIONS, LAYOUT_PX, NUMBERS, TOOLS, layouts


@pytest.fixture(scope="module")
def laid() -> NDArray[np.int8]:
    """tools×directions×P×P×numbers."""
    return layouts().view(np.int8).reshape(len(TOOLS), DIRECTIONS, LAYOUT_PX, LAYOUT_PX, NUMBERS)


def middles(layout: NDArray[np.int8]) -> NDArray[np.int64]:
    """For each place, which place is the middle of its stroke."""
    rows, columns = np.mgrid[:LAYOUT_PX, :LAYOUT_PX]
    return (rows + layout[..., 0]) % LAYOUT_PX * LAYOUT_PX + (columns + layout[..., 1]) % LAYOUT_PX


def test_strokes_of_all_directions_have_the_same_middles(laid: NDArray[np.int8]) -> None:
    for tool in laid:
        beginnings = [set(np.unique(middles(layout)).tolist()) for layout in tool]
        shared = set.union(*beginnings)
        assert all(len(found) > 0.6 * len(shared) for found in beginnings)  # a few are hidden under others


def test_no_place_is_farther_from_its_middle_than_a_stroke_is_long(laid: NDArray[np.int8]) -> None:
    for tool, layout in zip(TOOLS, laid, strict=True):
        far = np.hypot(layout[..., 0].astype(int), layout[..., 1].astype(int)).max()
        assert 0.8 * tool.long_px < far <= tool.long_px + 3


@pytest.mark.parametrize("direction", [0, 3, 8, 13])
def test_strokes_run_in_their_direction(laid: NDArray[np.int8], direction: int) -> None:
    angle = np.pi * direction / DIRECTIONS
    for layout in laid[:, direction]:
        down, right = layout[..., 0].astype(float), layout[..., 1].astype(float)
        along, aside = np.cos(angle) * right + np.sin(angle) * down, np.cos(angle) * down - np.sin(angle) * right
        assert along.std() > 2 * aside.std()


def test_paint_is_lit_from_above_and_its_lines_are_as_often_dark_as_light(laid: NDArray[np.int8]) -> None:
    relief, hatch = laid[..., 2], laid[..., 3]
    assert abs(relief.mean()) < 3 and 10 < relief.std() < 70
    assert abs(hatch.mean()) < 40 and hatch.std() > 70


def test_they_never_change() -> None:
    before = layouts().copy()
    layouts.cache_clear()
    assert np.array_equal(before, layouts())
