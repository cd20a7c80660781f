"""Folding: the plain network paints what the modulated one paints, and needs no code."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from impasto import palette
from impasto.backends import OnnxRuntimeBackend
from impasto.cli import main
from impasto.compress.fold import fold
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.palette import Palette


@pytest.fixture(scope="module")
def shipped() -> Palette:
    return palette.read(palette.shipped())


@pytest.mark.parametrize(
    "look",
    [Look(), Look(styles=(("monet", 0.5), ("turner", 0.5)), strength=1.4, brush=0.6)],
    ids=["first style", "mix, strength and brush"],
)
def test_the_folded_network_paints_the_same(shipped: Palette, look: Look, tmp_path: Path) -> None:
    fold(shipped, look, tmp_path / "plain.onnx")
    photo = np.random.default_rng(1).uniform(-1, 1, (1, shipped.generator.inputs, 128, 72)).astype(np.float32)
    session = onnxruntime.InferenceSession(tmp_path / "plain.onnx", providers=["CPUExecutionProvider"])
    assert [tensor.name for tensor in session.get_inputs()] == ["photo"]
    painted = session.run(None, {"photo": photo})[0]
    expected = OnnxRuntimeBackend(shipped.model).run(photo, shipped.code(look))
    assert np.abs(painted - expected).max() < 2 / 255


def test_it_is_smaller_and_has_no_modulation_left(shipped: Palette, tmp_path: Path) -> None:
    fold(shipped, Look(), tmp_path / "plain.onnx")
    plain, whole = onnx.load(tmp_path / "plain.onnx"), onnx.load_model_from_string(shipped.model)
    assert len(plain.SerializeToString()) < len(shipped.model)
    assert len(plain.graph.node) < len(whole.graph.node)
    assert not any(node.op_type in {"MatMul", "Gemm"} for node in plain.graph.node)
    facts = {fact.key: fact.value for fact in plain.metadata_props}
    assert facts["strength"] == "1" and facts["licence"] == shipped.licence


def test_from_the_command_line(shipped: Palette, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "plain.onnx"
    assert main(["export", "--fold", "--style", "monet", "--strength", "0.8", "-o", str(output)]) == 0
    facts = {fact.key: fact.value for fact in onnx.load(output).metadata_props}
    assert (facts["styles"], facts["strength"]) == ("monet 1", "0.8")
    assert main(["export", "--fold", "--style", "monnet", "-o", str(output)]) == 2
    assert "monet" in capsys.readouterr().err


def test_a_network_of_another_kind_is_refused(tiny_palette: Palette, tmp_path: Path) -> None:
    with pytest.raises(ImpastoError):
        fold(tiny_palette, Look(styles=(("red", 1.0),)), tmp_path / "plain.onnx")
    assert not list(tmp_path.iterdir())
