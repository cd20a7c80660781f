"""Two made domains whose mapping is known: scenes in warm colours, and the same kind of scenes with the hue turned by half and striped.

A cycle can be judged exactly here, and so can the domain of what was painted, by a classifier that saw neither the run nor its pictures.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from impasto import picture

SIDE_PX = 64
STRIPES_PX = 16  # from one dark stripe to the next
Pixels = NDArray[np.float32]  # H×W×3 in 0..1

RECIPE = """
name = "toy"
title = "Toy"
objective = "cyclegan"
[generator]
width = [16, 24]
blocks = [0, 1, 1]
code_length = 2
[discriminator]
width = 16
halvings = 2
[data]
crop_px = 64
photo_px = [64, 64]
painting_px = [64, 64]
crops_per_style = 2
brush_octaves = 0
[train]
steps = {steps}
generator_rate = 1e-3
discriminator_rate = 5e-4
betas = [0.5, 0.99]
ema = 0.02
save_every = 1000
precision = "32-true"
sample_every = 50
scores = 0
[options]
{options}
[[styles]]
name = "striped"
title = "Striped"
paintings = "striped"
"""


def write(root: Path, steps: int, options: str = "identity = 0.0\npool = 20", count: int = 96) -> Path:
    """Both domains, each of scenes of its own, and a recipe; returns the recipe's path."""
    for name, first in (("photos", 0), ("striped", count)):
        (root / name).mkdir(parents=True, exist_ok=True)
        for seed in range(first, first + count):
            made = scene(seed) if name == "photos" else target(scene(seed))
            (root / name / f"{seed:04d}.png").write_bytes(picture.encode(picture.from_array(made), "png"))
    path = root / "toy.toml"
    path.write_text(RECIPE.format(steps=steps, options=options))
    return path


def scene(seed: int) -> Pixels:
    """A warm gradient with three discs: red is strongest, blue weakest."""
    random = np.random.default_rng([9, seed])
    rows, columns = np.mgrid[0:SIDE_PX, 0:SIDE_PX] / SIDE_PX
    angle = random.uniform(0, 2 * np.pi)
    light = 0.55 + 0.25 * np.sin(3 * (np.cos(angle) * rows + np.sin(angle) * columns) + random.uniform(0, 6))
    made = light[..., None] * _warm(random)
    for _ in range(3):
        middle, radius = random.uniform(0.1, 0.9, 2), random.uniform(0.1, 0.3)
        inside = (rows - middle[0]) ** 2 + (columns - middle[1]) ** 2 < radius**2
        made[inside] = random.uniform(0.3, 0.9) * _warm(random)
    made[..., 2] += 0.08 * (1 + _wave()[:, None])
    return made.astype(np.float32)


def _wave() -> NDArray[np.float64]:
    """Of every row. A scene has it faintly in its blue: a network that sees alike everywhere cannot know by itself which row it paints."""
    return np.sin(2 * np.pi * (np.arange(SIDE_PX) + 0.5) / STRIPES_PX)


def _warm(random: np.random.Generator) -> NDArray[np.float64]:
    """A colour between red and orange."""
    return np.array([1, random.uniform(0.25, 0.6), random.uniform(0.05, 0.2)])


def turned(scene: Pixels) -> Pixels:
    """Every hue turned by 120 degrees: red becomes green, green blue, blue red."""
    return np.roll(scene, 1, axis=2)


def striped(scene: Pixels) -> Pixels:
    """Rows get darker and lighter."""
    return np.clip(scene * (1 + 0.25 * _wave())[:, None, None], 0, 1).astype(np.float32)


def target(scene: Pixels) -> Pixels:
    """The known mapping."""
    return striped(turned(scene))


def tensors(pictures: list[Pixels]) -> Tensor:
    """N×3×H×W in -1..1."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) * 2 - 1


def classifier(first_seed: int = 5000, count: int = 96, steps: int = 120) -> nn.Module:
    """A small network that tells the domains apart (above 0: striped), from scenes that no run has seen."""
    torch.manual_seed(3)
    layers = [layer for inputs in (3, 16, 16) for layer in (nn.Conv2d(inputs, 16, 5, 2), nn.ReLU())]
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 1))
    scenes = [scene(first_seed + seed) for seed in range(2 * count)]
    pictures = torch.cat([tensors(scenes[:count]), tensors([target(made) for made in scenes[count:]])])
    # Colour alone and stripes alone must not be enough: half-way pictures are not of the striped domain.
    halfway = [turned(made) for made in scenes[:count]] + [striped(made) for made in scenes[:count]]
    pictures, truth = torch.cat([pictures, tensors(halfway)]), torch.cat([torch.zeros(count), torch.ones(count), torch.zeros(2 * count)])
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    for step in range(steps):
        some = torch.randperm(len(truth), generator=torch.Generator().manual_seed(step))[:64]
        loss = nn.functional.binary_cross_entropy_with_logits(network(pictures[some])[:, 0], truth[some])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


def psnr(first: Tensor, second: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of pictures in -1..1."""
    return float(10 * torch.log10(4 / (first - second).square().mean()))
