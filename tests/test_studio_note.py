"""What an exported file says of itself, in every format, and what a file may claim without harm."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from PIL import Image

from impasto.look import Look
from impasto.picture import Metadata, Picture, decode, encode
from impasto.studio.note import MASK_PX, read_note, write_note

FULL = Look.parse({"styles": "mono:1,red:2", "hue": -20, "regions": [{"mask": "a" * 64, "styles": "red", "strength": 0.5}]})


@pytest.mark.parametrize("format", ["png", "jpeg", "webp", "tiff"])
def test_a_note_travels_in_the_file(photo: Picture, format: str) -> None:
    soft = np.tile(np.linspace(0, 1, 600, dtype=np.float32), (400, 1))
    data = encode(photo, format, note=write_note(FULL, "f" * 64, {"a" * 64: soft}))
    note = read_note(data)
    assert note is not None and (note.look, note.photo) == (FULL, "f" * 64)
    mask = decode(note.masks["a" * 64])
    assert (mask.width, mask.height) == (MASK_PX, MASK_PX * 2 // 3)
    np.testing.assert_allclose(mask.pixels[0, :, 0], np.linspace(0, 1, MASK_PX), atol=0.02)
    assert decode(data).width == photo.width


def test_the_photo_s_own_metadata_stays_beside_it(photo: Picture) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    kept = Picture(photo.pixels, metadata=Metadata(exif=exif.tobytes()))
    data = encode(kept, "jpeg", note=write_note(Look(), "f", {}))
    assert read_note(data) is not None and b"Maker" in decode(data).metadata.exif


def test_masks_that_are_too_much_are_left_out() -> None:
    noise = np.random.default_rng(0).random((400, 600)).astype(np.float32)
    masks = {str(number): noise for number in range(4)}
    look = Look.parse({"hue": 5, "regions": [{"mask": name} for name in masks]})
    note = read_note(write_note(look, "f", masks).encode())
    assert note is not None and (note.look.hue, note.look.regions, note.masks) == (5, (), {})


@pytest.mark.parametrize(
    "claim",
    [
        b"",
        b"impasto:{",
        b"impasto:{}:impasto",
        b"impasto:[]:impasto",
        b'impasto:{"look": {"hue": 999}, "photo": "f", "masks": {}}:impasto',
        b'impasto:{"look": {}, "photo": "f", "masks": {"a": "no base64"}}:impasto',
        b'impasto:{"look": {}, "photo": "f", "masks": []}:impasto',
        b"impasto:" + b'{"a":' * 5000 + b":impasto",
    ],
)
def test_what_cannot_be_read_is_no_note(claim: bytes) -> None:
    assert read_note(b"\xff\xd8" + claim + b"\xff\xd9") is None


def test_a_note_is_plain_json_between_two_marks() -> None:
    text = write_note(Look(), "f", {"m": np.zeros((3, 3), np.float32)})
    values = json.loads(text.removeprefix("impasto:").removesuffix(":impasto"))
    assert set(values) == {"look", "photo", "masks"} and base64.b64decode(values["masks"]["m"]).startswith(b"\x89PNG")


def test_pixels_are_the_same_with_a_note(photo: Picture) -> None:
    noted = encode(photo, "png", note=write_note(Look(), "f", {}))
    np.testing.assert_array_equal(decode(noted).pixels, decode(encode(photo, "png")).pixels)
