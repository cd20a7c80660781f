"""Random use by a seeded monkey: whatever it does, nothing complains, memory stays level, and the page still paints what it should.

IMPASTO_MONKEY_MINUTES=60 lets it play for an hour and prints what the studio and the browser hold, every half minute (with -s at once);
IMPASTO_MONKEY_SEED gives it another mind.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.engine import Engine
from impasto.look import CONTROLS, Look
from impasto.palette import Palette
from impasto.picture import encode, from_array
from impasto.studio import heap
from tests.browser.conftest import Studio
from tests.conftest import make_pixels

MINUTES = float(os.environ.get("IMPASTO_MONKEY_MINUTES", 0))
SEED = int(os.environ.get("IMPASTO_MONKEY_SEED", 7))
ACTIONS = 90  # when no time is given
# What each may come to hold. The studio keeps up to 160 MiB of paintings, 64 of masks, 192 of decoded photos and 128 of files, of which the
# monkey's small photos need little.
MOST_GROWTH_MIB = {"studio": 320, "browser": 400, "page": 100}
LOOK_EVERY_S = 30
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
    """MiB held by the studio (this process, tests and all), by the browser's processes, and by the page's objects."""

    studio: float
    browser: float
    page: float

    @classmethod
    def now(cls, person: Studio) -> Memory:
        page: float = person.page.evaluate("() => performance.memory?.usedJSHeapSize ?? 0")
        return cls(held_mib([os.getpid()]), held_mib(browser_processes()), page / 2**20)


def held_mib(processes: list[int]) -> float:
    """Memory with what is shared counted in parts, where the system tells it."""
    held = 0.0
    for process in processes:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            found = re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
            held += int(found[1]) / 1024 if found else 0
    return held


def browser_processes() -> list[int]:
    """Descendants of this process, of which all are the browser's or its driver's."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def test_random_use_does_no_harm(person: Studio, photo_pixels: NDArray[np.uint8], tiny_palette: Palette) -> None:
    if MINUTES:
        faulthandler.cancel_dump_traceback_later()  # it does not hang, it plays
    heap.settle()  # as `impasto studio` does
    monkey = Monkey(person, SEED)
    done: list[str] = []
    before = Memory.now(person)
    began = looked = time.monotonic()
    while time.monotonic() < began + 60 * MINUTES or (not MINUTES and len(done) < ACTIONS):
        done.append(monkey.act())
        assert person.complaints == [], f"seed {SEED}, after {done[-10:]}"
        if time.monotonic() > looked + LOOK_EVERY_S:
            looked = time.monotonic()
            print(f"{looked - began:6.0f} s  {len(done):6} actions  {Memory.now(person)}", flush=True)
    person.page.request_gc()  # what the browser has only not tidied up yet it does not hold
    person.page.wait_for_timeout(2000)
    after = Memory.now(person)
    for name, most in MOST_GROWTH_MIB.items():
        assert getattr(after, name) - getattr(before, name) < most, f"{name}, after {len(done)} actions: {before}, {after}"
    person.page.goto(f"{person.url}/docs")  # the page keeps its look when it is left, so it is forgotten from elsewhere
    person.page.evaluate("() => localStorage.clear()")
    person.open()
    person.choose(photo_pixels)
    person.until_pixels(Engine(tiny_palette).paint(from_array(photo_pixels), Look()).pixels)
