"""The first guess: the eyes see what the training half's see, and the mix that a picture was painted in is found."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto import guess, palette, picture
from impasto.cli import main
from impasto.engine import Engine
from impasto.errors import ImpastoError
from impasto.guess import LENGTHS, nearest
from impasto.look import Look
from impasto.palette import Palette
from impasto.picture import Picture
from impasto.sharing import parse
from impasto.train.eyes import Eyes
from tests.conftest import make_pixels
from tests.studio_server import RunningStudio

SAMPLE = Path(guess.__file__).parent / "studio" / "static" / "sample.jpg"


def painted(made: Palette, style: str) -> Picture:
    """The sample photo, which a guess knows, and so a fair one: whatever differs is the style."""
    return Engine(made).paint(picture.fit(picture.load(SAMPLE), 640), Look(styles=((style, 1.0),)))


def test_the_eyes_see_what_those_of_the_training_half_see() -> None:
    pixels = np.random.default_rng(0).random((2, guess.CROP_PX, guess.CROP_PX, 3), np.float32)
    with torch.no_grad():
        wanted = Eyes()(torch.from_numpy(pixels).permute(0, 3, 1, 2) * 2 - 1).numpy()
    assert wanted.shape == (2, sum(LENGTHS))
    np.testing.assert_allclose(guess._moments(pixels), wanted, atol=2e-3)


@pytest.mark.parametrize("style", ["red", "stripes", "mono"])
def test_a_painting_is_known_by_its_style(style: str, tiny_palette: Palette) -> None:
    look = guess.guess(Engine(tiny_palette), [painted(tiny_palette, style)])
    assert look.styles[0][0] == style and look.styles[0][1] > 0.6
    assert guess.guess(Engine(tiny_palette), [painted(tiny_palette, style)]) == look


def test_pictures_of_two_styles_are_a_mix(tiny_palette: Palette) -> None:
    look = guess.guess(Engine(tiny_palette), [painted(tiny_palette, "red"), painted(tiny_palette, "mono")])
    assert {name for name, _ in look.styles[:2]} == {"red", "mono"}
    assert abs(sum(weight for _, weight in look.styles) - 1) < 0.1


@given(st.lists(st.floats(0.05, 1), min_size=4, max_size=4), st.integers(0, 2**31))
def test_a_mix_of_moments_is_found_again(weights: list[float], seed: int) -> None:
    found = np.abs(np.random.default_rng(seed).normal(1, 0.5, (4, sum(LENGTHS))))
    wanted = np.array(weights) / sum(weights)
    mixture = nearest(found, wanted @ found)
    assert (mixture >= 0).all() and np.isclose(mixture.sum(), 1)
    np.testing.assert_allclose(mixture, wanted, atol=0.05)


def test_what_nobody_can_guess_from(tiny_palette: Palette) -> None:
    small = picture.from_array(make_pixels(80, 40))
    for pictures, complaint in (([], "These are 0 pictures"), ([small] * 201, "201 pictures"), ([small], "80×40 pixels is too small")):
        with pytest.raises(ImpastoError, match=complaint):
            guess.guess(Engine(tiny_palette), pictures)


def test_it_takes_less_than_a_second_once_the_palette_is_known(tiny_palette: Palette) -> None:
    pictures = [picture.from_array(make_pixels(700, 500))]
    guess.guess(Engine(tiny_palette), pictures)
    start = time.process_time()
    guess.guess(Engine(tiny_palette), pictures)
    assert time.process_time() - start < 1


def test_on_the_command_line_as_a_text_and_as_a_palette(
    tiny_palette: Palette, tiny_palette_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.png").write_bytes(picture.encode(painted(tiny_palette, "mono"), "png"))
    command = ["guess", str(tmp_path / "a.png"), "--name", "Grey", "--palette", str(tiny_palette_path)]
    assert main(command) == 0
    told = capsys.readouterr()
    shared = parse(told.out)
    assert shared.name == "Grey" and told.err.startswith("Grey: mixed of Mono")
    assert main([*command, "-o", str(tmp_path / "grey.palette"), "--licence", "mine"]) == 0
    made = palette.read(tmp_path / "grey.palette")
    np.testing.assert_array_equal(made.styles[0].code, shared.code)
    assert made.styles[0].licence == "mine" and made.model == tiny_palette.model
    assert main([*command, "-o", str(tmp_path / "grey.palette")]) == 2


def test_in_the_studio(tiny_palette: Palette) -> None:
    studio = RunningStudio(tiny_palette)
    files = [("pictures", ("grey day.png", picture.encode(painted(tiny_palette, "mono"), "png")))]
    with httpx.Client(base_url=studio.url, timeout=60) as client:
        made = client.post("/api/styles/guess", files=files, data={"title": "Grey day"})
        assert made.status_code == 201 and made.json()["name"] == "grey-day" and made.json()["artist"].startswith("mixed of Mono")
        for sent, title, word in (
            (files, "", "name"),
            ([("pictures", ("a.png", b"nothing"))], "A", "not a picture"),
            (files * 21, "A", "many"),
        ):
            refused = client.post("/api/styles/guess", files=sent, data={"title": title})
            assert refused.status_code == 400 and word in refused.json()["error"], refused.text
        assert client.post("/api/styles/guess", data={"title": "A"}).json()["error"] == "These are 0 pictures."
    studio.stop()
