"""Pictures: the only file that decodes, orients, converts colour, resizes, encodes and keeps metadata. Knows no network.

A picture's pixels are RGB H×W×3 float32 in 0..1, sRGB-encoded and upright; its alpha is kept apart.
"""

from __future__ import annotations

import hashlib
import io
import threading
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, UnidentifiedImageError, features

from impasto.errors import ImpastoError

Pixels = NDArray[np.float32]

MAX_BYTES = 256 * 2**20
MAX_PIXELS = 200_000_000
_ENDINGS = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "webp": "webp", "tif": "tiff", "tiff": "tiff"}
_LONGEST_SIDE = {"jpeg": 65500, "webp": 16383}
_READABLE = ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "PPM", *(["AVIF"] if features.check("avif") else [])]
_READABLE_HINT = "Formats that work: JPEG, PNG, WebP, TIFF, GIF, BMP" + (" and AVIF." if "AVIF" in _READABLE else ".")
_SMALLER_HINT = f"At most {MAX_PIXELS // 1_000_000} megapixels and {MAX_BYTES >> 20} MiB can be painted; make it smaller first."
_DAMAGED_HINT = "Open and save it again elsewhere, or choose another file."
# One decode at a time: Pillow's size limit and Python's warning filters are global, and a large picture takes gigabytes.
_DECODING = threading.Lock()
_FOREIGN = {  # how files that people do try begin, from byte 4 for HEIC
    b"ftyphe": "HEIC", b"ftypmif1": "HEIC", b"ftypmsf1": "HEIC", b"<svg": "SVG", b"<?xml": "XML", b"%PDF": "PDF", b"8BPS": "PSD",
}  # fmt: skip

_ORIENTATION, _EXIF_IFD = 0x0112, 0x8769
_KEPT_TAGS = {  # what a painting may inherit: description, camera, resolution, dates, artist, copyright, Exif and GPS
    0x010E, 0x010F, 0x0110, _ORIENTATION, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x013B, 0x8298, _EXIF_IFD, 0x8825,
}  # fmt: skip
_USER_COMMENT = 0x9286
_MAX_EXIF_BYTES = 65_000  # what a JPEG segment can hold
_STALE_EXIF_TAGS = (0xA001, 0xA002, 0xA003, 0xA005)  # colour space, width, height, interoperability


@dataclass(frozen=True)
class Metadata:
    """What a painting inherits from its photo. `format` is the source's, such as "JPEG", or "" for pixels from memory."""

    exif: bytes = field(default=b"", repr=False)
    dpi: tuple[float, float] | None = None
    format: str = ""


@dataclass(frozen=True, eq=False)
class Picture:
    """RGB H×W×3 float32 in 0..1 and, where there is one, alpha H×W in 0..1. `id` names the content; arrays are read-only."""

    pixels: Pixels
    alpha: Pixels | None = None
    metadata: Metadata = Metadata()
    id: str = ""

    def __post_init__(self) -> None:
        self.pixels.flags.writeable = False
        if self.alpha is not None:
            self.alpha.flags.writeable = False
        if not self.id:
            object.__setattr__(self, "id", _content_id(self.pixels, self.alpha))

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    def with_pixels(self, pixels: Pixels, change: str) -> Picture:
        """The same alpha and metadata with other pixels of the same size; `change` names the difference and goes into the id."""
        return replace(self, pixels=pixels, id=f"{self.id}~{change}")


def load(source: Any) -> Picture:
    """A Picture from a path, bytes, a PIL image, a numpy array or a Picture; an ImpastoError for anything else or anything wrong."""
    if isinstance(source, Picture):
        return source
    if isinstance(source, (str, Path)):
        return decode(_file_bytes(Path(source)), str(source))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return decode(bytes(source))
    if isinstance(source, Image.Image):
        return from_pil(source)
    if isinstance(source, np.ndarray):
        return from_array(source)
    raise ImpastoError(f"A photo cannot be read from {type(source).__name__}.", "Give a path, bytes, a PIL image or a numpy array.")


def decode(data: bytes, name: str = "") -> Picture:
    """An upright sRGB picture from a file's bytes; the first frame of an animation. An ImpastoError for anything wrong."""
    label = repr(name) if name else "The photo"
    if not data:
        raise ImpastoError(f"{label} is empty.", "Choose another file.")
    if len(data) > MAX_BYTES:
        raise ImpastoError(f"{label} has {len(data) >> 20} MiB.", _SMALLER_HINT)
    with _DECODING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _from_image(_open(data, label), hashlib.sha256(data).hexdigest(), label)


def from_pil(image: Image.Image) -> Picture:
    """A picture from a PIL image of any mode; an ImpastoError when its file turns out to be damaged."""
    if min(image.size) < 1 or image.width * image.height > MAX_PIXELS:
        raise ImpastoError(f"The photo is {image.width}×{image.height} pixels.", _SMALLER_HINT)
    with _DECODING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _from_image(image, "", "The photo")


def from_array(array: NDArray[Any]) -> Picture:
    """A picture from H×W, H×W×1, H×W×3 or H×W×4: uint8, uint16, or floats in 0..1."""
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or not array.size:
        raise ImpastoError(
            f"An array of shape {array.shape} is no picture.", "Give height × width × 3 (RGB), × 4 (RGBA), or height × width (grey)."
        )
    levels = _array_levels(array)
    rgb = levels[..., :3] if levels.shape[2] > 1 else np.repeat(levels, 3, axis=2)
    alpha = np.ascontiguousarray(levels[..., 3]) if levels.shape[2] == 4 else None
    return Picture(np.array(rgb, np.float32, order="C"), alpha)


def to_pil(picture: Picture) -> Image.Image:
    """An RGB image, or RGBA where the picture has alpha."""
    pixels = _to_bytes(picture.pixels)
    if picture.alpha is None:
        return Image.fromarray(pixels)
    return Image.fromarray(np.dstack([pixels, _to_bytes(picture.alpha)]))


def format_for(name: str | Path) -> str:
    """The format that a file's ending asks for; an ImpastoError naming the endings that work."""
    ending = Path(name).suffix.lower().lstrip(".")
    if ending not in _ENDINGS:
        raise ImpastoError(f"{str(name)!r} does not say its format.", f"Endings that work: {', '.join('.' + known for known in _ENDINGS)}.")
    return _ENDINGS[ending]


def encode(picture: Picture, format: str, quality: int = 92, keep_metadata: bool = True, note: str = "") -> bytes:
    """A file's bytes in "png", "jpeg", "webp" or "tiff"; the same picture gives the same bytes. JPEG lays alpha on white.

    `note` is ASCII and stands in the file as it is, as the Exif user comment; one that is too long for a JPEG's Exif is left out.
    """
    format = _ENDINGS.get(format.lower(), "")
    if not format:
        raise ImpastoError("That format cannot be written.", f"Formats that work: {', '.join(sorted(set(_ENDINGS.values())))}.")
    if isinstance(quality, bool) or not 1 <= quality <= 100:
        raise ImpastoError(f"A quality of {quality} is out of range.", "Give quality a number from 1 to 100; the default is 92.")
    if max(picture.width, picture.height) > _LONGEST_SIDE.get(format, 2**31):
        raise ImpastoError(
            f"{format.upper()} holds at most {_LONGEST_SIDE[format]} pixels a side.", "Write a .png, or give a smaller long edge."
        )
    image = to_pil(_on_white(picture) if format == "jpeg" else picture)
    metadata, buffer = picture.metadata if keep_metadata else Metadata(), io.BytesIO()
    image.save(buffer, format, **_save_options(replace(metadata, exif=_with_note(metadata.exif, note)), format, quality))
    return buffer.getvalue()


def fit(picture: Picture, long_edge_px: int) -> Picture:
    """The picture with at most that many pixels on the long edge, antialiased; never enlarged."""
    return shrink(picture, *fit_size(picture.width, picture.height, long_edge_px))


def fit_size(width: int, height: int, long_edge_px: int) -> tuple[int, int]:
    """(width, height) with at most that many pixels on the long edge; never enlarged, never below 1."""
    if isinstance(long_edge_px, bool) or not isinstance(long_edge_px, int) or long_edge_px < 1:
        raise ImpastoError(f"A long edge of {long_edge_px} px is no size.", "Give a whole number of pixels from 1.")
    scale = min(1.0, long_edge_px / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def shrink(picture: Picture, width: int, height: int) -> Picture:
    """The picture at a smaller exact size. Colours are weighted by alpha, so that what is hidden does not bleed into what shows."""
    if (width, height) == (picture.width, picture.height):
        return picture
    if picture.alpha is None:
        pixels, alpha = resize(picture.pixels, width, height), None
    else:
        alpha = resize(picture.alpha, width, height)
        weighted = resize(picture.pixels * picture.alpha[..., None], width, height)
        plain = resize(picture.pixels, width, height)
        weight = alpha[..., None]
        pixels = np.where(weight > 1 / 512, weighted / np.maximum(weight, 1 / 512), plain)
        np.clip(alpha, 0, 1, out=alpha)
    return replace(picture, pixels=np.clip(pixels, 0, 1, out=pixels), alpha=alpha, id=f"{picture.id}@{width}x{height}")


def resize(pixels: Pixels, width: int, height: int, box: tuple[float, float, float, float] | None = None) -> Pixels:
    """H×W or H×W×C, or a box of it in px, in float32, not clipped: bicubic when it grows, Lanczos, by much after a box filter, when not."""
    left, top, right, bottom = box or (0, 0, pixels.shape[1], pixels.shape[0])
    grows = width * height > (right - left) * (bottom - top)
    kernel, gap = (Image.Resampling.BICUBIC, None) if grows else (Image.Resampling.LANCZOS, 3.0)
    planes = pixels if pixels.ndim == 3 else pixels[..., None]
    result = np.empty((height, width, planes.shape[2]), np.float32)
    for channel in range(planes.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(planes[..., channel]))
        result[..., channel] = np.asarray(plane.resize((width, height), kernel, (left, top, right, bottom), gap))
    return result if pixels.ndim == 3 else np.ascontiguousarray(result[..., 0])


def _file_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ImpastoError(f"{str(path)!r} is larger than {MAX_BYTES >> 20} MiB.", _SMALLER_HINT)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImpastoError(f"{str(path)!r} cannot be opened: {reason}.", "Check the path.") from None


def _open(data: bytes, label: str) -> Image.Image:
    """The image with only its header read, its size checked."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        image = Image.open(io.BytesIO(data), formats=_READABLE)
    except UnidentifiedImageError:
        raise ImpastoError(f"{label} is not a picture that can be read{_foreign(data)}.", _READABLE_HINT) from None
    except Exception as error:  # damaged headers, as in `decode`
        raise ImpastoError(f"{label} is damaged ({error}).", _DAMAGED_HINT) from None
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImpastoError(f"{label} is {width}×{height} pixels.", _SMALLER_HINT)
    if width < 1 or height < 1:
        raise ImpastoError(f"{label} has no pixels.", "Choose another file.")
    return image


def _foreign(data: bytes) -> str:
    head = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    for start, name in _FOREIGN.items():
        if head.startswith(start) or data[4:12].startswith(start):
            return f" (it looks like {name})"
    return ""


def _from_image(image: Image.Image, id: str, label: str) -> Picture:
    try:
        image.load()
        metadata, orientation = _metadata(image)
        levels, alpha = _levels(image)
    except MemoryError:
        raise ImpastoError(f"{label} does not fit into memory.", _SMALLER_HINT) from None
    except Exception as error:  # Pillow's decoders raise nearly every kind of exception for damaged files
        raise ImpastoError(f"{label} is damaged or cut short ({error}).", _DAMAGED_HINT) from None
    if orientation in range(2, 9):
        levels, alpha = _turn(levels, orientation), None if alpha is None else _turn(alpha, orientation)
    return Picture(levels, alpha, metadata, id)


def _turn(levels: Pixels, orientation: int) -> Pixels:
    """EXIF orientation 2 to 8 undone."""
    if orientation >= 5:
        levels = levels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        levels = levels[::-1]
    if orientation in (2, 3, 6, 7):
        levels = levels[:, ::-1]
    return np.ascontiguousarray(levels)


def _levels(image: Image.Image) -> tuple[Pixels, Pixels | None]:
    """(RGB, alpha or None) in sRGB from any mode."""
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        grey = _grey_levels(np.asarray(image))
        return np.repeat(grey[..., None], 3, axis=2), None
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = _from_bytes(np.asarray(image.getchannel("A")))
    return _from_bytes(np.asarray(_to_srgb(image))), alpha


def _grey_levels(grey: NDArray[Any]) -> Pixels:
    """0..1 from 16-bit, 32-bit or float grey; what 32-bit integers and floats mean by white is told by their largest value."""
    if grey.dtype == np.uint16:
        return np.asarray(np.divide(grey, 65535, dtype=np.float32))
    largest = float(np.nanmax(grey, initial=0, where=np.isfinite(grey)))
    white = next((white for white in (1.0, 255.0, 65535.0) if largest <= white), largest)
    if np.issubdtype(grey.dtype, np.integer):
        white = max(white, 65535.0)
    levels: Pixels = np.clip(grey.astype(np.float32) / np.float32(white), 0, 1)
    return np.nan_to_num(levels, copy=False)


def _to_srgb(image: Image.Image) -> Image.Image:
    """An RGB image; an embedded profile is followed unless it is sRGB already, or broken."""
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA", "CMYK", "L"):
        source = image.convert("RGB") if image.mode == "RGBA" else image
        try:
            parsed = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "srgb" not in ImageCms.getProfileDescription(parsed).lower().replace(" ", ""):
                converted = ImageCms.profileToProfile(source, parsed, ImageCms.createProfile("sRGB"), outputMode="RGB")
                if converted is not None:
                    return converted
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a broken profile, or one of another colour model: the pixels as they are
    return image.convert("RGB")


def _metadata(image: Image.Image) -> tuple[Metadata, int]:
    """What is kept, and the EXIF orientation; damaged EXIF is as good as none."""
    dpi = image.info.get("dpi")
    try:
        dpi = (float(dpi[0]), float(dpi[1])) if dpi else None
        dpi = dpi if dpi and all(0 < value < 100_000 for value in dpi) else None
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        dpi = None
    format = "JPEG" if image.format == "MPO" else image.format or ""
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
        return Metadata(_exif_bytes(image), dpi, format), orientation
    except Exception:  # Pillow's EXIF reader raises nearly every kind of exception for damaged blocks
        return Metadata(b"", dpi, format), 1


def _exif_bytes(image: Image.Image) -> bytes:
    """EXIF without thumbnail, with orientation 1 and without what a painting makes untrue."""
    source, kept = image.getexif(), Image.Exif()
    for tag in _KEPT_TAGS & set(source):
        kept[tag] = source[tag] if tag not in (_EXIF_IFD, 0x8825) else dict(source.get_ifd(tag))
    for tag in _STALE_EXIF_TAGS:
        kept.get(_EXIF_IFD, {}).pop(tag, None)
    if _ORIENTATION in kept:
        kept[_ORIENTATION] = 1
    return kept.tobytes() if len(kept) else b""


def _with_note(exif: bytes, note: str) -> bytes:
    if not note or len(exif) + len(note) > _MAX_EXIF_BYTES - 500:
        return exif
    whole = Image.Exif()
    whole.load(exif)
    whole.get_ifd(_EXIF_IFD)[_USER_COMMENT] = b"ASCII\0\0\0" + note.encode("ascii")
    return whole.tobytes()


def _save_options(metadata: Metadata, format: str, quality: int) -> dict[str, Any]:
    by_format: dict[str, dict[str, Any]] = {
        "png": {"compress_level": 4},
        "jpeg": {"quality": quality, "subsampling": 0 if quality >= 90 else 2},
        "webp": {"quality": quality, "method": 4},
        "tiff": {},  # not compressed, because libtiff cannot write the Exif and GPS directories
    }
    options = by_format[format]
    if metadata.exif and len(metadata.exif) < _MAX_EXIF_BYTES:
        options["exif"] = metadata.exif
    if metadata.dpi and format != "webp":
        options["dpi"] = metadata.dpi
    return options


def _on_white(picture: Picture) -> Picture:
    if picture.alpha is None:
        return picture
    alpha = picture.alpha[..., None]
    return replace(picture, pixels=picture.pixels * alpha + (1 - alpha), alpha=None)


def _from_bytes(levels: NDArray[np.uint8]) -> Pixels:
    return np.divide(levels, 255, dtype=np.float32)


def _to_bytes(levels: Pixels) -> NDArray[np.uint8]:
    """Rounded to the nearest of 256 levels; `_from_bytes` and back is exact."""
    scaled = levels * np.float32(255)
    scaled += np.float32(0.5)
    return np.clip(scaled, 0, 255, out=scaled).astype(np.uint8)


def _array_levels(array: NDArray[Any]) -> Pixels:
    if array.dtype in (np.uint8, np.uint16):
        return np.asarray(np.divide(array, np.iinfo(array.dtype).max, dtype=np.float32))
    hint = "Give uint8 (0..255), uint16 (0..65535) or floats in 0..1."
    if array.dtype == np.bool_ or not np.issubdtype(array.dtype, np.floating):
        raise ImpastoError(f"An array of {array.dtype} is no picture.", hint)
    if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
        raise ImpastoError("The array's values leave 0..1, or are not finite.", hint)
    return array.astype(np.float32)


def _content_id(*arrays: Pixels | None) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(b"" if array is None else repr(array.shape).encode() + np.ascontiguousarray(array).data)
    return digest.hexdigest()
