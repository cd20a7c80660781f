"""The .palette file: what is written comes back, and whatever has been changed or has no place in it is refused."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from impasto import palette
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.palette import Palette
from tests import tiny

Manifest = dict[str, Any]


def members_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A palette file of these members whose manifest digest is right."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.comment = hashlib.sha256(members.get("palette.json", b"")).hexdigest().encode()
    return buffer.getvalue()


def with_manifest(made: Palette, change: Callable[[Manifest], object]) -> bytes:
    members = members_of(palette.pack(made))
    manifest = json.loads(members["palette.json"])
    change(manifest)
    return zipped({**members, "palette.json": json.dumps(manifest).encode()})


def test_a_palette_comes_back_as_it_was(tiny_palette: Palette, tiny_palette_path: Path) -> None:
    found = palette.read(tiny_palette_path)
    assert palette.pack(found) == palette.pack(tiny_palette) == tiny_palette_path.read_bytes()
    assert found.id == tiny_palette.id
    assert found.generator == tiny_palette.generator
    assert found.thumbs == tiny_palette.thumbs
    assert [style.name for style in found.styles] == ["red", "stripes", "mono"]
    assert found.style("red").look == {"saturation": 1.1}


@settings(max_examples=30)
@given(st.lists(st.floats(-(2.0**60), 2.0**60, width=32), min_size=4, max_size=4))
def test_codes_come_back_bit_for_bit(numbers: list[float]) -> None:
    made = tiny.make()
    first = dataclasses.replace(made.styles[0], code=np.array(numbers, np.float32))
    found = palette.read(palette.pack(dataclasses.replace(made, styles=(first, *made.styles[1:]))))
    assert found.styles[0].code.tobytes() == first.code.tobytes()


def test_packing_is_deterministic_and_stored(tiny_palette: Palette) -> None:
    data = palette.pack(tiny_palette)
    assert data == palette.pack(tiny.make())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.comment.decode() == tiny_palette.id


def test_writing_leaves_no_other_file(tiny_palette: Palette, tmp_path: Path) -> None:
    for _ in range(2):
        palette.write(tiny_palette, tmp_path / "a.palette")
    assert [path.name for path in tmp_path.iterdir()] == ["a.palette"]


@pytest.mark.parametrize("member", ["palette.json", "generator.onnx", "thumbs/red.webp"])
def test_a_changed_member_is_refused(tiny_palette: Palette, member: str) -> None:
    data = palette.pack(tiny_palette)
    members = members_of(data)
    members[member] = members[member][:-1] + bytes([members[member][-1] ^ 1])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.comment = tiny_palette.id.encode()
    with pytest.raises(ImpastoError, match="SHA-256") as caught:
        palette.read(buffer.getvalue())
    assert caught.value.hint


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_damaged_byte_is_refused_or_harmless(data: st.DataObject) -> None:
    packed = bytearray(palette.pack(tiny.make()))
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at] ^= data.draw(st.integers(1, 255))
    try:
        found = palette.read(bytes(packed))
    except ImpastoError:
        return
    assert found.id == tiny.make().id  # a byte of zip bookkeeping, such as a date


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 3000))
def test_a_truncated_palette_is_refused(length: int) -> None:
    with pytest.raises(ImpastoError):
        palette.read(palette.pack(tiny.make())[:length])


@pytest.mark.parametrize("name", ["notes.txt", "../evil", "thumbs/../../evil.webp", "thumbs/A.webp", "/etc/passwd", "model.pkl"])
def test_members_without_a_place_are_refused(tiny_palette: Palette, name: str) -> None:
    with pytest.raises(ImpastoError, match="no place"):
        palette.read(zipped({**members_of(palette.pack(tiny_palette)), name: b"x"}))


@pytest.mark.parametrize("member", ["palette.json", "generator.onnx", "thumbs/red.webp"])
def test_missing_members_are_refused(tiny_palette: Palette, member: str) -> None:
    members = members_of(palette.pack(tiny_palette))
    del members[member]
    with pytest.raises(ImpastoError):
        palette.read(zipped(members))


def test_compressed_members_are_refused_before_they_are_unpacked(tiny_palette: Palette) -> None:
    bomb = zipped({**members_of(palette.pack(tiny_palette)), "generator.onnx": bytes(200 * 2**20)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 2**20
    with pytest.raises(ImpastoError, match="compressed"):
        palette.read(bomb)


def test_too_much_to_unpack_is_refused(tiny_palette: Palette, monkeypatch: pytest.MonkeyPatch) -> None:
    data = palette.pack(tiny_palette)
    monkeypatch.setattr(palette, "MAX_UNPACKED_BYTES", 2000)
    with pytest.raises(ImpastoError, match="unpacks to more"):
        palette.read(data)


def test_encrypted_members_are_refused(tiny_palette: Palette) -> None:
    data = bytearray(palette.pack(tiny_palette))
    at = data.index(b"PK\x01\x02")  # the central directory's first entry; its flags are 8 bytes on
    data[at + 8] |= 1
    with pytest.raises(ImpastoError, match="encrypted"):
        palette.read(bytes(data))


def test_a_newer_format_names_its_maker_and_the_upgrade(tiny_palette: Palette) -> None:
    data = with_manifest(tiny_palette, lambda manifest: manifest.update(format=2, created_with="impasto 7.1", styles="something new"))
    with pytest.raises(ImpastoError, match=r"made by impasto 7\.1") as caught:
        palette.read(data)
    assert "pip install -U impasto" in caught.value.hint


def test_older_formats_pass_through_the_upgrades(tiny_palette: Palette, monkeypatch: pytest.MonkeyPatch) -> None:
    data = with_manifest(tiny_palette, lambda manifest: manifest.update(maker=manifest.pop("created_with")))
    monkeypatch.setattr(palette, "FORMAT", 2)
    monkeypatch.setitem(palette.UPGRADES, 1, lambda manifest: {**manifest, "created_with": manifest["maker"]})
    assert palette.read(data).created_with == "impasto 0.1.0"


CHANGES: dict[str, Callable[[Manifest], object]] = {
    "no format": lambda m: m.pop("format"),
    "format true": lambda m: m.update(format=True),
    "format text": lambda m: m.update(format="1"),
    "no title": lambda m: m.pop("title"),
    "title number": lambda m: m.update(title=3),
    "name like a path": lambda m: m.update(name="../x"),
    "authors text": lambda m: m.update(authors="me"),
    "no generator": lambda m: m.pop("generator"),
    "no multiple": lambda m: m["generator"].pop("size_multiple"),
    "multiple 0": lambda m: m["generator"].update(size_multiple=0),
    "multiple true": lambda m: m["generator"].update(size_multiple=True),
    "field huge": lambda m: m["generator"].update(receptive_field_px=10**9),
    "no digest": lambda m: m["generator"].pop("sha256"),
    "no styles": lambda m: m.update(styles=[]),
    "styles object": lambda m: m.update(styles={}),
    "style number": lambda m: m.update(styles=[3]),
    "two of a name": lambda m: m["styles"].append(m["styles"][0]),
    "style like a path": lambda m: m["styles"][0].update(name="a/b"),
    "code short": lambda m: m["styles"][0]["code"].pop(),
    "code long": lambda m: m["styles"][0]["code"].append(0),
    "code text": lambda m: m["styles"][0].update(code=["1", "2", "3", "4"]),
    "code NaN": lambda m: m["styles"][0].update(code=[math.nan] * 4),
    "code infinite": lambda m: m["styles"][0].update(code=[math.inf] * 4),
    "code beyond float32": lambda m: m["styles"][0].update(code=[1e300] * 4),
    "code true": lambda m: m["styles"][0].update(code=[True] * 4),
    "brush short": lambda m: m["styles"][0].update(brush=[0]),
    "photo code short": lambda m: m.update(photo_code=[]),
    "look unknown": lambda m: m["styles"][0].update(look={"sparkle": 1}),
    "look out of range": lambda m: m["styles"][0].update(look={"saturation": 9}),
    "scores text": lambda m: m["styles"][0].update(scores={"kid": "low"}),
    "thumbs list": lambda m: m.update(thumbs=[]),
    "thumb digest": lambda m: m["thumbs"].update(red="0"),
    "thumb of nobody": lambda m: m["thumbs"].update(nobody=m["thumbs"]["red"]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_wrong_fields_are_refused(tiny_palette: Palette, change: Callable[[Manifest], object]) -> None:
    with pytest.raises(ImpastoError) as caught:
        palette.read(with_manifest(tiny_palette, change))
    assert caught.value.hint


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b"1" * 5000])
def test_a_manifest_that_is_no_object_is_refused(tiny_palette: Palette, text: bytes) -> None:
    with pytest.raises(ImpastoError):
        palette.read(zipped({**members_of(palette.pack(tiny_palette)), "palette.json": text}))


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x03\x04" + bytes(50), bytes(1000)])
def test_no_palette_at_all(data: bytes) -> None:
    with pytest.raises(ImpastoError):
        palette.read(data)


def test_missing_and_odd_paths(tmp_path: Path) -> None:
    for path in (tmp_path / "none.palette", tmp_path, "a\0b"):
        with pytest.raises(ImpastoError, match="cannot be opened"):
            palette.read(path)


def test_external_weights_are_refused(tiny_palette: Palette) -> None:
    proto = onnx.load_from_string(tiny_palette.model)
    tensor = proto.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    with pytest.raises(ImpastoError, match="another file"):
        palette.pack(dataclasses.replace(tiny_palette, model=proto.SerializeToString()))


def test_external_weights_inside_an_attribute_are_refused(tiny_palette: Palette) -> None:
    proto = onnx.load_from_string(tiny_palette.model)
    tensor = numpy_helper.from_array(np.zeros(1, np.float32))
    tensor.external_data.add(key="location", value="weights.bin")
    inner = onnx.helper.make_graph([onnx.helper.make_node("Constant", [], ["y"], value=tensor)], "inner", [], [])
    proto.graph.node.append(onnx.helper.make_node("If", ["c"], ["z"], then_branch=inner, else_branch=inner))
    with pytest.raises(ImpastoError, match="another file"):
        palette.pack(dataclasses.replace(tiny_palette, model=proto.SerializeToString()))


@given(st.binary(max_size=200))
def test_any_bytes_for_a_model_are_walked_safely(model: bytes) -> None:
    try:
        palette.check_onnx(model)
    except ImpastoError:
        return


def test_a_model_nested_without_end_is_refused() -> None:
    data = b""
    for _ in range(50):  # graph in attribute in node in graph
        attribute = _field(6, data)
        data = _field(1, _field(5, attribute))
    with pytest.raises(ImpastoError, match="not an ONNX model"):
        palette.check_onnx(_field(7, data))


def _field(number: int, data: bytes) -> bytes:
    size, length = len(data), b""
    while True:
        size, low = size >> 7, size & 0x7F
        length += bytes([low | (0x80 if size else 0)])
        if not size:
            return bytes([number << 3 | 2]) + length + data


def test_unknown_style_names_the_nearest(tiny_palette: Palette) -> None:
    with pytest.raises(ImpastoError, match="Did you mean 'stripes'"):
        tiny_palette.style("strips")


def test_codes_of_looks(tiny_palette: Palette) -> None:
    def code(**values: Any) -> list[float]:
        return tiny_palette.code(Look(**values)).tolist()

    assert code() == [1, 1, 0, 0]
    assert code(styles="stripes") == [1, 0, 1, 0]
    assert code(styles="red:1,stripes:3") == code(styles="stripes:6,red:2") == [1, 0.25, 0.75, 0]
    assert code(styles="red", strength=0) == [0, 0, 0, 0]
    assert code(styles="red", strength=1.5) == [1.5, 1.5, 0, 0]
    assert code(styles="red", brush=2.0) == [1, 1.5, 0, 0]
    assert code(styles="red", brush=0.5) == [1, 0.5, 0, 0]
    assert code(styles="red,red:2") == code(styles="red")
    assert tiny_palette.code(Look()).dtype == np.float32


def test_recommended_looks_are_mixed_as_codes_are(tiny_palette: Palette) -> None:
    def values(styles: str) -> dict[str, float]:
        return tiny_palette.recommended(Look(styles=styles))  # type: ignore[arg-type]

    assert values("red") == tiny_palette.recommended(Look()) == {"saturation": 1.1}
    assert values("mono") == {}
    assert values("red:1,mono:1") == {"saturation": 1.05}


def test_the_recommended_look_is_not_applied_silently(tiny_palette: Palette) -> None:
    assert tiny_palette.style("red").look
    assert Look(styles="red").saturation == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["nothing", "../../secret", ""])
def test_shipped_palettes_that_are_absent(name: str) -> None:
    with pytest.raises(ImpastoError) as caught:
        palette.shipped(name)
    assert caught.value.hint
