"""A palette over a small film network of random weights, for what is done to such networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from impasto.compress.export import made_again
from impasto.palette import Palette
from impasto.train.networks import FilmGenerator, GeneratorOptions
from tests import tiny

OPTIONS = GeneratorOptions((16, 24), (1, 1, 1), 8)


def network(options: GeneratorOptions = OPTIONS, seed: int = 1) -> FilmGenerator:
    """Every weight another number: of equal ones the exporter keeps one."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        generator = FilmGenerator(options)
        for weight in generator.parameters():
            weight.data += 0.05 * torch.randn(weight.shape)
    return generator.eval()


def make(generator: FilmGenerator) -> Palette:
    """A palette of three styles."""
    random, length = np.random.default_rng(4), generator.code_length
    plain = tiny.make()
    codes = [np.concatenate([[1], random.normal(size=length - 1)]).astype(np.float32) for _ in plain.styles]
    brushes = [np.concatenate([[0], 0.3 * random.normal(size=length - 1)]).astype(np.float32) for _ in plain.styles]
    styles = tuple(replace(style, code=c, brush=b) for style, c, b in zip(plain.styles, codes, brushes, strict=True))
    return made_again(replace(plain, styles=styles, photo_code=np.zeros(length, np.float32)), generator)
