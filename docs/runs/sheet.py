"""Makes the sheets of this folder from palettes that lie in it. The photos are scikit-image's and scikit-learn's.

pip install scikit-learn
# each photo, and what each palette makes of it
python docs/runs/sheet.py beside.jpg cyclegan.palette content.palette projected.palette student.palette
# there and back, from both ends
python docs/runs/sheet.py --paintings DIR cyclegan.jpg cyclegan.palette cyclegan-back.palette
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage import data
from sklearn.datasets import load_sample_image

from impasto import palette, picture
from impasto.engine import Engine
from impasto.look import Look
from impasto.picture import Picture

HERE = Path(__file__).parent
TILE_PX = 192
PAINTED_PX = 384  # on the long edge: strokes show as they do in a preview


def photos() -> list[Picture]:
    """Five photos that no recipe here has trained on."""
    arrays = [data.astronaut(), data.coffee(), data.chelsea(), load_sample_image("china.jpg"), load_sample_image("flower.jpg")]
    return [square(picture.from_array(array)) for array in arrays]


def square(source: Picture) -> Picture:
    """The middle of a picture."""
    side = min(source.width, source.height)
    top, left = (source.height - side) // 2, (source.width - side) // 2
    return picture.fit(picture.from_array(source.pixels[top : top + side, left : left + side]), PAINTED_PX)


def painted(engine: Engine, source: Picture) -> Picture:
    """In the palette's first style."""
    return picture.from_array(engine.paint(source, Look(styles=((engine.palette.styles[0].name, 1.0),))).pixels)


def chain(source: Picture, engines: list[Engine]) -> list[Picture]:
    """A picture, what the first makes of it, what the next makes of that."""
    found = [source]
    for engine in engines:
        found.append(painted(engine, found[-1]))
    return found


def beside(source: Picture, engines: list[Engine]) -> list[Picture]:
    """A picture, and what each makes of it."""
    return [source, *(painted(engine, source) for engine in engines)]


def tile(source: Picture) -> NDArray[np.float32]:
    return picture.fit(source, TILE_PX).pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("palettes", nargs="+")
    parser.add_argument(
        "--paintings", type=Path, help="five or more paintings that were kept apart; the two palettes are each other's way back"
    )
    options = parser.parse_args()
    engines = [Engine(palette.read(HERE / name), "onnxruntime") for name in options.palettes]
    if options.paintings is None:
        rows = [beside(photo, engines) for photo in photos()]
    else:
        paintings = [square(picture.load(file)) for file in sorted(options.paintings.iterdir())]
        pairs = zip(photos(), paintings, strict=False)
        rows = [chain(photo, engines) + chain(painting, engines[::-1]) for photo, painting in pairs]
    sheet = np.concatenate([np.concatenate([tile(one) for one in row], axis=1) for row in rows], axis=0)
    (HERE / options.output).write_bytes(picture.encode(picture.from_array(sheet), "jpeg", quality=76))


if __name__ == "__main__":
    main()
