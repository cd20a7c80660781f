"""The engine: a picture and a look in, a painting out. The generator controls get their meaning here.

Knows backends only as `run(photo, code)`. Strokes are decided at `WORKING_PX`; larger sizes are painted coarse to fine from there, so
preview and export are the same picture. Raw paintings are cached, so a finish control never runs the network.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto import refinement, tiling
from impasto.backends import Backend, Cancelled, Overlaid, choices
from impasto.canvas import Canvas, Flow, Pair, flow, smoothed
from impasto.errors import ImpastoError
from impasto.finish import finish
from impasto.look import CONTROLS, Look
from impasto.palette import Palette
from impasto.picture import Picture, fit_size, resize, shrink
from impasto.planes import Planes, Sheet, halo_px, on_canvas, pack, to_pixels, to_unit
from impasto.refinement import BAND_ROWS, Level, Window
from impasto.variants import open_variant

__all__ = ["Cancelled", "Engine"]

Pixels = NDArray[np.float32]  # H×W×3 in 0..1
Code = NDArray[np.float32]
Lay = Callable[[Planes, Pair], Planes]  # a tile, which begins at that place, on its canvas

WORKING_PX = 512  # long edge at which strokes are decided
SMALLEST_STROKES = 0.25  # times as large as at that size: in smaller pictures they shrink with the picture so far
DETAIL = 0.6  # share of the photo's missing detail given back before each finer painting
REFINE_STRENGTH = 0.5  # strength of each finer painting, as a share of the look's
PART_WORTH = 0.6  # a part of a painting goes first where it is at most this share of the work
_FINISH_REACH = 2  # rows a finished pixel depends on above and below


class Engine:
    """One palette on one backend. Sessions are made once, at the first painting; every method may be called from any thread.

    `backend` is "auto", "openvino" or "onnxruntime"; anything else is an ImpastoError.
    """

    def __init__(self, palette: Palette, backend: str = "auto", cache_mib: int = 256) -> None:
        self.palette = palette
        self._wanted = backend
        self._candidate = choices(backend)[0]
        self._session: Backend | None = None
        self._opening = threading.Lock()
        self._cache = _Cache(cache_mib * 2**20)

    @property
    def backend(self) -> str:
        """The name of the backend in use, or, before the first painting, of the one that will be tried first."""
        return self._session.name if self._session else self._candidate

    def render(
        self,
        picture: Picture,
        look: Look,
        *,
        long_edge_px: int | None = None,
        masks: Mapping[str, Pixels] | None = None,
        cancelled: Callable[[], bool] | None = None,
        progress: Callable[[float], None] | None = None,
        timings: dict[str, Any] | None = None,
    ) -> Picture:
        """The painting of a picture under a look, finished. `long_edge_px` bounds the size; a picture is never enlarged.

        `masks` are those of the look's regions, H×W in 0..1 of any size. `timings` is filled with milliseconds ("resize", "generator",
        "finish") and "cached". Raises Cancelled, and ImpastoError for an unknown style or a mask that is missing.
        """
        job = _Job(cancelled, progress, timings)
        photo, painting = self._paint(picture, look, masks or {}, long_edge_px, job)
        start = time.perf_counter()
        finished = _finish(painting, photo, look)
        job.took("finish", start)
        return finished

    def paint(
        self,
        picture: Picture,
        look: Look,
        *,
        long_edge_px: int | None = None,
        masks: Mapping[str, Pixels] | None = None,
        cancelled: Callable[[], bool] | None = None,
        progress: Callable[[float], None] | None = None,
        timings: dict[str, Any] | None = None,
    ) -> Picture:
        """As `render`, without the finish controls."""
        job = _Job(cancelled, progress, timings)
        job.timings["finish"] = 0.0
        return self._paint(picture, look, masks or {}, long_edge_px, job)[1]

    def paint_part(
        self,
        picture: Picture,
        look: Look,
        part: tuple[float, float, float, float],
        *,
        long_edge_px: int | None = None,
        masks: Mapping[str, Pixels] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> tuple[Window, Pixels] | None:
        """A part of what `paint` gives, before the rest of it: its place in the painting and its pixels.

        `part` is the left, top, right and bottom as shares of the picture. None where the whole painting is as near: it is here already, or
        small, or most of it would have to be painted.
        """
        photo = self.photo(picture, long_edge_px)
        window = Window.of_shares(part, (photo.width, photo.height))
        levels = self._levels(picture, photo, window)
        needed, all_of_it = (sum(level.painted.area for level in plan) for plan in (levels, self._levels(picture, photo, None)))
        if len(levels) == 1 or needed > PART_WORTH * all_of_it or self._is_here(picture, photo, look):
            return None
        pixels = self._plain_part(picture, photo, look, levels, cancelled)
        for region in look.regions:
            own = self._plain_part(picture, photo, region.look, levels, cancelled)
            pixels = pixels + window.of(_share(_mask(masks or {}, region.mask), photo)) * (own - pixels)
        return window, pixels

    def prepare(self, picture: Picture, look: Look, long_edge_px: int) -> None:
        """Get ready for more paintings of what was just painted, in other strengths, brushes or styles: previews come sooner then."""
        self._open().prepare(self._sheet(self.photo(picture, min(long_edge_px, WORKING_PX)), look.brush))

    def photo(self, picture: Picture, long_edge_px: int | None = None) -> Picture:
        """The photo at the size that `render` gives its painting; kept, so that it is resized once."""
        size = fit_size(picture.width, picture.height, long_edge_px or max(picture.width, picture.height))
        if size == (picture.width, picture.height):
            return picture
        key = ("photo", picture.id, size)
        found: Picture | None = self._cache.get(key)
        if found is None:
            found = shrink(picture, *size)
            self._cache.put(key, found, found.pixels.nbytes + (0 if found.alpha is None else found.alpha.nbytes))
        return found

    def _paint(
        self, picture: Picture, look: Look, masks: Mapping[str, Pixels], long_edge_px: int | None, job: _Job
    ) -> tuple[Picture, Picture]:
        """(the photo at the size asked for, its raw painting with the regions laid over it)."""
        start = time.perf_counter()
        photo = self.photo(picture, long_edge_px)
        job.took("resize", start)
        start = time.perf_counter()
        parts = 1 + len(look.regions)
        job.part(0, parts)
        painting = self._plain(picture, photo, look, job)
        for number, region in enumerate(look.regions, start=1):
            mask = _mask(masks, region.mask)
            job.part(number, parts)
            painting = _laid_over(painting, self._plain(picture, photo, region.look, job), mask, region.mask)
        job.took("generator", start)
        return photo, painting

    def _plain(self, picture: Picture, photo: Picture, look: Look, job: _Job) -> Picture:
        """The raw painting without regions."""
        code = self.palette.code(look)
        if np.array_equal(code, self.palette.photo_code):
            job.progress(1.0)
            return photo
        name = f"{self.palette.id[:16]}-{hashlib.sha256(code.tobytes() + repr(look.brush).encode()).hexdigest()[:16]}"
        return photo.with_pixels(self._painting(picture, photo, code, look, job), name)

    def _painting(self, picture: Picture, photo: Picture, code: Code, look: Look, job: _Job) -> Pixels:
        """The raw painting at the photo's size, coarse to fine from the working size; cached at both sizes."""
        key = ("painting", picture.id, code.tobytes(), look.brush, photo.pixels.shape)
        found: Pixels | None = self._cache.get(key)
        if found is not None:
            job.progress(1.0)
            return found
        painting = self._refined(picture, code, look, self._levels(picture, photo, None), job)
        painting.flags.writeable = False
        self._cache.put(key, painting, painting.nbytes)
        return painting

    def _plain_part(
        self, picture: Picture, photo: Picture, look: Look, levels: list[Level], cancelled: Callable[[], bool] | None
    ) -> Pixels:
        """The raw painting of the last level's result, without regions."""
        code = self.palette.code(look)
        if np.array_equal(code, self.palette.photo_code):
            return levels[-1].result.of(photo.pixels)
        return self._refined(picture, code, look, levels, _Job(cancelled, None, None))

    def _is_here(self, picture: Picture, photo: Picture, look: Look) -> bool:
        return self._cache.get(("painting", picture.id, self.palette.code(look).tobytes(), look.brush, photo.pixels.shape)) is not None

    def _levels(self, picture: Picture, photo: Picture, part: Window | None) -> list[Level]:
        """What has to be painted at each size, the working size first, for a part of the painting or all of it."""
        edges = tiling.level_edges(max(photo.width, photo.height), WORKING_PX)
        sizes = [fit_size(picture.width, picture.height, edge) for edge in edges]
        info = self.palette.generator
        return refinement.plan(sizes, part or refinement.whole(sizes[-1]), halo_px(info), info.size_multiple)

    def _refined(self, picture: Picture, code: Code, look: Look, levels: list[Level], job: _Job) -> Pixels:
        """The last level's result, painted coarse to fine from the working size."""
        job.timings["cached"] = False
        job.plan([level.painted.area for level in levels])
        coarse = self.photo(picture, max(levels[0].size))
        painting, working = self._working_painting(picture, coarse, code, look.brush, job), coarse
        if self.palette.generator.inputs > 3 and len(levels) > 1:
            painting = smoothed(painting, self._flow(working))
        painting = levels[0].result.of(painting)
        gentle = self.palette.photo_code + np.float32(REFINE_STRENGTH) * (code - self.palette.photo_code)
        for below, level in itertools.pairwise(levels):
            fine = self.photo(picture, max(level.size))
            guide = refinement.guide(painting, coarse.pixels, fine.pixels, _detail(look.strength), below, level)
            lay = functools.partial(self._on_canvas, self._flow(working), level, look.brush)
            planes = pack(guide, self.palette.generator)
            finer = self._generate(planes, lay, gentle, guide.shape, job, is_whole=level.painted == refinement.whole(level.size))
            painting, coarse = refinement.anchored(finer, painting, below, level), fine
        return painting

    def _working_painting(self, picture: Picture, photo: Picture, code: Code, brush: float, job: _Job) -> Pixels:
        key = ("painting", picture.id, code.tobytes(), brush, photo.pixels.shape)
        painting: Pixels | None = self._cache.get(key)
        if painting is not None:
            job.skip()
            return painting
        job.step(0.0)
        planes = to_unit(self._open().run(self._sheet(photo, brush), code, None))  # a preview is over soon: nothing stops it
        painting = to_pixels(planes, photo.pixels.shape)
        painting.flags.writeable = False
        job.step(1.0)
        job.skip()
        self._cache.put(key, painting, painting.nbytes)
        return painting

    def _sheet(self, photo: Picture, brush: float) -> Overlaid:
        """What the network takes for a photo at the working size."""
        drawn = brush * max(min(1.0, max(photo.width, photo.height) / WORKING_PX), SMALLEST_STROKES)
        sheet: Sheet | None = self._cache.get(("sheet", photo.id))
        if sheet is None:
            sheet = Sheet(photo.pixels, self.palette.generator, lambda: self._flow(photo), drawn)
            self._cache.put(("sheet", photo.id), sheet, sheet.nbytes)
        return sheet.laid(drawn)

    def _flow(self, photo: Picture) -> Flow:
        """Which way strokes run, the same at all sizes: found at the working size."""
        found: Flow | None = self._cache.get(("flow", photo.id))
        if found is None:
            found = flow(photo.pixels)
            self._cache.put(("flow", photo.id), found, found.vectors.nbytes)
        return found

    def _on_canvas(self, course: Flow, level: Level, brush: float, tile: Planes, at: Pair) -> Planes:
        """A tile, which begins at that place of what is painted at that level, with the canvas under it."""
        place = level.painted.top + at[0], level.painted.left + at[1]
        canvas = Canvas(tile[0], course, at=place, size=(level.size[1], level.size[0]))
        return on_canvas(tile, self.palette.generator, canvas, brush)

    def _generate(self, photo: Planes, lay: Lay, code: Code, shape: tuple[int, ...], job: _Job, is_whole: bool = True) -> Pixels:
        """The network over packed planes, tile by tile, each as it is laid, as H×W×3 of `shape` in 0..1."""
        info = self.palette.generator
        # What is small is over soon, an export stops between tiles, the size of a part hardly comes again; the studio's sharp painting is
        # one large tile and gives way at once.
        interruptible = is_whole and WORKING_PX**2 < photo[0, 0].size <= tiling.TILE_PX**2
        cancelled = job.cancelled if interruptible else None
        painting = np.empty((shape[0], shape[1], 3), np.float32)
        tiling.paint_tiles(
            photo,
            lambda tile, at: to_unit(self._open().run(lay(tile, at), code, cancelled)),
            painting,
            halo=halo_px(info),
            multiple=info.size_multiple,
            step=job.step,
        )
        job.skip()
        return painting

    def _open(self) -> Backend:
        with self._opening:
            if self._session is None:
                self._session = open_variant(self._wanted, self.palette.model)
            return self._session


class _Job:
    """What one call wants to hear: cancelling, progress over all levels, and timings."""

    def __init__(
        self, cancelled: Callable[[], bool] | None, progress: Callable[[float], None] | None, timings: dict[str, Any] | None
    ) -> None:
        self.cancelled = cancelled
        self.timings = {} if timings is None else timings
        self.timings["cached"] = True
        self._report = progress or (lambda share: None)
        self._part, self._parts = 0, 1
        self._areas = [1]
        self._level = 0

    def part(self, number: int, parts: int) -> None:
        """The work goes on with another of so many paintings."""
        self._part, self._parts, self._level = number, parts, 0

    def progress(self, share: float) -> None:
        """The share of the present painting that is done."""
        self._report((self._part + share) / self._parts)

    def plan(self, areas: list[int]) -> None:
        """The work of each level, in any unit."""
        self._areas = areas

    def skip(self) -> None:
        """The present level is done."""
        self._level += 1

    def step(self, share: float) -> None:
        """The share of the present level that is done; raises Cancelled when nobody wants the rest."""
        if self.cancelled and self.cancelled():
            raise Cancelled
        done = sum(self._areas[: self._level]) + share * self._areas[self._level]
        self.progress(done / sum(self._areas))

    def took(self, stage: str, start: float) -> None:
        self.timings[stage] = (time.perf_counter() - start) * 1000


class _Cache:
    """The entries used last, up to a number of bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._used = 0
        self._entries: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any:
        """The entry, or None."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            return self._entries[key][0]

    def put(self, key: Hashable, value: Any, size: int) -> None:
        """Keep a value; what was used longest ago makes room. A value larger than the limit is not kept."""
        with self._lock:
            if size > self._limit:
                return
            self._used += size - self._entries.pop(key, (None, 0))[1]
            self._entries[key] = (value, size)
            while self._used > self._limit:
                self._used -= self._entries.popitem(last=False)[1][1]


def _mask(masks: Mapping[str, Pixels], name: str) -> Pixels:
    if name not in masks:
        raise ImpastoError("The mask of a region is missing.", "Give the mask of every region of the look.")
    return masks[name]


def _share(mask: Pixels, picture: Picture) -> Pixels:
    """The mask at the picture's size, H×W×1."""
    return np.clip(resize(mask, picture.width, picture.height), 0, 1)[..., None]


def _laid_over(painting: Picture, region: Picture, mask: Pixels, name: str) -> Picture:
    """The painting with the region's where the mask is 1."""
    pixels = painting.pixels + _share(mask, painting) * (region.pixels - painting.pixels)
    return painting.with_pixels(pixels, f"{name[:16]}-{region.id[-32:]}")


def _detail(strength: float) -> float:
    """All of the photo's detail comes back near strength 0, where the painting is almost the photo; `DETAIL` of it from 1 on."""
    return 1 - (1 - DETAIL) * min(1.0, strength)


def _finish(painting: Picture, photo: Picture, look: Look) -> Picture:
    """The finish controls, band by band; each band is computed with the rows that it depends on, so the bands do not show."""
    values = [getattr(look, control.name) for control in CONTROLS.values() if control.kind == "finish"]
    if values == [control.default for control in CONTROLS.values() if control.kind == "finish"]:
        return painting
    pixels = np.empty_like(painting.pixels)
    for start in range(0, len(pixels), BAND_ROWS):
        first, stop = max(0, start - _FINISH_REACH), min(len(pixels), start + BAND_ROWS)
        band = finish(painting.pixels[first : stop + _FINISH_REACH], photo.pixels[first : stop + _FINISH_REACH], look)
        pixels[start:stop] = band[start - first : stop - first]
    return painting.with_pixels(pixels, hashlib.sha256(repr(values).encode()).hexdigest()[:16])
