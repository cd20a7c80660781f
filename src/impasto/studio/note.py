"""What an exported file says of itself: its look, the photo it was made of, small copies of its masks. Dropped back, it restores them.

The note is JSON in ASCII between two marks and stands uncompressed in the file, whatever its format; reading it needs no decoder.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.picture import encode, fit, from_array

MASK_PX = 192  # long edge of a mask that travels in the file
_MAX_BYTES = 48_000  # beside a photo's own Exif, in the 64 KiB that a JPEG has
_BEGIN, _END = b"impasto:", b":impasto"


@dataclass(frozen=True)
class Note:
    """`photo` is the id of the photo; `masks` are PNG files by the names that the look has for them."""

    look: Look
    photo: str
    masks: Mapping[str, bytes]


def write_note(look: Look, photo: str, masks: Mapping[str, NDArray[np.float32]]) -> str:
    """The text for `encode`; regions are left out where their masks are too much for it."""
    files = {name: encode(fit(from_array(mask), MASK_PX), "png") for name, mask in masks.items()}
    values: dict[str, Any] = {"look": look.to_dict(), "photo": photo}
    values["masks"] = {name: base64.b64encode(data).decode("ascii") for name, data in files.items()}
    text = json.dumps(values, separators=(",", ":"))
    if len(text) > _MAX_BYTES:
        return write_note(Look.parse({**look.to_dict(), "regions": []}), photo, {})
    return f"{_BEGIN.decode()}{text}{_END.decode()}"


def read_note(data: bytes) -> Note | None:
    """The note in a file's bytes, or None where there is none that can be read."""
    begin = data.find(_BEGIN + b"{")
    end = data.find(_END, begin)
    if begin < 0 or not 0 < end - begin <= _MAX_BYTES + len(_BEGIN):
        return None
    try:
        values = json.loads(data[begin + len(_BEGIN) : end])
        masks = {str(name): base64.b64decode(text, validate=True) for name, text in values["masks"].items()}
        return Note(Look.parse(values["look"]), str(values["photo"]), masks)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ImpastoError):
        return None
