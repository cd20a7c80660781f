"""The loss terms on pictures where the answer is known."""

import torch
from torch.nn import functional as F

from impasto.train.blemishes import blotches, grid, lattice, unevenness, unrest
from impasto.train.features import FrozenFeatures
from impasto.train.objectives.projected import FORMS_PX, StyleMoments, feature_distance, forms_kept, light_distance, moments
from impasto.train.painter import StyleCodes


def test_codes_have_gate_one_and_brush_directions_gate_zero() -> None:
    codes = StyleCodes(3, 8)
    assert torch.equal(codes.code()[:, 0], torch.ones(3)) and torch.equal(codes.brush()[:, 0], torch.zeros(3))
    half = codes(torch.tensor([2]), torch.zeros(1, 1), torch.full((1, 1), 0.5))
    assert torch.equal(half[0], 0.5 * codes.code()[2])


def test_distances_of_a_picture_to_itself_are_zero() -> None:
    picture = torch.rand(2, 3, 64, 64) * 2 - 1
    taps = FrozenFeatures()(picture)
    assert feature_distance(taps, taps).abs().max() < 1e-5
    assert light_distance(picture, picture).max() == 0
    style, brush = torch.tensor([0, 1]), torch.zeros(2, 1)
    seen = StyleMoments(2, [tap.shape[1] for tap in taps])
    seen.observe(moments(taps), style, brush)
    assert seen.distance(moments(taps), style, brush).max() < 1e-4


def test_strokes_finer_than_a_cell_leave_the_light_alone() -> None:
    strokes = torch.zeros(1, 3, 32, 32)
    strokes[..., ::2] = 0.5
    strokes[..., 1::2] = -0.5
    assert light_distance(strokes, torch.zeros(1, 3, 32, 32)).max() < 1e-6


def test_forms_are_the_light_as_it_changes_and_of_large_ones_not_what_lies_inside() -> None:
    torch.manual_seed(0)
    style = torch.tensor([0, 0])
    photos = F.interpolate(torch.rand(2, 1, 8, 8), scale_factor=12).expand(-1, 3, -1, -1) * 2 - 1
    assert (forms_kept(0.4 * photos + 0.2, photos, style) > 0.999).all()
    assert (forms_kept(-photos, photos, style) < -0.999).all()
    strokes = photos + torch.randn(2, 1, 96, 96)
    fine, coarse = (forms_kept(strokes, photos, style, square_px) for square_px in FORMS_PX)
    assert (fine < 0.7).all() and (coarse > 0.9).all()


def test_statistics_take_the_crops_of_one_style_together() -> None:
    torch.manual_seed(0)
    crops, brush = torch.rand(2, 4, 8, 8), torch.zeros(2, 1)
    together, apart = StyleMoments(2, [4]), StyleMoments(2, [4])
    together.observe(moments([crops]), torch.tensor([0, 0]), brush)
    apart.observe(moments([crops]), torch.tensor([0, 1]), brush)
    swapped = moments([crops.flip(0)])
    assert together.distance(swapped, torch.tensor([0, 0]), brush).max() < 1e-5
    assert apart.distance(swapped, torch.tensor([0, 1]), brush).min() > 0.01


def test_a_picture_is_odd_where_all_paintings_agree() -> None:
    torch.manual_seed(0)
    seen, style, brush = StyleMoments(1, [2]), torch.zeros(1, dtype=torch.int64), torch.zeros(1, 1)

    def crop(steady: float, varied: float) -> torch.Tensor:
        return moments([torch.tensor([steady, varied])[None, :, None, None] + torch.randn(1, 2, 16, 16)])

    for step in range(200):
        seen.observe(crop(1.0, 3.0 * (-1) ** step), style, brush)
    usual, other, wrong = (seen.oddness(crop(*means), style, brush) for means in ((1.0, 3.0), (1.0, 0.0), (-2.0, 3.0)))
    assert usual < 0.5 and other < 0.5
    assert wrong > 3


def test_unrest_is_told_in_colour_and_light_and_in_flat_places_only() -> None:
    flat = torch.zeros(1, 3, 32, 32)
    specks = flat.clone()
    specks[:, 0, ::4, ::4] = 1
    grey = specks.amax(1, keepdim=True).expand(-1, 3, -1, -1)
    busy = torch.rand(1, 1, 32, 32).expand(-1, 3, -1, -1) * 2 - 1
    colour, light = unrest(grey, flat)
    assert colour.max() < 1e-6 and light.min() > 0.05
    assert unrest(specks, flat)[0].min() > 10 * unrest(specks, busy)[0].max()


def test_blotches_are_what_stands_alone_in_a_flat_place() -> None:
    torch.manual_seed(0)
    sky, busy = torch.zeros(1, 3, 96, 96), torch.rand(1, 1, 96, 96).expand(-1, 3, -1, -1) * 2 - 1
    comma, hatching, tint = sky.clone(), sky.clone(), sky + 0.3
    comma[..., 40:56, 40:56] = -0.5
    hatching[..., ::2] = 0.5
    assert blotches(comma, sky) > 10 * blotches(hatching, sky)
    assert blotches(comma, sky) > 10 * blotches(busy + comma, busy)
    assert blotches(tint, sky) < 1e-6
    half = sky.clone()
    half[..., 48:] = 0.6  # a wall beside the sky, which is painted in another colour
    recoloured = half.clone()
    recoloured[:, 0, :, 48:] = -0.6
    assert blotches(recoloured, half) < 0.1 * blotches(comma, sky)


def test_unevenness_is_what_near_places_differ_in_the_painting_and_not_in_the_photo() -> None:
    wall = torch.zeros(1, 3, 96, 96)
    clouded, hatched, beside = wall.clone(), wall.clone(), wall.clone()
    clouded[..., 32:64, 32:64] = -0.5
    hatched[..., ::2] = 0.5
    beside[..., 32:64, 32:64] = 0.4  # a thing of another colour, which may become darker than its surroundings
    assert unevenness(clouded, wall).item() > 0.1
    assert unevenness(clouded, beside).item() < 0.02 * unevenness(clouded, wall).item()
    assert unevenness(hatched, wall).item() == unevenness(wall - 0.7, wall).item() == 0
    assert unevenness(clouded[..., :32, :32], wall[..., :32, :32]).item() == 0  # too small to have near places


def test_frozen_features_have_the_promised_strides_and_no_trainable_weight() -> None:
    features = FrozenFeatures()
    shapes = [tuple(tap.shape[1:]) for tap in features(torch.zeros(1, 3, 64, 64))]
    assert shapes == [(16, 32, 32), (24, 16, 16), (40, 8, 8), (112, 4, 4), (320, 2, 2)]
    assert not any(weight.requires_grad for weight in features.parameters())


def test_the_grid_term_sees_what_repeats_every_cell_and_nothing_else() -> None:
    torch.manual_seed(0)
    strokes = torch.randn(1, 3, 64, 64)
    tiles = torch.randn(1, 3, 8, 8).repeat(1, 1, 8, 8)
    steps = torch.arange(64).float().div(8).floor().expand(1, 3, 64, 64)  # differs between cells, not within
    assert grid(tiles) > 3 * grid(strokes)
    assert grid(steps) < 1e-5


def test_the_lattice_term_sees_a_faint_pattern_in_the_spectrum() -> None:
    torch.manual_seed(0)
    anywhere = torch.randn(2, 3, 160, 160) * 0.1
    pattern = torch.zeros(2, 3, 160, 160)
    pattern[..., ::4, ::4] = 0.2 * torch.rand(2, 3, 40, 40)  # some cells have more of it than others
    assert lattice(anywhere) < 0.05
    assert lattice(anywhere + pattern) > 0.2
    assert torch.isfinite(lattice(torch.zeros(1, 3, 64, 64)))
