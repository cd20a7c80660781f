"""The training loop: the same few lines for every objective, with a checkpoint that holds everything a run needs to go on.

What step k does depends on the checkpoint and on k alone: its batch and its random numbers are drawn anew from the seed and k. So a
run that was killed ends, on a processor in float32, with the very weights of one that was not.
"""

from __future__ import annotations

import copy
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from lightning.fabric import Fabric
from lightning.fabric.utilities.exceptions import MisconfigurationException
from torch import Tensor

from impasto.errors import ImpastoError
from impasto.files import write_whole
from impasto.train import recipe as recipes
from impasto.train import survey
from impasto.train.data import Batch, Pictures
from impasto.train.objectives import OBJECTIVES
from impasto.train.objectives.contract import Objective
from impasto.train.painter import Shipped
from impasto.train.progress import Progress
from impasto.train.recipe import Recipe
from impasto.train.samples import Sampler
from impasto.train.shards import averaged, rank, world
from impasto.train.stopping import stop_asked

CHECKPOINT = "checkpoint.pt"
RECIPE = "recipe.json"
REPORT_EVERY = 25

Losses = Callable[[Batch, Any], dict[str, Tensor]]


class Run:
    """An objective with its optimisers, the averaged copy that is shipped, and the step it has reached."""

    def __init__(self, recipe: Recipe, fabric: Fabric) -> None:
        torch.manual_seed(recipe.train.seed)
        self.recipe, self.fabric = recipe, fabric
        self.objective = make_objective(recipe).to(fabric.device)
        self.objective.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's types leave this one out
        self.average = copy.deepcopy(self.objective.shipped).requires_grad_(False).eval()
        rates = {"generator": recipe.train.generator_rate, "discriminator": recipe.train.discriminator_rate}
        self.optimisers = {
            name: torch.optim.Adam(weights, lr=rates[name], betas=recipe.train.betas) for name, weights in self.objective.groups().items()
        }
        self.rates = rates
        self.step = 0

    def advance(self, batch: Batch) -> dict[str, Tensor]:
        """One step of the game on a whole batch, of which each process takes its part; returns its losses and figures."""
        objective, train = self.objective, self.recipe.train
        torch.manual_seed(train.seed * 1_000_003 + self.step)
        self._set_rates()
        objective.begin(self.step / train.steps)
        mine = batch.cut(world() * train.accumulate)[rank() * train.accumulate :][: train.accumulate]
        pieces = [piece.to(self.fabric.device) for piece in mine]

        # Paint once, if everything fits into memory at once; both players look at the same paintings.
        fakes = [self._translate(pieces[0])] if len(pieces) == 1 else None

        # The discriminators, where there are any, learn to tell paintings of the style from ours.
        against = "discriminator" in self.optimisers
        judged = self._descend("discriminator", objective.discriminator_losses, pieces, fakes) if against else {}

        # The generator learns to pass for the style and to keep the photo.
        wanted = self._descend("generator", objective.generator_losses, pieces, fakes)

        # Every process goes on with the same norms.
        if world() > 1:
            moving = [buffer for buffer in objective.shipped.buffers() if buffer.is_floating_point()]
            for buffer, shared in zip(moving, averaged(moving), strict=True):
                buffer.copy_(shared)

        # What ships is an average of the last few hundred steps, which is calmer than any one of them.
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), objective.shipped.parameters(), strict=True):
                kept.lerp_(new, train.ema)
            for copied, measured in zip(self.average.buffers(), objective.shipped.buffers(), strict=True):
                copied.copy_(measured)
        self.step += 1
        seen = {**judged, **wanted, **objective.figures}
        return dict(zip(seen, averaged(list(seen.values())), strict=True))

    def _translate(self, batch: Batch) -> Any:
        with self.fabric.autocast():
            return self.objective.translate(batch)

    def _descend(self, name: str, losses: Losses, pieces: list[Batch], fakes: list[Any] | None) -> dict[str, Tensor]:
        """Move one player down the mean slope over all pieces and processes; returns its losses."""
        optimiser = self.optimisers[name]
        weights = [weight for group in optimiser.param_groups for weight in group["params"]]
        slopes = [torch.zeros_like(weight) for weight in weights]
        means: dict[str, Tensor] = {}
        for index, piece in enumerate(pieces):
            made = fakes[index] if fakes else self._translate(piece)
            with self.fabric.autocast():
                found = losses(piece, made)
            total = torch.stack([loss.float() for loss in found.values()]).sum() / len(pieces)
            for slope, part in zip(slopes, torch.autograd.grad(total, weights, allow_unused=True), strict=True):
                slope.add_(part if part is not None else 0)
            means = {loss: means.get(loss, 0) + value.detach().float() / len(pieces) for loss, value in found.items()}
        *slopes, sum_of_means = averaged([*slopes, torch.stack(list(means.values())).sum()])
        if not torch.isfinite(sum_of_means):
            raise ImpastoError(
                f"The {name} loss is no longer a number at step {self.step}; the run stops.",
                "The last checkpoint is intact. Lower the learning rates, or choose another adversarial loss, and start again from it.",
            )
        for weight, slope in zip(weights, slopes, strict=True):
            weight.grad = slope
        optimiser.step()
        return means

    def _set_rates(self) -> None:
        train = self.recipe.train
        left = (train.steps - self.step) / max(1, train.decay * train.steps)
        for name, optimiser in self.optimisers.items():
            for group in optimiser.param_groups:
                group["lr"] = self.rates[name] * min(1.0, max(0.02, left))

    def save(self, folder: Path) -> None:
        """Write the checkpoint to a temporary name, then put it in the old one's place.

        An ImpastoError where the disk is full or a weight is no number; the old checkpoint stays.
        """
        if not all(torch.isfinite(weight).all() for weight in self.average.parameters()):
            raise ImpastoError(f"A weight is no longer a number at step {self.step}; the run stops.", "The last checkpoint is intact.")
        state = {
            "step": self.step,
            "objective": self.objective.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
        }
        packed = io.BytesIO()  # writing to the file itself, torch would hide why that failed
        torch.save(state, packed)
        unfinished = folder / f"{CHECKPOINT}.part"
        try:
            with unfinished.open("wb") as out:
                out.write(packed.getbuffer())
                out.flush()
                os.fsync(out.fileno())
            unfinished.replace(folder / CHECKPOINT)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise ImpastoError(
                f"The checkpoint of step {self.step} cannot be written: {error.strerror}.",
                "Make room on the disk; the same command goes on from the last checkpoint, which is intact.",
            ) from None

    def load(self, folder: Path) -> None:
        """Go on from the folder's checkpoint; an ImpastoError where it is damaged or belongs to other networks."""
        state = _read_checkpoint(folder, self.fabric.device)
        try:
            self.objective.load_state_dict(state["objective"])
            self.average.load_state_dict(state["average"])
            for name, optimiser in self.optimisers.items():
                optimiser.load_state_dict(state["optimisers"][name])
        except (RuntimeError, ValueError):
            raise ImpastoError(
                f"The checkpoint in {folder} was made by another recipe.", "Choose a new folder with --out, or the recipe it began with."
            ) from None
        self.step = state["step"]

    def begin_from(self, folder: Path) -> None:
        """Take another run's weights wherever name and shape agree; its averaged painter stands for its last one."""
        state = _read_checkpoint(folder, self.fabric.device)
        theirs = {**state["objective"], **{f"shipped.{name}": value for name, value in state["average"].items()}}
        ours = self.objective.state_dict()
        shared = {name: value for name, value in theirs.items() if name in ours and ours[name].shape == value.shape}
        if not shared:
            raise ImpastoError(f"The run in {folder} has no weights that fit this recipe.", "Set begin_from to a run of the same networks.")
        self.objective.load_state_dict({**ours, **shared})
        self.average.load_state_dict(self.objective.shipped.state_dict())

    def checkpoint_bytes(self) -> int:
        """About how large a checkpoint is: weights, their averages, and two moments for each that learns."""
        weights = [*self.objective.state_dict().values(), *self.average.state_dict().values()]
        moments = [weight for group in self.objective.groups().values() for weight in (*group, *group)]
        return int(sum(tensor.nbytes for tensor in [*weights, *moments]))


def make_objective(recipe: Recipe) -> Objective:
    """The objective that a recipe names; an ImpastoError for one that does not exist or cannot be built so."""
    if recipe.objective not in OBJECTIVES:
        raise ImpastoError(f"There is no objective {recipe.objective!r}.", f"Choose one of: {', '.join(OBJECTIVES)}.")
    return OBJECTIVES[recipe.objective](recipe)


def train(recipe_path: Path, run_folder: Path, *, dry_run: bool = False) -> None:
    """Train the recipe in `run_folder`, going on from its checkpoint if it has one; Ctrl-C and SIGTERM save and leave.

    With `dry_run` the resolved recipe is printed and nothing is touched.
    """
    recipe = recipes.read(recipe_path)
    make_objective(recipe)  # whatever is wrong with its options is said before data is touched
    if dry_run:
        print(recipe.to_json())
        return
    survey.check_folders(recipe)
    run = start(recipe, run_folder)
    survey.check_space(run_folder, run.checkpoint_bytes())
    pictures = Pictures(recipe)
    survey.check_counts(pictures)
    try:
        _play(run, pictures, run_folder)
    except OSError as error:
        raise ImpastoError(
            f"The run's folder cannot be written to: {error.strerror}.",
            "Make room on the disk; the same command goes on from the last checkpoint, which is intact.",
        ) from None


def _play(run: Run, pictures: Pictures, run_folder: Path) -> None:
    """All steps that are left, with reports, checkpoints and sheets on the way."""
    train = run.recipe.train
    sampler = Sampler(pictures, train.scores)
    with Progress(run_folder, run.step, train.steps, rank() == 0) as progress, stop_asked() as asked:
        progress.say(survey.describe(pictures))
        if run.step:
            progress.say(f"Going on from step {run.step}.")
        for batch in pictures.batches(run.step, train.steps):
            if _anyone(asked):
                break
            progress.add(run.advance(batch), len(batch.photos))
            if run.step % REPORT_EVERY == 0 or run.step == train.steps:
                progress.report(run.step)
            if rank() == 0 and (run.step % train.save_every == 0 or run.step == train.steps):
                run.save(run_folder)
            if rank() == 0 and (run.step % train.sample_every == 0 or run.step == train.steps):
                progress.show(run.step, *sampler.look(run.average, run.fabric.device))
        if rank() == 0 and run.step < train.steps:
            run.save(run_folder)
            progress.say(f"Saved at step {run.step}; the same command goes on from here.")


def _anyone(asked: list[int]) -> bool:
    """Whether any process was asked to stop; all leave at the same step."""
    return bool(asked) if world() == 1 else bool(averaged([torch.tensor(float(len(asked)))])[0] > 0)


def start(recipe: Recipe, run_folder: Path) -> Run:
    """A run of that recipe, at its checkpoint's step where the folder has one."""
    train = recipe.train
    try:
        fabric = Fabric(accelerator="auto", devices=train.devices, strategy=train.strategy, precision=_precision(train.precision))
    except (ValueError, RuntimeError, MisconfigurationException) as error:
        raise ImpastoError(
            f"This machine cannot train so: {str(error).splitlines()[0]}", "Check recipe.train.devices, strategy and precision."
        ) from None
    fabric.launch()
    run = Run(recipe, fabric)
    if (run_folder / CHECKPOINT).exists():
        run.load(run_folder)
    elif recipe.begin_from:
        run.begin_from(Path(recipe.begin_from))
    if rank() == 0:
        run_folder.mkdir(parents=True, exist_ok=True)
        write_whole(run_folder / RECIPE, recipe.to_json().encode())
    return run


def reopen(run_folder: Path) -> tuple[Recipe, Shipped, int]:
    """A run's recipe, the averaged networks it would ship and the step it reached."""
    if not (run_folder / CHECKPOINT).is_file():
        raise ImpastoError(f"{run_folder} holds no checkpoint.", "Train first: impasto train RECIPE --out RUN.")
    recipe = recipes.parse((run_folder / RECIPE).read_text(encoding="utf-8"))
    objective = make_objective(recipe)
    state = _read_checkpoint(run_folder, torch.device("cpu"))
    objective.shipped.load_state_dict(state["average"])
    return recipe, objective.shipped.eval(), state["step"]


def _read_checkpoint(folder: Path, device: torch.device) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(folder / CHECKPOINT, map_location=device, weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError) as error:
        raise ImpastoError(f"The checkpoint in {folder} cannot be read: {error}.", "Begin again in a new folder.") from None
    return state


def _precision(wanted: str) -> Any:
    """bfloat16 where the processor computes in it, else float32."""
    if wanted != "auto":
        return wanted
    native = torch.cuda.is_available() or torch.cpu._is_amx_tile_supported()
    return "bf16-mixed" if native else "32-true"
