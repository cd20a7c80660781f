"""Random use by a seeded monkey: whatever it does, nothing complains, memory stays level, and the page still paints what it should.

IMPASTO_MONKEY_MINUTES=60 lets it play for an hour and prints what the studio and the browser hold, every ten seconds (with -s at once);
IMPASTO_MONKEY_SEED gives it another mind. The studio is a process of its own, as a person starts it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.engine import Engine
from impasto.look import CONTROLS, Look
from impasto.palette import Palette
from impasto.picture import encode, from_array
from tests.browser.conftest import Studio
from tests.conftest import make_pixels

MINUTES = float(os.environ.get("IMPASTO_MONKEY_MINUTES", 0))
SEED = int(os.environ.get("IMPASTO_MONKEY_SEED", 7))
ACTIONS = 90  # when no time is given
# What each may come to hold. The studio keeps up to 160 MiB of paintings, 64 of masks, 192 of decoded photos and 128 of files, of which the
# monkey's small photos need little.
MOST_GROWTH_MIB = {"studio": 320, "browser": 400, "page": 100}
LOOK_EVERY_S = 10
KEYS = [
    "c",
    "b",
    "0",
    "1",
    "+",
    "-",
    "r",
    "s",
    "m",
    "[",
    "]",
    "Control+z",
    "Control+z",
    "Control+Shift+z",
    "Tab",
    "Enter",
    "ArrowRight",
    "?",
    "l",
]
# What leaves the page or asks the person for a file is not the monkey's.
BUTTONS = "button:visible:not(:disabled):not(.language):not(.open):not(.export):not(.camera):not(.import):not(.file):not(.more)"


class Monkey:
    def __init__(self, person: Studio, seed: int) -> None:
        self.person, self.page, self.random = person, person.page, random.Random(seed)
        self.photos = [encode(from_array(make_pixels(*size, seed=seed)), "png") for size in ((320, 200), (200, 320), (600, 450))]
        self.acts: list[Callable[[], object]] = [self.slide, self.slide, self.slide, self.press, self.press, self.key, self.key]
        self.acts += [self.wheel, self.drag, self.drag, self.open_photo]

    def act(self) -> str:
        """One random action; a dialog that has come up is closed now and then, for behind it nothing can be reached."""
        if self.page.locator("dialog[open]").count() and self.random.random() < 0.7:
            self.page.keyboard.press("Escape")
            return "escape"
        chosen = self.random.choice(self.acts)
        chosen()
        return chosen.__name__

    def slide(self) -> None:
        control = self.random.choice(list(CONTROLS.values()))
        self.person.set(control.label, self.random.uniform(control.minimum, control.maximum))

    def press(self) -> None:
        buttons = self.page.locator(BUTTONS)
        script = "(buttons, share) => buttons[Math.floor(share * buttons.length)]?.click()"
        buttons.evaluate_all(script, self.random.random())

    def key(self) -> None:
        self.page.keyboard.press(self.random.choice(KEYS))

    def place(self) -> tuple[float, float]:
        box: Any = self.page.locator("compare-view .pane.first").bounding_box()
        return box["x"] + self.random.random() * box["width"], box["y"] + self.random.random() * box["height"]

    def wheel(self) -> None:
        self.page.mouse.move(*self.place())
        self.page.mouse.wheel(0, self.random.uniform(-400, 400))

    def drag(self) -> None:
        self.page.mouse.move(*self.place())
        self.page.mouse.down()
        self.page.mouse.move(*self.place(), steps=4)
        self.page.mouse.up()

    def open_photo(self) -> None:
        file = {"name": "some.png", "mimeType": "image/png", "buffer": self.random.choice(self.photos)}
        self.page.set_input_files("photo-drop input", [file])  # type: ignore[list-item]


@dataclass
class Memory:
    """MiB held by the studio, by the browser's processes, and by the page's objects and buffers; how many nodes and listeners it has."""

    studio: float
    browser: float
    page: float
    nodes: int
    listeners: int

    @classmethod
    def now(cls, person: Studio, studio: int) -> Memory:
        counts = counted(person)
        page = counts["JSHeapUsedSize"] / 2**20
        return cls(held_mib([studio]), held_mib(browser_processes()), page, int(counts["Nodes"]), int(counts["JSEventListeners"]))


def counted(person: Studio) -> dict[str, float]:
    """What the browser counts in the page."""
    session = person.page.context.new_cdp_session(person.page)
    session.send("Performance.enable")
    found = {row["name"]: row["value"] for row in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return found


def held_mib(processes: list[int]) -> float:
    """Memory, where the system tells it: what is shared counted in parts; programs, which other browsers share too, not at all."""
    held = 0.0
    for process in processes:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
            held += sum(map(int, re.findall(r"^Pss_(?:Anon|Shmem): +(\d+) kB", rollup, re.MULTILINE))) / 1024
    return held


def browser_processes() -> list[int]:
    """The descendants of this process that are the browser's; its driver, which keeps a record of all that was asked for, is not."""
    parents: dict[int, list[int]] = {}
    names: dict[int, str] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
            names[int(stat.parent.name)] = name
            parents.setdefault(int(rest.split()[1]), []).append(int(stat.parent.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return [process for process in found if "chrom" in names[process] or "headless" in names[process]]


class StudioProcess:
    """`impasto studio` on a free port, with nothing of this process in its memory."""

    def __init__(self, palette: Path, home: Path) -> None:
        command = [sys.executable, "-m", "impasto", "studio", "--palette", str(palette), "--port", "0", "--no-browser"]
        self._process = subprocess.Popen(command, env={**os.environ, "XDG_DATA_HOME": str(home)}, stderr=subprocess.PIPE, text=True)
        self.id = self._process.pid
        assert self._process.stderr
        said = self._process.stderr.readline()
        self.url = re.findall(r"http://\S+", said)[0]

    def stop(self) -> str:
        """Ends it; what else it said in its terminal."""
        self._process.terminate()
        return self._process.communicate(timeout=60)[1]


@pytest.fixture
def studio(tiny_palette_path: Path, tmp_path: Path) -> Iterator[StudioProcess]:
    running = StudioProcess(tiny_palette_path, tmp_path)
    yield running
    assert running.stop() == ""


@pytest.mark.parametrize("fresh", [True])
def test_random_use_does_no_harm(person: Studio, studio: StudioProcess, photo_pixels: NDArray[np.uint8], tiny_palette: Palette) -> None:
    if MINUTES:
        faulthandler.cancel_dump_traceback_later()  # it does not hang, it plays
    monkey = Monkey(person, SEED)
    done: list[str] = []
    before = Memory.now(person, studio.id)
    began = looked = time.monotonic()
    while time.monotonic() < began + 60 * MINUTES or (not MINUTES and len(done) < ACTIONS):
        done.append(monkey.act())
        assert person.complaints == [], f"seed {SEED}, after {done[-10:]}"
        if time.monotonic() > looked + LOOK_EVERY_S:
            looked = time.monotonic()
            print(f"{looked - began:6.0f} s  {len(done):6} actions  {Memory.now(person, studio.id)}", flush=True)
    person.page.request_gc()  # what the browser has only not tidied up yet it does not hold
    person.page.wait_for_timeout(2000)
    after = Memory.now(person, studio.id)
    for name, most in MOST_GROWTH_MIB.items():
        assert getattr(after, name) - getattr(before, name) < most, f"{name}, after {len(done)} actions: {before}, {after}"
    person.page.goto(f"{person.url}/docs")  # the page keeps its look when it is left, so it is forgotten from elsewhere
    person.page.evaluate("() => localStorage.clear()")
    person.open()
    person.choose(photo_pixels)
    person.until_pixels(Engine(tiny_palette).paint(from_array(photo_pixels), Look()).pixels)
