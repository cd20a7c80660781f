"""INT8: a palette's convolutions in whole numbers of 8 bits, calibrated on real photos; all else, the modulation above all, stays float.

Post-training quantization by ONNX Runtime, written as QuantizeLinear and DequantizeLinear, which every runtime understands. Activations
have 8 bits and a scale a tensor, weights 7 and a scale a channel: with 8 the products of two neighbours overflow the 16 bits in which
processors without VNNI add them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from impasto.backends import open_backend
from impasto.compress.export import packed
from impasto.compress.probes import Probe, levels_apart, paint, probes
from impasto.errors import ImpastoError
from impasto.palette import Palette
from impasto.train.data import Image

LIMIT = 4.0  # levels of 255 that paintings may differ by on average, in the style that differs most
CALIBRATED_ON = 52  # probes
JUDGED_ON = 26
PREPARED = ("onnx.quant.pre_process", "onnxruntime.quant")  # the library's own mark; without it it advises on standard error


@dataclass(frozen=True, eq=False)
class Quantized:
    """A palette in INT8, the layers that stayed float, and by how many levels of 255 its paintings differ (the worst style's mean)."""

    palette: Palette
    kept_float: tuple[str, ...]
    levels_apart: float


def quantize(palette: Palette, images: list[Image], limit: float = LIMIT, say: Callable[[str], None] = lambda _: None) -> Quantized:
    """The palette in INT8, calibrated and judged on these photos.

    Where paintings differ by more than `limit` levels, the layers that hurt most alone stay float, one after the other, until they do not.
    Raises ImpastoError when nothing would be left to quantize.
    """
    with tempfile.TemporaryDirectory() as folder:
        trial = _Trial(palette, images, Path(folder))
        layers, kept = trial.layers, list[str]()
        model = trial.model(layers)
        if (apart := trial.levels_apart(model)) > limit:
            say(f"With all {len(layers)} layers in INT8 paintings differ by {apart:.1f} levels of 255: trying them one by one.")
            harm = {layer: trial.levels_apart(trial.model([layer])) for layer in layers}
            layers = sorted(layers, key=harm.__getitem__)
        while apart > limit:
            kept.append(layers.pop())
            if not layers:
                raise ImpastoError(f"No layer of {palette.title} can be INT8 within {limit:g} levels of 255.", "Keep the palette as it is.")
            model = trial.model(layers)
            apart = trial.levels_apart(model)
    made = replace(palette, model=model, created_with=f"{palette.created_with}, INT8")
    return Quantized(made, tuple(kept), round(apart, 2))


class _Trial:
    """A network with the ranges of its activations, that is made again and again with other layers in INT8."""

    def __init__(self, palette: Palette, images: list[Image], folder: Path) -> None:
        self.folder, self.network = folder, folder / "float.onnx"
        model = _unpacked(palette.model)
        model.metadata_props.add(key=PREPARED[0], value=PREPARED[1])
        onnx.save(model, self.network)
        self.layers = [node.name for node in model.graph.node if node.op_type == "Conv"]
        self.calibration = probes(palette, images, CALIBRATED_ON)
        self.judged = probes(palette, images[::-1], JUDGED_ON)
        self.wanted = paint(open_backend("onnxruntime", palette.model), self.judged)

    def model(self, layers: list[str]) -> bytes:
        """The network with these layers in INT8. The ranges are measured the first time and then kept."""
        output = self.folder / "int8.onnx"
        quantize_static(
            self.network,
            output,
            _Reader(self.calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=layers,
            calibration_cache_path=self.folder / "ranges.json",
        )
        model = onnx.load(output)
        del model.metadata_props[:], model.graph.value_info[:]  # a tenth of the file, of use to nobody
        return packed(model)

    def levels_apart(self, model: bytes) -> float:
        return levels_apart(paint(open_backend("onnxruntime", model), self.judged), self.wanted, self.judged)


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # the library has no types
    """Hands the probes to the library one by one."""

    def __init__(self, calibration: list[Probe]) -> None:
        self.left = iter(calibration)

    def get_next(self) -> dict[str, Any] | None:
        probe = next(self.left, None)
        return None if probe is None else {"photo": probe.planes, "code": probe.code[None]}


def _unpacked(data: bytes) -> Any:
    """The model as the library asks for it: a name for every node, and weights in float32 that are weights.

    That is, no longer float16 with a Cast, nor another's by an Identity: a convolution with such a bias would stay float in ONNX Runtime.
    """
    model = onnx.load_model_from_string(data)
    graph = model.graph
    for index, node in enumerate(graph.node):
        node.name = node.name or f"{node.op_type} {index}"
    stored = {tensor.name: tensor for tensor in graph.initializer}
    for node in [node for node in graph.node if node.op_type in ("Cast", "Identity")]:
        if node.input[0] in stored:
            values = numpy_helper.to_array(stored[node.input[0]])
            stored[node.output[0]] = numpy_helper.from_array(values.astype(np.float32), node.output[0])
            graph.node.remove(node)
    used = {name for node in graph.node for name in node.input}
    del graph.initializer[:]
    graph.initializer.extend(tensor for name, tensor in stored.items() if name in used)
    return model
