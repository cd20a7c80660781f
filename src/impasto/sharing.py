"""A style as text: where it lies in the code space of a network that both sides have, with its name, its artist and its licence note.

The text is `impasto1.` and, in base64url: the first 8 bytes of the network's SHA-256, the length of a code (2 bytes), code and brush
direction as float32, the four notes in UTF-8 with zero bytes between them, and 6 bytes of the SHA-256 of all that. It comes from
strangers, so everything in it is checked. Knows no files and no HTTP.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import re
import struct
import unicodedata
from dataclasses import dataclass, replace

import numpy as np

from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.palette import NAME, Code, Palette, Style

VERSION = 1
MOST_LETTERS = 12_000
LONGEST = {"name": 60, "artist": 120, "licence": 200, "palette": 60}  # letters of each note
LARGEST = 1000.0  # of a number in a code
_FORM = re.compile(r"impasto(\d{1,4})\.([A-Za-z0-9_-]*)")
_HEAD, _SEAL = struct.Struct("<8sH"), 6
_AGAIN = f"Copy it again, from impasto{VERSION}. to its last letter."


@dataclass(frozen=True, eq=False)
class Shared:
    """What a text holds. `network` are the first 8 bytes of the network's SHA-256; `palette` is only what its sender's was called."""

    network: bytes
    code: Code
    brush: Code
    name: str
    artist: str
    licence: str
    palette: str

    def __post_init__(self) -> None:
        for note, most in LONGEST.items():
            text = getattr(self, note)
            if len(text) > most or not text.isprintable() or (note == "name" and not text.strip()):
                raise ImpastoError(f"That cannot be the {note} of a style.", f"Give it {'1' if note == 'name' else '0'} to {most} letters.")


def share(palette: Palette, style: Style) -> str:
    """The text of a style of this palette, to be pasted where there is a palette with the same network."""
    notes = (style.title, style.artist[: LONGEST["artist"]], style.licence[: LONGEST["licence"]], palette.title[: LONGEST["palette"]])
    shared = Shared(_network(palette), style.code, style.brush, *notes)
    numbers = np.concatenate([shared.code, shared.brush]).astype("<f4").tobytes()
    texts = "\0".join((shared.name, shared.artist, shared.licence, shared.palette)).encode()
    body = _HEAD.pack(shared.network, len(shared.code)) + numbers + texts
    return f"impasto{VERSION}.{base64.urlsafe_b64encode(body + _seal(body)).decode().rstrip('=')}"


def share_look(base: Palette, palette: Palette, look: Look, name: str = "", licence: str = "") -> str:
    """The text of a look's style or mix, which are this palette's, for whoever has `base`.

    Name and licence note are its own where none are given. An ImpastoError where the two palettes do not have the same network.
    """
    if _network(palette) != _network(base):
        raise ImpastoError(f"{palette.title} has a network of its own, which is too large for a text.", "Send the .palette file itself.")
    if len(look.styles) > 1:
        style = mixed(palette, look, name or " and ".join(palette.style(part).title for part, _ in look.styles), licence)
    else:
        style = palette.style(look.styles[0][0]) if look.styles else palette.styles[0]
    return share(base, replace(style, title=name or style.title, licence=licence or style.licence))


def parse(text: str) -> Shared:
    """What a text holds; an ImpastoError with one clear sentence where it is none, damaged, or of a newer Impasto."""
    if len(text) > MOST_LETTERS:
        raise ImpastoError("That is too long for the text of a style.", f"It has at most {MOST_LETTERS} letters.")
    found = _FORM.fullmatch("".join(text.split()))
    if found is None:
        raise ImpastoError(
            "That is no style of Impasto as text.", f"It begins with impasto{VERSION}. and comes from impasto share or a studio."
        )
    if int(found[1]) != VERSION:
        raise ImpastoError("That style was shared by another version of Impasto.", "Upgrade: pip install -U impasto")
    try:
        data = base64.b64decode(found[2] + "=" * (-len(found[2]) % 4), altchars=b"-_", validate=True)
        body, seal = data[:-_SEAL], data[-_SEAL:]
        if seal != _seal(body):
            raise ValueError
        return _unpacked(body)
    except (binascii.Error, struct.error, ValueError):  # a UnicodeDecodeError is one too
        raise ImpastoError("The text of that style is damaged: letters are missing or changed.", _AGAIN) from None


def adopt(palette: Palette, text: str) -> Palette:
    """A palette of the one style that the text holds, over this palette's network; an ImpastoError where it was made for another one."""
    shared = parse(text)
    if shared.network != _network(palette) or len(shared.code) != palette.generator.code_length:
        raise ImpastoError(
            f"{shared.name} was made for another network than that of {palette.title}.",
            f"Its own is that of the palette {shared.palette or 'of whoever shared it'}: use the same one, in the same version.",
        )
    style = Style(
        name=slug(shared.name),
        title=shared.name.strip(),
        artist=shared.artist,
        years="",
        licence=shared.licence,
        sources=(f"shared as text ({shared.licence})",),
        code=shared.code,
        brush=shared.brush,
    )
    return of_one(palette, style, "shared as text")


def mixed(palette: Palette, look: Look, name: str, licence: str = "") -> Style:
    """The look's mix of styles as a style of its own, of strength 1 and brush 1; without a licence note it has those of its parts."""
    pairs = look.styles or ((palette.styles[0].name, 1.0),)
    total = math.fsum(weight for _, weight in pairs)
    parts = sorted(((weight / total, palette.style(style)) for style, weight in pairs if weight), key=lambda part: -part[0])
    code, brush = (sum(share * getattr(style, vector).astype(np.float64) for share, style in parts) for vector in ("code", "brush"))
    artist = f"mixed of {', '.join(f'{style.title} {share:.0%}' for share, style in parts)}"
    return Style(
        name=slug(name),
        title=" ".join(name.split()),
        artist=artist if len(artist) <= LONGEST["artist"] else f"mixed of {len(parts)} styles",
        years="",
        licence=licence or "; ".join(dict.fromkeys(style.licence for _, style in parts))[: LONGEST["licence"]],
        sources=tuple(dict.fromkeys(source for _, style in parts for source in style.sources)),
        code=np.asarray(np.round(code, 5), np.float32),
        brush=np.asarray(np.round(brush, 5), np.float32),
    )


def of_one(palette: Palette, style: Style, origin: str) -> Palette:
    """A palette of this one style over the same network."""
    licence = f"style: {style.licence}; network: {palette.licence}"
    made_with = f"{palette.created_with}; {origin}"
    return replace(palette, name=style.name, title=style.title, licence=licence, created_with=made_with, styles=(style,), thumbs={})


def slug(title: str) -> str:
    """A title in lower-case letters, digits and hyphens; "shared" where nothing of it is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return name if NAME.fullmatch(name) else "shared"


def _unpacked(body: bytes) -> Shared:
    network, length = _HEAD.unpack_from(body)
    end = _HEAD.size + 8 * length
    numbers = np.frombuffer(body[_HEAD.size : end], "<f4").astype(np.float32)
    name, artist, licence, palette = body[end:].decode().split("\0")
    if len(numbers) != 2 * length or not length or not (np.abs(numbers) <= LARGEST).all():
        raise ValueError
    return Shared(network, numbers[:length], numbers[length:], name, artist, licence, palette)


def _network(palette: Palette) -> bytes:
    return hashlib.sha256(palette.model).digest()[:8]


def _seal(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()[:_SEAL]
