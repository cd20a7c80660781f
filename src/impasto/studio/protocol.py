"""The binary frames of the live websocket, the same as `static/protocol.js`; docs/protocol.md describes them.

A frame is a little-endian uint32 with the length of the header, the header (a JSON object, UTF-8), and the payload (the rest).
This module knows no socket and no engine.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from impasto.errors import ImpastoError
from impasto.look import Look, did_you_mean

MAX_MESSAGE_BYTES = 64 * 1024  # of one message from the page
MAX_LIVE_PX = 4096
MAX_THUMB_PX = 512
MAX_EXPORT_PX = 40_000
_LENGTH = struct.Struct("<I")


def pack(header: Mapping[str, Any], payload: bytes | memoryview = b"") -> bytes:
    """One frame."""
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    return b"".join((_LENGTH.pack(len(text)), text, payload))


def unpack(frame: bytes) -> tuple[dict[str, Any], memoryview]:
    """Header and payload of a frame; an ImpastoError where it is none."""
    if len(frame) < _LENGTH.size:
        raise _unreadable("it is shorter than its length field")
    (length,) = _LENGTH.unpack_from(frame)
    if length > min(len(frame) - _LENGTH.size, MAX_MESSAGE_BYTES):
        raise _unreadable("its header is cut off or too long")
    header = parse_json(frame[_LENGTH.size : _LENGTH.size + length])
    if not isinstance(header, dict):
        raise _unreadable("its header is no JSON object")
    return header, memoryview(frame)[_LENGTH.size + length :]


def parse_json(text: str | bytes) -> Any:
    """Decoded JSON; an ImpastoError for anything else, nesting too deep for the parser included."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ImpastoError("That is not valid JSON.", 'Send an object such as {"strength": 0.8}.') from None


def _unreadable(why: str) -> ImpastoError:
    return ImpastoError(f"The message cannot be read: {why}.", "docs/protocol.md describes the frames.")


@dataclass(frozen=True)
class _Request:
    type: ClassVar[str]
    seq: int

    @classmethod
    def parse(cls, header: Mapping[str, Any]) -> Self:
        """The request of a header; names it does not know are refused with the nearest valid one."""
        known = [field.name for field in fields(cls)]
        for name in header:
            if name not in known and name != "type":
                raise ImpastoError(f"A {cls.type} message has no field {name!r}.", did_you_mean(name, known))
        checked = {name: _CHECKS[name](name, header[name]) for name in known if name in header}
        try:
            return cls(**checked)
        except TypeError:
            missing = ", ".join(sorted(set(known) - set(checked)))
            raise ImpastoError(f"A {cls.type} message lacks a field.", f"Missing, where it is needed: {missing}.") from None


@dataclass(frozen=True)
class PaintRequest(_Request):
    """The raw painting of a look's generator part, at most `long_edge` px.

    `visible` is the part of it that goes first, where that is worth it: left, top, right and bottom as shares of the picture. Nothing is
    prepared for after a `draft`, which a larger painting will follow. `spare` is the long edge of drafts that may be asked for soon.
    """

    type = "paint"
    picture: str
    look: Look
    long_edge: int
    visible: tuple[float, float, float, float] | None = None
    draft: bool = False
    spare: int | None = None


@dataclass(frozen=True)
class ThumbsRequest(_Request):
    """A small painting in every style, made when nothing else is to do."""

    type = "thumbs"
    picture: str
    long_edge: int = 192


@dataclass(frozen=True)
class ExportRequest(_Request):
    """The finished painting as a file; `long_edge` None is the photo's own size."""

    type = "export"
    picture: str
    look: Look
    format: str = "png"
    quality: int = 92
    long_edge: int | None = None
    keep_metadata: bool = True
    embed_look: bool = False


@dataclass(frozen=True)
class CancelRequest(_Request):
    """Ends the export, or the work of any other kind, that has this `seq`."""

    type = "cancel"


Request = PaintRequest | ThumbsRequest | ExportRequest | CancelRequest
REQUESTS: dict[str, type[Request]] = {kind.type: kind for kind in (PaintRequest, ThumbsRequest, ExportRequest, CancelRequest)}


def parse_request(header: Mapping[str, Any]) -> Request:
    """The request a header stands for; an ImpastoError says what is wrong with it."""
    kind = header.get("type")
    if not isinstance(kind, str) or kind not in REQUESTS:
        raise ImpastoError(f"There is no message of type {kind!r}.", did_you_mean(str(kind), list(REQUESTS)))
    request = REQUESTS[kind].parse(header)
    limit = {"paint": MAX_LIVE_PX, "thumbs": MAX_THUMB_PX, "export": MAX_EXPORT_PX}.get(kind, 0)
    for name in ("long_edge", "spare"):
        edge = getattr(request, name, None)
        if edge is not None and not 1 <= edge <= limit:
            raise ImpastoError(f"{name} {edge} is out of range.", f"Give a whole number from 1 to {limit}.")
    return request


def _whole(name: str, value: object) -> int | None:
    if value is None and name in ("long_edge", "spare"):
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ImpastoError(f"{name} {value!r} is no whole number.", "Give a number such as 512.")
    return value


def _quality(name: str, value: object) -> int:
    number = _whole(name, value)
    if number is None or not 1 <= number <= 100:
        raise ImpastoError(f"{name} {value!r} is out of range.", "Give a whole number from 1 to 100.")
    return number


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > 128:
        raise ImpastoError(f"{name} must be a short text.", "docs/protocol.md describes the fields.")
    return value


def _look(name: str, value: Any) -> Look:
    return Look.parse(value)


def _shares(name: str, value: object) -> tuple[float, ...]:
    values = value if isinstance(value, list) else []
    if len(values) != 4 or not all(isinstance(share, (int, float)) and 0 <= share <= 1 for share in values):
        raise ImpastoError(f"{name} must be four numbers from 0 to 1.", "Give left, top, right and bottom, such as [0.2, 0.2, 0.6, 0.5].")
    return tuple(map(float, values))


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ImpastoError(f"{name} must be true or false.", "docs/protocol.md describes the fields.")
    return value


_CHECKS: dict[str, Any] = {
    "seq": _whole,
    "picture": _text,
    "look": _look,
    "long_edge": _whole,
    "visible": _shares,
    "draft": _flag,
    "spare": _whole,
    "format": _text,
    "quality": _quality,
    "keep_metadata": _flag,
    "embed_look": _flag,
}
