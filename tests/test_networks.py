"""The generator's promises: the photo at gate 0, nothing beyond the receptive field, and a discriminator that heeds its condition."""

from dataclasses import replace

import pytest
import torch

from impasto.train.discriminators import FeatureHead, Patchgan, PatchganOptions, PixelDiscriminator
from impasto.train.networks import BOLDER, INPUTS, FilmGenerator, Generator, GeneratorOptions
from impasto.train.resnet import ResnetGenerator, ResnetOptions

SMALL = GeneratorOptions(width=(4, 8), blocks=(1, 1, 1), code_length=8)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def test_the_code_of_zeros_is_the_photo_exactly() -> None:
    canvas = torch.rand(2, INPUTS, 32, 48) * 2 - 1
    assert torch.equal(FilmGenerator(SMALL)(canvas, torch.zeros(2, 8)), canvas[:, :3])


def test_beyond_full_strength_the_painting_stays_in_range() -> None:
    code = torch.cat([torch.ones(1, 1), torch.randn(1, 7) * 5], dim=1)
    painting = FilmGenerator(SMALL)(torch.rand(1, INPUTS, 32, 32) * 2 - 1, 1.5 * code)
    assert painting.abs().max() <= 1


def test_beyond_full_strength_the_painting_goes_further_from_the_photo_and_strokes_differ_more() -> None:
    generator, photo, clean = FilmGenerator(SMALL), torch.zeros(1, 3, 32, 32), torch.zeros(1, INPUTS - 3, 32, 32)
    code = torch.cat([torch.ones(1, 1), torch.randn(1, 7)], dim=1)
    toned = clean.clone()
    toned[:, 5] = torch.rand(1, 32, 32)  # every stroke's own tone
    (flat, strokes), (bold_flat, bold_strokes) = (
        [generator(torch.cat([photo, canvas], dim=1), strength * code) for canvas in (clean, toned)] for strength in (1.0, 1.5)
    )
    further = 1 + BOLDER / 2
    assert flat.abs().max() > 0 and (strokes - flat).abs().max() > 0
    torch.testing.assert_close(bold_flat, further * flat)
    tone, bold_tone = torch.atanh(strokes) - torch.atanh(flat), torch.atanh(bold_strokes / further) - torch.atanh(flat)
    torch.testing.assert_close(bold_tone, 1.5 * tone)


def test_what_is_decided_does_not_see_the_grain() -> None:
    """A clear sky is one decision wherever it is: what differs in it is the canvas times that decision, and nothing else."""
    generator, sky = FilmGenerator(SMALL), torch.full((1, 3, 32, 32), 0.2)
    code = torch.cat([torch.ones(1, 1), torch.randn(1, 7)], dim=1)
    surface = torch.rand(1, 5, 32, 32) * 2 - 1  # tones, reliefs and the weave
    made = [torch.atanh(generator(torch.cat([sky, sky, share * surface, sky, 0 * sky[:, :1]], dim=1), code)) for share in (0.0, 0.5, 1.0)]
    assert made[0].std((2, 3)).max() < 1e-5 < made[1].std((2, 3)).min()
    torch.testing.assert_close(made[2] - made[0], 2 * (made[1] - made[0]))


def test_a_cell_adds_no_more_colour_than_a_recipe_allows() -> None:
    canvas, code = torch.zeros(1, INPUTS, 32, 32), torch.cat([torch.ones(1, 1), torch.zeros(1, 7)], dim=1)
    free, bounded = FilmGenerator(SMALL), FilmGenerator(replace(SMALL, farthest=0.25))
    bounded.load_state_dict({name: value for name, value in free.state_dict().items() if name != "bound.weight"}, strict=False)
    for generator in (free, bounded):
        assert generator.paint.conv.bias is not None
        generator.paint.conv.bias.data[:3] = torch.tensor([-2.0, 0.0, 2.0])  # what is added to red, green and blue
    added = [torch.atanh(generator(canvas, code)).mean((0, 2, 3)) for generator in (free, bounded)]
    assert added[0][0] < -1.5 and added[0][2] > 1.5
    assert added[1].abs().max() < 0.2501


@pytest.mark.parametrize("generator", [FilmGenerator(SMALL), ResnetGenerator(ResnetOptions(width=4, blocks=2))], ids=["film", "resnet"])
def test_a_pixel_depends_on_nothing_outside_the_receptive_field(generator: Generator) -> None:
    generator = generator.double().eval()
    bound = generator.receptive_field_px()
    photo = torch.randn(1, generator.inputs, 256, 256, dtype=torch.float64, requires_grad=True)
    widest = 0
    for offset in range(generator.size_multiple):  # one whole cell of the coarsest grid
        at = 128 + offset
        painting = generator(photo, torch.ones(1, generator.code_length, dtype=torch.float64))
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
        GeneratorOptions(width=(1, 8))


def test_the_published_resnet_has_its_published_size() -> None:
    assert sum(weight.numel() for weight in ResnetGenerator(ResnetOptions()).parameters()) == 11_378_179


def test_the_resnet_s_code_of_zeros_is_the_photo_exactly_and_beyond_1_it_stays_in_range() -> None:
    generator, photo = ResnetGenerator(ResnetOptions(width=4, blocks=1)), torch.rand(2, 3, 32, 48) * 2 - 1
    assert torch.equal(generator(photo, torch.zeros(2, 1)), photo)
    assert generator(photo, torch.full((2, 1), 1.5)).abs().max() <= 1


def test_folding_the_norms_changes_nothing_that_is_painted() -> None:
    generator, photo = ResnetGenerator(ResnetOptions(width=4, blocks=2)), torch.rand(2, 3, 64, 64) * 2 - 1
    for _ in range(100):
        generator(photo, torch.ones(2, 1))  # the norms measure
    before = generator.eval()(photo, torch.ones(2, 1))
    generator.fold()
    assert not any("norm" in name for name in generator.state_dict())
    assert (generator(photo, torch.ones(2, 1)) - before).abs().max() < 1e-5


@pytest.mark.parametrize(("halvings", "patch_px"), [(3, 70), (2, 34), (1, 16)])
def test_a_patchgan_judges_patches_of_its_published_size(halvings: int, patch_px: int) -> None:
    judge = Patchgan(PatchganOptions(width=4, halvings=halvings)).double()
    judge.layers = torch.nn.Sequential(*(layer for layer in judge.layers if not isinstance(layer, torch.nn.InstanceNorm2d)))
    picture = torch.randn(1, 3, 256, 256, dtype=torch.float64, requires_grad=True)
    (scores,) = judge(picture)
    middle = scores.shape[2] // 2
    (slope,) = torch.autograd.grad(scores[0, 0, middle, middle], picture)
    rows = slope.abs().sum((0, 1, 3)).nonzero()
    assert int(rows.max() - rows.min()) + 1 == patch_px
