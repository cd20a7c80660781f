"""Finding the subject of a photo, with OpenCV and without it."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from impasto.errors import ImpastoError
from impasto.studio import subject


def disc() -> tuple[np.ndarray, np.ndarray]:
    """A photo with a bright disc on a dark ground, and where the disc is."""
    y, x = np.mgrid[:120, :180]
    inside = (x - 90) ** 2 + (y - 60) ** 2 < 35**2
    noise = np.random.default_rng(1).random((120, 180, 3)) * 0.1
    return (np.where(inside[..., None], [0.8, 0.7, 0.2], [0.1, 0.2, 0.5]) + noise).astype(np.float32), inside


def test_the_subject_is_what_differs_in_the_box() -> None:
    pytest.importorskip("cv2")
    pixels, inside = disc()
    mask = subject.find(pixels, (0.2, 0.1, 0.8, 0.9))
    assert mask.dtype == np.float32 and mask.min() >= 0 and mask.max() <= 1
    assert np.abs(mask - inside).mean() < 0.02


def test_a_box_has_an_inside() -> None:
    pytest.importorskip("cv2")
    with pytest.raises(ImpastoError, match="empty"):
        subject.find(disc()[0], (0.5, 0.5, 0.5, 0.9))
    assert subject.find(disc()[0], (0, 0, 1, 1)).min() == 1  # nothing to cut from


def test_without_opencv_the_hint_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImpastoError) as refused:
        subject.find(disc()[0], (0, 0, 1, 1))
    assert "impasto[subject]" in refused.value.hint
