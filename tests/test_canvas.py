"""The canvas: a place has one grain, whatever the size of the picture."""

import numpy as np

from impasto.canvas import PERIOD_PX, canvas_grain


def test_a_place_has_the_same_grain_in_every_picture() -> None:
    large = canvas_grain(PERIOD_PX + 30, PERIOD_PX + 50)
    assert np.array_equal(large[:40, :64], canvas_grain(40, 64))
    assert np.array_equal(large[PERIOD_PX:, PERIOD_PX:], canvas_grain(30, 50))


def test_the_grain_is_even_noise_that_never_changes() -> None:
    grain = canvas_grain(256, 256)
    assert grain.dtype == np.float32 and abs(float(grain.mean())) < 0.01 and 0.99 < grain.max() <= 1
    assert grain[0, 0] == np.float32(2 * np.random.RandomState(1).random_sample() - 1)
