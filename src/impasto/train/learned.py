"""What was learned as a palette: names, where the pictures come from, and the network. Knows nothing of how it was learned."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

import impasto
from impasto import picture
from impasto.engine import Engine
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.palette import NAME, Palette, Style
from impasto.train.learner import Learner
from impasto.train.weights import model_of

THUMB_PX = 160
MOST_LETTERS = 60


@dataclass(frozen=True)
class Naming:
    """The style's title, and what may be done with the pictures that it is learned from."""

    title: str
    licence: str = "licence not stated"

    def __post_init__(self) -> None:
        if not self.title.strip() or len(self.title) > MOST_LETTERS:
            raise ImpastoError(f"The name has {len(self.title.strip())} letters.", f"Give --name 1 to {MOST_LETTERS} letters.")

    @property
    def name(self) -> str:
        """The title in lower-case letters, digits and hyphens; "learned" where nothing of it is left."""
        plain = unicodedata.normalize("NFKD", self.title).encode("ascii", "ignore").decode().lower()
        slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
        return slug if NAME.fullmatch(slug) else "learned"


def learned_palette(source: Palette, learner: Learner, naming: Naming, pictures: tuple[str, ...]) -> Palette:
    """A palette of the one learned style; the same learning gives the same bytes."""
    pupil = learner.average
    artist = f"after {pictures[0]}" if len(pictures) == 1 else f"after {len(pictures)} pictures"
    with torch.no_grad():
        code, brush = (np.round(vector.numpy(), 5) for vector in (pupil.code(), pupil.code(1) - pupil.code()))
    style = Style(
        name=naming.name,
        title=naming.title.strip(),
        artist=artist,
        years="",
        licence=naming.licence,
        sources=tuple(f"{name} ({naming.licence})" for name in pictures),
        code=code,
        brush=brush,
    )
    made = replace(
        source,
        name=naming.name,
        title=naming.title.strip(),
        licence=f"style: {naming.licence}; network: {source.licence}",
        created_with=f"impasto {impasto.__version__}, learned from {source.name} in {learner.step} steps, seed {learner.seed}",
        styles=(style,),
        model=model_of(pupil.generator, source.model),
        thumbs={},
    )
    return replace(made, thumbs={style.name: _thumb(made, style.name)})


def _thumb(made: Palette, style: str) -> bytes:
    """The studio's sample photo in that style."""
    photo = picture.fit(picture.load(Path(impasto.__file__).parent / "studio" / "static" / "sample.jpg"), 2 * THUMB_PX)
    painted = Engine(made, "onnxruntime").render(photo, Look(styles=((style, 1.0),)))
    return picture.encode(picture.fit(painted, THUMB_PX), "webp", quality=80, keep_metadata=False)
