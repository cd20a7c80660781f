"""Learning a style from pictures with the real losses on the shipped network: repeatable, resumable, and careful about what it is given."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from impasto import palette, picture
from impasto.engine import Engine
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.train import learn, practice
from impasto.train.examples import gather
from impasto.train.learned import Naming
from impasto.train.learner import Learner
from impasto.train.objectives.projected import moments

pytestmark = pytest.mark.slow

IMPASTO = [sys.executable, "-m", "impasto"]
STEPS = 3


def save(path: Path, pixels: np.ndarray) -> Path:
    path.write_bytes(picture.encode(picture.from_array(pixels.astype(np.float32)), "png"))
    return path


@pytest.fixture(scope="module")
def stripes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An orange and blue picture of stripes."""
    rows, columns = np.mgrid[0:120, 0:160]
    wave = (0.5 + 0.5 * np.sin(columns / 2 + rows / 9))[..., None]
    return save(tmp_path_factory.mktemp("pictures") / "stripes.png", wave * [0.9, 0.4, 0.1] + (1 - wave) * [0.1, 0.2, 0.6])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The palette that ships, with two styles."""
    whole = palette.read(palette.shipped())
    kept = whole.styles[:2]
    path = tmp_path_factory.mktemp("palettes") / "small.palette"
    palette.write(replace(whole, styles=kept, thumbs={style.name: whole.thumbs[style.name] for style in kept}), path)
    return path


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one made-up photo."""
    folder = tmp_path_factory.mktemp("photos")
    save(folder / "scene.png", practice.scene(np.random.default_rng(4)) / 255)
    return folder


@pytest.fixture
def lesson(stripes: Path, small: Path, photos: Path, tmp_path: Path) -> learn.Lesson:
    return learn.Lesson([stripes], Naming("Étude 1", "CC0"), tmp_path / "mine.palette", small, photos, steps=STEPS)


def quiet(_: object) -> None:
    pass


@pytest.fixture(scope="module")
def finished(stripes: Path, small: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The palette of an undisturbed lesson."""
    output = tmp_path_factory.mktemp("finished") / "mine.palette"
    learn.learn(learn.Lesson([stripes], Naming("Étude 1", "CC0"), output, small, photos, steps=STEPS), quiet, quiet)
    return output


def test_a_learned_palette_says_where_it_comes_from_and_paints(finished: Path, photo: picture.Picture) -> None:
    made = palette.read(finished)
    (style,) = made.styles
    assert (style.name, style.title, style.licence, style.sources) == ("etude-1", "Étude 1", "CC0", ("stripes.png (CC0)",))
    assert "3 steps, seed 1" in made.created_with
    assert set(made.thumbs) == {"etude-1"}
    engine = Engine(made, "onnxruntime")
    assert np.abs(engine.paint(photo, Look()).pixels - photo.pixels).mean() > 0.01
    assert np.array_equal(engine.paint(photo, Look(strength=0)).pixels, photo.pixels)


def test_the_palette_learned_from_stays_what_it_was(finished: Path, small: Path) -> None:
    assert small.read_bytes() == palette.pack(palette.read(small))
    assert palette.read(finished).model != palette.read(small).model


class CrashError(Exception):
    pass


def after(step: int, act: Callable[[], object]) -> Callable[[learn.Report], None]:
    """Do something at the report of that step."""

    def tell(report: learn.Report) -> None:
        if report.step == step:
            act()

    return tell


def crash() -> None:
    raise CrashError


def test_a_lesson_that_crashed_ends_with_the_same_bytes(finished: Path, lesson: learn.Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(learn, "SAVE_SECONDS", 0.0)
    with pytest.raises(CrashError):
        learn.learn(lesson, quiet, after(2, crash))  # the checkpoint is of step 1
    assert not lesson.output.exists()
    said: list[str] = []
    learn.learn(lesson, said.append, quiet)
    assert said == ["Going on from step 1."]
    assert lesson.output.read_bytes() == finished.read_bytes()


def test_ctrl_c_keeps_what_is_learned_and_more_steps_go_on(lesson: learn.Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "REPORT_SECONDS", 0.0)
    longer = replace(lesson, steps=1000)
    made = learn.learn(longer, quiet, after(1, lambda: signal.raise_signal(signal.SIGINT)))
    assert "in 1 steps" in made.created_with
    assert palette.read(lesson.output).id == made.id
    with pytest.raises(ImpastoError, match="other pictures"):
        learn.learn(replace(longer, seed=2), quiet, quiet)


def test_kill_loses_nothing_that_was_saved(lesson: learn.Lesson, tmp_path: Path) -> None:
    command = [*IMPASTO, "learn", str(lesson.pictures[0]), "--name", "Étude 1", "--licence", "CC0", "-o", str(lesson.output)]
    command += ["--from", str(lesson.source), "--photos", str(lesson.photos), "--preview", str(lesson.pictures[0]), "--json"]
    running = subprocess.Popen([*command, "--minutes", "10"], stdout=subprocess.DEVNULL)
    checkpoint = tmp_path / "mine.learning" / learn.CHECKPOINT
    while not checkpoint.exists() and running.poll() is None:
        time.sleep(0.05)
    running.kill()
    running.wait()
    done = subprocess.run([*command, "--steps", "2"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Going on from step" in done.stdout
    assert (tmp_path / "mine.learning" / learn.PREVIEW).exists()
    assert palette.read(lesson.output).styles[0].title == "Étude 1"


def test_learning_comes_closer_to_the_pictures(stripes: Path, small: Path, photos: Path) -> None:
    learner = Learner(palette.read(small), gather([stripes]).images, practice.photos(photos, 1), 1)
    planes = learner._planes(np.random.default_rng(9), 2)

    def distance() -> float:
        with torch.no_grad():
            apart = learner.likeness.apart(moments(learner.features(learner.average(planes))))
        return float(apart.colours + apart.strokes)

    first = distance()
    assert first < sum(learner.untouched)
    for _ in range(12):
        learner.advance()
    assert distance() < 0.9 * first


def test_the_example_s_own_moments_are_nearest_to_it(stripes: Path, small: Path, photos: Path) -> None:
    """Of two codes the first guess takes the one whose paintings are given as examples."""
    source = palette.read(small)
    practised = practice.photos(photos, 1)
    painted = Engine(source, "onnxruntime").paint(picture.from_array(practised[0]), Look(styles=((source.styles[1].name, 1.0),)))
    learner = Learner(source, [np.asarray(painted.pixels * 255, np.uint8)], practised, 1)
    assert max(learner.guess, key=lambda name: learner.guess[name]) == source.styles[1].name
