"""What there is to learn from: a summary of the pictures before the first step, and refusals while they are still cheap."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from pathlib import Path

from impasto.errors import ImpastoError
from impasto.train.data import Image, Pictures, picture_files
from impasto.train.recipe import Recipe

FEWEST_PICTURES = 3  # of a folder, below which nothing can be learned
FEW_PICTURES = 20  # below which a style is likely to be learned by heart
CHECKPOINTS_ON_DISK = 2  # the old one and the one being written
SHEETS_BYTES = 64 * 2**20  # room for sample sheets, report and statistics
LICENCE_NAMES = ("licence", "license", "copying", "manifest", "sources")


def check_folders(recipe: Recipe) -> None:
    """An ImpastoError where a folder has too few pictures, or where two are the same."""
    root = Path(recipe.data.root)
    folders = {"photos": root / recipe.data.photos, **{f"style {style.name}": root / style.paintings for style in recipe.styles}}
    seen: dict[Path, str] = {}
    for name, folder in folders.items():
        _enough(name, folder, len(picture_files(folder)))
        same = seen.setdefault(folder.resolve(), name)
        if same != name:
            raise ImpastoError(
                f"The folder {folder} stands in the recipe twice, as {same} and as {name}.", "Give each a folder of its own."
            )


def check_counts(pictures: Pictures) -> None:
    """An ImpastoError where too few pictures are left once the unreadable ones are out."""
    for name, folder, images, _ in _folders(pictures):
        _enough(name, folder, len(images))


def check_space(run_folder: Path, checkpoint_bytes: int) -> None:
    """An ImpastoError where the disk has no room for a run."""
    place = run_folder if run_folder.exists() else run_folder.absolute().parent
    needed, free = CHECKPOINTS_ON_DISK * checkpoint_bytes + SHEETS_BYTES, shutil.disk_usage(place).free
    if free < needed:
        raise ImpastoError(
            f"The run needs {needed >> 20} MiB in {run_folder}, and {free >> 20} MiB are free.",
            "Make room, or choose a folder on another disk with --out.",
        )


def describe(pictures: Pictures) -> str:
    """A few lines for the person: counts, sizes, duplicates, licence files, what was skipped and why."""
    lines = [_line(name, folder, images, count) for name, folder, images, count in _folders(pictures)]
    lines += [f"  skipped {file.parent.name}/{file.name}: {reason}" for file, reason in sorted(pictures.skipped.items())]
    return "\n".join(lines)


def _folders(pictures: Pictures) -> list[tuple[str, Path, list[Image], int]]:
    """(name, folder, pictures read, files found) of the photos and of every style."""
    recipe, root = pictures.recipe, Path(pictures.recipe.data.root)
    found = [("photos", root / recipe.data.photos, pictures.photos, len(pictures.photo_files))]
    for style, images, files in zip(recipe.styles, pictures.paintings, pictures.painting_files, strict=True):
        found.append((f"style {style.name}", root / style.paintings, images, len(files)))
    return found


def _enough(name: str, folder: Path, count: int) -> None:
    if count < FEWEST_PICTURES:
        raise ImpastoError(
            f"There are only {count} usable pictures for {name} in {folder}.",
            f"At least {FEWEST_PICTURES} are needed, and {FEW_PICTURES} or more make a style.",
        )


def _line(name: str, folder: Path, images: list[Image], files: int) -> str:
    shorts = sorted(min(image.shape[:2]) for image in images)
    parts = [f"{name}: {len(images)} pictures", f"short sides {shorts[0]} to {shorts[-1]} px (median {shorts[len(shorts) // 2]})"]
    if len(images) < FEW_PICTURES:
        parts.append(f"few: {FEW_PICTURES} or more teach better")
    if files > len(images):
        parts.append(f"{files - len(images)} skipped")
    if same := _duplicates(images):
        parts.append(f"{same} duplicates")
    licence = _licence_file(folder)
    parts.append(f"licence file {licence.name}" if licence else "no licence file found")
    return ", ".join(parts)


def _duplicates(images: list[Image]) -> int:
    """How many pictures are the same, pixel for pixel, as one before them."""
    digests = Counter((image.shape, hashlib.sha256(image.tobytes()).digest()) for image in images)
    return len(images) - len(digests)


def _licence_file(folder: Path) -> Path | None:
    """A file beside the pictures, or in the two folders above, whose name speaks of licences or sources."""
    for place in (folder, folder.parent, folder.parent.parent):
        for file in sorted(place.glob("*")):
            if file.is_file() and file.stem.lower().startswith(LICENCE_NAMES):
                return file
    return None
