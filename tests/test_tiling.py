"""Tile boxes and seam-free assembly: windows of one size, every pixel kept once, and tiled equal to untiled on both backends."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from impasto import tiling
from impasto.backends import BACKENDS
from tests import tiny

lengths = st.integers(1, 400)
multiples = st.sampled_from([1, 4, 8, 16])


@given(length=lengths, tile=st.integers(1, 200), halo=st.integers(0, 16), multiple=multiples)
def test_spans_keep_every_pixel_once_with_a_halo(length: int, tile: int, halo: int, multiple: int) -> None:
    length, halo = length * multiple, halo * multiple
    spans = tiling.spans(length, tile * multiple, halo, multiple)
    assert spans[0].keep_start == 0
    assert spans[-1].keep_stop == length
    assert all(left.keep_stop == right.keep_start for left, right in itertools.pairwise(spans))
    assert len({span.stop - span.start for span in spans}) == 1
    for span in spans:
        assert span.start % multiple == 0
        assert span.keep_start < span.keep_stop
        assert span.start == 0 or span.keep_start - span.start >= halo
        assert span.stop == length or span.stop - span.keep_stop >= halo


@given(length=st.integers(1, 1000), multiple=multiples)
def test_windows_stay_near_the_tile_size(length: int, multiple: int) -> None:
    spans = tiling.spans(length * multiple, 512, 112, multiple)
    assert max(span.stop - span.start for span in spans) <= 512 + multiple


def test_boxes_are_in_reading_order() -> None:
    corners = [(box.rows.start, box.columns.start) for box in tiling.boxes(64, 96, 48, 8, 8)]
    assert corners == sorted(corners)
    assert len(corners) == len(set(corners)) > 1


@given(receptive_field_px=st.integers(1, 500), multiple=multiples)
def test_halo_covers_half_the_receptive_field(receptive_field_px: int, multiple: int) -> None:
    halo = tiling.halo_px(receptive_field_px, multiple)
    assert halo % multiple == 0
    assert halo >= receptive_field_px / 2


@given(long_edge_px=st.integers(1, 30_000))
def test_level_edges_at_most_double_and_end_exactly(long_edge_px: int) -> None:
    edges = tiling.level_edges(long_edge_px, 512)
    assert edges[-1] == long_edge_px
    assert edges[0] == min(512, long_edge_px)
    assert all(left <= right <= 2 * left + 1 for left, right in itertools.pairwise(edges))


@pytest.mark.parametrize("backend", BACKENDS)
def test_tiled_equals_untiled(backend: str) -> None:
    network = BACKENDS[backend](tiny.strided_model())
    photo = np.random.default_rng(1).uniform(-1, 1, (1, 3, 344, 280)).astype(np.float32)
    code = np.array([0.8, 0, 0, 0], np.float32)
    whole, tiled = np.empty((344, 280, 3), np.float32), np.empty((344, 280, 3), np.float32)
    halo = tiling.halo_px(tiny.STRIDED_FIELD_PX, 8)
    for painting, tile in ((whole, 1024), (tiled, 2 * halo + 48)):
        tiling.paint_tiles(
            photo, lambda window, at: network.run(window, code), painting, tile=tile, halo=halo, multiple=8, step=lambda share: None
        )
    assert len(tiling.boxes(344, 280, 2 * halo + 48, halo, 8)) > 4
    assert np.ptp(whole) > 1
    np.testing.assert_allclose(tiled, whole, atol=1e-5)


def test_a_halo_too_small_would_show() -> None:
    """The test above can fail: without a halo the seams are visible."""
    network = BACKENDS["onnxruntime"](tiny.strided_model())
    photo = np.random.default_rng(1).uniform(-1, 1, (1, 3, 128, 128)).astype(np.float32)
    code = np.array([1, 0, 0, 0], np.float32)
    whole, tiled = np.empty((128, 128, 3), np.float32), np.empty((128, 128, 3), np.float32)
    for painting, tile in ((whole, 128), (tiled, 64)):
        tiling.paint_tiles(
            photo, lambda window, at: network.run(window, code), painting, tile=tile, halo=0, multiple=8, step=lambda share: None
        )
    assert np.abs(tiled - whole).max() > 0.01


def test_painting_smaller_than_the_planes_is_cropped() -> None:
    photo = np.random.default_rng(1).uniform(-1, 1, (1, 3, 64, 64)).astype(np.float32)
    painting = np.empty((61, 50, 3), np.float32)
    shares: list[float] = []
    places: list[tuple[int, int]] = []

    def copied(window: NDArray[np.float32], at: tuple[int, int]) -> NDArray[np.float32]:
        places.append(at)
        assert np.array_equal(window, photo[:, :, at[0] : at[0] + window.shape[2], at[1] : at[1] + window.shape[3]])
        return window

    tiling.paint_tiles(photo, copied, painting, tile=32, halo=8, multiple=8, step=shares.append)
    assert len(places) > 4
    np.testing.assert_array_equal(painting, photo[0].transpose(1, 2, 0)[:61, :50])
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
