"""What the tests of compression share: a small network to compress, photos, and figures that make it quick."""

from __future__ import annotations

from pathlib import Path

import pytest

from impasto import palette
from impasto.compress import compression, judge, quantize, target
from impasto.compress.probes import photos
from impasto.palette import Palette
from impasto.train.data import Image
from tests import film

SIZES_PX = (64, 128)  # that the page times here; its own take minutes where much else runs
FEWER = {
    judge: {"PHOTOS": 2, "PHOTO_PX": 192},
    quantize: {"CALIBRATED_ON": 6, "JUDGED_ON": 3},
    compression: {"PRUNED_ON": 8, "SIZES_PX": SIZES_PX, "USUAL_PX": 128},
    target: {"PATIENT": 7},
}


# `python -c QUICKLY DIRECTORY impasto ...`: the whole command with these figures, as a process of its own.
QUICKLY = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from impasto.cli import main
from tests.compress.conftest import FEWER
for module, figures in FEWER.items():
    vars(module).update(figures)
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is done, on fewer and smaller photos."""
    for module, figures in FEWER.items():
        for name, value in figures.items():
            monkeypatch.setattr(module, name, value)


@pytest.fixture(scope="module")
def original() -> Palette:
    return film.make(film.network())


@pytest.fixture(scope="module")
def original_path(original: Palette, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("original") / "original.palette"
    palette.write(original, path)
    return path


@pytest.fixture(scope="module")
def images() -> list[Image]:
    return photos(None)
