"""One photo in every style of the palette, side by side: python examples/every_style.py PHOTO OUT."""

import sys
from pathlib import Path

import numpy as np

import impasto
from impasto import picture

photo, out = sys.argv[1:]
tiles = [np.asarray(impasto.paint(photo, style=style.name, long_edge_px=256).convert("RGB")) for style in impasto.open_palette().styles]
columns = 4
tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % columns)
rows = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
sheet = picture.from_array(np.vstack(rows))
Path(out).write_bytes(picture.encode(sheet, picture.format_for(out)))
