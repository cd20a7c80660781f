"""Slider to pixels in a headless Chromium: how long after an input event the painting (generator) or the finish stands on the canvas.

    python benchmarks/studio_latency.py [--palette FILE] [--photo FILE] [--samples N] [--json]

Each figure runs from the browser's own time stamp of a real key press to the moment the pixels are drawn (a pixel is read back to be sure).
`drag` moves the slider 60 times a second; each move is timed until its value, or a newer one, is on the canvas. Needs `impasto[dev]`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from impasto.palette import shipped

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--enable-unsafe-swiftshader"]
SERVE = """
import sys
from pathlib import Path
from impasto.studio.server import serve
serve("127.0.0.1", int(sys.argv[1]), False, Path(sys.argv[2]))
"""
RECORDER = """() => {
    const view = document.querySelector("compare-view");
    const gl = view.painting.getContext("webgl2");
    const pixel = new Uint8Array(4);
    window.record = { inputs: [], sends: [], draws: [] };
    addEventListener("input", (event) => record.inputs.push(event.timeStamp), true);
    view.addEventListener("drawn", () => {
        gl?.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
        record.draws.push([performance.now(), Number(view.dataset.seq)]);
    });
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (frame) {
        const text = new TextDecoder().decode(frame.subarray(4));
        if (text.includes('"type":"paint"')) record.sends.push([performance.now(), JSON.parse(text).seq]);
        return send.call(this, frame);
    };
}"""


def main() -> None:
    options = parse_arguments()
    port = free_port()
    studio = subprocess.Popen([sys.executable, "-c", SERVE, str(port), str(options.palette or shipped())])
    try:
        url = f"http://127.0.0.1:{port}"
        health = wait_for(f"{url}/healthz")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
            figures = measure(browser.new_page(viewport={"width": 1280, "height": 800}), url, options)
            browser.close()
    finally:
        studio.terminate()
        studio.wait()
    report({**machine(), "backend": health["backend"], **figures}, options.json)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--palette", type=Path, help="the palette (default: the shipped one)")
    parser.add_argument("--photo", type=Path, help="the photo (default: the page's sample, 512×512)")
    parser.add_argument("--samples", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                answer: dict[str, Any] = json.load(response)
                return answer
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def measure(page: Page, url: str, options: argparse.Namespace) -> dict[str, Any]:
    page.goto(url)
    page.locator("compare-view.painted").wait_for(timeout=60_000)
    if options.photo:
        page.set_input_files("photo-drop input", str(options.photo))
    while page.locator("style-grid canvas:not([data-made])").count():
        page.wait_for_timeout(200)
    page.evaluate(RECORDER)
    figures = {"generator": single_moves(page, "Strength", options.samples), "finish": single_moves(page, "Saturation", options.samples)}
    figures["drag"] = drag(page, "Brush size")
    size = page.evaluate(
        "() => { const { width, height } = document.querySelector('compare-view').painting; return `${width}×${height}`; }"
    )
    return {"canvas": size, **figures}


def single_moves(page: Page, name: str, samples: int) -> list[float]:
    """Milliseconds from key press to pixels, one move at a time; the first five warm up.

    No value comes twice, since the engine would remember it.
    """
    page.get_by_role("slider", name=name, exact=True).focus()
    page.keyboard.press("End")
    latencies = []
    for _ in range(min(samples, 140) + 5):
        clear(page)
        page.keyboard.press("ArrowLeft")
        record = settled(page)
        latencies.append(drawn_after(record, record["inputs"][0], name == "Strength"))
        page.wait_for_timeout(40)
    return latencies[5:]


def drag(page: Page, name: str, moves: int = 150) -> list[float]:
    """Milliseconds for every move of a drag through the whole range, at 60 moves a second."""
    box = page.get_by_role("slider", name=name, exact=True).bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, y)
    page.mouse.down()
    clear(page)
    began = time.monotonic()
    for move in range(moves):
        page.mouse.move(box["x"] + 8 + (box["width"] - 16) * (move + 1) / moves, y)
        time.sleep(max(0.0, began + (move + 1) / 60 - time.monotonic()))
    page.mouse.up()
    record = settled(page)
    return [drawn_after(record, moment, True) for moment in record["inputs"]]


def clear(page: Page) -> None:
    page.evaluate("() => { for (const list of Object.values(record)) list.length = 0; }")


def settled(page: Page) -> dict[str, Any]:
    """What was recorded once every request has been drawn."""
    while True:
        page.wait_for_timeout(30)
        record: dict[str, Any] = page.evaluate("() => record")
        last_sent = record["sends"][-1][1] if record["sends"] else 0
        if record["draws"] and record["inputs"] and record["draws"][-1][1] >= last_sent:
            return record


def drawn_after(record: dict[str, Any], moment: float, by_generator: bool) -> float:
    """Milliseconds from the moment until pixels made from a look at least as new were on the canvas."""
    wanted = next(seq for sent, seq in record["sends"] if sent >= moment) if by_generator else 0
    found: float = next(drawn for drawn, seq in record["draws"] if drawn >= moment and seq >= wanted)
    return found - moment


def machine() -> dict[str, Any]:
    model = next((line.split(":")[1].strip() for line in cpu_lines() if line.startswith("model name")), platform.processor())
    return {"cpu": model, "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}


def cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def report(figures: dict[str, Any], as_json: bool) -> None:
    for name in ("generator", "finish", "drag"):  # lists of milliseconds until here
        values = figures[name]
        figures[name] = {"p50_ms": round(float(np.percentile(values, 50)), 1), "p95_ms": round(float(np.percentile(values, 95)), 1)}
        figures[name]["samples"] = len(values)
    if as_json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:10} {value}")


if __name__ == "__main__":
    main()
