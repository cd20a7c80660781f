"""Pictures: every kind of file people have, right or refused in one sentence; exact round trips; metadata kept."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from impasto import picture
from impasto.errors import ImpastoError
from impasto.picture import Picture
from tests.conftest import make_pixels

RGB = make_pixels(23, 17)


def file_of(image: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def levels(array: NDArray[Any]) -> NDArray[np.float32]:
    return (array / np.float32(255)).astype(np.float32)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds almost nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "BMP", "PPM"])
def test_lossless_files_are_read_exactly(format: str) -> None:
    found = picture.decode(file_of(Image.fromarray(RGB), format, **({"lossless": True} if format == "WEBP" else {})))
    np.testing.assert_array_equal(found.pixels, levels(RGB))
    assert found.pixels.dtype == np.float32
    assert found.alpha is None
    assert (found.width, found.height, found.metadata.format) == (23, 17, format)


def test_all_levels_survive_uint8() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    found = picture.from_array(ramp)
    np.testing.assert_array_equal(np.asarray(picture.to_pil(found))[..., 0], ramp)
    np.testing.assert_array_equal(np.asarray(picture.to_pil(picture.decode(picture.encode(found, "png")))), np.dstack([ramp] * 3))


def test_rgba_png_comes_back_identical() -> None:
    array = np.dstack([RGB, make_pixels(23, 17, seed=1)[..., 1]])
    found = picture.decode(file_of(Image.fromarray(array), "PNG"))
    again = Image.open(io.BytesIO(picture.encode(found, "png")))
    assert again.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(again), array)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "YCbCr"])
def test_other_modes_give_what_pillow_shows(mode: str) -> None:
    image = Image.fromarray(RGB).convert(mode)
    format = {"CMYK": "TIFF", "YCbCr": "TIFF"}.get(mode, "PNG")
    found = picture.decode(file_of(image, format))
    np.testing.assert_allclose(found.pixels, levels(np.asarray(image.convert("RGB"))), atol=1.01 / 255)
    assert (found.alpha is not None) == (mode == "LA")


def test_cmyk_jpeg_has_its_colours() -> None:
    image = Image.new("RGB", (40, 30), (200, 40, 60))
    found = picture.decode(file_of(image.convert("CMYK"), "JPEG", quality=95))
    np.testing.assert_allclose(found.pixels.mean((0, 1)), np.array([200, 40, 60]) / 255, atol=0.03)


def test_palette_png_with_alpha() -> None:
    image = Image.fromarray(RGB).quantize(8)
    found = picture.decode(file_of(image, "PNG", transparency=bytes([0, 128, 255, 255, 255, 255, 255, 255])))
    assert found.alpha is not None
    index = np.asarray(image)
    np.testing.assert_array_equal(found.alpha, levels(np.array([0, 128, *[255] * 6], np.uint8)[index]))
    np.testing.assert_array_equal(found.pixels, levels(np.asarray(image.convert("RGB"))))


def test_transparent_colour_of_rgb_png() -> None:
    array = RGB.copy()
    array[0, 0] = (1, 2, 3)
    found = picture.decode(file_of(Image.fromarray(array), "PNG", transparency=(1, 2, 3)))
    assert found.alpha is not None
    assert found.alpha[0, 0] == 0
    assert found.alpha[1, 1] == 1


def test_16_bit_grey_keeps_its_precision() -> None:
    array = np.linspace(0, 65535, 23 * 17).astype(np.uint16).reshape(17, 23)
    for format in ("PNG", "TIFF"):
        found = picture.decode(file_of(Image.fromarray(array), format))
        np.testing.assert_allclose(found.pixels[..., 1], array / 65535, atol=1e-6)


def test_16_bit_colour_is_read() -> None:
    """Written by hand, because Pillow cannot."""
    array = np.zeros((4, 5, 3), ">u2")
    array[:] = (65535, 32768, 0)
    raw = b"".join(b"\0" + row.tobytes() for row in array)
    data = bytearray(png_header(5, 4))
    head = struct.pack(">IIBBBBB", 5, 4, 16, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    data[8:] = b"".join(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks)
    found = picture.decode(bytes(data))
    np.testing.assert_allclose(found.pixels[0, 0], [1, 0.5, 0], atol=1 / 255)


def test_float_and_32_bit_tiff() -> None:
    grey = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_allclose(picture.decode(file_of(Image.fromarray(grey), "TIFF")).pixels[..., 0], grey, atol=1e-6)
    whole = (grey * 65535).astype(np.int32)
    np.testing.assert_allclose(picture.decode(file_of(Image.fromarray(whole), "TIFF")).pixels[..., 0], whole / 65535, atol=1e-6)


def test_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "blue")]
    for format in ("GIF", "WEBP", "PNG"):
        data = file_of(frames[0], format, save_all=True, append_images=frames[1:], **({"lossless": True} if format == "WEBP" else {}))
        found = picture.decode(data)
        np.testing.assert_allclose(found.pixels, np.broadcast_to(np.float32([1, 0, 0]), (10, 20, 3)), atol=0.01)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(orientation: int) -> None:
    upright = Image.fromarray(RGB)
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that stores an upright picture so, as PIL numbers them
    stored = upright.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = picture.decode(file_of(stored, "PNG", exif=exif))
    np.testing.assert_array_equal(found.pixels, levels(RGB))
    again = Image.open(io.BytesIO(picture.encode(found, "jpeg")))
    assert again.size == (23, 17)
    assert again.getexif()[0x0112] == 1


def test_exif_and_dpi_are_kept_without_what_is_stale() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112], exif[0x8298] = "Maker", "Model", 6, "A. Tester"
    exif.get_ifd(0x8769)[0x829A] = 0.01
    exif.get_ifd(0x8769)[0xA002] = 9999
    exif.get_ifd(0x8825)[1] = "N"
    source = Image.open(io.BytesIO(file_of(Image.fromarray(RGB), "JPEG", exif=exif, dpi=(300, 300))))
    data = file_of(source, "JPEG", exif=source.getexif(), dpi=(300, 300))
    for format in ("jpeg", "png", "webp", "tiff"):
        again = Image.open(io.BytesIO(picture.encode(picture.decode(data), format)))
        found = again.getexif()
        assert (found[0x010F], found[0x8298], found[0x0112]) == ("Maker", "A. Tester", 1)
        assert found.get_ifd(0x8769)[0x829A] == pytest.approx(0.01)
        assert 0xA002 not in found.get_ifd(0x8769)
        assert found.get_ifd(0x8825)[1] == "N"
        if format != "webp":
            assert again.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        bare = Image.open(io.BytesIO(picture.encode(picture.decode(data), format, keep_metadata=False)))
        assert 0x010F not in bare.getexif()


def test_a_thumbnail_is_not_inherited() -> None:
    thumbnail = file_of(Image.new("RGB", (16, 16), "lime"), "JPEG")
    first = struct.pack("<HHHIIHHII", 2, 0x0112, 3, 1, 6, 0x0213, 3, 1, 1) + struct.pack("<I", 8 + 2 + 24 + 4)
    second = struct.pack("<HHHIIHHIII", 2, 0x0201, 4, 1, 68, 0x0202, 4, 1, len(thumbnail), 0)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + first + second + thumbnail
    found = picture.decode(file_of(Image.fromarray(RGB), "JPEG", exif=exif))
    assert (found.width, found.height) == (17, 23)
    assert thumbnail[-64:] not in picture.encode(found, "jpeg")


def test_damaged_exif_is_ignored() -> None:
    for exif in (b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\x7f", b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01"):
        found = picture.decode(file_of(Image.fromarray(RGB), "JPEG", exif=exif))
        assert (found.width, found.height) == (23, 17)
        picture.encode(found, "jpeg")


def test_profiles_are_followed_and_broken_ones_ignored() -> None:
    image = Image.fromarray(RGB)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (srgb, b"nonsense", lab):
        np.testing.assert_array_equal(picture.decode(file_of(image, "PNG", icc_profile=profile)).pixels, levels(RGB))
    swapped = picture.decode(file_of(image, "PNG", icc_profile=_gamma_one(srgb)))
    assert np.abs(swapped.pixels - levels(RGB)).mean() > 0.05


def _gamma_one(srgb: bytes) -> bytes:
    """A profile of sRGB's primaries with a straight curve: the curve's tag is replaced by an identity `curv`, and its name by another."""
    data = bytearray(srgb.replace(b"s\0R\0G\0B", b"l\0i\0n\0r").replace(b"sRGB", b"linr", 0))
    for index in range(struct.unpack(">I", data[128:132])[0]):
        name, at, _ = struct.unpack(">4sII", data[132 + 12 * index : 144 + 12 * index])
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            data[at : at + 12] = b"curv\0\0\0\0\0\0\0\0"
            data[132 + 12 * index + 8 : 144 + 12 * index] = struct.pack(">I", 12)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"just some words, no picture", "not a picture"),
        (bytes(5000), "not a picture"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "HEIC"),
        (b'<svg xmlns="x" width="3"/>', "SVG"),
        (b"%PDF-1.7 ...", "PDF"),
        (file_of(Image.fromarray(make_pixels(200, 200)), "JPEG")[:3000], "damaged"),
        (file_of(Image.fromarray(make_pixels(200, 200)), "PNG")[:3000], "damaged"),
        (file_of(Image.fromarray(make_pixels(200, 200)), "WEBP")[:300], "damaged|not a picture"),
        (file_of(Image.fromarray(RGB), "JPEG")[:20], "damaged|not a picture"),
        (png_header(40_000, 40_000), "40000×40000"),
        (png_header(2**31 - 1, 2**31 - 1), "pixels"),
        (png_header(14_000, 14_000), "damaged"),
    ],
)
def test_bad_files_are_refused_in_one_sentence(data: bytes, word: str) -> None:
    with warnings.catch_warnings(record=True) as caught_warnings, pytest.raises(ImpastoError, match=word) as caught:
        warnings.simplefilter("always")
        picture.decode(data, "holiday.jpg")
    assert "'holiday.jpg'" in caught.value.message
    assert caught.value.hint
    assert not caught_warnings


def test_pillows_own_limit_is_left_as_it_was() -> None:
    before = Image.MAX_IMAGE_PIXELS
    picture.decode(file_of(Image.fromarray(RGB), "PNG"))
    assert before == Image.MAX_IMAGE_PIXELS


def test_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "MAX_BYTES", 100)
    with pytest.raises(ImpastoError, match="MiB"):
        picture.decode(bytes(101))


@given(st.binary(max_size=300), st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"]), st.integers(0, 400))
def test_any_damage_gives_a_picture_or_one_sentence(noise: bytes, format: str, at: int) -> None:
    data = file_of(Image.fromarray(RGB), format)
    try:
        found = picture.decode(data[:at] + noise + data[at + len(noise) :])
    except ImpastoError as error:
        assert error.hint
    else:
        assert np.isfinite(found.pixels).all()


def test_one_pixel() -> None:
    found = picture.decode(file_of(Image.new("RGB", (1, 1), (9, 99, 199)), "PNG"))
    np.testing.assert_array_equal(np.asarray(picture.to_pil(found)), [[[9, 99, 199]]])


@pytest.mark.parametrize("format", ["png", "jpeg", "webp", "tiff"])
def test_encoding_is_deterministic_and_readable(format: str) -> None:
    found = picture.from_array(RGB)
    data = picture.encode(found, format)
    assert data == picture.encode(found, format)
    assert np.abs(picture.decode(data).pixels - found.pixels).mean() < 0.06


def test_jpeg_lays_alpha_on_white() -> None:
    array = np.zeros((16, 16, 4), np.uint8)
    array[:, 8:] = (255, 0, 0, 255)
    found = picture.decode(picture.encode(picture.from_array(array), "jpeg", quality=95))
    np.testing.assert_allclose(found.pixels[8, 2], [1, 1, 1], atol=0.03)
    np.testing.assert_allclose(found.pixels[8, 13], [1, 0, 0], atol=0.05)


def test_encode_refuses_what_it_cannot_do() -> None:
    found = picture.from_array(RGB)
    for options in ({"format": "heic"}, {"format": "jpeg", "quality": 0}, {"format": "png", "quality": 101}):
        with pytest.raises(ImpastoError):
            picture.encode(found, **options)  # type: ignore[arg-type]
    with pytest.raises(ImpastoError, match="16383"):
        picture.encode(picture.from_array(np.zeros((1, 16384, 3), np.uint8)), "webp")


def test_formats_follow_endings() -> None:
    assert [picture.format_for(name) for name in ("a.JPG", "b.jpeg", Path("c.png"), "d.webp", "e.TIF")] == [
        "jpeg",
        "jpeg",
        "png",
        "webp",
        "tiff",
    ]
    for name in ("a.heic", "a", ".png", "a.tar.gz"):
        with pytest.raises(ImpastoError, match=r"\.png"):
            picture.format_for(name)


@pytest.mark.parametrize(
    "array",
    [
        RGB,
        RGB[..., :1],
        RGB[..., 0],
        levels(RGB),
        levels(RGB).astype(np.float64),
        levels(RGB).astype(np.float16),
        RGB.astype(np.uint16) * 257,
    ],
)
def test_arrays(array: NDArray[Any]) -> None:
    found = picture.from_array(array)
    expected = RGB if array.ndim == 3 and array.shape[2] == 3 else np.repeat(RGB[..., :1], 3, axis=2)
    np.testing.assert_allclose(found.pixels, levels(expected), atol=1e-3)


def test_a_picture_does_not_change_with_its_source() -> None:
    array = levels(RGB)
    found = picture.from_array(array)
    array[:] = 0
    assert found.pixels.max() > 0.5


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(3),
        np.zeros((2, 2, 2)),
        np.zeros((0, 3, 3)),
        np.full((2, 2, 3), 255.0),
        np.full((2, 2, 3), np.nan),
        np.zeros((2, 2, 3), np.int64),
    ],
)
def test_arrays_that_are_no_pictures(array: NDArray[Any]) -> None:
    with pytest.raises(ImpastoError):
        picture.from_array(array)


def test_load_takes_what_people_have(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(file_of(Image.fromarray(RGB), "PNG"))
    first = picture.load(path)
    sources: list[Any] = [str(path), path.read_bytes(), bytearray(path.read_bytes()), Image.fromarray(RGB), Image.open(path), RGB, first]
    for source in sources:
        np.testing.assert_array_equal(picture.load(source).pixels, first.pixels)
    assert picture.load(str(path)).id == first.id
    for wrong in (3, None, tmp_path, tmp_path / "none.png", "a\0b"):
        with pytest.raises(ImpastoError) as caught:
            picture.load(wrong)
        assert caught.value.hint


def test_pil_images_of_any_mode() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.open(io.BytesIO(file_of(Image.fromarray(RGB), "PNG", exif=exif)))
    assert (picture.load(image).width, picture.load(image).height) == (17, 23)
    for mode in ("1", "L", "P", "LA", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "LAB", "I", "F", "I;16"):
        assert picture.load(Image.new(mode, (4, 3))).pixels.shape == (3, 4, 3)
    damaged = Image.open(io.BytesIO(file_of(Image.fromarray(make_pixels(200, 200)), "JPEG")[:3000]))
    for wrong in (Image.new("RGB", (0, 3)), damaged):
        with pytest.raises(ImpastoError):
            picture.load(wrong)


def test_pictures_without_an_id_are_named_by_content() -> None:
    first, second = Picture(levels(RGB)), Picture(levels(RGB))
    assert first.id == second.id != Picture(levels(RGB) / 2).id
