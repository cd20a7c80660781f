"""A step's batch over several processes: what each does alone and what all must know. With one process nothing here does anything."""

from __future__ import annotations

import torch
from torch import Tensor, distributed


def world() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Which of them this is, from 0."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def part(whole: Tensor) -> Tensor:
    """This process's rows."""
    rows = len(whole) // world()
    return whole[rank() * rows : (rank() + 1) * rows]


def gathered(mine: Tensor) -> Tensor:
    """The rows of all processes, in order; no slope goes through."""
    if world() == 1:
        return mine.detach()
    parts = [torch.empty_like(mine, memory_format=torch.contiguous_format) for _ in range(world())]
    distributed.all_gather(parts, mine.detach().contiguous())
    return torch.cat(parts)


def draw(rows: int) -> Tensor:
    """This process's part of random numbers in 0..1: the same numbers that one process would draw for all rows."""
    return part(torch.rand(rows * world()))


def averaged(tensors: list[Tensor]) -> list[Tensor]:
    """Each tensor's mean over the processes, in one exchange."""
    if world() == 1 or not tensors:
        return tensors
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    distributed.all_reduce(flat)
    pieces = torch.split(flat / world(), [tensor.numel() for tensor in tensors])
    return [piece.view(tensor.shape) for piece, tensor in zip(pieces, tensors, strict=True)]
