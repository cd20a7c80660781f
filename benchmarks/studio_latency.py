"""Slider to pixels in a headless Chromium: how long after an input event the painting (generator) or the finish stands on the canvas.

    python benchmarks/studio_latency.py [--palette FILE] [--photo FILE] [--samples N] [--gradio PYTHON] [--json]

Each figure runs from the browser's own time stamp of a real key press or pointer move to the moment the pixels are drawn (a pixel is read
back to be sure). `generator` is the strength; `brush` has its strokes laid anew each time; `mix` moves the weight of one of two styles;
`drag` moves the strength 60 times a second, and each move is timed until its value, or a newer one, is on the canvas; it says how many
pictures came a second, and how wide the narrowest was.

With --gradio the same engine is measured behind a Gradio slider (benchmarks/gradio_app.py) in the same run and in the same way; a picture
counts as there when the browser has decoded it. Gradio is no dependency of Impasto; it lives in an environment of its own:

    python -m venv .gradio && .gradio/bin/pip install gradio -e .
    python benchmarks/studio_latency.py --gradio .gradio/bin/python

Needs Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import time
import urllib.request
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from chromium import Chromium

from impasto.palette import shipped

SAMPLE = Path(str(resources.files("impasto"))) / "studio" / "static" / "sample.jpg"
START_S = 120
DRAGGED = 0.54  # of a slider's range
# What a page is asked for: the slider of a control; its value; and a call of `drew` with [time, value, width] of what is drawn.
STUDIO = """
    const view = document.querySelector("compare-view");
    const context = view.painting.getContext(view.kind === "WebGL2" ? "webgl2" : "2d");
    const pixel = new Uint8Array(4);
    const readBack = () => (context.readPixels ? context.readPixels(0, 0, 1, 1, 0x1908, 0x1401, pixel) : context.getImageData(0, 0, 1, 1));
    const asked = new Map(); // sequence number of a request: the look in it
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (frame) {
        const text = new TextDecoder().decode(frame.subarray(4));
        if (text.includes('"type":"paint"')) asked.set(JSON.parse(text).seq, JSON.parse(text).look);
        return send.call(this, frame);
    };
    view.addEventListener("drawn", () => {
        readBack();
        const look = asked.get(Number(view.dataset.seq)) ?? {};
        const { control } = record;
        const value = control === "saturation" ? null : control === "mix" ? look.styles?.[0][1] : look[control];
        drew(performance.now(), value, view.painting.width);
    });
    const controls = [...document.querySelectorAll("control-slider")];
    window.slider = (name) => {
        const found = name === "Mix" ? document.querySelector("style-mix control-slider") : controls.find(({ label }) => label === name);
        return found.querySelector("input[type=range]");
    };
"""
GRADIO = """
    new MutationObserver(() => {
        for (const image of document.images) {
            const value = image.src.match(/strength-([\\d.]+)-/)?.[1];
            if (value === undefined || image.shown === value) continue;
            image.shown = value;
            image.decode().then(() => drew(performance.now(), Number(value)), () => {});
        }
    }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["src"] });
    window.slider = () => document.querySelector("input[type=range]");
"""
# `settled` promises the record once the last value is drawn: nobody asks meanwhile, for that would take time from what is measured.
RECORD = """(() => {
    window.record = { control: "", inputs: [], draws: [] };
    let hear = () => {};
    const tell = () => {
        const [moment, newest] = record.inputs.at(-1) ?? [Infinity];
        if (record.draws.some(([at, value]) => (value === null ? at > moment : value === newest))) hear(record);
    };
    window.settled = () => new Promise((resolve, reject) => {
        hear = resolve;
        setTimeout(() => reject(new Error("The last value is never drawn.")), 120_000);
        tell();
    });
    window.drew = (...draw) => {
        record.draws.push(draw);
        tell();
    };
    addEventListener("input", ({ timeStamp, target }) => record.inputs.push([timeStamp, Number(target.value)]), true);
    %s
})()"""


def main() -> None:
    options = parse_arguments()
    figures: dict[str, Any] = machine()
    figures["studio"] = measure_studio(options)
    if options.gradio:
        figures["gradio"] = measure_gradio(options)
    print(json.dumps(figures) if options.json else "\n".join(f"{name:10} {value}" for name, value in flat(figures)))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--palette", type=Path, default=shipped(), help="the palette (default: the shipped one)")
    parser.add_argument("--photo", type=Path, default=SAMPLE, help="the photo (default: the page's sample, 512×512)")
    parser.add_argument("--samples", type=int, default=60)
    parser.add_argument("--gradio", metavar="PYTHON", help="an interpreter that has gradio and impasto, to measure beside")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


class Server:
    """A program that answers on a port, ended when it is left."""

    def __init__(self, command: list[str], port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self) -> Server:
        deadline = time.monotonic() + START_S
        while True:
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
                return self
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise SystemExit(f"{self.url} does not answer.") from None
                time.sleep(0.1)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


def measure_studio(options: argparse.Namespace) -> dict[str, Any]:
    port = free_port()
    command = [sys.executable, "-m", "impasto", "studio", "--no-browser", "--port", str(port), "--palette", str(options.palette)]
    with Server(command, port) as server, Chromium() as page:
        backend = json.load(urllib.request.urlopen(f"{server.url}/healthz"))["backend"]
        page.open(server.url)
        page.until("!!document.querySelector('compare-view.painted')")
        first_paint = page.evaluate("Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime)")
        if options.photo != SAMPLE:
            page.give_file("photo-drop input", options.photo)
            time.sleep(2)
        page.until("!document.querySelector('style-grid img:not([data-made])')")
        page.evaluate(RECORD % STUDIO)
        figures = {
            "generator": summary(single_moves(page, "Strength", options.samples)),
            "brush": summary(single_moves(page, "Brush size", options.samples)),
            "mix": summary(mixed_moves(page, options.samples)),
            "finish": summary(single_moves(page, "Saturation", options.samples)),
            "drag": drag(page, "Strength"),
        }
        return {"backend": backend, "first_paint_ms": first_paint, **figures}


def measure_gradio(options: argparse.Namespace) -> dict[str, Any]:
    port = free_port()
    script = str(Path(__file__).with_name("gradio_app.py"))
    version = subprocess.check_output([options.gradio, "-c", "import gradio; print(gradio.__version__)"], text=True).strip()
    with Server([options.gradio, script, str(port), str(options.palette), str(options.photo)], port) as server, Chromium() as page:
        page.open(server.url)
        page.until("!!document.querySelector('input[type=range]')")
        time.sleep(3)  # until its own scripts listen
        page.evaluate(RECORD % GRADIO)
        figures = {"generator": summary(single_moves(page, "Strength", options.samples)), "drag": drag(page, "Strength")}
        return {"version": version, **figures}


def single_moves(page: Chromium, name: str, samples: int) -> list[float]:
    """Milliseconds from key press to pixels, one move at a time; the first five warm up. No value comes twice, for engines remember."""
    clear(page, name)
    page.evaluate(f"slider('{name}').focus()")
    page.press("End")
    settled(page)
    latencies = []
    for _ in range(min(samples, 140) + 5):
        clear(page, name)
        page.press("ArrowLeft")
        latencies += waits(settled(page))
        time.sleep(0.04)
    return latencies[5:]


def mixed_moves(page: Chromium, samples: int) -> list[float]:
    """As `single_moves`, of the weight of one of two styles, which are one again afterwards."""
    page.evaluate("document.querySelector('style-grid .mix:not(.in)').click()")
    page.until("!!document.querySelector('style-mix control-slider')")
    latencies = single_moves(page, "Mix", min(samples, 90))
    page.evaluate("[...document.querySelectorAll('style-grid .mix.in')].at(-1).click()")
    return latencies


def drag(page: Chromium, name: str, moves: int = 150) -> dict[str, float]:
    """Every move of a drag at 60 moves a second, through the lower half, where no single move has been; and pictures a second."""
    script = (
        f"(() => {{ slider('{name}').scrollIntoView({{ block: 'center', behavior: 'instant' }});"
        f" const {{ x, y, width, height }} = slider('{name}').getBoundingClientRect(); return [x, y + height / 2, width]; }})()"
    )
    x, y, width = page.evaluate(script)
    clear(page, name)
    page.mouse("mousePressed", x + 8, y)
    settled(page)
    clear(page, name)
    began = time.monotonic()
    for move in range(moves):
        page.mouse("mouseMoved", x + 8 + DRAGGED * (width - 16) * (move + 1) / moves, y)
        time.sleep(max(0.0, began + (move + 1) / 60 - time.monotonic()))
    page.mouse("mouseReleased", x + 8 + DRAGGED * (width - 16), y)
    record = settled(page)
    times = [at for at, *_ in record["draws"]]
    found = summary(waits(record)) | {"a_second": round(1000 * (len(times) - 1) / (times[-1] - times[0]), 1)}
    widths = [width for _, _, *width in record["draws"] if width]
    return found | {"narrowest_px": min(widths)[0]} if widths else found


def clear(page: Chromium, name: str) -> None:
    page.evaluate(f"Object.assign(record, {{ control: '{name.split()[0].lower()}', inputs: [], draws: [] }})")


def settled(page: Chromium) -> dict[str, Any]:
    """What was recorded once the last value is drawn."""
    found: dict[str, Any] = page.evaluate("settled()")
    return found


def waits(record: dict[str, Any]) -> list[float]:
    """Milliseconds from each input until its value, or that of a later input, was drawn."""
    inputs, draws = record["inputs"], record["draws"]
    latencies = []
    for index, (moment, _) in enumerate(inputs):
        wanted = {value for _, value in inputs[index:]} | {None}
        latencies.append(next(at for at, value, *_ in draws if at >= moment and value in wanted) - moment)
    return latencies


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def summary(milliseconds: list[float]) -> dict[str, float]:
    p50, p95 = (round(float(np.percentile(milliseconds, share)), 1) for share in (50, 95))
    return {"p50_ms": p50, "p95_ms": p95, "samples": len(milliseconds)}


def machine() -> dict[str, Any]:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    return {"cpu": model, "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}


def flat(figures: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Nested figures as lines, those of a measurement in one."""
    lines: list[tuple[str, Any]] = []
    for name, value in figures.items():
        lines += flat(value, f"{prefix}{name} ") if isinstance(value, dict) and "p50_ms" not in value else [(prefix + name, value)]
    return lines


if __name__ == "__main__":
    main()
