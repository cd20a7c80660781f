"""INT8: nearly the same paintings in every runtime, steered by the same codes; layers that hurt stay float."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import skimage.data

from impasto import compress, palette, picture
from impasto.backends import installed, open_backend
from impasto.compress.export import made_again
from impasto.compress.probes import levels_apart, paint, probes
from impasto.compress.quantize import Quantized, quantize
from impasto.engine import Engine
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.palette import Palette
from impasto.train import practice
from impasto.train.data import Image
from impasto.train.resnet import ResnetGenerator, ResnetOptions

pytestmark = pytest.mark.slow
FAITHFUL = 6  # levels of 255, mean over pixels


@pytest.fixture(scope="module")
def shipped() -> Palette:
    return palette.read(palette.shipped())


@pytest.fixture(scope="module")
def images() -> list[Image]:
    return practice.photos(None, 1)


@pytest.fixture(scope="module")
def quantized(shipped: Palette, images: list[Image]) -> Quantized:
    return quantize(shipped, images)


@pytest.fixture(scope="module")
def unseen() -> list[Image]:
    return [getattr(skimage.data, name)() for name in ("astronaut", "coffee", "chelsea", "rocket")]


def test_every_runtime_paints_the_same_in_float(shipped: Palette, unseen: list[Image]) -> None:
    tried = probes(shipped, unseen, len(shipped.styles))
    first, *others = [paint(open_backend(name, shipped.model), tried) for name in installed()]
    assert others
    for paintings in others:
        assert max(np.abs(one - other).max() for one, other in zip(first, paintings, strict=True)) * 127.5 < 1


@pytest.mark.parametrize("backend", installed())
def test_int8_is_faithful_in_every_style_on_photos_it_has_not_seen(
    backend: str, shipped: Palette, quantized: Quantized, unseen: list[Image]
) -> None:
    tried = probes(shipped, unseen, 2 * len(shipped.styles))
    wanted = paint(open_backend("onnxruntime", shipped.model), tried)
    apart = levels_apart(paint(open_backend(backend, quantized.palette.model), tried), wanted, tried)
    assert 0 < apart <= FAITHFUL


def test_int8_is_the_smaller_file(shipped: Palette, quantized: Quantized) -> None:
    assert len(quantized.palette.model) < len(shipped.model)


def test_codes_still_steer(shipped: Palette, quantized: Quantized, unseen: list[Image]) -> None:
    photo = picture.from_array(unseen[1][:200, :296])
    engine, plain = Engine(quantized.palette), Engine(shipped)
    paintings = []
    for style in shipped.styles[:3]:
        looks = [Look(styles=((style.name, 1.0),), strength=strength) for strength in (0.02, 1.0)]
        faint, full = (engine.render(photo, look).pixels for look in looks)
        assert np.abs(faint - photo.pixels).mean() < 0.1 * np.abs(full - photo.pixels).mean()
        assert np.abs(full - plain.render(photo, looks[1]).pixels).mean() < 0.25 * np.abs(full - photo.pixels).mean()
        paintings.append(full)
    assert min(np.abs(one - other).mean() for one, other in pairwise(paintings)) > 0.02


def test_convolutions_alone_are_int8(shipped: Palette, quantized: Quantized, tmp_path: Path) -> None:
    palette.write(quantized.palette, tmp_path / "int8.palette")
    model = onnx.load_model_from_string(palette.read(tmp_path / "int8.palette").model)
    rounded = {node.output[0] for node in model.graph.node if node.op_type == "DequantizeLinear"}
    plain = [node for node in model.graph.node if node.op_type == "Conv" and not set(node.input) <= rounded]
    assert sorted(node.name for node in plain) == sorted(quantized.kept_float)
    assert not [node for node in model.graph.node if node.op_type in {"MatMul", "Gemm"} and set(node.input) & rounded]


def test_layers_that_hurt_stay_float(tiny_palette: Palette, images: list[Image]) -> None:
    whole = quantize(tiny_palette, images)
    assert whole.kept_float == () and whole.levels_apart > 0
    limit = 0.7 * whole.levels_apart
    careful = quantize(tiny_palette, images, limit)
    assert 0 < len(careful.kept_float) < 3
    assert 0 < careful.levels_apart <= limit


def test_every_convolution_of_a_resnet_is_int8_in_onnx_runtime(
    tiny_palette: Palette, images: list[Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its biases are all zeros, which the exporter writes down once for all: one that is no weight keeps its convolution in float."""
    monkeypatch.setattr(compress.quantize, "CALIBRATED_ON", 2)
    monkeypatch.setattr(compress.quantize, "JUDGED_ON", 1)
    generator = ResnetGenerator(ResnetOptions(blocks=1)).eval()
    generator.fold()
    style = replace(tiny_palette.styles[0], code=np.ones(1, np.float32), brush=np.zeros(1, np.float32))
    plain = made_again(replace(tiny_palette, styles=(style,), photo_code=np.zeros(1, np.float32), thumbs={}), generator)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it says that the file is for this machine
    options.optimized_model_filepath = str(tmp_path / "run.onnx")
    onnxruntime.InferenceSession(quantize(plain, images, 255.0).palette.model, options, providers=["CPUExecutionProvider"])
    kinds = [node.op_type for node in onnx.load(tmp_path / "run.onnx").graph.node]
    assert "Conv" not in kinds
    assert kinds.count("QLinearConv") == sum(node.op_type == "Conv" for node in onnx.load_model_from_string(plain.model).graph.node)


def test_what_cannot_be_int8_is_refused(tiny_palette: Palette, images: list[Image]) -> None:
    with pytest.raises(ImpastoError, match="No layer"):
        quantize(tiny_palette, images, 0.0)
