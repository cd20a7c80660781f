"""A palette's network made trainable again: weights out of its ONNX into a torch generator, and back. Knows nothing of training.

The names are the exporter's: a convolution keeps its name, with `.half` where it is stored as float16; a linear map has none of
its own and is found, transposed, by the MatMul that uses it (`/body.0/reach/film/scale_shift/MatMul`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from impasto.errors import ImpastoError
from impasto.palette import Palette
from impasto.train.networks import UNBOUNDED, FilmGenerator, GeneratorOptions

HALF = ".half"
PARTS = ("encode", "body", "decode")  # of blocks, in the order in which they run
Weights = dict[str, NDArray[np.float32]]


def generator_of(palette: Palette) -> FilmGenerator:
    """The palette's generator in torch, its widths and blocks read off the weights.

    Raises ImpastoError for a palette whose network is not a FilmGenerator.
    """
    refused = ImpastoError(
        f"The network of {palette.title} is not one that can learn.", "Start from the palette that ships: leave out --from."
    )
    found = {"bound.weight": np.array([UNBOUNDED], np.float32)} | _read(onnx.load_model_from_string(palette.model))
    try:
        generator = FilmGenerator(_options(found, palette.generator.code_length))
        generator.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in found.items()})
    except (KeyError, IndexError, RuntimeError, ValueError):
        raise refused from None
    return generator


def model_of(generator: FilmGenerator, template: bytes) -> bytes:
    """The ONNX file of a generator, made from that of another one of the same shape; weights are rounded to what the file can hold."""
    model = onnx.load_model_from_string(template)
    state = {name: value.detach().cpu().numpy() for name, value in generator.state_dict().items()}
    names = _names(model)
    for position, tensor in enumerate(model.graph.initializer):
        if tensor.name in names:
            name, transposed = names[tensor.name]
            value = np.ascontiguousarray(state[name].T if transposed else state[name])
            kind = numpy_helper.to_array(tensor).dtype
            model.graph.initializer[position].CopyFrom(numpy_helper.from_array(value.astype(kind), tensor.name))
    return bytes(model.SerializeToString())


def _read(model: Any) -> Weights:
    """Every weight under the name that torch knows it by."""
    names, found = _names(model), {}
    for tensor in model.graph.initializer:
        if tensor.name in names:
            name, transposed = names[tensor.name]
            value = numpy_helper.to_array(tensor).astype(np.float32)
            found[name] = value.T if transposed else value
    return found


def _names(model: Any) -> dict[str, tuple[str, bool]]:
    """Initialiser → (torch's name, whether it is stored transposed), for all that are weights."""
    linear = {node.input[1]: node.name for node in model.graph.node if node.op_type == "MatMul"}
    names = {}
    for tensor in model.graph.initializer:
        plain = tensor.name.removesuffix(HALF)
        if plain in linear:
            names[tensor.name] = (linear[plain].strip("/").removesuffix("/MatMul").replace("/", ".") + ".weight", True)
        elif plain.endswith((".weight", ".bias")):
            names[tensor.name] = (plain, False)
    return names


def _options(found: Weights, code_length: int) -> GeneratorOptions:
    quarter, eighth = (len(found[f"{layer}.conv.bias"]) for layer in ("stem", "down"))
    before, middle, after = (len({name.split(".")[1] for name in found if name.startswith(f"{part}.")}) for part in PARTS)
    farthest = float(found["bound.weight"][0])
    plain = GeneratorOptions((quarter, eighth), (before, middle, after), code_length, farthest=farthest)
    blocks = [f"{part}.{index}" for part, count in zip(PARTS, plain.blocks, strict=True) for index in range(count)]
    inner = tuple(len(found[f"{block}.widen.conv.bias"]) for block in blocks)
    return plain if inner == plain.inner_widths() else replace(plain, inner=inner)
