"""The pictures that a style is learned from: found, checked and reduced before learning starts. Knows no network.

Whatever is wrong is said here, with what to do, before any time is spent.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator as Random
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from impasto import picture
from impasto.errors import ImpastoError

Image = NDArray[np.uint8]  # H×W×3

ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".avif"}
MOST_PICTURES = 200
MOST_MIB = 384  # of all files together
SMALLEST_SIDE_PX = 64
KEPT_SIDE_PX = 720  # short sides are reduced to this: strokes are decided at a working size well below it
_HINT = f"Give pictures of at least {SMALLEST_SIDE_PX} px a side, or a folder of them; one picture is enough."


@dataclass(frozen=True, eq=False)
class Examples:
    """Pictures as H×W×3 uint8 with their file names, why each other file was left out, and a digest of all pixels."""

    images: list[Image]
    names: tuple[str, ...]
    skipped: dict[str, str]
    digest: str


def gather(places: list[Path]) -> Examples:
    """The pictures of the given files and folders, in order; what cannot be used among them is left out and named.

    Raises ImpastoError when nothing can be used, or when it is too much.
    """
    files = [file for place in places for file in _files(place)]
    if len(files) > MOST_PICTURES:
        raise ImpastoError(f"These are {len(files)} pictures.", f"Choose the {MOST_PICTURES} or fewer that show the style best.")
    _check_weight(files)
    images, names, skipped = [], [], {}
    for file in files:  # one after the other: decoded whole, a few large ones would fill the memory
        read = _read(file)
        if isinstance(read, str):
            skipped[file.name] = read
        else:
            images.append(read)
            names.append(file.name)
    if not images:
        name, reason = next(iter(skipped.items()))
        others = f", and so on for {len(skipped)} files" if len(skipped) > 1 else ""
        raise ImpastoError(f"There is nothing to learn from: {name} is left out because {reason}{others}.", _HINT)
    digest = hashlib.sha256()
    for image in images:
        digest.update(repr(image.shape).encode() + image.tobytes())
    return Examples(images, tuple(names), skipped, digest.hexdigest())


def crop(image: Image, random: Random, short_px: float, crop_px: int) -> Tensor:
    """A random square, `crop_px` wide once the picture's short side is `short_px`, mirrored half the time: 3×P×P in -1..1."""
    height, width = image.shape[:2]
    side = max(8, min(round(crop_px * min(height, width) / short_px), height, width))
    top, left = int(random.integers(height - side + 1)), int(random.integers(width - side + 1))
    pixels = torch.from_numpy(np.ascontiguousarray(image[top : top + side, left : left + side])).permute(2, 0, 1)[None].float()
    square = F.interpolate(pixels, (crop_px, crop_px), mode="bicubic", antialias=True, align_corners=False)[0].clamp(0, 255) / 127.5 - 1
    return square.flip(-1) if random.random() < 0.5 else square


def _files(place: Path) -> list[Path]:
    """The file itself, or the pictures of a folder in the order of their names."""
    if not place.is_dir():
        if not place.exists():
            raise ImpastoError(f"There is no {str(place)!r}.", "Check the path; several pictures are given one after the other.")
        return [place]
    files = sorted(path for path in place.iterdir() if path.suffix.lower() in ENDINGS and path.is_file())
    if not files:
        raise ImpastoError(f"There are no pictures in {str(place)!r}.", _HINT)
    return files


def _check_weight(files: list[Path]) -> None:
    mib = sum(file.stat().st_size for file in files) >> 20
    if mib > MOST_MIB:
        hint = f"At most {MOST_MIB} MiB are read: make them smaller first (JPEG, {KEPT_SIDE_PX} px on the short side), or choose fewer."
        raise ImpastoError(f"These pictures are {mib} MiB.", hint)


def _read(file: Path) -> Image | str:
    """The picture, reduced; or why it cannot be used."""
    try:
        opened = picture.load(file)
    except ImpastoError as error:
        return error.message.replace(str(file), file.name).rstrip(".")
    short_px = min(opened.width, opened.height)
    if short_px < SMALLEST_SIDE_PX:
        return f"it is {opened.width}×{opened.height} pixels small"
    if short_px > KEPT_SIDE_PX:
        opened = picture.fit(opened, round(max(opened.width, opened.height) * KEPT_SIDE_PX / short_px))
    return np.asarray(opened.pixels * 255 + 0.5, np.uint8)
