"""The backends on the shipped network: whatever was cancelled or prepared before, every painting is the right one."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto import palette
from impasto.backends import BACKENDS, Cancelled, OnnxRuntimeBackend, OpenVinoBackend, Overlaid, installed, release
from impasto.palette import Palette

Planes = NDArray[np.float32]
Pair = tuple[int, int]
EXACT = 1e-5  # of -1..1: networks of one size add up in another order


@pytest.fixture(scope="module")
def shipped() -> Palette:
    return palette.read(palette.shipped())


@pytest.fixture
def noise(shipped: Palette) -> Callable[[int, int], Planes]:
    random = np.random.default_rng(7)
    return lambda height, width: random.uniform(-1, 1, (1, shipped.generator.inputs, height, width)).astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_runs_that_were_cancelled_leave_no_trace(shipped: Palette, noise: Callable[[int, int], Planes], backend: str) -> None:
    random = np.random.default_rng(7)
    code = shipped.styles[0].code
    photos = [noise(*size) for size in ((256, 192), (64, 96), (192, 192))]
    fresh = [BACKENDS[backend](shipped.model).run(photo, code) for photo in photos]
    worn = BACKENDS[backend](shipped.model)
    for turn in range(30):
        index = int(random.integers(len(photos)))
        if turn % 15 == 10:
            worn.prepare(photos[index])
        late = time.perf_counter() + random.uniform(0, 0.02)
        with contextlib.suppress(Cancelled):
            painted = worn.run(photos[index], code, lambda late=late: time.perf_counter() > late)
            np.testing.assert_allclose(painted, fresh[index], atol=EXACT, err_msg=f"turn {turn}")
        again = (index + 1) % len(photos)
        np.testing.assert_allclose(worn.run(photos[again], code), fresh[again], atol=EXACT, err_msg=f"turn {turn}")


@pytest.mark.slow
@pytest.mark.parametrize("size", [(32, 32), (64, 104), (40, 56), (96, 64)], ids=str)
def test_both_runtimes_paint_the_same_whether_or_not_the_size_is_known(
    shipped: Palette, noise: Callable[[int, int], Planes], size: Pair
) -> None:
    photo, code = noise(*size), shipped.styles[2].code
    wanted = OnnxRuntimeBackend(shipped.model).run(photo, code)
    openvino = OpenVinoBackend(shipped.model)
    for never in (None, lambda: False):  # what may be cancelled is compiled for its size
        np.testing.assert_allclose(openvino.run(photo, code, never), wanted, atol=2e-5, err_msg=str(never))


def test_openvino_does_not_enlarge_single_planes_itself(shipped: Palette) -> None:
    """It lays them out by channels, and with AVX-512 a painting then takes 3.5 times as long."""
    for shape in (None, {"photo": [1, shipped.generator.inputs, 64, 96]}):
        network = OpenVinoBackend(shipped.model)._read(shape)
        assert not [node for node in network.get_ops() if node.get_type_name() == "Interpolate"]


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_photo_that_is_prepared_is_painted_the_same(shipped: Palette, noise: Callable[[int, int], Planes], backend: str) -> None:
    plain, ready = (BACKENDS[backend](shipped.model) for _ in range(2))
    first, second, wide = noise(96, 64), noise(96, 64), noise(64, 104)
    for photo in (first, wide):
        ready.prepare(photo)
    codes = [style.code * np.float32(strength) for style in shipped.styles[:3] for strength in (0.4, 1, 1.5)]
    for photo in (first, second, wide, first):  # the second was not prepared, and makes the first one forgotten
        for code in codes:
            np.testing.assert_allclose(ready.run(photo, code), plain.run(photo, code), atol=EXACT)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("first", [3, 1])  # the strokes, which only the last part of the network takes, and colours, which all of it does
def test_other_planes_over_a_prepared_photo_are_painted_the_same(
    shipped: Palette, noise: Callable[[int, int], Planes], backend: str, first: int
) -> None:
    plain, ready = (BACKENDS[backend](shipped.model) for _ in range(2))
    photo, other = noise(96, 64), noise(96, 64)
    overs = [photo[0, first : first + 2], noise(96, 64)[0, :2], noise(96, 64)[0, :2]]
    ready.prepare(Overlaid(photo, first, overs[1]))
    for under, over, style in [(photo, 0, 0), (photo, 2, 0), (photo, 2, 1), (other, 2, 1), (photo, 1, 1), (photo, 1, 0), (photo, 2, 0)]:
        code = shipped.styles[style].code
        whole = under.copy()
        whole[0, first : first + 2] = overs[over]
        np.testing.assert_allclose(ready.run(Overlaid(under, first, overs[over]), code), plain.run(whole, code), atol=EXACT)
    assert not np.array_equal(plain.run(photo, code), plain.run(whole, code))


@pytest.mark.slow
def test_a_photo_that_is_prepared_is_painted_in_less_time_and_with_another_brush_in_still_less(
    shipped: Palette, noise: Callable[[int, int], Planes]
) -> None:
    plain, ready = (OpenVinoBackend(shipped.model) for _ in range(2))
    photo, code = noise(256, 256), shipped.styles[0].code
    brushes = [Overlaid(photo, 3, photo[0, 3:10].copy()) for _ in range(2)]  # arrays of their own, as other strokes would be
    ready.prepare(brushes[0])

    def busy_s(backend: OpenVinoBackend, brush: int, turn: int) -> float:
        start = time.process_time()
        backend.run(brushes[brush], code * np.float32(0.5 + turn / 60))
        return time.process_time() - start

    turns = [(busy_s(ready, 0, turn), busy_s(ready, 1, turn), busy_s(plain, 0, turn)) for turn in range(30)]
    strength, brush, slow = (min(times) for times in zip(*turns[3:], strict=True))
    assert strength < 0.9 * slow
    assert brush < 0.5 * slow  # what was decided under this code holds for other strokes too


def test_openvino_stops_in_the_middle_of_the_network(shipped: Palette) -> None:
    photo = np.zeros((1, shipped.generator.inputs, 1024, 1024), np.float32)
    with pytest.raises(Cancelled):
        OpenVinoBackend(shipped.model).run(photo, shipped.styles[0].code, lambda: True)


def test_a_package_of_another_name_has_no_version_and_is_no_error() -> None:
    assert all(release(name) for name in installed()) and release("a-backend-of-another-name") == ""


CTRL_C_AFTERWARDS = """
import signal, sys
from pathlib import Path
import numpy as np
from impasto.backends import BACKENDS
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started this may have told it not to hear
model = Path(sys.argv[1]).read_bytes()
networks = [BACKENDS[sys.argv[2]](model) for _ in range(3)]
while networks:
    del networks[0]
rubbish = [np.ones(size) for size in range(1000, 200_000, 500)]
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("stopped")
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_ctrl_c_is_heard_when_networks_have_gone(shipped: Palette, backend: str, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(shipped.model)
    done = subprocess.run(
        [sys.executable, "-c", CTRL_C_AFTERWARDS, tmp_path / "model.onnx", backend], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")
