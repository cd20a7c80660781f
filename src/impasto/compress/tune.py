"""Fine-tuning after pruning: the small network learns to paint what its teacher paints, codes and all (objective `distil`).

It is a training run like any other, with a report, checkpoints and the same step after a restart; only its batches are cut here, since
distillation needs photos and no paintings.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import cast

import numpy as np
import torch

from impasto.compress.export import made_again, with_thumbs
from impasto.palette import Palette
from impasto.train import loop
from impasto.train.data import Batch, Image, canvases
from impasto.train.examples import crop
from impasto.train.painter import Painter
from impasto.train.progress import Progress
from impasto.train.recipe import DataRecipe, Recipe, StyleRecipe, TrainRecipe
from impasto.train.stopping import stop_asked
from impasto.train.weights import generator_of

RATE = 5e-4
SAVE_EVERY = 50
CROPS = 6


def tune(student: Palette, teacher: Path, folder: Path, images: list[Image], steps: int) -> Palette:
    """The student after that many steps in `folder`, going on from its checkpoint; Ctrl-C saves and raises KeyboardInterrupt."""
    recipe = _recipe(student, teacher, steps)
    run = loop.start(recipe, folder)
    if run.step == 0:
        _begin(cast(Painter, run.objective.shipped), student)
        run.average.load_state_dict(run.objective.shipped.state_dict())
    with Progress(folder, run.step, steps) as progress, stop_asked() as asked:
        while run.step < steps and not asked:
            progress.add(run.advance(_batch(images, recipe, run.step)), CROPS)
            if run.step % loop.REPORT_EVERY == 0 or run.step == steps:
                progress.report(run.step)
            if run.step % SAVE_EVERY == 0 or run.step == steps:
                run.save(folder)
        if run.step < steps:
            run.save(folder)
            progress.say(f"Saved at step {run.step}; the same command goes on from here.")
            raise KeyboardInterrupt
    painter = cast(Painter, run.average)
    codes, brushes = (np.round(rows.detach().numpy(), 5) for rows in (painter.codes.code(), painter.codes.brush()))
    styles = tuple(
        dataclasses.replace(style, code=code, brush=brush, scores={})
        for style, code, brush in zip(student.styles, codes, brushes, strict=True)
    )
    return with_thumbs(made_again(dataclasses.replace(student, styles=styles), painter.generator))


def _recipe(student: Palette, teacher: Path, steps: int) -> Recipe:
    options = generator_of(student).options
    return Recipe(
        name=student.name,
        title=student.title,
        styles=tuple(StyleRecipe(style.name, style.title, paintings="") for style in student.styles),
        objective="distil",
        teacher=str(teacher),
        generator={"network": "film", **json.loads(json.dumps(dataclasses.asdict(options)))},
        data=DataRecipe(styles_per_step=CROPS, crops_per_style=1),
        train=TrainRecipe(steps=steps, generator_rate=RATE, ema=0.01, decay=0.5, scores=0),
    )


def _begin(painter: Painter, student: Palette) -> None:
    """The student's weights and codes into a fresh painter."""
    painter.generator.load_state_dict(generator_of(student).state_dict())
    for rows, values in ((painter.codes.free, "code"), (painter.codes.brush_free, "brush")):
        rows.data.copy_(torch.from_numpy(np.stack([getattr(style, values) for style in student.styles]))[:, 1:])


def _batch(images: list[Image], recipe: Recipe, step: int) -> Batch:
    """Random crops, each in a style, a brush and a strength of its own; there are no paintings to look at."""
    random = np.random.default_rng([recipe.train.seed, 8, step])
    data = recipe.data
    chosen = [images[int(index)] for index in random.integers(len(images), size=CROPS)]
    cut = [crop(image, random, random.uniform(*data.photo_px), data.crop_px) for image in chosen]
    photos = torch.stack(cut)
    brush = random.uniform(-1, 1, CROPS) * (random.random(CROPS) < 0.5)
    bold = 1 + 0.5 * random.random(CROPS) * (random.random(CROPS) < 0.3)
    return Batch(
        photos=photos,
        canvas=canvases(cut, random),
        paintings=photos,
        style=torch.from_numpy(random.integers(len(recipe.styles), size=CROPS)),
        brush=torch.from_numpy(brush).float()[:, None],
        bold=torch.from_numpy(bold).float()[:, None],
        offset=(0, 0),
    )
