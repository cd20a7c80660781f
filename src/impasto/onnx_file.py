"""Checks an ONNX file without the onnx package: that it can be walked, and that it takes no weights from files outside itself.

Knows only the protobuf wire format and which fields of onnx.proto lead to tensors.
"""

from __future__ import annotations

from collections.abc import Iterator

from impasto.errors import ImpastoError

# message → {field number: the message in that field}, from onnx.proto; all that can contain a TensorProto
_NESTED: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14  # fields of TensorProto
_MAX_DEPTH = 32


def check_onnx(model: bytes) -> None:
    """An ImpastoError when the bytes are no ONNX model or when a tensor of it lies in another file."""
    try:
        graphs = _walk(memoryview(model), "model", 0)
    except (IndexError, ValueError):
        raise ImpastoError("its generator is not an ONNX model.") from None
    if not graphs:
        raise ImpastoError("its generator is not an ONNX model.")


def _walk(data: memoryview, kind: str, depth: int) -> int:
    """Follow the fields that lead to tensors; the number of graphs among the direct children."""
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    graphs = 0
    for number, value in _fields(data):
        if kind == "tensor" and (number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value != 0)):
            raise ImpastoError("its generator names weights in another file, which a palette must not.")
        child = _NESTED[kind].get(number)
        if child and isinstance(value, memoryview):
            _walk(value, child, depth + 1)
            graphs += child == "graph"
    return graphs


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(field number, value) of one message; a value is an integer or, for lengths and fixed sizes, the bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if wire == 2:
            size, at = _varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(wire, -1)
        if size < 0 or at + size > len(data):
            raise ValueError("not protobuf")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("not protobuf")
