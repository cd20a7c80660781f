"""What a run ships: generators with a code for each style. Chosen by name in the recipe. Knows nothing of losses or files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.canvas import planes_taken
from impasto.errors import ImpastoError
from impasto.look import did_you_mean
from impasto.train.networks import FilmGenerator, Generator, GeneratorOptions
from impasto.train.recipe import Recipe, build
from impasto.train.resnet import ResnetGenerator, ResnetOptions

GENERATORS: dict[str, tuple[type[Any], Callable[[Any], Generator]]] = {
    "film": (GeneratorOptions, FilmGenerator),
    "resnet": (ResnetOptions, ResnetGenerator),
}


def chosen(table: dict[str, Any], networks: dict[str, tuple[type[Any], Callable[[Any], Any]]], where: str, default: str) -> Any:
    """The network that a recipe's table names with `network`, built from the table's other fields."""
    fields = dict(table)
    name = fields.pop("network", default)
    if name not in networks:
        raise ImpastoError(f"{where}.network is {name!r}, which does not exist.", did_you_mean(str(name), list(networks)))
    options, make = networks[name]
    return make(build(options, fields, where))


def generator(recipe: Recipe) -> Generator:
    """The generator of a recipe; "film" where it names none."""
    made: Generator = chosen(recipe.generator, GENERATORS, "recipe.generator", "film")
    return made


class StyleCodes(nn.Module):
    """A code and a brush direction for every style; the gate (first number) of a code is 1 and that of a direction 0."""

    def __init__(self, styles: int, length: int) -> None:
        super().__init__()
        self.free = nn.Parameter(torch.randn(styles, length - 1))
        self.brush_free = nn.Parameter(torch.zeros(styles, length - 1))

    def code(self) -> Tensor:
        """styles×length."""
        return F.pad(self.free, (1, 0), value=1.0)

    def brush(self) -> Tensor:
        """styles×length."""
        return F.pad(self.brush_free, (1, 0), value=0.0)

    def forward(self, style: Tensor, brush: Tensor, strength: Tensor) -> Tensor:
        """N×length codes for N style indices, N×1 brushes in -1..1 and N×1 strengths."""
        return strength * (self.code()[style] + brush * self.brush()[style])


class Painter(nn.Module):
    """A generator and its codes."""

    def __init__(self, styles: int, generator: Generator) -> None:
        super().__init__()
        if styles > 1 and generator.code_length < 2:
            raise ImpastoError(
                f"This generator can learn one style, and the recipe has {styles}.", 'Set recipe.generator.network = "film".'
            )
        self.generator = generator
        self.codes = StyleCodes(styles, generator.code_length)

    def forward(self, photos: Tensor, canvas: Tensor, style: Tensor, brush: Tensor, strength: Tensor) -> Tensor:
        """N×3×H×W photos on N×12×H×W canvas → N×3×H×W paintings."""
        return torch.as_tensor(self.generator(self.planes(photos, canvas), self.codes(style, brush, strength)))

    def paint(self, photos: Tensor, canvas: Tensor) -> Tensor:
        """In the only style, at full strength and with the brush as it is."""
        return torch.as_tensor(self.generator(self.planes(photos, canvas), self.code(len(photos))))

    def code(self, count: int) -> Tensor:
        """The only style's code, `count` times."""
        return self.codes.code()[:1].expand(count, -1)

    def planes(self, photos: Tensor, canvas: Tensor) -> Tensor:
        """What the generator takes: the canvas only where it wants one."""
        return torch.cat([photos, canvas], dim=1)[:, planes_taken(self.generator.inputs)]

    def painters(self) -> dict[str, Painter]:
        """What becomes a palette of its own, by the ending of its file's name."""
        return {"": self}


class Directions(nn.Module):
    """Two painters: photos to paintings, and back."""

    def __init__(self, there: Painter, back: Painter) -> None:
        super().__init__()
        self.there, self.back = there, back

    def painters(self) -> dict[str, Painter]:
        """As for a painter."""
        return {"": self.there, "back": self.back}


Shipped = Painter | Directions
