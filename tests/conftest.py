"""What all tests share: a tiny palette made in memory, an engine on it, and a small photo with edges, ramps and noise."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from absl import logging as tensorboard_logging
from hypothesis import settings
from numpy.typing import NDArray

from impasto import palette, picture
from impasto.engine import Engine
from tests import tiny

# The machine may be busy, and a failure must be one that can be seen again.
settings.register_profile("impasto", deadline=None, derandomize=True, database=None)
settings.load_profile("impasto")

# When uvicorn sets up logging, TensorBoard's handler closes the stream that it once found, pytest's own; this one it leaves alone.
tensorboard_logging.get_absl_handler().python_handler.stream = sys.__stderr__

# Longest first.
LONG_FILES = (
    "test_command.py",
    "test_page.py",
    "test_learn.py",
    "test_toy.py",
    "test_view.py",
    "test_ways.py",
    "test_access.py",
    "test_shards.py",
    "test_compress.py",
    "test_looks.py",
    "test_studio_learning.py",
    "test_finish.py",
    "test_regions.py",
    "test_monkey.py",
    "test_resume.py",
    "test_quantize.py",
    "test_objectives.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files come first: where two workers share the files, neither is left alone with one of them at the end."""
    order = {name: place for place, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What `impasto doctor` has found out about this machine is no part of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPASTO_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module", autouse=True)
def _findings(_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What it finds out in one file decides nothing in the next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPASTO_CACHE", str(tmp_path_factory.mktemp("findings")))
        yield


@pytest.fixture(scope="session")
def tiny_palette() -> palette.Palette:
    return tiny.make()


@pytest.fixture(scope="session")
def tiny_palette_path(tiny_palette: palette.Palette, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("palettes") / "tiny.palette"
    palette.write(tiny_palette, path)
    return path


@pytest.fixture
def tiny_engine(tiny_palette: palette.Palette) -> Engine:
    """An engine with an empty cache."""
    return Engine(tiny_palette)


def make_pixels(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    """H×W×3 uint8: ramps, a hard edge and a little noise."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    base = np.dstack([x, y, (x + y > 0.9) * 0.7]) * 220 + rng.integers(0, 30, (height, width, 3))
    return base.astype(np.uint8)


@pytest.fixture
def photo() -> picture.Picture:
    """67×45, so that nothing is a multiple of anything."""
    return picture.from_array(make_pixels(67, 45))
