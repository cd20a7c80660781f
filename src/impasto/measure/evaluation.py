"""`impasto evaluate`: one style of a palette against a folder of paintings, with the untouched photos as the baseline.

The same palette and folders give the same figures. Knows the engine and quality.py; whoever publishes a figure publishes the counts too.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto import picture
from impasto.engine import WORKING_PX, Engine
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.measure.quality import StyleSpace, frechet_distance, kernel_distance, structure
from impasto.palette import Palette
from impasto.picture import Picture
from impasto.train.data import picture_files

FEATURES = "EfficientNet-Lite2 (ImageNet), 2 crops a picture; kid: means and deviations of 4 layers, frechet: 120 means of the deepest"
EXACT_DB = 100.0  # said of pictures that are equal, whose ratio has no end
FEWEST = 2
WHITE = (0.95047, 1.0, 1.08883)  # D65
TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))


@dataclass(frozen=True)
class Figures:
    """How close to the paintings (kid, frechet: lower is closer) and how much of the photos is kept.

    `structure` is 1 for the photo itself; `perceptual` (cosine distance of features, 0..2) and `colour_shift` (CIE76, between mean
    colours) are 0.
    """

    kid: float
    frechet: float
    structure: float
    perceptual: float
    colour_shift: float


@dataclass(frozen=True)
class Evaluation:
    """The figures of one style and of the untouched photos, and what they were computed from."""

    palette: str
    style: str
    photos: int
    paintings: int
    crops_per_picture: int
    features: str
    painted: Figures
    untouched: Figures
    identity_psnr: float

    def scores(self) -> dict[str, float]:
        """What a palette keeps of it: numbers by name."""
        counts = {"photos": float(self.photos), "paintings": float(self.paintings)}
        baseline = {"kid_untouched": self.untouched.kid, "frechet_untouched": self.untouched.frechet}
        return {**asdict(self.painted), **baseline, "identity_psnr": self.identity_psnr, **counts}

    def describe(self) -> str:
        """A table for people."""
        lines = [f"{self.style} of {self.palette}: {self.photos} photos, {self.paintings} paintings; {self.features}"]
        lines.append(f"{'':14}{'painted':>10}{'untouched':>12}")
        for name, value in asdict(self.painted).items():
            lines.append(f"{name:14}{value:10.4f}{getattr(self.untouched, name):12.4f}")
        exact = "exact" if self.identity_psnr >= EXACT_DB else f"{self.identity_psnr:.1f} dB"
        return "\n".join([*lines, f"{'identity PSNR':14}{exact:>10}   (the photo code gives the photo back)"])


def evaluate(palette: Palette, photos: Path, paintings: Path, style: str | None = None) -> Evaluation:
    """Paint the photos of a folder in a style (the only one where none is named) and measure.

    Raises ImpastoError for folders with fewer than 2 pictures, for an unknown style, and where it must be said which style.
    """
    name = _chosen(palette, style)
    sources, known = _pictures(photos), [_tensor(picture) for picture in _pictures(paintings)]
    engine, space = Engine(palette), StyleSpace()
    painted = [_tensor(engine.paint(photo, Look(styles=((name, 1.0),)))) for photo in sources]
    kept = [_tensor(engine.paint(photo, Look(styles=((name, 1.0),), strength=0.0))) for photo in sources]
    untouched = [_tensor(photo) for photo in sources]
    style_vectors = space.vectors(known)
    return Evaluation(
        palette=palette.name,
        style=name,
        photos=len(sources),
        paintings=len(known),
        crops_per_picture=2,
        features=FEATURES,
        painted=_figures(space, painted, untouched, style_vectors),
        untouched=_figures(space, untouched, untouched, style_vectors),
        identity_psnr=round(min(psnr(kept, untouched), EXACT_DB), 2),
    )


def with_scores(palette: Palette, found: Evaluation) -> Palette:
    """The palette with an evaluation's scores in its style."""
    styles = tuple(replace(style, scores=found.scores()) if style.name == found.style else style for style in palette.styles)
    return replace(palette, styles=styles)


def psnr(first: list[Tensor], second: list[Tensor]) -> float:
    """Peak signal-to-noise ratio in dB over all pictures (each 3×H×W in -1..1); infinite where they are equal."""
    squares = sum(float((a - b).double().square().sum()) for a, b in zip(first, second, strict=True))
    count = sum(a.numel() for a in first)
    return float("inf") if squares == 0 else float(10 * np.log10(4 * count / squares))


def mean_lab(pixels: Tensor) -> NDArray[np.float64]:
    """The mean colour in CIELAB (D65) of a 3×H×W picture in -1..1, averaged in linear light."""
    encoded = ((pixels.double() + 1) / 2).flatten(1).numpy()
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).mean(1)
    x, y, z = (np.cbrt(value) if value > 0.008856 else 7.787 * value + 16 / 116 for value in np.array(TO_XYZ) @ linear / np.array(WHITE))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def _figures(space: StyleSpace, made: list[Tensor], photos: list[Tensor], style_vectors: Tensor) -> Figures:
    vectors = space.vectors(made)
    pairs = list(zip(made, photos, strict=True))
    shifts = [float(np.linalg.norm(mean_lab(first) - mean_lab(second))) for first, second in pairs]
    return Figures(
        kid=round(kernel_distance(vectors, style_vectors), 4),
        frechet=round(frechet_distance(space.deep_means(vectors), space.deep_means(style_vectors)), 4),
        structure=round(sum(structure(*pair) for pair in pairs) / len(pairs), 4),
        perceptual=round(sum(space.perceptual_distance(*pair) for pair in pairs) / len(pairs), 4),
        colour_shift=round(sum(shifts) / len(shifts), 4),
    )


def _chosen(palette: Palette, style: str | None) -> str:
    if style is None and len(palette.styles) > 1:
        raise ImpastoError(f"{palette.title} has {len(palette.styles)} styles.", "Say which one with --style; impasto styles lists them.")
    return palette.style(style).name if style is not None else palette.styles[0].name


def _pictures(folder: Path) -> list[Picture]:
    """The readable pictures of a folder in the order of their names, at the size at which strokes are decided."""
    found = []
    for file in picture_files(folder):
        try:
            found.append(picture.fit(picture.load(file), WORKING_PX))
        except ImpastoError:
            continue
    if len(found) < FEWEST:
        raise ImpastoError(
            f"There are {len(found)} usable pictures in {folder}.", f"At least {FEWEST} are needed, and 50 for a stable figure."
        )
    return found


def _tensor(source: Picture) -> Tensor:
    return torch.from_numpy(source.pixels.copy()).permute(2, 0, 1) * 2 - 1
