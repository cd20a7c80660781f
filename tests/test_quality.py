"""The scores on pictures where the answer is known."""

import pytest
import torch

from impasto.measure.quality import StyleSpace, frechet_distance, kernel_distance, structure, style_distance


@pytest.fixture(scope="module")
def space() -> StyleSpace:
    return StyleSpace()


def stripes(count: int, period: float) -> list[torch.Tensor]:
    """Striped 3×64×96 pictures that differ in phase only."""
    columns = torch.arange(96.0)
    return [torch.sin(columns / period + phase).expand(3, 64, 96) * 0.8 for phase in range(count)]


@pytest.mark.slow
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


def test_kid_is_nought_on_average_for_one_distribution_and_grows_with_the_distance() -> None:
    torch.manual_seed(0)
    same = [kernel_distance(torch.randn(40, 8), torch.randn(60, 8)) for _ in range(40)]
    assert abs(sum(same) / len(same)) < 0.05 and min(same) < 0
    near, far = (kernel_distance(torch.randn(40, 8) + shift, torch.randn(60, 8)) for shift in (0.5, 1.5))
    assert 0.1 < near < far


def test_the_frechet_distance_of_gaussians_is_the_known_one() -> None:
    torch.manual_seed(0)
    first = torch.randn(5000, 3)
    second = torch.randn(5000, 3) * torch.tensor([2.0, 1.0, 1.0]) + torch.tensor([0.0, 3.0, 0.0])
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(first, second) == pytest.approx(3**2 + (2 - 1) ** 2, rel=0.05)
