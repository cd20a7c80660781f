"""A shipped network made trainable again: torch paints what ONNX Runtime paints, and the weights go back as they came."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch

from impasto import palette
from impasto.compress.export import to_onnx
from impasto.errors import ImpastoError
from impasto.palette import Palette
from impasto.train.networks import FilmGenerator, GeneratorOptions
from impasto.train.weights import generator_of, model_of


@pytest.fixture(scope="module")
def shipped() -> Palette:
    return palette.read(palette.shipped())


def painted(model: bytes, planes: np.ndarray, code: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"photo": planes, "code": code})[0])


def painted_by(generator: FilmGenerator, planes: np.ndarray, code: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return np.asarray(generator(torch.tensor(planes), torch.tensor(code)).numpy())


def test_torch_paints_what_the_palette_paints(shipped: Palette) -> None:
    generator = generator_of(shipped)
    planes = np.random.default_rng(0).uniform(-1, 1, (1, shipped.generator.inputs, 96, 200)).astype(np.float32)
    for style in (shipped.styles[0], shipped.styles[-1]):
        assert np.abs(painted_by(generator, planes, style.code[None]) - painted(shipped.model, planes, style.code[None])).max() < 1e-5


def test_weights_go_back_as_they_came(shipped: Palette) -> None:
    assert model_of(generator_of(shipped), shipped.model) == shipped.model


def test_other_weights_go_into_the_same_file(shipped: Palette) -> None:
    generator = generator_of(shipped)
    random = torch.Generator().manual_seed(1)
    for weight in generator.parameters():
        weight.data += 0.01 * torch.randn(weight.shape, generator=random)
    planes = np.random.default_rng(1).uniform(-1, 1, (1, shipped.generator.inputs, 64, 64)).astype(np.float32)
    code = shipped.styles[1].code[None]
    model = model_of(generator, shipped.model)
    assert np.abs(painted(model, planes, code) - painted(shipped.model, planes, code)).max() > 0.01
    assert np.abs(painted(model, planes, code) - painted_by(generator, planes, code)).max() < 0.01  # float16 in the file


def test_widths_and_blocks_are_read_off_the_weights(shipped: Palette) -> None:
    options = GeneratorOptions((4, 12), (1, 2, 0), 8, farthest=0.5)
    exported = FilmGenerator(options)
    random = torch.Generator().manual_seed(2)
    for weight in exported.parameters():  # of equal weights, such as a fresh network's biases, the exporter keeps only one
        weight.data += torch.randn(weight.shape, generator=random)
    info = replace(shipped.generator, code_length=8)
    found = generator_of(replace(shipped, model=to_onnx(exported), generator=info))
    assert found.options == options
    for name, weight in exported.state_dict().items():
        assert torch.equal(found.state_dict()[name], weight), name


def test_another_kind_of_network_is_refused(tiny_palette: Palette) -> None:
    with pytest.raises(ImpastoError, match="not one that can learn"):
        generator_of(tiny_palette)
