"""The palette that ships beside CycleGAN's generator, both as ONNX in float32: size, multiply-accumulates and milliseconds of one run.

    taskset -c 1 python benchmarks/compression.py [--palette FILE] [--size 512] [--runs 5] [--int8] [--json]

The reference is `train/resnet.py` with its defaults (width 64, 9 blocks, as in Zhu et al. 2017); its weights are random, which does not
matter to its speed. All networks take turns, so that whatever else the machine does slows all of them alike. `taskset` with one core gives
each of them one thread. `--int8` has both run in INT8 too, calibrated on the photo that comes with Impasto.
"""

import argparse
import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from inference import processor

from impasto import palette
from impasto.backends import installed
from impasto.compress.export import made_again
from impasto.compress.probes import photos
from impasto.compress.quantize import quantize
from impasto.compress.speed import race
from impasto.palette import Palette
from impasto.train.resnet import ResnetGenerator, ResnetOptions

ANY = 255.0  # levels: weights that are random paint nothing that could be spoiled


def reference(shipped: Palette) -> Palette:
    """CycleGAN's generator, whose code is the gate alone."""
    generator = ResnetGenerator(ResnetOptions()).eval()
    generator.fold()
    style = replace(shipped.styles[0], code=np.ones(1, np.float32), brush=np.zeros(1, np.float32))
    plain = replace(shipped, name="cyclegan", title="CycleGAN", styles=(style,), photo_code=np.zeros(1, np.float32), thumbs={})
    return made_again(plain, generator)


def measured(ours: Palette, size_px: int, runs: int, with_int8: bool = False) -> dict[str, Any]:
    """Both networks' figures, and how many times larger or slower the reference is."""
    palettes = {"CycleGAN": reference(ours), ours.title: ours}
    if with_int8:
        images = photos(None)
        rounded = {f"{name}, INT8": quantize(one, images, limit=ANY).palette for name, one in palettes.items()}
        palettes |= rounded
    times = race(palettes, (size_px,), runs)
    rows = {
        name: {
            "parameters": one.generator.parameters,
            "macs_256": one.generator.macs_256,
            "bytes": len(one.model),
            **{f"{backend}_ms": times[name][backend][size_px].wall_ms for backend in installed()},
            **{f"{backend}_cpu_ms": times[name][backend][size_px].processor_ms for backend in installed()},
        }
        for name, one in palettes.items()
    }
    first, second, *_ = rows.values()
    ratios = {figure: round(first[figure] / second[figure], 1) for figure in first}
    versions = {name: version(name) for name in installed()}
    return {"machine": processor(), "size_px": size_px, "runs": runs, "versions": versions, "networks": rows, "ratios": ratios}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--palette", type=Path, default=None)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--int8", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measured(palette.read(options.palette or palette.shipped()), options.size, options.runs, options.int8)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    print(f"{found['machine']}; {options.size} px, least of {options.runs}, one run; {found['versions']}")
    for name, figures in {**found["networks"], "times": found["ratios"]}.items():
        print(f"{name:16}" + "".join(f"  {figure} {value:,}" for figure, value in figures.items()))


if __name__ == "__main__":
    main()
