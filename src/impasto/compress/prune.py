"""Structured pruning of a film generator: the channels that its paintings miss least go for good. Knows nothing of training.

A channel belongs to a *stream*: the inside of one block, which nothing else sees, or the residual stream at 1/4 or at 1/8 of the size.
From a residual stream it goes everywhere at once: out of every layer that writes or reads it, out of its modulation, and out of all cells
that a shuffle lays side by side.

How much a channel counts is measured on real photos: by what the painting changes, to first order, when the channel falls silent
(Molchanov et al. 2019, eq. 8, of the paintings themselves instead of a loss, by random projections).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from impasto.compress.probes import Probe
from impasto.train.networks import Block, Conv, FilmGenerator, GeneratorOptions
from impasto.train.weights import PARTS

GRAIN = 8  # channels go by eights: a processor computes that many at once, so fewer would win nothing
PROJECTIONS = 2  # a probe
QUARTER, EIGHTH = "quarter", "eighth"
SHUFFLED = 4  # cells that `up` makes of a channel
COARSE = ("down", "body", "up")  # the layers that work at 1/8 of the size

Kept = dict[str, Tensor]  # of every stream the channels that stay, in their order


@dataclass(frozen=True)
class Slice:
    """Where a stream's channels lie in a weight: along `axis`, each `cells` wide, that `times` over (a modulation scales and shifts)."""

    weight: str
    axis: int
    cells: int = 1
    times: int = 1

    def places(self, channels: Tensor, width: int) -> Tensor:
        """The places along the axis of these channels of a stream that is `width` wide."""
        cells = (channels[:, None] * self.cells + torch.arange(self.cells)).flatten()
        return torch.cat([cells + turn * width * self.cells for turn in range(self.times)])


def streams(options: GeneratorOptions) -> dict[str, list[Slice]]:
    """Every stream with all the places where it is written and read."""
    found: dict[str, list[Slice]] = {
        QUARTER: [*_written("stem", film=True), Slice("down.conv.weight", 1)],
        EIGHTH: [*_written("down", film=True), Slice("up.conv.weight", 1)],
    }
    for block in blocks(options):
        stream = EIGHTH if block.startswith("body") else QUARTER
        found[stream] += [*_written(f"{block}.reach", film=True), Slice(f"{block}.widen.conv.weight", 1), *_written(f"{block}.mix")]
        found[block] = [*_written(f"{block}.widen"), Slice(f"{block}.mix.conv.weight", 1)]
    found[QUARTER] += [*_written("up", cells=SHUFFLED), Slice("paint.conv.weight", 1)]
    return found


def blocks(options: GeneratorOptions) -> list[str]:
    """Their names, in the order in which they run."""
    return [f"{part}.{index}" for part, count in zip(PARTS, options.blocks, strict=True) for index in range(count)]


def widths(options: GeneratorOptions) -> dict[str, int]:
    """Channels of every stream."""
    return {QUARTER: options.width[0], EIGHTH: options.width[1], **dict(zip(blocks(options), options.inner_widths(), strict=True))}


class Pruning:
    """The way from a generator down to the smallest that is left of it: `steps` of it, the first being the generator itself."""

    def __init__(self, generator: FilmGenerator, probes: list[Probe]) -> None:
        self.generator = generator.eval()
        self.streams, self.widths = streams(generator.options), widths(generator.options)
        self.means = _means(generator, probes)
        self.harm = _harm(generator, probes, self.means)
        self.steps = [{name: torch.arange(width) for name, width in self.widths.items()}]
        while (following := self._following(self.steps[-1])) is not None:
            self.steps.append(following)

    def network(self, step: int) -> FilmGenerator:
        """The generator after that many cuts. What a block's lost channels gave on average goes on as a bias."""
        kept = self.steps[step]
        options = self.generator.options
        pruned = FilmGenerator(
            replace(
                options,
                width=(len(kept[QUARTER]), len(kept[EIGHTH])),
                inner=tuple(len(kept[block]) for block in blocks(options)),
            )
        )
        state = {name: value.clone() for name, value in self.generator.state_dict().items()}
        for block in blocks(options):
            lost = _lost(kept[block], self.widths[block])
            state[f"{block}.mix.conv.bias"] += state[f"{block}.mix.conv.weight"][:, lost, 0, 0] @ self.means[block][lost]
        for name, slices in self.streams.items():
            for one in slices:
                state[one.weight] = state[one.weight].index_select(one.axis, one.places(kept[name], self.widths[name]))
        pruned.load_state_dict(state)
        return pruned.eval()

    def _following(self, kept: Kept) -> Kept | None:
        """One cut further, where it does least harm for what it saves; None where every stream is at its narrowest."""
        able = [name for name, channels in kept.items() if len(channels) >= 2 * GRAIN]
        if not able:
            return None
        price = {name: float(self._least(name, kept[name])[1].sum()) / self._cost(name, kept) for name in able}
        name = min(able, key=price.__getitem__)
        least = self._least(name, kept[name])[0]
        return {**kept, name: kept[name][~torch.isin(kept[name], least)]}

    def _least(self, name: str, channels: Tensor) -> tuple[Tensor, Tensor]:
        """The channels that count least, and how much."""
        harm, order = self.harm[name][channels].sort()
        return channels[order[:GRAIN]], harm[:GRAIN]

    def _cost(self, name: str, kept: Kept) -> float:
        """Multiply-accumulates that one channel of a stream takes, for each 8×8 cell of the picture."""
        sizes = {slice: len(kept[stream]) * slice.cells for stream, slices in self.streams.items() for slice in slices}
        return sum(self._macs(slice, sizes) / len(kept[name]) for slice in self.streams[name] if slice.weight.endswith("conv.weight"))

    def _macs(self, cut: Slice, sizes: dict[Slice, int]) -> int:
        """Of the whole convolution that a slice belongs to, at the widths that streams have by now."""
        shape = list(self.generator.state_dict()[cut.weight].shape)
        for other, size in sizes.items():
            if other.weight == cut.weight:
                shape[other.axis] = size
        return torch.Size(shape).numel() * (1 if cut.weight.startswith(COARSE) else 4)


def _written(layer: str, *, film: bool = False, cells: int = 1) -> list[Slice]:
    """The outputs of a convolution, and their modulation."""
    found = [Slice(f"{layer}.conv.weight", 0, cells), Slice(f"{layer}.conv.bias", 0, cells)]
    return [*found, Slice(f"{layer}.film.scale_shift.weight", 0, times=2)] if film else found


def _lost(kept: Tensor, width: int) -> Tensor:
    return torch.arange(width)[~torch.isin(torch.arange(width), kept)]


def _writers(generator: FilmGenerator) -> dict[str, list[Conv]]:
    """The layers that give a stream's channels something to say; what looks around within a block has a bias of its own."""
    options = generator.options
    found: dict[str, list[Conv]] = {QUARTER: [generator.stem, generator.up], EIGHTH: [generator.down]}
    for name in blocks(options):
        block = cast(Block, generator.get_submodule(name))
        found[EIGHTH if name.startswith("body") else QUARTER] += [block.reach, block.mix]
        found[name] = [block.widen]
    return found


def _means(generator: FilmGenerator, probes: list[Probe]) -> dict[str, Tensor]:
    """What every channel inside a block gives on average; zero for residual streams, whose loss no bias can make good."""
    sums = {name: torch.zeros(width) for name, width in widths(generator.options).items()}

    def look(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def hook(_layer: nn.Module, _inputs: tuple[Tensor, ...], hidden: Tensor) -> None:
            sums[name] += hidden.mean((0, 2, 3))

        return hook

    handles = [_writers(generator)[name][0].register_forward_hook(look(name)) for name in blocks(generator.options)]
    with torch.no_grad():
        for probe in probes:
            _paint(generator, probe)
    for handle in handles:
        handle.remove()
    return {name: total / len(probes) for name, total in sums.items()}


def _harm(generator: FilmGenerator, probes: list[Probe], means: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of every channel: by how much, squared, the painting changes when it falls silent, which is where it stands at its mean."""
    gates = {name: torch.ones(width, requires_grad=True) for name, width in widths(generator.options).items()}

    def close(name: str, cells: int) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
        def hook(_layer: nn.Module, _inputs: tuple[Tensor, ...], hidden: Tensor) -> Tensor:
            gate, mean = (values.repeat_interleave(cells)[:, None, None] for values in (gates[name], means[name]))
            return mean + (hidden - mean) * gate

        return hook

    handles = [
        layer.register_forward_hook(close(name, SHUFFLED if layer is generator.up else 1))
        for name, layers in _writers(generator).items()
        for layer in layers
    ]
    harm = {name: torch.zeros_like(gate) for name, gate in gates.items()}
    random = torch.Generator().manual_seed(0)
    for probe in probes:
        painting = _paint(generator, probe)
        for turn in range(PROJECTIONS):
            projection = torch.randint(0, 2, painting.shape, generator=random) * 2.0 - 1
            slopes = torch.autograd.grad((painting * projection).sum(), list(gates.values()), retain_graph=turn + 1 < PROJECTIONS)
            for name, slope in zip(gates, slopes, strict=True):
                harm[name] += slope.square()
    for handle in handles:
        handle.remove()
    return harm


def _paint(generator: FilmGenerator, probe: Probe) -> Tensor:
    return torch.as_tensor(generator(torch.from_numpy(probe.planes), torch.from_numpy(probe.code)[None]))
