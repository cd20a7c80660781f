"""Looking at what a run ships: sheets of samples, how far paintings differ from each other, and first scores."""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.measure.quality import StyleSpace, kernel_distance, structure
from impasto.train.data import Image, Pictures, canvas_under, whole
from impasto.train.painter import Painter, Shipped

SHEET_ROWS = 4
SAMPLE_PX = 256  # or less, where the pictures are smaller
STRIDE = 37  # pictures of a folder often come in series; this takes them from here and there

Rows = list[list[Tensor]]  # of 3×H×W pictures in -1..1


class Sampler:
    """The same few pictures each time, so that sheets and scores can be compared. `scored` photos are scored, none where it is 0."""

    def __init__(self, pictures: Pictures, scored: int) -> None:
        photos, paintings = pictures.photos, pictures.paintings[0]
        size_px = min(SAMPLE_PX, *(min(image.shape[:2]) // 8 * 8 for image in (*photos, *paintings)))
        self.photos, self.paintings = (some(images, SHEET_ROWS, size_px) for images in (photos, paintings))
        self.scored = some(photos, scored, size_px)
        self.space = StyleSpace() if scored else None
        self.known = self.space.vectors(list(some(paintings, 2 * scored, size_px))) if self.space else None

    @torch.no_grad()
    def look(self, shipped: Shipped, device: torch.device) -> tuple[Rows, dict[str, float]]:
        """A sheet (photos, each before its paintings; then paintings before their photos where there is a way back) and figures."""
        painters = shipped.painters()
        rows = [[photo, *paint(painters[""], photo, device)] for photo in self.photos]
        made = torch.stack([row[1] for row in rows])
        figures = {"variety": variety(made, self.photos)}
        if "back" in painters:
            rows += [[painting, *paint(painters["back"], painting, device)] for painting in self.paintings]
        if self.space is not None and self.known is not None:
            painted = [paint(painters[""], photo, device, styles=1)[0] for photo in self.scored]
            figures["kid"] = kernel_distance(self.space.vectors(painted), self.known)
            figures["structure"] = sum(structure(a, b) for a, b in zip(painted, self.scored, strict=True)) / len(painted)
        return folded(rows), figures


def paint(painter: Painter, photo: Tensor, device: torch.device, styles: int | None = None) -> list[Tensor]:
    """One 3×H×W photo in the painter's first styles, all of them where no number is given."""
    count = len(painter.codes.free) if styles is None else styles
    canvas = canvas_under(photo)[None].expand(count, -1, -1, -1)
    style, ones = torch.arange(count), torch.ones(count, 1)
    photos = photo[None].expand(count, -1, -1, -1)
    painted = painter(*(tensor.to(device) for tensor in (photos, canvas, style, 0 * ones, ones)))
    return list(painted.float().cpu())


def some(images: list[Image], count: int, size_px: int) -> Tensor:
    """The middle squares of `count` pictures from here and there, or of all where there are fewer: N×3×P×P."""
    places = list(dict.fromkeys(index * STRIDE % len(images) for index in range(2 * count)))[: min(count, len(images))]
    return torch.stack([whole(images[place], size_px) for place in places]) if places else torch.empty(0, 3, size_px, size_px)


def folded(rows: Rows) -> Rows:
    """Short rows side by side, until the sheet is no longer taller than wide."""
    while len(rows) > len(rows[0]) and len(rows) % 2 == 0:
        half = len(rows) // 2
        rows = [left + right for left, right in zip(rows[:half], rows[half:], strict=True)]
    return rows


def variety(made: Tensor, photos: Tensor) -> float:
    """How much paintings differ from each other, as a share of how much their photos do; 0 when all photos become one painting."""
    spread = [torch.nn.functional.adaptive_avg_pool2d(pictures, 16).std(0).mean() for pictures in (made, photos)]
    return float(spread[0] / (spread[1] + 1e-6)) if len(made) > 1 else 1.0
