"""The .palette file: one generator, many style codes. Reads, verifies, upgrades and writes it; runs nothing.

A palette comes from strangers, so everything in it is checked before it is used: no member is unpacked beyond a cap, every
member's SHA-256 must be the one that `palette.json` gives, and the ONNX model may not name files outside itself.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import io
import json
import math
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImpastoError
from impasto.files import write_whole
from impasto.look import CONTROLS, Look, did_you_mean
from impasto.onnx_file import check_onnx

Code = NDArray[np.float32]
T = TypeVar("T")

FORMAT = 1
MAX_UNPACKED_BYTES = 64 * 2**20
MAX_STYLES_IN_FILE = 1000
MAX_CODE_LENGTH = 4096
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}  # from format N to N + 1
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_MANIFEST, _MODEL = "palette.json", "generator.onnx"
_THUMB = re.compile(rf"thumbs/({NAME.pattern})\.webp")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say, so that packing is deterministic
_AGAIN = "Download the palette again, or ask whoever made it for a whole copy."


@dataclass(frozen=True, eq=False)
class Style:
    """One style: where it comes from, and where it lies in code space (`code` and the direction `brush`, float32, code_length)."""

    name: str
    title: str
    artist: str
    years: str
    licence: str
    sources: tuple[str, ...]
    code: Code
    brush: Code
    look: Mapping[str, float] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class GeneratorInfo:
    """What the engine must know of the network: pictures are multiples of `size_multiple`; the receptive field is in input pixels.

    `inputs` is 3 for a network that takes red, green and blue, and 15 for one that takes the planes of the canvas (`canvas.py`) too; 4, 5
    and 10 are networks from before, which take fewer of them.
    """

    size_multiple: int
    receptive_field_px: int
    parameters: int
    macs_256: int
    code_length: int
    inputs: int = 3


@dataclass(frozen=True, eq=False)
class Palette:
    """A whole palette in memory. `model` is the ONNX file's bytes, `thumbs` maps style names to WebP bytes."""

    name: str
    title: str
    authors: tuple[str, ...]
    licence: str
    created_with: str
    generator: GeneratorInfo
    photo_code: Code
    styles: tuple[Style, ...]
    model: bytes = field(repr=False)
    thumbs: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @cached_property
    def id(self) -> str:
        """SHA-256, in hex, of the manifest and so of every member."""
        return _digest(_manifest(self))

    def style(self, name: str) -> Style:
        """The style of that name; an ImpastoError with the nearest name where there is none."""
        for style in self.styles:
            if style.name == name:
                return style
        raise ImpastoError(f"There is no style named {name!r} in {self.title}.", did_you_mean(name, [style.name for style in self.styles]))

    def code(self, look: Look) -> Code:
        """The float32 code of a look: the weighted mean of its styles' codes, their brush, then the way from the photo's code."""
        pairs = look.styles or ((self.styles[0].name, 1.0),)
        total = math.fsum(weight for _, weight in pairs)
        brush = math.log2(look.brush)
        mixed = np.zeros(self.generator.code_length)
        for name, weight in pairs:
            style = self.style(name)
            mixed += weight / total * (style.code.astype(np.float64) + brush * style.brush)
        return np.asarray(self.photo_code + look.strength * (mixed - self.photo_code), np.float32)

    def recommended(self, look: Look) -> dict[str, float]:
        """The control values recommended for a look's styles; of a mix those in between, where one has none its default."""
        pairs = look.styles or ((self.styles[0].name, 1.0),)
        total = math.fsum(weight for _, weight in pairs)
        looks = [(weight / total, self.style(name).look) for name, weight in pairs]
        controls = [control for control in CONTROLS.values() if any(control.name in values for _, values in looks)]
        means = {control: math.fsum(share * values.get(control.name, control.default) for share, values in looks) for control in controls}
        return {control.name: round(round(mean / control.step) * control.step, 6) for control, mean in means.items()}


def shipped(name: str = "classics") -> Path:
    """The path of a palette that comes with the package."""
    folder = Path(str(importlib.resources.files("impasto"))) / "palettes"
    path = folder / f"{name}.palette"
    if NAME.fullmatch(name) and path.is_file():
        return path
    known = sorted(entry.stem for entry in folder.glob("*.palette")) if folder.is_dir() else []
    hint = (
        did_you_mean(name, known)
        if known
        else "Give a .palette file of your own, or install impasto again: pip install --force-reinstall impasto."
    )
    raise ImpastoError(f"No palette named {name!r} comes with this installation.", hint)


def read(source: Path | str | bytes) -> Palette:
    """A verified palette from a path or from bytes; an ImpastoError for whatever is wrong with it."""
    data, label = (source, "The palette") if isinstance(source, bytes) else (_file_bytes(Path(source)), f"The palette {str(source)!r}")
    try:
        manifest, members = _unpack(data)
        return _build(manifest, members)
    except ImpastoError as error:
        raise ImpastoError(f"{label} cannot be used: {error.message}", error.hint or _AGAIN) from None


def write(palette: Palette, path: Path | str) -> None:
    """Pack and write; a reader sees the old palette or the new one, never half of one."""
    write_whole(Path(path), pack(palette))


def pack(palette: Palette) -> bytes:
    """The bytes of the .palette file; the same palette gives the same bytes. Checked by the same rules as a palette that is read."""
    manifest = _manifest(palette)
    members = {_MODEL: palette.model, **{f"thumbs/{name}.webp": palette.thumbs[name] for name in sorted(palette.thumbs)}}
    _build(json.loads(manifest), members)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in {_MANIFEST: manifest, **members}.items():
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # the same bytes on every operating system
            archive.writestr(entry, data)
        archive.comment = _digest(manifest).encode()
    return buffer.getvalue()


def _file_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > 2 * MAX_UNPACKED_BYTES:
            raise ImpastoError(f"The palette {str(path)!r} is too large.", f"A palette has at most {MAX_UNPACKED_BYTES >> 20} MiB.")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        reason = getattr(error, "strerror", None) or error
        raise ImpastoError(f"The palette {str(path)!r} cannot be opened: {reason}.", "Check the path.") from None


def _unpack(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The upgraded manifest and the other members, each with the digest that the manifest gives."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_entries(archive.infolist())
            members = {entry.filename: archive.read(entry) for entry in archive.infolist()}
            comment = archive.comment
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        raise ImpastoError("it is damaged, or no palette at all.") from None
    text = members.pop(_MANIFEST, None)
    if text is None:
        raise ImpastoError(f"it has no {_MANIFEST}.")
    if comment.decode("ascii", "replace") != _digest(text):
        raise ImpastoError(f"{_MANIFEST} has been changed (its SHA-256 is not the one written down).")
    manifest = _upgrade(_parse_manifest(text))
    return manifest, members


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise ImpastoError("it holds two members of the same name.")
    for entry in entries:
        if entry.filename not in (_MANIFEST, _MODEL) and not _THUMB.fullmatch(entry.filename):
            raise ImpastoError(f"it holds {entry.filename[:80]!r}, which has no place in a palette.")
        if entry.flag_bits & 0x1:
            raise ImpastoError(f"{entry.filename} is encrypted.")
        if entry.compress_type != zipfile.ZIP_STORED:
            raise ImpastoError(f"{entry.filename} is compressed; the members of a palette are stored.")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise ImpastoError(f"it unpacks to more than {MAX_UNPACKED_BYTES >> 20} MiB.")


def _parse_manifest(text: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ImpastoError(f"{_MANIFEST} is not JSON.") from None
    if not isinstance(manifest, dict):
        raise ImpastoError(f"{_MANIFEST} is not a JSON object.")
    return manifest


def _upgrade(manifest: dict[str, Any]) -> dict[str, Any]:
    number = manifest.get("format")
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ImpastoError(f"{_MANIFEST} does not say its format.")
    if number > FORMAT:
        maker = str(manifest.get("created_with", "a newer impasto"))[:80]
        raise ImpastoError(
            f"it was made by {maker}, in format {number}; this impasto reads up to {FORMAT}.", "Upgrade: pip install -U impasto"
        )
    for step in range(number, FORMAT):
        manifest = UPGRADES[step](manifest)
    return manifest


def _build(manifest: dict[str, Any], members: Mapping[str, bytes]) -> Palette:
    """A Palette from a manifest of the present format and the other members; every field and digest is checked."""
    info = _generator(_get(manifest, "generator", dict))
    model = members.get(_MODEL)
    if model is None:
        raise ImpastoError(f"it has no {_MODEL}.")
    _check_digest(_MODEL, model, _get(manifest["generator"], "sha256", str))
    check_onnx(model)
    styles = tuple(_style(entry, info.code_length) for entry in _get(manifest, "styles", list))
    names = [style.name for style in styles]
    if not 1 <= len(styles) <= MAX_STYLES_IN_FILE or len(set(names)) != len(names):
        raise ImpastoError("it needs at least one style, and no two of the same name.")
    return Palette(
        name=_name(manifest),
        title=_get(manifest, "title", str),
        authors=_texts(manifest, "authors"),
        licence=_get(manifest, "licence", str),
        created_with=_get(manifest, "created_with", str),
        generator=info,
        photo_code=_vector(manifest, "photo_code", info.code_length),
        styles=styles,
        model=model,
        thumbs=_thumbs(_get(manifest, "thumbs", dict), members, names),
    )


def _thumbs(digests: dict[str, Any], members: Mapping[str, bytes], names: list[str]) -> dict[str, bytes]:
    found = {match[1]: data for member, data in members.items() if (match := _THUMB.fullmatch(member))}
    if set(found) != set(digests) or not set(found) <= set(names):
        raise ImpastoError("its thumbs are not those of its styles.")
    for name, data in found.items():
        _check_digest(f"thumbs/{name}.webp", data, digests[name])
    return dict(sorted(found.items()))


def _generator(entry: dict[str, Any]) -> GeneratorInfo:
    entry = {"inputs": GeneratorInfo.inputs, **entry}
    info = GeneratorInfo(**{name: _get(entry, name, int) for name in GeneratorInfo.__annotations__})
    if info.inputs not in (3, 4, 5, 10, 15):
        raise ImpastoError("its generator takes neither 3, 4, 5, 10 nor 15 planes.")
    if not (1 <= info.size_multiple <= 256 and 1 <= info.receptive_field_px <= 4096 and 1 <= info.code_length <= MAX_CODE_LENGTH):
        raise ImpastoError("its generator has a size multiple, receptive field or code length out of range.")
    return info


def _style(entry: object, code_length: int) -> Style:
    if not isinstance(entry, dict):
        raise ImpastoError("one of its styles is not a JSON object.")
    return Style(
        name=_name(entry),
        title=_get(entry, "title", str),
        artist=_get(entry, "artist", str),
        years=_get(entry, "years", str),
        licence=_get(entry, "licence", str),
        sources=_texts(entry, "sources"),
        code=_vector(entry, "code", code_length),
        brush=_vector(entry, "brush", code_length),
        look=_recommended(entry),
        scores=_numbers(entry, "scores"),
    )


def _recommended(entry: dict[str, Any]) -> dict[str, float]:
    values = _numbers(entry, "look")
    Look.parse(values)
    return values


def _get(entry: dict[str, Any], key: str, kind: type[T]) -> T:
    value = entry.get(key)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ImpastoError(f"the field {key!r} of {_MANIFEST} is missing or of the wrong kind.")
    return value


def _name(entry: dict[str, Any]) -> str:
    name = _get(entry, "name", str)
    if not NAME.fullmatch(name):
        raise ImpastoError(f"the name {name[:80]!r} is not made of lower-case letters, digits and hyphens.")
    return name


def _texts(entry: dict[str, Any], key: str) -> tuple[str, ...]:
    values = _get(entry, key, list)
    if not all(isinstance(value, str) for value in values):
        raise ImpastoError(f"the field {key!r} of {_MANIFEST} is not a list of texts.")
    return tuple(values)


def _numbers(entry: dict[str, Any], key: str) -> dict[str, float]:
    values = _get(entry, key, dict)
    if not all(_is_number(value) for value in values.values()):
        raise ImpastoError(f"the field {key!r} of {_MANIFEST} holds something that is not a number.")
    return values


def _vector(entry: dict[str, Any], key: str, length: int) -> Code:
    values = _get(entry, key, list)
    if len(values) != length or not all(_is_number(value) for value in values):
        raise ImpastoError(f"the field {key!r} of {_MANIFEST} is not a list of {length} numbers.")
    vector = np.array(values, np.float32)
    vector.flags.writeable = False
    return vector


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e30  # float32 holds it


def _check_digest(member: str, data: bytes, expected: object) -> None:
    if _digest(data) != expected:
        raise ImpastoError(f"{member} has been changed or damaged (its SHA-256 is not the one written down).")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _manifest(palette: Palette) -> bytes:
    values = {
        "format": FORMAT,
        "name": palette.name,
        "title": palette.title,
        "authors": list(palette.authors),
        "licence": palette.licence,
        "created_with": palette.created_with,
        "generator": {**vars(palette.generator), "sha256": _digest(palette.model)},
        "photo_code": _floats(palette.photo_code),
        "styles": [_style_entry(style) for style in palette.styles],
        "thumbs": {name: _digest(palette.thumbs[name]) for name in sorted(palette.thumbs)},
    }
    return json.dumps(values, ensure_ascii=False, indent=1).encode()


def _style_entry(style: Style) -> dict[str, Any]:
    plain = {**vars(style), "sources": list(style.sources), "look": dict(style.look), "scores": dict(style.scores)}
    return {**plain, "code": _floats(style.code), "brush": _floats(style.brush)}


def _floats(vector: Code) -> list[float]:
    """The shortest decimals that give the same float32 back."""
    return [float(str(number)) for number in np.asarray(vector, np.float32)]
