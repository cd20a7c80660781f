"""What compression costs: style and content of every stage's paintings of the same photos, by features that no loss has seen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from impasto import picture
from impasto.engine import Engine
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.measure.quality import StyleSpace, structure, style_distance
from impasto.palette import Palette
from impasto.picture import Picture
from impasto.train.data import Image, picture_files, split
from impasto.train.recipe import Recipe

PHOTOS, STYLES = 6, 3
PHOTO_PX = 384
MOST_PAINTINGS = 40

Painted = dict[str, list[Picture]]  # of every style, the photos in their order


@dataclass(frozen=True)
class Scores:
    """Means over photos and styles: distance to the paintings (0 is none) and structure kept of the photo (1 is all)."""

    style: float
    structure: float


class Judge:
    """Looks at `STYLES` styles on `PHOTOS` photos.

    Style is measured against the paintings that the recipe keeps apart (its others where it keeps none); without a recipe, against what the
    original palette makes of the photos, which `against` says. `styles` are names that all palettes have.
    """

    def __init__(self, original: Palette, images: list[Image], recipe: Recipe | None, styles: list[str]) -> None:
        every = max(1, len(images) // PHOTOS)
        self.photos = [picture.fit(picture.from_array(image), PHOTO_PX) for image in images[::every][:PHOTOS]]
        self.space = StyleSpace()
        if recipe is None:
            self.against = "paintings by the original palette"
            self.known = {name: self._vectors(made) for name, made in self.paint(original, styles).items()}
        else:
            self.against = "the recipe's paintings"
            files = paintings_of(recipe, styles)
            self.known = {name: self._vectors([picture.fit(picture.load(file), PHOTO_PX) for file in own]) for name, own in files.items()}
        self.untouched = self.scores(dict.fromkeys(self.known, self.photos))

    def paint(self, palette: Palette, styles: list[str] | None = None) -> Painted:
        """The photos in the styles that are scored."""
        engine = Engine(palette, "onnxruntime")
        names = list(self.known) if styles is None else styles
        return {name: [engine.paint(photo, Look(styles=((name, 1.0),))) for photo in self.photos] for name in names}

    def scores(self, painted: Painted) -> Scores:
        """Of such paintings."""
        style = [style_distance(self._vectors(made), self.known[name]) for name, made in painted.items()]
        kept = [structure(_tensor(a), _tensor(b)) for made in painted.values() for a, b in zip(made, self.photos, strict=True)]
        return Scores(*(round(sum(values) / len(values), 4) for values in (style, kept)))

    def _vectors(self, pictures: list[Picture]) -> Tensor:
        return self.space.vectors([_tensor(one) for one in pictures])


def scored(palette: Palette) -> list[str]:
    """Styles from here and there in a palette."""
    names = [style.name for style in palette.styles]
    return names[:: max(1, len(names) // STYLES)][:STYLES]


def paintings_of(recipe: Recipe, styles: list[str]) -> dict[str, list[Path]]:
    """The recipe's paintings of those styles that it has; an ImpastoError where it has none of them."""
    root, found = Path(recipe.data.root), dict[str, list[Path]]()
    for style in recipe.styles:
        if style.name in styles:
            trained, apart = split(picture_files(root / style.paintings), recipe.data.held_out)
            found[style.name] = (apart or trained)[:MOST_PAINTINGS]
    if not found:
        raise ImpastoError(f"The recipe {recipe.name} has no paintings of {', '.join(sorted(styles))}.", "Leave --recipe out.")
    return found


def _tensor(source: Picture) -> Tensor:
    return torch.from_numpy(source.pixels.copy()).permute(2, 0, 1) * 2 - 1
