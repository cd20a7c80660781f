"""One look of a palette as a plain network: the modulation folded into the convolutions, for phones and other runtimes.

FiLM scales and shifts what a convolution gives, h·(1 + γ) + β with h = w∗x + b; for a fixed code γ and β are numbers, and
(w·(1 + γ))∗x + b·(1 + γ) + β is the same convolution with other weights, rounded to float16 once more.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import onnxruntime
import torch
from torch import Tensor, nn

from impasto import files
from impasto.compress.export import packed, round_to_half, traced
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.palette import Palette
from impasto.train.networks import Conv, FilmGenerator, tempered
from impasto.train.weights import generator_of

FAITHFUL = 2 / 255  # largest difference from the network with its modulation, in -1..1: one level of a byte


class Fixed(nn.Module):
    """Gives the same value whatever it is asked."""

    value: Tensor

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.register_buffer("value", value)

    def forward(self, _code: Tensor) -> Tensor:
        return self.value


class Folded(nn.Module):
    """A generator that paints one code only: N×5×H×W in -1..1 in, N×3×H×W out."""

    code: Tensor  # 1×code_length

    def __init__(self, generator: FilmGenerator, code: Tensor) -> None:
        super().__init__()
        self.generator = copy.deepcopy(generator)
        self.register_buffer("code", code)
        modulating, _ = tempered(code)
        with torch.no_grad():
            for layer in self.generator.modules():
                if isinstance(layer, Conv) and layer.film is not None:
                    _fold(layer, modulating)
            self.generator.skip = Fixed(generator.skip(modulating))  # type: ignore[assignment]

    def forward(self, photo: Tensor) -> Tensor:
        return torch.as_tensor(self.generator(photo, self.code))


def _fold(layer: Conv, code: Tensor) -> None:
    assert layer.film is not None and layer.conv.bias is not None
    gamma, beta = layer.film.scale_shift(code)[0].chunk(2)  # one number an output channel each
    layer.conv.weight.mul_((1 + gamma)[:, None, None, None])
    layer.conv.bias.mul_(1 + gamma).add_(beta)
    layer.film = None


def fold(palette: Palette, look: Look, output: Path) -> None:
    """Write the palette's network for this look's styles, strength and brush as ONNX with the one input `photo`.

    Raises ImpastoError where the network cannot be folded or the folded one paints other pixels.
    """
    generator, code = generator_of(palette).eval(), torch.from_numpy(palette.code(look))[None]
    plain = Folded(generator, code).eval()
    round_to_half(plain)
    photo = torch.rand(1, palette.generator.inputs, 64, 96) * 2 - 1
    model = traced(plain, {"photo": photo})
    _describe(model, palette, look)
    data = packed(model)
    with torch.no_grad():
        worst = float((_painted(data, photo) - generator(photo, code)).abs().max())
    if worst > FAITHFUL:
        raise ImpastoError(
            f"The folded network differs by {worst / 2 * 255:.1f} of 255 levels.", "Nothing was written; report this palette."
        )
    files.write_whole(output, data)


def _painted(model: bytes, photo: Tensor) -> Tensor:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {"photo": photo.numpy()})[0])


def _describe(model: Any, palette: Palette, look: Look) -> None:
    """What whoever runs the file must know: where it is from, what it paints, and how to call it."""
    facts = {
        "palette": palette.title,
        "licence": palette.licence,
        "styles": ", ".join(f"{name} {weight:g}" for name, weight in look.styles),
        "strength": f"{look.strength:g}",
        "brush": f"{look.brush:g}",
        "input": f"photo, 1x{palette.generator.inputs}xHxW in -1..1: red, green, blue, and the planes of the canvas",
        "size": f"H and W are multiples of {palette.generator.size_multiple}",
        "canvas": "noise and the photo, combed along the photo's forms, in -1..1: impasto.canvas.canvas_of",
        "output": "painting, 1x3xHxW in -1..1",
    }
    for name, value in facts.items():
        model.metadata_props.add(key=name, value=value)
