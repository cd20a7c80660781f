"""An engine kept for many paintings: strength from 0 to 1.5 in a row of files. python examples/strength_ramp.py PHOTO FOLDER."""

import sys
from pathlib import Path

from impasto import Engine, Look, open_palette, picture

photo, folder = picture.load(sys.argv[1]), Path(sys.argv[2])
engine = Engine(open_palette())
folder.mkdir(parents=True, exist_ok=True)
for step in range(7):
    timings: dict[str, float] = {}
    painting = engine.render(photo, Look(strength=step / 4), long_edge_px=512, timings=timings)
    (folder / f"strength-{step / 4:.2f}.png").write_bytes(picture.encode(painting, "png"))
    print(f"strength {step / 4:.2f}: {timings['generator']:.0f} ms in the network")
