"""A made-up data set and recipes, small enough that a real run takes seconds."""

from pathlib import Path

import numpy as np

from impasto import picture

RECIPE = """
name = "toy"
title = "Toy"
[generator]
width = [4, 8]
blocks = [0, 1, 0]
code_length = 8
[data]
crop_px = 64
photo_px = [64, 96]
painting_px = [64, 96]
styles_per_step = 2
crops_per_style = 1
[train]
steps = {steps}
save_every = {save_every}
sample_every = 1000
scores = 0
[[styles]]
name = "stripes"
title = "Stripes"
paintings = "stripes"
[[styles]]
name = "dots"
title = "Dots"
paintings = "dots"
"""

ONE_STYLE = """
name = "toy"
title = "Toy"
objective = "{objective}"
[generator]
{generator}
[discriminator]
width = 8
halvings = 1
[data]
crop_px = 64
photo_px = [64, 96]
painting_px = [64, 96]
crops_per_style = 2
brush_octaves = 0
[train]
steps = {steps}
save_every = 2
sample_every = 1000
scores = 0
{train}
[options]
{options}
[[styles]]
name = "stripes"
title = "Stripes"
paintings = "stripes"
"""
FILM = "width = [4, 8]\nblocks = [0, 1, 0]\ncode_length = 8"
RESNET = 'network = "resnet"\nwidth = 4\nblocks = 1'


def write_one_style(root: Path, objective: str, *, generator: str = FILM, options: str = "", train: str = "", steps: int = 4) -> Path:
    """The same data with a recipe of one style for any objective; returns the recipe's path."""
    path = write_data(root)
    path.write_text(ONE_STYLE.format(objective=objective, generator=generator, options=options, train=train, steps=steps))
    return path


def write_data(root: Path, steps: int = 4, save_every: int = 2) -> Path:
    """Photos (smooth noise) and two collections (stripes, dots); returns the recipe's path."""
    random = np.random.default_rng(5)
    rows, columns = np.mgrid[0:96, 0:112]
    for index in range(3):
        phase = random.uniform(0, 6, 3)
        _save(root / "photos" / f"{index}.png", 0.5 + 0.4 * np.sin(columns[..., None] / 30 + rows[..., None] / 25 + phase))
        _save(root / "stripes" / f"{index}.png", (np.sin(columns / 2 + index) > 0)[..., None] * np.array([0.9, 0.4, 0.1]))
        _save(root / "dots" / f"{index}.png", (np.sin(columns) * np.sin(rows + index) > 0.3)[..., None] * np.array([0.1, 0.5, 0.9]))
    recipe = root / "toy.toml"
    recipe.write_text(RECIPE.format(steps=steps, save_every=save_every))
    return recipe


def _save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(picture.encode(picture.from_array(pixels.astype(np.float32)), "png"))
