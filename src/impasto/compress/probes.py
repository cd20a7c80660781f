"""What variants of a network are tried on: real photos, in looks that span what people ask for; and how far two paintings are apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from impasto.backends import Backend, Code, Planes
from impasto.canvas import planes_taken
from impasto.look import Look
from impasto.palette import Palette
from impasto.train import practice
from impasto.train.data import Image, canvas_under, picture_files, whole
from impasto.train.examples import gather

MOST_PHOTOS = 160
PROBE_PX = 192
LOOKS = ((1.0, 1.0), (1.5, 1.0), (1.0, 0.5), (1.0, 2.0))  # strength and brush; what lies between them is milder


@dataclass(frozen=True, eq=False)
class Probe:
    """A photo on canvas, 1×inputs×P×P in -1..1, and the code that it is to be painted with, of that style."""

    planes: Planes
    code: Code
    style: str


def photos(folder: Path | None) -> list[Image]:
    """Those of a folder, evenly picked where there are many; where none is given, the photo that comes with Impasto in many lights."""
    if folder is None:
        return practice.photos(None, seed=1)
    files = picture_files(folder)
    return gather(files[:: 1 + (len(files) - 1) // MOST_PHOTOS]).images


def probes(palette: Palette, images: list[Image], count: int) -> list[Probe]:
    """`count` of them: styles and photos take turns; once every style has been, all go on with the next look."""
    styles = len(palette.styles)
    return [
        _probe(palette, images[(index + index // styles) % len(images)], index % styles, *LOOKS[index // styles % len(LOOKS)])
        for index in range(count)
    ]


def paint(backend: Backend, probes: list[Probe]) -> list[Planes]:
    """The painting of every probe."""
    return [backend.run(probe.planes, probe.code) for probe in probes]


def levels_apart(made: list[Planes], wanted: list[Planes], probes: list[Probe]) -> float:
    """Mean difference in levels of 255, of the style that differs most."""
    apart: dict[str, list[float]] = {}
    for one, other, probe in zip(made, wanted, probes, strict=True):
        apart.setdefault(probe.style, []).append(float(np.abs(one - other).mean()) * 127.5)
    return max(sum(levels) / len(levels) for levels in apart.values())


def _probe(palette: Palette, image: Image, style: int, strength: float, brush: float) -> Probe:
    name = palette.styles[style].name
    photo = whole(image, PROBE_PX)
    planes = torch.cat([photo, canvas_under(photo)])[planes_taken(palette.generator.inputs)].numpy()
    code = palette.code(Look(styles=((name, 1.0),), strength=strength, brush=brush))
    return Probe(np.ascontiguousarray(planes[None], np.float32), code, name)
