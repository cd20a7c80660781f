"""The frames and the requests in them."""

from __future__ import annotations

import json
import struct

import pytest

from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.studio import protocol


def test_frames_come_back_as_they_went() -> None:
    header, payload = protocol.unpack(protocol.pack({"type": "painting", "seq": 7, "title": "雪"}, b"\x00\xff\x10"))
    assert header == {"type": "painting", "seq": 7, "title": "雪"}
    assert bytes(payload) == b"\x00\xff\x10"


def test_the_bytes_are_those_of_the_documentation() -> None:
    assert protocol.pack({"a": 1}, b"xy") == b"\x07\x00\x00\x00" + b'{"a":1}' + b"xy"


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x01",
        struct.pack("<I", 10) + b"{}",
        struct.pack("<I", 2**32 - 1) + b"{}",
        struct.pack("<I", 2) + b"[]",
        struct.pack("<I", 2) + b"\xff\xff",
        struct.pack("<I", 60_000) + b"[" * 60_000,
    ],
)
def test_what_is_no_frame_is_refused(frame: bytes) -> None:
    with pytest.raises(ImpastoError) as refused:
        protocol.unpack(frame)
    assert refused.value.hint


def test_requests_are_read_with_their_defaults() -> None:
    header = {"type": "export", "seq": 3, "picture": "ab", "look": {"styles": "red", "hue": 20}, "long_edge": None}
    request = protocol.parse_request(header)
    assert request == protocol.ExportRequest(3, "ab", Look(styles=(("red", 1.0),), hue=20))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"type": "pain"}, "'paint'"),
        ({"type": 3}, "paint"),
        ({"seq": "1"}, "seq"),
        ({"seq": True}, "seq"),
        ({"seq": -1}, "seq"),
        ({"picture": 5}, "picture"),
        ({"picture": "x" * 200}, "picture"),
        ({"look": {"strenght": 1}}, "strength"),
        ({"look": {"strength": float("nan")}}, "Strength"),
        ({"look": []}, "look"),
        ({"long_edge": 0}, "long_edge"),
        ({"long_edge": 100_000}, "4096"),
        ({"long_edge": 51.2}, "long_edge"),
        ({"longedge": 512}, "long_edge"),
        ({"visible": [0, 0, 1]}, "visible"),
        ({"visible": [0, 0, 1, 1.5]}, "visible"),
        ({"visible": [0, 0, 1, float("nan")]}, "visible"),
        ({"visible": "all"}, "visible"),
    ],
)
def test_what_is_wrong_with_a_request_is_named(change: dict[str, object], word: str) -> None:
    header = {"type": "paint", "seq": 1, "picture": "ab", "look": {}, "long_edge": 512}
    with pytest.raises(ImpastoError, match=word) as refused:
        protocol.parse_request({**header, **change})
    assert refused.value.hint


def test_a_missing_field_is_named() -> None:
    with pytest.raises(ImpastoError, match="picture"):
        protocol.parse_request({"type": "thumbs", "seq": 1})


def test_not_a_number_is_never_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        protocol.pack({"fraction": float("nan")})
    assert json.loads(protocol.pack({"a": [1]})[4:]) == {"a": [1]}
