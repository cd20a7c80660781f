"""Makes `eyes.onnx`, what the first guess sees with: moments of colours and of the first layers of EfficientNet-Lite0, frozen.

python -m impasto.train.eyes src/impasto/eyes.onnx
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.compress.export import packed, round_to_half, traced
from impasto.files import write_whole
from impasto.guess import CROP_PX, SEEN
from impasto.train.features import TAPS, FrozenFeatures
from impasto.train.objectives.projected import moments


class Eyes(nn.Module):
    """N×3×P×P pictures in -1..1 → N×M moments, of colours over 4×4 px and of the taps at strides 2, 4 and 8."""

    def __init__(self) -> None:
        super().__init__()
        self.features = FrozenFeatures()
        self.features.blocks = self.features.blocks[: list(TAPS)[len(SEEN) - 2] + 1]
        round_to_half(self)

    def forward(self, pictures: Tensor) -> Tensor:
        return moments([F.avg_pool2d(pictures, 4), *self.features(pictures)])


def model() -> bytes:
    """The ONNX file, its weights stored as float16."""
    return packed(traced(Eyes().eval(), {"pictures": torch.zeros(1, 3, CROP_PX, CROP_PX)}))


if __name__ == "__main__":
    write_whole(Path(sys.argv[1]), model())
