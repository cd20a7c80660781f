"""The scores on pictures where the answer is known."""

import pytest
import torch

from impasto.measure.quality import StyleSpace, structure, style_distance


@pytest.fixture(scope="module")
def space() -> StyleSpace:
    return StyleSpace()


def stripes(count: int, period: float) -> list[torch.Tensor]:
    """Striped 3×64×96 pictures that differ in phase only."""
    columns = torch.arange(96.0)
    return [torch.sin(columns / period + phase).expand(3, 64, 96) * 0.8 for phase in range(count)]


def test_a_style_is_nearer_to_itself_than_to_another(space: StyleSpace) -> None:
    fine, coarse = space.vectors(stripes(8, 1.0)), space.vectors(stripes(8, 6.0))
    assert style_distance(fine, fine) == pytest.approx(0, abs=1e-6)
    assert style_distance(fine[:8], fine[8:]) < 0.5 * style_distance(coarse, fine)


def test_structure_is_one_for_the_photo_and_its_lighter_copy_and_low_for_noise() -> None:
    torch.manual_seed(0)
    photo = torch.nn.functional.avg_pool2d(torch.randn(1, 3, 300, 400), 9, 1, 4)[0]
    assert structure(photo, photo) == pytest.approx(1, abs=1e-5)
    assert structure(0.5 * photo + 0.3, photo) == pytest.approx(1, abs=1e-5)
    assert abs(structure(torch.randn(3, 300, 400), photo)) < 0.2
