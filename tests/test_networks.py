"""The generator's promises: the photo at gate 0, nothing beyond the receptive field, and a discriminator that heeds its condition."""

import pytest
import torch

from impasto.train.networks import FeatureHead, FilmGenerator, GeneratorOptions, PixelDiscriminator

SMALL = GeneratorOptions(width=(4, 8, 8), blocks=(1, 1, 1), code_length=8)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def test_the_code_of_zeros_is_the_photo_exactly() -> None:
    canvas = torch.rand(2, 4, 32, 48) * 2 - 1
    assert torch.equal(FilmGenerator(SMALL)(canvas, torch.zeros(2, 8)), canvas[:, :3])


def test_beyond_full_strength_the_painting_stays_in_range() -> None:
    code = torch.cat([torch.ones(1, 1), torch.randn(1, 7) * 5], dim=1)
    painting = FilmGenerator(SMALL)(torch.rand(1, 4, 32, 32) * 2 - 1, 1.5 * code)
    assert painting.abs().max() <= 1


def test_a_pixel_depends_on_nothing_outside_the_receptive_field() -> None:
    generator = FilmGenerator(SMALL).double()
    bound = generator.receptive_field_px()
    photo = torch.randn(1, 4, 256, 256, dtype=torch.float64, requires_grad=True)
    widest = 0
    for offset in range(8):  # one whole cell of the coarsest grid
        at = 128 + offset
        painting = generator(photo, torch.ones(1, 8, dtype=torch.float64))
        (slope,) = torch.autograd.grad(painting[0, :, at, 128].sum(), photo)
        rows = slope.abs().sum((0, 1, 3)).nonzero()
        widest = max(widest, 2 * max(at - int(rows.min()), int(rows.max()) - at) + 1)
    assert bound - 16 <= widest <= bound


def test_the_default_generator_is_small_enough_for_real_time() -> None:
    generator = FilmGenerator(GeneratorOptions())
    assert sum(weight.numel() for weight in generator.parameters()) < 1_000_000


@pytest.mark.parametrize("judge", [FeatureHead(3, 1, 2, width=8), PixelDiscriminator(2, width=8)])
def test_discriminators_heed_their_condition(judge: torch.nn.Module) -> None:
    picture = torch.randn(1, 3, 32, 32)
    first, second = judge(picture, torch.tensor([[1.0, 0.0]])), judge(picture, torch.tensor([[0.0, 1.0]]))
    assert first.shape == second.shape and not torch.equal(first, second)


def test_impossible_options_are_refused() -> None:
    with pytest.raises(ValueError, match="widths"):
        GeneratorOptions(width=(1, 8, 8))
