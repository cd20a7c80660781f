"""Pruning: what is not missed goes first, everywhere at once, and what is left is a network like any other."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from impasto.compress.export import macs_256, made_again
from impasto.compress.probes import Probe, photos, probes
from impasto.compress.prune import EIGHTH, GRAIN, QUARTER, Kept, Pruning, widths
from impasto.train.networks import FilmGenerator
from impasto.train.weights import generator_of
from tests import film

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def seen() -> list[Probe]:
    """The same for all networks here, whose codes are the same."""
    return probes(film.make(film.network()), photos(None)[:4], 4)


@pytest.fixture(scope="module")
def pruning(seen: list[Probe]) -> Pruning:
    return Pruning(film.network(), seen)


def paintings(generator: FilmGenerator, probes: list[Probe]) -> Tensor:
    with torch.no_grad():
        return torch.cat([generator(torch.from_numpy(probe.planes), torch.from_numpy(probe.code)[None]) for probe in probes])


def silence(generator: FilmGenerator, stream: str, channels: Tensor) -> None:
    """Make channels of a stream useless: those of a block constant, those of a residual stream zero wherever they are written."""
    if stream == "body.0":
        generator.body[0].widen.conv.weight.data[channels] = 0
        return
    quarter = stream == QUARTER
    first = generator.stem if quarter else generator.down
    blocks = [*generator.encode, *generator.decode] if quarter else [*generator.body]
    for writer in (first, *(layer for block in blocks for layer in (block.reach, block.mix))):
        writer.conv.weight.data[channels] = 0
        writer.conv.bias.data[channels] = 0
        if writer.film is not None:
            writer.film.scale_shift.weight.data[writer.conv.out_channels + channels] = 0
    if quarter:
        cells = (channels[:, None] * 4 + torch.arange(4)).flatten()
        generator.up.conv.weight.data[cells] = 0
        generator.up.conv.bias.data[cells] = 0


@pytest.mark.parametrize("stream", ["body.0", QUARTER, EIGHTH])
def test_what_is_useless_goes_first_and_is_not_missed(stream: str, seen: list[Probe]) -> None:
    generator = film.network()
    useless = torch.tensor([0, 2, 3, 5, 8, 9, 11, 15])
    silence(generator, stream, useless)
    pruning = Pruning(generator, seen)
    assert set(pruning.harm[stream].argsort()[:GRAIN].tolist()) == set(useless.tolist())
    gone = {name: len(pruning.steps[0][name]) - len(kept) for name, kept in pruning.steps[1].items()}
    assert gone == {**dict.fromkeys(gone, 0), stream: GRAIN}
    assert (paintings(pruning.network(1), seen) - paintings(generator, seen)).abs().max() < 1e-4


def test_without_a_cut_the_network_is_the_same(pruning: Pruning) -> None:
    same = pruning.network(0)
    assert all(torch.equal(value, pruning.generator.state_dict()[name]) for name, value in same.state_dict().items())


def test_the_way_down_is_by_eights_to_the_narrowest_and_every_step_saves(pruning: Pruning) -> None:
    macs = [macs_256(pruning.network(step)) for step in range(len(pruning.steps))]
    for before, after in pairwise(macs):
        assert after < before
    last = pruning.network(len(pruning.steps) - 1)
    assert set(widths(last.options).values()) == {GRAIN}


def test_the_cost_of_a_channel_is_what_its_going_saves(pruning: Pruning, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the inside of blocks, where costs do not depend on one another; 1024 cells of 8×8 px make 256×256."""
    monkeypatch.setattr(pruning, "steps", pruning.steps[:])
    for block in ("encode.0", "body.0"):
        kept: Kept = {**pruning.steps[0], block: pruning.steps[0][block][GRAIN:]}
        pruning.steps.append(kept)
        saved = macs_256(pruning.generator) - macs_256(pruning.network(len(pruning.steps) - 1))
        assert saved == GRAIN * 1024 * pruning._cost(block, pruning.steps[0])


def test_channels_that_count_less_are_missed_less(seen: list[Probe]) -> None:
    generator = film.network(seed=3)
    pruning, whole = Pruning(generator, seen), paintings(generator, seen)

    def without(stream: str, most: bool) -> float:
        order = pruning.harm[stream].argsort(descending=most)
        pruning.steps.append({**pruning.steps[0], stream: order[GRAIN:].sort().values})
        return float((paintings(pruning.network(len(pruning.steps) - 1), seen) - whole).abs().mean())

    for stream in (EIGHTH, "body.0", "decode.0"):
        assert without(stream, most=False) < without(stream, most=True)


def test_a_palette_of_a_pruned_network_can_be_pruned_again(pruning: Pruning) -> None:
    pruned = pruning.network(5)
    made = made_again(film.make(pruning.generator), pruned)
    assert generator_of(made).options == pruned.options
    assert made.generator.macs_256 < macs_256(pruning.generator)
