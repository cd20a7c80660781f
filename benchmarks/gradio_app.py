"""The same engine behind a Gradio slider, as Gradio's guides have it: `slider.input`, the newest value last. For studio_latency.py.

python benchmarks/gradio_app.py PORT PALETTE PHOTO
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import gradio
import numpy as np

from impasto.engine import Engine
from impasto.look import CONTROLS, Look
from impasto.palette import read
from impasto.picture import decode, from_array, to_pil

PREVIEW_PX = 512


def main() -> None:
    port, palette, photo = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    engine = Engine(read(palette))
    folder = Path(tempfile.mkdtemp())

    def paint(pixels: np.ndarray, strength: float) -> str:
        painting = engine.render(from_array(pixels), Look(strength=strength), long_edge_px=PREVIEW_PX)
        # What gradio.Image does of an array, but for the name, which tells the benchmark the value that it shows.
        path = folder / f"strength-{strength:.2f}-.webp"
        to_pil(painting).save(path)
        return str(path)

    strength = CONTROLS["strength"]
    with gradio.Blocks() as app:
        source = gradio.Image(np.asarray(to_pil(decode(photo.read_bytes()))), label="Photo")
        slider = gradio.Slider(strength.minimum, strength.maximum, strength.default, step=strength.step, label=strength.label)
        result = gradio.Image(label="Painting")
        slider.input(paint, [source, slider], result, show_progress="hidden", trigger_mode="always_last")
    app.launch(server_name="127.0.0.1", server_port=port, quiet=True, allowed_paths=[str(folder)])


if __name__ == "__main__":
    main()
