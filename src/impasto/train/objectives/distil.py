"""Distillation: a generator learns to paint what a palette paints, whatever network that palette has.

Loss = L1 of the pixels + distance of the features to the teacher's painting of the same photo (output distillation, Hinton et al. 2015;
for generators Li et al. 2020, "GAN Compression"). There is no discriminator; a run of `projected` that begins from this one adds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from impasto import palette as palettes
from impasto.backends import open_backend
from impasto.canvas import planes_taken
from impasto.errors import ImpastoError
from impasto.palette import Palette
from impasto.train.data import Batch
from impasto.train.features import FrozenFeatures
from impasto.train.objectives.contract import Objective, freeze_norms
from impasto.train.objectives.projected import feature_distance
from impasto.train.painter import Painter, generator
from impasto.train.recipe import Recipe, build

FEATURE_TAPS = slice(0, 4)  # strides 2 to 16: what brushwork is made of, and what it depicts


@dataclass(frozen=True)
class DistilOptions:
    """Loss weights: `output` for pixels (L1 in -1..1), `feature` for features (10 × mean cosine distance).

    From `freeze` of the run on, norms stand still.
    """

    output: float = 5.0
    feature: float = 1.0
    freeze: float = 0.7

    def __post_init__(self) -> None:
        if min(self.output, self.feature) < 0:
            raise ValueError("loss weights are not negative")


@dataclass(frozen=True)
class Lesson:
    """Paintings N×3×H×W in -1..1: the student's, and the teacher's of the same photos."""

    paintings: Tensor
    shown: Tensor


class Distil(Objective):
    """A painter that learns from `recipe.teacher`, style by style of the same name; its codes start as the teacher's where they fit."""

    shipped: Painter

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.options = build(DistilOptions, recipe.options, "recipe.options")
        self.teacher = Teacher(recipe)
        self.shipped = Painter(len(recipe.styles), generator(recipe))
        self.features = FrozenFeatures()
        if self.teacher.codes.shape[1] == self.shipped.generator.code_length:
            self.shipped.codes.free.data.copy_(self.teacher.codes[:, 1:])
            self.shipped.codes.brush_free.data.copy_(self.teacher.brushes[:, 1:])

    def groups(self) -> dict[str, list[nn.Parameter]]:
        return {"generator": list(self.shipped.parameters())}

    def begin(self, share: float) -> None:
        freeze_norms(self.shipped, share >= self.options.freeze)

    def translate(self, batch: Batch) -> Lesson:
        return Lesson(self.shipped(batch.photos, batch.canvas, batch.style, batch.brush, batch.bold), self.teacher.paint(batch))

    def generator_losses(self, batch: Batch, fakes: Lesson) -> dict[str, Tensor]:
        """How far the student's paintings are from the teacher's, in pixels and in features."""
        with torch.no_grad():
            wanted = self.features(fakes.shown)[FEATURE_TAPS]
        apart = feature_distance(self.features(fakes.paintings)[FEATURE_TAPS], wanted).mean()
        return {
            "output": self.options.output * (fakes.paintings - fakes.shown).abs().mean(),
            "feature": self.options.feature * 10 * apart,
        }


class Teacher:
    """A palette that paints batches. `codes` and `brushes` are styles×code_length, in the recipe's order."""

    def __init__(self, recipe: Recipe) -> None:
        if not recipe.teacher:
            raise ImpastoError("This recipe has no teacher.", 'Set teacher = "FILE.palette", a path from the recipe\'s own folder.')
        palette: Palette = palettes.read(Path(recipe.teacher))
        styles = [palette.style(style.name) for style in recipe.styles]
        self.codes, self.brushes = (torch.from_numpy(np.stack([getattr(style, name) for style in styles])) for name in ("code", "brush"))
        self._inputs = palette.generator.inputs
        self._network = open_backend("onnxruntime", palette.model)

    def paint(self, batch: Batch) -> Tensor:
        """N×3×P×P in -1..1: the batch's photos in its styles, brushes and strengths."""
        codes = batch.bold.cpu() * (self.codes[batch.style.cpu()] + batch.brush.cpu() * self.brushes[batch.style.cpu()])
        planes = torch.cat([batch.photos, batch.canvas], dim=1)[:, planes_taken(self._inputs)].cpu().numpy()
        painted = [self._network.run(photo[None], code) for photo, code in zip(planes, codes.numpy(), strict=True)]
        return torch.from_numpy(np.concatenate(painted)).to(batch.photos.device)
