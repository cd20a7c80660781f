"""Variants of a network: what is worth a try on which processor, how doctor chooses, and what the engine goes by afterwards."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from impasto import diagnosis, palette, variants
from impasto.backends import BACKENDS, installed
from impasto.cli import main
from impasto.diagnosis import Finding, chosen, measure
from impasto.engine import Engine
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.palette import Palette
from impasto.picture import Picture
from impasto.variants import VARIANTS, Variant, open_variant, recalled, remember, why_not

AVX2 = frozenset({"avx", "avx2", "fma"})
VNNI = AVX2 | {"avx512f", "avx512_vnni"}
SAPPHIRE = VNNI | {"avx512_bf16", "amx_bf16", "amx_int8"}


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def shifted(made: Palette, by: float) -> bytes:
    """The tiny palette's network with one weight moved, so that it paints a little differently."""
    model = onnx.load_model_from_string(made.model)
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == "red_shift")
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) + np.float32(by), tensor.name))
    return bytes(model.SerializeToString())


def never() -> bytes:
    raise AssertionError("INT8 was asked for")


@pytest.mark.parametrize(
    ("flags", "bf16", "int8"),
    [(AVX2, False, False), (VNNI, False, True), (SAPPHIRE, True, True), (AVX2 | {"avx_vnni"}, False, True), (frozenset(), False, False)],
)
def test_a_processor_is_asked_what_it_can_do(flags: frozenset[str], bf16: bool, int8: bool) -> None:
    assert (not why_not("bf16", flags), not why_not("int8", flags)) == (bf16, int8)
    assert why_not("float32", flags) == ""
    assert "cannot be told" in why_not("int8", frozenset()) and "neither VNNI nor AMX" in why_not("int8", AVX2)


def test_without_the_instructions_nothing_but_float32_is_tried(tiny_palette: Palette) -> None:
    found, model = measure(tiny_palette, never, AVX2)
    assert model == b""
    assert {one.variant for one in found if one.milliseconds} == {Variant(name) for name in installed()}
    assert all("neither" in one.problem for one in found if one.variant.numbers != "float32")
    assert [one.variant.numbers for one in found if one.used] == ["float32"]
    assert max(one.apart or 0 for one in found) < 0.1


@pytest.mark.slow
def test_with_them_int8_is_made_once_and_checked_pixel_by_pixel(tiny_palette: Palette) -> None:
    asked = []

    def int8(by: float) -> bytes:
        asked.append(by)
        return shifted(tiny_palette, by)

    near, model = measure(tiny_palette, lambda: int8(0.02), VNNI)
    assert asked == [0.02] and model == shifted(tiny_palette, 0.02)
    tried = [one for one in near if one.variant.numbers == "int8"]
    assert all(one.milliseconds and one.apart and 1 < one.apart <= diagnosis.MEAN_APART and not one.problem for one in tried)
    far, _ = measure(tiny_palette, lambda: int8(0.5), VNNI)
    tried = [one for one in far if one.variant.numbers == "int8"]
    assert all(one.apart and one.apart > diagnosis.MEAN_APART and "away from float32" in one.problem and not one.used for one in tried)


def test_where_int8_cannot_be_made_the_reason_is_told(tiny_palette: Palette) -> None:
    def refused() -> bytes:
        raise ImpastoError("This needs the training half.", "Install it.")

    found, _ = measure(tiny_palette, refused, VNNI)
    assert {one.problem for one in found if one.variant.numbers == "int8"} == {"This needs the training half. Install it."}


@pytest.mark.slow
def test_bf16_is_held_to_float32(tiny_palette: Palette) -> None:
    """On a processor without it OpenVINO may compute in float32 all the same; whatever it does, one level is the limit."""
    found, _ = measure(tiny_palette, lambda: tiny_palette.model, SAPPHIRE)
    one = next(one for one in found if one.variant.numbers == "bf16")
    assert one.apart is not None and (one.apart <= 1) != bool(one.problem)


def finding(variant: Variant, wall: float | None, processor: float = 0.0, problem: str = "") -> Finding:
    return Finding(variant, wall, processor or wall or 0.0, 0.0, problem)


@pytest.mark.parametrize(
    ("times", "best"),
    [
        ([(10.0, 10.0), (9.5, 9.5)], 0),  # too little to gain
        ([(10.0, 10.0), (8.0, 8.0)], 1),
        ([(10.0, 10.0), (6.0, 9.9)], 0),  # by the clock alone: another program was in the way
        ([(None, 0.0), (12.0, 12.0)], 1),
        ([(10.0, 10.0), (12.0, 12.0), (5.0, 5.0)], 2),
    ],
)
def test_the_fastest_is_chosen_where_it_gains_by_both_clocks(times: list[tuple[float | None, float]], best: int) -> None:
    found = [finding(variant, *taken) for variant, taken in zip(VARIANTS, times, strict=False)]
    assert chosen(found) is found[best]


def test_what_is_not_faithful_is_never_chosen() -> None:
    found = [finding(VARIANTS[0], 10.0), finding(VARIANTS[3], 1.0, problem="It paints something else.")]
    assert chosen(found) is found[0]
    assert chosen([finding(VARIANTS[3], 1.0)]) is None


def test_the_engine_goes_by_what_doctor_remembers(tiny_palette: Palette, photo: Picture) -> None:
    plain = Engine(tiny_palette)
    usual = plain.render(photo, Look()).pixels
    assert plain.backend == installed()[0]
    for variant in (Variant("onnxruntime"), Variant("onnxruntime", "int8")):
        remember(tiny_palette.model, variant, shifted(tiny_palette, 0.2))
        engine = Engine(tiny_palette)
        painted = engine.render(photo, Look()).pixels
        assert engine.backend == variant.name
        assert (np.abs(painted - usual).max() > 0.02) == (variant.numbers == "int8")
    asked = Engine(tiny_palette, "openvino")
    np.testing.assert_allclose(asked.render(photo, Look()).pixels, usual, atol=1e-5)
    assert asked.backend == "openvino"


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", "null", '{"KEY": 3}', '{"KEY": {"machine": "other", "backend": "onnxruntime", "numbers": "float32"}}', "[" * 100_000],
)
def test_a_stale_or_damaged_memory_is_as_none(damage: str, tiny_palette: Palette, memory: Path) -> None:
    remember(tiny_palette.model, Variant("onnxruntime"), b"")
    assert recalled(tiny_palette.model)[0] == Variant("onnxruntime")
    (memory / variants.MEMORY).write_text(damage.replace("KEY", hashlib.sha256(tiny_palette.model).hexdigest()))
    assert recalled(tiny_palette.model) == (None, tiny_palette.model)
    assert open_variant("auto", tiny_palette.model).name == installed()[0]
    remember(tiny_palette.model, Variant("onnxruntime"), b"")  # and doctor mends it
    assert recalled(tiny_palette.model)[0] == Variant("onnxruntime")


@pytest.mark.parametrize("entry", [{"backend": "cuda"}, {"backend": ["openvino"]}, {"numbers": "int4"}, {"machine": None}])
def test_an_entry_that_means_nothing_here_is_as_none(entry: dict[str, object], tiny_palette: Palette, memory: Path) -> None:
    file = remember(tiny_palette.model, Variant("onnxruntime"), b"")
    known = json.loads(file.read_text())
    file.write_text(json.dumps({key: {**value, **entry} for key, value in known.items()}))
    assert recalled(tiny_palette.model)[0] is None


def test_a_network_in_int8_that_was_changed_is_not_run(tiny_palette: Palette, memory: Path) -> None:
    remember(tiny_palette.model, Variant("onnxruntime", "int8"), shifted(tiny_palette, 0.2))
    (kept,) = memory.glob("*.onnx")
    assert recalled(tiny_palette.model)[0] == Variant("onnxruntime", "int8")
    for damaged in (shifted(tiny_palette, 0.3), b"", b"nothing"):
        kept.write_bytes(damaged)
        assert recalled(tiny_palette.model) == (None, tiny_palette.model)
    kept.unlink()
    assert open_variant("auto", tiny_palette.model).name == installed()[0]


def test_a_variant_that_does_not_load_gives_way(tiny_palette: Palette, memory: Path) -> None:
    broken = onnx.load_model_from_string(tiny_palette.model)
    broken.graph.node[0].op_type = "Nothing"
    remember(tiny_palette.model, Variant("onnxruntime", "int8"), bytes(broken.SerializeToString()))
    assert open_variant("auto", tiny_palette.model).name == installed()[0]


def test_only_the_newest_are_remembered_and_no_network_without_its_entry(memory: Path) -> None:
    for number in range(variants.MOST_REMEMBERED + 3):
        file = remember(bytes([number]), Variant("openvino", "int8") if number < 5 else Variant("openvino"), b"")
    assert len(json.loads(file.read_text())) == variants.MOST_REMEMBERED
    assert len(list(memory.glob("*.onnx"))) == 2


def test_recalling_costs_next_to_nothing(tiny_palette: Palette) -> None:
    remember(tiny_palette.model, Variant("onnxruntime"), b"")
    recalled(tiny_palette.model)
    start = time.process_time()
    for _ in range(20):
        recalled(tiny_palette.model)
    assert (time.process_time() - start) / 20 < 0.02


def test_doctor_tells_and_remembers(tiny_palette: Palette, memory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tiny.palette"
    palette.write(tiny_palette, path)
    assert main(["doctor", "--palette", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    names = [entry["name"] for entry in found["backends"]]
    assert names == [variant.name for variant in VARIANTS] and found["used"] in names
    assert Path(found["remembered"]) == memory / variants.MEMORY
    for entry in found["backends"]:
        kind = entry["name"].partition("-")[2]
        assert bool(entry["milliseconds"]) != bool(kind and why_not(kind)), entry
    remembered = recalled(tiny_palette.model)[0]
    assert remembered is not None and remembered.name == found["used"]
    assert main(["doctor", "--palette", str(path)]) == 0
    told = capsys.readouterr().out
    assert f"Used: {found['used']}." in told or "Used: " in told
    assert all(name in told for name in names)


def test_doctor_goes_on_without_a_place_to_remember(
    tiny_palette: Palette, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "file" / "cache"))
    palette.write(replace(tiny_palette, name="other"), tmp_path / "tiny.palette")
    assert main(["doctor", "--palette", str(tmp_path / "tiny.palette")]) == 0
    assert "Remembered" not in capsys.readouterr().out
    assert set(BACKENDS) == {"openvino", "onnxruntime"}
