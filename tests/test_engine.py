"""The engine on a network whose paintings can be computed exactly, on both backends."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto import engine, picture, tiling
from impasto.backends import BACKENDS
from impasto.engine import Cancelled, Engine
from impasto.errors import ImpastoError
from impasto.finish import finish
from impasto.look import Look
from impasto.palette import Palette
from impasto.picture import Picture
from tests import tiny
from tests.conftest import make_pixels

backends = pytest.mark.parametrize("backend", BACKENDS)


def padded_expectation(pixels: NDArray[np.float32], code: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = pixels.shape[:2]
    grown = np.pad(pixels, ((0, -height % 8), (0, -width % 8), (0, 0)), mode="reflect")
    return tiny.expected(grown, code)[:height, :width]


def look(**values: Any) -> Look:
    return Look.parse(values)


class Counting:
    """A real backend that counts its runs."""

    def __init__(self, inner: Any) -> None:
        self.name, self._inner, self.runs = inner.name, inner, 0

    def run(self, photo: Any, code: Any, cancelled: Any) -> Any:
        self.runs += 1
        return self._inner.run(photo, code, cancelled)


def counting(made: Engine) -> Counting:
    counter = Counting(made._open())
    made._session = counter
    return counter


@backends
@pytest.mark.parametrize(
    "values", [{"styles": "red"}, {"styles": "stripes", "strength": 0.5}, {"styles": "mono:1,red:2", "brush": 1.7, "strength": 1.5}]
)
def test_pixels_are_exact(tiny_palette: Palette, photo: Picture, backend: str, values: dict[str, Any]) -> None:
    painting = Engine(tiny_palette, backend).render(photo, look(**values))
    np.testing.assert_allclose(painting.pixels, padded_expectation(photo.pixels, tiny_palette.code(look(**values))), atol=2e-6)


@pytest.mark.parametrize("size", [(67, 45), (600, 400), (1100, 30)])
def test_backends_agree(size: tuple[int, int]) -> None:
    strided = tiny.make(tiny.strided_model(), tiny.STRIDED_FIELD_PX)
    photo = picture.from_array(make_pixels(*size))
    first, second = (Engine(strided, backend).render(photo, Look()).pixels for backend in BACKENDS)
    assert np.abs(first - second).max() <= 1 / 255
    assert np.abs(first - photo.pixels).max() > 0.2


@backends
def test_two_engines_give_identical_bytes(tiny_palette: Palette, photo: Picture, backend: str) -> None:
    values = look(styles="stripes", saturation=1.3, detail=0.4)
    first, second = (Engine(tiny_palette, backend).render(photo, values).pixels.tobytes() for _ in range(2))
    assert first == second


@pytest.mark.parametrize("width", [1, 2, 7, 8, 9, 15, 16, 17])
@pytest.mark.parametrize("height", [1, 3, 16, 23])
def test_every_small_size_is_painted(tiny_palette: Palette, width: int, height: int) -> None:
    small = picture.from_array(make_pixels(width, height))
    painting = Engine(tiny_palette).render(small, look(styles="red"))
    assert painting.pixels.shape == (height, width, 3)
    assert np.isfinite(painting.pixels).all()


@pytest.mark.parametrize("size", [(2000, 1), (1, 900), (1500, 3)])
def test_ribbons_are_painted(tiny_palette: Palette, size: tuple[int, int]) -> None:
    painting = Engine(tiny_palette).render(picture.from_array(make_pixels(*size)), Look())
    assert (painting.width, painting.height) == size


@pytest.mark.parametrize("size", [(67, 45), (700, 500)])
def test_strength_zero_is_the_photo_without_the_network(tiny_engine: Engine, size: tuple[int, int]) -> None:
    counter = counting(tiny_engine)
    photo = picture.from_array(np.dstack([make_pixels(*size), make_pixels(*size, seed=1)[..., 0]]))
    painting = tiny_engine.render(photo, look(strength=0, styles="red,mono", brush=2))
    assert counter.runs == 0
    assert picture.encode(painting, "png") == picture.encode(photo, "png")
    np.testing.assert_array_equal(painting.pixels, photo.pixels)


def test_strength_grows_from_the_photo(tiny_engine: Engine, photo: Picture) -> None:
    distances = [np.abs(tiny_engine.render(photo, look(strength=s)).pixels - photo.pixels).mean() for s in (0, 0.5, 1, 1.5)]
    assert distances == sorted(distances)
    assert distances[0] == 0
    assert min(np.diff(distances)) > 0.01


def test_finish_controls_never_run_the_network(tiny_engine: Engine, photo: Picture) -> None:
    counter = counting(tiny_engine)
    first = tiny_engine.render(photo, Look())
    timings: dict[str, Any] = {}
    second = tiny_engine.render(photo, look(saturation=0.2, opacity=0.5), timings=timings)
    assert counter.runs == 1
    assert timings["cached"] is True
    np.testing.assert_array_equal(second.pixels, finish(first.pixels, photo.pixels, look(saturation=0.2, opacity=0.5)))
    tiny_engine.render(photo, look(strength=0.9))
    assert counter.runs == 2


def test_paint_is_render_without_finish(tiny_engine: Engine, photo: Picture) -> None:
    raw = tiny_engine.paint(photo, look(saturation=0))
    np.testing.assert_array_equal(raw.pixels, tiny_engine.render(photo, Look()).pixels)


def test_large_pictures_are_finished_in_bands_that_do_not_show(tiny_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = picture.from_array(make_pixels(40, 50))
    values = look(detail=1.5, contrast=0.3, keep_colour=0.4, hue=30, warmth=0.2)
    whole = tiny_engine.render(photo, values).pixels
    monkeypatch.setattr(engine, "BAND_ROWS", 7)
    np.testing.assert_allclose(tiny_engine.render(photo, values).pixels, whole, atol=1e-6)


def test_alpha_and_metadata_are_kept(tiny_engine: Engine) -> None:
    photo = dataclasses.replace(picture.from_array(np.full((20, 30, 4), 0.25)), metadata=picture.Metadata(dpi=(300, 300), format="PNG"))
    painting = tiny_engine.render(photo, Look())
    assert painting.metadata == photo.metadata
    np.testing.assert_array_equal(painting.alpha, photo.alpha)


def test_ids_tell_paintings_apart(tiny_engine: Engine, photo: Picture) -> None:
    looks = [look(strength=0), look(), look(strength=0.5), look(saturation=0.5), look(styles="mono")]
    ids = {tiny_engine.render(photo, values).id for values in looks}
    assert len(ids) == len(looks)
    again = tiny_engine.render(tiny_engine.render(photo, Look()), Look())
    assert np.abs(again.pixels - tiny_engine.render(photo, Look()).pixels).max() > 0.01


def test_large_pictures_keep_the_strokes_of_the_working_size(tiny_engine: Engine) -> None:
    """Painted small, and painted large then made small: nearly the same, because strokes are decided at the working size."""
    photo = picture.from_array(np.asarray(picture.to_pil(picture.from_array(make_pixels(60, 40))).resize((1300, 867), 3)))
    values = look(styles="mono")
    large = tiny_engine.render(photo, values)
    small = tiny_engine.render(photo, values, long_edge_px=512)
    assert (large.width, large.height) == (1300, 867)
    assert (small.width, small.height) == (512, 341)
    assert np.abs(picture.fit(large, 512).pixels - small.pixels).mean() < 0.03


def test_a_preview_is_reused_by_the_export(tiny_engine: Engine) -> None:
    counter = counting(tiny_engine)
    photo = picture.from_array(make_pixels(1000, 600))
    tiny_engine.render(photo, Look(), long_edge_px=512)
    assert counter.runs == 1
    tiny_engine.render(photo, Look())
    assert counter.runs == 2  # one more level, no second working painting


def test_tiles_do_not_show_in_large_paintings(monkeypatch: pytest.MonkeyPatch) -> None:
    strided = tiny.make(tiny.strided_model(), tiny.STRIDED_FIELD_PX)
    photo = picture.from_array(make_pixels(800, 601))
    whole = Engine(strided).render(photo, Look()).pixels
    run_tiles = tiling.paint_tiles
    monkeypatch.setattr(tiling, "paint_tiles", lambda *args, **options: run_tiles(*args, **options, tile=128))
    np.testing.assert_allclose(Engine(strided).render(photo, Look()).pixels, whole, atol=1e-5)


@pytest.mark.slow
def test_progress_rises_to_one_and_cancel_stops(tiny_engine: Engine) -> None:
    photo = picture.from_array(make_pixels(1500, 1200))
    shares: list[float] = []
    tiny_engine.render(photo, Look(), progress=shares.append)
    assert len(shares) > 4
    assert shares == sorted(shares)
    assert shares[-1] == 1
    counter = counting(Engine(tiny_engine.palette))
    fresh = Engine(tiny_engine.palette)
    counter = counting(fresh)
    with pytest.raises(Cancelled):
        fresh.render(photo, Look(), cancelled=lambda: counter.runs >= 2)
    assert counter.runs == 2
    cached: list[float] = []
    tiny_engine.render(photo, look(saturation=0.5), progress=cached.append)
    assert cached == [1.0]


def test_timings_are_filled(tiny_engine: Engine, photo: Picture) -> None:
    timings: dict[str, Any] = {}
    tiny_engine.render(photo, look(saturation=0.5), timings=timings)
    assert set(timings) == {"resize", "generator", "finish", "cached"}
    assert timings["cached"] is False
    assert all(timings[stage] > 0 for stage in ("resize", "generator", "finish"))


def test_the_cache_stays_within_its_limit(tiny_palette: Palette) -> None:
    small = Engine(tiny_palette, cache_mib=1)
    counter = counting(small)
    photo = picture.from_array(make_pixels(160, 160))  # a painting is 300 kB
    for strength in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        small.render(photo, look(strength=strength))
    assert small._cache._used == sum(size for _, size in small._cache._entries.values()) <= 2**20
    small.render(photo, look(strength=1.0))
    assert counter.runs == 6
    small.render(photo, look(strength=0.5))
    assert counter.runs == 7


def test_without_a_cache_everything_still_works(tiny_palette: Palette, photo: Picture) -> None:
    bare = Engine(tiny_palette, cache_mib=0)
    np.testing.assert_array_equal(bare.render(photo, Look()).pixels, Engine(tiny_palette).render(photo, Look()).pixels)


@backends
def test_threads_get_the_same_pictures(tiny_palette: Palette, photo: Picture, backend: str) -> None:
    shared = Engine(tiny_palette, backend)
    strengths = [0.3 + 0.05 * index for index in range(12)]
    results: dict[float, bytes] = {}

    def paint(strength: float) -> None:
        results[strength] = shared.render(photo, look(strength=strength)).pixels.tobytes()

    threads = [threading.Thread(target=paint, args=(strength,)) for strength in strengths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = Engine(tiny_palette, backend)
    assert results == {strength: alone.render(photo, look(strength=strength)).pixels.tobytes() for strength in strengths}


def test_results_cannot_be_changed_by_their_readers(tiny_engine: Engine, photo: Picture) -> None:
    painting = tiny_engine.render(photo, Look())
    with pytest.raises(ValueError, match="read-only"):
        painting.pixels[0] = 0


def test_unknown_backend_and_style_name_the_nearest(tiny_palette: Palette, photo: Picture) -> None:
    with pytest.raises(ImpastoError, match="Did you mean 'openvino'"):
        Engine(tiny_palette, "openvno")
    with pytest.raises(ImpastoError, match="Did you mean 'mono'"):
        Engine(tiny_palette).render(photo, look(styles="mno"))


def test_a_network_that_does_not_load_is_one_sentence(tiny_palette: Palette, photo: Picture) -> None:
    broken = tiny_palette.model.replace(b"LeakyRelu", b"x").replace(b"Conv", b"Cxnv")
    for backend in ("auto", *BACKENDS):
        with pytest.raises(ImpastoError, match="cannot be loaded"):
            Engine(dataclasses.replace(tiny_palette, model=broken), backend).render(photo, Look())


def test_a_touch_of_strength_is_a_touch_of_change_at_export_size(tiny_palette: Palette) -> None:
    """Coarse to fine takes nothing of the photo's detail away where the strength is near 0."""
    large = picture.from_array(make_pixels(1100, 700))
    painted = Engine(tiny_palette).paint(large, Look(strength=0.01))
    assert np.abs(painted.pixels - large.pixels).mean() < 0.006


def test_openvino_stops_in_the_middle_of_a_run_and_the_next_is_right(tiny_palette: Palette) -> None:
    network = BACKENDS["openvino"](tiny_palette.model)
    code = tiny_palette.styles[1].code
    large = np.zeros((1, 3, 4096, 4096), np.float32)
    with pytest.raises(Cancelled):
        network.run(large, code, lambda: True)
    small = np.random.default_rng(0).uniform(-1, 1, (1, 3, 32, 40)).astype(np.float32)
    expected = BACKENDS["onnxruntime"](tiny_palette.model).run(small, code)
    np.testing.assert_allclose(network.run(small, code), expected, atol=1e-4)


def test_an_export_made_small_is_the_preview(tiny_palette: Palette) -> None:
    large = picture.from_array(make_pixels(1100, 700))
    engine_ = Engine(tiny_palette)
    preview = engine_.paint(large, Look(), long_edge_px=engine.WORKING_PX).pixels
    export = picture.fit(engine_.paint(large, Look()), engine.WORKING_PX).pixels
    assert np.abs(export - preview).mean() < 0.005
