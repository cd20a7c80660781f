"""The training loop: the same few lines for every objective, with a checkpoint that holds everything a run needs to go on."""

from __future__ import annotations

import copy
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from impasto.canvas import canvas_grain
from impasto.errors import ImpastoError
from impasto.train import recipe as recipes
from impasto.train.data import Batch, Pictures, whole
from impasto.train.objectives import OBJECTIVES
from impasto.train.progress import Progress, save_sheet
from impasto.train.recipe import Recipe

CHECKPOINT = "checkpoint.pt"
RECIPE = "recipe.json"
REPORT_EVERY = 25


class Run:
    """An objective with its optimisers, the averaged copy that is shipped, and the step it has reached."""

    def __init__(self, recipe: Recipe, fabric: Fabric) -> None:
        torch.manual_seed(recipe.train.seed)
        self.recipe, self.fabric = recipe, fabric
        self.objective = OBJECTIVES[recipe.objective](recipe).to(fabric.device)
        self.objective.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's types leave this one out
        self.average = copy.deepcopy(self.objective.shipped).requires_grad_(False)
        rates = {"generator": recipe.train.generator_rate, "discriminator": recipe.train.discriminator_rate}
        self.optimisers = {
            name: torch.optim.Adam(weights, lr=rates[name], betas=recipe.train.betas) for name, weights in self.objective.groups().items()
        }
        self.rates = rates
        self.step = 0

    def advance(self, batch: Batch) -> dict[str, Tensor]:
        """One step of the game; returns its losses."""
        objective, fabric = self.objective, self.fabric
        self._set_rates()
        batch = batch.to(fabric.device)

        # Paint once; both players look at the same paintings.
        with fabric.autocast():
            fakes = objective.translate(batch)

        # The discriminators learn to tell paintings of the style from ours.
        with fabric.autocast():
            judged = objective.discriminator_losses(batch, fakes)
        self._descend("discriminator", judged)

        # The generator learns to pass for the style and to keep the photo.
        with fabric.autocast():
            wanted = objective.generator_losses(batch, fakes)
        self._descend("generator", wanted)

        # What ships is an average of the last few hundred steps, which is calmer than any one of them.
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), objective.shipped.parameters(), strict=True):
                kept.lerp_(new, self.recipe.train.ema)
        self.step += 1
        return {**judged, **wanted}

    def _descend(self, name: str, losses: dict[str, Tensor]) -> None:
        total = torch.stack(list(losses.values())).sum()
        if not torch.isfinite(total):
            raise ImpastoError(
                f"The {name} loss is no longer a number at step {self.step}.",
                "The last checkpoint is intact; lower recipe.train.generator_rate and start again from it.",
            )
        optimiser = self.optimisers[name]
        optimiser.zero_grad(set_to_none=True)
        weights = [weight for group in optimiser.param_groups for weight in group["params"]]
        for weight, slope in zip(weights, torch.autograd.grad(total, weights), strict=True):
            weight.grad = slope
        optimiser.step()

    def _set_rates(self) -> None:
        train = self.recipe.train
        left = (train.steps - self.step) / max(1, train.decay * train.steps)
        for name, optimiser in self.optimisers.items():
            for group in optimiser.param_groups:
                group["lr"] = self.rates[name] * min(1.0, max(0.02, left))

    def save(self, folder: Path) -> None:
        """Write the checkpoint to a temporary name, then put it in the old one's place."""
        state = {
            "step": self.step,
            "objective": self.objective.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
        }
        unfinished = folder / f"{CHECKPOINT}.part"
        with unfinished.open("wb") as out:
            torch.save(state, out)
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(folder / CHECKPOINT)

    def load(self, folder: Path) -> None:
        """Go on from the folder's checkpoint."""
        state: dict[str, Any] = torch.load(folder / CHECKPOINT, map_location=self.fabric.device, weights_only=True)
        self.objective.load_state_dict(state["objective"])
        self.average.load_state_dict(state["average"])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        self.step = state["step"]


def train(recipe_path: Path, run_folder: Path, *, dry_run: bool = False) -> None:
    """Train the recipe in `run_folder`, going on from its checkpoint if it has one; Ctrl-C and SIGTERM save and leave.

    With `dry_run` the resolved recipe is printed and nothing is touched.
    """
    recipe = recipes.read(recipe_path)
    if recipe.objective not in OBJECTIVES:
        raise ImpastoError(f"There is no objective {recipe.objective!r}.", f"Choose one of: {', '.join(OBJECTIVES)}.")
    if dry_run:
        print(recipe.to_json())
        return
    run = start(recipe, run_folder)
    pictures = Pictures(recipe)
    if run.step:
        print(f"going on from step {run.step}")
    progress = Progress(run_folder, run.step, recipe.train.steps)
    with _stop_asked() as asked:
        while run.step < recipe.train.steps and not asked:
            progress.add(run.advance(pictures.batch(run.step)))
            if run.step % REPORT_EVERY == 0:
                progress.report(run.step)
            if run.step % recipe.train.save_every == 0:
                run.save(run_folder)
            if run.step % recipe.train.sample_every == 0:
                save_sheet(sample(run, pictures), run_folder / "samples" / f"{run.step:06d}.jpg")
    run.save(run_folder)


def start(recipe: Recipe, run_folder: Path) -> Run:
    """A run of that recipe, at its checkpoint's step where the folder has one."""
    run_folder.mkdir(parents=True, exist_ok=True)
    (run_folder / RECIPE).write_text(recipe.to_json(), encoding="utf-8")
    run = Run(recipe, Fabric(accelerator="auto", devices=1, precision=_precision(recipe.train.precision)))
    if (run_folder / CHECKPOINT).exists():
        run.load(run_folder)
    return run


def reopen(run_folder: Path) -> tuple[Recipe, nn.Module, int]:
    """A run's recipe, the averaged networks it would ship and the step it reached."""
    if not (run_folder / CHECKPOINT).is_file():
        raise ImpastoError(f"{run_folder} holds no checkpoint.", "Train first: impasto train RECIPE --out RUN.")
    recipe = recipes.parse((run_folder / RECIPE).read_text(encoding="utf-8"))
    objective = OBJECTIVES[recipe.objective](recipe)
    state = torch.load(run_folder / CHECKPOINT, map_location="cpu", weights_only=True)
    objective.shipped.load_state_dict(state["average"])
    return recipe, objective.shipped.eval(), state["step"]


@torch.no_grad()
def sample(run: Run, pictures: Pictures, photos: int = 4) -> list[list[Tensor]]:
    """Rows of photo and its painting in every style, by the averaged networks."""
    rows = []
    for index in range(photos):
        photo = whole(pictures.photos[index * 37 % len(pictures.photos)], 256)[None].to(run.fabric.device)
        count = len(run.recipe.styles)
        style, ones = torch.arange(count), torch.ones(count, 1)
        canvas = torch.from_numpy(canvas_grain(256, 256))[None, None].expand(count, -1, -1, -1)
        painted = run.average(photo.expand(count, -1, -1, -1), canvas, style, 0 * ones, ones)
        rows.append([photo[0], *painted])
    return rows


def _precision(wanted: str) -> Any:
    """bfloat16 where the processor computes in it, else float32."""
    if wanted != "auto":
        return wanted
    native = torch.cuda.is_available() or torch.cpu._is_amx_tile_supported()
    return "bf16-mixed" if native else "32-true"


@contextmanager
def _stop_asked() -> Iterator[list[int]]:
    """A list that fills when the person or the system asks the run to end."""
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
