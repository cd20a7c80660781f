"""A first guess: the mix of a palette's styles that comes closest to a few pictures, without any training.

Pictures and paintings are told apart by moments of what `eyes.onnx` sees in them: the first layers of a frozen network, made by
`impasto.train.eyes`. Knows no optimiser and no torch.
"""

from __future__ import annotations

import importlib.resources
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.engine import Engine
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.picture import Picture, fit, from_array, load, resize

Matrix = NDArray[np.float64]

SEEN = (3, 16, 24, 40)  # planes of what the eyes see: colours, then three taps; of each means, deviations, correlations
LENGTHS = [length for planes in SEEN for length in (planes, planes, planes * planes)]
CROP_PX = 160
SHORT_PX = (360.0, 480.0)  # short sides of pictures are scaled to this: strokes are decided at 512 px on the long edge
CROPS, PAINTED = 16, 2  # squares that are looked at: of all pictures together, and of the sample in every style
PALETTES_KEPT = 4  # what a palette's paintings are like is found out once
MOST_PICTURES, SMALLEST_SIDE_PX = 200, 64
LARGEST_PX = 2048  # a long edge that is enough to guess from
LEAST_SHARE = 0.03  # what is less of a mix is left out
ROUNDS = 200
_KEPT: dict[str, Matrix] = {}


def guess(engine: Engine, pictures: Sequence[Picture]) -> Look:
    """The styles of the engine's palette, with weights, whose paintings are most like these pictures; the same pictures give the same look.

    Raises ImpastoError where there are no pictures, too many, or one is too small.
    """
    if not 1 <= len(pictures) <= MOST_PICTURES:
        raise ImpastoError(f"These are {len(pictures)} pictures.", f"Choose 1 to {MOST_PICTURES} that show the style best.")
    small = next((one for one in pictures if min(one.width, one.height) < SMALLEST_SIDE_PX), None)
    if small is not None:
        raise ImpastoError(f"A picture of {small.width}×{small.height} pixels is too small.", f"Give it {SMALLEST_SIDE_PX} px a side.")
    wanted = _moments(_crops(pictures, CROPS)).mean(0)
    weights = nearest(_known(engine), wanted)
    kept = [(style.name, float(weight)) for style, weight in zip(engine.palette.styles, weights, strict=True) if weight >= LEAST_SHARE]
    return Look(styles=tuple((name, round(weight, 3)) for name, weight in sorted(kept, key=lambda pair: -pair[1])[:8]))


def nearest(found: Matrix, wanted: Matrix) -> Matrix:
    """`shortest_mix` of S×M moments from M wanted ones, each in the wanted's own deviations."""
    parts = np.split(wanted, np.cumsum(LENGTHS)[:-1])
    scale = np.concatenate([part for deviations in parts[1::3] for part in (deviations + 1e-3,) * 2 + (np.ones(len(deviations) ** 2),)])
    weight = np.concatenate([np.full(length, length**-0.5) for length in LENGTHS])
    return shortest_mix((found - wanted) / scale * weight)


def shortest_mix(differences: Matrix) -> Matrix:
    """Weights, 0 or more and 1 in all, of S×M rows whose mix is nearest to zero: least squares over the simplex by Frank & Wolfe (1956)."""
    products = differences @ differences.T
    mixture = np.eye(len(differences))[products.diagonal().argmin()]
    for _ in range(ROUNDS):
        slope = products @ mixture
        way = np.eye(len(differences))[slope.argmin()] - mixture
        mixture += way * np.clip(-(slope @ way) / (way @ products @ way + 1e-9), 0, 1)
    return np.asarray(mixture)


def _known(engine: Engine) -> Matrix:
    """What `_painted` gives, kept for the palettes used last."""
    found = _KEPT.pop(engine.palette.id, None)
    found = _painted(engine) if found is None else found
    _KEPT[engine.palette.id] = found
    while len(_KEPT) > PALETTES_KEPT:
        _KEPT.pop(next(iter(_KEPT)), None)
    return found


def _painted(engine: Engine) -> Matrix:
    """S×M: the moments of the sample photo in every style."""
    sample = fit(load(Path(str(importlib.resources.files("impasto"))) / "studio" / "static" / "sample.jpg"), 2 * CROP_PX)
    across = (sample.width - CROP_PX) // max(1, PAINTED - 1)
    rows = slice((sample.height - CROP_PX) // 2, (sample.height + CROP_PX) // 2)
    photos = [from_array(sample.pixels[rows, left : left + CROP_PX]) for left in range(0, across * PAINTED, across)]
    found = []
    for style in engine.palette.styles:
        painted = [engine.paint(photo, Look(styles=((style.name, 1.0),))).pixels for photo in photos]
        found.append(_moments(np.stack(painted)).mean(0))
    return np.stack(found)


def _crops(pictures: Sequence[Picture], count: int) -> NDArray[np.float32]:
    """N×P×P×3: random squares of the pictures in turn, of the size that strokes are judged at."""
    chance = random.Random(1)
    found = []
    for index in range(max(count, len(pictures))):
        pixels = pictures[index % len(pictures)].pixels
        height, width = pixels.shape[:2]
        side = max(8, min(round(CROP_PX * min(height, width) / chance.uniform(*SHORT_PX)), height, width))
        left, top = chance.randrange(width - side + 1), chance.randrange(height - side + 1)
        found.append(np.clip(resize(pixels, CROP_PX, CROP_PX, (left, top, left + side, top + side)), 0, 1))
    return np.stack(found)


def _moments(pixels: NDArray[np.float32]) -> Matrix:
    """N×M of N×P×P×3 in 0..1."""
    planes = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2) * 2 - 1, np.float32)
    return np.concatenate([_eyes().run(None, {"pictures": one[None]})[0] for one in planes]).astype(np.float64)


@cache
def _eyes() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    file = Path(str(importlib.resources.files("impasto"))) / "eyes.onnx"
    return onnxruntime.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])
