"""Learning one style: a palette's network and a new code, adapted to a few examples. Knows no files and no clock.

The network is a copy, so the palette that it came from stays what it was; what is learned becomes a palette of its own. What step k does
depends on the seed and on k alone, so that a learner that was killed ends where one that was not does. The learning rate never falls: what
is shipped is an average over the last part of the way, good at any step, so one may stop when one likes it.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.palette import Palette
from impasto.train.blemishes import grid, unrest
from impasto.train.data import canvas_under, canvases
from impasto.train.examples import Image, crop
from impasto.train.likeness import CROP_PX, Likeness, eyes
from impasto.train.networks import SIZE_MULTIPLE, FilmGenerator
from impasto.train.objectives.projected import CONTENT_TAPS, feature_distance, light_distance, moments, shifted
from impasto.train.weights import generator_of

PHOTO_PX = (256.0, 448.0)  # photos' short sides are scaled to this before a crop is cut
GUESS_CROPS = 2  # painted in every style for the first guess


@dataclass(frozen=True)
class LearnerOptions:
    """Crops a step, learning rates, loss weights as in `objectives.projected`, and the part of the way that is averaged, as 1/n."""

    crops: int = 2
    generator_rate: float = 4e-4
    code_rate: float = 1e-2
    statistics: float = 8.0
    content: float = 1.0
    calm: float = 20.0
    grid: float = 80.0
    average: int = 8


class Pupil(nn.Module):
    """What is learned: the generator, the style's code and its brush direction, both without the gate that stands first."""

    def __init__(self, generator: FilmGenerator, code: Tensor, brush: Tensor) -> None:
        super().__init__()
        self.generator = generator
        self.free, self.brush_free = nn.Parameter(code[1:].clone()), nn.Parameter(brush[1:].clone())

    def code(self, brush: float = 0.0) -> Tensor:
        """length, for a brush in -1..1 (log2 of its size)."""
        return F.pad(self.free + brush * self.brush_free, (1, 0), value=1.0)

    def forward(self, planes: Tensor, brush: float = 0.0) -> Tensor:
        """N×10×H×W photos on canvas → N×3×H×W paintings."""
        return torch.as_tensor(self.generator(planes, self.code(brush).expand(len(planes), -1)))


class Learner:
    """A pupil with its optimiser, the average that is shipped, and the step it has reached.

    `guess` names the palette's styles that it began as a mixture of, with their weights; `untouched` is how far plain photos are from the
    examples, `(colours, strokes)`.
    """

    def __init__(
        self, palette: Palette, images: list[Image], photos: list[Image], seed: int, options: LearnerOptions | None = None
    ) -> None:
        self.options = options or LearnerOptions()
        self.photos, self.seed, self.step = photos, seed, 0
        generator = generator_of(palette)
        self.features = eyes()
        self.likeness = Likeness(images, seed, self.features)
        practice = self._planes(np.random.default_rng([seed, 2]), 6)
        codes, brushes = (torch.tensor(np.stack([getattr(style, name) for style in palette.styles])) for name in ("code", "brush"))
        mixture = self.likeness.guess(generator, codes, practice[:GUESS_CROPS])
        order = mixture.argsort(descending=True).tolist()
        self.guess = {palette.styles[index].name: float(mixture[index]) for index in order if mixture[index] > 0.05}
        self.pupil = Pupil(generator, mixture @ codes, mixture @ brushes)
        self.average = copy.deepcopy(self.pupil).requires_grad_(False)
        rates = {"generator": self.options.generator_rate, "code": self.options.code_rate}
        groups = {"generator": list(generator.parameters()), "code": [self.pupil.free, self.pupil.brush_free]}
        self.optimiser = torch.optim.Adam([{"params": groups[name], "lr": rate} for name, rate in rates.items()], betas=(0.9, 0.99))
        with torch.no_grad():
            plain = self.likeness.apart(moments(self.features(practice[:, :3])))
        self.untouched = float(plain.colours), float(plain.strokes)

    def advance(self) -> dict[str, float]:
        """One step; returns how far its paintings were from the examples (`colours`, `strokes`) and from their photos (`content`)."""
        random = np.random.default_rng([self.seed, 4, self.step])
        brush = float(random.uniform(-1, 1)) if random.random() < 0.4 else 0.0
        planes = self._planes(random, self.options.crops)
        offset = int(random.integers(SIZE_MULTIPLE + 1)), int(random.integers(SIZE_MULTIPLE + 1))
        figures, loss = self._judge(planes, offset, brush)
        weights = list(self.pupil.parameters())
        for weight, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            weight.grad = slope
        self.optimiser.step()
        self.step += 1
        with torch.no_grad():
            share = self.options.average / (self.step + self.options.average)
            for kept, new in zip(self.average.parameters(), self.pupil.parameters(), strict=True):
                kept.lerp_(new, share)
        return figures

    def _judge(self, planes: Tensor, offset: tuple[int, int], brush: float) -> tuple[dict[str, float], Tensor]:
        """The figures and the loss of painting these planes."""
        options, photos = self.options, planes[:, :3]
        whole = self.pupil(planes, brush)
        paintings, originals = shifted(whole, offset), shifted(photos, offset)
        taps = self.features(paintings)
        with torch.no_grad():
            seen = self.features(originals)
        apart = self.likeness.apart(moments(taps), brush)
        content = (10 * feature_distance(taps[CONTENT_TAPS], seen[CONTENT_TAPS]) + 5 * light_distance(paintings, originals)).mean()
        loss = options.statistics * (apart.colours + apart.strokes) + options.content * content
        loss = loss + options.calm * unrest(paintings, originals)[0].mean() + options.grid * grid(whole - photos)
        figures = {"colours": apart.colours, "strokes": apart.strokes, "content": content}
        return {name: float(value.detach()) for name, value in figures.items()}, loss

    def _planes(self, random: np.random.Generator, count: int) -> Tensor:
        """Random photo crops on canvas: N×10×P×P, a cell larger than what is judged."""
        size = CROP_PX + SIZE_MULTIPLE
        chosen = [self.photos[int(random.integers(len(self.photos)))] for _ in range(count)]
        cut = [crop(photo, random, random.uniform(*PHOTO_PX), size) for photo in chosen]
        return torch.cat([torch.stack(cut), canvases(cut, random)], dim=1)

    def state(self) -> dict[str, Any]:
        """All that `restore` needs to go on."""
        return {
            "step": self.step,
            "pupil": self.pupil.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state of a learner of the same palette, examples, photos and seed."""
        self.step = state["step"]
        for name in ("pupil", "average", "optimiser"):
            getattr(self, name).load_state_dict(state[name])

    @torch.no_grad()
    def paint(self, photo: Image) -> Image:
        """The photo as what is learned so far paints it."""
        height, width = photo.shape[:2]
        whole = np.pad(photo, ((0, -height % SIZE_MULTIPLE), (0, -width % SIZE_MULTIPLE), (0, 0)), mode="edge")
        tensor = torch.from_numpy(whole).permute(2, 0, 1).float() / 127.5 - 1
        planes = torch.cat([tensor, canvas_under(tensor)])[None]
        painting = self.average(planes)[0].permute(1, 2, 0).clamp(-1, 1)
        return np.asarray((painting * 127.5 + 127.5).round().numpy(), np.uint8)[:height, :width]
