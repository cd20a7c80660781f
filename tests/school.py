"""What learning is tried with in the studio: a palette whose network is small enough to learn at once, and a picture to learn from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from impasto import palette, picture
from impasto.compress.export import to_onnx
from impasto.studio import learning
from impasto.train.networks import INPUTS, FilmGenerator, GeneratorOptions
from tests import tiny

OPTIONS = GeneratorOptions((4, 12), (1, 1, 1), 8)


def school_palette() -> palette.Palette:
    """Two styles over a random network of the shape that ships, only smaller."""
    with torch.random.fork_rng():
        torch.manual_seed(2)
        generator = FilmGenerator(OPTIONS)
        for weight in generator.parameters():  # of equal weights the exporter would keep only one
            weight.data += 0.05 * torch.randn(weight.shape)
    plain = tiny.make()
    info = replace(plain.generator, receptive_field_px=256, code_length=8, inputs=INPUTS)
    random = np.random.default_rng(3)
    codes = [np.array([1, *random.normal(size=7)], np.float32) for _ in range(2)]
    styles = tuple(replace(style, code=code, brush=0 * code) for style, code in zip(plain.styles, codes, strict=False))
    thumbs = {style.name: plain.thumbs[style.name] for style in styles}
    return replace(plain, model=to_onnx(generator), generator=info, photo_code=np.zeros(8, np.float32), styles=styles, thumbs=thumbs)


def stripes() -> bytes:
    """A PNG of orange and blue stripes."""
    rows, columns = np.mgrid[0:120, 0:160]
    wave = (0.5 + 0.5 * np.sin(columns / 2 + rows / 9))[..., None]
    return picture.encode(picture.from_array((wave * [0.9, 0.4, 0.1] + (1 - wave) * [0.1, 0.2, 0.6]).astype(np.float32)), "png")


def open_school(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Lessons of the studio begin with the small palette, at ordinary priority and on one thread: the machine may be busy."""
    path = folder / "school.palette"
    palette.write(school_palette(), path)
    patch.setattr(learning, "shipped", lambda: path)
    patch.setattr(learning, "NICENESS", 0)
    patch.setenv("OMP_NUM_THREADS", "1")
