"""Makes docs/classics.jpg: photos of scikit-image and scikit-learn in every style of the palette that ships, seven tiles a row.

pip install scikit-learn
python docs/contact_sheet.py
"""

from pathlib import Path

import numpy as np
from skimage import data
from sklearn.datasets import load_sample_image

from impasto import open_palette, picture
from impasto.engine import Engine
from impasto.look import Look

COLUMNS = 7
TILE_PX = 200
SAMPLES = ("china.jpg", "flower.jpg")


def photos() -> list[picture.Picture]:
    """Six varied photos: a portrait, a still life, a cat, a night scene, a building and a flower, square and 512 px or less."""
    arrays = [data.astronaut(), data.coffee(), data.chelsea(), data.rocket(), *map(load_sample_image, SAMPLES)]
    return [square(picture.fit(picture.from_array(array), 512)) for array in arrays]


def square(photo: picture.Picture) -> picture.Picture:
    """The middle of a photo at the tile's size, on which strokes show as they do in a preview."""
    side = min(photo.width, photo.height)
    top, left = (photo.height - side) // 2, (photo.width - side) // 2
    return picture.from_array(photo.pixels[top : top + side, left : left + side])


def tiles() -> list[np.ndarray]:
    palette = open_palette()
    engine = Engine(palette)
    made = []
    for photo in photos():
        looks = [Look(strength=0), *(Look(styles=((style.name, 1.0),)) for style in palette.styles)]
        made += [picture.fit(engine.render(photo, look), TILE_PX).pixels for look in looks]
        made += [np.ones_like(made[0])] * (-len(looks) % COLUMNS)
    return made


def main() -> None:
    pictures = [np.pad(tile, ((0, TILE_PX - len(tile)), (0, TILE_PX - tile.shape[1]), (0, 0)), mode="edge") for tile in tiles()]
    rows = [np.concatenate(pictures[start : start + COLUMNS], axis=1) for start in range(0, len(pictures), COLUMNS)]
    sheet = picture.from_array(np.concatenate(rows, axis=0))
    (Path(__file__).parent / "classics.jpg").write_bytes(picture.encode(sheet, "jpeg", quality=88))


if __name__ == "__main__":
    main()
