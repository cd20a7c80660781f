"""What nobody would have painted, made measurable: specks and blotches in a sky, a cloud on a white wall, the network's own grid.

Pictures are N×3×H×W in -1..1.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from impasto.finish import LUMA
from impasto.train.networks import SIZE_MULTIPLE

SHUFFLE_PERIODS = (2, 4, 8)  # px
NEAR_PX = (24, 48, 72)  # apart: what is painted alike there where the photo is alike
SQUARE_PX = 24  # strokes average away in such a square
LIVELY, SLACK = 1.5, 0.06  # a painting may differ by so many times as much as the photo, and a little
FAINT = 0.06  # a difference that hardly shows, in -1..1


def luma(picture: Tensor) -> Tensor:
    """N×1×H×W of N×3×H×W."""
    return (picture * picture.new_tensor(LUMA)[None, :, None, None]).sum(1, keepdim=True)


def apart(picture: Tensor, distance: int = 1) -> tuple[Tensor, Tensor]:
    """How places differ from those so far to the left of them and above them."""
    return picture[..., distance:] - picture[..., :-distance], picture[..., distance:, :] - picture[..., :-distance, :]


def unrest(painting: Tensor, photo: Tensor) -> tuple[Tensor, Tensor]:
    """Mean square difference of (colour, light) between neighbouring pixels where the photo is flat: specks and marks in a sky.

    N values each, in units of `FAINT`. Squared: a few loud marks are worse than the grain of a canvas, and make moments more cheaply.
    """
    flat = flatness(photo)
    painted = luma(painting).float()
    return _differences(painting.float() - painted, flat), _differences(painted, flat)


def blotches(painting: Tensor, photo: Tensor) -> Tensor:
    """How far 8 px squares of what was painted on a photo depart from the 40 px around them where the photo is flat: N values, squared.

    Strokes average away in such a square; a comma or a drop that stands alone in a sky does not. Only places count that have nothing but
    flatness around them: beside an edge, a thing that is given another colour than its surroundings would look like a blotch.
    """
    flat = -F.max_pool2d(-F.avg_pool2d(flatness(photo), 8, 4), 9, 1, 4)
    coarse = F.avg_pool2d((painting - photo).float(), 8, 4)  # N×3×h×w, a square every 4 px
    around = F.avg_pool2d(coarse, 9, 1, 4, count_include_pad=False)
    return ((coarse - around).square() * flat).mean((1, 2, 3)) / FAINT


def unevenness(painting: Tensor, photo: Tensor) -> Tensor:
    """How much further squares of a painting differ from those near them than the photo's do: N values, squared.

    Colours may change as a style wants, but like is painted alike: statistics over a crop would as soon put all its darks into one cloud.
    """
    if min(photo.shape[2:]) < SQUARE_PX + NEAR_PX[0]:
        return painting.new_zeros(len(painting))  # too small a crop to have near places
    made, given = (F.avg_pool2d(picture.float(), SQUARE_PX, SQUARE_PX // 3) for picture in (painting, photo))
    found = []
    for near in (distance * 3 // SQUARE_PX for distance in NEAR_PX):
        if near >= min(made.shape[2:]):
            break
        for painted, known in zip(apart(made, near), apart(given, near), strict=True):
            excess = F.relu(painted.abs() - LIVELY * known.abs().amax(1, keepdim=True) - SLACK)
            found.append(excess.square().mean((1, 2, 3)) / FAINT)
    return torch.stack(found).mean(0)


@torch.no_grad()
def flatness(photo: Tensor) -> Tensor:
    """N×1×H×W: 1 in a clear sky, 0 in foliage."""
    light = luma(photo).float()
    busy = F.avg_pool2d(light**2, 9, 1, 4) - F.avg_pool2d(light, 9, 1, 4) ** 2
    return torch.exp(-busy.clamp(min=0) / 0.003)


def _differences(picture: Tensor, weight: Tensor) -> Tensor:
    across, down = (steps.square() for steps in apart(picture))
    return ((across * weight[..., 1:]).mean((1, 2, 3)) + (down * weight[..., 1:, :]).mean((1, 2, 3))) / FAINT


def grid(change: Tensor, cells: int = 4) -> Tensor:
    """How much of a change repeats from cell to cell of the coarsest grid: the mean cell of each `cells`×`cells` block, less its own mean.

    Strokes average away over a block of cells, a checkerboard does not. N×3×H×W → a scalar.
    """
    size, block = SIZE_MULTIPLE, SIZE_MULTIPLE * cells
    height, width = change.shape[2] // block * block, change.shape[3] // block * block
    across = torch.unflatten(change[..., :height, :width].float(), 3, (-1, cells, size))
    cell: Tensor = torch.unflatten(across, 2, (-1, cells, size)).mean((3, 6))  # N×3×blocks×size×blocks×size
    return (cell - cell.mean((3, 5), keepdim=True)).abs().mean()


def lattice(paintings: Tensor) -> Tensor:
    """How far the spectrum of N×3×H×W paintings stands out at the periods of the network's shuffles: a scalar.

    It is the mean log ratio to the frequencies beside; nothing is asked below a ratio of about 1.2, which chance gives. H and W are
    multiples of 8.
    """
    light = luma(paintings).float()[:, 0]
    peaks = [_peak(torch.fft.rfft(light, dim=axis).abs().square().mean(3 - axis), period) for axis in (1, 2) for period in SHUFFLE_PERIODS]
    return torch.stack(peaks).mean()


def _peak(spectrum: Tensor, period: int) -> Tensor:
    """The hinged log ratio at one period of N×F powers, F = size/2 + 1."""
    at = 2 * (spectrum.shape[1] - 1) // period
    beside = [spectrum[:, at - 6 : at - 1], spectrum[:, at + 2 : at + 7]]
    ratio = spectrum[:, at] / (torch.cat(beside, dim=1).mean(1) + 1e-6)
    return F.relu(torch.log(ratio + 1e-6) - 0.2).mean()
