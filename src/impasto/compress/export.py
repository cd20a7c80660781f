"""From a run to a palette: the averaged generator as ONNX, proved equal to torch, with every style's code and thumbnail."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import impasto
from impasto import palette as palettes
from impasto import picture
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.palette import GeneratorInfo, Palette, Style
from impasto.train import data
from impasto.train.hand import lean
from impasto.train.networks import Generator
from impasto.train.painter import Painter
from impasto.train.recipe import Recipe, StyleRecipe

OPSET = 17
PARITY = 1e-4  # largest difference between torch and ONNX Runtime, in the network's -1..1
THUMB_PX = 160


def export(run_folder: Path, output: Path) -> None:
    """Write what the run has learned so far as a palette; the run may still be training.

    Where it has learned the way back too (cyclegan), that becomes a second palette beside the first, NAME-back.palette. Raises
    ImpastoError when there is no checkpoint or when ONNX Runtime's pixels are not torch's.
    """
    from impasto.train.loop import reopen  # takes seconds to load, and a lesson does without

    recipe, shipped, step = reopen(run_folder)
    for ending, painter in shipped.painters().items():
        if ending:
            _write(_backwards(recipe), painter, step, output.with_stem(f"{output.stem}-{ending}"))
        else:
            _write(recipe, painter, step, output)


def _write(recipe: Recipe, painter: Painter, step: int, output: Path) -> None:
    """One painter as a palette."""
    lean(painter, recipe)
    painter.generator.fold()
    made = _palette(recipe, painter, proved(painter.generator), step)
    palettes.write(with_thumbs(made), output)


def made_again(palette: Palette, generator: Generator) -> Palette:
    """The palette with another network for the same codes; its thumbnails stay those of the old one."""
    return replace(palette, model=proved(generator), generator=_info(generator))


def proved(generator: Generator) -> bytes:
    """The ONNX file of a generator, whose weights are rounded to float16; an ImpastoError when its pixels are not torch's."""
    round_to_half(generator)
    model = to_onnx(generator)
    worst = parity(generator, model)
    if worst > PARITY:
        raise ImpastoError(f"ONNX Runtime and torch differ by {worst:.2g}.", "Nothing was written; please report this.")
    return model


def _backwards(recipe: Recipe) -> Recipe:
    """What the way back learned: photos are its one style."""
    photo = StyleRecipe(name="photo", title="Photograph", paintings=recipe.data.photos)
    whole = replace(recipe.data, held_out=0)
    return replace(recipe, name=f"{recipe.name}-back", title=f"{recipe.title}, back", styles=(photo,), data=whole)


def to_onnx(generator: Generator) -> bytes:
    """The generator as ONNX with dynamic height and width; weights are stored as float16 and computed with as float32."""
    inputs = {"photo": torch.zeros(1, generator.inputs, 64, 64), "code": torch.zeros(1, generator.code_length)}
    return packed(traced(generator, inputs))


def traced(network: nn.Module, inputs: dict[str, torch.Tensor]) -> Any:
    """An ONNX model of a network from a photo (and more) to a painting, both of dynamic height and width."""
    buffer = io.BytesIO()
    axes = {2: "height", 3: "width"}
    with warnings.catch_warnings():  # the TorchScript exporter needs no further package, and says that it is the old one
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            tuple(inputs.values()),
            buffer,  # type: ignore[arg-type]  # the old exporter writes to a stream, the new one's signature does not say so
            dynamo=False,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=["painting"],
            dynamic_axes={"photo": axes, "painting": axes},
        )
    return onnx.load_model_from_string(buffer.getvalue())


def packed(model: Any) -> bytes:
    """The model's file, its weights stored as float16 where that loses nothing, checked."""
    _store_as_half(model)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def parity(generator: Generator, model: bytes) -> float:
    """Largest difference between torch and ONNX Runtime over several sizes and codes, in -1..1."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(0)
    worst = 0.0
    for height, width in ((64, 64), (96, 200), (256, 128)):
        photo = random.uniform(-1, 1, (1, generator.inputs, height, width)).astype(np.float32)
        code = random.normal(size=(1, generator.code_length)).astype(np.float32)
        with torch.no_grad():
            expected = generator(torch.from_numpy(photo), torch.from_numpy(code)).numpy()
        worst = max(worst, float(np.abs(session.run(None, {"photo": photo, "code": code})[0] - expected).max()))
    return worst


def macs_256(generator: Generator) -> int:
    """Multiply-accumulates of one 256×256 picture."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        generator(torch.zeros(1, generator.inputs, 256, 256), torch.zeros(1, generator.code_length))
    return int(counter.get_total_flops() // 2)


def _palette(recipe: Recipe, painter: Painter, model: bytes, step: int) -> Palette:
    generator = painter.generator
    codes, brushes = _rows(painter.codes.code()), _rows(painter.codes.brush())
    files = data.Sources(recipe)
    return Palette(
        name=recipe.name,
        title=recipe.title,
        authors=(recipe.authors,),
        licence=recipe.licence,
        created_with=f"impasto {impasto.__version__}, recipe {recipe.name}, {step} steps",
        generator=_info(generator),
        photo_code=np.zeros(generator.code_length, np.float32),
        styles=tuple(
            Style(
                name=style.name,
                title=style.title,
                artist=style.artist,
                years=style.years,
                licence=style.licence,
                sources=files.of(style),
                code=codes[index],
                brush=brushes[index],
                look=style.look,
            )
            for index, style in enumerate(recipe.styles)
        ),
        model=model,
    )


def _info(generator: Generator) -> GeneratorInfo:
    return GeneratorInfo(
        size_multiple=generator.size_multiple,
        receptive_field_px=generator.receptive_field_px(),
        parameters=sum(weight.numel() for weight in generator.parameters()),
        macs_256=macs_256(generator),
        code_length=generator.code_length,
        inputs=generator.inputs,
    )


def with_thumbs(made: Palette) -> Palette:
    """The palette with a thumbnail of the studio's sample photo in every style."""
    from impasto.engine import Engine

    engine = Engine(made)
    photo = picture.fit(picture.load(Path(impasto.__file__).parent / "studio" / "static" / "sample.jpg"), 2 * THUMB_PX)
    thumbs = {}
    for style in made.styles:
        painted = engine.render(photo, Look(styles=((style.name, 1.0),)))
        thumbs[style.name] = picture.encode(picture.fit(painted, THUMB_PX), "webp", quality=80, keep_metadata=False)
    return replace(made, thumbs=thumbs)


def _rows(codes: torch.Tensor) -> NDArray[np.float32]:
    """Codes rounded to 5 digits, so that they stay short as text."""
    return np.round(codes.detach().numpy(), 5).astype(np.float32)


def round_to_half(network: nn.Module) -> None:
    """Round every weight to what float16 can hold, so that the stored network is the very one that was checked."""
    for weight in network.parameters():
        weight.data = weight.data.half().float()


def _store_as_half(model: Any) -> None:
    """Replace float32 initialisers by float16 ones and a Cast; runtimes fold the Cast away when they load."""
    graph = model.graph
    casts = []
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        half = values.astype(np.float16)
        if tensor.data_type != TensorProto.FLOAT or values.size < 64 or not np.array_equal(half.astype(np.float32), values):
            continue
        stored = f"{tensor.name}.half"
        casts.append(helper.make_node("Cast", [stored], [tensor.name], name=f"{tensor.name}.cast", to=TensorProto.FLOAT))
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(half, stored))
    for position, node in enumerate(casts):
        graph.node.insert(position, node)
