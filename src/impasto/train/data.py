"""Pictures for training: folders in, batches of crops out. Knows nothing of networks.

What step k sees depends on the seed and on k alone, so a run that was stopped goes on with the very batches it would have seen.
Batches are N×3×H×W in -1..1.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator as Random
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from impasto import picture
from impasto.canvas import PERIOD_PX, canvas_of
from impasto.errors import ImpastoError
from impasto.train.oddities import odd
from impasto.train.recipe import Recipe, StyleRecipe

Image = NDArray[np.uint8]  # H×W×3
ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}
MINIMUM_SIDE_PX = 64
LARGEST_SIDE_PX = 1600  # short sides are reduced to this, so that a folder of large photos fits into memory


@dataclass(frozen=True)
class Batch:
    """One step's pictures, `crops_per_style` of each drawn style in a row.

    photos, paintings: N×3×P×P; canvas: N×12×P×P under the photos; style: N indices; brush: N×1 in -1..1 (log2 of the brush size
    that the paintings' zoom stands for); bold: N×1 in 1..1.5, the strength asked for; offset: rows and columns in 0..8 that are cut off
    before judging.
    """

    photos: Tensor
    canvas: Tensor
    paintings: Tensor
    style: Tensor
    brush: Tensor
    bold: Tensor
    offset: tuple[int, int]

    def to(self, device: torch.device) -> Batch:
        return self._with({name: value.to(device) for name, value in self._tensors().items()})

    def cut(self, pieces: int) -> list[Batch]:
        """Equal pieces, in order; an ImpastoError where the crops do not divide."""
        count = len(self.photos)
        if count % pieces:
            raise ImpastoError(
                f"A step's {count} crops cannot be shared by {pieces}.",
                "Change recipe.data.crops_per_style, recipe.train.devices or recipe.train.accumulate.",
            )
        split = {name: torch.split(value, count // pieces) for name, value in self._tensors().items()}
        return [self._with({name: parts[index] for name, parts in split.items()}) for index in range(pieces)]

    def _with(self, tensors: dict[str, Tensor]) -> Batch:
        return Batch(**tensors, offset=self.offset)

    def _tensors(self) -> dict[str, Tensor]:
        return {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}


class Pictures:
    """The photos and the paintings of every style of a recipe, decoded once and kept as uint8."""

    def __init__(self, recipe: Recipe) -> None:
        root = Path(recipe.data.root)
        self.recipe = recipe
        self.photo_files = picture_files(root / recipe.data.photos)
        kept_apart = recipe.data.held_out
        self.painting_files = [split(picture_files(root / style.paintings), kept_apart)[0] for style in recipe.styles]
        self.skipped: dict[Path, str] = {}
        self.photos = self._read(self.photo_files)
        self.paintings = [self._read(files) for files in self.painting_files]

    def batch(self, step: int) -> Batch:
        """The batch of that step."""
        data = self.recipe.data
        random = np.random.default_rng([self.recipe.train.seed, step])
        drawn = self._styles(step)
        style = np.repeat(drawn, data.crops_per_style)
        brush = np.repeat(random.uniform(-1, 1, len(drawn)) * (random.random(len(drawn)) < 0.7), data.crops_per_style)
        bold = np.repeat(1 + 0.5 * random.random(len(drawn)) * (random.random(len(drawn)) < 0.3), data.crops_per_style)
        photos = [self._photo(random) for _ in style]
        paintings = [self._painting(int(index), zoom, random) for index, zoom in zip(style, brush, strict=True)]
        return Batch(
            torch.stack(photos),
            canvases(photos, random),
            torch.stack(paintings),
            torch.from_numpy(style),
            torch.from_numpy(brush).float()[:, None],
            torch.from_numpy(bold).float()[:, None],
            (int(random.integers(9)), int(random.integers(9))),
        )

    def batches(self, first: int, end: int) -> Iterator[Batch]:
        """Those of all steps from `first` on, each cut while the one before is learned from."""
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(self.batch, first)
            for step in range(first, end):
                batch = waiting.result()
                if step + 1 < end:
                    waiting = pool.submit(self.batch, step + 1)
                yield batch

    def _read(self, files: list[Path]) -> list[Image]:
        read, skipped = read_all(files)
        self.skipped |= skipped
        return list(read.values())

    def _styles(self, step: int) -> NDArray[np.int64]:
        """Styles come round like cards from a shuffled pack, so that none waits long."""
        count, each = len(self.recipe.styles), min(self.recipe.data.styles_per_step, len(self.recipe.styles))
        first = step * each
        cards = [self._card(position // count, position % count) for position in range(first, first + each)]
        return np.array(cards)

    def _card(self, deal: int, position: int) -> int:
        pack = np.random.default_rng([self.recipe.train.seed, deal, 7]).permutation(len(self.recipe.styles))
        return int(pack[position])

    def _photo(self, random: Random) -> Tensor:
        data = self.recipe.data
        photo = _crop(_pick(self.photos, random), random, random.uniform(*data.photo_px), data.crop_px)
        return odd(photo, random) if random.random() < data.odd else photo

    def _painting(self, style: int, zoom: float, random: Random) -> Tensor:
        data = self.recipe.data
        short_px = random.uniform(*data.painting_px) * 2 ** (data.brush_octaves * zoom) * self.recipe.styles[style].zoom
        return _crop(_pick(self.paintings[style], random), random, max(short_px, data.crop_px), data.crop_px)


def picture_files(folder: Path) -> list[Path]:
    """The pictures of a folder, in a fixed order."""
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in ENDINGS) if folder.is_dir() else []
    if not files:
        raise ImpastoError(f"There are no pictures in {folder}.", "Check the recipe's data.root, photos and paintings.")
    return files


def split(files: list[Path], held_out: int) -> tuple[list[Path], list[Path]]:
    """(training, kept apart): one file in `held_out` is kept apart for scores; none where that would leave fewer than 16."""
    if held_out < 2 or len(files) * (held_out - 1) < 16 * held_out:
        return files, []
    return [f for i, f in enumerate(files) if i % held_out], files[::held_out]


def read_all(files: list[Path]) -> tuple[dict[Path, Image], dict[Path, str]]:
    """The pictures that can be read and are large enough, and why each of the others is not."""
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(files, pool.map(_load, files), strict=True))
    read = {file: image for file, image in found.items() if not isinstance(image, str)}
    return read, {file: reason for file, reason in found.items() if isinstance(reason, str)}


class Sources:
    """What the data's MANIFEST.csv says of the paintings that a style was trained on; their file names where there is none."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.root = recipe, Path(recipe.data.root)
        manifest = self.root / "MANIFEST.csv"
        self.rows: dict[str, dict[str, str]] = {}
        if manifest.is_file():
            with manifest.open(encoding="utf-8", newline="") as lines:
                self.rows = {row["file"]: row for row in csv.DictReader(lines)}

    def of(self, style: StyleRecipe) -> tuple[str, ...]:
        """One line a painting: title and licence."""
        files, _ = split(picture_files(self.root / style.paintings), self.recipe.data.held_out)
        rows = [(self.rows.get(str(file.relative_to(self.root)), {}), file) for file in files]
        return tuple(f"{row.get('author_title') or file.stem} ({row.get('licence') or 'licence unknown'})" for row, file in rows)


def _load(file: Path) -> Image | str:
    try:
        opened = picture.decode(file.read_bytes(), file.name)
    except (ImpastoError, OSError) as error:
        return error.message if isinstance(error, ImpastoError) else str(error)
    short_px, long_px = sorted(opened.pixels.shape[:2])
    if short_px < MINIMUM_SIDE_PX:
        return f"smaller than {MINIMUM_SIDE_PX} px"
    if short_px > LARGEST_SIDE_PX:
        opened = picture.fit(opened, round(long_px * LARGEST_SIDE_PX / short_px))
    return np.asarray(opened.pixels * 255 + 0.5, np.uint8)


def _pick(images: list[Image], random: Random) -> Image:
    return images[int(random.integers(len(images)))]


def _crop(image: Image, random: Random, short_px: float, crop_px: int) -> Tensor:
    """A random square that is `crop_px` wide once the picture's short side is `short_px`; mirrored half the time. 3×P×P in -1..1."""
    height, width = image.shape[:2]
    side = max(8, min(round(crop_px * min(height, width) / short_px), height, width))
    top, left = int(random.integers(height - side + 1)), int(random.integers(width - side + 1))
    square = _scaled(image[top : top + side, left : left + side], crop_px)
    return square.flip(-1) if random.random() < 0.5 else square


def whole(image: Image, size_px: int) -> Tensor:
    """The picture's middle square at `size_px`: 3×P×P in -1..1."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return _scaled(image[top : top + side, left : left + side], size_px)


def canvases(photos: list[Tensor], random: Random) -> Tensor:
    """N×12×P×P of N photos, each on another piece of cloth."""
    shifts = random.integers(PERIOD_PX, size=(len(photos), 2)).tolist()
    return torch.stack([canvas_under(photo, (down, right)) for photo, (down, right) in zip(photos, shifts, strict=True)])


def canvas_under(photo: Tensor, shift: tuple[int, int] = (0, 0)) -> Tensor:
    """12×H×W for a 3×H×W photo in -1..1."""
    return torch.from_numpy(canvas_of((photo.permute(1, 2, 0) / 2 + 0.5).numpy(), shift))


def canvases_under(pictures: Tensor) -> Tensor:
    """N×12×H×W for N×3×H×W pictures that come into being in a step, each under its own; no slope goes through them.

    The canvas of the photo that a picture was painted from would tell a painter what it has to find out.
    """
    return torch.stack([canvas_under(picture) for picture in pictures.detach().float().cpu()]).to(pictures.device)


def _scaled(square: Image, size_px: int) -> Tensor:
    pixels = torch.from_numpy(np.ascontiguousarray(square)).permute(2, 0, 1)[None].float()
    scaled = F.interpolate(pixels, (size_px, size_px), mode="bicubic", antialias=True, align_corners=False)[0]
    return scaled.clamp(0, 255) / 127.5 - 1
