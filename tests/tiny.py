"""A tiny palette made in memory, whose paintings can be computed exactly: `expected` is the same arithmetic in numpy.

The code is (gate, red, stripes, mono). The painting is a 3×3 box blur with reflected borders, plus red·(1, -1, -1)/2, plus stripes times
the difference of the right and left neighbour, plus mono times (luma - blur). `python -m tests.tiny OUT.palette` writes it to disk.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from impasto import palette, picture

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
RED = np.array([0.5, -0.5, -0.5], np.float32)
CODES = {"red": (1, 1, 0, 0), "stripes": (1, 0, 1, 0), "mono": (1, 0, 0, 1)}
STRIDED_FIELD_PX = 48  # of `strided_model`: 3 + 6 + 12 for the strides, 16 for the residual, 8 for the nearest pixels, 3 to paint
BRUSHES = {"red": (0, 0.5, 0, 0), "stripes": (0, 0, 0.5, 0), "mono": (0, 0, 0, 0.25)}


def expected(pixels: NDArray[np.float32], code: NDArray[np.float32]) -> NDArray[np.float32]:
    """The generator in numpy: H×W×3 in 0..1 and a code of 4 to H×W×3, clipped to 0..1."""
    photo = pixels * 2 - 1
    padded = np.pad(photo, ((1, 1), (1, 1), (0, 0)), mode="reflect")
    height, width = photo.shape[:2]
    blur = sum(padded[y : y + height, x : x + width] for y in range(3) for x in range(3)) / 9
    edges = padded[1:-1, 2:] - padded[1:-1, :-2]
    luma = (photo @ LUMA)[..., None]
    painting = blur + code[1] * RED + code[2] * edges + code[3] * (luma - blur)
    return np.clip((photo + code[0] * (painting - photo) + 1) / 2, 0, 1).astype(np.float32)


def model() -> bytes:
    """The ONNX file, with its weights stored as float16 where that is exact enough and cast, as in real palettes."""
    blur, edges, luma = np.zeros((3, 3, 3, 3)), np.zeros((3, 3, 3, 3)), np.zeros((3, 3, 1, 1))
    for channel in range(3):
        blur[channel, channel] = 1
        edges[channel, channel, 1] = (-1, 0, 1)
        luma[channel, :, 0, 0] = LUMA
    weights = {"blur_sum16": blur.astype(np.float16), "edges16": edges.astype(np.float16), "luma_w": luma.astype(np.float32)}
    constants = {
        **weights,
        "pads": np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64),
        "ninth": np.array(1 / 9, np.float32),
        "red_shift": RED.reshape(1, 3, 1, 1),
        "spatial": np.array([2, 3], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Cast", ["blur_sum16"], ["blur_w"], to=TensorProto.FLOAT),
        node("Cast", ["edges16"], ["edges_w"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["code", "spatial"], ["code4"]),
        node("Split", ["code4"], ["gate", "red", "stripes", "mono"], axis=1, num_outputs=4),
        node("Pad", ["photo", "pads"], ["padded"], mode="reflect"),
        node("Conv", ["padded", "blur_w"], ["blur_sum"]),
        node("Mul", ["blur_sum", "ninth"], ["blur"]),
        node("Conv", ["padded", "edges_w"], ["edges"]),
        node("Conv", ["photo", "luma_w"], ["luma"]),
        node("Mul", ["red", "red_shift"], ["red_part"]),
        node("Mul", ["stripes", "edges"], ["stripes_part"]),
        node("Sub", ["luma", "blur"], ["to_mono"]),
        node("Mul", ["mono", "to_mono"], ["mono_part"]),
        node("Sum", ["blur", "red_part", "stripes_part", "mono_part"], ["painted"]),
        node("Sub", ["painted", "photo"], ["change"]),
        node("Mul", ["gate", "change"], ["gated"]),
        node("Add", ["photo", "gated"], ["painting"]),
    ]
    return serialize(nodes, constants, code_length=4)


def strided_model(width: int = 8, seed: int = 3) -> bytes:
    """A random network with the bones of a real one: down to 1/8, a residual there, nearest upsampling."""
    rng = np.random.default_rng(seed)
    nodes, constants = [], {"pads": np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64), "scales": np.array([1, 1, 8, 8], np.float32)}

    def convolution(source: str, target: str, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        constants[f"{target}_w"] = (rng.normal(size=(outputs, inputs, kernel, kernel)) * 1.4 / (kernel * inputs**0.5)).astype(np.float32)
        nodes.append(helper.make_node("Pad", [source, "pads"], [f"{target}_p"], mode="reflect"))
        nodes.append(helper.make_node("Conv", [f"{target}_p", f"{target}_w"], [f"{target}_c"], strides=[stride, stride]))
        nodes.append(helper.make_node("LeakyRelu", [f"{target}_c"], [target], alpha=0.2))

    convolution("photo", "half", 3, width, 4, 2)
    convolution("half", "quarter", width, width, 4, 2)
    convolution("quarter", "eighth", width, width, 4, 2)
    convolution("eighth", "body", width, width, 3, 1)
    nodes.append(helper.make_node("Add", ["eighth", "body"], ["residual"]))
    nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    nodes.append(helper.make_node("Resize", ["residual", "", "scales"], ["large"], **nearest))
    convolution("large", "paint", width, 3, 3, 1)
    constants["gate_axes"], constants["gate_at"] = np.array([2, 3], np.int64), np.array([0], np.int64)
    nodes.append(helper.make_node("Gather", ["code", "gate_at"], ["gate2"], axis=1))
    nodes.append(helper.make_node("Unsqueeze", ["gate2", "gate_axes"], ["gate"]))
    nodes.append(helper.make_node("Tanh", ["paint"], ["painted"]))
    nodes.append(helper.make_node("Sub", ["painted", "photo"], ["change"]))
    nodes.append(helper.make_node("Mul", ["gate", "change"], ["gated"]))
    nodes.append(helper.make_node("Add", ["photo", "gated"], ["painting"]))
    return serialize(nodes, constants, code_length=4)


def serialize(nodes: list[onnx.NodeProto], constants: dict[str, NDArray], code_length: int) -> bytes:
    """A checked ONNX file with the inputs and the output that a palette has."""
    shape = [1, 3, "height", "width"]
    graph = helper.make_graph(
        nodes,
        "generator",
        [
            helper.make_tensor_value_info("photo", TensorProto.FLOAT, shape),
            helper.make_tensor_value_info("code", TensorProto.FLOAT, [1, code_length]),
        ],
        [helper.make_tensor_value_info("painting", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(proto)
    return proto.SerializeToString()


def make(generator: bytes | None = None, receptive_field_px: int = 3) -> palette.Palette:
    """The tiny palette, or the same styles over another network with codes of length 4."""
    styles = tuple(
        palette.Style(
            name=name,
            title=name.title(),
            artist="A. Tester",
            years="2000-2001",
            licence="CC0-1.0",
            sources=("made by the tests",),
            code=np.array(CODES[name], np.float32),
            brush=np.array(BRUSHES[name], np.float32),
            look={"saturation": 1.1} if name == "red" else {},
            scores={"kid": 0.5},
        )
        for name in CODES
    )
    thumb = picture.encode(picture.from_array(np.full((8, 8, 3), 0.5)), "webp")
    return palette.Palette(
        name="tiny",
        title="Tiny",
        authors=("The tests",),
        licence="CC0-1.0",
        created_with="impasto 0.1.0",
        generator=palette.GeneratorInfo(8, receptive_field_px, 63, 4_000_000, 4),
        photo_code=np.zeros(4, np.float32),
        styles=styles,
        model=generator or model(),
        thumbs=dict.fromkeys(CODES, thumb),
    )


if __name__ == "__main__":
    palette.write(make(), Path(sys.argv[1]))
