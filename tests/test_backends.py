"""The backends on the shipped network: whatever was cancelled before, every painting is the right one."""

import contextlib
import time

import numpy as np
import pytest

from impasto import palette
from impasto.backends import BACKENDS, Cancelled, OpenVinoBackend


@pytest.mark.parametrize("backend", BACKENDS)
def test_runs_that_were_cancelled_leave_no_trace(backend: str) -> None:
    shipped = palette.read(palette.shipped())
    random = np.random.default_rng(7)
    code = shipped.styles[0].code
    photos = [random.uniform(-1, 1, (1, 5, *size)).astype(np.float32) for size in ((384, 256), (64, 96), (256, 256))]
    fresh = [BACKENDS[backend](shipped.model).run(photo, code) for photo in photos]
    worn = BACKENDS[backend](shipped.model)
    for turn in range(60):
        index = int(random.integers(len(photos)))
        late = time.perf_counter() + random.uniform(0, 0.02)
        with contextlib.suppress(Cancelled):
            painted = worn.run(photos[index], code, lambda late=late: time.perf_counter() > late)
            np.testing.assert_allclose(painted, fresh[index], atol=1e-5, err_msg=f"turn {turn}")
        again = (index + 1) % len(photos)
        np.testing.assert_array_equal(worn.run(photos[again], code), fresh[again], err_msg=f"turn {turn}")


def test_openvino_stops_in_the_middle_of_the_network() -> None:
    shipped = palette.read(palette.shipped())
    photo = np.zeros((1, 5, 1024, 1024), np.float32)
    with pytest.raises(Cancelled):
        OpenVinoBackend(shipped.model).run(photo, shipped.styles[0].code, lambda: True)
